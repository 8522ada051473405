"""Which of several objectives is about answers, and which is the cost that designs are ordered by."""

from collections.abc import Sequence

from search.objectives.base import AbstractObjective


def answers_of(objectives: Sequence[AbstractObjective]) -> AbstractObjective | None:
    """The first objective that is about the quality of answers alone, or None."""
    # energy per correct answer depends on answers too, but is a cost
    return next((o for o in objectives if o.answers and not o.logarithmic), None)


def cost_of(objectives: Sequence[AbstractObjective]) -> AbstractObjective:
    """The objective that designs are ordered by: energy where it is one, else the first that is not about answers."""
    answers = answers_of(objectives)
    others = [o for o in objectives if o is not answers]
    return next((o for o in others if o.name == "energy"), others[0])
