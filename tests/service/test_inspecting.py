from __future__ import annotations

import json
import os
import pathlib
import shutil

import pytest
import sqlalchemy as sa

from engine.errors import OrderError
from service import health, inspecting, intake
from service.clock import new_id, now
from service.erasures import Entry, Journal
from service.house import DATABASE, ERASURES, KEY, House
from service.store import database, jobs, queue
from service.store.schema import jobs as jobs_table
from service.store.schema import outbox, tallies
from tests.service.privacy.made import T0, house_in, made, order


@pytest.fixture
def shop(tmp_path: pathlib.Path) -> tuple[House, str]:
    return house_in(tmp_path / "house")


def look(house: House, *, key: str | None = None, every: bool = False) -> dict[str, tuple[bool, str]]:
    return {s.what: (s.well, s.told) for s in inspecting.examine(str(house.folder), key, every)}


def ill(house: House, *, key: str | None = None, every: bool = False) -> list[str]:
    return [what for what, (well, _) in look(house, key=key, every=every).items() if not well]


def test_a_healthy_house(shop: tuple[House, str], capsys: pytest.CaptureFixture[str]) -> None:
    house, tenant = shop
    made(house, tenant, ["Anna", "Bert"])
    assert ill(house) == []
    assert look(house)["packs"] == (True, "2 files are as they were made")
    assert look(house)["master key"] == (True, "opens 2 jobs")
    assert health.run(True, str(house.folder)) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["well"] and {s["what"] for s in told["signs"]} >= {"SQLite", "database", "revision", "counters", "disk", "jobs"}


def test_it_changes_nothing(shop: tuple[House, str]) -> None:
    house, tenant = shop
    made(house, tenant, ["Anna"])
    half = next((house.folder / "packs").rglob("*.pack")).with_name(f"{new_id(now())}.new")
    half.write_bytes(b"a writer is at work")
    house.database.settle_down()
    before = {p: p.read_bytes() for p in house.folder.rglob("*") if p.is_file() and "-shm" not in p.name}
    inspecting.examine(str(house.folder), None, True)
    assert {p: p.read_bytes() for p in house.folder.rglob("*") if p.is_file() and "-shm" not in p.name} == before


def test_a_folder_that_is_none(tmp_path: pathlib.Path) -> None:
    with pytest.raises(OrderError, match="no service's folder"):
        inspecting.examine(str(tmp_path), None, False)


def test_a_broken_sqlite_is_named(shop: tuple[House, str], monkeypatch: pytest.MonkeyPatch) -> None:
    class Old:
        sqlite_version_info = (3, 40, 1)

    monkeypatch.setattr(database, "sqlite_module", lambda: Old)
    assert ill(shop[0]) == ["SQLite"]
    assert "3.40.1 can corrupt" in look(shop[0])["SQLite"][1]


def test_a_damaged_database_is_named(shop: tuple[House, str]) -> None:
    house, tenant = shop
    made(house, tenant, ["Anna"] * 8)
    house.database.settle_down()
    house.database.close()
    data = bytearray((house.folder / DATABASE).read_bytes())
    data[4096 * 2 : 4096 * 24] = bytes(4096 * 22)
    (house.folder / DATABASE).write_bytes(data)
    assert ill(house) == ["database"]


def test_a_store_of_another_version_is_named(shop: tuple[House, str]) -> None:
    house, _ = shop
    with house.database.write() as conn:
        conn.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert ill(house) == ["revision"] and "9999" in look(house)["revision"][1]


def test_a_counter_that_is_off_is_named(shop: tuple[House, str]) -> None:
    house, tenant = shop
    made(house, tenant, ["Anna"])
    with house.database.write() as conn:
        conn.execute(sa.update(tallies).values(n=tallies.c.n + 1))
    assert ill(house) == ["counters"]


def test_a_job_that_runs_too_long_is_named(shop: tuple[House, str]) -> None:
    house, tenant = shop
    row = intake.row_of(order("Anna"), intake.Sender(tenant), house.vault, T0)
    with house.database.write() as conn:
        jobs.add(conn, [row])
        queue.claim(conn, queue.heads(conn)[0], 1, now())
    assert ill(house) == []
    with house.database.write() as conn:
        conn.execute(sa.update(jobs_table).values(updated=int(now() - inspecting.STUCK - 1000)))
    assert ill(house) == ["jobs"] and row["id"] in look(house)["jobs"][1]


