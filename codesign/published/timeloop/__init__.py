"""Timeloop's closed form of loop tilings on Gemmini, as DOSA differentiates it.

Mappings and the counts they imply; searching them is in `search.chips_alone`.
"""

from codesign.published.timeloop.gemmini import Gemmini
from codesign.published.timeloop.model import Machine, Mapping, accesses, buffers_needed_kb, cycles, energy_uj, evaluate, evaluate_many
from codesign.published.timeloop.text import parse, parse_all, spelt

__all__ = [
    "Gemmini",
    "Machine",
    "Mapping",
    "accesses",
    "buffers_needed_kb",
    "cycles",
    "energy_uj",
    "evaluate",
    "evaluate_many",
    "parse",
    "parse_all",
    "spelt",
]
