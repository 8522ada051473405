"""Shared fixtures; keys that are used twice are errors in every file of tests that draws at random."""

import inspect
import os
from collections.abc import Iterator
from importlib.metadata import version

import jax
import pytest

import tests.typecheck  # noqa: F401 - what the import hook of `--jaxtyping-packages` decorates with

# commands that tests start keep nothing in the user's cache
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", "")
RANDOM = ("jax.random", "Rngs", "key", "from search")


def pytest_configure(config: pytest.Config) -> None:
    """Most of the tests' time is compilation, so they ask for the least; slow ones train. The quickstart of CI is compiled as users do."""
    flags = [f"--xla_backend_optimization_level={int(config.option.markexpr == 'slow')}"]
    if tuple(int(part) for part in version("jaxlib").split(".")[:2]) < (0, 11):
        # the older code generator compiles in half the time; later releases have no other, and refuse the flag
        flags.append("--xla_cpu_use_fusion_emitters=false")
    # a caller's own flags come last, where they win; xdist's workers inherit what is set here and need it once
    if flags[0] not in os.environ.get("XLA_FLAGS", ""):
        os.environ["XLA_FLAGS"] = " ".join([*flags, os.environ.get("XLA_FLAGS", "")])


@pytest.fixture(scope="module", autouse=True)
def keys_are_used_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """Watching keys sends every operation through Python: a seventh of the time of tests that only add up costs."""
    source = inspect.getsource(request.module)
    with jax.debug_key_reuse(any(word in source for word in RANDOM)):
        yield


@pytest.fixture(scope="session")
def key() -> jax.Array:
    return jax.random.key(0)
