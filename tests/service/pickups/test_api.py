from __future__ import annotations

import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from service import erasing
from service.api import pickups as routes
from service.app import create
from service.store import keys
from service.store.schema import copies, jobs, slices
from tests.service.pickups.shop import T0, finished, keys_in, sliced

CLAIM = {"process": "fdm-pla", "formats": ["3mf"], "limit": 10}


class Desk:
    """The API over a house, its keys, and a clock that is set by hand."""

    def __init__(self, folder: pathlib.Path, patch: pytest.MonkeyPatch) -> None:
        self.house, self.keys, self.seller = keys_in(folder)
        self.now = T0
        patch.setattr(routes, "now", lambda: self.now)
        self.app = create(self.house)
        self.client = TestClient(self.app)

    def ask(self, method: str, path: str, body: Any = None, who: str = "shop", **headers: str) -> Any:
        told = {"Authorization": f"Bearer {self.keys[who]}", **headers}
        return self.client.request(method, path, json=body, headers=told)

    def claim(self, who: str = "shop", again: str | None = None, **more: Any) -> Any:
        headers = {} if again is None else {"Idempotency-Key": again}
        answer = self.ask("POST", "/v1/pickups:claim", {**CLAIM, **more}, who, **headers)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def say(self, verb: str, lease: str, who: str = "shop", **more: Any) -> Any:
        return self.ask("POST", f"/v1/pickups:{verb}", {"lease": lease, **more}, who)


@pytest.fixture
def desk(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Desk]:
    made = Desk(tmp_path / "house", monkeypatch)
    yield made
    made.house.database.close()


def test_a_claim_gives_files_serial_and_verdict_and_nothing_else(desk: Desk) -> None:
    job, _ = finished(desk.house, desk.seller)
    told = desk.claim()
    (unit,) = told["units"]
    assert unit["verdict"] == "printable" and unit["copy_number"] == 1 and [f["name"] for f in unit["files"]] == ["model.3mf"]
    assert job not in str(told)
    answer = desk.ask("GET", unit["files"][0]["href"])
    assert answer.content == f"model.3mf of {job}".encode()
    for name in ("model.stl", "record.json", "report.json", "model.gcode"):
        assert desk.ask("GET", f"/v1/pickups/{unit['id']}/files/{name}").status_code == 404, "the lease does not name it"
    assert desk.ask("GET", f"/v1/pickups/{unit['id']}").json()["serial"] == unit["serial"]
    for path in (f"/v1/jobs/{job}", f"/v1/jobs/{job}/files/model.3mf", f"/v1/jobs/{job}/files/record.json"):
        assert desk.ask("GET", path).status_code in (403, 404)


def test_what_another_key_holds_is_not_there(desk: Desk) -> None:
    finished(desk.house, desk.seller)
    told = desk.claim()
    unit = told["units"][0]
    for who in ("rival", "blind"):
        assert desk.ask("GET", unit["files"][0]["href"], who=who).status_code == 404
        assert desk.ask("GET", f"/v1/pickups/{unit['id']}", who=who).status_code == 404
        assert desk.claim(who)["units"] == []
        assert desk.say("ack", told["lease"], who, units=[unit["id"]]).status_code == 409, "a lease is its holder's alone"
    assert desk.ask("GET", unit["files"][0]["href"], who="orders").status_code == 403
    assert desk.claim("blind", process="mjf-pa12")["units"] == []
    assert desk.ask("POST", "/v1/pickups:claim", {**CLAIM, "process": "fdm-tpu"}).status_code == 404, "not granted"
    assert desk.say("ack", told["lease"], units=[unit["id"]]).status_code == 200


def test_a_grant_that_was_taken_back_closes_what_is_held(desk: Desk) -> None:
    finished(desk.house, desk.seller)
    unit = desk.claim()["units"][0]
    with desk.house.database.write() as conn:
        conn.execute(sa.update(keys.keys).where(keys.keys.c.name == "shop").values(sellers=[]))
    desk.app.state.desk.known.clear()  # the key is looked up again after a second
    assert desk.ask("GET", unit["files"][0]["href"]).status_code == 404


