"""What a report knows of an objective comes from the study, and not from the class."""

import json

import numpy as np
import pytest

from search.errors import UserError
from search.objectives.described import describe, from_description
from search.objectives.registry import available, find


@pytest.mark.parametrize("name", available())
def test_tables_see_no_difference(name: str) -> None:
    own = find(name)
    found = from_description(json.loads(json.dumps(describe(own))))
    assert (found.name, found.unit, found.column, found.sign, found.logarithmic, found.answers) == (
        own.name,
        own.unit,
        own.column,
        own.sign,
        own.logarithmic,
        own.answers,
    )
    values = np.array([0.1, 0.5, 2.0])
    np.testing.assert_array_equal(found.share(values, 1.0), own.share(values, 1.0))


@pytest.mark.parametrize("wrong", [{"unit": 3}, {"direction": "sideways"}, {"logarithmic": "yes"}])
def test_a_description_that_is_none(wrong: dict[str, object]) -> None:
    with pytest.raises(UserError, match=f"description of an objective: {next(iter(wrong))} is"):
        from_description(describe(find("energy")) | wrong)
