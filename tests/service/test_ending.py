"""A signal ends a process whatever its main thread is doing: also while that holds the lock of the event it waits for."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
CAUGHT = """
import os, signal, threading, time
from service.ending import on_signals
stop = threading.Event()
{catch}
with stop._cond:  # where wait() is each time it looks
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(0.05)
print(stop.wait(20.0))
"""


def ended(catch: str, seconds: float) -> str:
    words = [sys.executable, "-c", CAUGHT.format(catch=catch)]
    return subprocess.run(words, capture_output=True, text=True, cwd=ROOT, timeout=seconds, check=True).stdout


def test_a_signal_is_heard_in_the_middle_of_a_look() -> None:
    assert ended("on_signals(stop, signal.SIGTERM, signal.SIGINT)", 60.0) == "True\n"


def test_set_in_the_handler_it_would_wait_for_itself() -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        ended("signal.signal(signal.SIGTERM, lambda *_: stop.set())", 3.0)
