"""A network in integers alone, as a digital chip runs it: exported from one in fixed point, and simulated bit by bit.

Every value is an int32: input codes, weights, accumulators, potentials, spikes, class scores. The operations are products, sums, shifts
that round half up, comparisons and saturation; an ANN layer divides by a constant. Nothing here uses floating-point numbers.
"""

import abc
import dataclasses
from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np
from jaxtyping import Int, Int32

from codesign.workloads.workload import LayerWork

Codes = Int32[np.ndarray, "..."]
ResetName = Literal["soft", "hard", "none"]

# `to_fixed_point` keeps all sums below 2**24: int32 has room for them, and some for shifts to the left
WIDTH: Final = np.int32


def shifted(values: Codes, bits: int) -> Codes:
    """`values / 2**bits`, rounded half up; to the left where `bits` is negative."""
    if bits <= 0:
        return values << WIDTH(-bits)
    # the arithmetic shift floors negative numbers, too: half up on both sides of 0
    return (values + (WIDTH(1) << WIDTH(bits - 1))) >> WIDTH(bits)


class AbstractIntegerNeurons(abc.ABC):
    """What follows an accumulator."""

    @abc.abstractmethod
    def __call__(self, accumulated: Int32[np.ndarray, "#time batch *neurons"], steps: int) -> Int32[np.ndarray, "sent batch *neurons"]:
        """What is sent; an accumulator with a time axis of 1 holds for all steps."""

    @abc.abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """Its constants, by name."""


