"""One thread that writes for all requests: what waits is written in one transaction, and told to those who wait once it is on the disk.

A transaction costs a sync of the disk, however much is in it; thirty requests at a time share one.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any, TypeVar

import sqlalchemy as sa

from service.store.database import Database

MOST = 256
"""Things of one transaction: it must stay short, the dispatcher writes too."""
Item = TypeVar("Item")
Answer = TypeVar("Answer")
Act = Callable[[sa.Connection, Sequence[Any]], Sequence[Any]]
_Waiting = tuple[Act, Any, "Future[Any]"]


class Writer:
    """`submit(act, item)`: the future of what `act(conn, items)` answers for that item, where items of one act go together."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: queue.SimpleQueue[_Waiting | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def submit(self, act: Callable[[sa.Connection, Sequence[Item]], Sequence[Answer]], item: Item) -> Future[Answer]:
        """Resolved after the commit; with what was raised, where it came to that."""
        future: Future[Answer] = Future()
        self._waiting.put((act, item, future))
        if self._thread is None:
            with self._starting:
                if self._thread is None:
                    self._thread = threading.Thread(target=self._run, name="unikat-writer", daemon=True)
                    self._thread.start()
        return future

    def close(self) -> None:
        """Write what waits, then end."""
        if self._thread is not None:
            self._waiting.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        open_ = True
        while open_:
            batch = [self._waiting.get()]
            while len(batch) < MOST and not self._waiting.empty():
                batch.append(self._waiting.get())
            open_ = None not in batch
            self._write([one for one in batch if one is not None])

    def _write(self, batch: Sequence[_Waiting]) -> None:
        try:
            answers = self._transact(batch)
        except Exception as error:  # noqa: BLE001  # whatever it was is told to those who wait, each alone
            if len(batch) == 1:
                batch[0][2].set_exception(error)
            else:
                for one in batch:
                    self._write([one])
            return
        for (_, _, future), answer in zip(batch, answers, strict=True):
            future.set_result(answer)

    def _transact(self, batch: Sequence[_Waiting]) -> list[Any]:
        acts: dict[Act, list[int]] = {}
        for at, (act, _, _) in enumerate(batch):
            acts.setdefault(act, []).append(at)
        answers: list[Any] = [None] * len(batch)
        if batch:
            with self._database.write() as conn:
                for act, places in acts.items():
                    told = act(conn, [batch[at][1] for at in places])
                    for at, answer in zip(places, told, strict=True):
                        answers[at] = answer
        return answers
