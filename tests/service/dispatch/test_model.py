"""Store and dispatcher under whatever may happen; and each safeguard taken out, which must be seen."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from service.dispatch import dispatcher
from service.dispatch.dispatcher import Dispatcher
from service.store import ends, erase, jobs, migrate, queue
from service.store.database import Database
from service.store.schema import metadata
from tests.postgres import Cluster
from tests.service.dispatch.mutated import mutate
from tests.service.dispatch.world import Jobs

EXAMPLES = 50
FEW = settings(
    max_examples=EXAMPLES,
    stateful_step_count=25,
    deadline=None,
    database=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.generate],
    print_blob=False,
    report_multiple_bugs=False,
)


MANY = settings(FEW, max_examples=10 * EXAMPLES)
"""For what must be found: the first example that shows it ends the search."""


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Thousands of lanes die here; and no statement that was built by another test is kept."""
    logging.disable(logging.CRITICAL)
    built = queue._settling, queue._giving_back, queue._claiming
    for statement in built:
        statement.cache_clear()
    yield
    for statement in built:
        statement.cache_clear()
    logging.disable(logging.NOTSET)


def test_nothing_is_lost_doubled_or_blamed_on_the_innocent() -> None:
    run_state_machine_as_test(Jobs, settings=FEW)


@pytest.fixture
def on_postgres(postgres: Cluster) -> type[Jobs]:
    """The same world over a Postgres."""
    url = postgres.url()
    migrate.upgrade(Database(url))

    class OnPostgres(Jobs):
        def empty(self) -> str:
            with contextlib.closing(Database(url)) as database, database.write() as conn:
                conn.exec_driver_sql("TRUNCATE " + ", ".join(metadata.tables))
            return url

    return OnPostgres


def test_nor_is_it_on_postgres(on_postgres: type[Jobs]) -> None:
    run_state_machine_as_test(on_postgres, settings=settings(FEW, max_examples=EXAMPLES // 4))


MUTANTS: dict[str, tuple[Any, str, str, str]] = {
    "no fence round what ends or is given back": (queue, "_fenced", ', _not_looked_up_by(jobs.c.state) == "running"', ""),
    "any attempt may end it or give it back": (queue, "_fenced", "jobs.c.attempt == told.c.under, ", ""),
    "claim is not atomic": (queue, "_claiming", ', _not_looked_up_by(jobs.c.state) == "queued")', ")"),
    "outbox outside the transaction": (
        Dispatcher,
        "_write",
        "        ends.follow(conn, settled.ended, at)\n",
        "        pass\n    with self.database.write() as conn:\n        ends.follow(conn, settled.ended, at)\n    with self.database.write() as conn:\n",
    ),
    "what ended is told of twice": (ends, "follow", "announce(conn, ended, now)", "announce(conn, [*ended, *ended], now)"),
    "cancelling tells nobody": (jobs, "cancel", "ends.follow(conn, [made], now)", "pass"),
    "erasing the last unit ends no campaign": (erase, "erase", 'ends.close(conn, (row["campaign"] for row in rows), now)', "pass"),
    "a restart gives nothing back": (Dispatcher, "start", "queue.running(conn)", "[]"),
    "counters forget what is given back": (queue, "give_back", 'tallies.moved(rows, "running", "queued")', "tallies.moved([], None, '')"),
    "a death is laid to nobody": (Dispatcher, "_died", "struck = {died.unit: died.kind}\n    elif died.kind", "pass\n    elif died.kind"),
    "a kill from outside is a strike": (Dispatcher, "_died", "if self._too_often(chunk, died.unit):", "if True:"),
    "neighbours fail too": (dispatcher.Dispatcher, "_back", "struck or {}", "dict.fromkeys(chunk.rows, 'crash') if struck else {}"),
    "the pack of those kept goes too": (Dispatcher, "_clear", "if len(late) == len(here):", "if late:"),
    "a campaign ends before its last unit": (ends, "close", 'counts.get("queued") or counts.get("running")', 'counts.get("running")'),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTANTS)
def test_a_safeguard_taken_out_is_seen(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mutate(monkeypatch, *MUTANTS[name])
    with pytest.raises((AssertionError, KeyError, TypeError)):
        run_state_machine_as_test(Jobs, settings=MANY)


@pytest.mark.parametrize("name", ["no fence round what ends or is given back", "counters forget what is given back"])
def test_it_is_seen_on_postgres_too(name: str, monkeypatch: pytest.MonkeyPatch, on_postgres: type[Jobs]) -> None:
    mutate(monkeypatch, *MUTANTS[name])
    with pytest.raises((AssertionError, KeyError, TypeError)):
        run_state_machine_as_test(on_postgres, settings=MANY)