def test_a_lease_that_is_over_says_so(desk: Desk) -> None:
    finished(desk.house, desk.seller)
    first = desk.claim(seconds=60)
    unit = first["units"][0]
    desk.now += 60_000
    assert desk.ask("GET", unit["files"][0]["href"]).status_code == 404
    second = desk.claim("rival")
    assert [u["id"] for u in second["units"]] == [unit["id"]]
    for verb in ("ack", "renew", "release"):
        assert desk.say(verb, first["lease"]).status_code == 409
    assert desk.say("reprint", first["lease"], units=[unit["id"]], reason="late").status_code == 409
    assert desk.say("ack", second["lease"], "rival").status_code == 200
    assert desk.say("ack", "nobody's").status_code == 409


def test_renewing_moves_the_end(desk: Desk) -> None:
    finished(desk.house, desk.seller)
    told = desk.claim(seconds=60)
    desk.now += 59_000
    assert desk.say("renew", told["lease"], seconds=60).json()["units"][0]["files"]
    desk.now += 59_000
    assert desk.claim("rival")["units"] == []
    assert desk.say("ack", told["lease"]).status_code == 200


def test_an_answer_that_was_lost_is_asked_again(desk: Desk) -> None:
    finished(desk.house, desk.seller, quantity=3)
    first, again = (desk.claim(again="run 1", limit=2) for _ in range(2))
    assert first == again | {"slicing": first["slicing"]} and len(first["units"]) == 2
    assert len(desk.claim(again="run 2")["units"]) == 1
    assert desk.claim("rival", again="run 1")["units"] == [], "another key's words make another lease"
    done = [u["id"] for u in first["units"]]
    assert desk.say("ack", first["lease"], units=done).status_code == 200
    assert [u["state"] for u in desk.say("ack", first["lease"], units=done).json()["units"]] == ["printed", "printed"]
    assert desk.say("release", first["lease"], units=done).status_code == 409, "what is printed stays so"


def test_a_reprint_is_the_same_bytes_under_the_next_number(desk: Desk) -> None:
    finished(desk.house, desk.seller)
    told = desk.claim()
    unit = told["units"][0]
    desk.say("ack", told["lease"])
    for _ in range(2):
        (new,) = desk.say("reprint", told["lease"], units=[unit["id"]], reason="a layer slipped").json()["units"]
        assert (new["serial"], new["copy_number"], new["state"]) == (unit["serial"], 2, "ready")
    second = desk.claim("rival")
    (piece,) = second["units"]
    assert piece["id"] == new["id"] and piece["files"][0]["sha256"] == unit["files"][0]["sha256"]
    assert desk.ask("GET", piece["files"][0]["href"], who="shop").status_code == 404


def test_an_erased_job_is_gone_from_the_shop_s_hands(desk: Desk) -> None:
    job, _ = finished(desk.house, desk.seller, quantity=2)
    pack = sliced(desk.house, job, b"G1 X1")
    told = desk.claim(limit=1, formats=["3mf", "gcode"])
    unit = told["units"][0]
    assert desk.ask("GET", unit["files"][1]["href"]).content == b"G1 X1"
    assert erasing.erase_jobs(desk.house, [job], "asked") == [job]
    assert desk.ask("GET", unit["files"][0]["href"]).status_code == 410
    assert desk.ask("GET", f"/v1/pickups/{unit['id']}").status_code == 410
    assert desk.say("ack", told["lease"], units=[unit["id"]]).status_code == 410
    assert desk.claim()["units"] == []
    assert pack not in set(desk.house.packs.names()), "its G-code is gone from the disk"
    with desk.house.database.read() as conn:
        assert conn.execute(sa.select(slices)).first() is None


@pytest.mark.parametrize("state", ["cancelled", "refused", "failed", "erased"])
def test_only_what_is_done_is_handed_out(desk: Desk, state: str) -> None:
    job, _ = finished(desk.house, desk.seller)
    with desk.house.database.write() as conn:
        conn.execute(sa.update(jobs).where(jobs.c.id == job).values(state=state))
    assert desk.claim()["units"] == []


