"""Where compiled programs are kept, and for how long."""

import os
import subprocess
import sys
import time
from pathlib import Path

from search.study import compile_cache

PROGRAM = """
from search.study import compile_cache
compile_cache.enable()
import jax, jax.numpy as jnp
jax.config.update("jax_persistent_cache_min_compile_time_secs", 0.0)
print(jax.jit(lambda x: jnp.sin(x) + 1)(2.0))
"""


def run(home: Path, program: str = PROGRAM, **environment: str) -> subprocess.CompletedProcess:
    clean = {name: value for name, value in os.environ.items() if name != compile_cache.VARIABLE}
    clean |= {"XDG_CACHE_HOME": str(home), **environment}
    return subprocess.run([sys.executable, "-c", program], env=clean, capture_output=True, text=True, check=True)


def test_programs_are_kept_and_found_again(tmp_path: Path) -> None:
    """Twice the same answer, one program, no chatter: catches a cache that is never read or that complains."""
    first = run(tmp_path)
    kept = sorted(tmp_path.rglob("*-cache"))
    assert kept
    assert compile_cache.processor() in str(kept[0])
    second = run(tmp_path)
    assert sorted(tmp_path.rglob("*-cache")) == kept
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)
    assert second.stderr == ""


def test_jax_that_was_imported_before_keeps_programs_too(tmp_path: Path) -> None:
    """In a notebook data are looked at first: catches a folder that JAX never hears of."""
    run(tmp_path, f"import jax\n{PROGRAM}")
    assert list(tmp_path.rglob("*-cache"))


def test_the_users_word_counts_and_a_home_that_cannot_be_written_does_not(tmp_path: Path) -> None:
    run(tmp_path / "home", **{compile_cache.VARIABLE: ""})
    assert not list(tmp_path.rglob("*-cache"))
    (tmp_path / "file").write_text("")
    assert run(tmp_path / "file").stderr == ""


def test_what_is_old_is_forgotten_and_nothing_else_is_touched(tmp_path: Path) -> None:
    old = time.time() - 100 * 86400
    for name, age in (("old-cache", old), ("new-cache", time.time()), ("old.txt", old)):
        (tmp_path / name).write_text("")
        os.utime(tmp_path / name, (age, age))
    compile_cache.forget(tmp_path, 60)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["new-cache", "old.txt"]
