"""Shared fixtures; keys that are used twice are errors in every test."""

import os

import jax
import pytest

import tests.typecheck  # noqa: F401 - what the import hook of `--jaxtyping-packages` decorates with

# most of the tests' time is compilation: a fifth less of it; CI's quickstart is compiled as users compile it
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=1")
# commands that tests start keep nothing in the user's cache
os.environ.setdefault("JAX_COMPILATION_CACHE_DIR", "")
jax.config.update("jax_debug_key_reuse", True)


@pytest.fixture(scope="session")
def key() -> jax.Array:
    return jax.random.key(0)
