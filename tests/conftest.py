"""Shared fixtures; keys that are used twice are errors in every test."""

import jax
import pytest

jax.config.update("jax_debug_key_reuse", True)


@pytest.fixture(scope="session")
def key() -> jax.Array:
    return jax.random.key(0)
