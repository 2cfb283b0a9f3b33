"""Figures of the service, in Prometheus' form: gauges are read when they are asked for. No value of a customer's is among them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from http import HTTPMethod

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from engine.chart import aside
from engine.model.places import charts_folder
from service.clock import now
from service.house import House
from service.store import drift, telling, watching
from service.store.telling import CHUNKS, CPU_SECONDS, SECONDS, UNITS, Told

MEDIA = "text/plain; version=0.0.4; charset=utf-8"
BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 10.0)


class Figures:
    """What is counted in this process, and what is read from the store at a scrape."""

    def __init__(self, house: House) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "unikat_requests", "Requests that were answered", ("method", "route", "status"), registry=self.registry
        )
        self._seconds = Histogram(
            "unikat_request_seconds", "How long answers took", ("route",), buckets=BUCKETS, registry=self.registry
        )
        self.registry.register(_Store(house))

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """One request. `route`: its pattern."""
        self._requests.labels(known(method), route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self.registry)


def known(method: str) -> str:
    """One of HTTP's, or "other": who asks may send any word."""
    return method if method in HTTPMethod.__members__ else "other"


class _Store(Collector):
    def __init__(self, house: House) -> None:
        self.house = house

    def collect(self) -> Iterator[Metric]:
        with self.house.database.read() as conn:
            seen = watching.seen(conn, now())
            looked = drift.seen(conn)
            told, counts = telling.told(conn), telling.counts(conn)
        states = GaugeMetricFamily("unikat_jobs", "Jobs by state", labels=("state",))
        for state, n in sorted(seen.jobs.items()):
            states.add_metric((state,), n)
        yield states
        yield GaugeMetricFamily("unikat_oldest_queued_seconds", "Age of the oldest job that waits", seen.oldest / 1000.0)
        yield GaugeMetricFamily("unikat_outbox_waiting", "Webhooks that wait to be sent", seen.outbox)
        yield GaugeMetricFamily("unikat_copies_ready", "Pieces that wait for a print shop", seen.copies)
        yield GaugeMetricFamily(
            "unikat_disk_free_bytes", "Free on the disk of the data", shutil.disk_usage(self.house.folder).free
        )
        yield from _dispatcher(told or Told(now()))
        yield from _made(counts)
        looks = CounterMetricFamily(
            "unikat_chart_checks", "Bodies of charts that were drawn again by CAD, by outcome", labels=("outcome",)
        )
        for outcome, n in looked.outcomes.items():
            looks.add_metric((outcome,), n)
        yield looks
        farthest = GaugeMetricFamily("unikat_chart_deviation_mm", "The largest that was found, each way", labels=("way",))
        for way, mm in looked.farthest.items():
            farthest.add_metric((way,), mm)
        yield farthest
        charts = len(aside.names(charts_folder()))
        yield GaugeMetricFamily("unikat_charts_aside", "Charts that were found wrong and are not used", charts)


def _dispatcher(told: Told) -> Iterator[Metric]:
    """What it said last."""
    silent = max(0, now() - told.at) / 1000.0
    yield GaugeMetricFamily("unikat_dispatcher_silent_seconds", "Since the dispatcher said something", silent)
    yield GaugeMetricFamily("unikat_lanes", "Lanes, here or on workers of this code", told.lanes)
    yield GaugeMetricFamily("unikat_chunks_flying", "Chunks of work that are under way, or wait beside a lane", told.flying)
    yield GaugeMetricFamily("unikat_workers_unused", "Workers whose code is another", told.others)
    yield GaugeMetricFamily("unikat_lacks", "Lines of what /readyz says that is lacking", len(told.lacks))


def _made(counts: Mapping[str, float]) -> Iterator[Metric]:
    """What lanes made, what it cost, and what was at hand for it."""

    def total(name: str, words: str, *of: str) -> Metric:
        """A counter; with the label `by` where it has several parts, each the end of its name."""
        found = CounterMetricFamily(name, words, labels=("by",) if len(of) > 1 else ())
        for one in of:
            found.add_metric((one.rpartition("_")[2],) if len(of) > 1 else (), counts.get(one, 0))
        return found

    yield total("unikat_chunks", "Chunks that came back from lanes", CHUNKS)
    yield total("unikat_units", "Units that came back from lanes", UNITS)
    yield total("unikat_unit_seconds", "Seconds that lanes worked on units", SECONDS)
    yield total("unikat_unit_cpu_seconds", "CPU seconds of it", CPU_SECONDS)
    yield total("unikat_units_coalesced", "Units that an equal one's product served", "equals")
    yield total("unikat_bodies", "Bodies of the others", "bodies_kept", "bodies_chart", "bodies_cad")
    yield total("unikat_glyphs", "Letters that were asked for", "glyphs_kept", "glyphs_drawn")
