"""Events of a job: each state once, from where a follower was, until the job has ended or the process is to."""

from __future__ import annotations

import json
import threading
from typing import Any

import pytest

from service.api import events


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LOOK", 0.02)


def follow(shop: Any, job: str, last: str | None = None) -> list[tuple[int, str]]:
    """(id, state) of all events until the line ends."""
    headers = {} if last is None else {"Last-Event-ID": last}
    answer = shop.ask("GET", f"/v1/jobs/{job}/events", headers=headers)
    assert answer.headers["content-type"].startswith("text/event-stream")
    found, number = [], 0
    for line in answer.text.splitlines():
        if line.startswith("id: "):
            number = int(line[4:])
        if line.startswith("data: "):
            found.append((number, json.loads(line[6:])["state"]))
    return found


def test_from_the_present_to_the_end(shop: Any) -> None:
    job = shop.order()["id"]
    ending = threading.Timer(0.3, shop.finish, (job,))
    ending.start()
    seen = follow(shop, job)
    ending.join()
    assert seen[0] == (1, "queued") and seen[-1] == (3, "done")
    assert shop.app.state.desk.streams == 0


def test_a_follower_goes_on_where_it_was(shop: Any) -> None:
    job = shop.order()["id"]
    shop.finish(job)
    assert follow(shop, job) == follow(shop, job, "1") == [(3, "done")]
    assert follow(shop, job, "3") == []
    for nonsense in ("-1", "x", "1e9", "9" * 15):
        assert follow(shop, job, nonsense) == [(3, "done")]


def test_erasing_ends_it(shop: Any) -> None:
    job = shop.order()["id"]
    ending = threading.Timer(0.3, shop.ask, ("DELETE", f"/v1/jobs/{job}"))
    ending.start()
    assert follow(shop, job)[-1][1] == "erased"
    ending.join()


def test_the_end_of_the_process_ends_it(shop: Any) -> None:
    job = shop.order()["id"]
    ending = threading.Timer(0.3, shop.app.state.desk.closing.set)
    ending.start()
    assert follow(shop, job) == [(1, "queued")]


def test_as_many_as_may_follow(strict: Any) -> None:
    job = strict.order()["id"]
    strict.app.state.desk.streams = 1
    answer = strict.ask("GET", f"/v1/jobs/{job}/events")
    assert answer.status_code == 429 and "retry-after" in answer.headers


def test_an_event_holds_codes_alone(shop: Any) -> None:
    job = shop.order()["id"]
    shop.finish(job, files={}, state="failed", verdict=None, reason="order", told=b"canary", serials=[])
    told = shop.ask("GET", f"/v1/jobs/{job}/events").text
    assert "canary" not in told and '"reason": "order"' in told
