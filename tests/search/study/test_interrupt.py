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


@from_the_start()
def interrupted_import() -> None:
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except KeyboardInterrupt:
        raise ImportError("Encountered an error while initializing the extension") from None


def test_what_an_interrupted_import_makes_of_a_signal_is_an_interruption() -> None:
    with pytest.raises(KeyboardInterrupt):
        interrupted_import()
