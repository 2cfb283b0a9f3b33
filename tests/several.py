"""`python -m tests.several --kills 1000`: two services over one real Postgres, one bucket and one fleet of three workers, all at once.

A campaign of cases with names, and callers all the while, with poison; web processes, dispatchers, workers, their lanes, the scheduler and sessions of the
database are killed (-9) in turn and started again, the leading dispatcher is stopped and goes on, the database is away for half a minute
and the bucket answers 500 for a third of one. Then what must hold is counted. The status is 1 where something does not.
`--docs` writes the table into service/docs/several.md.
"""

from __future__ import annotations

import argparse
import contextlib
import logging
import os
import pathlib
import random
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from unittest import mock

import sqlalchemy as sa

from engine.model.places import cache_folder
from engine.shape import fonts
from service.clock import new_id, now
from service.fleet import kit
from service.house import ARTIFACTS, ELSEWHERE, FLEET_KEY, KEY, House, open_house
from service.store import facts
from service.store.database import Unwritable
from service.store.leading import EPOCH
from service.store.outbox import EVENTS
from service.store.schema import endpoints, jobs, tenants
from tests import chaos
from tests.calling import Caller, Seen
from tests.faults import Faults, faults
from tests.fleet import Workers, workers
from tests.moto import Moto, moto
from tests.postgres import Cluster, cluster

KINDS = {
    "worker": "a worker killed, and started again",
    "lane": "a lane of a worker killed",
    "web": "an API process killed",
    "dispatcher": "the dispatcher that leads killed",
    "stopped": "the dispatcher that leads stopped, until another did, then continued",
    "scheduler": "the scheduler killed, and started again",
    "session": "a session of the database killed",
    "database": "the database away for {} s",
    "bucket": "the bucket answering 500 for {} s",
}
TURN = ("worker", "web", "lane", "dispatcher", "session", "web", "lane", "scheduler", "web", "stopped", "lane")
LONG = {8: "database", 19: "bucket"}
"""Of every ROUND acts these."""
ROUND = 30
AWAY_S = {"database": 30.0, "bucket": 20.0}
TAKEOVER_S = 10.0
PACE_S = 8.0
"""The next act comes when its share of the campaign has ended, or after so long."""
UNIT_S = 15.0
"""So long a unit may take on a machine that does all this at once."""
PATIENCE_S = 120.0
WORKERS = ("one", "two", "three")
STRANGER = "stranger"
PAGE = pathlib.Path(__file__).parents[1] / "service/docs/several.md"


def kind_of(number: int) -> str:
    """What act that is."""
    return LONG.get(number % ROUND) or TURN[number % len(TURN)]