def test_what_is_urgent_and_due_comes_first_and_for_its_machine(desk: Desk) -> None:
    finished(desk.house, desk.seller, T0)
    finished(desk.house, desk.seller, T0 + 1, due="2027-01-02")
    finished(desk.house, desk.seller, T0 + 2, due="2027-01-01")
    finished(desk.house, desk.seller, T0 + 3, priority=5)
    told = desk.claim(limit=3)["units"]
    assert [(u["priority"], u["due"]) for u in told] == [(5, None), (0, "2027-01-01"), (0, "2027-01-02")]
    _, (large,) = finished(desk.house, desk.seller, T0 + 4)
    with desk.house.database.write() as conn:
        conn.execute(sa.update(copies).where(copies.c.id == large).values(machine="fdm-300"))
    assert [u["id"] for u in desk.claim(machine="fdm-300")["units"]] == [large]
    assert desk.ask("POST", "/v1/pickups:claim", {**CLAIM, "machine": "mjf-4200"}).status_code == 422


def test_gcode_is_asked_for_and_what_has_it_comes_at_once(desk: Desk) -> None:
    for n in range(3):
        finished(desk.house, desk.seller, T0 + n)
    told = desk.claim(formats=["gcode"])
    assert told["units"] == [] and told["lease"] is None and told["slicing"] == {"waiting": 3, "failed": {}}
    with desk.house.database.read() as conn:
        asked = list(conn.execute(sa.select(slices.c.job, slices.c.state)).all())
    assert len(asked) == 3 and {state for _, state in asked} == {"wanted"}
    first = min(job for job, _ in asked)
    sliced(desk.house, first, b"G1 X1 Y1")
    told = desk.claim(formats=["gcode"])
    assert [f["name"] for u in told["units"] for f in u["files"]] == ["model.gcode"] and told["slicing"]["waiting"] == 2
    assert desk.ask("GET", told["units"][0]["files"][0]["href"]).content == b"G1 X1 Y1"
    assert len(desk.claim(formats=["3mf"])["units"]) == 2, "without G-code nobody waits"
    answer = desk.ask("POST", "/v1/pickups:claim", {**CLAIM, "process": "mjf-pa12", "formats": ["gcode"]})
    assert answer.status_code == 422 and "FDM" in answer.json()["title"]


def test_gcode_in_plates_is_a_file_a_plate(desk: Desk) -> None:
    job, _ = finished(desk.house, desk.seller)
    sliced(desk.house, job, b"G1 X1", b"G1 X2")
    (unit,) = desk.claim(formats=["gcode"])["units"]
    assert [f["name"] for f in unit["files"]] == ["model-plate-1.gcode", "model-plate-2.gcode"]
    assert [desk.ask("GET", f["href"]).content for f in unit["files"]] == [b"G1 X1", b"G1 X2"]


def test_a_format_that_was_not_made_is_not_claimed(desk: Desk) -> None:
    finished(desk.house, desk.seller)
    assert desk.claim(formats=["step"])["units"] == []
    assert desk.claim(formats=["3mf", "stl"])["units"][0]["files"][1]["name"] == "model.stl"


def test_two_jobs_of_the_very_same_order_are_two_pieces(desk: Desk) -> None:
    for n in range(2):
        _, pieces = finished(desk.house, desk.seller, T0 + n)
        with desk.house.database.write() as conn:
            conn.execute(sa.update(copies).where(copies.c.id.in_(pieces)).values(serial="one"))
    assert [u["serial"] for u in desk.claim()["units"]] == ["one", "one"]


def test_a_file_that_the_disk_lost_is_no_answer(desk: Desk) -> None:
    finished(desk.house, desk.seller)
    unit = desk.claim()["units"][0]
    for name in list(desk.house.packs.names()):
        desk.house.packs.remove(name)
    answer = desk.ask("GET", unit["files"][0]["href"])
    assert answer.status_code == 503 and int(answer.headers["retry-after"]) > 0  # it is made again