def test_webhooks_given_up_are_counted_and_are_no_fault_of_the_house(shop: tuple[House, str]) -> None:
    house, tenant = shop
    message = {"id": new_id(T0), "tenant": tenant, "endpoint": new_id(T0), "event": "erased", "body": "{}", "state": "dead"}
    with house.database.write() as conn:
        conn.execute(sa.insert(outbox).values(**message, tries=9, next=T0, created=T0))
    assert look(house)["webhooks"] == (False, "1 were given up")
    assert health.run(True, str(house.folder)) == 0


def test_an_erasure_that_was_begun_is_named(shop: tuple[House, str]) -> None:
    house, tenant = shop
    (one,) = made(house, tenant, ["Anna"])
    Journal(house.folder / ERASURES).write([Entry(one, T0, "asked")])
    assert ill(house) == ["erasures"] and look(house)["erasures"][1].startswith("1 are")


@pytest.mark.parametrize("how", ["gone", "open to all", "another", "another for one job"])
def test_a_master_key_that_does_not_open_is_named(shop: tuple[House, str], tmp_path: pathlib.Path, how: str) -> None:
    house, tenant = shop
    first, _ = made(house, tenant, ["Anna", "Bert"])
    place = house.folder / KEY
    if how == "gone":
        place.unlink()
    if how == "open to all":
        place.chmod(0o644)
    if how == "another":
        place.write_bytes(os.urandom(32))
    if how == "another for one job":
        with house.database.write() as conn:
            conn.execute(sa.update(jobs_table).where(jobs_table.c.id == first).values(wrapped=os.urandom(60)))
        assert first in look(house)["master key"][1]
    assert ill(house) == ["master key"]


def test_a_master_key_that_is_kept_elsewhere(shop: tuple[House, str], tmp_path: pathlib.Path) -> None:
    house, tenant = shop
    made(house, tenant, ["Anna"])
    shutil.move(house.folder / KEY, tmp_path / "kept.key")
    assert ill(house) == ["master key"] and ill(house, key=str(tmp_path / "kept.key")) == []


@pytest.mark.parametrize("how", ["gone", "shorter", "changed", "another file"])
def test_a_pack_that_is_lost_or_damaged_is_named(shop: tuple[House, str], how: str) -> None:
    house, tenant = shop
    (one,) = made(house, tenant, ["Anna"])
    (pack,) = (house.folder / "packs").rglob("*.pack")
    data = pack.read_bytes()
    if how == "gone":
        pack.unlink()
    if how == "shorter":
        pack.write_bytes(data[:-1])
    if how == "changed":
        pack.write_bytes(bytes([*data[:20], data[20] ^ 1, *data[21:]]))
    if how == "another file":
        with house.database.write() as conn:
            files = conn.execute(sa.select(jobs_table.c.files)).scalar_one()
            conn.execute(sa.update(jobs_table).values(files={n: [*entry[:3], "0" * 64] for n, entry in files.items()}))
    assert ill(house) == ["packs"] and one in look(house)["packs"][1]


def test_a_sample_is_the_newest_and_all_is_all(shop: tuple[House, str], monkeypatch: pytest.MonkeyPatch) -> None:
    house, tenant = shop
    made(house, tenant, ["Anna"], now=T0)
    (pack,) = (house.folder / "packs").rglob("*.pack")
    pack.write_bytes(bytes(len(pack.read_bytes())))
    made(house, tenant, ["Bert"], now=T0 + 1)
    monkeypatch.setattr(inspecting, "SAMPLE", 1)
    assert ill(house) == [] and look(house)["master key"][1] == "opens the last 1 jobs"
    assert ill(house, every=True) == ["packs"]


def test_a_disk_without_room_is_named(shop: tuple[House, str], monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(shop[0].folder)
    monkeypatch.setattr(inspecting.shutil, "disk_usage", lambda _: usage._replace(free=1_000_000))
    assert ill(shop[0]) == ["disk"]


def test_what_is_wrong_ends_with_status_3(shop: tuple[House, str], capsys: pytest.CaptureFixture[str]) -> None:
    (shop[0].folder / KEY).unlink()
    assert health.run(False, str(shop[0].folder)) == 3
    assert "WRONG    master key" in capsys.readouterr().out
