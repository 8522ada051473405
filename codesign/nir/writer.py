"""A hardened chain of layers as a NIR graph: with its bits, timesteps and hardware point in the nodes' metadata.

Maps are `[height, width, channels]` here and `[channels, height, width]` in NIR. NIR has no dt, reset mode or precision, so these are
metadata: of the graph `dt`, `timesteps`, `encoding`; of a layer's node `weight_bits`, `activation_bits`, `kernel_height`,
`kernel_width` and the group `hardware`; of a neuron's node `reset` and `state_bits`.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, Required, TypedDict, Unpack

import numpy as np
from jax.typing import ArrayLike

from codesign.nir.graph import NirError
from codesign.nir.reader import package
from codesign.workloads.workload import LayerWork

Point = Mapping[str, float | int | str | bool]
"""A design point, as it is written into the file beside the network."""


class Layer(NamedTuple):
    """One layer of a chain, with the discrete neuron v <- leak v + current, spike where v >= threshold.

    Attributes:
        work: shape; conv, dense, recurrent or pool (exported as an average).
        kernel: `[fan_in, channels_out]`, rows ordered (kernel row, kernel column, channel), for a dense layer after a map (row, column,
            channel), for a recurrent one (inputs, outputs); None for pooling.
        bias: `[channels_out]`.
        leak: share of the potential kept from step to step, in (0, 1]; a number or one for each channel.
        threshold: firing threshold; None for a layer without neurons, such as a read-out.
        reset: "soft" lowers the potential by the threshold, "hard" sets it to 0.
        weight_bits: precision of weights.
        activation_bits: payload of one input.
        state_bits: precision of the potential.
        hardware: the point this layer runs on, by parameter name.
    """

    work: LayerWork
    kernel: ArrayLike | None
    bias: ArrayLike | None = None
    leak: ArrayLike = 1.0
    threshold: ArrayLike | None = None
    reset: Literal["soft", "hard"] = "soft"
    weight_bits: float | None = None
    activation_bits: float | None = None
    state_bits: float | None = None
    hardware: Point | None = None


class Node(NamedTuple):
    """A `nir` node, its `name`, and where its input comes from; `back` closes a loop from the neuron named so."""

    name: str
    node: Any
    back: str | None = None


def _given(**values: Any) -> dict[str, Any]:
    """Metadata without what is not known."""
    # HDF5 has no None
    return {key: value for key, value in values.items() if value is not None and value != {}}


def _padding(work: LayerWork) -> tuple[tuple[int, int], tuple[int, int]]:
    """(before, after) padding of rows and columns that makes the layer's sizes, the odd one after."""
    sizes = ((work.height_in, work.height_out, work.kernel_height), (work.width_in, work.width_out, work.kernel_width))
    # as `products.unfold.padding`, with which the network was trained
    extra = [max((after - 1) * work.stride + kernel - before, 0) for before, after, kernel in sizes]
    return (extra[0] // 2, extra[0] - extra[0] // 2), (extra[1] // 2, extra[1] - extra[1] // 2)


def _conv(nir: Any, layer: Layer) -> Any:
    """A convolution; NIR pads both sides alike, so where one more is needed after, the kernel begins with a row of zeros instead."""
    work = layer.work
    kernel = np.asarray(layer.kernel, np.float32)
    # NIR has (output, input, row, column)
    weight = kernel.reshape(work.kernel_height, work.kernel_width, -1, work.channels_out).transpose(3, 2, 0, 1)
    padding = _padding(work)
    weight = np.pad(weight, ((0, 0), (0, 0), *((after - before, 0) for before, after in padding)))
    return nir.Conv2d(
        input_shape=(work.height_in, work.width_in),
        weight=np.ascontiguousarray(weight),
        stride=(work.stride, work.stride),
        padding=tuple(after for _, after in padding),
        dilation=(1, 1),
        groups=work.groups,
        bias=_bias(layer),
        metadata=_layer_metadata(layer, kernel_height=work.kernel_height, kernel_width=work.kernel_width),
    )


def _bias(layer: Layer) -> np.ndarray:
    outputs = layer.work.channels_out
    return np.zeros(outputs, np.float32) if layer.bias is None else np.broadcast_to(np.asarray(layer.bias, np.float32), outputs).copy()


def _layer_metadata(layer: Layer, **more: Any) -> dict[str, Any]:
    return _given(weight_bits=layer.weight_bits, activation_bits=layer.activation_bits, hardware=dict(layer.hardware or {}), **more)


def _neuron(nir: Any, layer: Layer, shape: tuple[int, ...], dt: float) -> Any:
    """LIF with tau = dt / (1 - leak) and r = tau / dt, whose Euler step is v <- leak v + current; IF where nothing leaks.

    NIR fires above the threshold and not at it, so the threshold is the number just below.
    """
    name = layer.work.name
    # in NIR channels come first: constants of one for each broadcast from there
    channels = (-1, *[1] * (len(shape) - 1))
    leak, threshold = (np.asarray(value, np.float32) for value in (layer.leak, layer.threshold))
    leak, threshold = (value.reshape(channels) if value.ndim else value for value in (leak, threshold))
    if not ((leak > 0) & (leak <= 1)).all() or not (threshold > 0).all():
        raise NirError(f"layer {name!r}: leak must be in (0, 1] and threshold above 0, got {layer.leak} and {layer.threshold}")
    below = np.broadcast_to(np.nextafter(threshold, np.float32(0)), shape).copy()
    zeros = np.zeros(shape, np.float32)
    metadata = _given(reset=layer.reset, state_bits=layer.state_bits)
    # without a leak the time constant would be infinite
    if (leak == 1).all():
        # r = 1 / dt, so that a step of length dt adds the current itself
        return nir.IF(r=np.full(shape, 1 / dt, np.float32), v_threshold=below, v_reset=zeros, metadata=metadata)
    if (leak == 1).any():
        raise NirError(f"layer {name!r}: some channels leak and some do not; NIR needs two nodes for them")
    gain = np.broadcast_to(1 / (1 - leak), shape).astype(np.float32)
    return nir.LIF(tau=gain * np.float32(dt), r=gain, v_leak=zeros, v_threshold=below, v_reset=zeros, metadata=metadata)


def _dense(nir: Any, layer: Layer, shape: tuple[int, ...]) -> list[Node]:
    """Flattening where a map comes in, then the product; a recurrent layer's second product closes the loop."""
    work = layer.work
    kernel = np.asarray(layer.kernel, np.float32)
    # a recurrent layer counts its own outputs among its inputs
    inputs = work.channels_in - (work.channels_out if work.kind == "recurrent" else 0)
    if inputs != int(np.prod(shape)):
        raise NirError(f"layer {work.name!r}: takes {inputs} inputs, the layer before gives {shape}")
    weight = kernel[:inputs].T
    nodes = []
    if len(shape) > 1:
        channels, height, width = shape
        # columns come as (row, column, channel), NIR flattens (channel, row, column)
        weight = weight.reshape(-1, height, width, channels).transpose(0, 3, 1, 2).reshape(-1, inputs)
        nodes.append(Node(f"{work.name}_flatten", nir.Flatten(input_type={"input": np.array(shape)}, start_dim=0, end_dim=-1)))
    affine = nir.Affine(weight=np.ascontiguousarray(weight), bias=_bias(layer), metadata=_layer_metadata(layer))
    nodes.append(Node(work.name, affine))
    if work.kind == "recurrent":
        if layer.threshold is None:
            raise NirError(f"layer {work.name!r}: a recurrent layer needs neurons; give a threshold")
        # without a bias, which the first product has added
        back = nir.Linear(weight=np.ascontiguousarray(kernel[inputs:].T), metadata=_layer_metadata(layer))
        nodes.append(Node(f"{work.name}_back", back, f"{work.name}_neuron"))
    return nodes


def _layer_nodes(nir: Any, layer: Layer, shape: tuple[int, ...], dt: float) -> tuple[list[Node], tuple[int, ...]]:
    """Nodes of a layer, and the shape they make of `shape`."""
    work = layer.work
    if work.kind == "attention":
        raise NirError(f"layer {work.name!r}: NIR has no attention")
    given = np.asarray(layer.kernel).shape
    if work.kind != "pool" and given != (work.fan_in, work.channels_out):
        raise NirError(f"layer {work.name!r}: the kernel has shape {given}, expected {(work.fan_in, work.channels_out)}")
    if work.kind in ("dense", "recurrent"):
        nodes, made = _dense(nir, layer, shape), (work.channels_out,)
    else:
        if shape != (work.channels_in, work.height_in, work.width_in):
            raise NirError(f"layer {work.name!r}: takes {work.channels_in, work.height_in, work.width_in}, the layer before gives {shape}")
        kernel, stride = (np.array([each] * 2) for each in (work.kernel_height, work.stride))
        pool = nir.AvgPool2d(kernel_size=kernel, stride=stride, padding=np.zeros(2, int), metadata=_layer_metadata(layer))
        nodes = [Node(work.name, pool if work.kind == "pool" else _conv(nir, layer))]
        made = (work.channels_out, work.height_out, work.width_out)  # type: ignore[assignment]
    if layer.threshold is not None:
        nodes.append(Node(f"{work.name}_neuron", _neuron(nir, layer, made, dt)))
    return nodes, made


class Inference(TypedDict, total=False):
    """How a chain is run; see `to_nir`."""

    timesteps: Required[int]
    dt: float
    hardware: Point | None
    encoding: str


def to_nir(
    layers: Sequence[Layer],
    sample_shape: Sequence[int],
    *,
    timesteps: int,
    dt: float = 1.0,
    hardware: Point | None = None,
    encoding: str = "direct",
) -> Any:
    """A `nir.NIRGraph` of a chain of layers.

    Args:
        layers: the chain.
        sample_shape: `[height, width, channels]` or `[features]` of one input step.
        timesteps: steps of an inference.
        dt: length of a step, in the unit that the graph's time constants shall have.
        hardware: the chip, by parameter name.
        encoding: how a sample becomes the input of each step.

    Raises:
        ImportError: the package `nir` is not installed.
        NirError: layers that do not fit each other or have no counterpart in NIR; names the layer.
    """
    nir = package()
    if not layers:
        raise NirError("there are no layers to export")
    given = tuple(int(size) for size in sample_shape)
    shape = (given[-1], *given[:-1]) if len(given) == 3 else given
    nodes: dict[str, Any] = {"input": nir.Input(input_type={"input": np.array(shape)})}
    edges: list[tuple[str, str]] = []
    last = "input"
    for layer in layers:
        made, shape = _layer_nodes(nir, layer, shape, dt)
        for name, node, back in made:
            if name in nodes:
                raise NirError(f"layer {layer.work.name!r}: there is a node {name!r} already")
            nodes[name] = node
            edges.append((back or last, name))
            # a loop is no link of the chain: what follows still follows the first product
            if back is None:
                last = name
            else:
                edges.append((name, back))
    nodes["output"] = nir.Output(output_type={"output": np.array(shape)})
    edges.append((last, "output"))
    metadata = _given(dt=dt, timesteps=timesteps, encoding=encoding, hardware=dict(hardware or {}))
    # the package's own check takes a grouped convolution's input for one of fewer channels
    return nir.NIRGraph(nodes=nodes, edges=edges, metadata=metadata, type_check=False)


def write(path: Path | str, layers: Sequence[Layer], sample_shape: Sequence[int], **inference: Unpack[Inference]) -> None:
    """A `.nir` file of a chain of layers; arguments and errors as for `to_nir`."""
    package().write(str(path), to_nir(layers, sample_shape, **inference))
