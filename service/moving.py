"""`unikat migrate`: the store of one machine becomes the Postgres of several, and its packs lie where all of them reach them."""

from __future__ import annotations

import json
import pathlib

from engine.errors import EnvironmentFault, OrderError
from service.artifacts import packs_at
from service.house import DATABASE, KEY, PACKS, alone
from service.packs import Packs
from service.store import moving, packed
from service.store.database import Database


def move(data: str, to: str, artifacts: str | None, as_json: bool) -> int:
    """Copy, or go on copying, and compare; prints what was. Nothing of the folder is changed."""
    folder = pathlib.Path(data)
    if not (folder / DATABASE).is_file():
        raise OrderError("--from", "is no service's folder: `unikat serve --data DIR` makes one", value=data)
    if "://" not in to:
        raise EnvironmentFault("--database must be postgresql://USER:PASSWORD@HOST/NAME")
    source, target = Database(folder / DATABASE), Database(to)
    try:
        with alone(folder, "serve.lock"), alone(folder):
            moving.begin(source, target)
            copied = sum(n for _, n in moving.copy(source, target))
            packs = 0 if artifacts is None else copy_packs(source, Packs(folder / PACKS), packs_at(artifacts))
            rows = sum(moving.end(source, target).values())
    finally:
        source.close()
        target.close()
    told = {"status": 0, "rows": rows, "copied": copied, "packs": packs}
    if as_json:
        print(json.dumps(told))
    else:
        print(f"{rows} rows, {copied} of them copied now, the same in both; {packs} packs copied now")
        print(f"Every machine needs the master key: {folder / KEY}")
    return 0


def copy_packs(source: Database, ours: Packs, theirs: Packs) -> int:
    """The packs that the store names and that are not there yet; how many."""
    with source.read() as conn:
        names = packed.names(conn)
    missing = sorted(names - set(theirs.names()))
    for name in missing:
        try:
            size = ours.path(name).stat().st_size
        except FileNotFoundError:
            raise EnvironmentFault(f"the pack {name} is gone from the folder: `unikat doctor` says more") from None
        theirs.put(name, [ours.read(name, 0, size)])
    return len(missing)
