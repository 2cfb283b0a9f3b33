"""A house with jobs that were made without a lane: what a lane would have sealed is sealed here."""

from __future__ import annotations

import json
import pathlib

from engine.export.papers import sha256
from service import intake
from service.clock import new_id
from service.house import House, open_house
from service.store import jobs, keys, queue
from service.store.queue import Ended
from service.vault import seal

CANARY = "Xqzvy-Canary"
T0 = 1_800_000_000_000


def house_in(folder: pathlib.Path) -> tuple[House, str]:
    """A new house and its tenant."""
    house = open_house(folder)
    with house.database.write() as conn:
        tenant = keys.new_tenant(conn, "shop", T0)
    return house, tenant


def order(name: str, **more: object) -> bytes:
    """A phone case's order for that name."""
    return json.dumps({"template": "phone-case", "parameters": {"name": name}, **more}).encode()


def made(house: House, tenant: str, names: list[str], now: int = T0, **more: object) -> list[str]:
    """Jobs that ended, all in one pack; their files hold the name. `more`: what else the first order says."""
    orders = [order(name, **(more if at == 0 else {})) for at, name in enumerate(names)]
    rows = [intake.row_of(data, intake.Sender(tenant), house.vault, now) for data in orders]
    with house.database.write() as conn:
        jobs.add(conn, rows)
        (head,) = [h for h in queue.heads(conn) if h.tenant == tenant]
        claimed = queue.claim(conn, head, len(rows), now)
    assert len(claimed) == len(rows)
    named = {row["id"]: name for row, name in zip(rows, names, strict=True)}
    blobs = {}
    for row in claimed:
        plain = f"solid {named[row['id']]}".encode()
        key = house.vault.unwrap(row["wrapped"], row["id"])
        blobs[row["id"]] = (plain, seal(key, plain, f"{row['id']}/model.stl".encode()))
    pack = new_id(now)
    offsets = house.packs.put(pack, [sealed for _, sealed in blobs.values()])
    ended = [
        Ended(
            one,
            row["attempt"],
            "done",
            "printable",
            pack=pack,
            files={"model.stl": [offset, len(blobs[one][1]), len(blobs[one][0]), sha256(blobs[one][0])]},
            production={"template": "phone-case", "version": 1},
            serials=[f"s-{one}"],
        )
        for row, offset in zip(claimed, offsets, strict=True)
        for one in [row["id"]]
    ]
    with house.database.write() as conn:
        assert len(queue.settle(conn, ended, now).ended) == len(rows)
    return [row["id"] for row in rows]


def holds(folder: pathlib.Path, words: bytes) -> list[str]:
    """The files below a folder that hold these bytes."""
    return [str(p.relative_to(folder)) for p in sorted(folder.rglob("*")) if p.is_file() and words in p.read_bytes()]
