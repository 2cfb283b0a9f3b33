"""Postgres, for several machines: how it is reached, and how its transactions are made to behave as SQLite's do.

Writers of all processes stand in line before one advisory lock, as SQLite's stand before their file's: the same statements are right on
both, and no two of them can wait for each other. What they read is what the one before them left (READ COMMITTED: each statement sees
it anew); readers see one view and never wait (REPEATABLE READ). Who is stopped in the middle of a transaction loses it after `IDLE_MS`.
"""

from __future__ import annotations

import importlib
import json
import re
import ssl
from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import URL, make_url

from engine.errors import EnvironmentFault

OLDEST = 140_000
"""Its `server_version_num`: 14 is the first that ends a session which idles (service.store.leading)."""
WAIT_MS = 30_000
"""So long a writer stands in line."""
IDLE_MS = 5_000
"""So long a transaction that writes may do nothing."""
LINE = 0x756E696B
"""The advisory lock of those who write."""
STANDING = f"SELECT set_config('idle_in_transaction_session_timeout', '{IDLE_MS}', true), pg_advisory_xact_lock({LINE})"
CONNECT_S = 10
OPTIONS = ("sslmode", "sslrootcert")
GONE = ("08", "25P03", "57P", "57014")
"""SQLSTATEs, or how they begin, after which a connection is of no use: broken off, idle too long, shut down."""
UNWELL = (*GONE, "53", "55P03", "25006", "58", "40", "28", "3D", "42501")
"""And those of a server that takes nothing now: full, out of connections, a lock that is not given, read-only, its disk, a deadlock; or
nothing from us: no such user, password or database, no right."""


class Unwell(Exception):
    """The server takes nothing now. Its words are ours: the server's may quote a value."""


def engine(told: str, name: str) -> sa.Engine:
    """Connections to the database of that URL, which knows them by that name. EnvironmentFault where it is no Postgres URL, or its driver
    is not installed."""
    url, context = _parted(told)
    try:
        made = sa.create_engine(
            url,
            pool_size=16,
            max_overflow=64,
            hide_parameters=True,
            connect_args={"timeout": CONNECT_S, "ssl_context": context, "application_name": name},
        )
    except ImportError:
        raise EnvironmentFault("Postgres wants the package pg8000: install unikat[several]") from None
    sa.event.listen(made, "do_connect", _connect)
    sa.event.listen(made, "connect", _prepare)
    sa.event.listen(made, "checkout", _well)
    sa.event.listen(made, "begin", _begin)
    sa.event.listen(made, "handle_error", _look)
    return made


def _parted(told: str) -> tuple[URL, ssl.SSLContext | None]:
    """The URL for the driver, and TLS as it asks for it."""
    try:
        url = make_url(told)
    except (sa.exc.ArgumentError, ValueError):
        raise EnvironmentFault("--database is no URL: postgresql://USER:PASSWORD@HOST/NAME") from None
    if url.drivername != "postgresql":
        raise EnvironmentFault("--database must be postgresql://USER:PASSWORD@HOST/NAME")
    unknown = sorted(set(url.query) - {*OPTIONS, "unix_sock"})
    if unknown:
        raise EnvironmentFault(f"--database: {unknown[0]} is not known; {', '.join(OPTIONS)} are")
    mode, root = url.query.get("sslmode", "disable"), url.query.get("sslrootcert")
    if mode not in ("disable", "require", "verify-full"):
        raise EnvironmentFault("--database: sslmode is disable, require or verify-full")
    context = None
    if mode != "disable":
        try:
            context = ssl.create_default_context(cafile=str(root) if root else None)
        except (OSError, ssl.SSLError):
            raise EnvironmentFault("--database: sslrootcert cannot be read") from None
        if mode == "require":  # encrypted, whoever it is
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return url.set(drivername="postgresql+pg8000").difference_update_query(OPTIONS), context


def _connect(_: object, __: object, ___: object, named: Any) -> Any:
    try:
        return importlib.import_module("service.store.wire").Line(**named)
    except OSError:  # the driver lets some through: a server that hangs up as it is greeted
        raise Unwell(_words("08000")) from None


def _prepare(connection: Any, _: object) -> None:
    cursor = connection.cursor()
    cursor.execute(f"SET lock_timeout = {WAIT_MS}")
    cursor.execute("SELECT current_setting('server_version_num')::int, current_setting('server_encoding')")
    version, encoding = cursor.fetchone()
    connection.commit()
    if version < OLDEST:
        raise EnvironmentFault(f"Postgres {version // 10_000} is too old: {OLDEST // 10_000} or later")
    if encoding != "UTF8":
        raise EnvironmentFault(f"the database's encoding is {encoding}: it must be UTF8")


def _well(connection: Any, _: object, __: object) -> None:
    """One that broke while nobody used it is replaced."""
    if connection.broken():
        raise sa.exc.DisconnectionError


