"""Links that open a file without a key: they end with the lease, the piece, the key or the order, and nobody makes one but us."""

from __future__ import annotations

import base64
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from service import erasing
from service.api import links
from service.house import ARTIFACTS
from service.store import keys
from service.store.schema import jobs
from tests.moto import moto
from tests.service.pickups.shop import T0, finished, sliced
from tests.service.pickups.test_api import Desk

BODY = {"title": "This link opens nothing, or no more", "status": 404, "type": "about:blank"}


@pytest.fixture(scope="module")
def bucket() -> Iterator[Any]:
    with moto() as made:
        yield made


@pytest.fixture(params=["folder", "bucket"])
def desk(request: pytest.FixtureRequest, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    """Its files in a folder, or in a bucket."""
    if request.param == "bucket":
        server = request.getfixturevalue("bucket")
        for name, value in server.environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setenv(ARTIFACTS, server.bucket(f"b{abs(hash(request.node.name)) % 10**9}"))
    made = Desk(tmp_path / "house", monkeypatch)
    monkeypatch.setattr(links, "now", lambda: made.now)
    yield made
    made.house.database.close()


def claimed(desk: Desk, **more: Any) -> tuple[str, str, str, Any]:
    """A job, its lease, the link to its only file, and the claim's answer."""
    job, _ = finished(desk.house, desk.seller)
    told = desk.claim(links=True, seconds=100, **more)
    return job, told["lease"], told["units"][0]["files"][0]["link"], told


def opens(desk: Desk, link: str) -> bool:
    """Without any key."""
    answer = desk.client.get(link)
    assert answer.status_code in (200, 429) or answer.json() == BODY, answer.text
    return answer.status_code == 200


def test_who_has_it_gets_the_file_whole_or_in_part(desk: Desk) -> None:
    job, _, link, told = claimed(desk)
    answer = desk.client.get(link)
    assert answer.content == f"model.3mf of {job}".encode() and job not in link
    file = told["units"][0]["files"][0]
    assert answer.headers["etag"] == f'"{file["sha256"]}"' and answer.headers["cache-control"] == "no-store"
    assert answer.headers["content-disposition"] == 'attachment; filename="model.3mf"'
    part = desk.client.get(link, headers={"Range": "bytes=0-4"})
    assert (part.status_code, part.content) == (206, b"model")
    assert desk.ask("GET", f"/v1/pickups/{told['units'][0]['id']}").json()["files"][0]["link"] is None, "they are asked for"


def test_it_ends_when_the_lease_would_and_renewing_gives_a_new_one(desk: Desk) -> None:
    _, lease, link, _ = claimed(desk)
    desk.now += 60_000
    later = desk.say("renew", lease, seconds=100, links=True).json()["units"][0]["files"][0]["link"]
    desk.now = T0 + 99_999
    assert opens(desk, link) and opens(desk, later)
    desk.now = T0 + 100_000
    assert not opens(desk, link) and opens(desk, later)
    desk.now = T0 + 160_000
    assert not opens(desk, later)


@pytest.mark.parametrize("verb", ["ack", "release", "reprint"])
def test_it_ends_with_what_becomes_of_the_piece(desk: Desk, verb: str) -> None:
    _, lease, link, told = claimed(desk)
    more = {"units": [told["units"][0]["id"]], "reason": "warped"} if verb == "reprint" else {}
    assert opens(desk, link)
    assert desk.say(verb, lease, **more).status_code in (200, 204)
    assert not opens(desk, link)
    if verb != "ack":
        assert desk.claim(links=True)["units"]
        assert not opens(desk, link), "another lease has the piece"


def test_it_is_dead_when_the_order_is_erased_and_so_is_the_object(desk: Desk) -> None:
    job, _, link, _ = claimed(desk)
    with desk.house.database.read() as conn:
        pack = conn.execute(sa.select(jobs.c.pack).where(jobs.c.id == job)).scalar_one()
    assert opens(desk, link) and desk.house.packs.there(pack)
    assert erasing.erase_jobs(desk.house, [job], "asked", now=desk.now) == [job]
    assert not opens(desk, link)
    assert not desk.house.packs.there(pack) and list(desk.house.packs.names()) == []


def test_it_ends_with_its_key(desk: Desk) -> None:
    _, _, link, _ = claimed(desk)
    with desk.house.database.write() as conn:
        shop = keys.find(conn, desk.keys["shop"])
        assert shop is not None and keys.revoke(conn, shop.id, desk.now)
    assert not opens(desk, link)


def test_nobody_makes_one_or_changes_one(desk: Desk) -> None:
    _, _, link, told = claimed(desk)
    head, _, token = link.rpartition("/")
    plain = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
    assert opens(desk, f"{head}/{base64.urlsafe_b64encode(plain).decode().rstrip('=')}")
    for at in range(len(plain)):
        changed = bytearray(plain)
        changed[at] ^= 1
        assert not opens(desk, f"{head}/{base64.urlsafe_b64encode(bytes(changed)).decode().rstrip('=')}"), at
    longer = plain[:32] + (T0 + 10**9).to_bytes(8) + plain[40:]
    for name in (b"report.json", b"record.json", b"model.stl"):
        other = base64.urlsafe_b64encode(plain[:56] + name).decode().rstrip("=")
        assert not opens(desk, f"{head}/{other}"), "the lease names it not, nor the mark"
    for wrong in (base64.urlsafe_b64encode(longer).decode(), token[:-3], "x", "%ff", told["units"][0]["id"]):
        assert not opens(desk, f"{head}/{wrong.rstrip('=')}")


def test_who_guesses_is_held_up(desk: Desk) -> None:
    _, _, link, _ = claimed(desk)
    told = {desk.client.get(f"/v1/pickups/links/{'A' * 80}{n}").status_code for n in range(80)}
    assert told == {404, 429}
    assert opens(desk, link), "who has a link is not"


def test_g_code_has_one_too(desk: Desk) -> None:
    job, _ = finished(desk.house, desk.seller)
    sliced(desk.house, job, b"G1 X1")
    told = desk.claim(links=True, formats=["3mf", "gcode"])
    files = {f["name"]: f["link"] for f in told["units"][0]["files"]}
    assert set(files) == {"model.3mf", "model.gcode"}
    assert all(opens(desk, link) for link in files.values())
