"""One way into the database: SQLite in WAL for one machine, whatever SQLAlchemy speaks for several.

Readers do not wait. Writers of one process stand in line before the file's own lock, where waiting is cheap; what they wrote is on
the disk when they leave (synchronous=FULL), and what they deleted is overwritten (secure_delete).
"""

from __future__ import annotations

import contextlib
import importlib
import pathlib
import sqlite3
import threading
import types
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.store.schema import metadata

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


class Database:
    """Connections to one store. `read()` and `write()` give a connection in a transaction."""

    def __init__(self, place: pathlib.Path | str) -> None:
        """`place`: a SQLite file, or a database's URL."""
        self._writing = threading.Lock()
        self.file = None if "://" in str(place) else pathlib.Path(place)
        if self.file is None:
            self.engine = sa.create_engine(str(place))
            return
        module = sqlite_module()
        refuse_broken(tuple(module.sqlite_version_info))
        self.engine = sa.create_engine(
            f"sqlite:///{self.file}", module=module, pool_size=16, max_overflow=64, hide_parameters=True
        )
        sa.event.listen(self.engine, "connect", _prepare)
        sa.event.listen(self.engine, "begin", _begin)
        self._writer = self.engine.execution_options(unikat_write=True)

    def create(self) -> None:
        """The tables as they are now, where there is none yet. A store that is kept is brought there by `service.store.migrate`."""
        metadata.create_all(self.engine)

    @contextlib.contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A view of the store that does not change while it is looked at."""
        with self.engine.connect() as conn, conn.begin():
            yield conn

    @contextlib.contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: all of it is on the disk when this ends, or nothing is, and EnvironmentFault says that it could not be."""
        if self.file is None:
            with self.engine.begin() as conn:
                yield conn
            return
        try:
            with self._writing, self._writer.begin() as conn:
                yield conn
        except sa.exc.OperationalError as error:  # full, read-only, locked for too long: its text quotes what was written
            raise EnvironmentFault(f"the database takes nothing now ({type(error.orig).__name__})") from None

    def settle_down(self) -> None:
        """Write the log into the database and empty it: what was deleted is in neither afterwards."""
        if self.file is not None:
            bare = self.engine.raw_connection()  # outside any transaction
            try:
                with self._writing:
                    bare.cursor().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            finally:
                bare.close()

    def close(self) -> None:
        """Let go of every connection."""
        self.engine.dispose()


def _prepare(connection: Any, _: object) -> None:
    connection.isolation_level = None  # we begin ourselves: Python's own way would begin too late
    for pragma in PRAGMAS:
        connection.execute(f"PRAGMA {pragma}")


def _begin(conn: sa.Connection) -> None:
    conn.exec_driver_sql("BEGIN IMMEDIATE" if conn.get_execution_options().get("unikat_write") else "BEGIN")