def _begin(conn: sa.Connection) -> None:
    told = conn.get_execution_options()
    if told.get("isolation_level") == "AUTOCOMMIT":
        return
    line: Any = conn.connection.driver_connection
    if told.get("unikat_write"):
        line.ahead("BEGIN", STANDING)
    else:
        line.ahead("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def code_of(error: BaseException | None) -> str:
    """The SQLSTATE of what the driver raised; 08000 where the connection broke."""
    told = error.args[0] if error is not None and error.args else None
    if isinstance(told, dict):
        return str(told.get("C", ""))
    return "08000" if type(error).__name__ == "InterfaceError" or isinstance(error, OSError) else ""


def _look(context: Any) -> None:
    """Whether the pool's connections are still good; and what must not be told in the server's words."""
    code = code_of(context.original_exception)
    if code.startswith(GONE):
        context.is_disconnect = True
    if code.startswith(UNWELL):
        raise Unwell(_words(code)) from None


def _words(code: str) -> str:
    return WORDS.get(code[:2], "it takes nothing now") + f" (SQLSTATE {code})"


WORDS = {
    "08": "the connection broke",
    "25": "it waited too long, or may not be written",
    "28": "it does not know this user or password",
    "3D": "there is no such database",
    "42": "this user has no right to do that",
    "53": "it is full, or has no connection free",
    "55": "somebody holds it too long",
    "57": "it is being shut down",
}


def default_of(column: sa.Column[Any]) -> Any:
    """What a new row has in a column that it does not name."""
    default: Any = column.default
    if default is None:
        return None
    return default.arg(None) if default.is_callable else default.arg


def copy(conn: sa.Connection, table: str, columns: Sequence[sa.Column[Any]], rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows by COPY: one statement, and the driver binds no values."""
    names = [column.name for column in columns]
    told = [_fields([row[c.name] for row in rows] if c.name in rows[0] else [default_of(c)] * len(rows), c) for c in columns]
    stream = ("\n".join(map("\t".join, zip(*told, strict=True))) + "\n").encode()
    cursor = conn.connection.cursor()
    listed = ", ".join(f'"{name}"' for name in names)
    try:
        cursor.execute(f'COPY "{table}" ({listed}) FROM STDIN', stream=stream)  # type: ignore[call-arg]  # the driver's own
    except Exception as error:  # the driver's classes are not imported; its words may quote a value
        code = code_of(error)
        if not code:
            raise
        if code.startswith(GONE):
            conn.invalidate()
        if code.startswith(UNWELL):
            raise Unwell(_words(code)) from None
        raise sa.exc.IntegrityError("COPY", None, RuntimeError(f"SQLSTATE {code}")) from None
    finally:
        cursor.close()


def _fields(values: Sequence[Any], column: sa.Column[Any]) -> Sequence[str]:
    """A column's values in COPY's text format. Most texts have nothing to be escaped, and one look at all of them says so."""
    if isinstance(column.type, sa.JSON):
        values = [None if value is None else json.dumps(value) for value in values]
    elif isinstance(column.type, sa.LargeBinary):
        return ["\\N" if value is None else "\\\\x" + value.hex() for value in values]
    elif not isinstance(column.type, sa.String):
        return ["\\N" if value is None else str(value) for value in values]
    if STRANGE.search("".join([value for value in values if value is not None])):
        values = [None if value is None else value.translate(ESCAPES) for value in values]
    return ["\\N" if value is None else value for value in values]


STRANGE = re.compile(r"[\\\n\r\t]")
ESCAPES = str.maketrans({"\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t"})


def alone(engine: sa.Engine) -> sa.Connection:
    """A connection without transactions, for what is Postgres's own."""
    return engine.connect().execution_options(isolation_level="AUTOCOMMIT")


ERASED_FROM = "jobs, campaigns, slices, uploads, copies, idempotency, outbox"


def vacuum(engine: sa.Engine) -> None:
    """Rows that were deleted or changed make room for others. One process at a time: who finds another at it need not do it too."""
    with alone(engine) as conn:
        try:
            conn.exec_driver_sql(f"VACUUM (SKIP_LOCKED) {ERASED_FROM}")
        finally:
            conn.invalidate()


def analyze(engine: sa.Engine) -> None:
    """The planner knows how many jobs there are in which state; it would learn that within a minute, too."""
    with alone(engine) as conn:
        try:
            conn.exec_driver_sql("ANALYZE (SKIP_LOCKED) jobs")
        finally:
            conn.invalidate()


def clock(conn: sa.Connection) -> int:
    """Milliseconds since 1970 by the server's clock."""
    return int(conn.exec_driver_sql("SELECT (extract(epoch from clock_timestamp()) * 1000)::bigint").scalar_one())
