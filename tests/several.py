"""`python -m tests.several --kills 1000`: two services over one real Postgres and one bucket, under load with poison, while their lanes,
dispatchers and web processes are killed (-9), the leading dispatcher is stopped and goes on, the database crashes and comes back, and the
bucket does not answer; then what must hold is counted. The status is 1 where something does not.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import pathlib
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from unittest import mock

import sqlalchemy as sa

from service.clock import new_id, now
from service.house import ARTIFACTS, ELSEWHERE, KEY, House, open_house
from service.store import facts
from service.store.database import Unwritable
from service.store.leading import EPOCH
from service.store.outbox import EVENTS
from service.store.schema import endpoints, jobs, tenants
from tests import chaos
from tests.moto import Moto, moto
from tests.postgres import Cluster, cluster

KINDS = ("lane", "lane", "lane", "dispatcher", "lane", "web", "lane", "server", "stopped", "bucket", "database")
"""What is done in turn. `server`: what lanes are forked from. `stopped`: the dispatcher that leads, until another does. `bucket`: it is
silent for a while, as the database is away."""
TAKEOVER_S = 10.0
AWAY_S = 3.0
"""So long the database is away."""
PATIENCE_S = 180.0


@dataclass
class Storm:
    """Two services, their store, and what was seen."""

    servers: list[chaos.Server]
    database: Cluster
    bucket: Moto
    house: House
    rng: random.Random
    sent: dict[str, str] = field(default_factory=dict)
    done: Counter[str] = field(default_factory=Counter)
    takeovers: list[float] = field(default_factory=list)

    def epoch(self) -> int:
        """How often the lead was taken."""
        while True:  # the database may be away
            with contextlib.suppress(Unwritable), self.house.database.read() as conn:
                return facts.count(conn, EPOCH)
            time.sleep(0.1)

    def leading(self) -> int | None:
        """The dispatcher that leads: lanes are under it alone."""
        found = [there["dispatcher"][0] for s in self.servers if (there := s.processes())["server"] and there["dispatcher"]]
        return found[0] if len(found) == 1 else None

    def act(self, kind: str) -> bool:
        """Do it; False where there is nothing to do it to now."""
        if kind == "database":
            self.database.stop(signal.SIGQUIT)
            time.sleep(AWAY_S)
            self.database.start()
            return True
        if kind == "bucket":
            self.bucket.signal(signal.SIGSTOP)
            time.sleep(AWAY_S)
            self.bucket.signal(signal.SIGCONT)
            return True
        if kind in ("stopped", "dispatcher"):
            return self.overtake(kind == "stopped")
        there = [pid for server in self.servers for pid in server.processes()[kind]]
        if there:
            os.kill(self.rng.choice(there), signal.SIGKILL)
        return bool(there)

    def overtake(self, stopped: bool) -> bool:
        """The one that leads is stopped, or killed: how long until another leads."""
        pid, before = self.leading(), self.epoch()
        if pid is None:
            return False
        begun = time.monotonic()
        os.kill(pid, signal.SIGSTOP if stopped else signal.SIGKILL)
        while self.epoch() == before and time.monotonic() < begun + 60:
            time.sleep(0.02)
        self.takeovers.append(time.monotonic() - begun)
        if stopped:
            time.sleep(0.5)  # the next one has begun
            os.kill(pid, signal.SIGCONT)
        return True

    def order(self) -> None:
        """A few, by either."""
        for _ in range(chaos.BATCH):
            number = len(self.sent)
            kind = self.rng.choice(sorted(chaos.POISON)) if self.rng.random() < chaos.SHARE else "good"
            order = {"template": "block", "reference": f"r{number}", "parameters": {"name": f"{kind} {number}"}}
            self.sent[self.rng.choice(self.servers).order(order, number)] = f"{kind} {number}"

    def settle(self) -> list[str]:
        """Until all has ended."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(Unwritable), self.house.database.read() as conn:
                waits = sa.select(sa.func.count()).where(jobs.c.state.in_(("queued", "running")))
                if not conn.execute(waits).scalar_one():
                    return []
            time.sleep(0.2)
        return ["not all has ended"]


def start(folder: pathlib.Path, environment: Mapping[str, str]) -> list[chaos.Server]:
    """Two services that share a store, a bucket and a master key, each with a folder of its own."""
    options = ("--lanes", "1", "--template", str(chaos.TEMPLATE))
    one = chaos.Server(folder / "one", *options, **environment)
    (folder / "two" / KEY).parent.mkdir(parents=True)
    shutil.copy(folder / "one" / KEY, folder / "two" / KEY)
    return [one, chaos.Server(folder / "two", *options, key=one.key, **environment)]


def opened(folder: pathlib.Path) -> House:
    """The store as this process sees it, with an endpoint that is told of all."""
    house = open_house(folder)
    with house.database.write() as conn:
        (tenant,) = conn.execute(sa.select(tenants.c.id)).scalars()
        point = {"id": new_id(now()), "tenant": tenant, "url": "https://127.0.0.1:9", "events": list(EVENTS), "created": now()}
        conn.execute(sa.insert(endpoints).values(**point, secret=b"", state="active"))
    return house


def storm(folder: pathlib.Path, kills: int, seed: int) -> list[str]:
    """All of it; what does not hold, in words."""
    begun = time.monotonic()
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # of connections that broke, which is meant
    with cluster() as database, moto() as bucket:
        environment = {**bucket.environment, ELSEWHERE: database.url(), ARTIFACTS: bucket.bucket("packs") + "/some/where"}
        servers = start(folder, environment)
        with mock.patch.dict(os.environ, environment):
            house = opened(folder / "one")
        told = Storm(servers, database, bucket, house, random.Random(seed))
        try:
            while told.done.total() < kills:
                told.order()
                time.sleep(told.rng.uniform(0.0, 0.25))
                kind = KINDS[told.done.total() % len(KINDS)]
                until = time.monotonic() + 30
                while not told.act(kind) and time.monotonic() < until:
                    time.sleep(0.05)
                told.done[kind] += 1
            with mock.patch.dict(os.environ, environment):
                wrong = told.settle() + chaos.judged(told.house, told.sent)
        finally:
            left = [pid for server in servers for pid in server.end()]
            told.house.database.close()
    slowest = max(told.takeovers, default=0.0)
    print(f"{dict(told.done)}, {len(told.sent)} orders, slowest takeover {slowest:.1f} s, {time.monotonic() - begun:.0f} s")
    if slowest > TAKEOVER_S:
        wrong.append(f"a takeover took {slowest:.1f} s")
    if left:
        wrong.append(f"{len(left)} processes are left a second after the end")
    return wrong


def main() -> int:
    """See the head of this file."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--kills", type=int, default=1000)
    told.add_argument("--seed", type=int, default=1)
    asked = told.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        wrong = storm(pathlib.Path(folder), asked.kills, asked.seed)
    for line, n in Counter(wrong).items():
        print(f"WRONG {n} x {line}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
