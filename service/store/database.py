"""One way into the database: SQLite in WAL for one machine, Postgres (service.store.postgres) for several.

Readers do not wait. Writers stand in line, those of one process before a lock of its own, where waiting is cheap; what they wrote is on
the disk when they leave. What they deleted is overwritten by SQLite (secure_delete); see `settle_down` for Postgres.
"""

from __future__ import annotations

import contextlib
import importlib
import pathlib
import sqlite3
import threading
import types
from collections.abc import Callable, Iterator
from typing import Any

import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.clock import new_id, now
from service.store import postgres

BUSY_MS = 30_000
FIXED = ((3, 51, 3), (3, 50, 7), (3, 44, 6))
"""Since which version of each branch SQLite no longer loses pages when two connections reset the WAL (sqlite.org, 3.51.3)."""
PRAGMAS = (
    "journal_mode=WAL",
    "synchronous=FULL",
    f"busy_timeout={BUSY_MS}",
    "foreign_keys=ON",
    "secure_delete=ON",
    "temp_store=MEMORY",
    "cache_size=-32768",
)


def sqlite_module() -> types.ModuleType:
    """The SQLite that comes with its own recent library, where there is one; else Python's."""
    with contextlib.suppress(ImportError):
        return importlib.import_module("pysqlite3.dbapi2")
    return sqlite3


def refuse_broken(version: tuple[int, ...]) -> None:
    """EnvironmentFault where this SQLite may corrupt a database that two connections write (3.7.0 to 3.51.2)."""
    mended = version >= FIXED[0] or any(version[:2] == fixed[:2] and version >= fixed for fixed in FIXED[1:])
    if not mended:
        told = ".".join(map(str, version))
        raise EnvironmentFault(f"SQLite {told} can corrupt its write-ahead log; install pysqlite3, or SQLite 3.51.3 or later")


class Unwritable(EnvironmentFault):
    """The store takes nothing now: its disk is full or read-only, or somebody holds it too long. Waiting may help."""


class Database:
    """Connections to one store. `read()` and `write()` give a connection in a transaction."""

    def __init__(self, place: pathlib.Path | str) -> None:
        """`place`: a SQLite file, or the URL of a Postgres database. Nothing is opened yet."""
        self._writing = threading.Lock()
        self.guard: Callable[[sa.Connection], None] = lambda conn: None
        """Called in each transaction that writes, first: it may refuse (service.store.leading)."""
        self.file = None if "://" in str(place) else pathlib.Path(place)
        if self.file is None:
            self.name = f"unikat {new_id(now())}"
            """By which the server knows the sessions of this process, and of no other."""
            self.engine = postgres.engine(str(place), self.name)
            self._writer = self.engine.execution_options(unikat_write=True)
            return
        module = sqlite_module()
        refuse_broken(tuple(module.sqlite_version_info))
        self.engine = sa.create_engine(
            f"sqlite:///{self.file}", module=module, pool_size=16, max_overflow=64, hide_parameters=True
        )
        sa.event.listen(self.engine, "connect", _prepare)
        sa.event.listen(self.engine, "begin", _begin)
        self._writer = self.engine.execution_options(unikat_write=True)

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A view of the store that does not change while it is looked at."""
        with _told(), self._begun(self.engine) as conn:
            yield conn

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: all of it is on the disk when this ends, or nothing is. Unwritable when the disk does not take it."""
        with _told(), self._writing, self._begun(self._writer) as conn:
            self.guard(conn)
            yield conn

    @contextlib.contextmanager
    def _begun(self, engine: sa.Engine) -> Iterator[sa.Connection]:
        """A connection in a transaction; one that broke while nobody used it was replaced (service.store.postgres)."""
        with engine.connect() as conn, conn.begin():
            yield conn

    def settle_down(self) -> None:
        """What was deleted is not kept longer than it must be.

        SQLite writes its log into the database and empties it: it is in neither afterwards. Postgres frees the rows for others, who
        overwrite them; until then, and in its log until that is recycled, their bytes are on its disk: sealed, and useless without
        the master key, which the database never has.
        """
        if self.file is None:
            postgres.vacuum(self.engine)
        else:
            bare = self.engine.raw_connection()  # outside any transaction
            try:
                with self._writing:
                    bare.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                bare.close()

    def learn(self) -> None:
        """Many jobs came at once: Postgres looks at them now, or it would take them for few, and walk all that wait for each chunk."""
        if self.file is None:
            postgres.analyze(self.engine)

    def copy_to(self, place: pathlib.Path) -> None:
        """The store as it is now, in one new file, without what was deleted. SQLite's alone: others have their own tools."""
        assert self.file is not None
        bare = self.engine.raw_connection()
        try:
            bare.cursor().execute("VACUUM INTO ?", (str(place),))
        finally:
            bare.close()

    def complaints(self) -> list[str]:
        """What SQLite finds wrong with its file, row by row and page by page; nothing where it is whole. Postgres looks after itself."""
        if self.file is None:
            return self._silence()
        try:
            with self.read() as conn:
                found = [str(row[0]) for row in conn.exec_driver_sql("PRAGMA integrity_check(20)")]
                found += [f"a row of {row[0]} points nowhere" for row in conn.exec_driver_sql("PRAGMA foreign_key_check")]
        except sa.exc.DatabaseError:
            return ["it cannot be read to its end"]
        return [line for line in found if line != "ok"]

    def _silence(self) -> list[str]:
        try:
            with self.read() as conn:
                conn.execute(sa.select(sa.literal(1)))
        except Unwritable as error:
            return [str(error)]
        return []

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What goes wrong with the disk or the file, said without the statement: that may quote a value."""
    try:
        yield
    except sa.exc.OperationalError as error:
        raise Unwritable(f"the store does not answer: {error.orig}") from None
    except postgres.Unwell as error:
        raise Unwritable(f"the store does not answer: {error}") from None


def _prepare(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we begin ourselves: Python's own way would begin too late
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(conn: sa.Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("unikat_write") else "BEGIN")
