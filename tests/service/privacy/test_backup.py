from __future__ import annotations

import json
import pathlib
import shutil

import pytest

from engine.errors import OrderError
from service import erasing
from service.backup import back_up, restore
from service.house import DATABASE, ERASURES, KEY, PACKS, open_house
from service.packs import Packs
from service.store import jobs, tallies
from service.vault import unseal
from tests.service.privacy.made import CANARY, holds, house_in, made


def test_a_restored_service_has_all_and_what_was_erased_since_is_erased_again(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house, tenant = house_in(tmp_path / "house")
    first, second = made(house, tenant, [CANARY, "Anna"])
    (third,) = made(house, tenant, ["Bert"])
    with house.database.read() as conn:
        before = jobs.find(conn, tenant, first)
    assert before is not None
    offset, size, *_ = before["files"]["model.stl"]
    sealed = house.packs.read(before["pack"], offset, size)

    assert back_up(str(house.folder), str(tmp_path / "backup"), True) == 0
    assert json.loads(capsys.readouterr().out) == {"status": 0, "jobs": 3, "packs": 2, "copied": 2}
    assert holds(tmp_path / "backup", sealed), "the backup has it"
    assert not holds(tmp_path / "backup", (house.folder / KEY).read_bytes()), "and the master key has it not"
    erasing.erase_jobs(house, [first], "asked", tenant=tenant)
    house.database.close()

    fresh = tmp_path / "fresh"
    fresh.mkdir()
    shutil.copy(house.folder / ERASURES, fresh / ERASURES)
    assert restore(str(tmp_path / "backup"), str(fresh), str(house.folder / KEY), [], True) == 0
    assert json.loads(capsys.readouterr().out) == {"status": 0, "jobs": 3, "lost": 0, "erased_again": 1}
    for gone in (sealed, bytes(before["sealed"]), bytes(before["wrapped"])):
        assert holds(fresh, gone) == []
    again = open_house(fresh)
    with again.database.read() as conn:
        rows = {row["id"]: row for row in jobs.listed(conn, tenant)}
        assert tallies.wrong(conn) == []
    assert {i: row["state"] for i, row in rows.items()} == {first: "erased", second: "done", third: "done"}
    offset, size, *_ = rows[second]["files"]["model.stl"]
    key = again.vault.unwrap(rows[second]["wrapped"], second)
    assert unseal(key, again.packs.read(rows[second]["pack"], offset, size), f"{second}/model.stl".encode()) == b"solid Anna"


def test_the_next_backup_copies_what_is_new_and_drops_what_was_erased(
    tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    house, tenant = house_in(tmp_path / "house")
    (first,) = made(house, tenant, [CANARY])
    target = tmp_path / "backup"
    back_up(str(house.folder), str(target), True)
    with house.database.read() as conn:
        row = jobs.find(conn, tenant, first)
    assert row is not None and holds(target, bytes(row["sealed"]))
    made(house, tenant, ["Anna"])
    erasing.erase_jobs(house, [first], "asked", tenant=tenant)
    capsys.readouterr()
    back_up(str(house.folder), str(target), True)
    assert json.loads(capsys.readouterr().out) == {"status": 0, "jobs": 2, "packs": 1, "copied": 1}
    assert not holds(target, bytes(row["sealed"]))
    assert row["pack"] not in set(Packs(target / PACKS).names())


def test_what_lies_beside_an_erased_job_in_one_pack_is_wiped_in_the_backup_too(tmp_path: pathlib.Path) -> None:
    house, tenant = house_in(tmp_path / "house")
    first, _ = made(house, tenant, [CANARY, "Anna"])
    target = tmp_path / "backup"
    back_up(str(house.folder), str(target), True)
    with house.database.read() as conn:
        row = jobs.find(conn, tenant, first)
    assert row is not None
    offset, size, *_ = row["files"]["model.stl"]
    sealed = house.packs.read(row["pack"], offset, size)
    erasing.erase_jobs(house, [first], "asked", tenant=tenant)
    back_up(str(house.folder), str(target), True)
    assert not holds(target, sealed)


@pytest.mark.parametrize("broken", ["no backup", "not empty", "no key", "damaged"])
def test_what_cannot_be_restored_is_told(tmp_path: pathlib.Path, broken: str) -> None:
    from engine.errors import EnvironmentFault

    house, tenant = house_in(tmp_path / "house")
    made(house, tenant, ["Anna"])
    target, fresh, key = tmp_path / "backup", tmp_path / "fresh", str(house.folder / KEY)
    back_up(str(house.folder), str(target), True)
    if broken == "no backup":
        (target / DATABASE).unlink()
    if broken == "not empty":
        fresh = house.folder
    if broken == "damaged":
        data = bytearray((target / DATABASE).read_bytes())
        data[4096 : 4096 * 12] = bytes(4096 * 11)
        (target / DATABASE).write_bytes(data)
    with pytest.raises((OrderError, EnvironmentFault)) as told:
        restore(str(target), str(fresh), None if broken == "no key" else key, [], True)
    assert {"no backup": "backup", "not empty": "--data", "no key": "--master-key", "damaged": "damaged"}[broken] in str(
        told.value
    )
