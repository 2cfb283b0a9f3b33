from __future__ import annotations

import base64
import datetime
import json
import pathlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient
from standardwebhooks import Webhook

from service.api import webhooks as routes
from service.app import create
from service.store import outbox
from service.store.schema import endpoints
from service.store.schema import outbox as messages
from service.webhooks import guard, sender
from service.webhooks.guard import Refused
from service.webhooks.sender import Sender, pause
from tests.service.pickups.shop import T0, finished, keys_in

HOUR = 3_600_000


class Post:
    """The network: what each URL answers, and all that was sent."""

    def __init__(self) -> None:
        self.answers: dict[str, int | Exception | Callable[[], int]] = {}
        self.sent: list[tuple[str, bytes, dict[str, str]]] = []

    def __call__(self, url: str, body: bytes, headers: dict[str, str]) -> int:
        self.sent.append((url, body, headers))
        answer = self.answers.get(url, 200)
        if isinstance(answer, Exception):
            raise answer
        return answer() if callable(answer) else answer


class Office:
    """A tenant with endpoints, and a sender whose clock is set by hand."""

    def __init__(self, folder: pathlib.Path, patch: pytest.MonkeyPatch) -> None:
        self.house, self.keys, self.tenant = keys_in(folder)
        self.now = T0
        self.post = Post()
        self.pool = ThreadPoolExecutor(8)
        self.sender = self.new_sender()
        patch.setattr(routes, "now", lambda: self.now)
        self.client = TestClient(create(self.house))

    def new_sender(self) -> Sender:
        return Sender(self.house, self.post, lambda: self.now)

    def ask(self, method: str, path: str, body: Any = None, who: str = "orders") -> Any:
        return self.client.request(method, path, json=body, headers={"Authorization": f"Bearer {self.keys[who]}"})

    def endpoint(self, url: str, *events: str) -> dict[str, Any]:
        body = {"url": url, **({"events": list(events)} if events else {})}
        answer = self.ask("POST", "/v1/webhooks", body)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    def tell(self, n: int = 1, event: str = "job.ended") -> None:
        with self.house.database.write() as conn:
            for at in range(n):
                outbox.tell(conn, self.tenant, event, {"id": f"{at:032x}", "state": "done"}, self.now)

    def work(self, seconds: float = 2.0) -> None:
        """Until nothing is due."""
        until = time.monotonic() + seconds
        while (self.sender.step(self.pool, 0.05) or self.sender.flying) and time.monotonic() < until:
            pass

    def rows(self) -> list[Any]:
        with self.house.database.read() as conn:
            return list(conn.execute(sa.select(messages).order_by(messages.c.id)).all())


