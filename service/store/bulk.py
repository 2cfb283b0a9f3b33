"""Many rows at once: one statement and one way to the server, however many they are."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa

from service.store import postgres

ROWS = "rows_told"


def insert(conn: sa.Connection, table: sa.Table, rows: Sequence[Mapping[str, Any]]) -> None:
    """New rows, all with the columns of the first; what is in none has the table's default."""
    if not rows:
        return
    columns = [column for column in table.columns if column.name in rows[0] or column.default is not None]
    if conn.dialect.name == "postgresql":
        postgres.copy(conn, table.name, columns, rows)
    elif any(isinstance(column.type, sa.JSON) for column in columns):
        conn.execute(sa.insert(table), list(rows))
    else:  # plain columns go to the driver as they are: half the cost
        told = sa.insert(table).compile(dialect=conn.dialect, column_keys=[column.name for column in columns])
        fixed = {c.name: postgres.default_of(c) for c in columns if c.name not in rows[0]}
        names: list[str] = told.positiontup  # type: ignore[attr-defined,assignment]
        conn.exec_driver_sql(str(told), [tuple(map({**fixed, **row}.__getitem__, names)) for row in rows])


def told(dialect: str, columns: Mapping[str, sa.Column[Any]]) -> sa.CTE:
    """The rows of the parameter ROWS, a list of objects, as a table with those columns: many rows by one statement, always the same.

    Bytes are told as hexadecimal digits.
    """
    rows = sa.bindparam(ROWS, type_=sa.JSON)
    each = sa.func.json_array_elements(rows) if dialect == "postgresql" else sa.func.json_each(rows)
    row = each.table_valued(sa.column("value"), name="each").c.value
    return sa.select(*(_part(dialect, row, name, column.type).label(name) for name, column in columns.items())).cte("told")


def among(dialect: str, column: sa.ColumnElement[Any], name: str) -> sa.ColumnElement[bool]:
    """Whether the column is one of the texts in the parameter of that name, a list: one statement, however many they are."""
    texts = sa.bindparam(name, type_=sa.JSON)
    each = sa.func.json_array_elements_text(texts) if dialect == "postgresql" else sa.func.json_each(texts)
    return one_of(dialect, column, sa.select(each.table_valued(sa.column("value", sa.String), name=name).c.value))


def one_of(dialect: str, column: sa.ColumnElement[Any], few: sa.Select[Any]) -> sa.ColumnElement[bool]:
    """Whether the column is among those few. As an array, so that Postgres looks them up: it would guess that walking a whole index is less."""
    return column == sa.any_(sa.func.array(few.scalar_subquery())) if dialect == "postgresql" else column.in_(few)


def _part(dialect: str, row: Any, name: str, kind: sa.types.TypeEngine[Any]) -> sa.ColumnElement[Any]:
    key: Any = sa.literal_column(f"'{name}'")
    if isinstance(kind, sa.JSON):
        return sa.type_coerce(row.op("->")(key), kind)
    text = row.op("->>")(key)
    if isinstance(kind, sa.LargeBinary):
        return sa.type_coerce(sa.func.decode(text, "hex") if dialect == "postgresql" else sa.func.unhex(text), kind)
    return sa.type_coerce(text, kind) if isinstance(kind, sa.String) else sa.cast(text, kind)
