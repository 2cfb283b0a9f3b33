"""The web process as it is started: over real sockets, with its own interactive lane; and its description under schemathesis."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass

import httpx
import pytest

from engine.language.orders import order_from
from engine.language.shelf import find
from engine.make import make
from service.api import described
from service.house import open_house
from service.serve import first_key
from tests import fuzzing

ROOT = pathlib.Path(__file__).parents[2]
ORDER = {"template": "phone-case", "parameters": {"name": "Zoé"}}


@dataclass
class Web:
    """A web process, its address and an owner's key."""

    process: subprocess.Popen[str]
    port: int
    token: str

    def client(self) -> httpx.Client:
        """With the key."""
        return httpx.Client(
            base_url=f"http://127.0.0.1:{self.port}", headers={"Authorization": f"Bearer {self.token}"}, timeout=120.0
        )


@contextlib.contextmanager
def web(folder: pathlib.Path, settings: str = "") -> Iterator[Web]:
    """Started as `unikat serve` starts it."""
    house = open_house(folder)
    token = first_key(house)
    house.database.close()
    assert token is not None
    (folder / "settings.toml").write_text(settings)
    told, ready = os.pipe()
    with socket.create_server(("127.0.0.1", 0)) as door:
        port = door.getsockname()[1]
        command = [sys.executable, "-m", "service.web", str(folder), str(door.fileno()), str(os.getpid()), str(ready)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE, text=True, pass_fds=(door.fileno(), ready))
    os.close(ready)
    try:
        assert os.read(told, 1) == b"1"
        yield Web(process, port, token)
    finally:
        os.close(told)
        process.kill()
        process.wait()


def loaded(pid: int) -> set[str]:
    """The heavy libraries whose machine code a process has mapped."""
    maps = pathlib.Path(f"/proc/{pid}/maps").read_text()
    return set(re.findall(r"llvmlite|numba|/OCP|cadquery|vtk|manifold3d", maps))


def test_quotes_and_previews_are_what_would_be_made(tmp_path: pathlib.Path) -> None:
    product = make(order_from(ORDER), find("phone-case"), formats=("glb",))
    figures = product.report.figures
    with web(tmp_path / "data") as served, served.client() as client:
        quote = client.post("/v1/quotes", json={**ORDER, "quantity": 2}).json()
        assert quote["verdict"] == product.report.verdict and quote["quantity"] == 2
        for name in ("price", "currency", "mass_g", "print_time_s"):
            assert quote[name] == figures[name], name
        assert [f["code"] for f in quote["findings"]] == [f.code for f in product.report.findings]
        seen = client.post("/v1/previews?session=page", json=ORDER)
        assert seen.content == product.files["preview.glb"] and seen.headers["unikat-verdict"] == product.report.verdict
        refused = client.post("/v1/previews", json={**ORDER, "parameters": {"name": "W" * 24}})
        assert refused.status_code in (200, 422) and refused.elapsed.total_seconds() < 3
        assert client.get("/v1/jobs").json()["items"] == []
        assert loaded(served.process.pid) == set()  # the lane is another process


def test_a_lane_that_dies_is_replaced(tmp_path: pathlib.Path) -> None:
    with web(tmp_path / "data") as served, served.client() as client:
        assert client.post("/v1/quotes", json=ORDER).status_code == 200
        for child in children(served.process.pid):
            os.kill(child, signal.SIGKILL)
        assert client.post("/v1/quotes", json=ORDER).status_code in (200, 500)
        assert client.post("/v1/quotes", json=ORDER).status_code == 200


def children(pid: int) -> list[int]:
    """The processes that one has started, and theirs."""
    told = pathlib.Path(f"/proc/{pid}/task")
    found = [int(c) for t in told.iterdir() for c in (t / "children").read_text().split()]
    return found + [deeper for child in found for deeper in children(child)]


