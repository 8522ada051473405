"""Seeded mutations of plain documents (mappings, lists, scalars) and of bytes."""

import copy
import json
import math
import random
from collections.abc import Callable
from typing import Any, Final

NUMBERS: Final = (
    0, 1, -1, 2, 3, 0.5, -0.5, 1e-9, 1e-300, 1e300, 1e308, 2**31, 2**32, 2**53, 2**63, 2**64, 10**18, 10**30, -(2**63),
    math.inf, -math.inf, math.nan, 65536, 4097, 1023, 1024, 1025, 100_000,
)  # fmt: skip
TEXTS: Final = (
    "", " ", "a" * 300, "a" * 20_000, "../../etc/passwd", "/dev/zero", "/dev/null", "os:abort", "os:getcwd", "sys:exit", "numpy:ndarray",
    "no_such:Class", "a:b:c", ":", "__import__:x", "<script>alert(1)</script>", "=1+1", "é", "\u202e", "\x7f", "null", "none", "true",
    "{}", "[]", "%s", "{0}", "${HOME}", "digits", "nmnist", "synthetic", "synthetic:mnist", "fsdd:nobody", "systolic", "hybrid", "crossbar",
    "rram_45nm", "digital_28nm", "loihi_14nm", "pcm_14nm", "gate", "categorical", "power_of_two", "choice", "continuous", "energy", "error",
)  # fmt: skip

Place = tuple[Any, Any]
"""A container, and the key or index of one of its entries."""


def mutated(document: Any, others: list[Any], rng: random.Random) -> Any:
    """A document with one to four changes, some of them with parts of others."""
    document = copy.deepcopy(document)
    for _ in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        places = list(_places(document))
        if not places:
            break
        holder, key = rng.choice(places)
        rng.choice(_CHANGES)(holder, key, others, rng)
    return document


def _places(node: Any) -> list[Place]:
    """All entries of a document."""
    keys = list(node) if isinstance(node, dict) else range(len(node)) if isinstance(node, list) else ()
    return [place for key in keys for place in ((node, key), *_places(node[key]))]


def _drop(holder: Any, key: Any, others: list[Any], rng: random.Random) -> None:
    del holder[key]


def _number(holder: Any, key: Any, others: list[Any], rng: random.Random) -> None:
    holder[key] = rng.choice(NUMBERS)


def _text(holder: Any, key: Any, others: list[Any], rng: random.Random) -> None:
    holder[key] = rng.choice(TEXTS)


def _retype(holder: Any, key: Any, others: list[Any], rng: random.Random) -> None:
    value = holder[key]
    made = (None, True, False, [], {}, [value], {"kind": value}, str(value), [[value]], {str(value): value}, [value] * 3, [value] * 300)
    holder[key] = copy.deepcopy(rng.choice(made))


def _scaled(holder: Any, key: Any, others: list[Any], rng: random.Random) -> None:
    value = holder[key]
    if isinstance(value, int | float) and not isinstance(value, bool):
        by = rng.choice((2, 10, 0.1, -1, 1000, 1e6))
        holder[key] = int(value * by) if isinstance(value, int) and rng.random() < 0.7 else value * by
    else:
        _number(holder, key, others, rng)


def _rename(holder: Any, key: Any, others: list[Any], rng: random.Random) -> None:
    if not isinstance(holder, dict):
        holder.append(copy.deepcopy(holder[key]))
        return
    letters = list(str(key))
    at = rng.randrange(len(letters) + 1)
    letters[at:at] = rng.choice(("x", ".", " ", "_", ":", "é"))
    places = [place for other in others for place in _places(other) if isinstance(place[1], str)]
    holder[rng.choice(("".join(letters), rng.choice(places)[1]))] = holder.pop(key)


def _splice(holder: Any, key: Any, others: list[Any], rng: random.Random) -> None:
    other, chosen = rng.choice([place for each in others for place in _places(each)])
    if isinstance(holder, dict) and isinstance(chosen, str) and rng.random() < 0.5:
        key = chosen
    holder[key] = copy.deepcopy(other[chosen])


def _same_kind(holder: Any, key: Any, others: list[Any], rng: random.Random) -> None:
    """What stands at the same key elsewhere: most of these are plausible."""
    alike = [place for each in others for place in _places(each) if place[1] == key]
    if alike:
        other, chosen = rng.choice(alike)
        holder[key] = copy.deepcopy(other[chosen])


_CHANGES: Final[tuple[Callable[[Any, Any, list[Any], random.Random], None], ...]] = (
    _drop, _number, _text, _retype, _scaled, _scaled, _rename, _splice, _same_kind, _same_kind,
)  # fmt: skip


def as_yaml(node: Any) -> str:
    """A document as YAML, in one line; numbers as YAML spells them."""
    if isinstance(node, dict):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {as_yaml(value)}" for key, value in node.items()) + "}"
    if isinstance(node, list):
        return "[" + ", ".join(as_yaml(value) for value in node) + "]"
    if isinstance(node, float) and not math.isfinite(node):
        return ".nan" if math.isnan(node) else ".inf" if node > 0 else "-.inf"
    return json.dumps(node)


def as_lines(document: Any) -> str:
    """A mapping as YAML, a line for each key."""
    return "".join(f"{json.dumps(str(key))}: {as_yaml(value)}\n" for key, value in document.items())


def damaged(content: bytes, rng: random.Random, words: tuple[bytes, ...] = ()) -> bytes:
    """Bytes with one to five changes: flipped, cut, doubled, overwritten, or with a word put in."""
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 2, 3, 5))):
        if not data:
            return bytes(data)
        at, length = rng.randrange(len(data)), rng.choice((1, 2, 4, 8, 64))
        change = rng.randrange(7)
        if change == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif change == 1:
            del data[at:]
        elif change == 2:
            del data[at : at + length]
        elif change == 3:
            data[at:at] = data[at : at + length]
        elif change == 4:
            data[at : at + length] = bytes(rng.randrange(256) for _ in range(length))
        elif change == 5:
            data[at : at + length] = rng.choice((b"\xff", b"\x00", b"\x7f")) * length
        elif words:
            data[at:at] = rng.choice(words)
    return bytes(data)
