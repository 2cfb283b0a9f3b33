"""Looks at some of the bodies that charts made again, when nobody waits: drawn by CAD and compared. A wrong chart is set aside.

It never stands in an order's way: a body comes here when its product is done and settled, and is drawn in a lane of its own that yields
to all others, while no chunk is under way or, on a machine that never rests, once in a while. What waits is in memory only, and not
much of it: what is lost counts as unchecked.
"""

from __future__ import annotations

import logging
import pathlib
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.chart import aside
from engine.errors import EnvironmentFault
from engine.language.charted import name_in
from engine.model.drift import Body, Looked
from engine.model.places import charts_folder
from service.clock import Clock, Ticks, new_id, text_of
from service.clock import now as wall
from service.dispatch.dispatcher import Runner
from service.house import House
from service.lanes.pool import Died
from service.store import drift

log = logging.getLogger("unikat.drift")
TARGET = "service.lanes.second_look:second_look"
PRELOAD = ("service.lanes.quiet:hush", "service.lanes.second_look:step_back", "service.lanes.second_look")
SECONDS = 300.0
"""That a look may take: it yields to all others, and CadQuery may have to be imported first, on a machine that is busy."""
MOST = 64
"""Bodies that wait; what comes on top is unchecked."""
KNOWN = 4096
"""Bodies that were found right, and are not drawn once more."""
BUSY = 60.0
"""Seconds from one look to the next where the lanes are never idle."""
REST = 60.0
"""Seconds without work after which the lane's memory is given back."""
AGAIN = 10.0
"""Seconds after which the disk is asked again to take a mark."""
LOOK = 0.5


@dataclass(frozen=True)
class Asked:
    """A body to be looked at, and where its template comes from."""

    source: Mapping[str, str]
    body: Body


@dataclass
class Drift:
    """`runner`: Lanes.run of a lane of its own. `idle`: whether nothing is under way. `close`: gives the lane's memory back. `marked`: is
    told when a chart was set aside.

    `found`: what was set aside, as it was told in the log."""

    house: House
    runner: Runner
    idle: Callable[[], bool] = lambda: True
    close: Callable[[], None] = lambda: None
    marked: Callable[[], None] = lambda: None
    charts: pathlib.Path = field(default_factory=lambda: charts_folder())
    clock: Clock = wall
    ticks: Ticks = time.monotonic
    seconds: float = SECONDS
    found: list[dict[str, Any]] = field(default_factory=list)
    _came: deque[Asked] = field(default_factory=deque)
    _waiting: deque[Asked] = field(default_factory=deque)
    _known: OrderedDict[str, None] = field(default_factory=OrderedDict)
    _unmarked: list[tuple[str, str, dict[str, Any]]] = field(default_factory=list)
    _last: float = float("-inf")
    _again: float = float("-inf")

    def start(self) -> int:
        """What waited when the last process ended is lost; how many that were."""
        with self.house.database.write() as conn:
            lost = drift.lost(conn)
        if lost:
            log.info("bodies that were to be looked at again are lost", extra={"bodies": lost})
        return lost

    def offer(self, source: Mapping[str, str], told: object) -> None:
        """Of a lane, which is not trusted: bodies that it has chosen. From any thread; quick, and raises nothing."""
        for body in told if isinstance(told, list) else ():
            if isinstance(body, Body) and body.artifact not in self._known:
                self._came.append(Asked(source, body))

    def step(self) -> bool:
        """Look at one body; False where none waits."""
        self._mark()
        self._receive()
        if not self._waiting:
            return False
        self._last = self.ticks()
        one = self._waiting.popleft()
        body = one.body
        arguments = (body, dict(one.source), self.seconds)
        told = self.runner(new_id(self.clock()), bytes.fromhex(body.chart), TARGET, arguments, self.seconds, [])
        if not isinstance(told, Looked):
            why = told.kind if isinstance(told, Died) else str(told)[:40]
            log.warning("a chart's body could not be checked", extra={**_about(body), "why": why})
            self._count("unchecked")
        elif told.why:
            self._aside(body, told)
            self._count("drifted", told)
        else:
            self._known[body.artifact] = None
            if len(self._known) > KNOWN:
                self._known.popitem(last=False)
            self._count("right", told)
        return True

    def _receive(self) -> None:
        """What came since: counted before it is begun, so that what is lost is known to be."""
        came = [self._came.popleft() for _ in range(len(self._came))]
        there = {one.body.artifact for one in self._waiting}
        fresh = list({one.body.artifact: one for one in came if one.body.artifact not in there}.values())
        if not fresh:
            return
        room = max(0, MOST - len(self._waiting))
        with self.house.database.write() as conn:
            drift.count(conn, drift.ASKED, len(fresh))
            if len(fresh) > room:
                drift.count(conn, "unchecked", len(fresh) - room)
        self._waiting.extend(fresh[:room])

    def _count(self, outcome: str, looked: Looked | None = None) -> None:
        with self.house.database.write() as conn:
            drift.count(conn, outcome)
            if looked is not None:
                drift.farther(conn, {"to_brep": looked.to_brep_mm, "to_mesh": looked.to_mesh_mm})

    def _aside(self, body: Body, looked: Looked) -> None:
        distances = {"to_brep_mm": looked.to_brep_mm, "to_mesh_mm": looked.to_mesh_mm, "volume_mm3": looked.volume_mm3}
        told = {**_about(body), "why": looked.why, **{name: round(value, 6) for name, value in distances.items()}}
        self.found.append(told)
        at = text_of(self.clock())
        self._unmarked.append((name_in(body.key, body.version, body.stage), body.chart, {**told, "found": at}))
        log.error("a chart is wrong: it is set aside, and CAD draws instead", extra=told)
        self._mark()

    def _mark(self) -> None:
        """Every mark that is not written yet; tried again at each step where the disk takes none."""
        while self._unmarked and self.ticks() >= self._again:
            stage, chart, told = self._unmarked[0]
            try:
                aside.put(self.charts, stage, chart, told)
                self.marked()
            except EnvironmentFault as error:
                log.error("a chart that is wrong cannot be set aside", extra={"chart": chart, "why": str(error)})
                self._again = self.ticks() + AGAIN
                return
            del self._unmarked[0]

    def run(self, stop: threading.Event) -> None:
        """Until `stop`: a thread of the dispatcher's process."""
        worked = False
        while not stop.wait(LOOK):
            try:
                if not (self.idle() or self.ticks() - self._last >= BUSY):
                    continue
                if self.step():
                    worked = True
                elif worked and self.ticks() - self._last >= REST:
                    self.close()
                    worked = False
            except EnvironmentFault as error:
                log.error("charts are not checked", extra={"why": type(error).__name__})


def _about(body: Body) -> dict[str, Any]:
    return {"template": body.key, "stage": body.stage, "chart": body.chart}
