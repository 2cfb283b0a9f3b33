"""A print shop pulls from a real service, with G-code from the real slicer; it is killed again and again, and nothing comes twice.

`uv run python -m tests.acceptance.test_pull 100` does it with a hundred units.
"""

from __future__ import annotations

import collections
import contextlib
import hashlib
import http.client
import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import pytest
import sqlalchemy as sa

from engine.doors import slicer
from engine.export.gcode import read
from service.clock import now
from service.house import open_house
from service.store import keys
from service.store.schema import copies

ROOT = pathlib.Path(__file__).parents[2]
NAMES = ("Ada", "Bruno", "Chloé", "Dmitri", "Esra", "Finn", "Giulia", "Hugo", "Inés", "Jonas")
GIVE_UP = 300.0

pytestmark = pytest.mark.skipif(
    not any(shutil.which(program) for program in slicer.PROGRAMS) and not os.environ.get("CI"),
    reason="no PrusaSlicer: apt install prusa-slicer",
)


def free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class Service:
    """`unikat serve` over a folder, and its keys."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder, self.port = folder, free_port()
        command = [sys.executable, "-c", "from service.cli import main; main()", "serve", "--data", str(folder)]
        self.process = subprocess.Popen(
            [*command, "--port", str(self.port), "--lanes", "2"], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        self.owner = self.process.stdout.readline().split()[-1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.house = open_house(folder)
        with self.house.database.write() as conn:
            seller = keys.listed(conn)[0]["tenant"]
            shop = keys.new_tenant(conn, "print shop", now())
            self.shop = keys.new_key(conn, shop, "shop", ["pickup"], now(), sellers=[seller], processes=["fdm-pla"])[1]

    def ask(self, method: str, path: str, body: Any = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            headers = {"Authorization": f"Bearer {self.owner}", "Content-Type": "application/json"}
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())

    def wait_until_it_answers(self) -> None:
        until = time.monotonic() + GIVE_UP
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                self.ask("GET", "/v1/jobs/" + "0" * 32)
                return
            time.sleep(0.1)
        raise AssertionError("the service does not answer")

    def order(self, orders: int, quantity: int = 1) -> None:
        """Orders, and until their pieces may be claimed."""
        for n in range(orders):
            order = {
                "template": "phone-case",
                "process": "fdm-pla",
                "reference": f"order {n}",
                "priority": n % 3,
                "quantity": quantity,
                "parameters": {"phone": "google-pixel-6", "name": NAMES[n % len(NAMES)]},
            }
            status, told = self.ask("POST", "/v1/jobs?formats=3mf", order)
            assert status == 202, told
        until = time.monotonic() + GIVE_UP
        while len(self.pieces()) < orders * quantity:
            assert time.monotonic() < until, "the jobs do not end"
            time.sleep(0.2)

    def pieces(self) -> list[Any]:
        with self.house.database.read() as conn:
            return list(conn.execute(sa.select(copies)).all())

    def kill_what_it_runs(self) -> int:
        """kill -9 of the web process and the dispatcher; how many."""
        found = pathlib.Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read_text().split()
        for one in found:
            os.kill(int(one), signal.SIGKILL)
        return len(found)

    def close(self) -> None:
        self.house.database.close()
        self.process.terminate()
        self.process.wait()


@pytest.fixture
def service(tmp_path: pathlib.Path) -> Iterator[Service]:
    running = Service(tmp_path / "data")
    try:
        yield running
    finally:
        running.close()


def pulling(service: Service, alone: pathlib.Path, out: pathlib.Path) -> subprocess.Popen[str]:
    """The client as a shop has it: the one file, and a Python that knows nothing of us."""
    told = ["--url", service.url, "--process", "fdm-pla", "--out", str(out), "--formats", "3mf,gcode"]
    environment = {"UNIKAT_KEY": service.shop, "PATH": os.environ["PATH"]}
    return subprocess.Popen([sys.executable, "-I", str(alone), *told], cwd=alone.parent, env=environment, text=True)


def here(out: pathlib.Path) -> list[pathlib.Path]:
    return sorted(p for p in out.glob("*") if p.name != ".unikat")


def pull_and_be_killed(service: Service, folder: pathlib.Path, units: int, kills: int) -> dict[str, float]:
    """All units are here at the end, each once; seconds and kills."""
    alone, out = folder / "pull.py", folder / "units"
    shutil.copy(ROOT / "service" / "pull.py", alone)
    begun, killed = time.monotonic(), 0
    until = begun + GIVE_UP + 10.0 * units
    for n in range(kills):
        run = pulling(service, alone, out)
        enough = len(here(out)) + max(1, units // (2 * kills))
        while run.poll() is None and len(here(out)) < enough:
            assert time.monotonic() < until
            time.sleep(0.003 * (n + 1))
        if n == kills // 2:
            assert service.kill_what_it_runs() == 2
            time.sleep(0.5)
        killed += run.poll() is None
        run.send_signal(signal.SIGKILL)
        run.wait()
    run = pulling(service, alone, out)
    assert run.wait(timeout=until - time.monotonic()) == 0
    pieces = service.pieces()
    assert collections.Counter(piece.state for piece in pieces) == {"printed": units}
    assert [one.name for one in here(out)] == sorted(f"{piece.serial}-1" for piece in pieces)
    for one in here(out):
        assert {p.name for p in one.iterdir()} == {"model.3mf", "model.gcode", "unit.json"}
        assert (one / "model.3mf").read_bytes()[:2] == b"PK"
    assert len({piece.id for piece in pieces}) == units
    again = pulling(service, alone, out)
    assert again.wait() == 0
    assert len(here(out)) == units
    return {"seconds": time.monotonic() - begun, "killed": killed}


def test_twenty_units_with_gcode_are_pulled_once_each_whatever_is_killed(service: Service, tmp_path: pathlib.Path) -> None:
    service.wait_until_it_answers()
    service.order(10, quantity=2)
    told = pull_and_be_killed(service, tmp_path, 20, 4)
    assert told["killed"] >= 3
    found = [read((one / "model.gcode").read_text()) for one in here(tmp_path / "units")]
    assert all(figures.layers > 10 and figures.filament_g for figures in found[:2])
    same = collections.Counter(hashlib.sha256((p / "model.gcode").read_bytes()).hexdigest() for p in here(tmp_path / "units"))
    assert sorted(same.values()) == [2] * len(NAMES), "two pieces of each order, and no two orders alike"
    status, _ = service.ask("POST", "/v1/pickups:claim", {"process": "fdm-pla"})
    assert status == 403, "a seller's own key is no print shop's"


def main(units: int) -> None:
    """The command."""
    with tempfile.TemporaryDirectory() as name:
        service = Service(pathlib.Path(name) / "data")
        try:
            service.wait_until_it_answers()
            service.order(units)
            told = pull_and_be_killed(service, pathlib.Path(name), units, 20)
        finally:
            service.close()
        print(
            f"{units} units with G-code, the client killed {told['killed']:.0f} times: all here once, {told['seconds']:.0f} s"
        )


if __name__ == "__main__":
    main(int(sys.argv[1]))
