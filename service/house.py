"""The folder of one service (`--data DIR`): what lies where, and what opens it."""

from __future__ import annotations

import pathlib
from dataclasses import dataclass

from service.packs import Packs
from service.store.database import Database
from service.store.migrate import upgrade
from service.vault import Vault

DATABASE = "unikat.db"
KEY = "secrets/master.key"
PACKS = "packs"
ERASURES = "erasures.log"
LOCK = "dispatcher.lock"


@dataclass(frozen=True)
class House:
    """An open data folder."""

    folder: pathlib.Path
    database: Database
    vault: Vault
    packs: Packs


def open_house(folder: pathlib.Path, key: pathlib.Path | None = None) -> House:
    """Open, and on first use make, a data folder. `key`: the master key's file, where it is kept apart from the data.

    Raises EnvironmentFault: SQLite that corrupts, a folder that cannot be written, a master key that is gone or open to others.
    """
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = Database(folder / DATABASE)
    fresh = not (folder / DATABASE).exists()
    vault = Vault.open(key or folder / KEY, make=fresh)
    upgrade(database)
    return House(folder, database, vault, Packs(folder / PACKS))
