"""DRAM traffic of the SATA inference tool: its cycle stage (SCALE-Sim v2, output-stationary) replayed exactly, on the host.

Inputs go through a buffer that remembers distinct words until it is full and then forgets all of them; outputs go through a
buffer that drains half of itself a line at a time. Both counts depend on the order of the accesses, so there is no closed form;
here the order is replayed with whole-array operations. The counts are piecewise constant: no gradient.

Source: behaviour of RuokaiYin/SATA_Sim (commit d447058) with SCALE-Sim v2 (its read buffer in bandwidth-estimation mode and its
write buffer), established by running the tool; see the `sata` golden table.
"""

import functools
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

_ACTIVE_SETS: Final = 50  # half of the 100 sets into which SCALE-Sim divides a read buffer
_SETS: Final = 100
_CHUNK: Final = 1 << 16


class Geometry(NamedTuple):
    """One layer as the cycle stage sees it; a fully connected layer is a 1x1 map with a 1x1 kernel."""

    height: int
    width: int
    kernel_height: int
    kernel_width: int
    channels_in: int
    channels_out: int
    stride: int

    @property
    def window(self) -> int:
        """Inputs of one output, W_n = Kh Kw Cin."""
        return self.kernel_height * self.kernel_width * self.channels_in

    @property
    def map_out(self) -> tuple[int, int]:
        """Output rows and columns of the unpadded convolution, `ceil((H - K + s) / s)`: SCALE-Sim rounds up."""
        rows = -(-(self.height - self.kernel_height + self.stride) // self.stride)
        columns = -(-(self.width - self.kernel_width + self.stride) // self.stride)
        return rows, columns

    @property
    def pixels(self) -> int:
        """Output pixels, E."""
        return self.map_out[0] * self.map_out[1]


def ifmap_addresses(layer: Geometry) -> NDArray[np.int64]:
    """Address of every operand of the unrolled input, -1 where a window reaches beyond the map.

    Returns:
        `[E, W_n]`; within a window the channel runs fastest, then the column.
    """
    rows, columns = layer.map_out
    row0, column0 = np.divmod(np.arange(rows * columns), columns)
    kernel_row, rest = np.divmod(np.arange(layer.window), layer.kernel_width * layer.channels_in)
    kernel_column, channel = np.divmod(rest, layer.channels_in)
    row = row0[:, None] * layer.stride + kernel_row
    column = column0[:, None] * layer.stride + kernel_column
    address = (row * layer.width + column) * layer.channels_in + channel
    # rounding the map up makes the last windows reach beyond it
    return np.where((row < layer.height) & (column < layer.width), address, -1)


def ifmap_demand(layer: Geometry, rows: int) -> NDArray[np.int64]:
    """Input addresses in the order in which an array with `rows` rows asks for them during one pass over the pixels.

    Pixels are taken `rows` at a time; row i of the array runs i cycles behind row 0, and in a cycle the rows ask in order.

    Returns:
        `[accesses]`, at most E W_n of them.
    """
    addresses = ifmap_addresses(layer)
    # the last fold may have fewer rows and cannot be stacked with the others
    whole = len(addresses) // rows * rows
    folds = [block for block in (addresses[:whole].reshape(-1, rows, layer.window), addresses[None, whole:]) if block.size]
    demand = np.concatenate([_skewed(fold) for fold in folds])
    return demand[demand >= 0]


def _skewed(folds: NDArray[np.int64]) -> NDArray[np.int64]:
    """The accesses of folds `[folds, rows, window]` in order: by cycle, then by row, row i starting i cycles late."""
    _, rows, window = folds.shape
    row, operand = np.divmod(np.arange(rows * window), window)
    # cycle and row make distinct keys: any sort gives this order
    order = np.argsort((operand + row) * rows + row)
    return folds.reshape(-1, rows * window)[:, order].ravel()


def _previous_use(demand: NDArray[np.int64]) -> NDArray[np.int64]:
    """Position of the previous access to the same address when the demand repeats for ever, relative to the pass: `[accesses]`."""
    # stable, so that equal addresses stay in the order of their use
    order = np.argsort(demand, kind="stable")
    ordered = demand[order]
    first = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
    last = np.r_[first[1:], len(order)] - 1
    previous = np.empty_like(order)
    previous[order[1:]] = order[:-1]
    # first use in a pass: the one before was in the pass before, hence negative
    previous[order[first]] = order[last] - len(demand)
    return previous


def _epoch(previous: NDArray[np.int64], start: int, capacity: int, stop: int) -> tuple[int, int]:
    """From an empty buffer at position `start`: misses until it is full (or `stop`), and the position after the last of them."""
    period = len(previous)
    misses, position = 0, start
    while position < stop:
        lap, offset = divmod(position, period)
        size = min(_CHUNK, period - offset, stop - position)
        # held only if used since the last emptying
        missed = np.flatnonzero(previous[offset : offset + size] + lap * period < start)
        if misses + len(missed) >= capacity:
            return capacity, position + int(missed[capacity - misses - 1]) + 1
        misses += len(missed)
        position += size
    return misses, stop


def replay_misses(demand: NDArray[np.int64], passes: int, capacity: int) -> int:
    """Misses of a buffer of `capacity` words, emptied whenever it fills, while `demand` `[accesses]` is asked for `passes` times.

    What follows an emptying depends only on where in the pass it happens, so repeated patterns are not replayed again.
    """
    # counting beats sorting: addresses are small and dense
    distinct = int(np.count_nonzero(np.bincount(demand)))
    # a buffer that never fills never forgets; one that fills exactly does
    if capacity <= 0 or distinct < capacity:
        return distinct
    previous = _previous_use(demand)
    period, stop = len(demand), passes * len(demand)
    lengths: dict[int, int] = {}
    position = total = 0
    while position < stop:
        offset = position % period
        length = lengths.get(offset)
        # a remembered stretch may not run past the end of the last pass
        if length is not None and position + length <= stop:
            misses, end = capacity, position + length
        else:
            misses, end = _epoch(previous, position, capacity, stop)
            if misses == capacity:
                lengths[offset] = end - position
        total, position = total + misses, end
    return total


@functools.lru_cache(maxsize=4096)
def ifmap_reads(layer: Geometry, rows: int, columns: int, buffer_bytes: int) -> int:
    """DRAM words read for the inputs of one step.

    Args:
        layer: shape.
        rows: rows of the array; output pixels are spread over them.
        columns: columns of the array; the inputs are streamed once per `columns` filters.
        buffer_bytes: size of the input buffer; `50 floor(bytes / 100)` one-byte words of it hold data.
    """
    capacity = _ACTIVE_SETS * (buffer_bytes // _SETS)
    return replay_misses(ifmap_demand(layer, rows), -(-layer.channels_out // columns), capacity)


def _write_cycles(layer: Geometry, rows: int, columns: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cycles in which outputs leave the array, and how many leave in each: two arrays `[cycles]`."""
    pixels, filters = layer.pixels, layer.channels_out
    row_folds, column_folds = -(-pixels // rows), -(-filters // columns)
    # full folds throughout: a partial one takes as many cycles
    length = layer.window + rows + columns - 2
    diagonal = np.arange(rows + columns - 1)

    def leaving(used_rows: int, used_columns: int) -> NDArray[np.int64]:
        # rows leave bottom first, column j is j cycles late: anti-diagonals of the used block
        low = np.maximum(diagonal - used_columns + 1, rows - used_rows)
        return np.maximum(np.minimum(diagonal, rows - 1) - low + 1, 0)

    last_rows, last_columns = pixels - (row_folds - 1) * rows, filters - (column_folds - 1) * columns
    full_stripe = np.concatenate([np.tile(leaving(rows, columns), row_folds - 1), leaving(last_rows, columns)])
    last_stripe = np.concatenate([np.tile(leaving(rows, last_columns), row_folds - 1), leaving(last_rows, last_columns)])
    counts = np.concatenate([np.tile(full_stripe, column_folds - 1), last_stripe])
    # a first output is done when its whole window has passed
    start = np.arange(row_folds * column_folds) * length + layer.window - 1
    cycles = (start[:, None] + diagonal).ravel()
    busy = counts > 0
    return cycles[busy], counts[busy]


@functools.lru_cache(maxsize=4096)
def ofmap_writes(layer: Geometry, rows: int, columns: int, buffer_bytes: int) -> int:
    """DRAM words written for the outputs of one step, defect included.

    Words leave in lines of `columns`. When more than half of the buffer is in use, the line being filled is closed early and
    half a buffer of lines is drained. Only the last line of a drain is checked for being closed early; a short line elsewhere
    is counted in full, which is where the words above the exact output count come from. No new drain starts while one is under
    way (one line per cycle).

    Args:
        layer: shape.
        rows: rows of the array.
        columns: columns of the array, and words of a line.
        buffer_bytes: size of the output buffer, one byte per word.
    """
    # odd sizes: the larger half is kept free
    active = -(-buffer_bytes // 2)
    lines_per_drain = -(-(buffer_bytes - active) // columns)
    cycles, counts = _write_cycles(layer, rows, columns)
    upto = np.cumsum(counts)
    total = int(upto[-1])
    lines: list[int] = []  # lengths of the closed lines
    closed = drained = written = 0  # words in closed lines; lines drained; words counted as written
    drain_end = 0
    while True:
        # the first word that leaves less than `active` free, and that does not fall into the drain under way
        word = buffer_bytes - active + 1 + written
        index = max(int(np.searchsorted(upto, word)), int(np.searchsorted(cycles, drain_end)))
        if index >= len(cycles):
            break
        word = max(word, int(upto[index - 1]) + 1 if index else 1)
        lines += [columns] * ((word - closed) // columns)
        if (word - closed) % columns:
            lines.append((word - closed) % columns)
        closed = word
        written, drained, used = _drain(lines, drained, lines_per_drain, columns, written)
        # a drain takes a cycle a line, the first in the cycle that starts it
        drain_end = int(cycles[index]) + used - 1
    lines += [columns] * ((total - closed) // columns)
    if (total - closed) % columns:
        lines.append((total - closed) % columns)
    # what is left goes out at the end, without a threshold
    while drained < len(lines):
        written, drained, _ = _drain(lines, drained, lines_per_drain, columns, written)
    return written


def _drain(lines: list[int], drained: int, limit: int, columns: int, written: int) -> tuple[int, int, int]:
    """One drain: words written so far, lines drained so far, lines in this drain."""
    used = min(limit, len(lines) - drained)
    words = (used - 1) * columns + lines[drained + used - 1]
    return written + words, drained + used, used
