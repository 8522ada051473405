"""Signals before a study listens."""

import os
import signal

import pytest

from search.study.interrupt import StopRequest, from_the_start


def test_a_signal_that_was_swallowed_before_the_study_listened_stops_it() -> None:
    """JAX at garbage collection prints what is raised there, and goes on."""
    with from_the_start():
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), signal.SIGTERM)
        with StopRequest() as stop, pytest.raises(KeyboardInterrupt):
            stop.check()
    with StopRequest() as stop:
        stop.check()  # of one command only