@dataclass
class Storm:
    """Two services, what they stand on, and what was seen."""

    servers: list[chaos.Server]
    database: Cluster
    bucket: Faults
    fleet: Workers
    house: House
    rng: random.Random
    seen: Seen = field(default_factory=Seen)
    done: Counter[str] = field(default_factory=Counter)
    busy: int = 0
    leads: list[float] = field(default_factory=list)
    takeovers: list[float] = field(default_factory=list)

    def asked(self, question: Callable[[sa.Connection], int]) -> int:
        """The store's answer; the database may be away, and is waited for."""
        while True:
            with contextlib.suppress(Unwritable), self.house.database.read() as conn:
                return question(conn)
            time.sleep(0.1)

    def count(self, *where: sa.ColumnElement[bool]) -> int:
        """How many jobs there are."""
        return self.asked(lambda conn: conn.execute(sa.select(sa.func.count()).select_from(jobs).where(*where)).scalar_one())

    def epoch(self) -> int:
        """How often the lead was taken."""
        return self.asked(lambda conn: facts.count(conn, EPOCH))

    def leading(self) -> int | None:
        """The dispatcher that leads, as the last one to do so said."""
        epoch, pid = max(server.led() for server in self.servers)
        return pid if epoch == self.epoch() and chaos.alive(pid) else None

    def act(self, kind: str) -> bool:
        """Do it; False where there is nothing to do it to now."""
        if kind in ("stopped", "dispatcher"):
            return self.overtake(kind == "stopped")
        if kind in AWAY_S:
            with self.away(kind):
                time.sleep(AWAY_S[kind])
            return True
        if kind in ("worker", "scheduler"):
            name = "scheduler" if kind == "scheduler" else self.rng.choice(WORKERS)
            self.fleet.end(name, signal.SIGKILL)
            if kind == "scheduler":
                self.fleet.scheduler()
            else:
                self.fleet.worker(name, **bare(self.fleet.folder / f"cache-{name}"))
            return True
        there = self.targets(kind)
        if there:
            os.kill(self.rng.choice(there), signal.SIGKILL)
        return bool(there)

    def targets(self, kind: str) -> list[int]:
        """Whom to kill."""
        if kind == "lane":
            return self.fleet.lanes()
        if kind == "session":
            return self.database.sessions()
        return [pid for server in self.servers for pid in server.processes()[kind]]

    @contextlib.contextmanager
    def away(self, kind: str) -> Iterator[None]:
        """The database, or the bucket, for as long as the block lasts."""
        if kind == "bucket":
            self.bucket.fail(True)
        else:
            self.database.stop(signal.SIGQUIT)
        try:
            yield
        finally:
            if kind == "bucket":
                self.bucket.fail(False)
            else:
                self.database.start()

    def overtake(self, stopped: bool) -> bool:
        """The one that leads is stopped, or killed: how long until another leads, and until it has begun a unit."""
        pid, before = self.leading(), self.epoch()
        if pid is None:
            return False
        begun = time.monotonic()
        os.kill(pid, signal.SIGSTOP if stopped else signal.SIGKILL)
        while self.epoch() == before and time.monotonic() < begun + 60:
            time.sleep(0.02)
        self.leads.append(time.monotonic() - begun)
        at = now()
        while not self.count(jobs.c.state != "queued", jobs.c.updated > at) and time.monotonic() < begun + 60:
            time.sleep(0.05)
        self.takeovers.append(time.monotonic() - begun)
        if stopped:
            os.kill(pid, signal.SIGCONT)
        return True

    def rage(self, campaign: str, units: int, kills: int) -> None:
        """One act after another, as the campaign goes on."""
        begun = time.monotonic()
        for number in range(kills):
            until = time.monotonic() + PACE_S
            ended = jobs.c.campaign == campaign, jobs.c.finished.is_not(None)
            while self.count(*ended) < number * units // kills and time.monotonic() < until:
                time.sleep(0.2)
            time.sleep(self.rng.uniform(0.0, 0.25))
            kind, until = kind_of(number), time.monotonic() + 60
            self.busy += self.count(jobs.c.state == "running") > 0
            while not self.act(kind) and time.monotonic() < until:
                time.sleep(0.05)
            self.done[kind] += 1
            print(f"{time.monotonic() - begun:6.1f} s: {kind}, {self.count(*ended)} of {units} have ended", file=sys.stderr)

    def whole(self, units: int, kills: int) -> list[str]:
        """A campaign and callers; all that is done to them; what does not hold."""
        campaign = self.seen.campaign(self.servers[0], units)
        callers = [Caller(server, self.seen, campaign, n) for n, server in enumerate(self.servers)]
        until = time.monotonic() + PATIENCE_S
        while not self.count(jobs.c.finished.is_not(None)) and time.monotonic() < until:
            time.sleep(0.2)  # the workers are there
        for caller in callers:
            caller.start()
        try:
            self.rage(campaign, units, kills)
        finally:
            for caller in callers:
                caller.stop.set()
            for caller in callers:
                caller.join()
        return self.settle() + self.judged(campaign, units)

    def settle(self) -> list[str]:
        """Until all has ended, or nothing more does."""
        left, until = -1, time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            now_left = self.count(jobs.c.state.in_(("queued", "running")))
            if not now_left:
                return []
            if now_left != left:
                left, until = now_left, time.monotonic() + PATIENCE_S
            time.sleep(0.2)
        return [f"{left} have not ended"]

    def judged(self, campaign: str, units: int) -> list[str]:
        """What does not hold."""
        with self.house.database.read() as conn:
            told = sa.select(jobs.c.id, jobs.c.line).where(jobs.c.campaign == campaign).order_by(jobs.c.line)
            rows = conn.execute(told).all()
        wrong = [] if [row.line for row in rows] == list(range(1, units + 1)) else ["rows of the campaign are lost"]
        ours = {row.id: f"good {row.line}" for row in rows}
        wrong += self.seen.wrong + chaos.judged(self.house, {**self.seen.sent, **ours})
        if self.takeovers and max(self.takeovers) > TAKEOVER_S:
            wrong.append(f"a takeover took {max(self.takeovers):.1f} s")
        said = "".join((server.folder / "err.txt").read_text() for server in self.servers)
        ended = [name for name, process in self.fleet.processes.items() if process.poll() is not None]
        if ended:
            wrong.append(f"{', '.join(ended)} ended, and nobody killed it")
        if not list(self.fleet.folder.glob(f"cache-*/{kit.FOLDER}/*/{chaos.TEMPLATE.name}")):
            wrong.append("no worker fetched the designer's file")
        if '"workers_of_other_code": 1' not in said or '"working"' not in self.fleet.said(STRANGER):
            wrong.append("the worker with other code was not there")
        return wrong

    def figures(self, units: int, seconds: float, wrong: int) -> dict[str, str]:
        """The table: what was done or counted, and how much of it."""
        told = {words.format(round(AWAY_S.get(kind, 0))): f"{self.done[kind]}" for kind, words in KINDS.items()}
        answers = self.seen.answers
        return told | {
            "acts while units were being made": f"{self.busy} of {self.done.total()}",
            "units of the campaign": f"{units:,}",
            "orders of callers meanwhile": f"{len(self.seen.sent):,}",
            "answers: success, 503 with Retry-After, other": f"{sum(n for s, n in answers.items() if 0 < s < 400):,}, {answers[503]:,}, "
            + f"{sum(n for s, n in answers.items() if s >= 400 and s != 503)}",
            "calls whose process died before it answered": f"{answers[0]:,}",
            "slowest takeover: of the lead, and until the next unit was begun": f"{max(self.leads, default=0.0):.1f} s, "
            + f"{max(self.takeovers, default=0.0):.1f} s",
            "units lost, finished twice, or otherwise wrong": f"{wrong}",
            "seconds in all": f"{seconds:.0f}",
        }