@dataclasses.dataclass(frozen=True)
class IntegerSpiking(AbstractIntegerNeurons):
    """u <- saturate((leak u >> leak_shift) + (accumulator >> shift)); sends how many thresholds u holds.

    Attributes:
        threshold, start: per channel.
        leak: per channel; None where nothing leaks.
        leak_shift, shift: see above; both round half up, and a negative shift is to the left.
        bits: of the potential, in two's complement.
        largest: largest spike; 1 is binary.
        reset: soft lowers u by the thresholds sent, hard sets it to 0, none keeps it.
    """

    threshold: Codes
    start: Codes
    leak: Codes | None
    leak_shift: int
    shift: int
    bits: int
    largest: int
    reset: ResetName

    def __call__(self, accumulated: Int32[np.ndarray, "#time batch *neurons"], steps: int) -> Int32[np.ndarray, "sent batch *neurons"]:
        """See `AbstractIntegerNeurons`."""
        drive = np.broadcast_to(shifted(accumulated, self.shift), (steps, *accumulated.shape[1:]))
        potential, half = np.broadcast_to(self.start, drive.shape[1:]), 1 << (self.bits - 1)
        sent = np.zeros(drive.shape, WIDTH)
        for step in range(steps):
            kept = potential if self.leak is None else shifted(self.leak * potential, self.leak_shift)
            held = np.clip(kept + drive[step], -half, half - 1).astype(WIDTH)
            # floor division: negative potentials give negative counts, which the clip makes 0
            fired = np.clip(held // self.threshold, 0, self.largest)
            sent[step] = fired
            potential = self._reset(held, fired)
        return sent

    def _reset(self, held: Codes, fired: Codes) -> Codes:
        if self.reset == "soft":
            return held - fired * self.threshold
        return held if self.reset == "none" else np.where(fired > 0, WIDTH(0), held)

    def arrays(self) -> dict[str, np.ndarray]:
        """See `AbstractIntegerNeurons`."""
        leak = {} if self.leak is None else {"leak": self.leak, "leak_shift": np.asarray(self.leak_shift)}
        scalars = {name: np.asarray(getattr(self, name)) for name in ("shift", "bits", "largest", "reset")}
        return {"threshold": self.threshold, "start": self.start, **leak, **scalars}


@dataclasses.dataclass(frozen=True)
class IntegerRectified(AbstractIntegerNeurons):
    """The nearest of `intervals + 1` codes to `intervals sum / (steps level)`, where the level is `numerator / 2**shift`.

    Attributes:
        numerator: per channel.
        shift: see above.
        intervals: largest code.
        averages: whether accumulators with a time axis are summed over it (else each step has its own code).
    """

    numerator: Codes
    shift: int
    intervals: int
    averages: bool

    def __call__(self, accumulated: Int32[np.ndarray, "#time batch *neurons"], steps: int) -> Int32[np.ndarray, "sent batch *neurons"]:
        """See `AbstractIntegerNeurons`."""
        summed = len(accumulated) > 1 and self.averages
        total = np.sum(accumulated, axis=0, keepdims=True, dtype=WIDTH) if summed else accumulated
        # the sum over steps against steps times the level: no mean is formed, so none is rounded
        full = self.numerator * WIDTH(len(accumulated) if summed else 1)
        # clipped first, as the shift to the left might overflow; + 1, since the level may lie between two integers
        inside = np.clip(total, 0, (full >> WIDTH(self.shift)) + 1).astype(WIDTH)
        # floor(x + 1/2), with numerator and denominator doubled so that the half is an integer
        codes = ((WIDTH(2 * self.intervals) * inside << WIDTH(self.shift)) + full) // (2 * full)
        return np.minimum(codes, WIDTH(self.intervals))

    def arrays(self) -> dict[str, np.ndarray]:
        """See `AbstractIntegerNeurons`."""
        return {"numerator": self.numerator, "shift": np.asarray(self.shift), "intervals": np.asarray(self.intervals)}


@dataclasses.dataclass(frozen=True)
class IntegerScores(AbstractIntegerNeurons):
    """Class scores of each step: the accumulator times an integer per class; all classes have the same unit, `2**exponent`."""

    factor: Codes
    exponent: int

    def __call__(self, accumulated: Int32[np.ndarray, "#time batch *neurons"], steps: int) -> Int32[np.ndarray, "sent batch *neurons"]:
        """See `AbstractIntegerNeurons`."""
        return np.broadcast_to(accumulated * self.factor, (steps, *accumulated.shape[1:]))

    def arrays(self) -> dict[str, np.ndarray]:
        """See `AbstractIntegerNeurons`."""
        return {"factor": self.factor, "exponent": np.asarray(self.exponent)}


class AbstractIntegerBlock(abc.ABC):
    """From codes to codes."""

    @property
    @abc.abstractmethod
    def name(self) -> str:
        """Name of the layer it ends with."""

    @abc.abstractmethod
    def __call__(self, codes: Int32[np.ndarray, "#time batch ..."], steps: int) -> Int32[np.ndarray, "#time batch ..."]:
        """What is sent; a time axis of 1 holds for all steps."""

    @abc.abstractmethod
    def arrays(self) -> dict[str, np.ndarray]:
        """Its constants, by name."""


@dataclasses.dataclass(frozen=True)
class IntegerLayer(AbstractIntegerBlock):
    """A product with integer weights, and what follows it."""

    geometry: LayerWork
    weights: Int32[np.ndarray, "fan_in outputs"]
    bias: Int32[np.ndarray, " outputs"] | None
    neurons: AbstractIntegerNeurons

    @property
    def name(self) -> str:
        """The layer's."""
        return self.geometry.name

    def accumulated(self, codes: Int32[np.ndarray, "#time batch ..."]) -> Int32[np.ndarray, "#time batch ..."]:
        """Sums of products and bias."""
        geometry, samples = self.geometry, codes.reshape(-1, *codes.shape[2:])
        rows = patches(samples, geometry) if geometry.kind == "conv" else samples.reshape(len(samples), 1, -1)
        groups = geometry.groups
        # the order of `fixed_point.grouped_product`: weights are stored once for both
        grouped = rows.reshape(rows.shape[0], rows.shape[1], groups, -1)
        matrices = self.weights.reshape(rows.shape[1], -1, groups, geometry.channels_out // groups)
        sums = np.einsum("rpgc,pcgo->rgo", grouped, matrices).reshape(-1, geometry.channels_out)
        if self.bias is not None:
            sums = sums + self.bias
        shape = (geometry.height_out, geometry.width_out, -1) if geometry.kind == "conv" else (-1,)
        return sums.reshape(*codes.shape[:2], *shape)

    def __call__(self, codes: Int32[np.ndarray, "#time batch ..."], steps: int) -> Int32[np.ndarray, "#sent batch ..."]:
        """See `AbstractIntegerBlock`."""
        return self.neurons(self.accumulated(codes), steps)

    def arrays(self) -> dict[str, np.ndarray]:
        """See `AbstractIntegerBlock`."""
        bias = {} if self.bias is None else {"bias": self.bias}
        return {"weights": self.weights, **bias, **self.neurons.arrays()}


def patches(maps: Int32[np.ndarray, "batch height width channels"], geometry: LayerWork) -> Int32[np.ndarray, "rows positions channels"]:
    """Windows of maps in the order (batch, row, column) by (kernel row, kernel column), zero padded to fit, the odd row after."""
    size = (geometry.kernel_height, geometry.kernel_width)
    out, given = (geometry.height_out, geometry.width_out), maps.shape[1:3]
    extra = [max((o - 1) * geometry.stride + k - i, 0) for o, k, i in zip(out, size, given, strict=True)]
    # as `products.unfold.padding`: both forms must see the same windows
    padded = np.pad(maps, ((0, 0), *((each // 2, each - each // 2) for each in extra), (0, 0)))
    windows = np.lib.stride_tricks.sliding_window_view(padded, size, axis=(1, 2))[:, :: geometry.stride, :: geometry.stride]
    kept = windows[:, : out[0], : out[1]]  # [batch, rows, columns, channels, kernel rows, kernel columns]
    return np.moveaxis(kept, 3, 5).reshape(-1, size[0] * size[1], maps.shape[3])


@dataclasses.dataclass(frozen=True)
class IntegerPooling(AbstractIntegerBlock):
    """Sums or largest elements of windows."""

    geometry: LayerWork
    reduction: Literal["sum", "maximum"]

    @property
    def name(self) -> str:
        """The layer's."""
        return self.geometry.name

    def __call__(self, codes: Int32[np.ndarray, "#time batch ..."], steps: int) -> Int32[np.ndarray, "#time batch ..."]:
        """See `AbstractIntegerBlock`."""
        size, rows, columns = self.geometry.kernel_height, self.geometry.height_out, self.geometry.width_out
        cut = codes[:, :, : rows * size, : columns * size].reshape(*codes.shape[:2], rows, size, columns, size, -1)
        # averages stay sums: the next layer's unit has the size of the window in it
        return np.asarray(np.sum(cut, axis=(3, 5), dtype=WIDTH) if self.reduction == "sum" else np.max(cut, axis=(3, 5)))

    def arrays(self) -> dict[str, np.ndarray]:
        """See `AbstractIntegerBlock`."""
        return {"window": np.asarray(self.geometry.kernel_height), "reduction": np.asarray(self.reduction)}


@dataclasses.dataclass(frozen=True)
class IntegerResidual(AbstractIntegerBlock):
    """Blocks, and a last layer to whose accumulator what entered is added, times an integer per channel.

    Attributes:
        stride: every how many pixels of what entered are added.
        padded: channels of zeros behind its own.
    """

    body: Sequence[AbstractIntegerBlock]
    last: IntegerLayer
    strength: Int32[np.ndarray, " channels"]
    stride: int
    padded: int

    @property
    def name(self) -> str:
        """The last layer's."""
        return self.last.name

    def __call__(self, codes: Int32[np.ndarray, "#time batch ..."], steps: int) -> Int32[np.ndarray, "#time batch ..."]:
        """See `AbstractIntegerBlock`."""
        current = codes
        for block in self.body:
            current = block(current, steps)
        # only maps have pixels to leave out; vectors are [time, batch, features]
        entered = codes[:, :, :: self.stride, :: self.stride] if codes.ndim == 5 else codes
        widened = np.pad(entered, [(0, 0)] * (codes.ndim - 1) + [(0, self.padded)])
        return self.last.neurons(self.last.accumulated(current) + widened * self.strength, steps)

    def arrays(self) -> dict[str, np.ndarray]:
        """See `AbstractIntegerBlock`; those of the body carry their layers' names."""
        body = {f"{block.name}.{name}": value for block in self.body for name, value in block.arrays().items()}
        return {**self.last.arrays(), **body, "strength": self.strength, "stride": np.asarray(self.stride)}


@dataclasses.dataclass(frozen=True)
class IntegerActivity:
    """What a run leaves behind.

    Attributes:
        logits: sums of the class scores over all steps `[batch, classes]`.
        step_scores: class scores of each step.
        sent: what each block sent, by the name of its layer: spikes of every step, or codes that hold for all.
    """

    logits: Int32[np.ndarray, "batch classes"]
    step_scores: Int32[np.ndarray, "time batch classes"]
    sent: Mapping[str, Int32[np.ndarray, "#time batch ..."]]


@dataclasses.dataclass(frozen=True)
class IntegerNetwork:
    """Blocks, class scores and the number of steps.

    Attributes:
        blocks: the layers before the last.
        scores: the last layer, whose sums are the class scores.
        steps: timesteps.
        input_unit: value of one unit of an input code (for people; nothing is computed with it).
    """

    blocks: Sequence[AbstractIntegerBlock]
    scores: IntegerLayer
    steps: int
    input_unit: float

    def __call__(self, codes: Int[np.ndarray, "#time batch ..."]) -> IntegerActivity:
        """Run a batch of input codes (see `input_codes`); a time axis of 1 holds for all steps.

        Raises:
            ValueError: neither one nor as many time steps as the network has.
        """
        if len(codes) != 1 and len(codes) < self.steps:
            raise ValueError(f"the network runs for {self.steps} steps, got codes of {len(codes)}")
        # the float network may simulate more steps and give them no weight; here they are not run
        current, sent = codes[: self.steps].astype(WIDTH), {}
        for block in self.blocks:
            current = block(current, self.steps)
            sent[block.name] = current
        step_scores = self.scores(current, self.steps)
        # sums, not means: a division would round, and does not change which class is largest
        return IntegerActivity(np.asarray(np.sum(step_scores, axis=0, dtype=WIDTH)), step_scores, sent)

    def arrays(self) -> dict[str, np.ndarray]:
        """All constants as `layer.name`, for `numpy.savez` and for test benches; and `steps`, `input_unit`."""
        layers = [*self.blocks, self.scores]
        found = {f"{block.name}.{name}": value for block in layers for name, value in block.arrays().items()}
        return {"steps": np.asarray(self.steps), "input_unit": np.asarray(self.input_unit), **found}
