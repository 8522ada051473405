"""Every option that lists and reference name is one that a study can have, or is refused with what would work instead."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from codesign.analog.device.catalogue import DEVICES
from codesign.evaluation.devices import check_cells
from codesign.hardware.registry import REGISTRY
from codesign.technology import catalogue
from codesign.workloads.workload import dense
from search.blackbox.registry import find
from search.errors import UserError
from search.problem import build
from search.problem import config as configs
from search.problem.legal import check_chip
from tests.search.problem import matrix


def read(values: matrix.Values) -> configs.ConfigFile:
    return configs.from_values(values, Path("matrix.yaml"))


@pytest.mark.parametrize("made", [matrix.chips, matrix.hybrids, matrix.networks, matrix.styles, matrix.runs, matrix.studies])
def test_every_option_fits_somewhere(made: Callable[[], Iterator[matrix.Values]]) -> None:
    for values in made():
        build.check(read(values))


def test_every_option_can_be_built() -> None:
    for values in matrix.quick():
        build.build(read(values))


def test_every_search_can_be_asked_for() -> None:
    for values in matrix.searches():
        find(read(values).config.search.kind)


def test_what_does_not_fit_is_told_with_what_would() -> None:
    for values, told in matrix.refused():
        with pytest.raises(UserError) as caught:
            build.check(read(values))
        assert told in str(caught.value)


def test_technologies_price_a_family_or_say_what_would() -> None:
    for kind in matrix.TECHNOLOGY:
        refused = {}
        # of one process: what a family asks beyond that is parts
        for name in ("digital_14nm", "loihi_14nm", "pcm_14nm", "rram_14nm"):
            try:
                check_chip(REGISTRY[kind].of(), (dense("layer", 64, 10),), catalogue.load(name), fixed=False)
            except UserError as error:
                refused[name] = str(error)
        assert refused.keys() == {"crossbar": {"digital_14nm", "loihi_14nm"}, "systolic": {"loihi_14nm"}, "manycore": set()}[kind]
        assert all("needs a memory device: rram_" in text or "hardware.technology: technology" in text for text in refused.values())


def test_every_published_device_has_cells() -> None:
    for name in DEVICES:
        check_cells(REGISTRY["crossbar"].of(device=name))


def test_every_family_and_builder_has_a_small_study() -> None:
    assert matrix.TECHNOLOGY.keys() == REGISTRY.keys() - {"hybrid"}
    assert matrix.NETWORKS.keys() == matrix.BUILDERS.keys()
