"""Round every request: an id, limits on what is sent and for how long, headers that browsers heed, one line of the log, a figure.

Plain ASGI, because the limits must hold while a body is still coming.
"""

from __future__ import annotations

import asyncio
import logging
import re
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from service import logs, tracing
from service.api.limits import deeper
from service.api.metrics import Figures, known
from service.api.problems import Problem, answer
from service.clock import new_id, now
from service.settings import Settings

log = logging.getLogger("unikat.web")
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]

STREAMED = ("/v1/uploads", "/v1/campaigns")
"""Paths whose bodies are read piece by piece, whatever kind they are of."""
JOB = "unikat.job"
"""Where a route notes in the scope which job it made."""
MOST_PATH = 8000
CLOSE = {"Connection": "close"}
"""With an answer to a body that was not read to its end."""
SECURITY = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-frame-options", b"DENY"),
    (b"cross-origin-resource-policy", b"same-origin"),
)
POLICY = (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'")
_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}")


class Manners:
    """The application within its manners."""

    def __init__(self, app: App, settings: Settings, figures: Figures) -> None:
        self.app, self.settings, self.figures = app, settings, figures

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """One request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        sent = headers.get(b"x-request-id", b"")
        one = sent.decode() if _ID.fullmatch(sent) else new_id(now())
        scope["unikat.headers"] = []
        status = 0

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"] = [*message["headers"], *_added(message["headers"], scope, one)]
            await send(message)

        token = logs.request_id.set(one)
        span = tracing.begin("request")
        began = time.perf_counter()
        try:
            await self._serve(scope, headers, receive, sending)
        except Problem as problem:
            if not status:
                await answer(problem)(scope, receive, sending)
        except Exception as error:  # the outermost line: a 500 that tells nothing, a log without values
            log.error("a request failed", exc_info=error, extra={"route": _route(scope)})
            if not status:
                await answer(Problem(500, "A fault of ours", headers=CLOSE))(scope, receive, sending)
        finally:
            spent = time.perf_counter() - began
            self.figures.request(scope["method"], _route(scope), status, spent)
            own = None if sent else one  # what a sender calls it may say anything
            span.tell(method=known(scope["method"]), route=_route(scope), status=status, request=own, job=scope.get(JOB))
            span.end()
            log.info("request", extra=_told(scope, status, spent))
            logs.request_id.reset(token)

    async def _serve(self, scope: Message, headers: dict[bytes, bytes], receive: Receive, send: Send) -> None:
        told = self.settings
        if sum(len(n) + len(v) for n, v in scope["headers"]) > told.header_bytes:
            raise Problem(431, "The headers are too large", headers=CLOSE)
        if len(scope.get("raw_path") or b"") + len(scope["query_string"]) > MOST_PATH:
            raise Problem(414, "The address is too long", headers=CLOSE)
        if scope["method"] in ("POST", "PUT", "PATCH", "DELETE"):
            if headers.get(b"content-encoding", b"identity") != b"identity":
                raise Problem(415, "Compressed bodies are not taken", headers={**CLOSE, "Accept-Encoding": "identity"})
            receive = await self._guarded(scope["path"], headers, receive)
        await self.app(scope, receive, send)

    async def _guarded(self, path: str, headers: dict[bytes, bytes], receive: Receive) -> Receive:
        told = self.settings
        if path.startswith(STREAMED):
            most = told.upload_bytes if path.startswith("/v1/uploads") else told.rows_bytes
            _declared(headers, most)
            return _counted(receive, most, told.stream_seconds, told.idle_seconds)
        _declared(headers, told.json_bytes)
        data = await _whole(receive, told.json_bytes, told.json_seconds)
        if data:
            kind = headers.get(b"content-type", b"").split(b";")[0].strip().lower()
            if kind != b"application/json":
                raise Problem(415, "A body must be application/json", headers={"Accept": "application/json"})
            if deeper(data, told.json_depth):
                raise Problem(400, "This JSON is nested too deep", limit=str(told.json_depth))
        return _again(data, receive)


def _declared(headers: dict[bytes, bytes], most: int) -> None:
    told = headers.get(b"content-length", b"0")
    if told.isdigit() and int(told[:20]) > most:
        raise _too_large(most)


def _too_large(most: int) -> Problem:
    return Problem(413, "This is too large", limit=f"{most} bytes", headers=CLOSE)


async def _whole(receive: Receive, most: int, seconds: float) -> bytes:
    """The body, which must be there within that time."""
    parts, size = [], 0
    try:
        async with asyncio.timeout(seconds):
            while True:
                message = await receive()
                if message["type"] == "http.disconnect":
                    raise Problem(400, "The body ended early")
                size += len(message.get("body", b""))
                if size > most:
                    raise _too_large(most)
                parts.append(message.get("body", b""))
                if not message.get("more_body"):
                    return parts[0] if len(parts) == 1 else b"".join(parts)
    except TimeoutError:
        raise Problem(408, "The body came too slowly", headers=CLOSE) from None


def _again(data: bytes, receive: Receive) -> Receive:
    """What was read, to be read once more; then whatever comes."""
    given = False

    async def receiving() -> Message:
        nonlocal given
        if given:
            return await receive()
        given = True
        return {"type": "http.request", "body": data, "more_body": False}

    return receiving


def _counted(receive: Receive, most: int, seconds: float, idle: float) -> Receive:
    """A body that is read in pieces, none of them late, not too many of them."""
    until = time.monotonic() + seconds
    size, more = 0, True

    async def receiving() -> Message:
        nonlocal size, more
        if not more:
            return await receive()
        try:
            async with asyncio.timeout(max(0.0, min(idle, until - time.monotonic()))):
                message = await receive()
        except TimeoutError:
            raise Problem(408, "The body came too slowly", headers=CLOSE) from None
        size += len(message.get("body", b""))
        more = bool(message.get("more_body"))
        if size > most:
            raise _too_large(most)
        return message

    return receiving


def _added(there: list[tuple[bytes, bytes]], scope: Message, one: str) -> list[tuple[bytes, bytes]]:
    names = {name.lower() for name, _ in there}
    added = [(b"x-request-id", one.encode()), *SECURITY, *scope["unikat.headers"]]
    if b"cache-control" not in names:
        added.append((b"cache-control", b"no-store"))
    if b"content-security-policy" not in names:
        added.append(POLICY)
    return added


def _route(scope: Message) -> str:
    """The route's pattern: a path as it was asked for may hold anything."""
    return str(getattr(scope.get("route"), "path_format", "-"))


def _told(scope: Message, status: int, spent: float) -> dict[str, Any]:
    key = scope.get("unikat.key")
    told = {"method": scope["method"], "route": _route(scope), "status": status, "ms": round(spent * 1000.0, 2)}
    return told if key is None else {**told, "key": key.id, "tenant": key.tenant}
