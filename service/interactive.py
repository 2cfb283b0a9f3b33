"""The web process's own lane: quotes and previews, which somebody waits for. One warm child, started when it is first needed.

An answer that comes too late is not waited for, but the work goes on to its own deadline: a body that takes seconds to draw is
drawn once, and the next answer is quick.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Hashable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from engine.doors.child import Child

PRELOAD = ("service.lanes.quiet:hush", "service.lanes.glance:warm")
MEMORY_MB = 3000
START = 60.0
"""Seconds that the first one may wait longer, while the lane starts."""


class Busy(Exception):
    """Too many wait already."""


class Late(Exception):
    """It did not come within the time that somebody waits."""


class Superseded(Exception):
    """A newer one of the same session came."""


class Interactive:
    """`ask` from the event loop. `waiting`: how many may stand in line."""

    def __init__(self, waiting: int, preload: tuple[str, ...] = PRELOAD) -> None:
        self._most = waiting
        self._child = Child(preload, memory_mb=MEMORY_MB)
        self._thread = ThreadPoolExecutor(1, "unikat-interactive")
        self._lane: asyncio.Lock | None = None
        self._newest: dict[Hashable, asyncio.Event] = {}
        self._inside = 0
        self._stale = False
        self.started = False

    async def ask(self, target: str, *args: Any, patience: float, deadline: float, session: Hashable | None = None) -> Any:
        """What `target(*args)` answers in the lane, within `patience` seconds. Errors as Child.call raises them."""
        if self._inside >= self._most:
            raise Busy
        gone = asyncio.Event()
        if session is not None:
            if (older := self._newest.get(session)) is not None:
                older.set()
            self._newest[session] = gone
        self._inside += 1
        try:
            return await self._first(gone, self._answer(target, args, deadline, gone), patience)
        finally:
            self._inside -= 1
            if session is not None and self._newest.get(session) is gone:
                del self._newest[session]

    async def _first(self, gone: asyncio.Event, work: Any, patience: float) -> Any:
        """The answer, unless a newer one or the end of patience comes first."""
        answer, newer = asyncio.ensure_future(work), asyncio.ensure_future(gone.wait())
        try:
            await asyncio.wait({answer, newer}, timeout=patience, return_when=asyncio.FIRST_COMPLETED)
            if gone.is_set():
                raise Superseded
            if not answer.done():
                raise Late
            return answer.result()
        finally:
            newer.cancel()
            answer.cancel()  # in line: it leaves; at work: the lane goes on by itself

    async def _answer(self, target: str, args: tuple[Any, ...], deadline: float, gone: asyncio.Event) -> Any:
        loop = asyncio.get_running_loop()
        if self._lane is None:
            self._lane = asyncio.Lock()
        await self._lane.acquire()
        if gone.is_set():
            self._lane.release()
            raise Superseded
        work = loop.run_in_executor(self._thread, self._call, target, args, deadline)
        work.add_done_callback(self._free)
        return await asyncio.shield(work)

    def _free(self, work: asyncio.Future[Any]) -> None:
        assert self._lane is not None
        self._lane.release()
        with contextlib.suppress(asyncio.CancelledError):
            work.exception()  # where nobody waits any more, nobody need hear of it

    def _call(self, target: str, args: tuple[Any, ...], deadline: float) -> Any:
        if self._stale:
            self._stale = False
            self._child.renew()
        self._child.start()
        self.started = True
        return self._child.call(target, *args, deadline=deadline)

    def patience(self, seconds: float) -> float:
        """How long to wait: longer while the lane has yet to start."""
        return seconds if self.started else seconds + START

    def forget(self) -> None:
        """Before the next one the lane loses all that it remembers: something was erased."""
        self._stale = self.started

    def close(self) -> None:
        """End the lane."""
        self._child.abandon()
        self._thread.shutdown(wait=True, cancel_futures=True)
        self._child.close()
