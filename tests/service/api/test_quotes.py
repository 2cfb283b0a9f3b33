"""Quotes and previews: what the lane says is told, and how it may fail; the newest preview of a session wins."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from engine.doors.child import RemoteError
from engine.errors import ChildFault
from service.interactive import Busy, Interactive, Late, Superseded

ORDER = {"template": "phone-case", "parameters": {"name": "Zoé"}}


def test_a_quote(shop: Any) -> None:
    told = shop.ask("POST", "/v1/quotes", "orders", json={**ORDER, "quantity": 3})
    assert told.status_code == 200 and told.json()["price"] == 12.5 and told.json()["quantity"] == 3
    assert shop.lane.asked[0][0] == "service.lanes.glance:quote"
    assert shop.ask("GET", "/v1/jobs").json()["items"] == []
    assert not list(shop.house.packs.folder.rglob("*")) if shop.house.packs.folder.exists() else True


def test_a_preview(shop: Any) -> None:
    told = shop.ask("POST", "/v1/previews", "orders", json=ORDER)
    assert told.content == b"glTF" and told.headers["content-type"] == "model/gltf-binary"
    assert told.headers["unikat-verdict"] == "printable" and told.headers["cache-control"] == "no-store"


def test_what_cannot_be_built_has_no_picture_and_says_why(shop: Any) -> None:
    shop.lane.says = {**shop.lane.says, "glb": None, "findings": [{"code": "rule", "message": "too thin"}]}
    told = shop.ask("POST", "/v1/previews", json=ORDER)
    assert told.status_code == 422 and told.json()["problems"][0]["detail"] == "too thin"


@pytest.mark.parametrize("path", ["/v1/quotes", "/v1/previews"])
def test_a_bad_order_never_reaches_the_lane(shop: Any, path: str) -> None:
    assert shop.ask("POST", path, json={"template": "phone-case", "parameters": {"wall": 99}}).status_code == 422
    assert shop.lane.asked == []


@pytest.mark.parametrize(
    ("raised", "status"),
    [
        (Busy(), 429),
        (Late(), 503),
        (Superseded(), 409),
        (ChildFault("timeout", "secret words"), 503),
        (ChildFault("crash", "secret words"), 500),
        (RemoteError("ValueError", "secret words", ()), 500),
    ],
)
def test_how_it_may_fail(shop: Any, raised: Exception, status: int) -> None:
    shop.lane.says = raised
    for path in ("/v1/quotes", "/v1/previews"):
        told = shop.ask("POST", path, json=ORDER)
        assert told.status_code == status and "secret" not in told.text
        assert ("retry-after" in told.headers) == (status in (429, 503))


# ---- the lane's door, with a child that only waits -----------------------------------------------------------------------


class Waiting(Interactive):
    """Its work takes as long as it is told."""

    def __init__(self, waiting: int = 3) -> None:
        super().__init__(waiting)
        self.began: list[str] = []
        self.go = threading.Event()

    def _call(self, target: str, args: tuple[Any, ...], deadline: float) -> Any:
        self.began.append(args[0])
        assert self.go.wait(10)
        return f"made {args[0]}"


@pytest.fixture
def lane() -> Iterator[Waiting]:
    made = Waiting()
    yield made
    made.go.set()
    made.close()


async def _ask(lane: Waiting, what: str, patience: float = 5.0, session: str | None = None) -> Any:
    return await lane.ask("x:y", what, patience=patience, deadline=9.0, session=session)


def test_one_after_the_other(lane: Waiting) -> None:
    lane.go.set()

    async def both() -> list[Any]:
        return await asyncio.gather(_ask(lane, "a"), _ask(lane, "b"))

    assert asyncio.run(both()) == ["made a", "made b"] and lane.began == ["a", "b"]


def test_the_newest_of_a_session_wins(lane: Waiting) -> None:
    async def three() -> list[Any]:
        tasks = []
        for what in ("a", "b", "c"):
            tasks.append(asyncio.create_task(_ask(lane, what, session="page")))
            await asyncio.sleep(0.02)
        lane.go.set()
        return await asyncio.gather(*tasks, return_exceptions=True)

    a, b, c = asyncio.run(three())
    assert isinstance(a, Superseded) and isinstance(b, Superseded) and c == "made c"
    assert lane.began == ["a", "c"]  # what was only waiting was never begun
    assert lane._newest == {}


def test_two_sessions_do_not_meet(lane: Waiting) -> None:
    async def two() -> list[Any]:
        tasks = [asyncio.create_task(_ask(lane, s, session=s)) for s in ("p", "q")]
        await asyncio.sleep(0.02)
        lane.go.set()
        return await asyncio.gather(*tasks)

    assert asyncio.run(two()) == ["made p", "made q"]


def test_too_many_and_too_late(lane: Waiting) -> None:
    async def four() -> list[Any]:
        tasks = [asyncio.create_task(_ask(lane, str(n), 0.1)) for n in range(4)]
        return await asyncio.gather(*tasks, return_exceptions=True)

    began = time.monotonic()
    ended = asyncio.run(four())
    assert [type(e) for e in ended] == [Late, Late, Late, Busy] and time.monotonic() - began < 3
    lane.go.set()
    assert lane.began == ["0"]  # the others left the line


def test_the_lane_is_free_again_after_somebody_left(lane: Waiting) -> None:
    async def late_then_again() -> Any:
        with pytest.raises(Late):
            await _ask(lane, "slow", 0.05)
        lane.go.set()
        return await _ask(lane, "next")

    assert asyncio.run(late_then_again()) == "made next"
    assert lane.began == ["slow", "next"]
