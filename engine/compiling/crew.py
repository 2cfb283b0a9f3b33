"""The children that draw: each body in one that may hang, crash or run out of memory, several at once."""

from __future__ import annotations

import copy
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

from engine.doors.cad import MEMORY_MB
from engine.doors.cad import PRELOAD as CAD
from engine.doors.child import Child, RemoteError
from engine.errands import Source, own_files
from engine.errors import ChildFault, TemplateError, UnikatError
from engine.sweep.crew import at_once

T = TypeVar("T")

DEADLINE = 90.0
"""Seconds of CPU for one body: a crowded machine loses none."""
LEAST_DEADLINE, SLOWER = 3.0, 20.0
"""Whatever hangs, hangs for many bodies: once some were drawn, one has so many times what the slowest of them took, and no less than this."""
KNOWN, LATEST = 3, 50
SCOUT_DEADLINE = 900.0
LEAST_PATIENCE, PATIENCE = 60.0, 20.0
"""A child that sleeps uses no CPU: of wall clock it has so many times its CPU, and no less than this."""


class Undrawn(UnikatError):
    """A body that could not be drawn. `cause`: TIMEOUT, CRASH, MEMORY, EXIT, LOST, BUILDING, NOT_SOLID; `why`: in a sentence."""

    def __init__(self, cause: str, why: str) -> None:
        super().__init__(f"{cause}: {why}")
        self.cause, self.why = cause, why


class SentHome(UnikatError):
    """The crew was ended while it worked: nothing is known of what it was asked."""


@dataclass
class Spent:
    """So often an errand was done, and the seconds of CPU that it took in all."""

    times: int = 0
    seconds: float = 0.0


class Crew:
    """`jobs` children of one template. `spent`: what each errand has cost so far; one that was killed is not among it. `own`: seconds of CPU
    that this process spent on what it did in `each`."""

    def __init__(self, source: Source, jobs: int) -> None:
        self.source = dict(source)
        self.jobs = jobs
        self._took: dict[str, deque[float]] = {}
        self.spent: dict[str, Spent] = {}
        self.own = 0.0
        self._lock = threading.Lock()
        self._ended = threading.Event()
        self._own = own_files(source)
        self._children = [Child((*CAD, "engine.compiling.solids"), memory_mb=MEMORY_MB) for _ in range(jobs)]
        self._idle: queue.LifoQueue[Child] = queue.LifoQueue()
        for child in self._children:
            self._idle.put(child)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._ended.set()
        for child in self._children:
            if kind is not None and not issubclass(kind, UnikatError):
                child.abandon()  # Ctrl-C: a body that hangs is not waited for
            child.close()

    def apart(self) -> Crew:
        """The same children for somebody who works beside others, with accounts of their own."""
        made = copy.copy(self)
        made.spent, made.own = {}, 0.0
        return made

    def ask(self, errand: str, *args: object, deadline: float | None = None) -> Any:
        """`errand(source, *args)`, named `module:function` of `engine.compiling`. Undrawn: what the template did to its child.

        `deadline`: seconds of CPU.
        """
        return self.timed(errand, *args, deadline=deadline)[0]

    def timed(self, errand: str, *args: object, deadline: float | None = None) -> tuple[Any, float]:
        """As `ask`, and the seconds of CPU that it took."""
        child = self._idle.get()
        if self._ended.is_set():
            self._idle.put(child)
            raise SentHome
        cpu = deadline or self.deadline(errand)
        wall = max(LEAST_PATIENCE, PATIENCE * cpu)
        try:
            told, took = child.call(
                "engine.compiling.drawing:timed", errand, self.source, *args, deadline=wall, cpu=cpu, own=self._own
            )
            self._took.setdefault(errand, deque(maxlen=LATEST)).append(took)
            self.count(errand, took)
            return told, took
        except ChildFault as fault:
            if self._ended.is_set():  # its server was ended, not the body's fault: who keeps what came of it would keep a lie
                raise SentHome from None
            raise Undrawn(fault.kind.upper(), str(fault)) from None
        except TemplateError as error:
            raise Undrawn("BUILDING", str(error)) from None
        except RemoteError as error:
            raise Undrawn(
                "NOT_SOLID" if error.type_name == "ValueError" else "BUILDING", error.message or error.type_name
            ) from None
        finally:
            self._idle.put(child)

    def count(self, errand: str, took: float) -> None:
        """One more errand that took so many seconds of CPU."""
        with self._lock:
            own = self.spent.setdefault(errand, Spent())
            own.times, own.seconds = own.times + 1, own.seconds + took

    def deadline(self, errand: str) -> float:
        """Seconds of CPU for the next body."""
        took = self._took.get(errand, ())
        if len(took) < KNOWN:
            return DEADLINE
        return min(DEADLINE, max(LEAST_DEADLINE, SLOWER * max(took)))

    def each(self, tasks: Iterable[T], work: Callable[[T], Any]) -> list[Any]:
        """`work(task)` of each, all children busy; what came of them, in order. What one raises is raised."""
        waiting = list(tasks)
        made: list[Any] = [None] * len(waiting)
        at, lock = iter(range(len(waiting))), threading.Lock()

        def one() -> bool:
            with lock:
                k = next(at, None)
            if k is None:
                return False
            began = time.thread_time()
            made[k] = work(waiting[k])
            with lock:
                self.own += time.thread_time() - began
            return True

        at_once(self.jobs, one)
        return made
