"""Of the subject `service`: what it costs to take orders.

The web process's application runs in this process, so that its CPU time is what is timed; who asks is a process of its own.
"""

from __future__ import annotations

import json
import pathlib
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import uvicorn

from benchmarks import harness
from service.app import create
from service.house import House, open_house
from service.serve import first_key
from service.settings import Settings
from service.store import tallies
from service.web import SWITCH, guarded

POSTS = 600
CLIENTS = 32
RATE, P99_MS = 300.0, 150.0
"""The goals of posting: orders a second at least, milliseconds at most, with CLIENTS at once."""


@dataclass
class Posting:
    """The application over a fresh house, and what its clients saw. Started at the first batch."""

    folder: pathlib.Path = field(default_factory=lambda: pathlib.Path(tempfile.mkdtemp(prefix="unikat-posting-")))
    sent: int = 0
    rates: list[float] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    told: str = ""
    _running: tuple[House, str, uvicorn.Server, threading.Thread] | None = None

    def _start(self) -> tuple[House, str, uvicorn.Server, threading.Thread]:
        if self._running is None:
            house = open_house(self.folder)
            token = first_key(house)
            assert token is not None
            settings = Settings(rate=1e6, burst=1e6)
            app = create(house, settings)
            config = uvicorn.Config(app, port=0, http=guarded(settings), log_config=None, access_log=False)
            server = uvicorn.Server(config)
            thread = threading.Thread(target=server.run, daemon=True)
            thread.start()
            while not server.started:
                time.sleep(0.01)
            self._running = house, token, server, thread
        return self._running

    def post(self, _: object = None) -> None:
        """POSTS orders by CLIENTS clients; all are taken."""
        _, token, server, _ = self._start()
        port = server.servers[0].sockets[0].getsockname()[1]
        command = [sys.executable, "-m", "benchmarks.posting", str(port), token, str(POSTS), str(CLIENTS)]
        before = sys.getswitchinterval()
        sys.setswitchinterval(SWITCH)  # as the web process has it
        told = json.loads(subprocess.run(command, capture_output=True, check=True).stdout)
        sys.setswitchinterval(before)
        assert told["bad"] == 0
        self.sent += POSTS
        self.rates.append(POSTS / told["seconds"])
        self.latencies += told["latencies"]

    def agree(self) -> list[str]:
        """Every order that was answered with 202 is in the store, once, and the counters say so."""
        self.post()
        house = self._start()[0]
        with house.database.read() as conn:
            wrong = tallies.wrong(conn)
            counted = sum(row.n for row in conn.execute(tallies.tallies.select()))
        found = [f"counters differ from rows: {wrong}"] if wrong else []
        return found + ([] if counted == self.sent else [f"{self.sent} orders were taken, {counted} are there"])

    def note(self) -> str:
        """What the clients saw, from the second batch on; the server ends."""
        if not self.told:
            rates, seen = sorted(self.rates[1:]), sorted(self.latencies[POSTS:])
            rate, half, p99 = rates[len(rates) // 2], seen[len(seen) // 2], seen[int(len(seen) * 0.99)]
            met = "met" if rate >= RATE and p99 <= P99_MS else "MISSED"
            goal = f"goal {RATE:.0f}/s, {P99_MS:.0f} ms: {met}"
            self.told = f"{CLIENTS} clients: {rate:.0f} orders/s, median {half:.0f} ms, p99 {p99:.0f} ms ({goal})"
            house, _, server, thread = self._start()
            server.should_exit = True
            thread.join()
            house.database.close()
            shutil.rmtree(self.folder)
        return self.told


def posting_cases() -> Sequence[harness.Case]:
    """POST /v1/jobs, each with an Idempotency-Key: checked, sealed, on the disk before it is answered."""
    posting = Posting()
    return [harness.Case(f"POST /v1/jobs, {POSTS} orders", posting.post, posting.agree, note=posting.note)]
