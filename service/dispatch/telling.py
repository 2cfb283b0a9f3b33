"""What the dispatcher tells who watches: its lanes, what is wrong with its fleet, and what its units cost; written now and then, not with each chunk."""

from __future__ import annotations

import logging
import math
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from engine.errors import EnvironmentFault
from service.clock import Clock
from service.clock import now as wall
from service.store import telling
from service.store.database import Database
from service.store.telling import CHUNKS, CPU_SECONDS, HITS, SECONDS, UNITS, Told

log = logging.getLogger("unikat.dispatch")

EVERY = 2.0
"""Seconds between two writings of what has changed."""
PULSE_MS = 10_000
"""It is written that often in any case: who reads sees that the dispatcher lives."""


@dataclass
class Telling:
    """`flying`: how many chunks are under way. Several threads of the dispatcher's process tell it what they see."""

    database: Database
    clock: Clock = wall
    flying: Callable[[], int] = lambda: 0
    _now: Told = field(default_factory=lambda: Told(0))
    _written: Told | None = None
    _more: dict[str, float] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fleet(self, lanes: int, others: int = 0, lacks: Iterable[str] = ()) -> None:
        """What there is to work with."""
        self._now = replace(self._now, lanes=lanes, others=others, lacks=tuple(lacks))

    def made(self, answers: Iterable[Mapping[str, Any]]) -> None:
        """A chunk came back. A lane is not trusted: what is no number of ours is not counted."""
        more: dict[str, float] = {CHUNKS: 1}
        for answer in answers:
            hits = answer.get("hits")
            told = {UNITS: 1, SECONDS: _number(answer["ms"]) / 1000.0, CPU_SECONDS: _number(answer.get("cpu_ms")) / 1000.0}
            told |= {name: _number(hits.get(name)) for name in HITS} if isinstance(hits, dict) else {}
            for name, by in told.items():
                more[name] = more.get(name, 0) + by
        self._add(more)

    def _add(self, more: Mapping[str, float]) -> None:
        with self._lock:
            for name, by in more.items():
                self._more[name] = self._more.get(name, 0) + by

    def write(self) -> bool:
        """Where something has changed, or it is time to; whether it wrote."""
        told = replace(self._now, at=self.clock(), flying=self.flying())
        with self._lock:
            more, self._more = self._more, {}
        last = self._written
        if last is not None and not more and told.at - last.at < PULSE_MS and replace(told, at=last.at) == last:
            return False
        try:
            with self.database.write() as conn:
                telling.tell(conn, told, more)
        except EnvironmentFault:
            self._add(more)
            raise
        self._written = told
        return True

    def run(self, stop: threading.Event) -> None:
        """Until `stop`, and once more then."""
        ended = False
        while not ended:
            ended = stop.wait(EVERY)
            try:
                self.write()
            except EnvironmentFault as error:
                log.error("nothing can be told", extra={"why": type(error).__name__})


def _number(told: object) -> float:
    """What was told, if it is a number that a counter may rise by."""
    return told if isinstance(told, int | float) and math.isfinite(told) and told > 0 else 0
