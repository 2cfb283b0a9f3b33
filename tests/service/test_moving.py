"""A folder's store becomes a Postgres: whole, the same, and after any interruption."""

from __future__ import annotations

import json
import pathlib

import pytest
import sqlalchemy as sa

from engine.errors import EnvironmentFault, OrderError
from service import moving
from service.house import ARTIFACTS, ELSEWHERE, PACKS, House, alone, open_house
from service.packs import Packs
from service.store import bulk, campaigns, erase, tallies
from service.store import moving as store
from service.store.database import Database
from service.store.schema import copies, jobs, metadata
from service.vault import unseal
from tests.postgres import Cluster
from tests.service.privacy.made import T0, house_in, made
from tests.service.store.release import row_of

NAMES = ["Zoë", "Ann Lee", "王"]


@pytest.fixture
def folder(tmp_path: pathlib.Path) -> pathlib.Path:
    """A store with a row in every table, and jobs of every kind."""
    house, tenant = house_in(tmp_path / "shop")
    ids = made(house, tenant, NAMES)
    with house.database.write() as conn:
        erase.erase(conn, ids[:1], "asked", T0)
        conn.execute(sa.update(copies).values(serial=sa.func.substr(copies.c.serial, 1, 36)))  # as long as ours are
        campaigns.begin(conn, tenant, "phone-case", None, "3mf", None, T0)
        for table in metadata.sorted_tables:
            if conn.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 0 and table.name != "tallies":
                known = {"job": ids[1], "tenant": tenant}
                conn.execute(sa.insert(table).values({n: known.get(n, value) for n, value in row_of(table).items()}))
    house.packs.put("0" * 32, [b"of the upload"])
    house.database.close()
    return tmp_path / "shop"


def opened(folder: pathlib.Path, url: str, monkeypatch: pytest.MonkeyPatch, **more: str) -> House:
    for name, value in {ELSEWHERE: url, **more}.items():
        monkeypatch.setenv(name, value)
    try:
        return open_house(folder)
    finally:
        monkeypatch.undo()


def test_all_of_it_is_there_and_opens(
    folder: pathlib.Path, postgres: Cluster, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    url, place = postgres.url(), str(tmp_path / "packs")
    assert moving.move(str(folder), url, place, True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["rows"] == told["copied"] > 12 and told["packs"] >= 1
    house = opened(folder, url, monkeypatch, **{ARTIFACTS: place})
    with house.database.read() as conn:
        assert tallies.wrong(conn) == []
        rows = conn.execute(sa.select(jobs).where(jobs.c.state == "done")).all()
    assert len(rows) == 2
    for row in rows:
        offset, size, *_ = row.files["model.stl"]
        sealed = house.packs.read(row.pack, offset, size)
        key = house.vault.unwrap(row.wrapped, row.id)
        assert unseal(key, sealed, f"{row.id}/model.stl".encode()).decode().removeprefix("solid ") in NAMES
    house.database.close()


def test_stopped_anywhere_it_goes_on(folder: pathlib.Path, postgres: Cluster, monkeypatch: pytest.MonkeyPatch) -> None:
    url = postgres.url()
    source, target = Database(folder / "unikat.db"), Database(url)
    with source.write() as conn:
        many = [
            {"tenant": "t" * 32, "key": n.to_bytes(32), "body": b"b" * 32, "answer": "a" * 32, "created": n} for n in range(50)
        ]
        bulk.insert(conn, metadata.tables["idempotency"], many)
    monkeypatch.setattr(store, "BATCH", 7)
    steps = 0
    while True:
        store.begin(source, target)
        if next(store.copy(source, target), None) is None:
            break
        steps += 1
        with pytest.raises(EnvironmentFault, match="being copied"):
            opened(folder, url, monkeypatch)
        monkeypatch.setattr(store, "BATCH", 7)
    assert steps > 14
    assert store.end(source, target)["idempotency"] == 51
    opened(folder, url, monkeypatch).database.close()
    source.close()
    target.close()


def test_a_difference_is_seen(folder: pathlib.Path, postgres: Cluster) -> None:
    source, target = Database(folder / "unikat.db"), Database(postgres.url())
    store.begin(source, target)
    assert sum(n for _, n in store.copy(source, target)) > 12
    with target.write() as conn:
        conn.execute(sa.update(jobs).where(jobs.c.state == "done").values(priority=jobs.c.priority + 1))
    with pytest.raises(EnvironmentFault, match="jobs is not the same"):
        store.end(source, target)
    source.close()
    target.close()


def test_what_is_not_empty_or_anothers_is_refused(folder: pathlib.Path, postgres: Cluster, tmp_path: pathlib.Path) -> None:
    url = postgres.url()
    target = Database(url)
    store.begin(Database(folder / "unikat.db"), target)
    house_in(tmp_path / "other")[0].database.close()
    with pytest.raises(EnvironmentFault, match="another store"):
        moving.move(str(tmp_path / "other"), url, None, False)
    assert moving.move(str(folder), url, None, True) == 0
    with pytest.raises(EnvironmentFault, match="not empty"):
        moving.move(str(folder), url, None, False)
    target.close()


def test_what_is_no_folder_or_is_served_is_refused(folder: pathlib.Path, postgres: Cluster, tmp_path: pathlib.Path) -> None:
    with pytest.raises(OrderError, match="no service's folder"):
        moving.move(str(tmp_path / "nothing"), postgres.root(), None, False)
    with pytest.raises(EnvironmentFault, match="postgresql://"):
        moving.move(str(folder), "mysql", None, False)
    with alone(folder, "serve.lock"), pytest.raises(EnvironmentFault, match="another process"):
        moving.move(str(folder), postgres.url(), None, False)


def test_what_postgres_does_not_take_is_said(folder: pathlib.Path, postgres: Cluster) -> None:
    source = Database(folder / "unikat.db")
    with source.write() as conn:  # SQLite does not look at lengths
        conn.execute(sa.update(jobs).values(machine="m" * 100))
    source.close()
    with pytest.raises(EnvironmentFault, match="jobs holds what Postgres does not take"):
        moving.move(str(folder), postgres.url(), None, False)


def test_a_pack_that_is_gone_is_said(folder: pathlib.Path, postgres: Cluster, tmp_path: pathlib.Path) -> None:
    packs = Packs(folder / PACKS)
    for name in list(packs.names()):
        packs.remove(name)
    with pytest.raises(EnvironmentFault, match="is gone from the folder"):
        moving.move(str(folder), postgres.url(), str(tmp_path / "packs"), False)
