"""The shop's client over the real API, on a line that breaks where it hurts most."""

from __future__ import annotations

import ast
import contextlib
import http.server
import json
import os
import pathlib
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from fastapi.testclient import TestClient

from service import cli, erasing, pull
from service.api import pickups as routes
from service.app import create
from service.store.schema import copies
from tests.service.pickups.shop import T0, finished, keys_in, sliced

Fault = Callable[[str, str], "tuple[int, bytes] | str | None"]


class Counter:
    """The API behind a socket. `fault(method, path)`: "cut" (answer lost), or another answer than the API's; None: as it is."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.house, self.keys, self.seller = keys_in(folder)
        client, lock = TestClient(create(self.house)), threading.Lock()
        self.asked: list[tuple[str, str]] = []
        self.fault: Fault = lambda method, path: None
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.asked.append((self.command, self.path))
                instead = outer.fault(self.command, self.path)
                if isinstance(instead, tuple):
                    status, content = instead
                else:
                    with lock:
                        told = client.request(self.command, self.path, content=body, headers=dict(self.headers))
                    status, content = told.status_code, told.content
                if instead == "cut":
                    with contextlib.suppress(OSError):
                        self.connection.close()
                    return
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content[: len(content) // 2] if instead == "half" else content)
                if instead == "half":
                    self.close_connection = True

            do_GET = do_POST = answer

            def log_message(self, *_: Any) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def states(self) -> list[str]:
        with self.house.database.read() as conn:
            return sorted(conn.execute(sa.select(copies.c.state)).scalars())

    def close(self) -> None:
        self.server.shutdown()
        self.house.database.close()


@pytest.fixture
def counter(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Counter]:
    made = Counter(tmp_path / "house")
    monkeypatch.setenv("UNIKAT_KEY", made.keys["shop"])
    monkeypatch.setattr(pull.time, "sleep", lambda seconds: None)
    yield made
    made.close()


@pytest.fixture
def out(tmp_path: pathlib.Path) -> pathlib.Path:
    return tmp_path / "units"


def pulled(counter: Counter, out: pathlib.Path, **more: Any) -> int:
    return pull.pull(counter.url, "fdm-pla", str(out), **{"patience": 5.0, **more})


def here(out: pathlib.Path) -> list[str]:
    return sorted(p.name for p in out.iterdir() if p.name != ".unikat")


def once(verb: str, instead: Any) -> Fault:
    """That fault the first time that the path ends so."""
    left = [instead]
    return lambda method, path: left.pop() if left and verb in path else None


def test_all_there_is_comes_and_a_second_pull_finds_nothing(counter: Counter, out: pathlib.Path) -> None:
    for n in range(7):
        finished(counter.house, counter.seller, T0 + n)
    assert pulled(counter, out) == pull.ALL
    assert len(here(out)) == 7 and counter.states() == ["printed"] * 7
    unit = json.loads((out / here(out)[0] / "unit.json").read_text())
    assert unit["verdict"] == "printable" and not {"files", "state"} & set(unit)
    assert (out / ".unikat" / "journal").read_bytes() == b"" and not (out / ".unikat" / "coming").exists()
    assert pulled(counter, out) == pull.ALL and len(here(out)) == 7


def test_a_limit_is_kept(counter: Counter, out: pathlib.Path) -> None:
    for n in range(8):
        finished(counter.house, counter.seller, T0 + n)
    assert pulled(counter, out, limit=6) == pull.ALL
    assert len(here(out)) == 6 and counter.states() == ["printed"] * 6 + ["ready"] * 2


@pytest.mark.parametrize("verb", [":claim", "model.3mf", ":ack"])
@pytest.mark.parametrize("instead", ["cut", "half", (503, b"{}"), (429, b"")])
def test_a_line_that_breaks_costs_nothing(counter: Counter, out: pathlib.Path, verb: str, instead: Any) -> None:
    finished(counter.house, counter.seller)
    counter.fault = once(verb, instead)
    assert pulled(counter, out) == pull.ALL
    assert len(here(out)) == 1 and counter.states() == ["printed"]


class Killed(BaseException):
    """In place of kill -9."""


@pytest.mark.parametrize("step", ["ask", "lease", "files", "ack", "replace", "done", "none"])
def test_killed_between_two_steps_it_goes_on(
    counter: Counter, out: pathlib.Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    """After the n-th journal line, download, acknowledgement or rename; nothing comes twice, and nothing stays held."""
    for n in range(2):
        finished(counter.house, counter.seller, T0 + n)
    left = [1]

    def dying(real: Callable[..., Any], when: Callable[..., bool]) -> Callable[..., Any]:
        def call(*args: Any, **told: Any) -> Any:
            result = real(*args, **told)
            if left and when(*args, **told):
                left.pop()
                raise Killed
            return result

        return call

    monkeypatch.setattr(pull.Journal, "write", dying(pull.Journal.write, lambda self, **line: step in line))
    monkeypatch.setattr(pull, "_write", dying(pull._write, lambda *_: step == "files"))
    monkeypatch.setattr(pull.os, "replace", dying(os.replace, lambda *_: step == "replace"))
    monkeypatch.setattr(
        pull.Line, "post", dying(pull.Line.post, lambda self, path, body, **_: step == "ack" and path.endswith(":ack"))
    )
    with pytest.raises(Killed):
        pulled(counter, out)
    assert pulled(counter, out) == pull.ALL
    assert len(here(out)) == 2 and counter.states() == ["printed"] * 2
    assert sum(path.endswith("model.3mf") for _, path in counter.asked) <= 3


def test_a_journal_line_cut_in_the_middle_was_never_written(counter: Counter, out: pathlib.Path) -> None:
    finished(counter.house, counter.seller)
    (out / ".unikat").mkdir(parents=True)
    (out / ".unikat" / "journal").write_bytes(b'{"ask": "one", "body": {"process"')
    assert pulled(counter, out) == pull.ALL and len(here(out)) == 1


def test_a_lease_that_was_lost_while_it_slept_leaves_nothing_to_print(
    counter: Counter, out: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    finished(counter.house, counter.seller)

    def too_late(method: str, path: str) -> None:
        if path.endswith("model.3mf") and not hasattr(counter, "late"):
            counter.late = True  # type: ignore[attr-defined]
            with counter.house.database.write() as conn:
                conn.execute(sa.update(copies).values(state="held", holder="z" * 32, lease=b"another's"))

    counter.fault = too_late
    assert pulled(counter, out) == pull.SOME
    assert here(out) == [] and counter.states() == ["held"]


def test_an_erased_unit_is_not_kept(counter: Counter, out: pathlib.Path) -> None:
    job, _ = finished(counter.house, counter.seller)
    finished(counter.house, counter.seller, T0 + 1)

    def erase_first(method: str, path: str) -> None:
        if path.endswith(":ack"):
            erasing.erase_jobs(counter.house, [job], "asked")

    counter.fault = erase_first
    assert pulled(counter, out) == pull.SOME
    assert len(here(out)) == 1 and not (out / ".unikat" / "coming").exists()


def test_what_comes_damaged_is_given_back(counter: Counter, out: pathlib.Path) -> None:
    finished(counter.house, counter.seller)
    bad = [0]

    def damaged(method: str, path: str) -> tuple[int, bytes] | None:
        if path.endswith("model.3mf") and bad[0] < pull.TRIES:
            bad[0] += 1
            return 200, b"something else"
        return None

    counter.fault = damaged
    assert pulled(counter, out) == pull.ALL, "given back, claimed again, and whole"
    assert counter.states() == ["printed"]


def test_what_could_not_be_sliced_is_told(counter: Counter, out: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    from service.store import slices

    good, bad = finished(counter.house, counter.seller)[0], finished(counter.house, counter.seller, T0 + 1)[0]
    sliced(counter.house, good, b"G1 X1")
    with counter.house.database.write() as conn:
        slices.want(conn, [bad], T0)
        taken = slices.take(conn, "f" * 32, T0)
        assert taken is not None
        slices.failed(conn, bad, taken.attempt, "slicer-timeout", T0, strike=False)
    assert pulled(counter, out, formats="3mf,gcode") == pull.SOME
    assert len(here(out)) == 1 and (out / here(out)[0] / "model.gcode").read_bytes() == b"G1 X1"
    assert "1 without G-code: slicer-timeout" in capsys.readouterr().err


def test_two_pieces_of_one_serial_stand_beside_each_other(counter: Counter, out: pathlib.Path) -> None:
    for n in range(2):
        finished(counter.house, counter.seller, T0 + n)
    with counter.house.database.write() as conn:
        conn.execute(sa.update(copies).values(serial="0" * 8))
    assert pulled(counter, out) == pull.ALL and len(here(out)) == 2
    (out / "00000000-1").rename(out / "printed")
    assert pulled(counter, out) == pull.ALL


def test_statuses(counter: Counter, out: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert pull.pull("http://127.0.0.1:1", "fdm-pla", str(out), patience=0.1) == pull.UNREACHABLE
    assert pulled(counter, out, key_file=str(tmp_path / "none")) == pull.REFUSED
    assert pull.pull("ftp://x", "fdm-pla", str(out)) == pull.REFUSED
    assert pull.pull(counter.url, "fdm-tpu", str(tmp_path / "b")) == pull.REFUSED, "not granted"
    assert pulled(counter, tmp_path / "c", formats="cheese") == pull.REFUSED
    key = tmp_path / "key"
    key.write_text(counter.keys["orders"] + "\n")
    assert pulled(counter, tmp_path / "d", key_file=str(key)) == pull.REFUSED, "no print shop's key"
    monkeypatch.delenv("UNIKAT_KEY")
    assert pulled(counter, out) == pull.REFUSED
    (tmp_path / "file").write_text("")
    key.write_text(counter.keys["shop"])
    assert pulled(counter, tmp_path / "file", key_file=str(key)) == pull.UNREACHABLE, "no folder"
    busy = pull.Journal(tmp_path / "e" / ".unikat")
    assert pulled(counter, tmp_path / "e", key_file=str(key)) == pull.REFUSED, "another is at work there"
    busy.close(over=False)
    assert pulled(counter, tmp_path / "e", key_file=str(key)) == pull.ALL


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"id": "../../evil"}, pull.REFUSED),
        ({"serial": "../evil"}, pull.REFUSED),
        ({"files": [{"name": "../evil", "href": "/v1/x", "sha256": "", "bytes": 1}]}, pull.SOME),
        ({"files": [{"name": ".unikat", "href": "/v1/x", "sha256": "", "bytes": 1}]}, pull.SOME),
        ({"files": [{"name": "a", "href": "http://evil.example/", "sha256": "", "bytes": 1}]}, pull.SOME),
        ({"files": [{"name": "a", "href": "//evil.example/", "sha256": "", "bytes": 1}]}, pull.SOME),
    ],
)
def test_a_service_that_is_evil_writes_nowhere_else(
    counter: Counter, out: pathlib.Path, change: dict[str, Any], status: int
) -> None:
    unit = {
        "id": "0" * 32,
        "serial": "0" * 36,
        "copy_number": 1,
        "verdict": "printable",
        "due": None,
        "priority": 0,
        "files": [],
    }
    claim = {"lease": "x", "expires": routes.text_of(4_000_000_000_000), "units": [{**unit, **change}]}
    left = [json.dumps({**claim, "slicing": {"waiting": 0, "failed": {}}}).encode()]
    counter.fault = lambda method, path: (200, left.pop()) if left and path.endswith(":claim") else None
    before = {p for p in out.parent.rglob("*")}
    assert pulled(counter, out) == status
    new = {p for p in out.parent.rglob("*")} - before
    assert not [p for p in new if "evil" in p.name] and here(out) == []


def test_the_command_is_the_same(counter: Counter, out: pathlib.Path) -> None:
    finished(counter.house, counter.seller)
    told = ["pull", "--url", counter.url, "--process", "fdm-pla", "--out", str(out), "--limit", "1"]
    for status in (pull.ALL, pull.ALL):
        with pytest.raises(SystemExit) as ended:
            cli.main(told)
        assert ended.value.code == status
    assert len(here(out)) == 1
    with pytest.raises(SystemExit) as ended:
        cli.main(["pull", "--url", "http://127.0.0.1:1", "--process", "x", "--out", str(out), "--patience", "0"])
    assert ended.value.code == pull.UNREACHABLE


def test_no_redirect_takes_the_key_elsewhere(counter: Counter, out: pathlib.Path) -> None:
    counter.fault = lambda method, path: (302, b"")
    assert pulled(counter, out) == pull.REFUSED


def test_it_is_one_file_that_needs_nothing_of_ours() -> None:
    tree = ast.parse(pathlib.Path(str(pull.__file__)).read_text(encoding="utf-8"))
    names = {a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names}
    names |= {str(n.module) for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)}
    assert names and all(name.split(".")[0] in sys.stdlib_module_names for name in names)
