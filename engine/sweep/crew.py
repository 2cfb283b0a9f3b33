"""The children that a sweep runs in: each order in one that may loop, crash or exit, several at once."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from engine.doors.child import Child
from engine.errands import OUTSIDE_MEMORY_MB, PRELOAD, Source, blamed, own_files
from engine.errors import TemplateError, UnikatError
from engine.sweep.findings import Outcome, failed

FIRST_DEADLINE = 120.0
"""Seconds of wall clock for one order, its CadQuery and the start of CadQuery included."""
LEAST_DEADLINE = 2.0
SLOWER = 8.0
"""Whatever loops, loops for many of a sweep's orders: each that was killed halves the time of the next ones, down to so many times
what the slowest order that ended took. On a busy machine that one was slow, too."""


def hired(jobs: int) -> list[Child]:
    """Children for a crew: two at least, for what must be made in two of different servers."""
    return [Child((*PRELOAD, "engine.sweep.warm:warm"), memory_mb=OUTSIDE_MEMORY_MB) for _ in range(max(jobs, 2))]


class Crew:
    """`jobs` children at work, and never fewer than two to ask. `children`: warm ones that are lent and stay open; else it closes its own."""

    def __init__(self, source: Source, jobs: int, children: Sequence[Child] = ()) -> None:
        self.source = dict(source)
        self.jobs = jobs
        self._killed = 0
        self._slowest = 0.0
        self._own = own_files(source)
        self._lent = bool(children)
        self._children = list(children) or hired(jobs)
        self._idle: queue.LifoQueue[Child] = queue.LifoQueue()
        for child in reversed(self._children[:jobs]):
            self._idle.put(child)

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and not issubclass(kind, UnikatError):
            for child in self._children:  # Ctrl-C: an order that loops is not waited for
                child.abandon()
        if not self._lent:
            for child in self._children:
                child.close()

    def ask(self, errand: str, *args: object, member: int | None = None, renewed: bool = False) -> Any:
        """`errand(source, *args)` of the probe in an idle child, or in that member where nobody else is at work.

        `renewed`: in a child that has run nothing yet. Raises TemplateError for what the template did to its child.
        """
        child = self._idle.get() if member is None else self._children[member]
        try:
            if renewed:
                child.renew()
            with blamed(self.source):
                return child.call(f"engine.sweep.probe:{errand}", self.source, *args, deadline=self.deadline(), own=self._own)
        finally:
            if member is None:
                self._idle.put(child)

    def deadline(self) -> float:
        """Seconds for the next order."""
        return max(FIRST_DEADLINE * 0.5**self._killed, SLOWER * self._slowest, LEAST_DEADLINE)

    def outcome(self, *args: object, **how: Any) -> Outcome:
        """`try_here` of the probe; a child that died is an outcome too."""
        begun = time.monotonic()
        try:
            made = dict(self.ask("try_here", *args, **how))
            self._slowest = max(self._slowest, time.monotonic() - begun)
            return made
        except TemplateError as error:
            told = failed(error)
        except UnikatError as error:  # none of the designer's lines had a part in it
            told = {"result": "failed", "cause": "ENGINE", "where": "engine", "why": str(error)}
        if told["cause"] == "TIMEOUT":
            self._killed += 1
        return {"changes": dict(args[1]), "advice": [], "rules": {}, "read": [], **told}  # type: ignore[call-overload]

    def each(self, tasks: Iterable[tuple[object, ...]], then: Callable[[int, Outcome], None], until: float | None) -> None:
        """The outcome of each task, all children at work; `then(index, outcome)` one at a time. None is begun after `until`."""
        waiting = enumerate(tasks)
        lock = threading.Lock()

        def work() -> bool:
            if until is not None and time.monotonic() >= until:
                return False
            with lock:
                task = next(waiting, None)
            if task is None:
                return False
            told = self.outcome(*task[1])
            with lock:
                then(task[0], told)
            return True

        at_once(self.jobs, work)


def at_once(jobs: int, work: Callable[[], bool]) -> None:
    """Call `work` again and again in so many threads until it says that nothing is left. What one raises ends all, and is raised here."""
    stopped = threading.Event()
    wrong: list[BaseException] = []

    def run() -> None:
        try:
            while not stopped.is_set() and work():
                pass
        except BaseException as error:  # noqa: BLE001  # told where it is waited for
            wrong.append(error)
            stopped.set()

    threads = [threading.Thread(target=run, daemon=True) for _ in range(jobs)]
    for thread in threads:
        thread.start()
    try:
        for thread in threads:
            while thread.is_alive():
                thread.join(0.2)  # a wait without end would not see Ctrl-C
    finally:
        stopped.set()
    if wrong:
        raise wrong[0]
