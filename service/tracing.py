"""Traces through OpenTelemetry, where OTEL_* says where they go: a span for each request, and for the road of each chunk of work.

    chunk                  from its claim until it is settled
      claim                its units are taken from the queue
      handing              they are opened, and what a lane needs of their files is looked up
      make                 in a lane, or waiting for one; in it `unit`, one after the other, as long as the lane says
      settle               what became of them is written down

Spans hold ids, codes and counts: `PLAIN` says how they look, and whatever looks otherwise is left out. Of an exception there is its
class. The provider is our own and nobody else's: what libraries would add (paths, statements, words of exceptions) nobody vouches for.
"""

from __future__ import annotations

import contextlib
import importlib
import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from engine.errors import EnvironmentFault

ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
PLAIN = re.compile(r"[A-Za-z0-9_./{}:-]{1,100}")
NAMES = {
    "method": "http.request.method",
    "route": "http.route",
    "status": "http.response.status_code",
    "request": "unikat.request",
    "chunk": "unikat.chunk",
    "job": "unikat.job",
    "template": "unikat.template",
    "process": "unikat.process",
    "units": "unikat.units",
    "state": "unikat.state",
}
"""What a span may be told, and as what it is sent."""


@dataclass
class _Out:
    """Where spans go: OpenTelemetry's provider and tracer; None where nobody asked."""

    provider: Any = None
    tracer: Any = None


_out = _Out()


def wanted() -> bool:
    """Whether OTEL_* names a place for traces."""
    return os.environ.get("OTEL_TRACES_EXPORTER", "otlp") == "otlp" and any(os.environ.get(name) for name in ENDPOINTS)


def refuse() -> None:
    """EnvironmentFault where traces are wanted, and cannot be sent."""
    if wanted():
        _library("sdk.trace")
        _library("exporter.otlp.proto.http.trace_exporter")


def start(role: str) -> None:
    """Where traces are wanted: this process sends them, as that role of the service."""
    if wanted():
        made = _library("exporter.otlp.proto.http.trace_exporter").OTLPSpanExporter()
        use(_library("sdk.trace.export").BatchSpanProcessor(made), role)


def use(processor: Any, role: str) -> None:
    """Send spans there."""
    named = {"service.name": os.environ.get("OTEL_SERVICE_NAME", "unikat"), "service.instance.id": role}
    resource = _library("sdk.resources").Resource.create(named)
    _out.provider = _library("sdk.trace").TracerProvider(resource=resource, shutdown_on_exit=False)
    _out.provider.add_span_processor(processor)
    _out.tracer = _out.provider.get_tracer("unikat")


def end() -> None:
    """Send what is left, and no more."""
    provider, _out.provider, _out.tracer = _out.provider, None, None
    if provider is not None:
        provider.shutdown()


def _library(name: str) -> Any:
    try:
        importlib.import_module("opentelemetry")
        return importlib.import_module(f"opentelemetry.{name}")
    except ImportError:
        raise EnvironmentFault("traces want the packages of OpenTelemetry: install unikat[watching]") from None


@dataclass(frozen=True)
class Span:
    """One that goes on; nothing where traces are not wanted."""

    told: Any = None

    def tell(self, **what: str | int | float | None) -> None:
        """More of it, by the names above. What is neither a number nor plain is left out."""
        if self.told is None:
            return
        for name, value in what.items():
            if isinstance(value, int | float) or (isinstance(value, str) and PLAIN.fullmatch(value)):
                self.told.set_attribute(NAMES[name], value)

    def past(self, name: str, began: int, ended: int, **what: str | int | float | None) -> Span:
        """A part of it that is over. Times: nanoseconds since 1970."""
        if self.told is None or _out.tracer is None:
            return self
        made = Span(_out.tracer.start_span(name, context=self._within(), start_time=began))
        made.tell(**what)
        made.told.end(ended)
        return made

    @contextlib.contextmanager
    def part(self, name: str, **what: str | int | float | None) -> Iterator[Span]:
        """A part of it, for as long as the block lasts."""
        if self.told is None or _out.tracer is None:
            yield NOTHING
            return
        made = Span(_out.tracer.start_span(name, context=self._within()))
        made.tell(**what)
        try:
            yield made
        except BaseException as error:
            made.failed(error)
            raise
        finally:
            made.end()

    def failed(self, error: BaseException) -> None:
        """Of which class of error."""
        if self.told is not None:
            kinds = _library("trace.status")
            self.told.set_status(kinds.Status(kinds.StatusCode.ERROR, type(error).__name__))

    def end(self) -> None:
        """It is over."""
        if self.told is not None:
            self.told.end()

    def _within(self) -> Any:
        return _library("trace").set_span_in_context(self.told)


NOTHING = Span()


def begin(name: str, **what: str | int | float | None) -> Span:
    """A trace of its own; who has it ends it. One that is never ended is never sent."""
    if _out.tracer is None:
        return NOTHING
    made = Span(_out.tracer.start_span(name, context=_library("context").Context()))
    made.tell(**what)
    return made


def now() -> int:
    """Nanoseconds since 1970."""
    return time.time_ns()
