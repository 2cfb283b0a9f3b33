"""A product whose bytes are gone is made again, in the place of the old one, where it is the same; the job ended once all the same."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa

from service.api.files import damaged
from service.clock import new_id
from service.dispatch.remaking import TRIES, Remaking
from service.house import House, open_house
from service.lanes.pool import Died
from service.store import erase, jobs, keys, packed, remaking
from service.store.schema import NEVER, facts, outbox
from service.store.schema import jobs as table
from service.vault import seal, unseal

NOW = 1_700_000_000_000
PLAIN = b"a product"


@pytest.fixture
def house(tmp_path: pathlib.Path) -> Iterator[House]:
    made = open_house(tmp_path)
    yield made
    made.database.close()


def done(house: House) -> str:
    """A job that is done, its pack on the disk."""
    one, pack = new_id(NOW), new_id(NOW)
    key, wrapped = house.vault.new_key(one)
    sealed = seal(key, PLAIN, f"{one}/model.stl".encode())
    house.packs.put(pack, [b"of another job", sealed])
    files = {"model.stl": [14, len(sealed), len(PLAIN), hashlib.sha256(PLAIN).hexdigest()]}
    with house.database.write() as conn:
        tenant = keys.new_tenant(conn, one[-8:], NOW)
        row = {
            "id": one, "tenant": tenant, "campaign": None, "line": None, "queue": tenant, "template": "t", "process": "p",
            "formats": "stl", "quantity": 1, "priority": 0, "due": NEVER, "body": b"b", "sealed": b"order", "wrapped": wrapped,
            "state": "queued", "created": NOW, "updated": NOW,
        }  # fmt: skip
        jobs.add(conn, [row])
        conn.execute(sa.update(table).where(table.c.id == one).values(state="done", pack=pack, files=files, finished=NOW))
        conn.exec_driver_sql("UPDATE tallies SET state = 'done'")
    return one


def found(house: House, job: str) -> Any:
    with house.database.read() as conn:
        return conn.execute(sa.select(table).where(table.c.id == job)).one()


def opened(house: House, job: str) -> bytes:
    row = found(house, job)
    offset, size, *_ = row.files["model.stl"]
    return unseal(house.vault.unwrap(row.wrapped, job), house.packs.read(row.pack, offset, size), f"{job}/model.stl".encode())


def lane(house: House, plain: bytes = PLAIN) -> Any:
    """What an honest lane does; `plain`: what it makes."""

    def run(chunk: str, body: bytes, target: str, args: Sequence[Any], seconds: float, units: Sequence[str]) -> Any:
        (unit,), _, pack, bodies = args
        assert bodies is None
        sealed = seal(unit["key"], plain, f"{unit['id']}/model.stl".encode())
        house.packs.put(pack, [sealed])
        files = {"model.stl": [0, len(sealed), len(plain), hashlib.sha256(plain).hexdigest()]}
        return [{"id": unit["id"], "state": "done", "ms": 1.0, "files": files}]

    return run


def test_it_is_made_again_and_nobody_is_told(house: House) -> None:
    job, other = done(house), done(house)
    before = found(house, job)
    house.packs.wipe(before.pack, [(20, 5)])
    again = Remaking(house, lane(house))
    assert not again.step(), "nobody has noticed yet"
    assert damaged(house, job, before.pack).status == 503
    assert damaged(house, job, before.pack).status == 503
    assert again.step() and not again.step()
    assert opened(house, job) == PLAIN and opened(house, other) == PLAIN
    after = found(house, job)
    assert (after.state, after.finished, after.pack != before.pack) == ("done", before.finished, True)
    with house.database.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(outbox)).scalar_one() == 0
        assert set(house.packs.names()) == packed.names(conn), "the old pack has gone"


def test_what_would_be_another_product_is_not_put_in_its_place(house: House) -> None:
    job = done(house)
    before = found(house, job)
    house.packs.remove(before.pack)
    assert damaged(house, job, before.pack).status == 503
    assert Remaking(house, lane(house, b"another product")).step()
    assert found(house, job) == before and list(house.packs.names()) == []
    assert damaged(house, job, before.pack).status == 410
    assert not Remaking(house, lane(house)).step()


def test_a_lane_that_dies_is_tried_again_and_not_for_ever(house: House) -> None:
    job = done(house)
    pack = found(house, job).pack
    damaged(house, job, pack)
    again = Remaking(house, lambda *_: Died("crash", job))
    for _ in range(TRIES):
        assert again.step()
    assert not again.step() and damaged(house, job, pack).status == 410


def test_what_is_erased_meanwhile_stays_erased(house: House) -> None:
    job = done(house)
    pack = found(house, job).pack
    damaged(house, job, pack)
    honest = lane(house)

    def slow(*args: Any) -> Any:
        told = honest(*args)
        with house.database.write() as conn:
            erase.erase(conn, [job], "asked", NOW)
        house.packs.remove(pack)
        return told

    assert Remaking(house, slow).step()
    assert found(house, job).pack is None and list(house.packs.names()) == []
    assert damaged(house, job, pack).status == 410
    assert not Remaking(house, honest).step()
    with house.database.write() as conn:
        assert not remaking.note(conn, job, "0" * 32)
        assert conn.execute(sa.select(facts.c.name).where(facts.c.name != "master")).all() == []
