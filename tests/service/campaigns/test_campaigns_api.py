"""Campaigns over HTTP: taken whole or not at all, followed, paused, cancelled, erased."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.app import create
from service.campaigns import receiving
from service.campaigns.sweeping import sweep
from service.clock import now
from service.house import House, open_house
from service.store import campaigns, ends, keys, queue, tallies
from service.store.queue import Ended

NAMES = ("Zoé", "Łukasz", "Bo")


@pytest.fixture
def house(tmp_path: pathlib.Path) -> Iterator[House]:
    found = open_house(tmp_path)
    yield found
    found.database.close()


@pytest.fixture
def client(house: House) -> TestClient:
    return TestClient(create(house), headers={"Authorization": f"Bearer {shop(house, 'shop')}"})


def shop(house: House, name: str, **more: Any) -> str:
    with house.database.write() as conn:
        tenant = keys.new_tenant(conn, name, now(), **more)
        return keys.new_key(conn, tenant, "k", ["owner"], now())[1]


def post(client: TestClient, rows: list[Any], key: str | None = None, **query: str) -> Any:
    body = b"".join((row if isinstance(row, bytes) else json.dumps(row).encode()) + b"\n" for row in rows)
    headers = {"Content-Type": "application/x-ndjson", **({"Idempotency-Key": key} if key else {})}
    return client.post("/v1/campaigns", params={"template": "phone-case", **query}, content=body, headers=headers)


def names(*given: str) -> list[Any]:
    return [{"parameters": {"name": name}} for name in given]


def jobs_of(client: TestClient, **query: str) -> list[Any]:
    return list(client.get("/v1/jobs", params=query).json()["items"])


def nothing_is_left(house: House) -> None:
    while sweep(house, now()):
        pass
    with house.database.read() as conn:
        assert tallies.wrong(conn) == []
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM jobs").scalar_one() == 0
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM campaigns").scalar_one() == 0
        assert queue.heads(conn) == []


def end_all(house: House) -> int:
    """What a dispatcher does, without lanes: every unit that may be claimed is claimed and done."""
    made = 0
    while True:
        with house.database.write() as conn:
            heads = queue.heads(conn)
            if not heads:
                return made
            rows = queue.claim(conn, heads[0], 16, now())
            ended = [Ended(row["id"], row["attempt"], "done", "printable", production={"serials": ["s"]}) for row in rows]
            settled = queue.settle(conn, ended, now())
            ends.follow(conn, settled.ended, now())
            made += len(settled.ended)


def test_every_row_becomes_a_job(client: TestClient, house: House) -> None:
    told = post(client, names(*NAMES), name="spring", formats="3mf")
    assert told.status_code == 202, told.text
    body = told.json()
    assert told.headers["location"] == f"/v1/campaigns/{body['id']}"
    assert (body["state"], body["rows"], body["counts"], body["name"]) == ("running", 3, {"queued": 3}, "spring")
    assert [json.loads(line)["line"] for line in client.get(body["manifest"]).text.splitlines()] == [1, 2, 3]
    assert {job["campaign"] for job in jobs_of(client, campaign=body["id"])} == {body["id"]}
    assert end_all(house) == 3
    after = client.get(told.headers["location"]).json()
    assert (after["state"], after["counts"]) == ("done", {"done": 3}) and after["finished"]
    lines = [json.loads(line) for line in client.get(body["manifest"]).text.splitlines()]
    assert [(line["state"], line["verdict"], line["serials"]) for line in lines] == [("done", "printable", ["s"])] * 3
    with house.database.read() as conn:
        assert tallies.wrong(conn) == []


def test_a_csv_as_a_shop_exports_it(client: TestClient) -> None:
    body = 'name;wall;reference\r\nZoé;2;a-1\r\n\r\n"Bo";;a-2\r\n'.encode("utf-8-sig")
    told = client.post("/v1/campaigns?template=phone-case", content=body, headers={"Content-Type": "text/csv; charset=utf-8"})
    assert told.status_code == 202, told.text
    assert [json.loads(line)["line"] for line in client.get(told.json()["manifest"]).text.splitlines()] == [2, 4]


def test_every_problem_of_every_bad_row_is_named(client: TestClient, house: House) -> None:
    bad = {"parameters": {"name": "x" * 99, "wal": 2, "wall": 99}, "quantity": 0, "colour": "red", "process": "mjf-pa13"}
    told = post(client, [*names("Zoé"), bad, b"{", {"template": "insole"}, *names("Bo")])
    assert told.status_code == 422
    body = told.json()
    assert body["detail"] == "3 of 5 lines cannot be taken"
    found = [(p["line"], p.get("field")) for p in body["problems"]]
    fields = {"parameters.name", "parameters.wal", "parameters.wall", "quantity", "colour", "process"}
    assert {field for line, field in found if line == 2} == fields
    assert [field for line, field in found if line > 2] == ["order", "template"]
    assert jobs_of(client) == [] and client.get("/v1/campaigns").json()["items"] == []
    nothing_is_left(house)


def test_a_row_is_judged_as_the_order_alone(client: TestClient) -> None:
    """What a campaign says of a row is what POST /v1/jobs says of it."""
    for wrong in ({"parameters": {"wall": 99}}, {"parameters": {"name": "a\u202eb"}}, {"quantity": True}, {"due": "soon"}):
        alone = client.post("/v1/jobs", json={"template": "phone-case", **wrong}).json()
        (here,) = post(client, [wrong]).json()["problems"]
        assert (here["field"], here["detail"]) == (alone["field"], alone["detail"])


def test_bad_rows_beyond_the_cap_are_counted(client: TestClient) -> None:
    told = post(client, [{"parameters": {"wall": 99}}] * 250 + names("Zoé")).json()
    assert told["detail"] == "250 of 251 lines cannot be taken; 100 of them are named here"
    assert [p["line"] for p in told["problems"]] == list(range(1, 101))


@pytest.mark.parametrize(
    ("body", "line", "detail"),
    [
        (b'name\nZoe\n"Bo\n' + b"x\n" * 3, 3, "is no CSV"),
        (b"name,wall\nZoe\n", 2, "number of columns"),
        (b"nam\nZoe\n", 1, "nearest allowed 'name'"),
        (b"name,name\nZoe,Bo\n", 1, "stands twice"),
        (b"name\nZo\xff\n", 2, "is no UTF-8"),
        (b"\n", 1, "no first line"),
        (b"name\n", 1, "has no row"),
        (b"measurements.left [mm]\n1\n", 1, "is not known to phone-case"),
        (b"name,wall [mm]\nZoe,two\n", 2, "must be a number"),
        (b"name\n" + b"x" * 70_000 + b"\n", 2, "is too large"),
    ],
)
def test_what_is_wrong_with_a_csv(client: TestClient, body: bytes, line: int, detail: str) -> None:
    told = client.post("/v1/campaigns?template=phone-case", content=body, headers={"Content-Type": "text/csv"})
    assert told.status_code == 422, told.text
    assert told.json()["problems"][0]["line"] == line
    assert detail in told.json()["problems"][0]["detail"]


def test_a_line_that_is_too_long_is_let_go_as_it_comes(client: TestClient) -> None:
    told = post(client, [b"x" * 1_000_000, *names("Zoé"), {"parameters": {"wall": 99}}]).json()
    assert [(p["line"], p["field"]) for p in told["problems"]] == [(1, "order"), (3, "parameters.wall")]


def test_too_many_rows(client: TestClient, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    small = TestClient(create(house), headers={"Authorization": f"Bearer {shop(house, 'small', max_ready=2)}"})
    assert post(small, names(*NAMES)).status_code == 429
    assert post(small, names("Zoé", "Bo")).status_code == 202
    monkeypatch.setattr(receiving, "MAX_ROWS", 2)
    assert post(client, names(*NAMES)).status_code == 413
    assert post(client, names("Zoé", "Bo")).status_code == 202


@pytest.mark.parametrize(
    ("query", "status"),
    [({"template": "phone-cas"}, 422), ({"process": "none"}, 422), ({"formats": "gcode"}, 422), ({"formats": ","}, 422)],
)
def test_what_is_asked_for_all_is_checked_first(client: TestClient, query: dict[str, str], status: int) -> None:
    assert post(client, names("Zoé"), **query).status_code == status


def test_other_kinds_of_bodies(client: TestClient) -> None:
    url = "/v1/campaigns?template=phone-case"
    assert client.post(url, content=b"{}", headers={"Content-Type": "application/json"}).status_code == 415


def test_the_same_request_again_is_the_same_campaign(client: TestClient) -> None:
    first = post(client, names(*NAMES), key="k1").json()
    assert post(client, names(*NAMES), key="k1").json()["id"] == first["id"]
    assert post(client, names("Bo"), key="k1").status_code == 409
    assert post(client, names(*NAMES), key="k1", formats="3mf").status_code == 409
    assert post(client, names(*NAMES), key="k2").json()["id"] != first["id"]


def test_nothing_is_seen_or_claimed_before_the_last_row(
    client: TestClient, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(campaigns, "BATCH", 2)
    seen: list[Any] = []
    keep = receiving.Receiving._keep

    def look(self: receiving.Receiving, campaign: str, made: Any) -> None:
        keep(self, campaign, made)
        with house.database.read() as conn:
            rows = conn.exec_driver_sql("SELECT id FROM jobs").scalars().all()
            seen.append((len(rows), queue.heads(conn)))
        seen.append((jobs_of(client), client.get(f"/v1/jobs/{rows[0]}").status_code))
        seen.append(client.get(f"/v1/campaigns/{campaign}").status_code)

    monkeypatch.setattr(receiving.Receiving, "_keep", look)
    assert post(client, names("a", "b", "c", "d", "e")).status_code == 202
    assert seen == [(2, []), ([], 404), 404, (4, []), ([], 404), 404, (5, []), ([], 404), 404]


def test_a_dead_upload_is_swept_away(client: TestClient, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a kill: rows are there, and nobody goes on."""
    monkeypatch.setattr(campaigns, "drop", lambda conn, campaign: False)
    monkeypatch.setattr(campaigns, "open_", lambda conn, campaign, at: False)
    assert post(client, names(*NAMES)).status_code == 408
    sweep(house, now())
    with house.database.read() as conn:
        assert conn.exec_driver_sql("SELECT COUNT(*) FROM jobs").scalar_one() == 3  # it may yet go on
        assert tallies.wrong(conn) == []
    while sweep(house, now() + receiving.DEAD_MS + 1):
        pass
    nothing_is_left(house)


