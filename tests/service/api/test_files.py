"""Files, whole and in part, with their checksums; report and record; and what erasing leaves."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from service.api.files import part_of
from service.api.problems import Problem
from service.store import jobs, tallies
from service.store.queue import heads

MODEL = b"PK" + bytes(range(256)) * 4


def digest(data: bytes) -> str:
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


@pytest.fixture
def made(shop: Any) -> str:
    job = shop.order()["id"]
    shop.finish(job)
    return str(job)


def test_a_whole_file(shop: Any, made: str) -> None:
    told = shop.ask("GET", f"/v1/jobs/{made}/files/model.3mf")
    assert told.content == MODEL and told.headers["content-type"] == "model/3mf"
    assert told.headers["content-digest"] == told.headers["repr-digest"] == digest(MODEL)
    assert told.headers["etag"] == f'"{hashlib.sha256(MODEL).hexdigest()}"'
    assert told.headers["content-disposition"] == 'attachment; filename="model.3mf"'
    same = shop.ask("GET", f"/v1/jobs/{made}/files/model.3mf", headers={"If-None-Match": told.headers["etag"]})
    assert same.status_code == 304 and not same.content


@pytest.mark.parametrize(
    ("asked", "first", "last"),
    [("bytes=0-9", 0, 9), ("bytes=1000-", 1000, 1025), ("bytes=-6", 1020, 1025), ("bytes=5-99999", 5, 1025)],
)
def test_a_part(shop: Any, made: str, asked: str, first: int, last: int) -> None:
    told = shop.ask("GET", f"/v1/jobs/{made}/files/model.3mf", headers={"Range": asked})
    part = MODEL[first : last + 1]
    assert told.status_code == 206 and told.content == part
    assert told.headers["content-range"] == f"bytes {first}-{last}/{len(MODEL)}"
    assert told.headers["content-digest"] == digest(part) and told.headers["repr-digest"] == digest(MODEL)


@pytest.mark.parametrize("asked", ["bytes=1026-", "bytes=99999-100000", "bytes=-0"])
def test_no_such_part(shop: Any, made: str, asked: str) -> None:
    told = shop.ask("GET", f"/v1/jobs/{made}/files/model.3mf", headers={"Range": asked})
    assert told.status_code == 416 and told.headers["content-range"] == f"bytes */{len(MODEL)}"


@pytest.mark.parametrize(
    "asked", ["bytes=0-1,4-5", "bytes=9-3", "lines=0-1", "bytes=a-b", "bytes=-", "bytes=" + "9" * 30 + "-"]
)
def test_what_is_no_range_gives_the_whole(shop: Any, made: str, asked: str) -> None:
    assert shop.ask("GET", f"/v1/jobs/{made}/files/model.3mf", headers={"Range": asked}).content == MODEL


def test_a_part_of_another_file_is_the_whole(shop: Any, made: str) -> None:
    path = f"/v1/jobs/{made}/files/model.3mf"
    tag = shop.ask("GET", path).headers["etag"]
    assert shop.ask("GET", path, headers={"Range": "bytes=0-1", "If-Range": tag}).status_code == 206
    assert shop.ask("GET", path, headers={"Range": "bytes=0-1", "If-Range": '"other"'}).content == MODEL


def test_parts_are_counted_right() -> None:
    for size in (1, 2, 7):
        for first in range(size):
            for last in range(first, size + 2):
                assert part_of(f"bytes={first}-{last}", size) == (first, min(last, size - 1))
        with pytest.raises(Problem):
            part_of(f"bytes={size}-", size)
    with pytest.raises(Problem):
        part_of("bytes=0-", 0)


def test_report_and_record(shop: Any, made: str) -> None:
    assert shop.ask("GET", f"/v1/jobs/{made}/report").json() == {"verdict": "printable"}
    assert shop.ask("GET", f"/v1/jobs/{made}/record").json() == {"order": {}}
    waiting = shop.order()["id"]
    assert shop.ask("GET", f"/v1/jobs/{waiting}/report").status_code == 404


@pytest.mark.parametrize(
    "name",
    [
        "../../unikat.db",
        "..%2f..%2funikat.db",
        "%2e%2e/unikat.db",
        "model.3mf%00",
        "model.3mf%0d%0aX: y",
        "nothing.stl",
        ".hidden",
    ],
)
def test_names_lead_nowhere(shop: Any, made: str, name: str) -> None:
    told = shop.ask("GET", f"/v1/jobs/{made}/files/{name}")
    assert told.status_code in (404, 422) and "x" not in told.headers


def test_a_damaged_pack_is_a_fault_of_ours_and_says_nothing(shop: Any, made: str) -> None:
    with shop.house.database.read() as conn:
        row = jobs.find(conn, shop.tenant, made)
    shop.house.packs.wipe(row["pack"], [(row["files"]["model.3mf"][0] + 20, 4)])
    told = shop.ask("GET", f"/v1/jobs/{made}/files/model.3mf")
    assert told.status_code in (500, 503) and set(told.json()) == {"type", "title", "status"}
    shop.house.packs.remove(row["pack"])
    assert shop.ask("GET", f"/v1/jobs/{made}/files/report.json").status_code in (500, 503)


# ---- erasing -----------------------------------------------------------------------------------------------------------


def everywhere(shop: Any, word: bytes) -> list[str]:
    """The files of the house that hold that word."""
    return [str(p) for p in shop.house.folder.rglob("*") if p.is_file() and word in p.read_bytes()]


def test_erasing_leaves_a_receipt_and_nothing_else(shop: Any) -> None:
    canary = {"template": "phone-case", "parameters": {"name": "Canary"}, "reference": "canary-77", "purpose": "canary-88"}
    job = shop.order(order=canary, headers={"Idempotency-Key": "canary-99"})["id"]
    shop.finish(job, told=b"canary-55")
    with shop.house.database.read() as conn:
        row = jobs.find(conn, shop.tenant, job)
    pack = shop.house.packs.path(row["pack"])
    assert pack.exists()
    key = shop.house.vault.unwrap(row["wrapped"], job)
    told = shop.ask("DELETE", f"/v1/jobs/{job}")
    receipt = told.json()
    assert told.status_code == 200 and receipt["why"] == "asked"
    assert receipt["removed"] == {"order": 1, "files": 3}
    assert not pack.exists() and shop.lane.forgotten == 1
    for word in (b"anary", row["sealed"][:32], row["wrapped"], row["reference"], row["same"], key, row["told"]):
        assert everywhere(shop, bytes(word)) == []
    for path in ("", "/files/model.3mf", "/report", "/record", "/events"):
        assert shop.ask("GET", f"/v1/jobs/{job}{path}").status_code == 410
    assert shop.ask("POST", f"/v1/jobs/{job}:cancel").status_code == 410
    assert shop.ask("GET", f"/v1/erasures/{job}").json() == receipt
    assert shop.ask("DELETE", f"/v1/jobs/{job}").json() == receipt
    (listed,) = shop.ask("GET", "/v1/jobs").json()["items"]
    assert (listed["state"], listed["verdict"]) == ("erased", "printable")
    with shop.house.database.read() as conn:
        assert tallies.wrong(conn) == []
        assert jobs.find(conn, shop.tenant, job)["production"] == row["production"]
        assert [copy["state"] for copy in jobs.copies_of(conn, job)] == ["gone"]


def test_what_waits_or_runs_can_be_erased_too(shop: Any) -> None:
    from service.store import queue

    waiting, running = shop.order()["id"], shop.order()["id"]
    with shop.house.database.write() as conn:
        head = next(h for h in heads(conn))
        (row,) = queue.claim(conn, head, 1, shop.clock[0])
    for job in (waiting, running):
        assert shop.ask("DELETE", f"/v1/jobs/{job}").status_code == 200
    with shop.house.database.write() as conn:
        late = queue.settle(conn, [queue.Ended(row["id"], row["attempt"], "done", files={}, pack="0" * 32)], 1)
        assert (late.ended, late.late) == ([], 1) and heads(conn) == []
        assert tallies.wrong(conn) == []


def test_neighbours_in_the_pack_stay(shop: Any) -> None:
    one, two = shop.order()["id"], shop.order()["id"]
    shop.finish(one)
    shop.finish(two)
    with shop.house.database.write() as conn:  # as one chunk would have written them
        a, b = (jobs.find(conn, shop.tenant, job) for job in (one, two))
        data = shop.house.packs.path(a["pack"]).read_bytes()
        both = data + shop.house.packs.path(b["pack"]).read_bytes()
        shop.house.packs.path(a["pack"]).write_bytes(both)
        moved = {name: [offset + len(data), *rest] for name, (offset, *rest) in b["files"].items()}
        conn.execute(jobs.jobs.update().where(jobs.jobs.c.id == two).values(pack=a["pack"], files=moved))
    assert shop.ask("DELETE", f"/v1/jobs/{one}").status_code == 200
    assert shop.house.packs.path(a["pack"]).read_bytes()[: len(data)] == bytes(len(data))
    assert shop.ask("GET", f"/v1/jobs/{two}/files/model.3mf").content == MODEL