@pytest.fixture
def office(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    made = Office(tmp_path / "house", monkeypatch)
    yield made
    made.pool.shutdown()
    made.house.database.close()


def test_a_message_is_signed_and_sent_once(office: Office) -> None:
    to = office.endpoint("https://shop.example/a", "job.ended")
    office.now = int(time.time() * 1000)
    office.tell()
    office.tell(event="erased")
    office.work()
    ((url, body, headers),) = office.post.sent
    assert url == to["url"] and Webhook(to["secret"]).verify(body, headers)["data"]["state"] == "done"
    assert [(row.state, row.answer, row.tries) for row in office.rows()] == [("sent", "200", 1)]
    wrong = Webhook("whsec_" + base64.b64encode(b"x" * 32).decode())
    with pytest.raises(Exception, match="signature"):
        wrong.verify(body, headers)


@pytest.mark.parametrize(
    ("answer", "kept"),
    [
        (500, "500"),
        (301, "301"),
        (404, "404"),
        (TimeoutError(), "timeout"),
        (ConnectionRefusedError(), "ConnectionRefusedError"),
        (Refused("address"), "refused: address"),
    ],
)
def test_what_is_not_taken_is_tried_again_and_dies_at_last(office: Office, answer: Any, kept: str) -> None:
    office.endpoint("https://shop.example/a")
    office.post.answers["https://shop.example/a"] = answer
    office.tell()
    times = []
    for n in range(1, sender.TRIES + 1):
        office.work()
        (row,) = office.rows()
        assert (row.tries, row.answer) == (n, kept)
        if n < sender.TRIES:
            office.work()
            assert office.rows()[0].tries == n, "not before its time"
            times.append(row.next - office.now)
            office.now = row.next
    assert office.rows()[0].state == "dead"
    office.now += 48 * HOUR
    office.work()
    assert len(office.post.sent) == sender.TRIES
    assert len({(headers["webhook-id"], body) for _, body, headers in office.post.sent}) == 1, "one id, one body"
    assert times == sorted(times) or times[-1] <= sender.LONGEST * 5 // 4
    assert 41 * HOUR < sum(times) < 70 * HOUR, "56 hours, a quarter more or less"


def test_pauses_grow_and_differ_between_messages() -> None:
    for tries in range(1, 12):
        step = min(sender.LONGEST, sender.FIRST * sender.GROWTH ** (tries - 1))
        drawn = [pause(f"{n:032x}", tries) for n in range(200)]
        assert step * 0.75 <= min(drawn) < step * 0.8 and step * 1.2 < max(drawn) <= step * 1.25
        assert drawn == [pause(f"{n:032x}", tries) for n in range(200)]
        assert max(drawn) <= outbox.FARTHEST


def test_gone_disables_the_endpoint_until_its_tenant_says_otherwise(office: Office) -> None:
    to = office.endpoint("https://shop.example/a")
    office.post.answers[to["url"]] = 410
    office.tell(3)
    office.sender.each = 1
    office.work()
    assert len(office.post.sent) == 1 and {row.state for row in office.rows()} == {"dead"}
    assert office.ask("GET", f"/v1/webhooks/{to['id']}").json()["state"] == "disabled"
    office.tell()
    assert len(office.rows()) == 3, "nobody writes to it"
    office.post.answers.clear()
    office.ask("PATCH", f"/v1/webhooks/{to['id']}", {"state": "active"})
    office.ask("POST", f"/v1/webhooks/{to['id']}:replay", {"since": "2020-01-01T00:00:00Z"})
    office.work()
    assert Counter(headers["webhook-id"] for *_, headers in office.post.sent)[office.rows()[0].id] == 2


def test_who_is_slow_keeps_nobody_waiting(office: Office) -> None:
    free = threading.Event()
    slow, quick = office.endpoint("https://slow.example/"), office.endpoint("https://quick.example/")
    office.post.answers[slow["url"]] = lambda: 200 if free.wait(5) else 500
    office.tell(20)
    begun = time.monotonic()
    while sum(url == quick["url"] for url, *_ in office.post.sent) < 20:
        office.sender.step(office.pool, 0.01)
        assert time.monotonic() - begun < 4
    assert sum(url == slow["url"] for url, *_ in office.post.sent) <= sender.EACH
    free.set()
    office.work(5)
    assert {row.state for row in office.rows()} == {"sent"}


def test_who_did_not_answer_last_has_one_under_way(office: Office) -> None:
    to = office.endpoint("https://slow.example/")
    office.post.answers[to["url"]] = 500
    office.tell(8)
    office.sender.step(office.pool, 1.0)
    while office.sender.flying:
        office.sender._settle(1.0)
    assert len(office.post.sent) == sender.EACH
    hold = threading.Event()
    office.post.answers[to["url"]] = lambda: 500 if hold.wait(5) else 0
    for _ in range(5):
        office.sender.step(office.pool, 0.01)
    assert len(office.sender.flying) == 1
    hold.set()
    office.work(0.5)


def test_a_sender_killed_in_the_middle_sends_the_same_again(office: Office) -> None:
    """What was under way when it died waits still: the receiver gets it twice, under one id with one body."""
    office.endpoint("https://shop.example/a")
    office.tell(5)
    office.sender._begin(office.pool)
    while len(office.post.sent) < sender.EACH:
        time.sleep(0.01)
    office.sender = office.new_sender()  # the other settled nothing
    office.work()
    bodies: dict[str, set[bytes]] = {}
    for _, body, headers in office.post.sent:
        bodies.setdefault(headers["webhook-id"], set()).add(body)
    assert len(bodies) == 5 and all(len(different) == 1 for different in bodies.values())
    assert len(office.post.sent) == 5 + sender.EACH
    assert {row.state for row in office.rows()} == {"sent"}


def test_stopping_waits_for_what_is_under_way(office: Office) -> None:
    to = office.endpoint("https://shop.example/a")
    started, stop = threading.Event(), threading.Event()

    def answer() -> int:
        started.set()
        time.sleep(0.3)
        return 200

    office.post.answers[to["url"]] = answer
    office.tell()
    thread = threading.Thread(target=office.sender.run, args=(stop,))
    thread.start()
    assert started.wait(5)
    stop.set()
    thread.join(5)
    assert not thread.is_alive() and [row.state for row in office.rows()] == ["sent"]


def test_a_clock_set_back_delays_nothing_for_ever(office: Office) -> None:
    office.endpoint("https://shop.example/a")
    office.tell()
    office.now -= 400 * 24 * HOUR
    office.work()
    assert [row.state for row in office.rows()] == ["sent"]


def test_both_secrets_sign_while_one_is_being_changed(office: Office) -> None:
    office.now = int(time.time() * 1000)
    to = office.endpoint("https://shop.example/a")
    new = office.ask("POST", f"/v1/webhooks/{to['id']}:rotate", {"overlap": 3600}).json()
    assert new["secret"] != to["secret"] and new["former_until"]
    office.tell()
    office.work()
    _, body, headers = office.post.sent[0]
    for secret in (new["secret"], to["secret"]):
        Webhook(secret).verify(body, headers)
    office.now += HOUR
    office.tell()
    office.work()
    _, body, headers = office.post.sent[1]
    assert len(headers["webhook-signature"].split()) == 1
    when = datetime.datetime.fromtimestamp(office.now // 1000, datetime.UTC)
    assert headers["webhook-signature"] == Webhook(new["secret"]).sign(headers["webhook-id"], when, body.decode())
    again = office.ask("POST", f"/v1/webhooks/{to['id']}:rotate", {"overlap": 0}).json()
    assert again["former_until"] is None


def test_routes_of_an_endpoint(office: Office) -> None:
    to = office.endpoint("https://shop.example/a")
    (told,) = office.ask("GET", "/v1/webhooks").json()["items"]
    assert "secret" not in told and told["id"] == to["id"] and sorted(told["events"]) == sorted(outbox.EVENTS)
    changed = office.ask("PATCH", f"/v1/webhooks/{to['id']}", {"url": "https://shop.example/b", "events": ["erased"]}).json()
    assert (changed["url"], changed["events"]) == ("https://shop.example/b", ["erased"])
    office.tell(3, "erased")
    page = office.ask("GET", f"/v1/webhooks/{to['id']}/messages?limit=2").json()
    rest = office.ask("GET", f"/v1/webhooks/{to['id']}/messages?limit=2&after={page['next']}").json()
    assert len(page["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None
    one = page["items"][0]
    assert one["state"] == "waiting" and json.loads(one["body"])["type"] == "erased"
    office.work()
    answer = office.ask("POST", f"/v1/webhooks/{to['id']}:replay", {"message": one["id"]})
    assert answer.json() == {"messages": 1}
    assert office.ask("GET", f"/v1/webhooks/{to['id']}/messages?state=waiting").json()["items"][0]["id"] == one["id"]
    assert office.ask("POST", f"/v1/webhooks/{to['id']}:replay", {"message": "0" * 32}).status_code == 404
    for body in ({}, {"message": "0" * 32, "since": "2020-01-01T00:00:00Z"}):
        assert office.ask("POST", f"/v1/webhooks/{to['id']}:replay", body).status_code == 422
    span = {"since": "2027-01-15T07:59:59Z", "until": "2027-01-15T08:00:00Z"}
    assert office.ask("POST", f"/v1/webhooks/{to['id']}:replay", span).json() == {"messages": 0}
    assert office.ask("DELETE", f"/v1/webhooks/{to['id']}").status_code == 204
    assert office.rows() == [] and office.ask("GET", f"/v1/webhooks/{to['id']}").status_code == 404


def test_another_tenant_s_endpoint_is_not_there(office: Office) -> None:
    to = office.endpoint("https://shop.example/a")
    office.tell()
    for method, path, body in (
        ("GET", "", None),
        ("PATCH", "", {"state": "disabled"}),
        ("DELETE", "", None),
        ("POST", ":rotate", {}),
        ("POST", ":replay", {"since": "2020-01-01T00:00:00Z"}),
        ("GET", "/messages", None),
    ):
        assert office.ask(method, f"/v1/webhooks/{to['id']}{path}", body, "stranger").status_code == 404, (method, path)
        assert office.ask(method, f"/v1/webhooks/{to['id']}{path}", body, "shop").status_code == 403, (method, path)
    assert office.ask("GET", "/v1/webhooks", who="stranger").json() == {"items": []}


@pytest.mark.parametrize("url", ["http://shop.example/", "https://127.0.0.1/", "https://u:p@shop.example/", "https://[::1]/"])
def test_where_no_webhook_goes(office: Office, monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.delenv(guard.LOCAL, raising=False)
    answer = office.ask("POST", "/v1/webhooks", {"url": url})
    assert answer.status_code == 422 and answer.json()["field"] == "url" and url not in answer.text
    to = office.endpoint("https://shop.example/")
    assert office.ask("PATCH", f"/v1/webhooks/{to['id']}", {"url": url}).status_code == 422


def test_there_is_an_end_to_endpoints(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.store.endpoints.MOST", 2)
    for n in range(2):
        office.endpoint(f"https://shop.example/{n}")
    assert office.ask("POST", "/v1/webhooks", {"url": "https://shop.example/3"}).status_code == 409


def test_a_secret_is_kept_sealed(office: Office) -> None:
    to = office.endpoint("https://shop.example/a")
    plain = base64.b64decode(to["secret"].removeprefix("whsec_"))
    with office.house.database.read() as conn:
        kept = bytes(conn.execute(sa.select(endpoints.c.secret)).scalar_one())
    assert plain not in kept and office.house.vault.unwrap(kept, to["id"]) == plain


def test_a_body_holds_ids_states_and_codes_alone(office: Office) -> None:
    """Neither a value, nor a name, nor the shop's own number, of a job that has all three."""
    office.endpoint("https://shop.example/a")
    finished(office.house, office.tenant)
    ended = {"id": "0" * 32, "tenant": office.tenant, "campaign": None, "line": None, "state": "failed", "verdict": None}
    secrets = {"reference": b"Canary-7", "told": b"Canary-7", "sealed": b"Canary-7", "files": {"Canary-7": []}}
    with office.house.database.write() as conn:
        outbox.announce(conn, [{**ended, "reason": "order", **secrets}], T0)
    (row,) = office.rows()
    assert "Canary" not in row.body
    assert json.loads(row.body)["data"] == {"id": "0" * 32, "state": "failed", "verdict": None, "reason": "order"}


def test_over_the_wire_a_receiver_that_errs_first(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Real sockets: 500, then nothing at all, then a redirect, then 200; it sees one id and one body."""
    monkeypatch.setenv(guard.LOCAL, "1")
    monkeypatch.setattr(guard, "SECONDS", 0.3)
    answers = [
        b"HTTP/1.1 500 No\r\n\r\n",
        b"",
        b"HTTP/1.1 307 Go\r\nLocation: https://evil.example/\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n",
    ]
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        office.sender.send = sender.posted
        office.endpoint(f"http://127.0.0.1:{server.getsockname()[1]}/hook")
        office.tell()
        for n, answer in enumerate(answers, 1):

            def serve(answer: bytes = answer) -> None:
                connection, _ = server.accept()
                with connection:
                    seen.append(connection.recv(65536))
                    connection.sendall(answer)

            receiver = threading.Thread(target=serve)
            receiver.start()
            office.work()
            receiver.join(5)
            (row,) = office.rows()
            assert row.tries == n
            office.now = row.next
    assert row.state == "sent" and len(seen) == 4
    assert len({one.partition(b"\r\n\r\n")[2] for one in seen}) == 1
    assert len({line for one in seen for line in one.split(b"\r\n") if line.startswith(b"webhook-id")}) == 1
