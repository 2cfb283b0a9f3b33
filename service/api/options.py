"""OPTIONS: what methods a path has, and whether a web page of that origin may ask (CORS, for the key that lies open in a page)."""

from __future__ import annotations

import time
from typing import Any

from fastapi import Request, Response
from fastapi.concurrency import run_in_threadpool

from service.api.problems import Problem, answer, methods
from service.house import House
from service.store import keys

OPEN = ("/v1/templates", "/v1/previews", "/v1/quotes")
"""What a web page may ask: schemas, previews, quotes."""
KEPT = 5.0
"""Seconds for which the list of origins is not read again."""
SHOWN = "ETag, Retry-After, Unikat-Verdict, X-Request-Id"


def is_open(path: str) -> bool:
    """Whether that path is one of those."""
    return any(path == one or path.startswith(f"{one}/") for one in OPEN)


def allowed(origin: str) -> list[tuple[bytes, bytes]]:
    """The headers by which a browser lets a page of that origin read the answer."""
    told = {"access-control-allow-origin": origin, "vary": "Origin", "access-control-expose-headers": SHOWN}
    return [(name.encode(), value.encode("latin-1")) for name, value in told.items()]


class Options:
    """Answers OPTIONS; hands everything else on."""

    def __init__(self, app: Any, house: House) -> None:
        self.app, self.house = app, house
        self._origins: tuple[frozenset[str], float] = (frozenset(), -1.0)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """One request."""
        if scope["type"] != "http" or scope["method"] != "OPTIONS":
            await self.app(scope, receive, send)
            return
        request = Request(scope, receive)
        response = await self._answer(request)
        await response(scope, receive, send)

    async def _answer(self, request: Request) -> Response:
        found = methods(request)
        if not found:
            return answer(Problem(404, "Not Found"))
        headers = {"Allow": ", ".join(found)}
        origin = request.headers.get("origin")
        if origin is None or "access-control-request-method" not in request.headers:
            return Response(status_code=204, headers=headers)
        if not is_open(request.url.path) or origin not in await self._known():
            return answer(Problem(403, "No web page of that origin may ask this", headers=headers))
        headers |= {
            "Access-Control-Allow-Methods": ", ".join(found),
            "Access-Control-Allow-Headers": "Authorization, Content-Type, If-None-Match",
            "Access-Control-Max-Age": "600",
        }
        made = Response(status_code=204, headers=headers)
        made.raw_headers += allowed(origin)
        return made

    async def _known(self) -> frozenset[str]:
        origins, until = self._origins
        if time.monotonic() >= until:
            origins = await run_in_threadpool(self._read)
            self._origins = (origins, time.monotonic() + KEPT)
        return origins

    def _read(self) -> frozenset[str]:
        with self.house.database.read() as conn:
            return keys.origins(conn)
