"""What is wrong with a fleet, read from what its scheduler knows of the workers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

APART_S = 60.0
"""So far clocks may be apart: workers name packs by theirs, and packs that nobody knows go by their age."""
QUIET_S = 60.0
"""So old a worker's last word may be."""


def lacks(workers: Iterable[Mapping[str, Any]], code: str, at: int) -> list[str]:
    """A line for each thing. `at`: milliseconds since 1970 by our own clock."""
    every = list(workers)
    ours = [one for one in every if code in one["resources"]]
    told = []
    if not ours:
        told.append("no worker of this code is there" + (f", and {len(every)} of another are" if every else ""))
    told += _clocks(ours, at)
    return told


def _clocks(workers: list[Mapping[str, Any]], at: int) -> list[str]:
    """The scheduler notes by its clock when it heard of a worker last, and what the worker's own then said."""
    told = []
    heard = max((float(one["last_seen"]) for one in workers), default=at / 1000.0)
    apart = abs(heard - at / 1000.0)
    if apart > APART_S + QUIET_S:
        told.append(f"the clocks of this machine and of the scheduler are about {apart:.0f} s apart")
    off = [abs(float(one["metrics"]["time"]) - float(one["last_seen"])) for one in workers if "time" in one["metrics"]]
    many = sum(one > APART_S for one in off)
    if many:
        told.append(f"the clocks of {many} workers and of the scheduler are up to {max(off):.0f} s apart")
    return told
