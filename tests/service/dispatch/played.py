"""What the model plays instead of the real thing: a database whose process dies, packs that are names, lanes that wait to be told."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from typing import Any

import sqlalchemy as sa

from service.dispatch.fair import Fairness
from service.packs import Packs
from service.store.database import Database

Work = tuple[Future[Any], list[dict[str, Any]], str]


class Killed(Exception):
    """The dispatcher's process is no more."""


class Doomed(Database):
    """A database whose process dies at its n-th transaction, just before it is on the disk, or just after."""

    doom = 0
    after = False

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        self.doom -= 1
        now = self.doom == 0
        with super().write() as conn:
            yield conn
            if now and not self.after:
                raise Killed
        if now:
            raise Killed


class PlayedPacks(Packs):
    """Names alone."""

    def __init__(self) -> None:
        super().__init__(pathlib.Path("packs"))
        self.there: set[str] = set()

    def remove(self, name: str) -> None:
        self.there.discard(name)

    def wipe(self, name: str, spans: object) -> None:
        assert name in self.there

    def old(self, before: int) -> Iterator[str]:
        return iter(())


class Bench(Executor):
    """Work that was submitted, until a rule says what becomes of it. `fresh`: whether each asked for a lane that worked for nobody."""

    def __init__(self) -> None:
        self.work: list[tuple[Future[Any], list[dict[str, Any]], str]] = []
        self.fresh: list[bool] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        units, _, pack = args[3]
        self.fresh.append(args[6])
        self.work.append((future, units, pack))
        return future


class Interrupted(Fairness):
    """Somebody does something between the look at the queue and the claim."""

    meanwhile: Callable[[], None] | None = None

    def choose(self, heads: Any) -> Any:
        found = super().choose(heads)
        if self.meanwhile is not None:
            do, self.meanwhile = self.meanwhile, None
            do()
        return found
