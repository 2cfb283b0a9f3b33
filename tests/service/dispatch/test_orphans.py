"""Packs that nobody names go after an hour, in the second look; what somebody names, or may name yet, stays."""

from __future__ import annotations

import os
import pathlib

import pytest
import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.clock import new_id
from service.dispatch.orphans import HOUR, LATER, SOON, Orphans
from service.packs import Lost, Packs
from service.store.database import Database
from service.store.schema import metadata, uploads

NOW = 1_700_000_000_000


@pytest.fixture
def packs(tmp_path: pathlib.Path) -> Packs:
    return Packs(tmp_path / "packs")


@pytest.fixture
def store(tmp_path: pathlib.Path) -> Database:
    made = Database(tmp_path / "store.db")
    metadata.create_all(made.engine)
    return made


def pack(packs: Packs, at: int) -> str:
    name = new_id(at)
    packs.put(name, [b"abc"])
    return name


def upload(store: Database, name: str) -> None:
    row = {"tenant": "t", "sha256": name, "kind": "scan", "unit": "mm", "bytes": 3, "wrapped": b"", "created": NOW}
    with store.write() as conn:
        conn.execute(sa.insert(uploads).values(**row, pack=name, expires=NOW))


def test_an_orphan_goes_in_the_second_look_and_nothing_else_does(packs: Packs, store: Database) -> None:
    orphan, named = pack(packs, NOW - 2 * HOUR), pack(packs, NOW - 2 * HOUR)
    young, flying, late = pack(packs, NOW - HOUR // 2), pack(packs, NOW - 2 * HOUR), pack(packs, NOW - 2 * HOUR)
    upload(store, named)
    one = Orphans()
    assert one.look(store, packs, NOW, 100.0, [flying]) == 0
    upload(store, late)  # the clock was set forth while it was being written
    assert one.look(store, packs, NOW, 100.0 + SOON - 1, [flying]) == 0, "it is not yet time"
    assert one.look(store, packs, NOW, 100.0 + SOON, [flying]) == 1
    assert set(packs.names()) == {named, young, flying, late} and orphan not in packs.names()
    assert one.look(store, packs, NOW + 3 * HOUR, 100.0 + SOON + LATER, []) == 0
    assert one.look(store, packs, NOW + 3 * HOUR, 100.0 + SOON + 2 * LATER, []) == 2
    assert set(packs.names()) == {named, late}


def test_a_clock_set_back_removes_nothing(packs: Packs, store: Database) -> None:
    pack(packs, NOW)
    one = Orphans()
    for n in range(3):
        assert one.look(store, packs, NOW - 24 * HOUR, n * 2 * LATER, []) == 0
    assert len(list(packs.names())) == 1


def test_halves_go_by_their_age_and_are_no_packs(packs: Packs, store: Database) -> None:
    for at in (NOW - 2 * HOUR, NOW):
        place = packs.path(new_id(at)).with_suffix(".new")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(b"ab")
        os.utime(place, (at / 1000, at / 1000))
    writing = packs.path(new_id(NOW - 2 * HOUR)).with_suffix(".new")
    writing.parent.mkdir(parents=True, exist_ok=True)
    writing.write_bytes(b"abc")  # begun long ago, and written to just now
    assert list(packs.names()) == []
    assert Orphans().look(store, packs, NOW, 0.0, []) == 1
    assert len(list(packs.folder.glob("*/*.new"))) == 2 and writing.exists()


def test_a_disk_that_takes_nothing_is_said_and_leaves_nothing(packs: Packs) -> None:
    name = new_id(NOW)
    place = packs.path(name)
    place.parent.mkdir(parents=True)
    place.with_suffix(".new").symlink_to("/dev/full")
    with pytest.raises(EnvironmentFault, match="the disk is full"):
        packs.put(name, [b"abc"])
    assert list(place.parent.iterdir()) == []
    packs.put(name, [b"abc", b"defg"])
    assert packs.read(name, 3, 4) == b"defg"


def test_what_the_disk_lost_is_said(packs: Packs) -> None:
    name = pack(packs, NOW)
    with pytest.raises(Lost, match="shorter"):
        packs.read(name, 1, 3)
    packs.wipe(name, [(0, 2)])
    assert packs.read(name, 0, 3) == b"\0\0c"
    packs.remove(name)
    with pytest.raises(Lost, match="gone"):
        packs.read(name, 0, 3)
    packs.wipe(name, [(0, 2)])
    packs.remove(name)
