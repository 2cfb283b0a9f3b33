"""What a designer's file reaches for is named by line; what a template may use is not."""

from __future__ import annotations

import pytest

from engine.language import shelf
from engine.sweep.source import reached, reaches


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("import time", "t.py:2 reads the clock (time)"),
        ("import datetime as d", "t.py:2 reads the clock (datetime)"),
        ("from random import choice", "t.py:2 reads chance (random)"),
        ("import os.path", "t.py:2 reads the machine (os)"),
        ("import urllib.request", "t.py:2 reads the network (urllib)"),
        ("x = open('a')", "t.py:2 reads files (open())"),
        ("x = np.random.rand()", "t.py:2 reads chance (random)"),
        ("x = __import__('time')", "t.py:2 reads the clock (time)"),
        ("x = hash('a')", "t.py:2 reads a seed of the process (hash())"),
    ],
)
def test_each_is_named(line: str, told: str) -> None:
    assert reached("t.py", f"import math\n{line}\n") == [told]


@pytest.mark.parametrize(
    "line", ["import numpy as np", "from engine.authoring import stage", "x = self.time", "from . import os"]
)
def test_what_may_be_used_is_not(line: str) -> None:
    assert reached("t.py", f"import math\n{line}\n") == []


def test_ours_reach_for_nothing() -> None:
    assert not [line for key in shelf.installed() if shelf.ours(key) for line in reaches(shelf.find(key))]
