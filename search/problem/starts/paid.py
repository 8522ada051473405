"""What a start takes, in the currency of searches: training samples x simulated time steps."""

from codesign.network.builders.models import SpikingNetwork
from search.problem.sections.start import ConvertedStart, StdpStart
from search.problem.sections.strict import Strict
from search.problem.starts.conversion import minibatches


def paid(start: Strict, shapes: SpikingNetwork, longest: int, batch_size: int) -> float:
    """Of one study.

    Args:
        start: the section of a config.
        shapes: of the network.
        longest: steps that are simulated.
        batch_size: samples of a minibatch.
    """
    if isinstance(start, StdpStart):
        return float(start.steps * batch_size * longest)
    return float(minibatches(start, shapes) * batch_size * longest) if isinstance(start, ConvertedStart) else 0.0
