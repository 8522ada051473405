"""Mutated configs through reading, checking and building."""

import functools
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from ruamel.yaml import YAML

from benchmarks.fuzz.mutations import as_lines, damaged, mutated
from codesign.data import registry
from search.errors import UserError
from search.problem import build, config

FOLDER: Final = Path(__file__).parents[2] / "configs"
PROMISED: Final = (UserError,)
_WORDS: Final = (
    b"!!bool maybe", b"!!python/object:os.system x", b"&a ", b"*a", b"<<: ", b"? ", b"- ", b"{", b"[" * 300, b"\t", b"\xff\xfe", b"\x00",
    b"--- ", b"%YAML 9.9\n", b"!!int ", b"!!float x", b"!!timestamp 2001-13-99", b"0o17", b"1_000", b".inf", b"\xe2\x80\xae", b"|", b">",
)  # fmt: skip


@functools.cache
def sources() -> list[dict[str, Any]]:
    """The shipped configs, and small ones of other families; all of data that is at hand, and little of it."""
    found = [YAML(typ="safe").load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))]
    for each in found:
        # the same network, whatever the data of the original
        each["data"] = {"name": "synthetic" if each["data"]["name"] == "nmnist" else "digits", "validation_share": 0.2, "limit": 100}
        if each["data"]["name"] == "synthetic":
            each["data"]["timesteps"] = 6
    alone = {"kind": "manycore", "technology": "digital_28nm", "fixed": {"synapses": "dense"}}
    parameters = {
        "neurons_per_core": {"kind": "power_of_two", "low": 16, "high": 64},
        "exit_entropy": {"kind": "continuous", "low": 0.1, "high": 1},
    }
    return [*found, {**found[1], "hardware": alone, "parameters": parameters, "constraints": {"area": 1e9, "latency": 1e9}}]


def text_of(seed: int, case: int) -> bytes:
    """The config of a case."""
    rng = random.Random(f"config {seed} {case}")
    documents = sources()
    document = mutated(rng.choice(documents), documents, rng)
    content = as_lines(document).encode("utf-8", "surrogatepass")
    # some with damage that no document has
    return damaged(content, rng, _WORDS) if rng.random() < 0.2 else content


def check(path: Path) -> None:
    """What `codesign check` does."""
    build.check(config.read(path))


def remembering() -> Callable[..., Any]:
    """What loads data, each set once, whatever the number of configs that name it."""
    load = registry.load
    cached = functools.lru_cache(maxsize=64)(lambda name, rest: load(name, **json.loads(rest)))
    # as text: lists among the arguments have no hash
    return lambda name, **rest: cached(name, json.dumps(rest, sort_keys=True))
