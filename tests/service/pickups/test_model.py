"""A model of the shop floor beside the store, under a clock that runs, leaps and is set back."""

from __future__ import annotations

import itertools
import pathlib
import types
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from service.store import erase, migrate, pickups
from service.store.database import Database
from service.store.pickups import LONGEST
from service.store.schema import NEVER, copies, metadata
from tests.service.pickups import shop
from tests.service.pickups.shop import T0, careless, finish, row_of

HOLDERS = ("a" * 32, "b" * 32)
SELLERS = ("1" * 32, "2" * 32)


@dataclass
class Known:
    """A piece as the model knows it. `promised`: until when its holder was told that it is his."""

    job: str
    order: tuple[Any, ...]
    serial: str
    copy: int
    state: str = "ready"
    lease: bytes | None = None
    holder: str | None = None
    promised: int = 0
    again: bool = False


class Floor(RuleBasedStateMachine):
    """Rules are what shops, lanes, erasers and clocks do; `store` is the module under test."""

    store: Any = pickups
    database: Database

    def __init__(self) -> None:
        super().__init__()
        ids = itertools.count(1)
        self.store.new_id = shop.new_id = lambda now: f"{next(ids):032x}"  # the same walk again must draw the same
        self.now = T0
        self.known: dict[str, Known] = {}
        self.leases: list[tuple[str, bytes]] = []
        self.erased: set[str] = set()
        with self.database.write() as conn:
            for name in ("copies", "tallies", "erasures", "jobs"):
                conn.execute(sa.delete(metadata.tables[name]))
        for seller in SELLERS:
            self.finish(seller, 2, 0)

    # ---- what the model says

    def pass_time(self) -> None:
        for piece in self.known.values():
            if piece.state == "held":
                piece.promised = min(piece.promised, self.now + LONGEST)
                if piece.promised <= self.now:
                    piece.state, piece.lease, piece.holder, piece.promised = "ready", None, None, 0

    def under(self, lease: bytes, state: str = "held") -> list[str]:
        return [one for one, piece in self.known.items() if piece.lease == lease and piece.state == state]

    def tried(self, may: bool, call: Any, *told: Any) -> Any:
        """The store answers where the model says it may, and is Stale where it says not."""
        with self.database.write() as conn:
            if may:
                try:
                    return call(conn, *told)
                except self.store.Stale:
                    pytest.fail("refused, and the lease holds it")
            with pytest.raises(self.store.Stale):
                call(conn, *told)
        return None

    # ---- what happens

    @rule(seller=st.sampled_from(SELLERS), n=st.integers(1, 3), priority=st.integers(0, 2))
    def finished(self, seller: str, n: int, priority: int) -> None:
        self.finish(seller, n, priority)

    def finish(self, seller: str, n: int, priority: int) -> None:
        due = "2027-01-01" if n == 1 else NEVER
        row = row_of(seller, self.now, priority=priority, due=due)
        with self.database.write() as conn:
            for one in finish(conn, row, n, self.now):
                piece = conn.execute(sa.select(copies).where(copies.c.id == one)).one()
                self.known[one] = Known(str(row["id"]), (-priority, due, one), piece.serial, 1)

    @rule(who=st.sampled_from(HOLDERS), limit=st.integers(1, 2), seconds=st.sampled_from([10, 86_400]))
    def claimed(self, who: str, limit: int, seconds: int) -> None:
        self.pass_time()
        lease = len(self.leases).to_bytes(32, "big")
        asked = pickups.Asked(who, SELLERS, "fdm-pla", None, ("3mf",), limit)
        until = self.now + 1000 * seconds
        with self.database.write() as conn:
            got = [row["id"] for row in self.store.claim(conn, asked, lease, until, self.now).rows]
        ready = sorted((p.order, one) for one, p in self.known.items() if p.state == "ready" and p.job not in self.erased)
        for one in got:
            assert self.known[one].state == "ready" and self.known[one].promised <= self.now, "handed out twice"
        assert got == [one for _, one in ready[:limit]]
        for one in got:
            piece = self.known[one]
            piece.state, piece.lease, piece.holder, piece.promised = "held", lease, who, until
        self.leases.append((who, lease))

    @precondition(lambda self: self.leases)
    @rule(data=st.data())
    def claimed_again(self, data: st.DataObject) -> None:
        """The answer of a claim was lost: what it holds is answered again, and nothing new."""
        who, lease = data.draw(st.sampled_from(self.leases))
        self.pass_time()
        if not any(piece.lease == lease for piece in self.known.values()):
            with self.database.write() as conn:
                self.store.expire(conn, self.now)
            return
        asked = pickups.Asked(who, SELLERS, "fdm-pla", None, ("3mf",), 4)
        with self.database.write() as conn:
            got = self.store.claim(conn, asked, lease, self.now + 10_000, self.now).rows
        assert {row["id"] for row in got} == set(self.under(lease))

    @precondition(lambda self: self.leases)
    @rule(data=st.data(), seconds=st.sampled_from([10, 86_400]))
    def renewed(self, data: st.DataObject, seconds: int) -> None:
        who, lease = data.draw(st.sampled_from(self.leases))
        self.pass_time()
        held = self.under(lease)
        self.tried(bool(held), self.store.renew, who, lease, self.now + 1000 * seconds, self.now)
        for one in held:
            self.known[one].promised = self.now + 1000 * seconds

    def drawn(self, data: st.DataObject) -> tuple[str, bytes, list[str]]:
        """A lease and some pieces, most often its own."""
        who, lease = data.draw(st.sampled_from(self.leases))
        self.pass_time()
        own = [one for one, piece in self.known.items() if piece.lease == lease]
        return who, lease, data.draw(st.lists(st.sampled_from(own or list(self.known)), min_size=1, max_size=3, unique=True))

    @precondition(lambda self: self.leases and self.known)
    @rule(data=st.data())
    def printed(self, data: st.DataObject) -> None:
        who, lease, some = self.drawn(data)
        may = all(self.known[one].lease == lease and self.known[one].state in ("held", "printed") for one in some)
        self.tried(may, self.store.ack, who, lease, some, self.now)
        for one in some if may else ():
            self.known[one].state, self.known[one].promised = "printed", 0

    @precondition(lambda self: self.leases and self.known)
    @rule(data=st.data())
    def released(self, data: st.DataObject) -> None:
        who, lease, some = self.drawn(data)
        may = all(one in self.under(lease) for one in some)
        self.tried(may, self.store.release, who, lease, some, self.now)
        for one in some if may else ():
            piece = self.known[one]
            piece.state, piece.lease, piece.holder, piece.promised = "ready", None, None, 0

    @precondition(lambda self: self.leases and self.known)
    @rule(data=st.data())
    def printed_again(self, data: st.DataObject) -> None:
        who, lease, some = self.drawn(data)
        pieces = [self.known[one] for one in some]
        may = all(p.lease == lease and p.job not in self.erased and (p.state in ("held", "printed") or p.again) for p in pieces)
        made = self.tried(may, self.store.reprint, who, lease, some, "a layer slipped", self.now)
        for piece, row in zip(pieces, made or (), strict=False):
            assert (row["serial"], row["copy"]) == (piece.serial, piece.copy + 1)
            assert (row["id"] in self.known) == piece.again, "said twice, it is the same new piece"
            if not piece.again:
                self.known[row["id"]] = Known(piece.job, (*piece.order[:2], row["id"]), piece.serial, piece.copy + 1)
                piece.again = True
                if piece.state == "held":
                    piece.state, piece.promised = "gone", 0

    @precondition(lambda self: self.known)
    @rule(data=st.data())
    def erased_one(self, data: st.DataObject) -> None:
        job = self.known[data.draw(st.sampled_from(list(self.known)))].job
        with self.database.write() as conn:
            erase.erase(conn, [job], "asked", self.now)
        if job in self.erased:
            return
        self.erased.add(job)
        for piece in self.known.values():
            if piece.job == job and piece.state != "printed":
                piece.state, piece.lease, piece.promised, piece.again = "gone", None, 0, False

    @rule(ms=st.sampled_from([1, 9_999, 10_000, 86_400_000]))
    def time_passes(self, ms: int) -> None:
        self.now += ms

    @rule(ms=st.sampled_from([1_000, 86_400_000, 400 * 86_400_000]))
    def the_clock_is_set_back(self, ms: int) -> None:
        self.now -= ms

    @invariant()
    def the_store_agrees(self) -> None:
        with self.database.read() as conn:
            rows = {row.id: row for row in conn.execute(sa.select(copies))}
        assert rows.keys() == self.known.keys()
        for one, piece in self.known.items():
            row = rows[one]
            assert (row.state, row.copy, row.lease) == (piece.state, piece.copy, piece.lease)
            if piece.state == "held":
                assert row.lease_until == piece.promised
        plastic = [(row.serial, row.copy) for row in rows.values() if row.state == "printed"]
        assert len(plastic) == len(set(plastic))


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    before = pickups.new_id, shop.new_id
    made = Database(tmp_path_factory.mktemp("floor") / "a.db")
    careless(made)
    migrate.upgrade(made)
    with made.write() as conn:
        tenants = metadata.tables["tenants"]
        conn.execute(sa.insert(tenants), [{"id": one, "name": one, "max_ready": 1, "created": T0} for one in SELLERS])
    yield made
    made.close()
    pickups.new_id, shop.new_id = before


