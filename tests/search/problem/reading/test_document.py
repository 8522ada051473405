"""YAML within limits: what a file could make of itself is refused, in one line that says where, before memory or time is spent on it."""

import time
from pathlib import Path

import pytest

from search.errors import UserError
from search.problem.reading.document import MOST_NODES, compose
from search.problem.reading.nodes import Place, place_of, plain


def read(text: str) -> object:
    root = compose(text, lambda line: Place("f.yaml", line, Path(".")))
    return None if root is None else plain(root)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[no, yes, on, 1e-3, 012, 0o17, 0x1F, 1_000, .5, -1.]", ["no", "yes", "on", 0.001, 12, 15, 31, "1_000", 0.5, -1.0]),
        ("[~, null, '', 'null', \"1\", 2026-01-01]", [None, None, "", "null", "1", "2026-01-01"]),
        ("{a: &x {b: 1, c: 2}, d: *x, e: {<<: *x, c: 3}}", {"a": {"b": 1, "c": 2}, "d": {"b": 1, "c": 2}, "e": {"b": 1, "c": 3}}),
        ("{1: a, true: b, ~: c}", {"1": "a", "true": "b", "~": "c"}),
        ("a: |\n  1\n  2\n", {"a": "1\n2\n"}),
        (f"[{2**63 - 1}, {-(2**63)}]", [2**63 - 1, -(2**63)]),
        ("# nothing", None),
    ],
)
def test_values_of_yaml_1_2(text: str, value: object) -> None:
    assert read(text) == value


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a: .inf", "f.yaml:1: a: must be finite, got .inf"),
        ("a:\n  b: [1, -1e400]", "f.yaml:2: a.b.1: must be finite, got -1e400"),
        ("a: .NaN", "f.yaml:1: a: must be finite, got .NaN"),
        (f"a: {2**63}", f"f.yaml:1: a: must be a whole number of at most 64 bits, got {2**63}"),
        ("a: " + "9" * 5000, "f.yaml:1: a: must be a whole number of at most 64 bits, got 99999999999999999999... (5000 characters)"),
        ("a: !!bool maybe", "f.yaml:1: a: has the tag 'tag:yaml.org,2002:bool'; configs use none"),
        ("a: !!python/object:os.system x", "configs use none"),
        ("a: 1\n? {b: 1}\n: 2", "f.yaml:2: file: a mapping or a list cannot be a key"),
        ("a: &x 1\n*x : 2", "an alias cannot be a key"),
        ("a: 1\nb: {a: 1, a: 2}", "f.yaml:2: b: has a duplicate key 'a'"),
        ("a: &x [1, *x]", "f.yaml:1: a.1: the alias *x refers to what it stands in"),
        ("a: *x", "f.yaml:1: a: the alias *x refers to no anchor before it"),
        ("a: {<<: 3}", "<< needs a mapping"),
        ("a: 1\n---\nb: 2", "f.yaml:2: file: holds more than one document"),
        ("a: " + "[" * 5000, "f.yaml:1: a.0.0.0.0.0.0.0: is nested deeper than 32 levels"),
        ("\n".join(" " * i + "a:" for i in range(40)), "is nested deeper than 32 levels"),
        ("a0: &a0 [x]\n" + "\n".join(f"a{i}: &a{i} [*a{i - 1}]" for i in range(1, 40)), "deeper than 32 levels, aliases included"),
        (f"a: [{'x,' * (MOST_NODES + 1)}]", f"holds more than {MOST_NODES} values"),
        (f"{'k' * 500}: 1", "has a key of 500 characters"),
        ("a: [1", "f.yaml:1: file: is not valid YAML"),
        ("a: \x00", "is not valid YAML"),
    ],
)
def test_what_is_refused(text: str, line: str) -> None:
    with pytest.raises(UserError) as caught:
        read(text)
    assert line in str(caught.value)
    assert "\n" not in str(caught.value)


def test_aliases_count_each_time_they_stand_for_something() -> None:
    """Nine levels of nine would be 400 million values: refused in the time that the text takes."""
    text = "a0: &a0 [x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 9))
    began = time.process_time()
    with pytest.raises(UserError, match=r"f\.yaml:5: a4\.\d: holds more than"):
        read(text)
    assert time.process_time() - began < 2


def test_every_value_knows_its_line() -> None:
    root = compose("a:\n  b: 1\n  c:\n    - x\n    - {d: 1,\n       e: 2}\n", lambda line: Place("f", line, Path(".")))
    assert root is not None
    lines = {where: place_of(root, where).line for where in [("a",), ("a", "b"), ("a", "c", 0), ("a", "c", 1, "e"), ("a", "nowhere", "x")]}
    assert lines == {("a",): 1, ("a", "b"): 2, ("a", "c", 0): 4, ("a", "c", 1, "e"): 6, ("a", "nowhere", "x"): 1}
