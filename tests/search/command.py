"""The command line in this process, which spares the seconds that a process of its own imports for."""

import contextlib
import io
import signal
import subprocess
import sys

import pytest

from search.commands import cli


def codesign(*arguments: object) -> subprocess.CompletedProcess[str]:
    """Exit code and output of a command; what would be a traceback is raised."""
    out, err, code = io.StringIO(), io.StringIO(), 0
    heard = signal.getsignal(signal.SIGTERM)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "argv", ["codesign", *map(str, arguments)])
        try:
            cli.main()
        except SystemExit as end:
            code = int(end.code or 0)
        finally:
            signal.signal(signal.SIGTERM, heard)
    return subprocess.CompletedProcess(arguments, code, out.getvalue(), err.getvalue())
