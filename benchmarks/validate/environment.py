"""Virtual environments for other tools, kept in a cache folder, and scripts run inside them."""

import json
import os
import subprocess
import sys
import tempfile
import venv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

READY = "ready.json"
"""What is installed; written last, so that an interrupted installation is begun again."""


class NotInstalledError(RuntimeError):
    """A tool cannot be installed; the message ends in what `pip` said last."""


class ScriptError(RuntimeError):
    """A tool is installed, and running it failed."""


def python(folder: Path) -> Path:
    """The interpreter of an environment."""
    return folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")


def installed(folder: Path, requirements: Sequence[str]) -> Path:
    """The interpreter of an environment that has the requirements; made where it is not there yet.

    Args:
        folder: the environment.
        requirements: as `pip` takes them.

    Raises:
        NotInstalledError: `pip` failed.
    """
    ready = folder / READY
    if ready.exists() and json.loads(ready.read_text()) == list(requirements):
        return python(folder)
    try:
        venv.create(folder, clear=True, with_pip=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise NotInstalledError(str(error)) from error
    done = subprocess.run([python(folder), "-m", "pip", "install", "-q", *requirements], capture_output=True, text=True, check=False)
    if done.returncode:
        raise NotInstalledError(_last_line(done.stderr))
    ready.write_text(json.dumps(list(requirements)))
    return python(folder)


def run(interpreter: Path, script: Path, cases: Sequence[Any]) -> list[Any]:
    """Results of a script for each case.

    Raises:
        ScriptError: the script failed; the message ends in its last line.
    """
    with tempfile.TemporaryDirectory() as place:
        asked, found = Path(place) / "cases.json", Path(place) / "results.json"
        asked.write_text(json.dumps(cases))
        # one thread: the machine may be shared; its own folder: tools write reports where they stand
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
        command = [interpreter, script.resolve(), asked, found]
        done = subprocess.run(command, cwd=place, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            raise ScriptError(f"{script.name}: {_last_line(done.stderr)}")
        return json.loads(found.read_text())


def _last_line(text: str) -> str:
    """The last line that says something; addresses of registries are nobody's business."""
    lines = [line.strip() for line in text.splitlines() if line.strip() and "://" not in line]
    return lines[-1] if lines else "it said nothing"
