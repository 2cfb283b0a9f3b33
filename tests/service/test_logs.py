from __future__ import annotations

import ast
import io
import json
import logging
import pathlib
import sys
import threading
from collections.abc import Iterator

import pytest

from service import logs

ROOT = pathlib.Path(__file__).parents[2]
TAKEN = frozenset(vars(logging.LogRecord("", 0, "", 0, "", (), None))) | {"message", "asctime"}
SAID = "a customer's name"


def collisions(source: str) -> list[str]:
    """The names of `extra` fields that logging refuses with a KeyError, once the line is written at all."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.keyword) and node.arg == "extra":
            names = [
                k.value for d in ast.walk(node.value) if isinstance(d, ast.Dict) for k in d.keys if isinstance(k, ast.Constant)
            ]
            found += [str(name) for name in names if name in TAKEN]
    return found


def test_no_field_of_a_line_is_one_that_logging_has_itself() -> None:
    files = sorted((ROOT / "service").rglob("*.py"))
    assert sum("extra=" in p.read_text(encoding="utf-8") for p in files) > 4
    assert [str(p) for p in files if collisions(p.read_text(encoding="utf-8"))] == []
    assert collisions('log.info("x", extra={"message": 1, "unit": 2, **{"name": 3}})') == ["message", "name"]


@pytest.fixture
def stream(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """Logs of a process that has just begun."""
    root, ours = logging.getLogger(), logging.getLogger("unikat")
    monkeypatch.setattr(root, "handlers", list(root.handlers))
    before = root.level, ours.level, logging.getLogger("uvicorn.error").level
    monkeypatch.setattr(sys, "excepthook", sys.excepthook)
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    told = io.StringIO()
    logs.start(stream=told)
    yield told
    root.setLevel(before[0])
    ours.setLevel(before[1])
    logging.getLogger("uvicorn.error").setLevel(before[2])


def test_a_thread_that_died_is_told_without_its_words_and_something_follows(stream: io.StringIO) -> None:
    stop = threading.Event()
    logs.catch(stop.set)

    def fail() -> None:
        raise ValueError(SAID)

    thread = threading.Thread(target=fail, name="webhooks")
    thread.start()
    thread.join()
    (line,) = [json.loads(one) for one in stream.getvalue().splitlines()]
    assert (line["error"], line["of"], line["level"]) == ("ValueError", "webhooks", "critical")
    assert any(place.startswith("fail:") for place in line["at"])
    assert SAID not in stream.getvalue() and stop.is_set()


def test_a_process_that_died_too(stream: io.StringIO, capsys: pytest.CaptureFixture[str]) -> None:
    logs.catch()
    error = ValueError(SAID)
    sys.excepthook(ValueError, error, None)
    (line,) = [json.loads(one) for one in stream.getvalue().splitlines()]
    assert line["error"] == "ValueError" and SAID not in stream.getvalue() + capsys.readouterr().err
