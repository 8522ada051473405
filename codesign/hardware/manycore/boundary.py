"""What a many-core chip is charged for, item by item; under measured events (`loihi_14nm`) each event carries all of it."""

from typing import Final

from codesign.hardware.boundary import Boundary, Charged, Uncharged

_HOLDS: Final = "a many-core chip holds the whole network: it has as many cores as that takes, and they are charged in area and leakage"

BOUNDARY: Final[Boundary] = {
    "arithmetic": Charged(
        ("synapse",), "an addition per synaptic event, a multiplication by the bits that a graded spike has beyond its first"
    ),
    "weight storage and loading": Charged(
        ("synapse", "cores"),
        "area of whole cores; every event reads its synapse; loading them once is left out: they stay",
    ),
    "input maps": Charged(
        ("message", "hop"),
        "every event into a layer is a message to each core that holds a synapse of it, the first layer's from the chip's edge",
    ),
    "output maps": Charged(("message", "hop"), "a layer's events are the next one's messages; the last layer's travel to the chip's edge"),
    "neuron state": Charged(
        ("neuron", "synapse"),
        "a visit reads states and parameters, an update writes states, a synaptic event reads and writes the potential; where neurons wait "
        "for events a flag at each event, a queue's entry and the step of the last visit",
    ),
    "neuron arithmetic": Charged(
        ("neuron",), "operations of the layer's own neuron, and the capture of each spike; a product makes up a late one's decay"
    ),
    "zeros": Uncharged("only events travel: there are no zeros to find"),
    "partial sums": Charged(("synapse",), "sums gather in the potentials, read and written for every event"),
    "decoders and multiplexers": Charged(
        ("message", "synapse", "hop"),
        "decoders are in the memories' prices; a message looks its synapses up, an address is counted up from synapse "
        "to synapse, routers select",
    ),
    "drivers": Charged(
        ("neuron", "synapse", "message", "hop"), "those of memories and links are in their prices per bit; there are no others"
    ),
    "converters": Uncharged("a digital chip has none"),
    "interconnect": Charged(
        ("message", "hop"), "table, queue and registers at both ends; per hop a link, the router's buffers and its multiplexer"
    ),
    "clock": Charged(
        ("neuron", "synapse", "message", "hop", "control"),
        "registers and their tree in every cycle of an event that passes them, gated otherwise; the control unit in every cycle",
    ),
    "control": Charged(
        ("control", "synapse", "neuron"),
        "a control unit per core in every cycle, a sequencer per synaptic event, the capture of a spike; nothing is "
        "fetched: the core is no programmed one",
    ),
    "memory leakage": Charged(("leakage",), "neurons, synapses, both tables and the queue of every core, while the whole inference runs"),
    "logic leakage": Charged(
        ("leakage",), "router, neuron unit, adders, multiplier and registers of every core, while the whole inference runs"
    ),
    "off-chip traffic": Uncharged(_HOLDS),
    "input encoding": Charged(
        ("neuron", "message", "hop"),
        "a comparison per encoded element and step at the chip's edge, while the cores work, and the messages of its spikes",
    ),
    "residual additions": Charged(
        ("synapse", "message", "hop"),
        "an event of a shortcut is a message to one core and one synaptic event there, as busy as the map it joins",
    ),
    "pooling": Charged(("synapse", "neuron"), "a window is a kernel of equal weights whose sums neurons compare"),
    "early exit": Charged(("neuron",), "each question visits the layer's neurons once more, in time that slower layers leave"),
    "programming": Uncharged("SRAM is written once, when the chip is switched on"),
    "synchronisation": Charged(
        ("control", "leakage", "message", "hop", "neuron", "cores"),
        "every core waits, clocked and leaking, for the slowest one and for the barrier, whose signals have no sourced energy; without "
        "a barrier for its neighbours, with a token along each link and one back per step, a bit of parity per message, a word more per "
        "neuron and registers of the scheduler",
    ),
}
"""What this family charges, and where; see `codesign.hardware.boundary`."""
