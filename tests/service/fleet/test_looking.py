"""What a scheduler knows of its workers, and what of it is said to who watches."""

from __future__ import annotations

from typing import Any

from service.fleet.looking import lacks

AT = 1_800_000_000_000
S = AT / 1000.0


def one(code: str = "ours", seen: float = S - 2.0, own: float = S - 2.0) -> dict[str, Any]:
    return {"resources": {code: 2.0}, "last_seen": seen, "metrics": {"time": own}}


def test_a_fleet_that_lacks_nothing() -> None:
    assert lacks([one(), one(own=S + 50.0), one("other", own=0.0)], "ours", AT) == []


def test_no_worker_or_none_of_our_code() -> None:
    assert lacks([], "ours", AT) == ["no worker of this code is there"]
    assert lacks([one("other"), one("third")], "ours", AT) == ["no worker of this code is there, and 2 of another are"]


def test_clocks_that_are_apart() -> None:
    assert lacks([one(), one(own=S - 182.0), one(own=S + 98.0)], "ours", AT) == [
        "the clocks of 2 workers and of the scheduler are up to 180 s apart"
    ]
    for shift in (-200.0, 200.0):
        far = [one(seen=S + shift, own=S + shift)]
        assert lacks(far, "ours", AT) == ["the clocks of this machine and of the scheduler are about 200 s apart"]
    quiet = [one(seen=S - 100.0, own=S - 100.0)]
    assert lacks(quiet, "ours", AT) == [], "it was only not heard of"
