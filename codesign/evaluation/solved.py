"""A hardened design on devices of its own, slice by slice, with wires solved array by array; and the search's form of the same devices.

Both are read by one program for all designs of a network (`SolvedCrossbar`), so that the error of the one less that of the other is what
the search's form of wires and conversions leaves out, on the same chip: no draw differs. What is drawn of a device, and how arrays are
cut, is as in `DeviceCrossbar`.
"""

import dataclasses
from collections.abc import Sequence
from typing import Final, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from flax import nnx
from jaxtyping import Array, Float, Int, Key

from codesign.analog.arrays.array import AbstractArray
from codesign.analog.arrays.mixed import MixedArray
from codesign.analog.arrays.physics import CrossbarPhysics, Held
from codesign.analog.arrays.searched import TiledCrossbar
from codesign.analog.arrays.slices import Digits, Slices, composed, digits_of
from codesign.analog.arrays.solved import SolvedCrossbar
from codesign.analog.device.ageing import slow_noise
from codesign.analog.device.noise import leaf
from codesign.analog.device.time import NoReadNoise
from codesign.analog.wires.wires import effective_conductance
from codesign.evaluation.evaluate import Batch, Design
from codesign.evaluation.pieces import in_pieces
from codesign.network.answers.score import accuracy
from codesign.network.builders.models import SpikingNetwork
from codesign.network.early_exit import exit_early
from codesign.network.layers.layers import Synapses
from codesign.network.run import Activity
from codesign.numerics import safe_divide, safe_root

_FINE_BITS: Final = 12.0  # digits of cells of up to 4 or of 6 bits lie on this grid


class Devices(NamedTuple):
    """The arrays of one layer of one chip.

    Attributes:
        G: [slices, planes, fan_in, outputs], conductances [S].
        slices: how many are not empty.
        rows, columns: size of an array.
        r_word, r_bit: resistance of a wire segment [ohm].
        rest: conductance of unused cells [S].
    """

    G: Float[Array, "slices planes fan_in outputs"]
    slices: Int[Array, ""]
    rows: Float[Array, ""]
    columns: Float[Array, ""]
    r_word: Float[Array, ""]
    r_bit: Float[Array, ""]
    rest: Float[Array, ""]


class _Stored(NamedTuple):
    """A layer's weights, the array that they are on, and the layer's share there: a whole one, or none."""

    array: TiledCrossbar
    weights: Float[Array, "fan_in outputs"]
    scale: Float[Array, ""]
    slices: Digits
    key: Key[Array, ""]
    share: Float[Array, ""]

    @property
    def taken(self) -> Int[Array, ""]:
        """Slices that are not empty; none where the layer is digital after all."""
        return jnp.sum(self.slices.shares > 0) * (self.share > 0)

    @property
    def bare(self) -> CrossbarPhysics:
        """Of one slice: its own devices, whose read noise is in their conductances."""
        physics = self.array.physics
        device = dataclasses.replace(physics.device, reading=NoReadNoise())
        # one cell: its faults and levels are its own
        cells = None if physics.slices is None else Slices(leaf(_FINE_BITS), leaf(_FINE_BITS), physics.slices.stuck)
        return dataclasses.replace(physics, spread_share=jnp.ones_like(physics.spread_share), device=device, slices=cells)

    def offset(self, held: Held) -> Held:
        """With the converters' offsets, the same whatever is read."""
        errors = self.array.errors
        # 4, as for the search's form
        found = None if errors is None else errors.manufacture(self.weights, jax.random.fold_in(self.key, 4))
        return held._replace(offset=found)


Layers = Sequence[Devices | None]
"""By layer; None of one without stored weights on a crossbar."""


def programmed(
    graph: "nnx.GraphDef[SpikingNetwork]", design: Design, arrays: Sequence[AbstractArray], key: Key[Array, ""], most: int
) -> list[Devices | None]:
    """The devices of one simulated chip.

    Args:
        graph: static structure of the network.
        design: weights, operation, chip.
        arrays: of the layers, exact (`codesign.evaluation.arithmetic.arrays_of`).
        key: the simulated chip.
        most: slices that a weight may take (static).
    """

    def layer(stored: _Stored) -> Devices:
        physics, bare = stored.array.physics, stored.bare

        def one(places: Array, drawn: Array) -> Array:
            device_key, noise_key = jax.random.split(drawn)
            G = bare.devices(places, device_key)
            # before the wires, which then see it; an age of zero has none, as in the search
            noisy = G if bare.ageing is None else slow_noise(physics.device, G, bare.ageing.age_s, noise_key)
            return jnp.maximum(noisy, 0)

        # by number: a chip is the same whatever slices other designs take
        keys = jax.vmap(jax.random.fold_in, in_axes=(None, 0))(stored.key, jnp.arange(most))
        G = jax.vmap(one)(stored.slices.places, keys)
        return Devices(G, stored.taken, physics.rows, physics.columns, physics.r_word, physics.r_bit, physics.device.g_min)

    return [None if stored is None else layer(stored) for stored in _stored(graph, design, arrays, key, most)]


