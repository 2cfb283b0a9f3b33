"""The dispatcher's side of a fleet: an executor whose lanes are elsewhere, and what it knows of them.

What Dask loses (a worker that died, a scheduler that was started again) is nobody's fault: the chunk's units wait again. Only whose work ends
one worker after the other is to blame (service.dispatch.dispatcher). Running one twice harms nothing, for settling is fenced by the attempt.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import Executor, Future
from typing import Any

from engine.errors import EnvironmentFault
from service.clock import now
from service.fleet import looking, worker
from service.fleet.door import client, worker_died
from service.fleet.sealed import code, pack, unpack, with_bodies
from service.lanes.pool import Died, Made
from service.vault import Unreadable

log = logging.getLogger("unikat.fleet")

CONNECT = 10.0


class Fleet(Executor):
    """`submit` takes what `Lanes.run` takes, after the runner itself, which is not called: the worker's lanes are."""

    def __init__(self, scheduler: str, key: bytes, certificates: str | None = None) -> None:
        self.kit = ""
        """What workers are to fetch first (service.fleet.kit)."""
        self._client = client(scheduler, CONNECT, certificates)
        self._key = key
        self._executor = self._client.get_executor(resources={code(): 1}, pure=False)

    def well(self) -> bool:
        """Whether it is connected."""
        return bool(self._client.status == "running")

    def lanes(self) -> int:
        """How many lanes there are, of workers whose code is ours; EnvironmentFault where the scheduler is gone."""
        return int(sum(one["resources"].get(code(), 0) for one in self._workers()))

    def others(self) -> int:
        """How many workers are not used, for their code is not ours."""
        return sum(code() not in one["resources"] for one in self._workers())

    def lacks(self) -> list[str]:
        """What is wrong with the fleet, each in a line."""
        return looking.lacks(self._workers(), code(), now())

    def _workers(self) -> Collection[Mapping[str, Any]]:
        """What the scheduler knows of each; EnvironmentFault where it is gone: then it knows of none, not of no worker."""
        there = self._client.scheduler_info(n_workers=-1) if self.well() else {}
        if "workers" not in there:
            raise EnvironmentFault("the scheduler is gone")
        told: Collection[Mapping[str, Any]] = there["workers"].values()
        return told

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """A chunk; what comes of it: Made, or Died."""
        mine: Future[Any] = Future()
        theirs = self._executor.submit(worker.work, pack(self._key, [self.kit, *args]))

        def told(_: Future[Any]) -> None:
            if mine.set_running_or_notify_cancel():
                try:
                    mine.set_result(self._answer(theirs))
                except (EnvironmentFault, Unreadable) as error:
                    mine.set_exception(error)

        theirs.add_done_callback(told)
        mine.add_done_callback(lambda _: theirs.cancel() if mine.cancelled() else None)
        return mine

    def _answer(self, theirs: Future[Any]) -> Any:
        error = None if theirs.cancelled() else theirs.exception()
        if isinstance(error, EnvironmentFault):
            raise error
        if theirs.cancelled() or error is not None:
            log.warning("a chunk was lost on its way", extra={"why": type(error).__name__})
            return Died("gone" if worker_died(error) else "cancelled", None)
        told = unpack(self._key, theirs.result())
        return Made(told["made"][0], with_bodies(told["made"][1])) if "made" in told else Died(*told["died"])

    def cancel(self, chunk: str) -> None:
        """End the lane that works on that chunk, wherever."""
        self._client.run(worker.cancel, chunk, wait=False, on_error="ignore")

    def forget(self) -> None:
        """Every lane everywhere loses all that it remembers."""
        self._client.run(worker.forget, wait=False, on_error="ignore")

    def run(self, *args: Any) -> Any:
        """What stands for the runner: it is never called here."""
        raise NotImplementedError

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the scheduler."""
        self._client.close()
