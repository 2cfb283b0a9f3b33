"""The lanes of this machine: warm children, one a core, each working on one chunk at a time.

`Lanes.run` is what an executor runs, in a thread here, in a worker of a cluster elsewhere.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

from engine.doors.child import Child, RemoteError
from engine.errors import ChildFault
from service.lanes.unit import PACK, PACKING

PRELOAD = ("service.lanes.quiet:hush", "engine.make", "service.lanes.work:warm")
MEMORY_MB = 4000


@dataclass
class Died:
    """A lane ended in the middle of a chunk. `unit`: whose work it was; none where it was ours. `kind`: see ChildFault; besides,
    `cancelled` (we ended it), `error` (it raised what no unit may) and `gone` (with the whole worker that it was in). `seconds`: how long
    the lane had worked."""

    kind: str
    unit: str | None
    seconds: float = 0.0


@dataclass
class Made:
    """What comes of a chunk elsewhere: the answers, and the pack that they lie in. Each run has one of its own: two may run at once."""

    pack: str
    answers: Any


@dataclass
class _Lane:
    child: Child
    body: bytes = b""
    stale: bool = False
    """What it remembers may be of an erased order: it begins anew."""


@dataclass
class Lanes:
    """`count` lanes with what they must import. Thread-safe: a caller waits for an idle lane, best one that knows the body."""

    count: int
    preload: tuple[str, ...] = PRELOAD
    memory_mb: int = MEMORY_MB
    _free: threading.Condition = field(default_factory=threading.Condition)
    _idle: list[_Lane] = field(default_factory=list)
    _busy: dict[str, _Lane] = field(default_factory=dict)
    _cancelled: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._idle = [_Lane(Child(self.preload, memory_mb=self.memory_mb)) for _ in range(self.count)]

    def run(
        self,
        chunk: str,
        body: bytes,
        target: str,
        args: Sequence[Any],
        seconds: float,
        units: Sequence[str],
        fresh: bool = False,
    ) -> Any:
        """`target(*args)` in a lane, within `seconds` in all. A Died instead, when the lane did not survive it.

        `fresh`: in one that has worked for nobody: whoever has a strike may have it from what another left behind.
        """
        lane = self._take(chunk, body)
        begun = time.monotonic()
        try:
            if lane.stale or fresh:
                lane.stale = False
                lane.child.renew()
            return lane.child.call(target, *args, deadline=seconds + PACKING)
        except ChildFault as fault:
            kind = "cancelled" if chunk in self._cancelled else fault.kind
            return Died(kind, _whose(fault.stage, units), time.monotonic() - begun)
        except RemoteError as error:
            return Died("error", _whose(error.stage, units), time.monotonic() - begun)
        finally:
            self._put(chunk, lane)

    def _take(self, chunk: str, body: bytes) -> _Lane:
        with self._free:
            while not self._idle:
                self._free.wait()
            lane = next((one for one in self._idle if one.body == body), self._idle[0])
            self._idle.remove(lane)
            lane.body = body
            self._busy[chunk] = lane
            return lane

    def _put(self, chunk: str, lane: _Lane) -> None:
        with self._free:
            del self._busy[chunk]
            self._cancelled.discard(chunk)
            if lane.stale:  # what it made last may be what was erased: it does not wait for the next chunk to forget it
                lane.stale = False
                lane.child.renew()
            self._idle.append(lane)
            self._free.notify()

    def cancel(self, chunk: str) -> None:
        """End the lane that works on that chunk, now."""
        with self._free:  # so that it cannot have gone on to another chunk meanwhile
            lane = self._busy.get(chunk)
            if lane is not None:
                self._cancelled.add(chunk)
                lane.child.interrupt()

    def forget(self) -> None:
        """Every lane loses all that it remembers, one at work when it has ended its chunk: something was erased."""
        with self._free:
            for lane in self._busy.values():
                lane.stale = True
            for lane in self._idle:
                lane.child.renew()

    def start(self) -> None:
        """Start every lane now, side by side; raises what its imports raise."""
        with ThreadPoolExecutor(self.count) as starters:
            list(starters.map(lambda lane: lane.child.start(), list(self._idle)))

    def abandon(self) -> None:
        """End what is at work now, but for a lane that is just being started."""
        for lane in self._all():
            lane.child.abandon()

    def close(self) -> None:
        """End all lanes, at work or not."""
        self.abandon()
        for lane in self._all():
            lane.child.close()

    def _all(self) -> list[_Lane]:
        with self._free:
            return [*self._idle, *self._busy.values()]


def _whose(stage: str | None, units: Sequence[str]) -> str | None:
    """The unit at whose work a lane died; of a pack that holds one unit's files, that unit."""
    if stage == PACK and len(units) == 1:
        return units[0]
    return stage if stage in units else None
