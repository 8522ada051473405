"""What a chip of several engines is charged for beside what its engines charge, item by item."""

from typing import Final

from codesign.hardware.boundary import Boundary, Charged

_ENGINES: Final = Charged((), "the engines', each by its own family's answer, for the layers that run there")

BOUNDARY: Final[Boundary] = {
    "arithmetic": _ENGINES,
    "weight storage and loading": _ENGINES,
    "input maps": Charged(
        ("transfer",), "where the engine changes, a map is written to and read from the transfer buffer, zeros included; else the engines'"
    ),
    "output maps": Charged(("transfer",), "as input maps"),
    "neuron state": _ENGINES,
    "neuron arithmetic": _ENGINES,
    "zeros": _ENGINES,
    "partial sums": _ENGINES,
    "decoders and multiplexers": Charged(("transfer",), "the transfer buffer's are in CACTI's prices; else the engines'"),
    "drivers": Charged(("transfer",), "the link's are in the price of a hop; else the engines'"),
    "converters": _ENGINES,
    "interconnect": Charged(
        ("transfer", "transfer_leakage"), "between engines a hop per bit and a router as wide as the bandwidth asks for; within them theirs"
    ),
    "clock": Charged((), "the engines' while they run: one that waits for another is clock-gated; the link's is not charged"),
    "control": Charged((), "the engines'; handshakes between them take time and no energy"),
    "memory leakage": Charged(
        ("transfer_leakage",), "of the transfer buffer, and of every engine that holds a layer, while the whole inference runs"
    ),
    "logic leakage": Charged(
        ("transfer_leakage",), "of the router, and of every engine that holds a layer, while the whole inference runs"
    ),
    "off-chip traffic": Charged(
        (),
        "the engines'; the background power of their memories while they run, as self-refresh is small; an engine on a closed chip "
        "is asked to hold the layers of the others too",
    ),
    "input encoding": _ENGINES,
    "residual additions": Charged((), "the engines'; a path that comes from another engine crosses for nothing"),
    "pooling": _ENGINES,
    "early exit": _ENGINES,
    "programming": _ENGINES,
    "synchronisation": Charged(
        ("transfer",),
        "a layer waits for the engine before it to end all its steps; a handshake per part of a map that outgrows half the buffer",
    ),
}
"""What this family charges, and where; see `codesign.hardware.boundary`."""
