"""`unikat campaign`: the service's store, dispatcher and lanes in one process, on a folder, until every row has ended.

All that is known lies in DIR/.unikat. A second start finds it there, goes on, and makes nothing twice.
"""

from __future__ import annotations

import contextlib
import functools
import hashlib
import json
import os
import pathlib
import signal
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from engine.errors import OrderError
from service.campaigns import manifest
from service.campaigns.files import keep_files
from service.campaigns.receiving import Asked, BadRows, Receiving, TooMany
from service.campaigns.shelves import Shelves, place_of
from service.campaigns.sweeping import sweep
from service.clock import now
from service.dispatch.dispatcher import Dispatcher
from service.dispatch.drifting import PRELOAD, Drift
from service.ending import on_signals
from service.house import House, alone, open_house
from service.intake import Sender
from service.lanes.pool import Lanes
from service.progress import Progress
from service.settings import Settings
from service.store import campaigns, keys, packed, tallies
from service.vault import unseal

INSIDE = ".unikat"
MANIFEST = "manifest.ndjson"
KINDS = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson"}
PIECE = 1 << 18
TENANT = "campaign"
FOUND_WRONG = 3
"""What was made of a wrong chart was made by a fault of ours."""
SET_ASIDE = "it is set aside, and what was made with it is to be made again"
WORST_FIRST = (3, 4, 1, 0)
DRAWN_EVERY = 0.5


@dataclass(frozen=True)
class Told:
    """What came of it. `status`: the command's. `drift`: charts that were found wrong."""

    status: int
    rows: int
    counts: Mapping[str, int]
    made_now: int
    seconds: float
    drift: Sequence[Mapping[str, Any]] = ()


def run(file: str, template: str, process: str | None, out: str, formats: str, lanes: int, as_json: bool, language: str) -> int:
    """The command: its exit status."""
    source, folder = pathlib.Path(file), pathlib.Path(out)
    wanted = tuple(dict.fromkeys(f.strip() for f in formats.split(",") if f.strip()))
    asked = Asked(template, process, wanted, None, _kind(source))
    stop = threading.Event()
    on_signals(stop, signal.SIGINT, signal.SIGTERM)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OrderError("--out", f"cannot be written: {error.strerror}", value=out) from None
    try:
        told = work(source, asked, folder, lanes, stop)
    except BadRows as bad:
        return _bad(bad, as_json, language)
    except TooMany as many:
        raise OrderError("FILE", "has too many rows", limit=many.limit) from None
    if stop.is_set():
        raise KeyboardInterrupt
    counts = ", ".join(f"{state} {n}" for state, n in told.counts.items())
    if as_json:
        about = {"status": told.status, "template": template, "rows": told.rows, "counts": told.counts, "out": out}
        more = {"drift": told.drift} if told.drift else {}
        print(json.dumps({**about, "manifest": MANIFEST, "made_now": told.made_now, "seconds": round(told.seconds, 1), **more}))
    else:
        print(f"{template}: {told.rows} rows: {counts}; {MANIFEST} in {out}")
        for one in told.drift:
            away = f"{one['to_brep_mm']:.3f} mm from the B-rep, {one['to_mesh_mm']:.3f} mm to the mesh"
            print(f"{one['template']}.{one['stage']}: chart {one['chart']} is wrong ({one['why']}: {away}); {SET_ASIDE}")
    return told.status


def _kind(source: pathlib.Path) -> str:
    kind = KINDS.get(source.suffix.lower())
    if kind is None:
        raise OrderError("FILE", "is none of the choices", value=source.name, limit="one of " + ", ".join(KINDS))
    if not source.is_file():
        raise OrderError("FILE", "there is no such file", value=str(source))
    return kind


def work(source: pathlib.Path, asked: Asked, folder: pathlib.Path, lanes: int, stop: threading.Event) -> Told:
    """Receive the file, unless that was done before; make what is not made yet; write the manifest. Until `stop`."""
    inside = folder / INSIDE
    inside.mkdir(mode=0o700, exist_ok=True)
    with alone(inside):
        house = open_house(inside)
        try:
            one = _received(house, source, asked)
            begun, before = time.monotonic(), _ended(house, one)
            drift = _make(house, one, folder, lanes, stop)
            made = _ended(house, one) - before
            if not stop.is_set():
                _write_manifest(house, one, folder)
            with house.database.read() as conn:
                counts = dict(sorted(tallies.of_queue(conn, one).items()))
                status = _status(campaigns.verdicts(conn, one))
        finally:
            house.database.close()
    return Told(FOUND_WRONG if drift else status, sum(counts.values()), counts, made, time.monotonic() - begun, drift)


def _received(house: House, source: pathlib.Path, asked: Asked) -> str:
    """The campaign of that file; OrderError where the folder holds another one's."""
    with house.database.write() as conn:
        campaigns.drop_dead(conn, now() + 1)  # nobody else works here: an upload that is not through never will be
        tenant = next((key["tenant"] for key in keys.listed(conn)), None)
        if tenant is None:
            tenant = keys.new_tenant(conn, TENANT, now())
            keys.new_key(conn, tenant, TENANT, ["owner"], now())  # its token is told nobody
    while sweep(house, now()):
        pass
    key, body = house.vault.mark(b"campaign"), house.vault.mark(_digest(source, asked))
    with house.database.read() as conn:
        known = campaigns.answered(conn, tenant, key)
    if known is None:
        receiving = Receiving(house, Sender(tenant), asked, take=functools.partial(keep_files, house, tenant, source.parent))
        return receiving.receive(_pieces(source), lambda conn, one: _remember(conn, tenant, key, body, one))
    if known[0] != body:
        raise OrderError("--out", "holds another campaign: another file, or asked for otherwise")
    return known[1]