def walk(database: Database, store: Any, examples: int) -> None:
    floor = type("OneFloor", (Floor,), {"database": database, "store": store})
    quick = settings(
        max_examples=examples,
        stateful_step_count=30,
        deadline=None,
        database=None,
        derandomize=True,
        phases=(Phase.generate,),
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    run_state_machine_as_test(floor, settings=quick)


def test_nothing_is_handed_out_twice_and_nothing_is_forgotten(database: Database) -> None:
    walk(database, pickups, 80)


MUTANTS = {
    "leases run on after their time": ("copies.c.lease_until <= now)", "copies.c.lease_until <= now - 60_000)"),
    "a clock set back makes a lease endless": ("copies.c.lease_until > now + LONGEST)", "copies.c.lease_until < 0)"),
    "what is held may be claimed": ('copies.c.state == "ready",\n        copies.c.tenant', 'copies.c.state != "gone",\n        copies.c.tenant'),
    "a stale lease may acknowledge": ('if any(row["state"] not in ("held", "printed") for row in rows):', "if False:"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_store_that_is_wrong_is_caught(database: Database, name: str) -> None:
    old, new = MUTANTS[name]
    source = pathlib.Path(str(pickups.__file__)).read_text(encoding="utf-8")
    assert source.count(old) >= 1
    wrong = types.ModuleType("wrong_pickups")
    wrong.__dict__["__name__"] = "service.store.pickups"
    exec(compile(source.replace(old, new), f"<{name}>", "exec"), wrong.__dict__)
    with pytest.raises((AssertionError, pytest.fail.Exception, sa.exc.IntegrityError)):
        walk(database, wrong, 300)
