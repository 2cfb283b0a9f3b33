from __future__ import annotations

import pathlib

import pytest
import sqlalchemy as sa

from service import erasing
from service.campaigns.sweeping import sweep
from service.clock import new_id
from service.dispatch.upkeep import Upkeep
from service.erasures import Entry, Journal
from service.house import ERASURES, House
from service.store import campaigns, erase, jobs, queue, tallies, uploads
from service.store.schema import copies, outbox
from service.store.schema import uploads as uploads_table
from service.vault import Unreadable, seal, unseal
from tests.service.privacy.made import CANARY, T0, holds, house_in, made

DAY = 86_400_000


@pytest.fixture
def shop(tmp_path: pathlib.Path) -> tuple[House, str]:
    return house_in(tmp_path / "house")


def row(house: House, tenant: str, job: str) -> jobs.Row:
    with house.database.read() as conn:
        found = jobs.find(conn, tenant, job)
    assert found is not None
    return found


def test_nothing_of_an_erased_job_is_left_and_its_neighbour_is_whole(shop: tuple[House, str]) -> None:
    house, tenant = shop
    first, second = made(
        house, tenant, [CANARY, "Anna"], reference=f"order {CANARY}", purpose=f"for {CANARY}", legal_basis=f"{CANARY} agreed"
    )
    before = row(house, tenant, first)
    offset, size, *_ = before["files"]["model.stl"]
    sealed = house.packs.read(before["pack"], offset, size)
    key = house.vault.unwrap(before["wrapped"], first)
    assert holds(house.folder, sealed) and unseal(key, sealed, f"{first}/model.stl".encode()) == f"solid {CANARY}".encode()

    assert erasing.erase_jobs(house, [first], "asked", tenant=tenant) == [first]

    for gone in (sealed, bytes(before["sealed"]), bytes(before["wrapped"]), bytes(before["reference"]), CANARY.encode()):
        assert holds(house.folder, gone) == []
    after = row(house, tenant, first)
    assert after["state"] == "erased"
    assert not any(
        after[n]
        for n in (
            "sealed",
            "wrapped",
            "told",
            "reference",
            "same",
            "body",
            "purpose",
            "legal_basis",
            "pack",
            "files",
            "expires",
        )
    )
    assert after["production"] == {"template": "phone-case", "version": 1}, "what was made stays on record"

    other = row(house, tenant, second)
    offset, size, *_ = other["files"]["model.stl"]
    plain = unseal(
        house.vault.unwrap(other["wrapped"], second),
        house.packs.read(other["pack"], offset, size),
        f"{second}/model.stl".encode(),
    )
    assert plain == b"solid Anna"
    with house.database.read() as conn:
        assert tallies.wrong(conn) == []
        receipt = erase.receipt(conn, tenant, first)
        assert erase.receipt(conn, "another", first) is None
        states = dict(conn.execute(sa.select(copies.c.job, copies.c.state)).all())
    assert receipt is not None and receipt["removed"] == {"order": 1, "files": 1} and receipt["why"] == "asked"
    assert states == {first: "gone", second: "ready"}
    assert erasing.erase_jobs(house, [second], "asked", tenant=tenant) == [second]
    assert list(house.packs.names()) == [], "a pack that nobody is in goes whole"


def test_before_it_is_erased_the_search_finds_what_it_looks_for(shop: tuple[House, str]) -> None:
    """The search of the test above can fail: what is sealed is found as long as it is there."""
    house, tenant = shop
    (one,) = made(house, tenant, [CANARY])
    for kept in ("sealed", "wrapped"):
        assert holds(house.folder, bytes(row(house, tenant, one)[kept]))


def test_another_tenant_erases_nothing(shop: tuple[House, str]) -> None:
    house, tenant = shop
    (one,) = made(house, tenant, ["Anna"])
    assert erasing.erase_jobs(house, [one], "asked", tenant="0" * 32) == []
    assert row(house, tenant, one)["state"] == "done"
    assert Journal(house.folder / ERASURES).read() == []


def test_a_running_job_is_erased_and_who_comes_late_changes_nothing(shop: tuple[House, str]) -> None:
    from service import intake
    from tests.service.privacy.made import order

    house, tenant = shop
    with house.database.write() as conn:
        jobs.add(conn, [intake.row_of(order("Anna"), intake.Sender(tenant), house.vault, T0)])
        (head,) = queue.heads(conn)
        (claimed,) = queue.claim(conn, head, 16, T0)
    erasing.erase_jobs(house, [claimed["id"]], "asked", tenant=tenant)
    with house.database.write() as conn:
        settled = queue.settle(conn, [queue.Ended(claimed["id"], claimed["attempt"], "done", "printable")], T0)
        assert (settled.ended, settled.late) == ([], 1)
        assert tallies.wrong(conn) == []
    assert row(house, tenant, claimed["id"])["state"] == "erased"


def test_what_a_dead_process_had_begun_to_erase_is_erased_when_the_next_one_starts(shop: tuple[House, str]) -> None:
    house, tenant = shop
    first, second = made(house, tenant, ["Anna", "Bert"])
    Journal(house.folder / ERASURES).write([Entry(first, T0, "asked")])
    Upkeep(house, lambda: None).start()
    assert (row(house, tenant, first)["state"], row(house, tenant, second)["state"]) == ("erased", "done")


