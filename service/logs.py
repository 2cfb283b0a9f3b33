"""Logs as lines of JSON, each with the id of the request that it belongs to. Never a value of a customer's.

What may be told is what our own code hands over by `extra=`: ids, states, codes, counts. The text of an exception may quote an
order, so that of an exception only its class and the places in the code are written.
"""

from __future__ import annotations

import contextvars
import json
import logging
import sys
import threading
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any, TextIO

from service.clock import text_of

log = logging.getLogger("unikat.process")
request_id: contextvars.ContextVar[str | None] = contextvars.ContextVar("request_id", default=None)
_STANDARD = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime", "taskName"}


class Lines(logging.Formatter):
    """One record, one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Time, level, logger, message, request and the extra fields."""
        told: dict[str, Any] = {
            "time": text_of(int(record.created * 1000)),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if (one := request_id.get()) is not None:
            told["request"] = one
        told |= {n: _plain(v) for n, v in vars(record).items() if n not in _STANDARD and not n.startswith("_")}
        if record.exc_info and record.exc_info[1] is not None:
            told["error"] = type(record.exc_info[1]).__name__
            told["at"] = where(record.exc_info[1])
        return json.dumps(told, ensure_ascii=True)


def where(error: BaseException) -> list[str]:
    """The places in the code that an exception went through, innermost last; not its text."""
    return [f"{frame.name}:{line}" for frame, line in _frames(error)][-8:]


def _frames(error: BaseException) -> list[tuple[traceback.FrameSummary, int | None]]:
    return [(frame, frame.lineno) for frame in traceback.extract_tb(error.__traceback__, limit=-8)]


def _plain(value: object) -> object:
    return value if isinstance(value, str | int | float | bool | None) else str(value)


def start(level: int = logging.INFO, stream: TextIO | None = None) -> None:
    """All logs of this process go to stderr, as lines of JSON."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(Lines())
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    logging.getLogger("unikat").setLevel(level)
    # it quotes the text of exceptions, and paths as they were asked for; what matters of both is told by service.api.manners
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)
    # of connections that broke: service.store says so itself
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)


def catch(then: Callable[[], None] = lambda: None) -> None:
    """What nobody caught is a line of the log too, without its words. `then`: what follows when a thread died of it."""

    def of_process(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        log.critical("a process ended by a fault", exc_info=(kind, error, trace))

    def of_thread(told: threading.ExceptHookArgs) -> None:
        error = told.exc_value or told.exc_type()
        name = told.thread.name if told.thread else None
        log.critical("a thread ended by a fault", exc_info=(told.exc_type, error, told.exc_traceback), extra={"of": name})
        then()

    sys.excepthook, threading.excepthook = of_process, of_thread
