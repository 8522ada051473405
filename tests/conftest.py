"""Shared fixtures; keys that are used twice are errors in every test."""

import os

import jax
import pytest

import tests.typecheck  # noqa: F401 - what the import hook of `--jaxtyping-packages` decorates with

# most of the tests' time is compilation: a fifth less of it; CI's quickstart is compiled as users compile it
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=1")
jax.config.update("jax_debug_key_reuse", True)


@pytest.fixture(scope="session")
def key() -> jax.Array:
    return jax.random.key(0)