def test_a_torn_line_is_no_entry_and_spoils_none(tmp_path: pathlib.Path) -> None:
    journal = Journal(tmp_path / ERASURES)
    journal.write([Entry("a" * 32, 1, "asked")])
    with journal.place.open("ab") as file:
        file.write(b"b" * 20)
    journal.write([Entry("c" * 32, 2, "retention")])
    assert journal.read() == [Entry("a" * 32, 1, "asked"), Entry("c" * 32, 2, "retention")]


def test_what_has_had_its_time_is_erased_and_lanes_forget(shop: tuple[House, str]) -> None:
    house, tenant = shop
    (old,) = made(house, tenant, ["Anna"], now=T0)
    (young,) = made(house, tenant, ["Bert"], now=T0 + 10 * DAY)
    clock, forgot = [T0 + 90 * DAY - 1], []
    upkeep = Upkeep(house, lambda: forgot.append(1), clock=lambda: clock[0])
    upkeep.step()
    assert row(house, tenant, old)["state"] == "done" and not forgot
    clock[0] += 1
    upkeep.step()
    assert (row(house, tenant, old)["state"], row(house, tenant, young)["state"]) == ("erased", "done")
    assert forgot == [1]


def test_a_webhook_tells_of_an_erasure_by_ids_alone(shop: tuple[House, str]) -> None:
    from service.clock import new_id
    from service.store.schema import endpoints

    house, tenant = shop
    with house.database.write() as conn:
        row_ = {
            "id": new_id(T0),
            "tenant": tenant,
            "url": "https://shop.example/hook",
            "events": ["erased"],
            "secret": b"",
            "state": "active",
        }
        conn.execute(sa.insert(endpoints).values(**row_, created=T0))
    (one,) = made(house, tenant, [CANARY])
    erasing.erase_jobs(house, [one], "asked", tenant=tenant)
    with house.database.read() as conn:
        (body,) = conn.execute(sa.select(outbox.c.body)).scalars()
    assert one in body and CANARY not in body


def test_with_another_master_key_nothing_opens(shop: tuple[House, str], tmp_path: pathlib.Path) -> None:
    house, tenant = shop
    (one,) = made(house, tenant, ["Anna"])
    other, _ = house_in(tmp_path / "other")
    with pytest.raises(Unreadable):
        other.vault.unwrap(row(house, tenant, one)["wrapped"], one)
    with pytest.raises(Unreadable):
        house.vault.unwrap(row(house, tenant, one)["wrapped"], "0" * 32)


def uploaded(house: House, tenant: str) -> tuple[str, bytes]:
    """An upload as the API keeps it: its sha256, and its sealed bytes."""
    pack = new_id(T0)
    key, wrapped = house.vault.new_key(pack)
    sealed = seal(key, CANARY.encode())
    house.packs.put(pack, [sealed])
    told = {"tenant": tenant, "sha256": "a" * 64, "kind": "scan", "unit": "mm", "bytes": 9, "wrapped": wrapped, "pack": pack}
    with house.database.write() as conn:
        uploads.add(conn, {**told, "side": None, "created": T0, "expires": T0 + DAY})
    return "a" * 64, sealed


def test_an_erased_upload_is_nowhere_and_another_tenant_erases_none(shop: tuple[House, str]) -> None:
    house, tenant = shop
    sha256, sealed = uploaded(house, tenant)
    assert holds(house.folder, sealed)
    assert not erasing.erase_upload(house, "0" * 32, sha256, T0) and holds(house.folder, sealed)
    assert erasing.erase_upload(house, tenant, sha256, T0)
    assert holds(house.folder, sealed) == [] and holds(house.folder, sha256.encode()) == []
    assert not erasing.erase_upload(house, tenant, sha256, T0)


def test_an_upload_that_the_journal_names_is_erased_again(shop: tuple[House, str]) -> None:
    """As after a backup was restored, or when the process died after the journal was written."""
    house, tenant = shop
    _, sealed = uploaded(house, tenant)
    with house.database.read() as conn:
        (pack,) = conn.execute(sa.select(uploads_table.c.pack)).scalars()
    Journal(house.folder / ERASURES).write([Entry(pack, T0, "upload")])
    assert erasing.erase_again(house) == 1 and erasing.erase_again(house) == 0
    assert holds(house.folder, sealed) == [] and list(house.packs.names()) == []


def test_a_campaign_that_the_journal_names_loses_its_name_and_is_erased_by_who_sweeps(shop: tuple[House, str]) -> None:
    house, tenant = shop
    with house.database.write() as conn:
        one = campaigns.begin(conn, tenant, "phone-case", None, "3mf", f"gifts for {CANARY}", T0)
        assert campaigns.open_(conn, one, T0)
    house.database.settle_down()
    assert holds(house.folder, CANARY.encode())
    erasing.note_campaign(house, one, T0)
    assert erasing.erase_again(house) == 1 and erasing.erase_again(house) == 0
    assert holds(house.folder, CANARY.encode()) == []
    with house.database.read() as conn:
        found = campaigns.find(conn, tenant, one)
    assert found is not None and (found["state"], found["name"]) == ("erasing", None)
    while sweep(house, T0):
        pass
    with house.database.read() as conn:
        found = campaigns.find(conn, tenant, one)
    assert found is not None and found["state"] == "erased"
