"""What a systolic array is charged for, item by item."""

from typing import Final

from codesign.hardware.boundary import Boundary, Charged, Uncharged

_BUFFERS: Final = ("scratchpads", "input_buffer", "weight_buffer", "output_buffer")

BOUNDARY: Final[Boundary] = {
    "arithmetic": Charged(("compute",), "a multiply-accumulate per product, or a gate per weight bit and an addition for a binary spike"),
    "weight storage and loading": Charged(
        ("off_chip", "weight_buffer", "scratchpads", "registers"),
        "loaded once per inference, and again in every round as far as they outgrow half of the double weight buffer; a closed chip holds "
        "them all",
    ),
    "input maps": Charged(
        ("input_buffer", "off_chip", "registers"),
        "written to the double input buffer once and read for every pass; from off the chip where they outgrow half of it; what no "
        "window covers is not loaded",
    ),
    "output maps": Charged(
        ("output_buffer", "off_chip"),
        "written to the single output buffer and read out once; stored off the chip where the next input has no room",
    ),
    "neuron state": Charged(
        ("output_buffer", "off_chip"), "written and read in every batch of steps but the last and the first, unless scratchpads keep it"
    ),
    "neuron arithmetic": Charged(
        ("neurons",), "operations and registers of the layer's own neuron; an ANN's output is rescaled by a product"
    ),
    "zeros": Charged(("zeros",), "a detector per operand that enters, and where vectors are skipped a tag for each and a finder per row"),
    "partial sums": Charged(
        ("registers", "output_buffer", "weight_buffer", "clock"),
        "a register in every element, a round through the output buffer per further fold; sums that outgrow it cut the map, and weights "
        "are read again for every part",
    ),
    "decoders and multiplexers": Charged(
        _BUFFERS, "those of memories are in CACTI's prices; what switching between dataflows takes is not charged"
    ),
    "drivers": Charged(_BUFFERS, "those of memories are in CACTI's prices; wires between buffers and array are not charged"),
    "converters": Uncharged("a digital chip has none"),
    "interconnect": Charged(
        ("registers",), "neighbours in the array pass operands through registers; buses from the buffers are not charged"
    ),
    "clock": Charged(
        ("clock", "neurons"),
        "registers that have work and a gate per element each cycle, stalls included, or all registers where nothing is gated, with the "
        "tree; those of neuron units are in an update's price, those of buses and buffers in nobody's",
    ),
    "control": Charged(("control",), "one sequencer, each cycle, without area; the program it runs is not fetched from anywhere"),
    "memory leakage": Charged(("leakage",), "all scratchpads and buffers, used or not, while the whole inference runs"),
    "logic leakage": Charged(
        ("leakage",), "arithmetic, registers, neuron units, zero detectors and finders, while the whole inference runs"
    ),
    "off-chip traffic": Charged(
        ("off_chip",),
        "by bit, with the memory's background power by bandwidth while the whole inference runs, and the interface's area; a closed "
        "chip's own border is free, and a network that it cannot hold is illegal (`Cost.excess`)",
    ),
    "input encoding": Charged(("neurons",), "a comparison per element and step; the random numbers or thresholds come for nothing"),
    "residual additions": Charged(
        ("compute", "input_buffer", "off_chip"),
        "an addition per element; the path is written and read once more, off the chip where it has no room beside the layer's map; the "
        "neuron units have it done in their own time",
    ),
    "pooling": Charged(
        ("compute", "input_buffer", "output_buffer"), "an addition per element that a window visits, on the array's own adders"
    ),
    "early exit": Charged(
        ("neurons", "output_buffer"), "per check every output is read, multiplied, added and compared; it takes no cycles"
    ),
    "programming": Uncharged("memories are written as the network runs; nothing is programmed"),
    "synchronisation": Charged(
        ("leakage", "clock", "control"),
        "a layer lasts as long as the slowest of array, neuron units and off-chip traffic, and layers wait for each other",
    ),
}
"""What this family charges, and where; see `codesign.hardware.boundary`."""