def start(servers: list[chaos.Server], folder: pathlib.Path, engine: str) -> None:
    """Two services that share a store, a bucket, a fleet and a master key, each with a folder of its own."""
    options = ("--lanes", "1", "--template", str(chaos.TEMPLATE), "--engine", engine)
    servers.append(chaos.Server(folder / "one", *options, seconds=UNIT_S))
    (folder / "two" / KEY).parent.mkdir(parents=True)
    shutil.copy(folder / "one" / KEY, folder / "two" / KEY)
    servers.append(chaos.Server(folder / "two", *options, key=servers[0].key, seconds=UNIT_S))


def opened(folder: pathlib.Path) -> House:
    """The store as this process sees it, with an endpoint that is told of all."""
    house = open_house(folder)
    with house.database.write() as conn:
        (tenant,) = conn.execute(sa.select(tenants.c.id)).scalars()
        point = {"id": new_id(now()), "tenant": tenant, "url": "https://127.0.0.1:9", "events": list(EVENTS), "created": now()}
        conn.execute(sa.insert(endpoints).values(**point, secret=b"", state="active"))
    return house


def bare(cache: pathlib.Path) -> dict[str, str]:
    """A worker's environment on a machine that has no fonts, no charts and no designer's file of its own; compiled kernels it has."""
    kernels = os.environ.get("NUMBA_CACHE_DIR") or str(cache_folder() / "kernels")
    return {"UNIKAT_CACHE": str(cache), "NUMBA_CACHE_DIR": kernels, fonts.VARIABLE: str(cache / "none")}


@contextlib.contextmanager
def standing(folder: pathlib.Path) -> Iterator[tuple[Cluster, Moto, Faults, Workers]]:
    """What services stand on."""
    with (
        cluster() as database,
        moto() as there,
        faults(there.port) as bucket,
        workers(folder, folder / "one" / FLEET_KEY) as fleet,
    ):
        yield database, there, bucket, fleet


def storm(folder: pathlib.Path, kills: int, units: int, seed: int) -> tuple[list[str], dict[str, str]]:
    """All of it: what does not hold, in words, and the table."""
    begun = time.monotonic()
    logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)  # of connections that broke, which is meant
    with standing(folder) as (database, there, bucket, fleet):
        place = there.bucket("packs") + "/some/where"
        environment = {**there.environment, "AWS_ENDPOINT_URL": f"http://127.0.0.1:{bucket.port}"}
        environment |= {ELSEWHERE: database.url(), ARTIFACTS: place}
        servers: list[chaos.Server] = []
        with mock.patch.dict(os.environ, environment):
            try:
                start(servers, folder, fleet.at)
                for name in WORKERS:
                    fleet.worker(name, **bare(folder / f"cache-{name}"))
                fleet.stranger(STRANGER)
                told = Storm(servers, database, bucket, fleet, opened(folder / "one"), random.Random(seed))
                wrong = told.whole(units, kills)
                told.house.database.close()
            finally:
                left = [pid for server in servers for pid in server.end()]
    if left:
        wrong.append(f"{len(left)} processes are left a second after the end")
    return wrong, told.figures(units, time.monotonic() - begun, len(wrong))


def table(figures: Mapping[str, str]) -> str:
    """As a page has it."""
    return "\n".join(
        ["| what was done, or counted | how often |", "|---|---|", *(f"| {w} | {n} |" for w, n in figures.items())]
    )


def write(figures: Mapping[str, str]) -> None:
    """Into the page, where the last one stood."""
    text = PAGE.read_text(encoding="utf-8")
    PAGE.write_text(
        re.sub(r"\| what was done, or counted \|.*\n(\|.*\n)+", lambda _: table(figures) + "\n", text), encoding="utf-8"
    )


def main() -> int:
    """See the head of this file."""
    told = argparse.ArgumentParser(description=__doc__)
    told.add_argument("--kills", type=int, default=1000)
    told.add_argument("--units", type=int, default=5000)
    told.add_argument("--seed", type=int, default=1)
    told.add_argument("--docs", action="store_true")
    told.add_argument("--folder", help="where what all processes say stays")
    asked = told.parse_args()
    with contextlib.nullcontext(asked.folder) if asked.folder else tempfile.TemporaryDirectory() as folder:
        wrong, figures = storm(pathlib.Path(folder), asked.kills, asked.units, asked.seed)
    print(table(figures))
    for line, n in Counter(wrong).items():
        print(f"WRONG {n} x {line}")
    if asked.docs and not wrong:
        write(figures)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
