"""Whole networks by name: mlp, convnet, lenet, vgg, resnet, mobilenet, recurrent, transformer.

They put layers together and hold no arithmetic of their own.
"""

from codesign.network.builders.models import REGISTRY, convnet, lenet, mlp, recurrent, vgg

__all__ = ["REGISTRY", "convnet", "lenet", "mlp", "recurrent", "vgg"]