def test_pause_and_resume(client: TestClient, house: House) -> None:
    where = post(client, names(*NAMES)).headers["location"]
    assert client.post(f"{where}:pause").json()["state"] == "paused"
    assert end_all(house) == 0
    assert client.post(f"{where}:pause").status_code == 200
    assert client.post(f"{where}:resume").json()["state"] == "running"
    assert end_all(house) == 3
    assert client.post(f"{where}:pause").status_code == 409


def test_cancel_in_small_steps(client: TestClient, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaigns, "BATCH", 2)
    where = post(client, names("a", "b", "c", "d", "e")).headers["location"]
    with house.database.write() as conn:
        (running,) = queue.claim(conn, queue.heads(conn)[0], 1, now())
    told = client.post(f"{where}:cancel").json()
    assert told["state"] == "cancelled" and told["counts"] == {"cancelled": 1, "queued": 4}
    assert end_all(house) == 0
    steps = 0
    while sweep(house, now()):
        steps += 1
    assert steps == 3  # two and two, and its end
    told = client.get(where).json()
    assert told["counts"] == {"cancelled": 5} and told["finished"]
    assert client.post(f"{where}:resume").status_code == 409
    with house.database.write() as conn:
        late = queue.settle(conn, [Ended(running["id"], running["attempt"], "done", "printable")], now())
        assert (late.ended, late.late) == ([], 1)
        assert tallies.wrong(conn) == []


