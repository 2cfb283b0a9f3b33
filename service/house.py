"""The folder of one service (`--data DIR`): what lies where, and what opens it."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pathlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass

from engine.errors import EnvironmentFault
from service.artifacts import packs_at
from service.packs import Packs
from service.store import facts, moving
from service.store.database import Database, Unwritable
from service.store.migrate import revision, upgrade
from service.vault import Vault

DATABASE = "unikat.db"
KEY = "secrets/master.key"
PACKS = "packs"
ERASURES = "erasures.log"
LOCK = "dispatcher.lock"
AGAIN = 0.5
"""Seconds between two tries to reach a store that does not answer."""
ELSEWHERE = "UNIKAT_DATABASE"
"""The variable that says where the store is, when it is no file of the folder: `--database` sets it. It may hold a password, which
a command line would show to everybody."""


@dataclass(frozen=True)
class House:
    """An open data folder."""

    folder: pathlib.Path
    database: Database
    vault: Vault
    packs: Packs


ENGINE = "UNIKAT_ENGINE"
"""The variable that says which scheduler has the lanes, when they are not this machine's: `--engine` sets it."""
FLEET_KEY = "secrets/fleet.key"
CERTIFICATES = "UNIKAT_CERTIFICATES"
"""The variable that says where this machine's certificates for `tls://` lie: `--certificates` sets it."""
ARTIFACTS = "UNIKAT_ARTIFACTS"
"""The variable that says where packs lie, when it is not in the folder: `--artifacts` sets it."""


def packs_of(folder: pathlib.Path) -> Packs:
    """The folder's own packs, or those of the folder or bucket that several machines share."""
    return packs_at(os.environ.get(ARTIFACTS) or os.fspath(folder / PACKS))


def store_of(folder: pathlib.Path) -> pathlib.Path | str:
    """The folder's own SQLite file, or the URL of a Postgres that several machines share."""
    return os.environ.get(ELSEWHERE) or folder / DATABASE


def open_house(folder: pathlib.Path, key: pathlib.Path | None = None) -> House:
    """Open, and on first use make, a data folder. `key`: the master key's file, where it is kept apart from the data.

    Raises EnvironmentFault: SQLite that corrupts, a folder that cannot be written, a master key that is gone, another one's, or open to others.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        (folder / PACKS).mkdir(exist_ok=True)
    except OSError as error:
        raise EnvironmentFault(f"the data folder cannot be written: {error.strerror}") from None
    place = store_of(folder)
    database = Database(place)
    fresh = not place.exists() if isinstance(place, pathlib.Path) else revision(database) is None
    vault = Vault.open(key or folder / KEY, make=fresh)
    upgrade(database)
    moving.refuse_half(database)
    with database.write() as conn:
        if facts.kept(conn, "master", vault.mark(b"master")) != vault.mark(b"master"):
            raise EnvironmentFault("this is not the master key that the data were sealed with")
    return House(folder, database, vault, packs_of(folder))


def open_patiently(folder: pathlib.Path, stop: threading.Event) -> House | None:
    """The same, where a store that does not answer is waited for; None where `stop` came first."""
    while not stop.is_set():
        try:
            return open_house(folder)
        except Unwritable:
            stop.wait(AGAIN)
    return None


@contextlib.contextmanager
def alone(folder: pathlib.Path, name: str = LOCK, *, several: bool = False) -> Iterator[None]:
    """Nobody else dispatches the jobs of this folder meanwhile: EnvironmentFault where somebody does.

    The kernel lets go of the lock when its holder dies, however it dies. `several`: others may who say so, too, for they have another way to
    tell which of them it is (service.store.leading).
    """
    try:
        handle = os.open(folder / name, os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as error:
        raise EnvironmentFault(f"the data folder cannot be written: {error.strerror}") from None
    try:
        try:
            fcntl.flock(handle, (fcntl.LOCK_SH if several else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except OSError:
            raise EnvironmentFault("another process works on this data folder") from None
        yield
    finally:
        os.close(handle)
