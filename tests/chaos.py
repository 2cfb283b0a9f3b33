"""`python -m tests.chaos --kills 1000`: the service as a user starts it, under load with 3 % poison, while its lanes, its dispatcher
and its web process are killed (-9) at random moments; then what must hold is counted. The status is 1 where something does not.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import pathlib
import random
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from typing import Any

import sqlalchemy as sa

from service.clock import new_id, now
from service.house import open_house
from service.store import tallies
from service.store.outbox import EVENTS
from service.store.schema import copies, endpoints, jobs, outbox, tenants

ROOT = pathlib.Path(__file__).resolve().parents[1]
TEMPLATE = ROOT / "tests/chaos_template.py"
POISON = {"crash": "crash", "exit": "exit", "memory": "memory", "hoard": "memory", "hang": "timeout", "raise": "template"}
"""How an order's name begins -> the reason for which it must fail; or `lost`: what hangs is there to be killed again and again."""
SHARE = 0.03
BATCH = 5
"""Orders between two kills."""


class Server:
    """`unikat serve` on a folder, and the processes under it. `key`: the owner's, where another service told it."""

    def __init__(
        self, folder: pathlib.Path, *options: str, key: str | None = None, seconds: float = 2.0, **environment: str
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        told = f"unit_seconds = {seconds}\nlane_mb = 1500\nfailure_burst = 100000\n"
        (folder / "settings.toml").write_text(told, encoding="utf-8")
        self.folder = folder
        self.out = (folder / "out.txt").open("w+", encoding="utf-8")
        self.process = subprocess.Popen(
            [sys.executable, "-m", "service.cli", "serve", "--data", str(folder), "--port", "0", *options],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdout=self.out,
            stderr=(folder / "err.txt").open("w", encoding="utf-8"),
            start_new_session=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL) and None,  # a background shell ignores it
        )
        self.key = key or self._said(r"told this once: (\S+)")
        self.port = int(self._said(r"Serving on http://127\.0\.0\.1:(\d+)"))

    def _said(self, pattern: str, seconds: float = 120.0) -> str:
        until = time.monotonic() + seconds
        while time.monotonic() < until and self.process.poll() is None:
            found = re.search(pattern, (self.folder / "out.txt").read_text(encoding="utf-8"))
            if found:
                return found[1]
            time.sleep(0.05)
        raise AssertionError(f"unikat serve did not start: {(self.folder / 'err.txt').read_text(encoding='utf-8')[-3000:]}")

    def asked(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and headers; OSError or HTTPException where the web process died meanwhile."""
        line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=40)
        with contextlib.closing(line):
            line.request(method, path, body, {"Authorization": f"Bearer {self.key}", **headers})
            answer = line.getresponse()
            return answer.status, answer.read(), {name.title(): value for name, value in answer.getheaders()}

    def call(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
        """Status and body."""
        return self.asked(method, path, body, **headers)[:2]

    def order(self, order: dict[str, Any], number: int) -> str:
        """Post until it is taken: the job's id."""
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with contextlib.suppress(OSError, http.client.HTTPException):
                told = {"Content-Type": "application/json", "Idempotency-Key": f"order-{number}"}
                status, body = self.call("POST", "/v1/jobs?formats=stl", json.dumps(order).encode(), **told)
                if status in (200, 202):
                    return str(json.loads(body)["id"])
                assert status in (429, 503), body
            time.sleep(0.05)
        raise AssertionError("the web process does not come back")

    def processes(self) -> dict[str, list[int]]:
        """By kind: web, dispatcher, server (that lanes are forked from), lane, other."""
        there = table()
        parents, words = {pid: parent for pid, parent, _ in there}, {pid: text for pid, _, text in there}
        found: dict[str, list[int]] = {"web": [], "dispatcher": [], "server": [], "lane": [], "other": []}
        for pid in below(self.process.pid, parents):
            parent = parents[pid]
            if "service.web" in words[pid]:
                kind = "web"
            elif "service.dispatch" in words[pid]:
                kind = "dispatcher"
            elif "service.dispatch" in words.get(parent, ""):
                kind = "server"
            elif "service.dispatch" in words.get(parents.get(parent, 0), ""):
                kind = "lane"
            else:
                kind = "other"
            found[kind].append(pid)
        return found

    def led(self) -> tuple[int, int]:
        """The last epoch in which a dispatcher of this service took the lead, and its pid; 0 and 0 where none did."""
        said = (self.folder / "err.txt").read_text(encoding="utf-8")
        found = re.findall(r'"leading", "epoch": (\d+), "pid": (\d+)', said)
        return max(((int(epoch), int(pid)) for epoch, pid in found), default=(0, 0))

    def end(self, how: int = signal.SIGTERM) -> list[int]:
        """End it; the processes under it that are still there a second after it has gone."""
        under = [pid for pids in self.processes().values() for pid in pids]
        self.process.send_signal(how)
        self.process.wait(30)
        self.out.close()
        until = time.monotonic() + 1.0
        while (left := [pid for pid in under if alive(pid)]) and time.monotonic() < until:
            time.sleep(0.02)
        return left


def table() -> list[tuple[int, int, str]]:
    """Pid, parent and command line of every process."""
    found = []
    for place in pathlib.Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, ValueError):
            fields = (place / "stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()
            if fields[0] != "Z":
                words = (place / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                found.append((int(place.name), int(fields[1]), words))
    return found


def below(top: int, parents: dict[int, int]) -> list[int]:
    """Every process that descends from one."""
    found, wanted = [], {top}
    while wanted:
        wanted = {pid for pid, parent in parents.items() if parent in wanted}
        found += sorted(wanted)
    return found


def alive(pid: int) -> bool:
    """Whether it runs, and is no zombie."""
    with contextlib.suppress(OSError):
        return pathlib.Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    return False


def kill_one(server: Server, rng: random.Random) -> str | None:
    """Kill one process; of which kind."""
    there = server.processes()
    kind = rng.choices(["lane", "server", "dispatcher", "web"], [17, 1, 1, 1])[0]
    if not there[kind]:
        return None
    with contextlib.suppress(ProcessLookupError):
        os.kill(rng.choice(there[kind]), signal.SIGKILL)
        return kind
    return None


def storm(folder: pathlib.Path, kills: int, seed: int, lanes: int = 2) -> list[str]:
    """All of it; what does not hold, in words."""
    rng = random.Random(seed)
    server = Server(folder, "--lanes", str(lanes), "--template", str(TEMPLATE))
    house = open_house(folder)
    with house.database.write() as conn:
        (tenant,) = conn.execute(sa.select(tenants.c.id)).scalars()
        point = {"id": new_id(now()), "tenant": tenant, "url": "https://127.0.0.1:9", "events": list(EVENTS), "created": now()}
        conn.execute(sa.insert(endpoints).values(**point, secret=b"", state="active"))
    sent: dict[str, str] = {}
    bodies: dict[str, str] = {}
    killed: Counter[str] = Counter()
    wrong: list[str] = []
    begun = time.monotonic()
    try:
        while killed.total() < kills:
            for _ in range(BATCH):
                number = len(sent)
                name = f"{rng.choice(sorted(POISON))} {number}" if rng.random() < SHARE else f"good {number}"
                one = server.order({"template": "block", "reference": f"r{number}", "parameters": {"name": name}}, number)
                if one in sent:
                    wrong.append("two orders have one id")
                sent[one] = name
            time.sleep(rng.uniform(0.0, 0.25))
            while (kind := kill_one(server, rng)) is None:  # none of that kind is there now
                time.sleep(0.05)
            killed[kind] += 1
        until = time.monotonic() + 120
        while time.monotonic() < until:
            with house.database.read() as conn:
                left = conn.execute(sa.select(sa.func.count()).where(jobs.c.state.in_(("queued", "running")))).scalar_one()
                for one, body in conn.execute(sa.select(outbox.c.id, outbox.c.body)):
                    if bodies.setdefault(one, body) != body:
                        wrong.append("a webhook's id has two bodies")
            if not left:
                break
            time.sleep(0.2)
        wrong += judged(house, sent)
        print(f"{kills} kills {dict(killed)}, {len(sent)} orders, {time.monotonic() - begun:.1f} s", flush=True)
    finally:
        left_over = server.end()
        house.database.close()
    if left_over:
        wrong.append(f"{len(left_over)} processes are left a second after the end")
    if server.process.returncode != 0:
        wrong.append(f"the service ended with {server.process.returncode}")
    return wrong


def judged(house: Any, sent: dict[str, str]) -> list[str]:
    """What does not hold in the store, once all has ended."""
    wrong: list[str] = []
    with house.database.read() as conn:
        rows = {row.id: row for row in conn.execute(sa.select(jobs))}
        told = []
        for body in conn.execute(sa.select(outbox.c.body).where(outbox.c.event.in_(("job.ended", "units.ended")))).scalars():
            data = json.loads(body)["data"]
            told += [unit["id"] for unit in data.get("units", [data])]
        pieces = Counter(conn.execute(sa.select(copies.c.job)).scalars())
        wrong += [f"a counter is wrong: {line}" for line in tallies.wrong(conn)]
    said = Counter(told)
    if set(rows) != set(sent):
        wrong.append(f"{len(set(sent) - set(rows))} jobs lost, {len(set(rows) - set(sent))} that nobody ordered")
    for one, name in sent.items():
        if one not in rows:
            continue
        kind, row = name.split()[0], rows[one]
        reason = POISON.get(kind)
        if kind == "good" and row.state != "done":
            wrong.append(f"a good unit is {row.state} ({row.reason})")
        if reason is not None and (row.state != "failed" or row.reason not in (reason, "lost")):
            wrong.append(f"{kind} is {row.state} ({row.reason})")
        if said[one] != 1:
            wrong.append(f"an end was told of {said[one]} times")
        if pieces[one] != (row.state == "done"):
            wrong.append(f"{pieces[one]} copies of a {row.state} unit")
    ends: dict[str, tuple[int, int]] = {}
    for row in rows.values():
        for offset, size, *_ in (row.files or {}).values():
            ends[row.pack] = max(ends.get(row.pack, (0, 0)), (offset, size))
    for pack, (offset, size) in ends.items():  # Lost, where it is shorter than what was written
        house.packs.read(pack, offset, size)
    return wrong


def main() -> int:
    """See the head of this file."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--kills", type=int, default=1000)
    told.add_argument("--seed", type=int, default=1)
    asked = told.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = storm(pathlib.Path(folder) / "data", asked.kills, asked.seed)
    for line, n in Counter(wrong).items():
        print(f"WRONG {n} x {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
