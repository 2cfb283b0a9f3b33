from __future__ import annotations

import dataclasses
import pathlib
import re

import pytest
import sqlalchemy as sa

from engine.errors import EngineFault
from service import drawings, erasing, intake
from service.campaigns.sweeping import sweep
from service.house import House
from service.states import JOB, LIVES, PIECE, Life, wrong
from service.store import campaigns, jobs, queue
from service.store.queue import Ended
from service.store.schema import campaigns as campaigns_table
from service.store.schema import copies
from service.store.schema import jobs as jobs_table
from tests.service.guards import guard
from tests.service.privacy.made import T0, house_in, made, order


@pytest.fixture
def shop(tmp_path: pathlib.Path) -> tuple[House, str]:
    house, tenant = house_in(tmp_path / "house")
    guard(house.database)
    return house, tenant


def sent(house: House, tenant: str, name: str) -> str:
    row = intake.row_of(order(name), intake.Sender(tenant), house.vault, T0)
    with house.database.write() as conn:
        jobs.add(conn, [row])
    return str(row["id"])


def claimed(house: House) -> dict[str, object]:
    with house.database.write() as conn:
        (row,) = queue.claim(conn, queue.heads(conn)[0], 1, T0)
    return row


def test_every_state_is_reached_and_the_queue_knows_the_same() -> None:
    assert tuple(JOB.states) == queue.STATES
    assert set(queue.ENDED) == {*JOB.ends()}
    for life in LIVES:
        assert {new for _, new in life.moves} == set(life.states)
        assert {old for old, _ in life.moves} - {None} <= set(life.states)
    assert PIECE.ends() == ["printed", "gone"]


@pytest.mark.parametrize("end", ["done", "refused", "failed", "cancelled", "erased", "given back", "waited"])
def test_the_store_makes_the_moves_of_the_table(shop: tuple[House, str], end: str) -> None:
    house, tenant = shop
    one = sent(house, tenant, "Anna")
    if end != "waited":
        row = claimed(house)
        with house.database.write() as conn:
            if end in ("done", "refused", "failed"):
                queue.settle(conn, [Ended(one, row["attempt"], end, serials=["s"] if end == "done" else [])], T0)  # type: ignore[arg-type]
            elif end == "given back":
                queue.give_back(conn, [(one, row["attempt"])], {}, T0)  # type: ignore[list-item]
    if end in ("cancelled", "waited"):
        with house.database.write() as conn:
            jobs.cancel(conn, tenant, one, T0)
    assert erasing.erase_jobs(house, [one], "asked") == [one]


@pytest.mark.parametrize(
    "way", [["drop"], ["open_", "cancel", "erase"], ["open_", "pause", "resume", "erase"], ["open_", "pause"]]
)
def test_the_store_moves_a_campaign_as_the_table_says(shop: tuple[House, str], way: list[str]) -> None:
    house, tenant = shop
    with house.database.write() as conn:
        one = campaigns.begin(conn, tenant, "phone-case", None, "3mf", None, T0)
        for step in way:
            timed = step != "drop"
            assert getattr(campaigns, step)(conn, one, *([T0] if timed else [])), step
    while sweep(house, T0):
        pass
    with house.database.read() as conn:
        state = conn.execute(sa.select(campaigns_table.c.state)).scalar()
    assert state == {"drop": None, "erase": "erased", "pause": "paused"}[way[-1]]


def test_pieces_of_an_erased_job_go(shop: tuple[House, str]) -> None:
    house, tenant = shop
    (one,) = made(house, tenant, ["Anna"])
    erasing.erase_jobs(house, [one], "asked")
    with house.database.read() as conn:
        assert conn.execute(sa.select(copies.c.state)).scalars().all() == ["gone"]


FORBIDDEN = [(old, new) for old in JOB.states for new in JOB.states if old != new and (old, new) not in JOB.moves]


def test_no_statement_makes_another_move(shop: tuple[House, str]) -> None:
    house, tenant = shop
    row = intake.row_of(order("Anna"), intake.Sender(tenant), house.vault, T0)
    assert ("done", "queued") in FORBIDDEN and len(FORBIDDEN) > 20
    for old, new in FORBIDDEN:
        way = {"queued": [], "running": ["running"], "cancelled": ["cancelled"], "erased": ["erased"]}.get(
            old, ["running", old]
        )
        with pytest.raises(sa.exc.IntegrityError, match="no such move"), house.database.write() as conn:
            jobs.add(conn, [row])
            for state in way:
                conn.execute(sa.update(jobs_table).values(state=state))
            conn.execute(sa.update(jobs_table).values(state=new))


def test_nothing_begins_in_the_middle(shop: tuple[House, str]) -> None:
    house, tenant = shop
    row = intake.row_of(order("Anna"), intake.Sender(tenant), house.vault, T0)
    with pytest.raises(sa.exc.IntegrityError, match="begin so"), house.database.write() as conn:
        conn.execute(sa.insert(jobs_table), [{**row, "state": "done"}])


def test_a_walk_is_held_to_the_table() -> None:
    assert wrong(JOB, [None, "queued", "running", "queued", "running", "running", "done", "erased"]) == []
    assert wrong(JOB, [None, "running", "done", "queued"]) == [(None, "running"), ("done", "queued")]


# ---- drawings --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", drawings.FILES)
def test_the_drawing_is_what_the_command_writes(tmp_path: pathlib.Path, name: str) -> None:
    drawings.main(str(tmp_path))
    assert (tmp_path / name).read_bytes() == (drawings.FOLDER / name).read_bytes()


@pytest.mark.parametrize("name", drawings.FILES)
def test_every_state_and_reason_stands_in_its_drawing(name: str) -> None:
    plan = drawings.FILES[name]
    drawn = drawings.draw(plan)
    said = re.findall(r"<text [^>]*>([^<]*)</text>", drawn)
    assert set(plan.life.states) <= set(said) and set(plan.life.states.values()) <= set(said)
    for why in plan.life.moves.values():
        assert why in " ".join(said)


@pytest.mark.parametrize("what", ["move", "state", "reason"])
def test_a_table_that_the_drawing_does_not_know_is_not_drawn(what: str) -> None:
    more: dict[str, Life] = {
        "move": dataclasses.replace(JOB, moves={**JOB.moves, ("failed", "queued"): "tried again"}),
        "state": dataclasses.replace(JOB, states={**JOB.states, "lost": "nobody knows"}),
        "reason": dataclasses.replace(JOB, moves={**JOB.moves, ("queued", "erased"): "another one"}),
    }
    with pytest.raises(EngineFault):
        drawings.draw(dataclasses.replace(drawings.JOBS, life=more[what]))