def _remember(conn: campaigns.Connection, tenant: str, key: bytes, body: bytes, one: str) -> None:
    assert campaigns.answer(conn, tenant, key, body, one, now())


def _digest(source: pathlib.Path, asked: Asked) -> bytes:
    digest = hashlib.sha256(repr(asked).encode())
    for piece in _pieces(source):
        digest.update(piece)
    return digest.digest()


def _pieces(source: pathlib.Path) -> Iterator[bytes]:
    try:
        with source.open("rb") as file:
            while piece := file.read(PIECE):
                yield piece
    except OSError as error:
        raise OrderError("FILE", f"cannot be read: {error.strerror}", value=str(source)) from None


def _make(house: House, one: str, folder: pathlib.Path, count: int, stop: threading.Event) -> Sequence[Mapping[str, Any]]:
    """Dispatch until no unit waits or runs, laying out what is made; what is under way at `stop` is settled. Then some of the bodies
    are looked at again: the charts that were found wrong."""
    shelves = Shelves(house, one, folder)
    looking = Lanes(1, PRELOAD)
    drift = Drift(house, looking.run)
    drift.start()
    with house.database.read() as conn:
        left, rows = _left(conn, one), sum(tallies.of_queue(conn, one).values())
    if left:
        lanes = Lanes(min(count, left))
        lanes.start()
        with contextlib.closing(lanes), ThreadPoolExecutor(lanes.count, "lane") as executor:
            dispatcher = Dispatcher(
                house.database, house.vault, house.packs, executor, lanes.run, lanes.count + 1, cancel=lanes.cancel,
                check_one_in=Settings.check_one_in, offer=drift.offer,
            )  # fmt: skip
            dispatcher.start()
            with Progress(rows) as progress:
                drawing = _Drawing(house, one, progress)
                while not stop.is_set() and (dispatcher.step(0.05) or dispatcher.flying or _waits(house, one)):
                    shelves.lay()
                    drawing.draw()
                dispatcher.drain()
    while shelves.lay():
        pass
    shelves.settle()
    clear(house)
    with contextlib.closing(looking):
        while not stop.is_set() and drift.step():
            pass
    return drift.found


def clear(house: House) -> None:
    """What a lane that was killed had packed, and told nobody, goes. Nothing may be under way in the folder."""
    with house.database.read() as conn:
        known = packed.names(conn)
    for name in set(house.packs.names()) - known:
        house.packs.remove(name)
    house.packs.sweep(now() + 1)


def _waits(house: House, one: str) -> bool:
    with house.database.read() as conn:
        return _left(conn, one) > 0


def _left(conn: campaigns.Connection, one: str) -> int:
    counts = tallies.of_queue(conn, one)
    return counts.get("queued", 0) + counts.get("running", 0)


def _ended(house: House, one: str) -> int:
    with house.database.read() as conn:
        return campaigns.ended_of(conn, one)


class _Drawing:
    """How far, how fast, and how long yet: on a terminal."""

    def __init__(self, house: House, one: str, progress: Progress) -> None:
        self.house, self.one, self.progress = house, one, progress
        self.drawn = 0.0
        self.begun = time.monotonic()
        self.before = _ended(house, one) if progress.drawn else 0

    def draw(self) -> None:
        """Now and then."""
        at = time.monotonic()
        if not self.progress.drawn or at - self.drawn < DRAWN_EVERY:
            return
        self.drawn, self.progress.ended = at, _ended(self.house, self.one)
        rate = (self.progress.ended - self.before) / max(at - self.begun, 0.001)
        left = round((self.progress.files - self.progress.ended) / rate) if rate else None
        yet = "" if left is None else f", {left // 3600}:{left // 60 % 60:02d}:{left % 60:02d}"
        self.progress.now(f"{rate:.1f}/s{yet}", "")


def _write_manifest(house: House, one: str, folder: pathlib.Path) -> None:
    """Whole, or as it was."""

    def entry(row: Mapping[str, Any]) -> dict[str, Any]:
        told = manifest.entry(row)
        if row["told"] is not None:
            told["detail"] = unseal(house.vault.unwrap(row["wrapped"], row["id"]), row["told"], b"told").decode()
        return {**told, "folder": place_of(row["line"]) if row["files"] else None}

    beside = folder / f".{MANIFEST}.new"
    with beside.open("wb") as file:
        file.writelines(manifest.lines(house.database, one, entry))
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, folder / MANIFEST)


def _status(verdicts: Mapping[tuple[str, str | None], int]) -> int:
    """The worst of all units: 3 failed, 4 incomplete, 1 refused, 0 made."""
    found = {3 if state == "failed" else {"incomplete": 4, "refused": 1}.get(verdict or "", 0) for state, verdict in verdicts}
    return next(status for status in WORST_FIRST if status in found or status == 0)


def _bad(bad: BadRows, as_json: bool, language: str) -> int:
    """Every bad row, before anything is made."""
    problems = [(row.line, error) for row in bad.told for error in row.wrong]
    if as_json:
        rows = [
            {"line": line, "field": error.field, "message": error.for_sender(), "message_fr": error.for_sender("fr")}
            for line, error in problems
        ]
        print(json.dumps({"status": 2, "bad": bad.count, "read": bad.read, "cut": bad.cut, "problems": rows}))
        return 2
    for line, error in problems:
        word = f"ligne {line} : " if language == "fr" else f"line {line}: "
        text = word + error.for_sender(language)
        print("".join(c if c.isprintable() else "?" for c in text), file=sys.stderr)
    if bad.more:
        print(f"{bad.more} more bad lines" if language != "fr" else f"{bad.more} autres lignes fautives", file=sys.stderr)
    return 2
