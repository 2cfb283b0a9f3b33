"""A store copied into another, table by table in small transactions: it goes on where it stopped, and is compared at the end."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Sequence
from typing import Any

import sqlalchemy as sa

from engine.errors import EnvironmentFault
from service.store import bulk, migrate, tallies
from service.store.database import Database
from service.store.leading import EPOCH, LEADER
from service.store.schema import facts, metadata

BATCH = 2_000
MOVING = "moving"
"""The fact of a store that is being copied into: which store it comes from, and how far each table is."""
OURS = (MOVING, EPOCH, LEADER)
"""Facts of a store that are not copied."""


def refuse_half(database: Database) -> None:
    """EnvironmentFault where a copy into this store was begun and not ended."""
    with database.read() as conn:
        if _state(conn) is not None:
            raise EnvironmentFault("a store is being copied into this database: end that first, with `unikat migrate`")


def begin(source: Database, target: Database) -> None:
    """Make the tables, or find what was begun. EnvironmentFault where the target has data of its own, or another store's."""
    migrate.upgrade(source)
    migrate.upgrade(target)
    with source.read() as conn:
        mark = conn.execute(sa.select(facts.c.value).where(facts.c.name == "master")).scalar_one().hex()
    with target.write() as conn:
        state = _state(conn)
        if state is None:
            if any(
                conn.execute(sa.select(sa.literal(1)).select_from(table).limit(1)).first() for table in metadata.sorted_tables
            ):
                raise EnvironmentFault("the database is not empty")
            told = json.dumps({"from": mark, "at": {}}).encode()
            conn.execute(sa.insert(facts).values(name=MOVING, value=told))
        elif state["from"] != mark:
            raise EnvironmentFault("another store is being copied into this database")


def copy(source: Database, target: Database) -> Iterator[tuple[str, int]]:
    """Everything that is not there yet; (table, rows) after each transaction. Nobody may write into the source meanwhile."""
    with target.read() as conn:
        state = _state(conn)
    assert state is not None
    for table in metadata.sorted_tables:
        after = _unpacked(state["at"].get(table.name))
        for page in _pages(source, table, after):
            state["at"][table.name] = _packed(page[-1][column.name] for column in table.primary_key.columns)
            with _refused(table.name), target.write() as conn:
                bulk.insert(conn, table, page)
                conn.execute(sa.update(facts).where(facts.c.name == MOVING).values(value=json.dumps(state).encode()))
            yield table.name, len(page)


@contextlib.contextmanager
def _refused(table: str) -> Iterator[None]:
    try:
        yield
    except sa.exc.IntegrityError:
        raise EnvironmentFault(f"{table} holds what Postgres does not take: a text that is too long, or has a NUL") from None


def end(source: Database, target: Database) -> dict[str, int]:
    """Compare both, row by row, and let the target serve: table -> rows. EnvironmentFault where they differ."""
    found = {}
    for table in metadata.sorted_tables:
        ours, theirs = _sum(source, table), _sum(target, table)
        if ours != theirs:
            raise EnvironmentFault(f"{table.name} is not the same in both: {ours[0]} rows here, {theirs[0]} there")
        found[table.name] = ours[0]
    with target.write() as conn:
        if tallies.wrong(conn):
            raise EnvironmentFault("the counters are not those of the rows")
        conn.execute(sa.delete(facts).where(facts.c.name == MOVING))
    return found


def _state(conn: sa.Connection) -> Any:
    found = conn.execute(sa.select(facts.c.value).where(facts.c.name == MOVING)).scalar()
    return None if found is None else json.loads(bytes(found))


def _pages(database: Database, table: sa.Table, after: Sequence[Any] | None = None) -> Iterator[list[dict[str, Any]]]:
    key = list(table.primary_key.columns)
    while True:
        told = sa.select(table).order_by(*key).limit(BATCH)
        if after is not None:
            told = told.where(sa.tuple_(*key) > sa.tuple_(*(sa.literal(v, c.type) for v, c in zip(after, key, strict=True))))
        if table is facts:
            told = told.where(facts.c.name.not_in(OURS))
        with database.read() as conn:
            page = [dict(row._mapping) for row in conn.execute(told)]
        if not page:
            return
        yield page
        after = [page[-1][column.name] for column in key]


def _sum(database: Database, table: sa.Table) -> tuple[int, int]:
    """Rows, and the sum of their hashes, which their order does not change."""
    rows, total = 0, 0
    for page in _pages(database, table):
        for row in page:
            rows += 1
            total += int.from_bytes(hashlib.sha256(_plain(row).encode()).digest())
    return rows, total % (1 << 256)


def _plain(row: dict[str, Any]) -> str:
    return json.dumps(row, sort_keys=True, default=lambda value: bytes(value).hex())


def _packed(key: Any) -> list[list[Any]]:
    return [["bytes", value.hex()] if isinstance(value, bytes) else ["plain", value] for value in key]


def _unpacked(told: list[list[Any]] | None) -> list[Any] | None:
    return None if told is None else [bytes.fromhex(value) if kind == "bytes" else value for kind, value in told]
