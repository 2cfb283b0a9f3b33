"""`unikat keys`: who may do what, from the machine that the service runs on."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Sequence

from engine.errors import OrderError
from engine.language.parameters import closest
from service.clock import now, text_of
from service.house import store_of
from service.store import keys
from service.store.database import Database


def opened(data: str) -> Database:
    """The database of a folder that a service has used already."""
    place = store_of(pathlib.Path(data))
    if isinstance(place, pathlib.Path) and not place.is_file():
        raise OrderError("--data", "is no service's folder: `unikat serve --data DIR` makes one", value=data)
    return Database(place)


def create(
    data: str,
    name: str,
    scopes: Sequence[str],
    tenant: str,
    weight: float | None,
    origins: Sequence[str],
    sellers: Sequence[str],
    processes: Sequence[str],
    as_json: bool,
) -> int:
    """Make a key, and print it this once."""
    for scope in scopes:
        if scope not in keys.SCOPES:
            raise OrderError(
                "--scope",
                "is not known",
                value=scope,
                limit="one of " + ", ".join(keys.SCOPES),
                nearest=closest(scope, keys.SCOPES),
            )
    if "pickup" in scopes and not (sellers and processes):
        raise OrderError("--seller", "a pickup key names the shops and the processes that it prints for")
    database = opened(data)
    try:
        with database.write() as conn:
            whose = keys.tenant_named(conn, tenant) or keys.new_tenant(conn, tenant, now())
            if weight is not None:
                keys.weigh(conn, whose, weight)
            granted = [_seller(found, seller) for seller in sellers for found in [keys.tenant_named(conn, seller)]]
            one, token = keys.new_key(conn, whose, name, scopes, now(), origins=origins, sellers=granted, processes=processes)
    finally:
        database.close()
    if as_json:
        print(json.dumps({"status": 0, "id": one, "tenant": whose, "key": token}))
    else:
        print(f"key {one} of {tenant}, told this once: {token}")
    return 0


def _seller(found: str | None, told: str) -> str:
    if found is None:
        raise OrderError("--seller", "there is no such shop", value=told)
    return found


def show(data: str, as_json: bool) -> int:
    """Print every key."""
    database = opened(data)
    try:
        with database.read() as conn:
            rows = keys.listed(conn)
    finally:
        database.close()
    if as_json:
        told = [{**row, "created": text_of(row["created"]), "revoked": text_of(row["revoked"])} for row in rows]
        print(json.dumps({"status": 0, "keys": told}))
        return 0
    for row in rows:
        state = "revoked" if row["revoked"] else "good"
        print(f"{row['id']}  {state:7}  {row['tenant_name']}: {row['name']} ({', '.join(row['scopes'])})")
    return 0


def revoke(data: str, key: str, as_json: bool) -> int:
    """Revoke a key by its id."""
    database = opened(data)
    try:
        with database.write() as conn:
            went = keys.revoke(conn, key, now())
    finally:
        database.close()
    if not went:
        raise OrderError("key", "there is no such key, or it was revoked before", value=key)
    print(json.dumps({"status": 0, "id": key}) if as_json else f"key {key} opens nothing any more")
    return 0
