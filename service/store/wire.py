"""pg8000's connection, with one way to the server and back for each statement; the driver's own takes three.

A transaction's beginning goes out with its first statement. A statement that comes again is planned once, and planned anew after
`PLANNED_S`: a table may have grown a thousandfold by then. The messages are those of the PostgreSQL manual, "Frontend/Backend Protocol".
"""

from __future__ import annotations

import functools
import itertools
import select
import struct
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pg8000 import legacy  # type: ignore[import-untyped]  # it tells no types
from pg8000.converters import make_params  # type: ignore[import-untyped]
from pg8000.core import IDLE, IN_TRANSACTION, READY_FOR_QUERY, Context  # type: ignore[import-untyped]

PLANNED_S = 10.0
PLANS = 100
"""So many statements are known at a time."""
CODES = {"28000": legacy.InterfaceError, "23505": legacy.IntegrityError}
"""SQLSTATE -> the class it is raised as, as pg8000 does; what is in neither is a ProgrammingError."""
SHORT, LONG = struct.Struct("!H"), struct.Struct("!i")
HEAD = struct.Struct("!ci")
ROOM = 1 << 16
NAMELESS = b""

_spelled = functools.lru_cache(1024)(legacy.convert_paramstyle)


@dataclass(frozen=True)
class Plan:
    """A statement that the server knows by `name`, and how its rows are read."""

    name: bytes
    columns: Sequence[Any] | None
    readers: Sequence[Any]


class Line(legacy.Connection):  # type: ignore[misc]
    """A connection. Not for two threads at once."""

    def __init__(self, **told: Any) -> None:
        self._ahead: list[str] = []
        self._held, self._at = b"", 0
        self._plans: dict[str, Plan | None] = {}
        self._planned = time.monotonic()
        self._names = itertools.count()
        super().__init__(**told)

    def cursor(self) -> Asking:
        """For one statement at a time."""
        return Asking(self)

    def ahead(self, *statements: str) -> None:
        """Begin a transaction by these, which answer nothing that anybody reads. They are sent with its first statement."""
        self._ahead, self._transaction_status = list(statements), IN_TRANSACTION
        if len(self._plans) > PLANS or time.monotonic() - self._planned > PLANNED_S:
            self._plans, self._planned = {}, time.monotonic()
            self._ahead.insert(0, "DEALLOCATE ALL")

    def broken(self) -> bool:
        """Whether the server has hung up, or said something that nobody asked it: it is shut down."""
        if self._usock is None:
            return True
        door = select.poll()
        door.register(self._usock, select.POLLIN)
        return bool(door.poll(0))

    def commit(self) -> None:
        """What was written is on the server's disk."""
        self._end("commit")

    def rollback(self) -> None:
        """Nothing was."""
        if self._in_transaction:
            self._end("rollback")

    def _end(self, how: str) -> None:
        if self._ahead:  # nothing was asked: the server knows of no transaction
            self._ahead, self._transaction_status = [], IDLE
        else:
            self.execute_simple(how)

    def execute_simple(self, statement: str) -> Context:
        """A statement without values, or several."""
        return self._asked(Context(statement), _query(statement))

    def execute_unnamed(self, statement: str, vals: Sequence[Any] = (), oids: Any = (), stream: bytes | None = None) -> Context:
        """A statement with values, $1 and so on in it; or COPY FROM STDIN, and what it takes."""
        values = _values([None if v is None else v.encode() for v in make_params(self.py_types, vals)])
        if stream is not None:
            sent = _planned(NAMELESS, statement) + _bound(NAMELESS, values) + EXECUTE + _message(b"d", stream) + COPIED
            return self._asked(Context(statement), sent + SYNC)
        plan = self._plans.get(statement)
        if plan is not None:
            context = Context(statement, columns=plan.columns, input_funcs=plan.readers)
            return self._asked(context, _bound(plan.name, values) + EXECUTE + SYNC)
        context = Context(statement)
        name = b"p%d" % next(self._names) if statement in self._plans else NAMELESS
        self._asked(context, _planned(name, statement) + _bound(name, values) + DESCRIBE + EXECUTE + SYNC)
        self._plans[statement] = Plan(name, context.columns, context.input_funcs) if name else None
        return context

    def handle_COPY_IN_RESPONSE(self, data: bytes, context: Context) -> None:
        """What it takes is on its way already."""

    def _asked(self, context: Context, message: bytes) -> Context:
        """The statement, after those that wait to be sent with it; raises the first error of them all."""
        ahead, self._ahead = [Context(one) for one in self._ahead], []
        try:
            self._usock.sendall(b"".join(_query(one.statement) for one in ahead) + message)
        except AttributeError:
            raise legacy.InterfaceError("connection is closed") from None
        except OSError as error:
            raise legacy.InterfaceError("network error") from error
        for one in (*ahead, context):
            self._hear(one)
        for one in (*ahead, context):
            if one.error is not None:
                raise one.error
        return context

    def _hear(self, context: Context) -> None:
        """All that the server answers, until it is ready for more."""
        code = b""
        while code != READY_FOR_QUERY:
            code, size = HEAD.unpack(self._take(5))
            self.message_types[code](self._take(size - 4), context)

    def _take(self, size: int) -> bytes:
        if len(self._held) - self._at < size:
            self._fill(size)
        self._at += size
        return self._held[self._at - size : self._at]

    def _fill(self, size: int) -> None:
        parts, there = [self._held[self._at :]], len(self._held) - self._at
        while there < size:
            try:
                part = self._usock.recv(ROOM)
            except OSError as error:
                raise legacy.InterfaceError("network error") from error
            if not part:
                raise legacy.InterfaceError("network error")
            parts.append(part)
            there += len(part)
        self._held, self._at = b"".join(parts), 0


class Asking(legacy.Cursor):  # type: ignore[misc]
    """A cursor that begins a transaction on the way, and keeps how a statement is spelled."""

    def execute(self, operation: str, args: Sequence[Any] = (), stream: bytes | None = None) -> Asking:
        """One statement. What the server refuses is raised as pg8000's own cursor does."""
        line: Line = self._c
        if not line._in_transaction and not line.autocommit:
            line.ahead("BEGIN")
        try:
            if not args and stream is None:
                self._context = line.execute_simple(operation)
            else:
                statement = _spelled("format", operation, ())[0] if args else operation
                self._context = line.execute_unnamed(statement, vals=args, stream=stream)
        except legacy.DatabaseError as error:
            told = error.args[0]
            raise CODES.get(told.get("C"), legacy.ProgrammingError)(told) from None
        self._row_iter = iter(self._context.rows or ())
        return self


def _message(code: bytes, data: bytes) -> bytes:
    return code + LONG.pack(len(data) + 4) + data


def _query(statement: str) -> bytes:
    return _message(b"Q", statement.encode() + b"\0")


def _planned(name: bytes, statement: str) -> bytes:
    return _message(b"P", name + b"\0" + statement.encode() + b"\0" + SHORT.pack(0))


def _values(values: Sequence[bytes | None]) -> bytes:
    told = [LONG.pack(-1) if one is None else LONG.pack(len(one)) + one for one in values]
    return SHORT.pack(len(told)) + b"".join(told)


def _bound(name: bytes, values: bytes) -> bytes:
    return _message(b"B", b"\0" + name + b"\0" + SHORT.pack(0) + values + SHORT.pack(0))


DESCRIBE, EXECUTE = _message(b"D", b"P\0"), _message(b"E", b"\0" + LONG.pack(0))
SYNC, COPIED = _message(b"S", b""), _message(b"c", b"")
