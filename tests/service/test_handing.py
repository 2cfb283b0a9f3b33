"""Uploads on their way to a lane: sealed until they are in its memory, the sender's own alone, and forgotten with what is erased."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from typing import Any

import pytest
import sqlalchemy as sa

from engine.errors import OrderError
from engine.model.order import InputFile, Order
from service import erasing, handing, intake
from service.campaigns.files import keep_files
from service.campaigns.reading import columns_of, rows_of
from service.campaigns.receiving import Asked, BadRows, Receiving
from service.clock import new_id, now
from service.dispatch import slicing_work
from service.dispatch.dispatcher import Dispatcher
from service.dispatch.remaking import Remaking
from service.dispatch.slicing import Slicing
from service.dispatch.upkeep import Upkeep
from service.house import House
from service.lanes import work
from service.lanes.unit import Unit
from service.store import jobs, keys, queue, uploads
from service.store.schema import jobs as table
from service.store.slices import Taken
from service.vault import unseal
from tests.scanned_template import Block
from tests.scans import block
from tests.service.privacy.made import T0, house_in

SOURCE = {"file": str(pathlib.Path(__file__).parents[1] / "scanned_template.py")}
SCAN = block(60, 20, 16)
SHA = hashlib.sha256(SCAN).hexdigest()
NAME = "Xqzvyk.stl"


@pytest.fixture
def shop(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[House, str]]:
    monkeypatch.setattr(intake, "template_of", lambda key: Block)
    house, tenant = house_in(tmp_path / "house")
    (tmp_path / NAME).write_bytes(SCAN)
    yield house, tenant
    house.database.close()


def order(sha: str = SHA, **more: Any) -> Order:
    return Order("scanned-block", "mjf-pa12", inputs={"left_scan": InputFile(sha, "mm")}, **more)


def uploaded(house: House, tenant: str, data: bytes = SCAN) -> str:
    """The upload of that file, as a campaign on a folder makes it; its sha256."""
    place = house.folder.parent / "sent.stl"
    place.write_bytes(data)
    told = Order("scanned-block", inputs={"left_scan": InputFile("", "mm", file="sent.stl")})
    return keep_files(house, tenant, place.parent, told).inputs["left_scan"].sha256


def queued(house: House, tenant: str, told: Order) -> dict[str, Any]:
    """A job of that order, claimed."""
    row = intake.row_from(told, intake.Sender(tenant), house.vault, T0, formats=("stl",))
    with house.database.write() as conn:
        jobs.add(conn, [row])
        (head,) = queue.heads(conn)
        return queue.claim(conn, head, 1, T0)[0]


def handed(house: House, row: dict[str, Any]) -> handing.Handed:
    key = house.vault.unwrap(row["wrapped"], row["id"])
    return handing.of_job(house.database, house.vault, row["tenant"], row["id"], bytes(row["sealed"]), key)


def unit(house: House, row: dict[str, Any], inputs: handing.Handed) -> dict[str, Any]:
    key = house.vault.unwrap(row["wrapped"], row["id"])
    one = Unit(row["id"], row["tenant"], bytes(row["sealed"]), key, SOURCE, row["process"], None, ("stl",), 30.0, inputs=inputs)
    return asdict(one)


def made(house: House, row: dict[str, Any], inputs: handing.Handed) -> tuple[dict[str, Any], str]:
    """What the lane answers, and its words for the sender."""
    (answer,) = work.chunk([unit(house, row, inputs)], os.fspath(house.packs.folder), new_id(T0))
    key = house.vault.unwrap(row["wrapped"], row["id"])
    return answer, unseal(key, answer["told"], b"told").decode() if "told" in answer else ""


def test_a_lane_makes_what_was_uploaded(shop: tuple[House, str]) -> None:
    house, tenant = shop
    uploaded(house, tenant)
    row = queued(house, tenant, order())
    found = handed(house, row)
    assert set(found) == {SHA} and handing.taken(found, house.packs) == {SHA: SCAN}
    answer, _ = made(house, row, found)
    assert answer["state"] == "done"
    assert not any(SCAN[84:184] in p.read_bytes() for p in house.folder.rglob("*") if p.is_file())


def test_every_way_to_a_lane_hands_it_over(shop: tuple[House, str]) -> None:
    house, tenant = shop
    uploaded(house, tenant)
    row = queued(house, tenant, order())
    with ThreadPoolExecutor(1) as executor:
        dispatcher = Dispatcher(house.database, house.vault, house.packs, executor, lambda *_: None, 1)
        units = [dispatcher._unit(row), Remaking(house, lambda *_: None)._unit({**row, "formats": "stl"})]
    job = (row["template"], row["process"], None, b"", bytes(row["sealed"]), row["wrapped"])
    taken = Taken(row["id"], tenant, 1, 0, *job)
    units.append(Slicing(house, lambda *_: None)._unit(taken, 60.0))
    assert all(handing.taken(one.inputs, house.packs) == {SHA: SCAN} for one in units)


def test_gcode_is_made_of_the_same_bytes(shop: tuple[House, str], monkeypatch: pytest.MonkeyPatch) -> None:
    house, tenant = shop
    uploaded(house, tenant)
    row = queued(house, tenant, order())
    seen: list[Any] = []
    monkeypatch.setattr(slicing_work, "make", lambda *_, inputs, **__: seen.append(inputs) or 1 / 0)
    with pytest.raises(ZeroDivisionError):
        slicing_work.gcode(unit(house, row, handed(house, row)), os.fspath(house.packs.folder), new_id(T0))
    assert seen == [{SHA: SCAN}]


def test_an_order_without_files_is_handed_none(shop: tuple[House, str]) -> None:
    house, tenant = shop
    uploaded(house, tenant)
    for told in (Order("scanned-block"), Order("scanned-block", reference='"inputs":{"left_scan"}')):
        row = queued(house, tenant, told)
        assert handed(house, row) == {}
        with house.database.write() as conn:
            queue.settle(conn, [queue.Ended(row["id"], row["attempt"], "failed")], T0)
    key = house.vault.unwrap(row["wrapped"], row["id"])
    assert handing.of_job(house.database, house.vault, tenant, row["id"], b"damaged", key) == {}


def test_another_shops_file_is_not_handed_over(shop: tuple[House, str]) -> None:
    house, tenant = shop
    with house.database.write() as conn:
        other = keys.new_tenant(conn, "other", T0)
    uploaded(house, other)
    row = queued(house, tenant, order())
    assert handed(house, row) == {}
    answer, told = made(house, row, {})
    assert (answer["state"], answer["reason"]) == ("failed", "order") and told.startswith(
        "inputs.left_scan: its file is not there"
    )


@pytest.mark.parametrize("when", ["before", "meanwhile"])
def test_a_file_that_was_erased_fails_its_order(shop: tuple[House, str], when: str) -> None:
    house, tenant = shop
    uploaded(house, tenant)
    row = queued(house, tenant, order())
    found = handed(house, row)
    assert erasing.erase_upload(house, tenant, SHA, T0)
    answer, told = made(house, row, found if when == "meanwhile" else handed(house, row))
    assert (answer["state"], answer["reason"]) == ("failed", "order") and "inputs.left_scan" in told
    assert "files" in answer and answer["files"] == {}


def test_a_file_that_is_damaged_does_not_open(shop: tuple[House, str]) -> None:
    house, tenant = shop
    uploaded(house, tenant)
    row = queued(house, tenant, order())
    found = handed(house, row)
    place = house.packs.path(found[SHA][0])
    sealed = place.read_bytes()
    place.write_bytes(sealed[:-1] + bytes([sealed[-1] ^ 1]))
    answer, _ = made(house, row, found)
    assert (answer["state"], answer["reason"]) == ("failed", "unreadable")


def test_what_is_no_scan_fails_as_an_input(shop: tuple[House, str]) -> None:
    house, tenant = shop
    row = queued(house, tenant, order(uploaded(house, tenant, b"no scan")))
    answer, told = made(house, row, handed(house, row))
    assert (answer["state"], answer["reason"]) == ("failed", "input") and told.startswith(
        "inputs.left_scan: cannot be used: it is no STL"
    )


def test_lanes_forget_when_a_file_is_erased_or_expires(shop: tuple[House, str]) -> None:
    house, tenant = shop
    uploaded(house, tenant)
    forgot: list[int] = []
    clock = [now()]
    upkeep = Upkeep(house, lambda: forgot.append(1), clock=lambda: clock[0])
    upkeep.step()
    uploaded(house, tenant, block(30, 20, 16))
    upkeep.step()
    assert forgot == []
    assert erasing.erase_upload(house, tenant, SHA, T0)
    upkeep.step()
    assert forgot == [1]
    upkeep.step()
    assert forgot == [1]
    with house.database.write() as conn:
        conn.execute(sa.update(uploads.uploads).values(expires=clock[0] + 1))
    clock[0] += 2
    assert upkeep.step() == 1 and forgot == [1, 1]
    upkeep.step()
    assert forgot == [1, 1]


# ---- a campaign on a folder --------------------------------------------------------------------------------------------


def receiving(house: House, tenant: str, kind: str = "ndjson") -> Receiving:
    asked = Asked("scanned-block", formats=("stl",), kind=kind)
    return Receiving(house, intake.Sender(tenant), asked, take=lambda o: keep_files(house, tenant, house.folder.parent, o))


def line(**told: Any) -> bytes:
    return json.dumps({"inputs": {"left_scan": {"unit": "mm", **told}}}).encode() + b"\n"


@pytest.mark.parametrize("kind", ["ndjson", "csv"])
def test_rows_may_name_files(shop: tuple[House, str], kind: str) -> None:
    house, tenant = shop
    rows = [f"inputs.left_scan.file,inputs.left_scan.unit,height\n{NAME},mm,9\n{NAME},mm,10\n".encode()]
    receiving(house, tenant, kind).receive(rows if kind == "csv" else [line(file=NAME), line(file=NAME)])
    with house.database.read() as conn:
        (head,) = queue.heads(conn)
    with house.database.write() as conn:
        first = queue.claim(conn, head, 1, T0)[0]
    with house.database.read() as conn:
        assert conn.execute(sa.select(sa.func.count()).select_from(uploads.uploads)).scalar() == 1
        sealed = conn.execute(sa.select(table.c.sealed)).scalars().all()
    key = house.vault.unwrap(first["wrapped"], first["id"])
    told = json.loads(unseal(key, bytes(first["sealed"]), first["id"].encode()))
    assert told["inputs"] == {"left_scan": {"sha256": SHA, "unit": "mm"}} and len(sealed) == 2
    assert handing.taken(handed(house, first), house.packs) == {SHA: SCAN}
    assert not any(w in p.read_bytes() for p in house.folder.rglob("*") if p.is_file() for w in (SCAN[84:184], NAME.encode()))


def test_bad_files_are_told_by_their_line(shop: tuple[House, str]) -> None:
    house, tenant = shop
    rows = [line(file=NAME), line(file="none.stl"), line(file=NAME, unit="m"), line(sha256="0" * 64)]
    with pytest.raises(BadRows) as bad:
        receiving(house, tenant).receive(rows)
    told = [(row.line, row.wrong[0].field, len(row.wrong)) for row in bad.value.told]
    assert told == [
        (2, "inputs.left_scan.file", 1),
        (3, "inputs.left_scan.unit", 1),
        (4, "inputs.left_scan.sha256", 1),
    ]
    assert not any("none.stl" in str(error) for row in bad.value.told for error in row.wrong)


def test_a_service_takes_no_paths_in_rows(shop: tuple[House, str]) -> None:
    house, tenant = shop
    uploaded(house, tenant)
    here = receiving(house, tenant)
    there = Receiving(house, here.sender, here.asked)
    with pytest.raises(BadRows) as bad:
        there.receive([line(file=NAME), line(sha256=SHA, file=NAME), line(sha256=SHA)])
    assert [(row.line, row.wrong[0].for_sender()) for row in bad.value.told][1:] == [
        (2, "inputs.left_scan.file: a path is no input here: upload the file, and name its sha256")
    ]
    assert len(bad.value.told) == 2


def test_a_column_may_name_the_file() -> None:
    columns, wrong = columns_of(["inputs.left_scan.file", "inputs.left_scan.unit"], Block)
    assert not wrong and [c.path for c in columns] == ["inputs.left_scan.file", "inputs.left_scan.unit"]
    _, (error,) = columns_of(["inputs.left_scan.path"], Block)
    assert error.limit == "inputs.NAME.sha256, .file, .unit or .side"
    (row,) = rows_of([b"inputs.left_scan.file\nleft.stl\n"], "csv", Block)
    assert row.told == {"inputs": {"left_scan": {"file": "left.stl"}}}


def test_errors_of_files_say_no_name_and_no_hash(shop: tuple[House, str]) -> None:
    house, tenant = shop
    for told in (InputFile("", "mm", file="Xqzvyk-none.stl"), InputFile("0" * 64, "mm", file=NAME)):
        with pytest.raises(OrderError) as raised:
            keep_files(house, tenant, house.folder.parent, Order("scanned-block", inputs={"Xqzvyk": told}))
        assert not any(word in str(raised.value) for word in ("Xqzvyk", "0" * 64, SHA))
    with pytest.raises(OrderError) as raised:
        intake.check_uploads({"Xqzvyk": InputFile("0" * 64, "mm")}, {})
    assert "Xqzvyk" not in str(raised.value) and "0" * 64 not in str(raised.value)
