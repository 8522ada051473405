"""Words of the page, for who is new to this."""

import html
from typing import Final

TERMS: Final = {
    "design": "A network with its trained weights and a chip to run it on: every number that is needed to build both.",
    "front": "The designs that no other one beats: who wants fewer errors than one of these must pay more for it, and the other way round.",
    "relaxed": "While searching, whole numbers and choices (rows of an array, bits, which engine) are treated as if anything between them "
    "existed, so that a gradient can say which way is better. Nobody can build a relaxed chip; its numbers are claims.",
    "hardened": "Every value is set to one that exists, the network is trained a little more on that chip, and all is measured again.",
    "measured": "On test data, which no search has seen, with the exact cost model, and on simulated chips that differ as real ones do.",
    "simulated chip": "One draw of what differs from chip to chip when it is made and programmed. An error of 4 % ± 1 % is a mean and "
    "a standard deviation over such chips: one that is built is not the mean.",
    "exact wires": "While searching, wires of a crossbar are a closed form and a weight's devices count as one. Recommended designs, and "
    "others of the front, are measured once more with every device drawn and the circuit solved. The gap is how much more they err then, "
    "on the same devices and samples; a point is one answer in a hundred.",
    "recalibrated": "Devices drift after they are programmed. Gain and offset of every column can be found again from some known samples.",
    "validation data": "Samples that are used for choosing among designs. Designs are chosen by these, and reported by test data.",
    "noise": "Errors are counted on some hundred samples and some chips. Designs that differ by less than that are equal here, "
    "and the cheaper one is taken.",
    "80 % interval": "Prices of parts (energy of a converter, of a memory access) are known only so well. All were drawn 256 times from "
    "what is known of them; eight of ten draws lie in the interval.",
    "gate": "Whether a layer sends spikes (events that are there or not) or plain values (numbers of some bits).",
    "time step": "A network with spikes looks at a sample several times; each is a time step. More steps answer better and cost more.",
    "converter sharing": "Columns of an array that take turns at one analog-to-digital converter: fewer of them are smaller and slower.",
    "input rate, output rate": "Events or non-zero values per connection and time step: how busy a layer is.",
    "hypervolume": "How much of the space of objectives a front covers, as a share: one number for how good a whole front is.",
}


def glossary() -> str:
    """All terms as a list; closed until somebody asks."""
    entries = "".join(f"<dt>{html.escape(term)}</dt><dd>{html.escape(text)}</dd>" for term, text in TERMS.items())
    closed = "<details><summary>What the words of this page mean</summary>"
    # browsers open what a link points into
    return f'<section><h2>Words</h2>{closed}<dl id="words">{entries}</dl></details></section>'
