"""Of an order nothing can be read in any file of a Postgres, its log included; and an erased one has no key any more."""

from __future__ import annotations

import pathlib

import pytest
import sqlalchemy as sa

from service.erasing import erase_jobs
from service.house import ELSEWHERE
from service.store.schema import jobs
from tests.postgres import Cluster
from tests.service.privacy.made import CANARY, T0, house_in, made


def holds(folder: pathlib.Path, words: bytes) -> list[pathlib.Path]:
    return [p for p in folder.rglob("*") if p.is_file() and words in p.read_bytes()]


def test_nothing_of_an_order_is_readable_and_its_key_goes(
    postgres: Cluster, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(ELSEWHERE, postgres.url())
    house, tenant = house_in(tmp_path / "house")
    one, two = made(house, tenant, [CANARY, "Ann"])
    with house.database.read() as conn:
        wrapped = bytes(conn.execute(sa.select(jobs.c.wrapped).where(jobs.c.id == one)).scalar_one())
    with house.database.write() as conn:
        conn.exec_driver_sql("SELECT pg_switch_wal()")
    assert holds(postgres.folder, wrapped), "the search finds what is there"
    assert holds(postgres.folder, CANARY.encode()) == []
    assert erase_jobs(house, [one], "asked", now=T0) == [one]
    with house.database.read() as conn:
        row = conn.execute(sa.select(jobs).where(jobs.c.id == one)).one()
        assert (row.wrapped, row.sealed, row.told, row.files, row.state) == (None, None, None, None, "erased")
        assert conn.execute(sa.select(jobs.c.wrapped).where(jobs.c.id == two)).scalar_one() is not None
    assert holds(tmp_path, CANARY.encode()) == holds(postgres.folder, CANARY.encode()) == []
    house.database.close()
