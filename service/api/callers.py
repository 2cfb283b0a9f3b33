"""Who asks, and what that one may: nothing is open without a key."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from service.api.problems import Problem
from service.house import House
from service.store import keys
from service.store.keys import Key

_bearer = HTTPBearer(auto_error=False, description="A key, as `unikat keys create` tells it once.")


def house_of(request: Request) -> House:
    """The open data folder of this process."""
    found: House = request.app.state.house
    return found


TheHouse = Annotated[House, Depends(house_of)]


def _caller(request: Request, house: TheHouse, told: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]) -> Key:
    if told is None:
        raise Problem(401, "A key is needed", headers={"WWW-Authenticate": "Bearer"})
    with house.database.read() as conn:
        key = keys.find(conn, told.credentials)
    if key is None:
        raise Problem(401, "This key opens nothing", headers={"WWW-Authenticate": "Bearer"})
    origin = request.headers.get("origin")
    if origin is not None and key.origins and origin not in key.origins:
        raise Problem(403, "This key is not for that web page")
    return key


Caller = Annotated[Key, Depends(_caller)]


def with_scope(scope: str) -> Callable[[Key], Key]:
    """A dependency: the caller, who must have that scope."""

    def check(key: Caller) -> Key:
        if not key.may(scope):
            raise Problem(403, f"This key has no scope {scope!r}")
        return key

    return check


Orders = Annotated[Key, Depends(with_scope("orders"))]
"""A key that may order and see what was ordered."""
Pickup = Annotated[Key, Depends(with_scope("pickup"))]
"""A print shop's key."""
