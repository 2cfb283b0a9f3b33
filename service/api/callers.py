"""Who asks, and what that one may: nothing is open without a key."""

from __future__ import annotations

import asyncio
import threading
import time
from dataclasses import dataclass, field
from typing import Annotated

from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.security import HTTPBearer

from service.api.limits import Buckets
from service.api.options import allowed, is_open
from service.api.problems import Problem, too_many
from service.clock import Clock
from service.clock import now as wall
from service.house import House
from service.interactive import Interactive
from service.settings import Settings
from service.store import keys
from service.store.keys import Key
from service.store.writer import Writer

KEPT = 1.0
"""Seconds for which a key that was found is not looked up again: so long after `unikat keys revoke` it may still open something."""


@dataclass
class Desk:
    """What the routes share: the house, and what of it is kept in memory."""

    house: House
    settings: Settings
    writer: Writer
    interactive: Interactive
    clock: Clock = wall
    closing: threading.Event = field(default_factory=threading.Event)
    """Set when the process is told to end: what would go on for ever stops."""
    known: dict[bytes, tuple[Key, float]] = field(default_factory=dict)
    streams: int = 0

    def __post_init__(self) -> None:
        told = self.settings
        self.rates = Buckets(told.rate, told.burst)
        self.open_rates = Buckets(told.preview_rate, told.preview_burst)
        self.failures = Buckets(told.failure_rate, told.failure_burst)


def house_of(request: Request) -> House:
    """The open data folder of this process."""
    return desk_of(request).house


def desk_of(request: Request) -> Desk:
    """What the routes of this process share."""
    found: Desk = request.app.state.desk
    return found


async def _house(request: Request) -> House:
    return house_of(request)  # asynchronous, or FastAPI gives it a thread of its own


async def _desk(request: Request) -> Desk:
    return desk_of(request)


TheHouse = Annotated[House, Depends(_house)]
TheDesk = Annotated[Desk, Depends(_desk)]


class Scoped(HTTPBearer):
    """A dependency that is the caller: the key that was sent, which must have one of the scopes, where any is named.

    One callable for it all: FastAPI's own work for each nested dependency would be a third of a request.
    """

    def __init__(self, *scopes: str) -> None:
        told = "A key, as `unikat keys create` tells it once."
        super().__init__(auto_error=False, scheme_name="key", description=told)
        self.scopes = scopes

    async def __call__(self, request: Request) -> Key:  # type: ignore[override]  # who it is, not what was sent
        """The caller; 401, 403 or 429 where there is none that may."""
        desk = desk_of(request)
        now = time.monotonic()
        told = await super().__call__(request)
        key = None if told is None else await _key(desk, told.credentials, now)
        if key is None:
            address = request.client.host if request.client else ""
            if wait := desk.failures.take(address, now):
                raise too_many(wait)
            title = "A key is needed" if told is None else "This key opens nothing"
            raise Problem(401, title, headers={"WWW-Authenticate": "Bearer"})
        request.scope["unikat.key"] = key
        open_ = key.scopes == {"preview"}
        if wait := (desk.open_rates if open_ else desk.rates).take(key.id, now):
            raise too_many(wait)
        origin = request.headers.get("origin")
        if key.origins and origin not in key.origins:
            raise Problem(403, "This key is not for that web page")
        if key.origins and origin is not None and is_open(request.url.path):
            request.scope["unikat.headers"] += allowed(origin)
        if self.scopes and not any(key.may(scope) for scope in self.scopes):
            raise Problem(403, "This key has no scope for this: it needs " + " or ".join(self.scopes))
        return key


async def _key(desk: Desk, token: str, now: float) -> Key | None:
    digest = keys.hashed(token)
    found = desk.known.get(digest)
    if found is not None and found[1] > now:
        return found[0]
    key = await run_in_threadpool(_look, desk.house, token)
    if key is None:
        desk.known.pop(digest, None)
        return None
    if len(desk.known) > 10_000:
        desk.known.clear()
    desk.known[digest] = (key, now + KEPT)
    return key


def _look(house: House, token: str) -> Key | None:
    with house.database.read() as conn:
        return keys.find(conn, token)


def with_scope(*scopes: str) -> Scoped:
    """The dependency of a caller who must have one of those scopes."""
    return Scoped(*scopes)


Caller = Annotated[Key, Depends(with_scope())]
"""Any key."""
Orders = Annotated[Key, Depends(with_scope("orders"))]
"""A key that may order and see what was ordered."""
Pickup = Annotated[Key, Depends(with_scope("pickup"))]
"""A print shop's key."""
Owner = Annotated[Key, Depends(with_scope("owner"))]
"""A key that may do all in its tenant."""
Looking = Annotated[Key, Depends(with_scope("preview", "orders"))]
"""A key that may see schemas, quotes and previews."""


async def closing(desk: Desk, seconds: float) -> bool:
    """Wait that long; whether the process is to end."""
    await asyncio.sleep(seconds)
    return desk.closing.is_set()
