"""Shared fixtures; keys that are used twice are errors in every file of tests that draws at random."""

import inspect
import os
from collections.abc import Iterator

import jax
import pytest

import tests.typecheck  # noqa: F401 - what the import hook of `--jaxtyping-packages` decorates with

# commands that tests start keep nothing in the user's cache
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", "")
RANDOM = ("jax.random", "Rngs", "key", "from search")


def pytest_configure(config: pytest.Config) -> None:
    """Most of the tests' time is compilation, so they ask for the least; slow ones train. The quickstart of CI is compiled as users do."""
    level = int(config.option.markexpr == "slow")
    os.environ.setdefault("XLA_FLAGS", f"--xla_backend_optimization_level={level}")


@pytest.fixture(scope="module", autouse=True)
def keys_are_used_once(request: pytest.FixtureRequest) -> Iterator[None]:
    """Watching keys sends every operation through Python: a seventh of the time of tests that only add up costs."""
    source = inspect.getsource(request.module)
    with jax.debug_key_reuse(any(word in source for word in RANDOM)):
        yield


@pytest.fixture(scope="session")
def key() -> jax.Array:
    return jax.random.key(0)
