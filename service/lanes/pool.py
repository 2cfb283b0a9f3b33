"""The lanes of this machine: warm children, one a core, each working on one chunk at a time.

`Lanes.run` is what an executor runs, in a thread here, in a worker of a cluster elsewhere.
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.doors.child import Child, RemoteError
from engine.errors import ChildFault

PRELOAD = ("engine.make", "service.lanes.work:warm")
MEMORY_MB = 4000
PACKING = 30.0
"""Seconds for writing a chunk's pack."""


@dataclass
class Died:
    """A lane ended in the middle of a chunk. `unit`: whose work it was; none where it was ours. `kind`: see ChildFault."""

    kind: str
    unit: str | None


@dataclass
class _Lane:
    child: Child
    body: bytes = b""
    chunk: str = ""
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

    def run(self, chunk: str, body: bytes, target: str, args: Sequence[Any], seconds: float, units: Sequence[str]) -> Any:
        """`target(*args)` in a lane, within `seconds` in all. A Died instead, when the lane did not survive it."""
        lane = self._take(chunk, body)
        try:
            if lane.stale:
                lane.child.renew()
                lane.stale = False
            return lane.child.call(target, *args, deadline=seconds + PACKING)
        except ChildFault as fault:
            return Died("cancelled" if chunk in self._cancelled else fault.kind, fault.stage if fault.stage in units else None)
        except RemoteError as error:
            return Died("error", error.stage if error.stage in units else None)
        finally:
            self._put(chunk, lane)

    def _take(self, chunk: str, body: bytes) -> _Lane:
        with self._free:
            while not self._idle:
                self._free.wait()
            lane = next((one for one in self._idle if one.body == body), self._idle[0])
            self._idle.remove(lane)
            lane.body, lane.chunk = body, chunk
            self._busy[chunk] = lane
            return lane

    def _put(self, chunk: str, lane: _Lane) -> None:
        with self._free:
            del self._busy[chunk]
            self._cancelled.discard(chunk)
            self._idle.append(lane)
            self._free.notify()

    def cancel(self, chunk: str) -> None:
        """End the lane that works on that chunk, now."""
        with self._free:
            lane = self._busy.get(chunk)
            if lane is None:
                return
            self._cancelled.add(chunk)
        lane.child.interrupt()

    def forget(self) -> None:
        """Before its next chunk each lane loses all that it remembers: something was erased."""
        with self._free:
            for lane in (*self._idle, *self._busy.values()):
                lane.stale = True

    def start(self) -> None:
        """Start every lane now; raises what its imports raise."""
        for lane in list(self._idle):
            lane.child.start()

    def close(self) -> None:
        """End all lanes, at work or not."""
        for lane in (*self._idle, *self._busy.values()):
            lane.child.abandon()
        for lane in list(self._idle):
            lane.child.close()
