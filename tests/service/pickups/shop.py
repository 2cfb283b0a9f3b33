"""Finished jobs in a store, made without lanes, and a shop that may claim them."""

from __future__ import annotations

import pathlib
import uuid

import sqlalchemy as sa

from engine.export.papers import sha256
from service.clock import new_id
from service.house import House
from service.store import keys, tallies
from service.store.database import Database
from service.store.schema import NEVER, copies, jobs
from service.vault import seal

T0 = 1_800_000_000_000
FILES = ("model.3mf", "model.stl", "record.json", "report.json")


def careless(database: Database) -> None:
    """What is written need not survive a power cut: a test is quicker so."""
    sa.event.listen(database.engine, "connect", lambda connection, _: connection.execute("PRAGMA synchronous=OFF"))


def row_of(tenant: str, now: int, *, process: str = "fdm-pla", priority: int = 0, due: str = NEVER) -> dict[str, object]:
    """A finished job's row, with nothing sealed in it."""
    return {
        "id": new_id(now),
        "tenant": tenant,
        "queue": tenant,
        "template": "phone-case",
        "process": process,
        "formats": "3mf,stl",
        "quantity": 1,
        "priority": priority,
        "due": due,
        "body": b"body",
        "wrapped": b"wrapped",
        "state": "done",
        "verdict": "printable",
        "created": now,
        "updated": now,
    }


def pieces_of(row: dict[str, object], quantity: int, now: int) -> list[dict[str, object]]:
    """The rows that settling writes for a print shop."""
    same = {name: row[name] for name in ("tenant", "process", "priority", "due")}
    return [
        {"id": new_id(now), "job": row["id"], "serial": str(uuid.uuid4()), "copy": 1, "state": "ready", **same}
        for _ in range(quantity)
    ]


def finish(conn: sa.Connection, row: dict[str, object], quantity: int, now: int) -> list[str]:
    """The job is there, finished; the ids of its pieces."""
    pieces = pieces_of(row, quantity, now)
    conn.execute(sa.insert(jobs), [row])
    conn.execute(sa.insert(copies), pieces)
    tallies.count(conn, tallies.moved([row], None, "done"))
    return [str(piece["id"]) for piece in pieces]


def finished(house: House, tenant: str, now: int = T0, quantity: int = 1, **more: object) -> tuple[str, list[str]]:
    """A finished job with sealed files: its id, and its pieces'."""
    row = {**row_of(tenant, now), **more}
    one = str(row["id"])
    key, row["wrapped"] = house.vault.new_key(one)
    row["sealed"] = seal(key, b"{}", one.encode())
    plain = [(name, f"{name} of {one}".encode()) for name in FILES]
    blobs = [seal(key, data, f"{one}/{name}".encode()) for name, data in plain]
    row["pack"] = new_id(now)
    offsets = house.packs.put(str(row["pack"]), blobs)
    row["files"] = {
        name: [offset, len(blob), len(data), sha256(data)]
        for (name, data), blob, offset in zip(plain, blobs, offsets, strict=True)
    }
    with house.database.write() as conn:
        return one, finish(conn, row, quantity, now)


def sliced(house: House, job: str, *plates: bytes, now: int = T0) -> str:
    """The job has that G-code, one file or one for each plate; the pack it lies in."""
    from service.store import slices

    pack = new_id(now)
    names = ["model.gcode"] if len(plates) == 1 else [f"model-plate-{k}.gcode" for k in range(1, len(plates) + 1)]
    with house.database.write() as conn:
        slices.want(conn, [job], now)
        taken = slices.take(conn, pack, now)
        assert taken is not None and taken.job == job
        key = house.vault.unwrap(taken.wrapped, job)
        blobs = [seal(key, data, f"{job}/{name}".encode()) for name, data in zip(names, plates, strict=True)]
        told = zip(names, house.packs.put(pack, blobs), blobs, plates, strict=True)
        files = {name: [offset, len(blob), len(data), sha256(data)] for name, offset, blob, data in told}
        assert slices.made(conn, job, taken.attempt, files, now)
    return pack


def keys_in(folder: pathlib.Path) -> tuple[House, dict[str, str], str]:
    """A house with a seller and a print shop: tokens by name (orders, shop, rival, blind), and the seller's id."""
    from service.house import open_house

    house = open_house(folder)
    careless(house.database)
    told = {}
    with house.database.write() as conn:
        seller, other, shop = (keys.new_tenant(conn, name, T0) for name in ("seller", "other", "print shop"))
        told["orders"] = keys.new_key(conn, seller, "orders", ["orders"], T0)[1]
        told["stranger"] = keys.new_key(conn, other, "orders", ["orders"], T0)[1]
        for name, granted in (("shop", [seller]), ("rival", [seller]), ("blind", [other])):
            told[name] = keys.new_key(conn, shop, name, ["pickup"], T0, sellers=granted, processes=["fdm-pla", "mjf-pa12"])[1]
    return house, told, seller
