"""Shared fixtures; keys that are used twice are errors in every test."""

import os

import jax
import pytest

import tests.typecheck  # noqa: F401 - what the import hook of `--jaxtyping-packages` decorates with

# most of the suite's time is compilation: a fifth less of it; CI's slow tests and quickstart are compiled as users compile them
os.environ.setdefault("XLA_FLAGS", "--xla_backend_optimization_level=1")
jax.config.update("jax_debug_key_reuse", True)


@pytest.fixture(scope="session")
def key() -> jax.Array:
    return jax.random.key(0)
