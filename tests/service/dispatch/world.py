"""A store with dispatchers over it, in which hypothesis does what the world does: orders, lanes that answer, die or are killed,
dispatchers that die between any two transactions or come back late, clocks that jump. After each step all that must hold is looked at.

Time, lanes and packs are played; the store, the queue and the dispatcher are the real ones. A machine for what comes later (a print
shop's leases) may inherit `Jobs`, add its rules, and use `clock`, `done()` and tests.service.dispatch.mutated.
"""

from __future__ import annotations

import itertools
import json
import pathlib
import shutil
import tempfile
from collections import Counter
from collections.abc import Collection
from concurrent.futures import Future
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.errors import EnvironmentFault
from service import clock
from service.clock import new_id
from service.dispatch.dispatcher import Dispatcher
from service.dispatch.fair import Costs
from service.lanes.pool import Died
from service.store import erase, jobs, tallies
from service.store.database import Database
from service.store.keys import new_tenant
from service.store.outbox import EVENTS
from service.store.queue import ENDED
from service.store.schema import NEVER, campaigns, copies, endpoints, metadata, outbox
from service.store.schema import jobs as table
from service.vault import Vault, seal
from tests.service.dispatch.played import Bench, Doomed, Interrupted, Killed, PlayedPacks, Work

DAY = 86_400_000
INFLIGHT = 3
VAULT = Vault.of(bytes(32))
NATURES = {"good": "done", "refused": "refused", "wrong": "failed", "crash": "failed", "hang": "failed"}
"""What an order is, and how it must end unless it is cancelled or erased."""
ORDERS = ["good", "good", "good", *NATURES]
DEATHS = {"crash": "crash", "hang": "timeout"}
SHM = pathlib.Path("/dev/shm")


