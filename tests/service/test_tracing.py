"""Spans of requests and of chunks, as an exporter gets them: their names, how they hang together, and that no sender's word is in them."""

from __future__ import annotations

import json
import pathlib
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from engine.errors import EnvironmentFault
from service import tracing
from service.lanes.pool import Died
from tests.service.api.conftest import ORDER, Shop, shop_in
from tests.service.dispatch.test_dispatcher import add
from tests.service.dispatch.world import Jobs

CANARY = "XqzvyCanary"
"""Letters alone: nothing but that it is never told keeps it out."""
TOLD = {*tracing.NAMES.values()}


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    """What was sent."""
    exporter = InMemorySpanExporter()
    tracing.use(SimpleSpanProcessor(exporter), "test")
    yield exporter
    tracing.end()


@pytest.fixture
def shop(tmp_path: pathlib.Path) -> Iterator[Shop]:
    yield from shop_in(tmp_path / "data")


@pytest.fixture
def world() -> Iterator[Jobs]:
    made = Jobs()
    yield made
    made.teardown()


def sent(exporter: InMemorySpanExporter) -> list[dict[str, Any]]:
    """Each with all that it holds."""
    return [json.loads(span.to_json()) for span in exporter.get_finished_spans()]


def test_a_request_is_a_span_with_its_route_and_its_job(shop: Shop, spans: InMemorySpanExporter) -> None:
    job = shop.order()["id"]
    shop.ask("GET", f"/v1/jobs/{job}")
    shop.ask("GET", "/v1/jobs", kind=None)
    told = [one["attributes"] for one in sent(spans)]
    assert [(a["http.request.method"], a["http.route"], a["http.response.status_code"]) for a in told] == [
        ("POST", "/v1/jobs", 202), ("GET", "/v1/jobs/{job}", 200), ("GET", "/v1/jobs", 401)
    ]  # fmt: skip
    assert told[0]["unikat.job"] == job and "unikat.job" not in told[1]
    assert all(len(a["unikat.request"]) == 32 for a in told)


def test_no_word_of_a_sender_is_in_a_span(shop: Shop, spans: InMemorySpanExporter) -> None:
    """By every way in: path, query, method, headers, body, and what goes wrong with each."""
    order = {**ORDER, "parameters": {"name": CANARY}, "reference": CANARY, "purpose": CANARY, "legal_basis": CANARY}
    shop.order(order=order)
    headers = {"X-Request-Id": CANARY, "User-Agent": CANARY, "traceparent": CANARY, "baggage": f"a={CANARY}", "Origin": CANARY}
    for method, path, more in (
        ("POST", "/v1/jobs", {"json": {**order, "template": CANARY}}),
        ("POST", "/v1/jobs", {"json": {**order, CANARY: 1}}),
        ("POST", "/v1/quotes", {"json": order}),
        ("POST", f"/v1/uploads?kind={CANARY}&unit=mm", {"content": CANARY}),
        ("POST", f"/v1/campaigns?template={CANARY}&name={CANARY}", {"content": CANARY}),
        ("GET", f"/v1/jobs/{CANARY}", {}),
        ("GET", f"/v1/jobs?reference={CANARY}", {}),
        ("GET", f"/{CANARY}", {}),
        (CANARY, "/v1/jobs", {}),
        (CANARY, f"/{CANARY}", {}),
    ):
        shop.ask(method, path, headers=headers, **more)
    shop.lane.says = RuntimeError(CANARY)
    shop.ask("POST", "/v1/previews", json=order)
    told = sent(spans)
    assert len(told) == 12 and {one["attributes"].get("http.request.method") for one in told} == {"POST", "GET", "other"}
    assert CANARY.lower() not in json.dumps(told).lower()
    assert all(set(one["attributes"]) <= TOLD for one in told)


def test_the_road_of_a_chunk(world: Jobs, spans: InMemorySpanExporter) -> None:
    ids = add(world, "good", "refused")
    world.dispatcher.step()
    (flying,) = world.flying()
    flying[0].set_running_or_notify_cancel()
    world.answer(*flying)
    world.dispatcher.step()
    told = {one["name"]: one for one in sent(spans)}
    assert set(told) == {"chunk", "claim", "handing", "make", "unit", "settle"}
    root = told["chunk"]
    assert root["parent_id"] is None and len({one["context"]["trace_id"] for one in told.values()}) == 1
    assert {n for n, one in told.items() if one["parent_id"] == root["context"]["span_id"]} == {
        "claim",
        "handing",
        "make",
        "settle",
    }
    units = [one for one in sent(spans) if one["name"] == "unit"]
    assert {one["attributes"]["unikat.job"] for one in units} == set(ids)
    assert sorted(one["attributes"]["unikat.state"] for one in units) == ["done", "refused"]
    assert all(one["parent_id"] == told["make"]["context"]["span_id"] for one in units)
    assert root["attributes"]["unikat.units"] == 2 and root["attributes"]["unikat.template"] == "t"
    assert all(set(one["attributes"]) <= TOLD for one in sent(spans))
    assert told["claim"]["end_time"] <= told["handing"]["start_time"] <= told["settle"]["start_time"]


def test_a_chunk_that_died_and_one_that_cannot_be_settled(world: Jobs, spans: InMemorySpanExporter) -> None:
    add(world, "good")
    world.dispatcher.step()
    (future, *_) = world.flying()[0]
    future.set_running_or_notify_cancel()
    future.set_result(Died("crash", None))
    world.dispatcher.step()
    assert {one["name"] for one in sent(spans)} >= {"chunk", "make", "settle"} and "unit" not in {
        o["name"] for o in sent(spans)
    }
    spans.clear()
    with pytest.raises(ValueError, match=CANARY), tracing.begin("chunk").part("settle"):
        raise ValueError(CANARY)
    (one,) = sent(spans)
    assert one["status"] == {"status_code": "ERROR", "description": "ValueError"} and one["events"] == []


def test_what_is_not_plain_is_left_out(spans: InMemorySpanExporter) -> None:
    span = tracing.begin("request", route="/v1/jobs/{job}", template="Zoé", process="a b", units=3, state=None, job="x" * 101)
    span.end()
    (one,) = sent(spans)
    assert one["attributes"] == {"http.route": "/v1/jobs/{job}", "unikat.units": 3}
    with pytest.raises(KeyError):
        span.tell(name="Anna")


def test_where_nothing_is_named_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in tracing.ENDPOINTS:
        monkeypatch.delenv(name, raising=False)
    assert not tracing.wanted()
    tracing.start("web")
    assert tracing.begin("request") is tracing.NOTHING
    with tracing.NOTHING.part("claim") as part:
        assert part is tracing.NOTHING and part.past("unit", 0, 1) is tracing.NOTHING
    tracing.end()


def test_what_is_lacking_is_said_at_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", "http://127.0.0.1:9")
    tracing.refuse()
    monkeypatch.setitem(sys.modules, "opentelemetry.sdk.trace", None)
    with pytest.raises(EnvironmentFault, match=r"install unikat\[watching\]"):
        tracing.refuse()
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    tracing.refuse()
