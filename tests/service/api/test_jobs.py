"""Jobs over HTTP: posted once, followed by ETag, listed by cursors, cancelled; bad orders in the words of the command line."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from engine.errors import OrderError
from engine.language.orders import accept, parse_order
from engine.language.shelf import find
from service.intake import no_paths
from service.store import keys, queue, tallies
from service.store.schema import tenants

ORDER = {"template": "phone-case", "parameters": {"name": "Zoé"}}


def counters_are_right(shop: Any) -> None:
    with shop.house.database.read() as conn:
        assert tallies.wrong(conn) == []


def test_a_job_is_taken_and_told(shop: Any) -> None:
    answer = shop.ask("POST", "/v1/jobs", "orders", json={**ORDER, "quantity": 3, "priority": 5, "due": "2027-01-15"})
    told = answer.json()
    assert answer.status_code == 202 and answer.headers["location"] == f"/v1/jobs/{told['id']}"
    assert (told["state"], told["quantity"], told["priority"], told["due"]) == ("queued", 3, 5, "2027-01-15")
    read = shop.ask("GET", answer.headers["location"])
    assert read.json() == told and read.headers["etag"] == answer.headers["etag"]
    assert "Zo" not in answer.text
    counters_are_right(shop)


def test_what_ended_tells_its_files_and_why(shop: Any) -> None:
    one, two = shop.order()["id"], shop.order()["id"]
    shop.finish(one)
    shop.finish(two, files={}, state="failed", verdict=None, reason="order", told=b"parameters.name: too long", serials=[])
    done = shop.ask("GET", f"/v1/jobs/{one}").json()
    assert [f["name"] for f in done["files"]] == ["model.3mf", "record.json", "report.json"] and done["finished"]
    failed = shop.ask("GET", f"/v1/jobs/{two}").json()
    assert (failed["state"], failed["reason"], failed["detail"]) == ("failed", "order", "parameters.name: too long")
    assert shop.ask("GET", "/v1/jobs").json()["items"][0]["detail"] is None  # a list opens nothing
    counters_are_right(shop)


# ---- Idempotency-Key ---------------------------------------------------------------------------------------------------


def test_the_same_request_makes_one_job(shop: Any) -> None:
    named = {"Idempotency-Key": "order-1001/2"}
    first = shop.ask("POST", "/v1/jobs", json=ORDER, headers=named)
    again = shop.ask("POST", "/v1/jobs", json=ORDER, headers=named)
    assert first.json()["id"] == again.json()["id"] and again.status_code == 202
    assert "idempotency-replayed" not in first.headers and again.headers["idempotency-replayed"] == "true"
    assert len(shop.ask("GET", "/v1/jobs").json()["items"]) == 1
    counters_are_right(shop)


@pytest.mark.parametrize("other", [{"json": {"template": "phone-case"}}, {"json": ORDER, "params": {"formats": "stl"}}])
def test_the_same_key_for_another_order_is_refused(shop: Any, other: dict[str, Any]) -> None:
    named = {"Idempotency-Key": "a"}
    assert shop.ask("POST", "/v1/jobs", json=ORDER, headers=named).status_code == 202
    answer = shop.ask("POST", "/v1/jobs", headers=named, **other)
    assert answer.status_code == 409 and answer.json()["status"] == 409
    assert len(shop.ask("GET", "/v1/jobs").json()["items"]) == 1


def test_keys_of_two_tenants_and_no_key_at_all_never_meet(shop: Any) -> None:
    named = {"Idempotency-Key": "a"}
    answers = [shop.ask("POST", "/v1/jobs", kind, json=ORDER, headers=named).json()["id"] for kind in ("owner", "other")]
    answers += [shop.order()["id"], shop.order()["id"]]
    assert len(set(answers)) == 4


def test_many_at_once_make_one(shop: Any) -> None:
    """Also in one transaction of the writer."""
    with ThreadPoolExecutor(8) as pool:
        calls = [pool.submit(shop.order, headers={"Idempotency-Key": f"k{n % 4}"}) for n in range(32)]
    assert len({call.result()["id"] for call in calls}) == 4
    assert len(shop.ask("GET", "/v1/jobs").json()["items"]) == 4
    counters_are_right(shop)


def test_a_key_that_was_forgotten_is_free(shop: Any) -> None:
    from service.store.posting import forget

    named = {"Idempotency-Key": "a"}
    first = shop.order(headers=named)["id"]
    with shop.house.database.write() as conn:
        assert forget(conn, shop.clock[0]) == 0
        assert forget(conn, shop.clock[0] + 1) == 1
    assert shop.order(headers=named)["id"] != first


# ---- back-pressure -----------------------------------------------------------------------------------------------------


def test_no_more_than_may_wait(shop: Any) -> None:
    with shop.house.database.write() as conn:
        conn.execute(tenants.update().where(tenants.c.id == shop.tenant).values(max_ready=2))
    first = [shop.order(headers={"Idempotency-Key": str(n)})["id"] for n in range(2)]
    full = shop.ask("POST", "/v1/jobs", json=ORDER)
    assert full.status_code == 429 and int(full.headers["retry-after"]) > 0
    assert shop.ask("POST", "/v1/jobs", json=ORDER, headers={"Idempotency-Key": "0"}).json()["id"] == first[0]
    assert shop.ask("POST", "/v1/jobs", "other", json=ORDER).status_code == 202
    assert shop.ask("POST", f"/v1/jobs/{first[0]}:cancel").json()["state"] == "cancelled"
    assert shop.ask("POST", "/v1/jobs", json=ORDER).status_code == 202
    assert shop.ask("POST", "/v1/jobs", json=ORDER).status_code == 429
    counters_are_right(shop)


# ---- orders that cannot be taken ---------------------------------------------------------------------------------------

BAD = [
    b"",
    b"{",
    b"[]",
    b'"x"',
    b'{"template": "phone-case", "template": "x"}',
    b"\xff\xfe{",
    b'{"template": "phone-cas"}',
    b'{"template": "phone-case", "parameters": {"wal": 2}}',
    b'{"template": "phone-case", "parameters": {"wall": 99}}',
    b'{"template": "phone-case", "parameters": {"name": "\\ud800"}}',
    b'{"template": "phone-case", "quantity": 0}',
    b'{"template": "phone-case", "measurements": {"width": {"value": 1, "unit": null}}}',
    b'{"template": "phone-case", "due": "tomorrow"}',
    b'{"template": "phone-case", "reference": "a\\r\\nSet-Cookie: x"}',
    b'{"template": "phone-case", "process": "../../etc/passwd"}',
    b'{"template": "phone-case", "inputs": {"scan": {"file": "/etc/passwd", "unit": "mm"}}}',
]


@pytest.mark.parametrize("body", BAD)
def test_bad_orders_are_told_as_the_command_line_tells_them(shop: Any, body: bytes) -> None:
    answer = shop.ask("POST", "/v1/jobs", content=body, headers={"Content-Type": "application/json"})
    told = answer.json()
    assert answer.status_code == 422 and answer.headers["content-type"] == "application/problem+json"
    try:
        order = parse_order(body)
        no_paths(order)
        accept(order, find(order.template))
    except OrderError as error:
        assert told["detail"] == error.for_sender().encode("utf-8", "backslashreplace").decode()
        assert told["field"] == error.field and (error.nearest is None or told["nearest"] == str(error.nearest))
    assert shop.ask("GET", "/v1/jobs").json()["items"] == []


def test_formats(shop: Any) -> None:
    told = shop.ask("POST", "/v1/jobs", json=ORDER, params={"formats": "3mf,exe"})
    assert told.status_code == 422 and told.json()["value"] == "exe" and "3mf" in told.json()["limit"]
    assert shop.ask("POST", "/v1/jobs", json=ORDER, params={"formats": ""}).status_code == 422
    many = shop.order(params={"formats": ",".join(["3mf", " stl"] * 20)})["id"]
    with shop.house.database.read() as conn:
        from service.store import jobs

        assert jobs.find(conn, shop.tenant, many)["formats"] == "3mf,stl"


# ---- ETags -------------------------------------------------------------------------------------------------------------


def test_nothing_new_is_304(shop: Any) -> None:
    job = shop.order()["id"]
    tag = shop.ask("GET", f"/v1/jobs/{job}").headers["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        same = shop.ask("GET", f"/v1/jobs/{job}", headers={"If-None-Match": known})
        assert same.status_code == 304 and same.content == b"" and same.headers["etag"] == tag
    assert shop.ask("GET", f"/v1/jobs/{job}", headers={"If-None-Match": '"x"'}).status_code == 200
    shop.finish(job)
    assert shop.ask("GET", f"/v1/jobs/{job}", headers={"If-None-Match": tag}).status_code == 200


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/jobs/{}:cancel"), ("DELETE", "/v1/jobs/{}")])
def test_what_has_changed_is_left_alone(shop: Any, method: str, path: str) -> None:
    job = shop.order()["id"]
    old = shop.ask("GET", f"/v1/jobs/{job}").headers["etag"]
    with shop.house.database.write() as conn:
        queue.claim(conn, queue.heads(conn)[0], 1, shop.clock[0])
    answer = shop.ask(method, path.format(job), headers={"If-Match": old})
    assert answer.status_code == 412 and answer.headers["etag"] != old
    assert shop.ask("GET", f"/v1/jobs/{job}").json()["state"] == "running"
    assert shop.ask(method, path.format(job), headers={"If-Match": answer.headers["etag"]}).status_code == 200
    counters_are_right(shop)


def test_cancelling_twice_or_late_changes_nothing(shop: Any) -> None:
    job, done = shop.order()["id"], shop.order()["id"]
    shop.finish(done)
    first = shop.ask("POST", f"/v1/jobs/{job}:cancel")
    again = shop.ask("POST", f"/v1/jobs/{job}:cancel")
    assert first.json() == again.json() and first.json()["state"] == "cancelled"
    assert shop.ask("POST", f"/v1/jobs/{done}:cancel").json()["state"] == "done"
    counters_are_right(shop)


# ---- lists -------------------------------------------------------------------------------------------------------------


def test_pages_have_each_job_once_while_more_come(shop: Any) -> None:
    made = []
    for _ in range(7):
        shop.clock[0] += 1
        made.append(shop.order()["id"])
    seen, cursor = [], None
    while True:
        page = shop.ask("GET", "/v1/jobs", params={"limit": 3, **({"cursor": cursor} if cursor else {})}).json()
        seen += [one["id"] for one in page["items"]]
        shop.clock[0] += 1
        shop.order()  # newer than all that were listed: on no page
        cursor = page["next"]
        if cursor is None:
            break
    assert seen == made[::-1]
    exact = shop.ask("GET", "/v1/jobs", params={"limit": 10}).json()
    assert len(exact["items"]) == 10 and exact["next"] is None


def test_filters(shop: Any) -> None:
    one = shop.order(order={**ORDER, "reference": "1001/2"})["id"]
    two = shop.order(order={**ORDER, "reference": "1001/3"})["id"]
    shop.finish(two)

    def found(**params: str) -> list[str]:
        return [job["id"] for job in shop.ask("GET", "/v1/jobs", params=params).json()["items"]]

    assert found(reference="1001/2") == [one] and found(reference="nothing") == []
    assert found(state="done") == [two] and found(state="queued") == [one] and found(template="x") == []
    assert found(state="done", reference="1001/2") == [] and found(campaign="0" * 32) == []
    assert [j["id"] for j in shop.ask("GET", "/v1/jobs", "other", params={"reference": "1001/2"}).json()["items"]] == []


@pytest.mark.parametrize(
    "params", [{"limit": "0"}, {"limit": "201"}, {"limit": "x"}, {"cursor": "'; drop table jobs"}, {"state": "asleep"}]
)
def test_lists_that_cannot_be_asked(shop: Any, params: dict[str, str]) -> None:
    answer = shop.ask("GET", "/v1/jobs", params=params)
    assert answer.status_code == 422 and answer.json()["field"] == f"query.{next(iter(params))}"
    assert next(iter(params.values())) not in json.dumps(answer.json()["problems"][0]).replace("200", "").replace(
        "1", ""
    ) or params[next(iter(params))] in ("0", "x")


def test_a_refused_word_is_named(shop: Any) -> None:
    assert shop.ask("PUT", "/v1/refused-words", json={"words": ["Rude Word"]}).status_code == 200
    answer = shop.ask("POST", "/v1/jobs", json={**ORDER, "parameters": {"name": "a RUDE  wörd".replace("  ", " ")}})
    assert answer.status_code == 422
    assert (answer.json()["limit"], answer.json()["rule"]) == ("Rude Word", "refused-words")
    assert shop.ask("POST", "/v1/quotes", json={**ORDER, "parameters": {"name": "rude word"}}).status_code == 422
    assert shop.ask("POST", "/v1/jobs", json={**ORDER, "parameters": {"name": "rude wordy"}}).status_code == 202
    assert shop.ask("POST", "/v1/jobs", "other", json={**ORDER, "parameters": {"name": "rude word"}}).status_code == 202
    assert shop.ask("PUT", "/v1/refused-words", json={"words": []}).status_code == 200
    assert shop.ask("POST", "/v1/jobs", json={**ORDER, "parameters": {"name": "rude word"}}).status_code == 202


def test_inputs_must_be_uploads_of_the_same_tenant(shop: Any) -> None:
    """No template of ours takes a file yet: what the route asks is asked here."""
    from engine.model.order import InputFile
    from service import intake
    from service.store import uploads

    row = {"sha256": "ab" * 32, "unit": "mm", "side": "left"}
    told = InputFile("ab" * 32, "mm", "left")
    intake.check_uploads({"scan": told}, {row["sha256"]: row})
    for wrong, field in (
        (replace(told, sha256="cd" * 32), "inputs.scan.sha256"),
        (replace(told, unit="m"), "inputs.scan.unit"),
        (replace(told, side=None), "inputs.scan.side"),
    ):
        with pytest.raises(OrderError) as raised:
            intake.check_uploads({"scan": wrong}, {row["sha256"]: row})
        assert raised.value.field == field and "ab" not in str(raised.value)
    sent = {"params": {"kind": "scan", "unit": "mm"}, "content": b"x", "headers": {"Content-Type": "application/octet-stream"}}
    sha = shop.ask("POST", "/v1/uploads", **sent).json()["sha256"]
    with shop.house.database.read() as conn:
        assert set(uploads.known(conn, shop.tenant, [sha, "0" * 64])) == {sha}
        (other,) = {row["tenant"] for row in keys.listed(conn)} - {shop.tenant}
        assert uploads.known(conn, other, [sha]) == {}
