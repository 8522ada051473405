"""Programs that tests of the searches compile are kept until they end: studies are run again, resumed, and run in other processes."""

from collections.abc import Iterator

import jax
import pytest
from jax.experimental.compilation_cache import compilation_cache

KEPT_SECONDS = 0.1  # programs that compile faster than they are read


@pytest.fixture(scope="package", autouse=True)
def compiled_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """For this process and those that it starts: the environment is read when JAX is imported, so here it comes too late."""
    folder = str(tmp_path_factory.mktemp("compiled"))
    settings = {"jax_compilation_cache_dir": folder, "jax_persistent_cache_min_compile_time_secs": KEPT_SECONDS}
    before = {name: getattr(jax.config, name) for name in settings}
    with pytest.MonkeyPatch.context() as patch:
        for name, value in settings.items():
            patch.setenv(name.upper(), str(value))
            jax.config.update(name, value)
        # JAX looks once whether there is a folder
        compilation_cache.reset_cache()
        yield
    for name, value in before.items():
        jax.config.update(name, value)
    compilation_cache.reset_cache()