class Size(NamedTuple):
    """What the arrays of one layer take to solve.

    Attributes:
        rows, columns: of an array.
        arrays: how many there are, those of all slices and planes.
        slices: of a weight.
    """

    rows: Int[Array, ""]
    columns: Int[Array, ""]
    arrays: Int[Array, ""]
    slices: Int[Array, ""]


def sizes(graph: "nnx.GraphDef[SpikingNetwork]", design: Design, arrays: Sequence[AbstractArray], most: int) -> list[Size]:
    """What the arrays of each layer that has any take to solve.

    Args:
        graph: static structure of the network.
        design: weights, operation, chip.
        arrays: of the layers, as for `programmed`.
        most: slices that a weight may take (static).
    """

    def layer(stored: _Stored) -> Size:
        rows, columns = (jnp.round(size).astype(jnp.int32) for size in (stored.array.physics.rows, stored.array.physics.columns))
        fan_in, outputs = stored.weights.shape
        planes, slices = stored.slices.places.shape[1], stored.taken
        return Size(rows, columns, planes * slices * -(-fan_in // rows) * -(-outputs // columns), slices)

    found = _stored(graph, design, arrays, jax.random.key(0), most)
    return [layer(stored) for stored in found if stored is not None]


def deliver(layer: Devices, tier: str) -> Float[np.ndarray, "slices planes fan_in outputs"]:
    """Share of its ideal current that each device delivers, wires solved array by array; outside `jit`, as sizes set shapes.

    Args:
        layer: devices, with known sizes.
        tier: of the wires (`codesign.analog.wires.wires`).
    """
    G, rows, columns = np.asarray(layer.G), round(float(layer.rows)), round(float(layer.columns))
    fan_in, outputs = G.shape[-2:]
    tiles, across = -(-fan_in // rows), -(-outputs // columns)
    # unused cells load the wires too
    padding = ((0, 0), (0, tiles * rows - fan_in), (0, across * columns - outputs))
    shares = np.zeros_like(G)
    for at in range(int(layer.slices)):
        padded = np.pad(G[at], padding, constant_values=float(layer.rest))
        cells = padded.reshape(-1, tiles, rows, across, columns).swapaxes(2, 3).reshape(-1, rows, columns)
        # one after another: an array is work enough for a call, and a batch of them would be another program for every layer
        solved = np.stack([np.asarray(_solved(cell, layer.r_word, layer.r_bit, tier)) for cell in cells])
        whole = solved.reshape(-1, tiles, across, rows, columns).swapaxes(2, 3).reshape(padded.shape)[:, :fan_in, :outputs]
        shares[at] = np.divide(whole, G[at], out=np.zeros_like(whole), where=G[at] > 0)
    return shares


_solved = jax.jit(effective_conductance, static_argnums=3)


def forms(
    graph: "nnx.GraphDef[SpikingNetwork]",
    design: Design,
    arrays: Sequence[AbstractArray],
    key: Key[Array, ""],
    layers: Layers,
    shares: Sequence[Float[Array, "slices planes fan_in outputs"] | None],
) -> tuple[list[AbstractArray], list[AbstractArray]]:
    """The arrays of one chip, and the search's form of them; both for `evaluate_on`.

    Args:
        graph: static structure of the network.
        design: weights, operation, chip.
        arrays: of the layers, as for `programmed`.
        key: the simulated chip, the same as for that.
        layers: what it gave.
        shares: of its devices (`deliver`).

    Returns:
        Arrays whose wires are solved and whose slices have conversions of their own; and arrays with one device for the slices of a weight,
        which errs as they do together, behind the wires of `CrossbarPhysics` and one conversion. Layers without stored weights keep
        the array they have in both.
    """
    most = next((layer.G.shape[0] for layer in layers if layer is not None), 1)
    exact, searched = list(arrays), list(arrays)
    for at, stored in enumerate(_stored(graph, design, arrays, key, most)):
        layer, share = layers[at], shares[at]
        if stored is not None and layer is not None and share is not None:
            exact[at], searched[at] = (_in_place(form, arrays[at]) for form in (_sliced(stored, layer, share), _whole(stored, layer)))
    return exact, searched


def _in_place(form: SolvedCrossbar, array: AbstractArray) -> AbstractArray:
    """Where a layer may be digital, the same mixture of the other form."""
    return MixedArray((form,), array.shares) if isinstance(array, MixedArray) else form


def _sliced(stored: _Stored, layer: Devices, share: Array) -> SolvedCrossbar:
    scales = stored.scale * stored.slices.shares

    def one(G: Array, share: Array, scale: Array) -> Held:
        # no noise is left to draw
        return stored.offset(stored.bare.read_out(G, share, scale, jax.random.clone(stored.key)))

    held = jax.vmap(one)(layer.G, share, scales)
    if held.correction is not None:
        # slices are offset by half of their own ranges, which add up to more than the weight's where its levels do not fill them
        more = stored.scale * (jnp.sum(stored.slices.shares) - 1)
        held = held._replace(correction=held.correction.at[0].add(more))
    base = dataclasses.replace(stored.array, step_share=jnp.ones_like(stored.array.step_share))
    return SolvedCrossbar(base, held, _ranges(stored), layer.slices)


def _ranges(stored: _Stored) -> Float[Array, " slices"]:
    """Full scale of each slice's converters as a share of the whole weight's: as its weights are to whole ones, root mean squares.

    Low digits are fuller than high ones, so that converters with the digit's own share would clip them.
    """
    mapping, slices = stored.array.physics.mapping, stored.slices
    if not mapping.signed:
        # most of a column's sum is the common mode, which has the digit's share
        return slices.shares
    sense = mapping.reach * jnp.asarray(mapping.sense, slices.places.dtype)
    sizes = slices.shares * safe_root(jnp.mean(jnp.tensordot(sense, slices.places, [[0], [1]]) ** 2, axis=(1, 2)))
    whole = safe_root(jnp.mean((stored.weights / stored.scale) ** 2))
    # slices without a digit read nothing, in whatever range
    return jnp.where((whole > 0) & (sizes > 0), safe_divide(sizes, whole), slices.shares)


def _whole(stored: _Stored, layer: Devices) -> SolvedCrossbar:
    G = composed(layer.G, stored.slices.shares, layer.rest)
    held = stored.offset(stored.bare.read_out(G, stored.bare.attenuation(G), stored.scale, jax.random.clone(stored.key)))
    # as many slices as the other form has, so that one program reads both; only the first is read
    most = layer.G.shape[0]
    padded = jax.tree.map(lambda leaf: jnp.zeros((most, *leaf.shape), leaf.dtype).at[0].set(leaf), held)
    return SolvedCrossbar(stored.array, padded, jnp.zeros(most).at[0].set(1), jnp.ones_like(layer.slices))


def _stored(
    graph: "nnx.GraphDef[SpikingNetwork]", design: Design, arrays: Sequence[AbstractArray], key: Key[Array, ""], most: int
) -> list[_Stored | None]:
    network = nnx.merge(graph, design.network)
    synapses = {module.geometry.name: module for _, module in nnx.iter_modules(network) if isinstance(module, Synapses)}
    bits = design.operation.weight_bits

    def layer(at: int, name: str, array: AbstractArray) -> _Stored | None:
        # a layer that is not assigned to one of several crossbars yet lies on no known devices
        share = array.shares[0] if isinstance(array, MixedArray) and len(array.arrays) == 1 else jnp.ones(())
        array = array.arrays[0] if isinstance(array, MixedArray) and len(array.arrays) == 1 else array
        if name not in synapses or not isinstance(array, TiledCrossbar):
            return None
        weights, scale = synapses[name].quantised(bits[at]), jnp.exp(synapses[name].log_scale[...])
        physics = array.physics
        slices = digits_of(physics.mapping.places(weights / scale), bits[at], physics.cell_bits, physics.mapping, most)
        return _Stored(array, weights, scale, slices, jax.random.fold_in(key, at), share)

    return [layer(at, work.name, array) for at, (work, array) in enumerate(zip(network.geometries, arrays, strict=True))]


def right_answers(
    graph: "nnx.GraphDef[SpikingNetwork]",
    design: Design,
    batch: Batch,
    arrays: Sequence[AbstractArray],
    key: Key[Array, ""],
    at_once: int | None = None,
) -> Float[Array, " samples"]:
    """Whether each sample is answered right on given arrays; of labels per step the share that is.

    Args:
        graph: static structure of the network.
        design: weights, operation, chip.
        batch: samples.
        arrays: arithmetic of each layer.
        key: the simulated chip.
        at_once: samples that run together, the others after them; None for all (static).
    """
    network = nnx.merge(graph, design.network)

    def forward(inputs: Array, fresh: Array | None) -> Activity:
        # a clone, as all pieces are of one chip
        return network(inputs, design.operation, arrays, jax.random.clone(key), fresh)

    activity = exit_early(in_pieces(forward, batch.inputs, at_once), design.operation, 1.0)
    return jax.vmap(accuracy)(activity.logits, batch.labels)
