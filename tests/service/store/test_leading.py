"""Of two dispatchers one leads; the next takes over when it dies or is stopped; and who was stopped changes nothing when it goes on."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from service.store import facts, leading, migrate, postgres
from service.store.database import Database
from service.store.leading import DEAF_MS, EPOCH, LEADER, Leader, Overtaken

ROOT = pathlib.Path(__file__).parents[3]
OTHER = """
import sys, threading, time
from service.store.database import Database
from service.store.leading import Leader, Overtaken
database = Database(sys.argv[1])
leader = Leader(database, lambda: print("lost", flush=True))
leader.wait(threading.Event())
print("leads", flush=True)
while True:
    time.sleep(0.05)
    try:
        with database.write():
            pass
    except Overtaken:
        print("overtaken", flush=True)
        break
"""


@pytest.fixture
def url(request: pytest.FixtureRequest) -> str:
    made: str = request.getfixturevalue("postgres").url()
    migrate.upgrade(Database(made))
    return made


@pytest.fixture
def other(url: str) -> Iterator[subprocess.Popen[str]]:
    """A process that leads."""
    process = subprocess.Popen([sys.executable, "-c", OTHER, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None and process.stdout.readline() == "leads\n"
    yield process
    process.kill()
    process.wait()


def taken_after(leader: Leader) -> float:
    begun = time.monotonic()
    assert leader.wait(threading.Event())
    return time.monotonic() - begun


def test_one_leads_until_it_dies(url: str, other: subprocess.Popen[str]) -> None:
    mine = Leader(Database(url), lambda: None)
    assert not mine.take()
    with mine.database.write():
        pass  # who does not lead may write what is not a dispatcher's
    other.kill()
    assert taken_after(mine) < 2.0
    mine.leave()


def test_one_that_is_stopped_is_overtaken_and_learns_it(url: str, other: subprocess.Popen[str]) -> None:
    mine = Leader(Database(url), lambda: None)
    other.send_signal(signal.SIGSTOP)
    assert taken_after(mine) < 10.0
    assert mine.epoch == 2
    other.send_signal(signal.SIGCONT)
    told, _ = other.communicate(timeout=10)
    assert "overtaken" in told
    with mine.database.write():
        pass
    mine.leave()


@pytest.mark.parametrize("limit", [postgres.IDLE_MS, 0])
def test_one_that_is_stopped_in_a_transaction_holds_nobody_up(url: str, limit: int) -> None:
    """With no limit of time, too: as where the server waits for a machine that takes nothing, which it does not call idle."""
    told = postgres.STANDING.replace(f"'{postgres.IDLE_MS}'", f"'{limit}'")
    stuck = OTHER.replace("            pass\n", "            print('inside', flush=True)\n            time.sleep(60)\n")
    stuck = f"from service.store import postgres\npostgres.STANDING = {told!r}\n{stuck}"
    process = subprocess.Popen([sys.executable, "-c", stuck, url], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None and [process.stdout.readline() for _ in range(2)] == ["leads\n", "inside\n"]
        process.send_signal(signal.SIGSTOP)
        mine = Leader(Database(url), lambda: None)
        assert taken_after(mine) < 10.0
        mine.leave()
    finally:
        process.kill()
        process.wait()


def test_who_leaves_lets_the_next_one_in_and_is_fenced(url: str) -> None:
    one, two = Leader(Database(url), lambda: None), Leader(Database(url), lambda: None)
    assert one.take() and not two.take()
    one.leave()
    assert two.take()
    with pytest.raises(Overtaken), one.database.write():
        pass
    two.leave()


def test_who_is_told_to_stop_waits_no_longer(url: str) -> None:
    one, two = Leader(Database(url), lambda: None), Leader(Database(url), lambda: None)
    assert one.take()
    stop = threading.Event()
    threading.Timer(0.2, stop.set).start()
    assert not two.wait(stop)
    one.leave()


def test_who_gives_no_sign_of_life_loses_the_lead(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without its pulse it would be ended by the server: the pulse is what holds the lead."""
    monkeypatch.setattr(leading, "PULSE", 60.0)
    lost = Leader(Database(url), lambda: None)
    assert lost.take()
    mine = Leader(Database(url), lambda: None)
    assert 0.8 * DEAF_MS / 1000 < taken_after(mine) < 10.0
    mine.leave()
    lost.leave()


def sessions(database: Database, of: Database) -> int:
    with database.read() as conn:
        told = sa.text("SELECT count(*) FROM pg_stat_activity WHERE application_name = :name")
        return int(conn.execute(told, {"name": of.name}).scalar_one())


def test_sessions_of_who_led_before_are_ended_and_no_other(url: str) -> None:
    one, two, other = Leader(Database(url), lambda: None), Leader(Database(url), lambda: None), Database(url)
    assert one.take()
    for database in (one.database, other):
        with database.write():
            pass
    one.leave()
    assert sessions(other, one.database) == 1 and sessions(one.database, other) == 1
    assert two.take()
    until = time.monotonic() + 10.0
    while sessions(two.database, one.database) and time.monotonic() < until:
        time.sleep(0.02)
    assert sessions(two.database, one.database) == 0 and sessions(two.database, other) == 1
    with other.write():
        pass
    two.leave()


def test_who_loses_the_lock_before_the_epoch_is_raised_does_not_lead(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    mine, other = Leader(Database(url), lambda: None), Database(url)
    begin = Leader._begin

    def gone(self: Leader, conn: sa.Connection) -> None:
        session = conn.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with postgres.alone(other.engine) as line:
            line.exec_driver_sql(f"SELECT pg_terminate_backend({session}, 10000)")
        begin(self, conn)

    monkeypatch.setattr(Leader, "_begin", gone)
    with pytest.raises((postgres.Unwell, sa.exc.DBAPIError)):
        mine.take()
    with other.read() as conn:
        assert facts.count(conn, EPOCH) == 0 and facts.found(conn, LEADER) is None
    monkeypatch.undo()
    assert mine.take() and mine.epoch == 1
    mine.leave()


def test_of_two_that_wait_the_one_that_is_ready_leads(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(leading, "LATER", 60.0)
    first, ready = Leader(Database(url), lambda: None), Leader(Database(url), lambda: None)
    asked, stop = threading.Event(), threading.Event()

    def not_yet() -> bool:
        asked.set()
        return False

    later = Leader(Database(url), lambda: None, not_yet)
    assert first.take()
    thread = threading.Thread(target=later.wait, args=(stop,))
    thread.start()
    assert asked.wait(60.0)
    first.leave()
    assert taken_after(ready) < 10.0 and later.epoch == 0
    stop.set()
    thread.join()
    ready.leave()


def test_one_that_is_not_ready_leads_where_no_other_does(url: str) -> None:
    first, later = Leader(Database(url), lambda: None), Leader(Database(url), lambda: None, lambda: False)
    assert first.take()
    threading.Timer(0.2, first.leave).start()
    assert taken_after(later) < 10.0
    later.leave()
