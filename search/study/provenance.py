"""What is needed to get a result again, and what it took."""

import functools
import os
import platform
import resource
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

_PACKAGES: Final = ("codesign", "jax", "jaxlib", "flax", "optax", "equinox", "numpy", "scikit-learn")


@functools.cache
def provenance() -> dict[str, Any]:
    """Versions, commit and machine of this process."""
    import jax

    return {
        "commit": _commit(),
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        "machine": {"system": platform.platform(), "cores": os.cpu_count(), "devices": [str(d) for d in jax.devices()]},
        "host": platform.node(),
        "command": [Path(sys.argv[0]).name, *sys.argv[1:]],
    }


def peak_gb() -> float:
    """The most memory that this process has held [GB]."""
    # Linux counts KiB, macOS bytes
    scale = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * scale / 1e9


def _version(package: str) -> str:
    try:
        return version(package)
    # run from its sources, the package itself has no metadata
    except ModuleNotFoundError:
        return "not installed"


def _commit() -> str:
    """The source's git commit, with `+` where files differ from it; `unknown` outside a checkout."""
    here = Path(__file__).resolve().parent
    try:
        commit, changed = (
            # a study does not wait for a git that hangs
            subprocess.run(["git", *arguments], cwd=here, capture_output=True, text=True, timeout=5, check=True).stdout.strip()
            # without untracked files: notes and result folders do not change what was run
            for arguments in (["rev-parse", "HEAD"], ["status", "--porcelain", "--untracked-files=no"])
        )
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return commit + ("+" if changed else "")
