"""What a crossbar is charged for, and what not (`codesign.hardware.boundary`)."""

from typing import Final

from codesign.hardware.boundary import Boundary, Charged, Uncharged

BOUNDARY: Final[Boundary] = {
    "arithmetic": Charged(
        ("array", "accumulate"),
        "currents or charges of cells as they were meant; additions and products of pooling and attention",
    ),
    "weight storage and loading": Charged(
        ("array", "programming"), "weights stay in the cells; writing them is programming, of SRAM at power-up"
    ),
    "input maps": Charged(
        ("buffers", "interconnect"), "written to every tile that works on them, read by windows, moved by network and bus"
    ),
    "output maps": Charged(("buffers", "interconnect", "off_chip"), "written where the next layer reads; the last is read out once"),
    "neuron state": Charged(("neurons",), "read and written between steps, in one memory for all layers"),
    "neuron arithmetic": Charged(("neurons",), "the operations of each layer's neuron"),
    "zeros": Uncharged("rows without an event are not driven: an event-driven input has no zeros to find"),
    "partial sums": Charged(("accumulate", "interconnect"), "shift-and-add units, output registers and accumulators as wide as codes grow"),
    "decoders and multiplexers": Charged(("decoders", "programming"), "columns for every conversion; the row decoder in programming"),
    "drivers": Charged(("drivers", "interconnect"), "word-line drivers, level shifters (area), repeaters of wires"),
    "converters": Charged(
        ("adc", "decoders"), "every conversion by its effective bits, noise included; sample-and-holds with the multiplexers"
    ),
    "interconnect": Charged(("interconnect",), "mesh or H-tree between tiles, a bus inside; a map goes once, however many tiles share it"),
    "clock": Charged(("clock",), "registers of bus, shift-and-add and accumulators of the running layer, with the tree"),
    "control": Charged(("control",), "a controller for each tile and cycle that its layer runs"),
    "memory leakage": Charged(("leakage",), "all buffers, the state memory and cells that are SRAM, while any layer runs"),
    "logic leakage": Charged(
        ("leakage",), "by area: converters, drivers, decoders, adders, neurons, routers or repeaters; resistive cells do not leak"
    ),
    "off-chip traffic": Charged(
        ("off_chip",), "first and last map, and what all buffers cannot hold, with background; any bandwidth is had, without interface area"
    ),
    "input encoding": Charged(("accumulate",), "a comparison for every element that is turned into spikes"),
    "residual additions": Charged(
        ("accumulate", "buffers", "interconnect"), "an addition for each element, whose map is read and moved again"
    ),
    "pooling": Charged(("accumulate",), "additions on lanes, with their area and clock"),
    "early exit": Charged(("accumulate",), "entropy of the answers by a table, which is not charged"),
    "programming": Charged(("programming",), "pulses with verification of all used cells, shared by the inferences in between"),
    "synchronisation": Uncharged("layers run one after another on one clock: nothing waits but the stages of a layer, as its time says"),
}
"""An answer to every item of the system boundary."""
