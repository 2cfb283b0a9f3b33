"""`unikat backup` and `restore`: the store and its packs in a folder of their own, while the service runs.

Packs never change but for being wiped, so a second backup into the same folder copies the new ones alone. The master key is not in a
backup: without it a stolen backup says nothing, and with it and the journal of erasures a restored one says no more than it may.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
from collections.abc import Sequence

from engine.errors import EnvironmentFault, OrderError
from service.clock import now, text_of
from service.erasing import erase_again
from service.erasures import Entry, Journal, once
from service.house import ARTIFACTS, DATABASE, ERASURES, KEY, PACKS, House, open_house
from service.keys import opened
from service.packs import Packs
from service.store import packed
from service.store.database import Database

ABOUT = "backup.json"
FORMAT = 1


def back_up(data: str, to: str, as_json: bool) -> int:
    """Copy; prints what was copied."""
    folder, target = pathlib.Path(data), pathlib.Path(to)
    database = opened(data)
    if database.file is None or os.environ.get(ARTIFACTS):
        raise OrderError("--data", "its store is a Postgres, or its packs lie elsewhere: use pg_dump, and copy its packs")
    try:
        told = copy(folder, database, target)
    finally:
        database.close()
    if as_json:
        print(json.dumps({"status": 0, **told}))
    else:
        print(f"{told['jobs']} jobs and {told['packs']} packs ({told['copied']} of them new) in {to}")
        print(f"The master key is not in it. Keep {folder / KEY} elsewhere: without it nothing of this can be read.")
    return 0


def copy(folder: pathlib.Path, database: Database, target: pathlib.Path) -> dict[str, int]:
    """The store first, then the packs that it names: later ones are in no row of it."""
    try:
        target.mkdir(parents=True, exist_ok=True, mode=0o700)
        fresh = target / f"{DATABASE}.new"
        fresh.unlink(missing_ok=True)
        database.copy_to(fresh)
        copied = Database(fresh)
        try:
            with copied.read() as conn:
                names = packed.names(conn)
                jobs = packed.count_jobs(conn)
        finally:
            copied.close()
        new = _copy_packs(Packs(folder / PACKS), Packs(target / PACKS), names)
        if (folder / ERASURES).exists():
            Journal(target / ERASURES).write(_missing(Journal(target / ERASURES), Journal(folder / ERASURES)))
        os.replace(fresh, target / DATABASE)
        for extra in set(Packs(target / PACKS).names()) - names:  # erased since the last backup
            Packs(target / PACKS).remove(extra)
        (target / ABOUT).write_text(
            json.dumps({"format": FORMAT, "at": now(), "made": text_of(now()), "jobs": jobs, "packs": len(names)})
        )
    except OSError as error:
        raise OrderError("--to", f"cannot be written: {error.strerror or error}", value=str(target)) from None
    return {"jobs": jobs, "packs": len(names), "copied": new}


def _copy_packs(source: Packs, target: Packs, names: set[str]) -> int:
    new = 0
    for name in sorted(names):
        there, place = source.path(name), target.path(name)
        if (
            place.exists()
            and there.exists()
            and place.stat().st_size == there.stat().st_size
            and place.stat().st_mtime >= there.stat().st_mtime
        ):
            continue
        try:
            data = there.read_bytes()
        except FileNotFoundError:  # erased since the store was copied: the journal says so too
            continue
        target.put(name, [data])
        new += 1
    return new


def _missing(has: Journal, wants: Journal) -> list[Entry]:
    known = {entry.job for entry in has.read()}
    return [entry for entry in wants.read() if entry.job not in known]


def restore(backup: str, data: str, master_key: str | None, erasures: Sequence[str], as_json: bool) -> int:
    """Put a backup in an empty folder (a master key and a journal may lie there), and erase again what was erased since."""
    source, folder = pathlib.Path(backup), pathlib.Path(data)
    if not (source / DATABASE).is_file():
        raise OrderError("backup", "is no backup of a service", value=backup)
    if (folder / DATABASE).exists():
        raise OrderError("--data", "holds a service already: restore into an empty folder", value=data)
    if master_key is None and not (folder / KEY).is_file():
        raise OrderError("--master-key", "is needed: the master key is in no backup, and nothing opens without it")
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        journal = Journal(folder / ERASURES)
        others = [Journal(source / ERASURES), *(Journal(pathlib.Path(place)) for place in erasures)]
        known = {entry.job for entry in journal.read()}
        journal.write([e for e in once(e for other in others for e in other.read()) if e.job not in known])
        if master_key is not None:
            (folder / KEY).parent.mkdir(exist_ok=True, mode=0o700)
            shutil.copyfile(master_key, folder / KEY)
            (folder / KEY).chmod(0o600)
        for place in sorted((source / PACKS).rglob("*.pack")):
            Packs(folder / PACKS).put(place.stem, [place.read_bytes()])
        shutil.copyfile(source / DATABASE, folder / DATABASE)  # last: a folder with a database is a whole one
    except OSError as error:
        raise OrderError("--data", f"cannot be written: {error.strerror or error}", value=data) from None
    _refuse_damaged(folder / DATABASE)
    house = open_house(folder)
    try:
        told = {"erased_again": erase_again(house), **_looked_at(house)}
    finally:
        house.database.close()
    if as_json:
        print(json.dumps({"status": 0, **told}))
    else:
        print(f"{told['jobs']} jobs restored into {data}; {told['erased_again']} that were erased since are erased again")
        if told["lost"]:
            print(f"{told['lost']} packs are not in the backup: their jobs say so, and can be made again")
    return 0


def _refuse_damaged(place: pathlib.Path) -> None:
    database = Database(place)
    try:
        wrong = database.complaints()
    finally:
        database.close()
    if wrong:
        raise EnvironmentFault(f"the backup's database is damaged: {wrong[0]}")


def _looked_at(house: House) -> dict[str, int]:
    with house.database.read() as conn:
        names = packed.names(conn)
        jobs = packed.count_jobs(conn)
    return {"jobs": jobs, "lost": len(names - set(house.packs.names()))}
