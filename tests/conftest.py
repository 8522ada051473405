"""Shared fixtures; keys that are used twice are errors in every test."""

import jax
import pytest

import tests.typecheck  # noqa: F401 - what the import hook of `--jaxtyping-packages` decorates with

jax.config.update("jax_debug_key_reuse", True)


@pytest.fixture(scope="session")
def key() -> jax.Array:
    return jax.random.key(0)