class Jobs(RuleBasedStateMachine):
    """See the head of this file."""

    def __init__(self) -> None:
        super().__init__()
        count = itertools.count(1)
        self.patch = pytest.MonkeyPatch()  # ids must not differ when hypothesis does the same again
        self.patch.setattr(clock, "drawn", lambda n: next(count).to_bytes(n))
        self.folder = pathlib.Path(tempfile.mkdtemp(dir=SHM if SHM.is_dir() else None))
        self.place = self.empty()
        self.database = Database(self.place)
        self.wall, self.mono = 1_700_000_000_000, 1000.0
        self.packs = PlayedPacks()
        self.known: dict[str, dict[str, Any]] = {}
        self.over: dict[str, tuple[str, int]] = {}
        self.early: set[str] = set()  # erased before they had ended
        self.bodies: dict[str, str] = {}
        self.tenants: list[str] = []
        with self.database.write() as conn:
            for name, weight in (("a", 1.0), ("b", 3.0)):
                self.tenants.append(new_tenant(conn, name, self.wall, weight=weight))
                point = {
                    "id": new_id(self.wall),
                    "tenant": self.tenants[-1],
                    "url": "https://shop.example",
                    "created": self.wall,
                }
                conn.execute(sa.insert(endpoints).values(**point, events=list(EVENTS), secret=b"", state="active"))
        self.late: Dispatcher | None = None
        self.start()

    def empty(self) -> pathlib.Path | str:
        """An empty store."""
        metadata.create_all(Database(self.folder / "model.db").engine)
        return self.folder / "model.db"

    def clock(self) -> int:
        return self.wall

    def start(self) -> None:
        """A dispatcher begins, as after a restart."""
        self.dispatcher = Dispatcher(
            Doomed(self.place), VAULT, self.packs, Bench(), lambda *_: None, INFLIGHT,
            clock=self.clock, ticks=lambda: self.mono, fairness=Interrupted(), costs=Costs(known={("t", "p"): 0.05}),
        )  # fmt: skip
        self.dispatcher.start()

    def teardown(self) -> None:
        try:
            self.end_well()
        finally:
            for one in (self.database, self.dispatcher.database, *([self.late.database] if self.late else [])):
                one.close()
            shutil.rmtree(self.folder)
            self.patch.undo()

    # ---- what the world does -----------------------------------------------------------------------------------------

    def row(self, tenant: str, nature: str, **more: Any) -> dict[str, Any]:
        one = new_id(self.wall)
        key, wrapped = VAULT.new_key(one)
        self.known[one] = {
            "nature": nature,
            "tenant": tenant,
            "campaign": more.get("campaign"),
            "quantity": more.get("quantity", 1),
        }
        plain = {
            "id": one, "tenant": tenant, "campaign": None, "line": None, "queue": more.get("campaign") or tenant, "template": "t",
            "process": "p", "machine": None, "formats": "3mf", "quantity": 1, "priority": 0, "due": NEVER, "body": b"body",
            "sealed": seal(key, nature.encode(), one.encode()), "wrapped": wrapped, "state": "queued", "created": self.wall,
            "updated": self.wall,
        }  # fmt: skip
        return plain | more

    @initialize(natures=st.lists(st.sampled_from(ORDERS), min_size=2, max_size=6))
    def begin_with(self, natures: list[str]) -> None:
        with self.database.write() as conn:
            jobs.add(conn, [self.row(self.tenants[0], nature) for nature in natures])

    @rule(
        who=st.integers(0, 1), natures=st.lists(st.sampled_from(ORDERS), min_size=1, max_size=3), together=st.booleans(),
        more=st.fixed_dictionaries({"priority": st.integers(-1, 1), "quantity": st.integers(1, 2), "body": st.sampled_from([b"body", b"other"])}),
    )  # fmt: skip
    def order(self, who: int, natures: list[str], together: bool, more: dict[str, Any]) -> None:
        """Some jobs, of their own or a campaign."""
        tenant, one = self.tenants[who], new_id(self.wall)
        row = {"id": one, "tenant": tenant, "template": "t", "formats": "3mf", "rows": len(natures), "state": "running"}
        with self.database.write() as conn:
            if together:
                conn.execute(sa.insert(campaigns).values(**row, created=self.wall, touched=self.wall))
                more = {**more, "campaign": one}
            jobs.add(conn, [self.row(tenant, n, **more, **({"line": i} if together else {})) for i, n in enumerate(natures)])

    @rule(
        seconds=st.sampled_from([0.1, 2.0, 10.0]),
        jump=st.sampled_from([0, 0, 0, DAY, -DAY]),
        state=st.sampled_from(["running", "running", "paused"]),
    )
    def wait(self, seconds: float, jump: int, state: str) -> None:
        """Time passes; the wall's clock may be set, a day forth or back; campaigns are paused and resumed."""
        self.mono += seconds
        self.wall += int(1000 * seconds) + jump
        with self.database.write() as conn:
            conn.execute(sa.update(campaigns).where(campaigns.c.finished.is_(None)).values(state=state))

    @rule(begin=st.sampled_from([True, True, True, False]))
    def step(self, begin: bool = True) -> None:
        """The dispatcher does what it has to, or dies doing it; lanes take what there is, or are busy."""
        try:
            self.dispatcher.step()
        except Killed:
            self.start()
        for work in self.flying(False) if begin else ():
            work[0].set_running_or_notify_cancel()

    def flying(self, running: bool | None = None, of: Dispatcher | None = None) -> list[Work]:
        boards = [d.executor for d in (self.dispatcher, self.late) if d is not None and of in (None, d)]
        found = [w for board in boards for w in board.work if not w[0].done()]  # type: ignore[attr-defined]
        return found if running is None else [w for w in found if w[0].running() == running]

    @rule(
        data=st.data(),
        how=st.sampled_from(["answer", "answer", "lost", "lost", "nobody", "full", "garbage", "cancelled", "cancelled"]),
    )
    def lane(self, data: st.DataObject, how: str) -> None:
        """All lanes answer; or one fails: killed from outside at some unit's work, or at nobody's, the disk full, its answer none;
        or one of its units is cancelled when it has made all of them."""
        self.step()
        if not (work := self.flying(True)):
            return
        if how == "answer":
            for each in work:
                self.answer(*each)
        else:
            pick = max(work, key=self.goods) if how == "cancelled" else data.draw(st.sampled_from(work))
            self.lane_fails(*pick, how, data)
        self.step()

    def goods(self, work: Work) -> int:
        natures = [self.known[unit["id"]]["nature"] for unit in work[1]]
        return 0 if set(natures) & set(DEATHS) else natures.count("good")

    def lane_fails(self, future: Future[Any], units: list[dict[str, Any]], pack: str, how: str, data: st.DataObject) -> None:
        first = units[0]["id"]
        if how == "full":
            future.set_exception(EnvironmentFault("the disk is full"))
        elif how == "garbage" and len(units) > 1:
            future.set_result([{"id": first, "state": "done", "ms": 1.0}] * len(units))
        elif how == "cancelled":
            self.answer(future, units, pack)
            if (one := self.some(data, ("running",), [u["id"] for u in units if self.goods((future, [u], pack))])) is not None:
                self.cancel_now(one)
        elif self.dispatcher._losses[first] < 3:  # so often chance does not strike
            future.set_result(Died("lost", first if how == "lost" else None))

    def answer(self, future: Future[Any], units: list[dict[str, Any]], pack: str) -> None:
        """What an honest lane says."""
        told = []
        for unit in units:
            nature = self.known[unit["id"]]["nature"]
            if nature in DEATHS:
                future.set_result(Died(DEATHS[nature], unit["id"], 1.0))
                return
            answer = {"id": unit["id"], "state": NATURES[nature], "ms": 20.0}
            if nature == "good":
                serials = [f"{unit['id'][-20:]}-{n}" for n in range(self.known[unit["id"]]["quantity"])]
                answer |= {"files": {"model.3mf": [len(told), 1, 1, ""]}, "serials": serials}
            told.append(answer)
        if any("files" in answer for answer in told):
            self.packs.there.add(pack)
        future.set_result(told)

    def some(self, data: st.DataObject, states: tuple[str, ...], among: Collection[str] = ()) -> str | None:
        with self.database.read() as conn:
            told = sa.select(table.c.id).where(table.c.state.in_(states)).order_by(table.c.id)
            found = [one for one in conn.execute(told).scalars() if not among or one in among]
        return data.draw(st.sampled_from(found)) if found else None

    @rule(data=st.data(), how=st.sampled_from(["cancel", "erase", "meanwhile cancel", "meanwhile other"]))
    def by_hand(self, data: st.DataObject, how: str) -> None:
        """Somebody cancels or erases a job, now or between the dispatcher's look at the queue and its claim."""
        many = [one for one, told in self.known.items() if told["campaign"] is not None]
        one = self.some(data, ("queued", "running"), many) if many and how == "erase" else None
        states = {"erase": ("queued", "running", *ENDED[:-1]), "cancel": ("queued", "running")}.get(how, ("queued",))
        if one is None and (one := self.some(data, states)) is None:
            return
        if how == "cancel":
            self.cancel_now(one)
        elif how == "erase":
            self.erase_now(one)
        else:
            other = how == "meanwhile other"
            self.dispatcher.fairness.meanwhile = self.late_fills if other else lambda: self.cancel_now(one)  # type: ignore[attr-defined]
            self.step()
            self.dispatcher.fairness.meanwhile = None  # type: ignore[attr-defined]

    def late_fills(self) -> None:
        if self.late is not None:
            self.late.fill()

    def cancel_now(self, one: str) -> None:
        with self.database.write() as conn:
            jobs.cancel(conn, self.known[one]["tenant"], one, self.wall)

    def erase_now(self, one: str) -> None:
        if one not in self.over:
            self.early.add(one)
        with self.database.write() as conn:
            _, left = erase.erase(conn, [one], "asked", self.wall)
        for pack in left:
            if pack.alone:
                self.packs.remove(pack.pack)

    @rule(
        how=st.sampled_from(["killed", "doomed", "doomed", "overtaken", "overtaken"]), at=st.integers(1, 4), after=st.booleans()
    )
    def dies(self, how: str, at: int, after: bool) -> None:
        """The dispatcher's process dies; or at its n-th transaction once all lanes have answered; or it only seemed dead, its lanes
        go on, another dispatcher has begun, and then it settles what they answer."""
        self.step()
        if how == "killed":
            self.start()
        elif how == "doomed":
            for work in self.flying(True, self.dispatcher):
                self.answer(*work)
            self.dispatcher.database.doom, self.dispatcher.database.after = at, after  # type: ignore[attr-defined]
            self.step()
            self.dispatcher.database.doom = 0  # type: ignore[attr-defined]
        else:
            self.late = self.dispatcher
            self.start()
            self.step()
            if at > 1:
                for work in self.flying(True, self.late):
                    self.answer(*work)
                self.late.collect(0.0)

    # ---- what must hold ----------------------------------------------------------------------------------------------

    def done(self) -> list[str]:
        return [one for one, (state, _) in self.over.items() if state == "done"]

    @invariant()
    def all_holds(self) -> None:
        with self.database.read() as conn:
            assert tallies.wrong(conn) == []
            rows = {row.id: row for row in conn.execute(sa.select(table))}
            messages = conn.execute(sa.select(outbox.c.id, outbox.c.event, outbox.c.body)).all()
            made = Counter(conn.execute(sa.select(copies.c.job)).scalars())
            ended_campaigns = dict(conn.execute(sa.select(campaigns.c.id, campaigns.c.finished)).all())
        assert set(rows) == set(self.known), "a job was lost"
        self.told(messages, rows, ended_campaigns)
        for one, row in rows.items():
            told = self.known[one]
            if one in self.over:
                assert row.state in (self.over[one][0], "erased"), "what had ended did so again"
                assert row.finished == self.over[one][1]
            if row.state in ENDED:
                self.over.setdefault(one, (row.state, row.finished))
            assert row.state in ("queued", "running", "cancelled", "erased", NATURES[told["nature"]]), "a good unit failed"
            assert not row.strikes or told["nature"] in DEATHS, "a strike for an innocent"
            if row.state == "done":
                assert row.pack in self.packs.there, "a product was lost"
                assert made[one] == told["quantity"]
        assert len(self.dispatcher.flying) <= INFLIGHT
        held = [(i, unit["attempt"]) for chunk in self.dispatcher.flying.values() for i, unit in chunk.rows.items()]
        assert len(held) == len(set(held))
        for one, attempt in held:
            state = rows[one].state
            mine = state in ("cancelled", "erased") or (state == "running" and rows[one].attempt >= attempt)
            assert mine, "somebody else ended or gave back what is in flight"
            if state == "running" and self.late is None:
                assert rows[one].attempt == attempt

    def told(self, messages: Any, rows: Any, ended_campaigns: dict[str, int | None]) -> None:
        """Every end is told of once, under an id whose words never change."""
        said: Counter[str] = Counter()
        for one, event, body in messages:
            assert self.bodies.setdefault(one, body) == body, "a message changed its words"
            data = json.loads(body)["data"]
            if event == "job.ended":
                said[data["id"]] += 1
            elif event == "units.ended":
                said.update(unit["id"] for unit in data["units"])
            elif event == "campaign.ended":
                said[data["campaign"]] += 1
        for one, row in rows.items():
            assert said[one] == (row.state in ENDED and one not in self.early), "an end was not told of once"
        for one, finished in ended_campaigns.items():
            over = all(row.state in ENDED for row in rows.values() if row.campaign == one)
            assert (finished is not None) == over, "a campaign ends with its last unit"
            assert said[one] == over

    def end_well(self) -> None:
        """Left alone, with lanes that are honest, everything ends, and as it must."""
        self.late = None
        with self.database.write() as conn:
            conn.execute(sa.update(campaigns).where(campaigns.c.finished.is_(None)).values(state="running"))
        self.start()
        for _ in range(20 + 6 * len(self.known)):
            self.dispatcher.step()
            for work in self.flying():
                if work[0].running() or work[0].set_running_or_notify_cancel():
                    self.answer(*work)
            self.mono += 6.0
            if len(self.over) == len(self.known):
                break
            self.all_holds()
        assert len(self.over) == len(self.known), "something never ended"
        self.all_holds()
        assert self.dispatcher.collect(0.0) == 0
