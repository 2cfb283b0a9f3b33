"""Tenants and their keys. Of a key only its hash is kept: 256 random bits need no slow hash (a password would)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from service.clock import new_id
from service.store.schema import keys, tenants

PREFIX = "unikat_"
SCOPES = ("owner", "orders", "preview", "pickup", "metrics")
"""owner: all of a tenant, keys included. orders: jobs, campaigns, uploads, webhooks. preview: schemas, previews and quotes, for a web page.
pickup: a print shop's, for the sellers and processes that it is granted. metrics: the operator's, for the figures of all tenants."""
APART = ("pickup", "metrics")
"""What even an owner's key may not do, unless it says so."""
MAX_READY = 2_000_000


@dataclass(frozen=True)
class Key:
    """Who asks."""

    id: str
    tenant: str
    scopes: frozenset[str]
    origins: tuple[str, ...]
    sellers: tuple[str, ...]
    processes: tuple[str, ...]
    refused_words: tuple[str, ...]
    max_ready: int

    def may(self, scope: str) -> bool:
        """Whether it has that scope, or its tenant's ownership (which is no print shop's key, and no operator's)."""
        return scope in self.scopes or ("owner" in self.scopes and scope not in APART)


def hashed(token: str) -> bytes:
    """What is kept of a key."""
    return hashlib.sha256(token.encode()).digest()


def new_tenant(conn: sa.Connection, name: str, now: int, *, weight: float = 1.0, max_ready: int = MAX_READY) -> str:
    """A tenant; its id."""
    one = new_id(now)
    conn.execute(
        sa.insert(tenants).values(id=one, name=name, weight=weight, max_ready=max_ready, refused_words=[], created=now)
    )
    return one


def tenant_named(conn: sa.Connection, name: str) -> str | None:
    """The id of the tenant of that name."""
    return conn.execute(sa.select(tenants.c.id).where(tenants.c.name == name)).scalar_one_or_none()


def weigh(conn: sa.Connection, tenant: str, weight: float) -> None:
    """Its share, against that of others, from now on."""
    conn.execute(sa.update(tenants).where(tenants.c.id == tenant).values(weight=weight))


def new_key(
    conn: sa.Connection,
    tenant: str,
    name: str,
    scopes: Sequence[str],
    now: int,
    *,
    origins: Sequence[str] = (),
    sellers: Sequence[str] = (),
    processes: Sequence[str] = (),
) -> tuple[str, str]:
    """A key: its id, and the token, which is told this once."""
    token = PREFIX + base64.urlsafe_b64encode(os.urandom(32)).decode().rstrip("=")
    one = new_id(now)
    row = {
        "id": one,
        "tenant": tenant,
        "name": name,
        "hash": hashed(token),
        "scopes": sorted(set(scopes)),
        "origins": list(origins),
        "sellers": list(sellers),
        "processes": list(processes),
        "created": now,
    }
    conn.execute(sa.insert(keys).values(row))
    return one, token


def find(conn: sa.Connection, token: str) -> Key | None:
    """The key of that token, unless it was revoked."""
    digest = hashed(token)
    row = conn.execute(_good().where(keys.c.hash == digest)).first()
    if row is None or not hmac.compare_digest(bytes(row.hash), digest):
        return None
    return _key(row)


def of_id(conn: sa.Connection, one: str) -> Key | None:
    """The key of that id, unless it was revoked."""
    row = conn.execute(_good().where(keys.c.id == one)).first()
    return None if row is None else _key(row)


def _good() -> sa.Select[Any]:
    told = sa.select(keys, tenants.c.refused_words, tenants.c.max_ready).join(tenants, tenants.c.id == keys.c.tenant)
    return told.where(keys.c.revoked.is_(None))


def _key(row: sa.Row[Any]) -> Key:
    return Key(
        row.id,
        row.tenant,
        frozenset(row.scopes),
        tuple(row.origins),
        tuple(row.sellers),
        tuple(row.processes),
        tuple(row.refused_words),
        row.max_ready,
    )


def listed(conn: sa.Connection, tenant: str | None = None) -> list[dict[str, Any]]:
    """All keys, without their hashes, oldest first."""
    columns = [c for c in keys.c if c.name != "hash"]
    told = (
        sa.select(*columns, tenants.c.name.label("tenant_name"))
        .join(tenants, tenants.c.id == keys.c.tenant)
        .order_by(keys.c.id)
    )
    if tenant is not None:
        told = told.where(keys.c.tenant == tenant)
    return [dict(row._mapping) for row in conn.execute(told)]


def revoke(conn: sa.Connection, key: str, now: int, tenant: str | None = None) -> bool:
    """The key opens nothing from now on; whether there was one."""
    told = sa.update(keys).where(keys.c.id == key, keys.c.revoked.is_(None)).values(revoked=now)
    if tenant is not None:
        told = told.where(keys.c.tenant == tenant)
    return conn.execute(told).rowcount == 1


def origins(conn: sa.Connection) -> frozenset[str]:
    """Of all keys that open anything: the web pages that may use them."""
    told = sa.select(keys.c.origins).where(keys.c.revoked.is_(None))
    return frozenset(origin for found in conn.execute(told).scalars() for origin in found)


def refused_words(conn: sa.Connection, tenant: str) -> list[str]:
    """The words that a shop prints on nothing."""
    return list(conn.execute(sa.select(tenants.c.refused_words).where(tenants.c.id == tenant)).scalar_one())


def refuse_words(conn: sa.Connection, tenant: str, words: Sequence[str]) -> None:
    """Another list of them."""
    conn.execute(sa.update(tenants).where(tenants.c.id == tenant).values(refused_words=list(words)))
