"""Compiled programs are kept from one run to the next: a study that is resumed, or run with another seed, starts sooner."""

import hashlib
import os
import platform
import sys
import time
from pathlib import Path
from typing import Final

from codesign.data.reading.files import user_cache

VARIABLE: Final = "JAX_COMPILATION_CACHE_DIR"
DAYS: Final = 60


def enable() -> None:
    """Tell JAX where to keep programs. `$JAX_COMPILATION_CACHE_DIR` has the last word; empty, nothing is kept.

    Programs are compiled for the processor at hand, so each kind of processor has a folder of its own, in which they stay two months.
    """
    if VARIABLE in os.environ:
        return
    folder = user_cache() / "compiled" / processor()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        forget(folder, DAYS)
    except OSError:
        return  # a home that cannot be written costs time only
    os.environ[VARIABLE] = str(folder)
    os.environ.setdefault("JAX_PERSISTENT_CACHE_MIN_COMPILE_TIME_SECS", "1")
    if "jax" in sys.modules:
        # it has read the environment already, as in a notebook that looked at its data first
        import jax

        own = jax.config.jax_compilation_cache_dir  # type: ignore[attr-defined]  # jax makes its options' names at run time
        jax.config.update("jax_compilation_cache_dir", own or str(folder))


def processor() -> str:
    """A name for what this machine's processor can do."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        lines = [platform.processor()]  # only Linux has /proc
    # x86 has flags, ARM has Features; clock rates, which change, are left out
    known = sorted({line for line in lines if line.startswith(("model name", "flags", "Features", "CPU part"))})
    return hashlib.sha256("\n".join([platform.machine(), *(known or lines)]).encode()).hexdigest()[:12]


def forget(folder: Path, days: float) -> None:
    """Delete programs that were compiled so many days ago."""
    oldest = time.time() - days * 86400
    # JAX's own names: whatever else lies here stays
    for program in folder.glob("*-cache"):
        if program.stat().st_mtime < oldest:
            # another run may be tidying up too
            program.unlink(missing_ok=True)
