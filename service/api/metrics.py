"""Figures of the service, in Prometheus' form: gauges are read when they are asked for. No value of a customer's is among them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from http import HTTPMethod

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector

from engine.chart import aside
from engine.model.places import charts_folder
from service.clock import now
from service.house import House
from service.store import drift, watching

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
        known = method if method in HTTPMethod.__members__ else "other"
        self._requests.labels(known, route, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def text(self) -> bytes:
        """All of it as Prometheus reads it."""
        return generate_latest(self.registry)


class _Store(Collector):
    def __init__(self, house: House) -> None:
        self.house = house

    def collect(self) -> Iterator[Metric]:
        with self.house.database.read() as conn:
            seen = watching.seen(conn, now())
            looked = drift.seen(conn)
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
