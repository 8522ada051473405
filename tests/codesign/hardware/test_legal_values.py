"""The ends of every legal range can be priced, and a gradient leaves them."""

import jax
import jax.numpy as jnp
import pytest

from codesign.hardware.registry import RANGES, REGISTRY
from codesign.technology.catalogue import load
from codesign.workloads.workload import Workload, conv, dense, pool

WORK = Workload.of([conv("conv", 2, 4, 8, kernel=3), pool("pool", 4, 8), dense("dense", 64, 10)], timesteps=4, input_rate=0.2)
PRICES = {"crossbar": "rram_45nm", "systolic": "digital_28nm", "manycore": "digital_28nm"}


@pytest.mark.parametrize("family", sorted(PRICES))
def test_both_ends_of_every_range(family: str) -> None:
    prices = load(PRICES[family])
    total = jax.jit(jax.value_and_grad(lambda chip: jnp.log(jnp.stack([(c := chip.cost(WORK, prices)).energy, c.latency, c.area])).sum()))
    # assumptions that nothing prices are no part of a cost
    unpriced = REGISTRY[family].of().inert_parameters(prices)
    for name, legal in RANGES[family].items():
        if name in unpriced:
            continue
        assert legal.low <= legal.default <= legal.high
        for end in (legal.low, legal.high):
            value, slope = total(REGISTRY[family].of(**{name: end}))
            assert bool(jnp.isfinite(value)), (name, end)
            assert all(bool(jnp.isfinite(leaf).all()) for leaf in jax.tree.leaves(slope)), (name, end)


def test_every_parameter_has_a_range() -> None:
    for family, ranges in RANGES.items():
        chip = REGISTRY[family].of(*(({"a": REGISTRY["systolic"].of()}, [0]) if family == "hybrid" else ()))
        assert ranges.items() <= chip.ranges.items()
        # a number that a chip need not have is None until it is given
        leaves = {name for name, leaf in vars(chip).items() if (leaf is None or isinstance(leaf, jax.Array)) and name not in chip.choices}
        assert leaves - {"memory", "dataflow", "device", "synchronisation"} == ranges.keys()
