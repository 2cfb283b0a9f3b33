"""`unikat doctor --data DIR`: the health of a service's folder, while it serves or not. It reads, and changes nothing."""

from __future__ import annotations

import hashlib
import pathlib
import shutil
from collections import Counter
from collections.abc import Iterator

from engine.errors import EnvironmentFault
from service.clock import now
from service.dispatch.fair import Costs
from service.erasures import Journal
from service.health import Sign, charts
from service.house import ERASURES, KEY, packs_of
from service.keys import opened
from service.lanes.unit import PACKING
from service.packs import Lost, Packs
from service.settings import Settings
from service.store import drift, erase, migrate, packed, signs, tallies, uploads
from service.store.database import Database, sqlite_module
from service.vault import Unreadable, Vault, unseal

SAMPLE = 50
"""Jobs that are opened, files and all, unless all are asked for."""
ROOM_MB = 1000
STUCK = 1000 * (Costs.most * Settings.unit_seconds + PACKING)
"""Milliseconds: no chunk of work may take longer."""
ERASED_AT_ONCE = 500


def examine(data: str, master_key: str | None, every: bool) -> list[Sign]:
    """Every sign of that folder. OrderError where it is none."""
    folder = pathlib.Path(data)
    try:
        database = opened(data)
    except EnvironmentFault as error:
        return [Sign("SQLite", False, str(error))]
    try:
        found = []
        if database.file is not None:
            found.append(Sign("SQLite", True, ".".join(map(str, sqlite_module().sqlite_version_info))))
        wrong = database.complaints()
        whole = "Postgres, which answers" if database.file is None else f"{_mb(database.file)} MB, whole"
        found.append(Sign("database", not wrong, "; ".join(wrong[:3]) or whole))
        if wrong:
            return [*found, _room(folder)]  # nothing that it says can be trusted
        at = migrate.revision(database)
        found.append(Sign("revision", at == migrate.HEAD, f"{at}; this unikat's is {migrate.HEAD}"))
        if at == migrate.HEAD:
            found += _content(folder, database, pathlib.Path(master_key) if master_key else folder / KEY, every)
    finally:
        database.close()
    return [*found, _room(folder)]


def _content(folder: pathlib.Path, database: Database, key: pathlib.Path, every: bool) -> Iterator[Sign]:
    with database.read() as conn:
        differ = tallies.wrong(conn)
        late = signs.stuck(conn, int(now() - STUCK))
        dead = signs.dead_messages(conn)
        looked = drift.seen(conn)
    yield Sign("counters", not differ, f"{len(differ)} differ from their rows" if differ else "equal to their rows")
    yield Sign("jobs", not late, f"{len(late)} run longer than any may: {_some(late)}" if late else "none is stuck")
    yield Sign("webhooks", not dead, f"{dead} were given up" if dead else "none was given up", needed=False)
    counts = ", ".join(f"{outcome} {n}" for outcome, n in looked.outcomes.items())
    farthest = f"at most {looked.farthest['to_brep']:.4f} mm from the B-rep"
    yield charts(
        f"{looked.asked} bodies looked at again: {counts}; {farthest}" if looked.asked else "no body was looked at again yet"
    )
    left = _unerased(folder, database)
    told = f"{left} are in the journal and not done: `unikat serve` does them when it starts" if left else "all done"
    yield Sign("erasures", not left, told)
    try:
        vault = Vault.open(key)
    except EnvironmentFault as error:
        yield Sign("master key", False, str(error))
        return
    yield from _opened(database, vault, packs_of(folder), None if every else SAMPLE)


def _unerased(folder: pathlib.Path, database: Database) -> int:
    ids = [entry.job for entry in Journal(folder / ERASURES).read()]
    with database.read() as conn:
        groups = (ids[start : start + ERASED_AT_ONCE] for start in range(0, len(ids), ERASED_AT_ONCE))
        return sum(len(erase.unerased(conn, some)) + len(uploads.in_packs(conn, some)) for some in groups)


def _opened(database: Database, vault: Vault, packs: Packs, most: int | None) -> Iterator[Sign]:
    """Orders and files, as their sender would get them."""
    seen: Counter[str] = Counter()
    shut: list[str] = []
    lost: list[str] = []
    damaged: list[str] = []
    with database.read() as conn:
        gone = sorted(name for name in packed.names(conn) if not packs.there(name))
        for row in signs.kept(conn, most):
            seen["jobs"] += 1
            try:
                job_key = vault.unwrap(row["wrapped"], row["id"])
                unseal(job_key, row["sealed"], row["id"].encode())
            except Unreadable:
                shut.append(row["id"])
                continue
            for name, (offset, size, _, digest) in sorted((row["files"] or {}).items()):
                seen["files"] += 1
                try:
                    plain = unseal(job_key, packs.read(row["pack"], offset, size), f"{row['id']}/{name}".encode())
                    if hashlib.sha256(plain).hexdigest() != digest:
                        damaged.append(row["id"])
                except Lost:
                    lost.append(row["id"])
                except Unreadable:
                    damaged.append(row["id"])
    told = f"opens {seen['jobs']} jobs" if most is None or seen["jobs"] < most else f"opens the last {seen['jobs']} jobs"
    yield Sign("master key", not shut, f"{len(shut)} jobs do not open: {_some(shut)}" if shut else told)
    told_of = (("packs gone:", gone), ("files lost of", lost), ("files damaged of", damaged))
    bad = [f"{what} {_some(ids)}" for what, ids in told_of if ids]
    yield Sign("packs", not bad, "; ".join(bad) or f"{seen['files']} files are as they were made")


def _room(folder: pathlib.Path) -> Sign:
    free = shutil.disk_usage(folder).free // 1_000_000
    return Sign("disk", free >= ROOM_MB, f"{free} MB free" + ("" if free >= ROOM_MB else f", {ROOM_MB} are wanted"))


def _mb(place: pathlib.Path) -> int:
    return place.stat().st_size // 1_000_000


def _some(ids: list[str]) -> str:
    once = list(dict.fromkeys(ids))
    return ", ".join(once[:3]) + (f" and {len(once) - 3} more" if len(once) > 3 else "")
