"""Callers of several services, at all times: every answer is looked at. What is no success is 503, and says when to come again."""

from __future__ import annotations

import contextlib
import http.client
import json
import random
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from tests import chaos

PAUSE = 0.2
"""Seconds between two calls of a caller."""
AGAIN = 0.1
PATIENCE_S = 120.0


@dataclass
class Seen:
    """What callers saw. `sent`: a job's id -> its name. `answers`: by status; 0 where the process died before it answered."""

    sent: dict[str, str] = field(default_factory=dict)
    answers: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def call(self, server: chaos.Server, method: str, path: str, body: bytes | None = None, **more: str) -> tuple[int, bytes]:
        """Status and body; (0, nothing) where the line broke."""
        try:
            status, told, headers = server.asked(method, path, body, **more)
        except (OSError, http.client.HTTPException):
            status, told, headers = 0, b"", {}
        what = path.split("?")[0].replace("/", " ").split()
        with self.lock:
            self.answers[status] += 1
            if status >= 400 and not (status == 503 and headers.get("Retry-After", "").isdigit()):
                self.wrong.append(f"{method} {what[1] if len(what) > 1 else what[0]}: {status} {told[:200]!r}")
        return status, told

    def order(self, server: chaos.Server, name: str, once: str) -> str | None:
        """Post an order until it is taken: its id; none where it never was."""
        order = json.dumps({"template": "block", "reference": once, "parameters": {"name": name}}).encode()
        told = {"Content-Type": "application/json", "Idempotency-Key": once}
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            status, body = self.call(server, "POST", "/v1/jobs?formats=stl", order, **told)
            if status in (200, 202):
                one = str(json.loads(body)["id"])
                with self.lock:
                    if one in self.sent:
                        self.wrong.append("two orders have one id")
                    self.sent[one] = name
                return one
            time.sleep(AGAIN)
        with self.lock:
            self.wrong.append("an order was never taken")
        return None

    def campaign(self, server: chaos.Server, units: int) -> str:
        """A campaign of so many cases, no two with one name; its id."""
        rows = b"".join(b'{"parameters":{"name":"Zoe %d"}}\n' % n for n in range(units))
        told = {"Content-Type": "application/x-ndjson", "Idempotency-Key": "campaign"}
        status, body = self.call(server, "POST", "/v1/campaigns?template=phone-case&formats=stl", rows, **told)
        assert status == 202, body
        return str(json.loads(body)["id"])


class Caller(threading.Thread):
    """Orders, looks and downloads at one service, until it is told to stop."""

    def __init__(self, server: chaos.Server, seen: Seen, campaign: str, number: int) -> None:
        super().__init__(name=f"caller-{number}", daemon=True)
        self.server, self.seen, self.campaign, self.number = server, seen, campaign, number
        self.rng = random.Random(number)
        self.stop = threading.Event()
        self.mine: list[str] = []

    def run(self) -> None:
        """One call after another."""
        acts = (self._order, self._look, self._list, self._download, self._ready)
        count = 0
        while not self.stop.wait(PAUSE):
            acts[count % len(acts)](count)
            count += 1

    def _order(self, count: int) -> None:
        kind = self.rng.choice(sorted(chaos.POISON)) if self.rng.random() < chaos.SHARE else "good"
        made = self.seen.order(self.server, f"{kind} caller {self.number} {count}", f"c{self.number}-{count}")
        self.mine += [made] if made and kind == "good" else []

    def _look(self, _: int) -> None:
        self.seen.call(self.server, "GET", f"/v1/campaigns/{self.campaign}")

    def _list(self, _: int) -> None:
        self.seen.call(self.server, "GET", "/v1/jobs?limit=20")

    def _ready(self, _: int) -> None:
        self.seen.call(self.server, "GET", "/readyz")

    def _download(self, _: int) -> None:
        """A file of a job that has ended: the bucket is asked."""
        for one in self.rng.sample(self.mine, min(1, len(self.mine))):
            told: dict[str, Any] = {}
            status, body = self.seen.call(self.server, "GET", f"/v1/jobs/{one}")
            with contextlib.suppress(ValueError):
                told = json.loads(body) if status == 200 else {}
            if told.get("state") == "done":
                self.seen.call(self.server, "GET", f"/v1/jobs/{one}/files/model.stl")
