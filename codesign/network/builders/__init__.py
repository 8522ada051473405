"""Whole networks by name: mlp, convnet, lenet, vgg, resnet, mobilenet, recurrent, transformer.

They put layers together and hold no arithmetic of their own.
"""

from codesign.network.builders.mobilenet import mobilenet
from codesign.network.builders.models import REGISTRY, convnet, lenet, mlp, recurrent, vgg
from codesign.network.builders.resnet import resnet
from codesign.network.builders.transformer import transformer

__all__ = ["REGISTRY", "convnet", "lenet", "mlp", "mobilenet", "recurrent", "resnet", "transformer", "vgg"]