def test_erase(client: TestClient, house: House) -> None:
    where = post(client, names(*NAMES), name="private").headers["location"]
    assert client.delete(where).json()["state"] == "erasing"
    while sweep(house, now()):
        pass
    told = client.get(where).json()
    assert (told["state"], told["counts"], told["name"]) == ("erased", {"erased": 3}, None)
    assert client.delete(where).status_code == 202
    with house.database.read() as conn:
        assert (
            conn.exec_driver_sql("SELECT COUNT(*) FROM jobs WHERE sealed IS NOT NULL OR wrapped IS NOT NULL").scalar_one() == 0
        )
        assert tallies.wrong(conn) == []


def test_another_shop_sees_nothing(client: TestClient, house: House) -> None:
    where = post(client, names("Zoé")).headers["location"]
    other = TestClient(create(house), headers={"Authorization": f"Bearer {shop(house, 'other')}"})
    for method, path in (
        ("GET", where), ("GET", f"{where}/manifest"), ("POST", f"{where}:pause"), ("POST", f"{where}:resume"),
        ("POST", f"{where}:cancel"), ("DELETE", where),
    ):  # fmt: skip
        assert other.request(method, path).status_code == 404
    assert other.get("/v1/campaigns").json()["items"] == []


def test_pages_of_campaigns(client: TestClient) -> None:
    made = [post(client, names("Zoé")).json()["id"] for _ in range(3)]
    first = client.get("/v1/campaigns?limit=2").json()
    second = client.get(f"/v1/campaigns?limit=2&cursor={first['next']}").json()
    assert [c["id"] for c in first["items"] + second["items"]] == sorted(made, reverse=True)
    assert second["next"] is None


def test_pace() -> None:
    row = {"state": "running", "pace": [[0, 0], [10_000, 50]]}
    assert campaigns.pace_of(row, 100, 20_000) == 5.0
    assert campaigns.pace_of({**row, "state": "paused"}, 100, 20_000) is None
    assert campaigns.pace_of(row, 0, 20_000) is None