def test_it_ends_when_told_and_answers_what_is_under_way(tmp_path: pathlib.Path) -> None:
    with web(tmp_path / "data") as served, served.client() as client:
        job = client.post("/v1/jobs", json=ORDER).json()["id"]
        body = json.dumps(ORDER).encode()
        slow = socket.create_connection(("127.0.0.1", served.port))
        slow.sendall(
            b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer "
            + served.token.encode()
            + b"\r\nContent-Length: %d\r\n\r\n" % len(body)
        )
        time.sleep(0.2)
        with client.stream("GET", f"/v1/jobs/{job}/events") as events:
            lines = events.iter_lines()
            assert next(lines) == "retry: 2000"
            began = time.monotonic()
            served.process.send_signal(signal.SIGTERM)
            time.sleep(0.2)
            slow.sendall(body)
            assert slow.recv(1000).startswith(b"HTTP/1.1 202")
            assert any(line.startswith("data:") for line in lines)  # and the stream ends of itself
        served.process.wait(8)
        assert time.monotonic() - began < 8
        told = served.process.stderr.read() if served.process.stderr else ""
    posts = [json.loads(line) for line in told.splitlines() if '"/v1/jobs"' in line]
    assert [line["status"] for line in posts] == [202, 202] and "Traceback" not in told


def ended(served: Web, pieces: list[bytes], pause: float, seconds: float) -> tuple[bytes, float]:
    """What comes back while pieces are sent with pauses, until the other side closes; and how long that took."""
    began, got = time.monotonic(), b""
    with socket.create_connection(("127.0.0.1", served.port)) as line:
        line.settimeout(pause)
        for piece in [*pieces, *[b""] * int(seconds / pause)]:
            try:
                line.sendall(piece)
                part = line.recv(4000)
                got += part
                if not part:
                    break
            except TimeoutError:
                continue
            except OSError:
                break
    return got, time.monotonic() - began


def test_slow_and_large_heads_and_bodies_are_let_go(tmp_path: pathlib.Path) -> None:
    with web(tmp_path / "data", "header_seconds = 0.6\njson_seconds = 0.6\n") as served, served.client() as client:
        head = b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n"
        told, took = ended(served, [], 0.1, 5)
        assert told == b"" and took < 4  # a line on which nothing comes
        told, took = ended(served, [bytes([c]) for c in head[:60]], 0.05, 5)
        assert told == b"" and took < 4  # a head that drips
        told, took = ended(served, [head, *[b" "] * 50], 0.05, 5)
        assert told.startswith(b"HTTP/1.1 408") and took < 4  # a body that drips
        told, took = ended(served, [head[:-2], *[b"X: " + b"a" * 1000 + b"\r\n"] * 2000], 0.001, 5)
        assert b"202" not in told and took < 5  # a head without end
        for _ in range(2):  # and one connection may be used again after a pause that is none of a head's
            assert client.get("/v1/jobs").status_code == 200
            time.sleep(0.7)


# ---- schemathesis ------------------------------------------------------------------------------------------------------


def test_schemathesis_finds_nothing(tmp_path: pathlib.Path) -> None:
    """All checks, a few examples; more: python -m tests.fuzzing 200."""
    told = fuzzing.run(tmp_path, 3)
    assert told.returncode == 0, told.stdout[-6000:]
    assert re.search(r"Tested: 2[89]|Tested: [3-9]\d", told.stdout)
    assert int(re.findall(r"(\d+) passed", told.stdout)[-1]) > 500


def test_schemathesis_sees_what_is_planted(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A description that promises another answer than the route gives."""
    real = described.describe

    def wrong(app: object) -> object:
        made = real(app)  # type: ignore[arg-type]  # handed on
        made["components"]["schemas"]["HealthBody"]["properties"]["status"]["type"] = "integer"
        return made

    monkeypatch.setattr(described, "describe", wrong)
    told = fuzzing.run(tmp_path, 1, "--include-path", "/healthz", "--phases", "fuzzing")
    assert told.returncode == 1 and "Response violates schema" in told.stdout
