"""What the dispatcher tells: seldom, all of it, and nothing twice; whatever the store does meanwhile."""

from __future__ import annotations

import contextlib
import pathlib
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from service.dispatch.telling import PULSE_MS, Telling
from service.store import migrate, telling
from service.store.database import Database, Unwritable

AT = 1_800_000_000_000
ANSWERS = [{"ms": 30.0, "cpu_ms": 20.0, "hits": {"bodies_chart": 2, "equals": 1, "other": 7}}, {"ms": 10.0}]


@pytest.fixture
def store(tmp_path: pathlib.Path) -> Iterator[Database]:
    made = Database(tmp_path / "store.db")
    migrate.upgrade(made)
    yield made
    made.close()


def read(store: Database) -> tuple[telling.Told | None, dict[str, float]]:
    with store.read() as conn:
        return telling.told(conn), telling.counts(conn)


def test_nothing_is_known_before_the_first_word(store: Database) -> None:
    assert read(store) == (None, {})


def test_it_writes_what_changed_and_a_pulse(store: Database) -> None:
    clock, flying = [AT], [0]
    teller = Telling(store, lambda: clock[0], lambda: flying[0])
    assert teller.write() and read(store)[0] == telling.Told(AT)
    clock[0] += 2000
    assert not teller.write(), "nothing has changed"
    teller.fleet(4, 1, ["it lacks that"])
    flying[0] = 3
    assert teller.write() and not teller.write()
    assert read(store)[0] == telling.Told(AT + 2000, 4, 3, 1, ("it lacks that",))
    clock[0] += PULSE_MS
    assert teller.write() and read(store)[0] == telling.Told(AT + 2000 + PULSE_MS, 4, 3, 1, ("it lacks that",))


def test_counters_add_up_over_dispatchers(store: Database) -> None:
    one, two = Telling(store), Telling(store)
    one.made(ANSWERS)
    assert one.write()
    one.made(ANSWERS)
    two.made(ANSWERS[1:])
    assert one.write() and two.write()
    assert {n: v for n, v in read(store)[1].items() if v} == {
        "chunks": 3, "units": 5, "seconds": pytest.approx(0.09), "cpu_seconds": pytest.approx(0.04), "bodies_chart": 4, "equals": 2
    }  # fmt: skip


def test_what_the_store_did_not_take_is_told_later(store: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    teller = Telling(store)
    teller.made(ANSWERS)

    @contextlib.contextmanager
    def full() -> Iterator[sa.Connection]:
        raise Unwritable("it is full")
        yield

    with monkeypatch.context() as patch:
        patch.setattr(store, "write", full)
        with pytest.raises(Unwritable):
            teller.write()
    assert teller.write() and read(store)[1]["units"] == 2


def test_a_lane_that_tells_nonsense_is_not_believed(store: Database) -> None:
    teller = Telling(store)
    teller.made([{"ms": 1.0, "cpu_ms": "x", "hits": {"equals": "Canary", "glyphs_kept": float("nan"), "bodies_cad": -3}}])
    teller.made([{"ms": 1.0, "hits": ["equals"]}])
    assert teller.write()
    assert {n: v for n, v in read(store)[1].items() if v} == {"chunks": 2, "units": 2, "seconds": pytest.approx(0.002)}
