"""Rows that have had their time: idempotency keys after a day, sent webhooks after thirty, uploads when they expire."""

from __future__ import annotations

import sqlalchemy as sa

from service.store.database import Database
from service.store.schema import idempotency, outbox, uploads
from service.store.uploads import expire

DAY = 86_400_000
KEYS_KEPT = DAY
MESSAGES_KEPT = 30 * DAY
BATCH = 1000


def sweep(conn: sa.Connection, now: int) -> int:
    """Delete a batch of each; how many went."""
    old = sa.select(outbox.c.id).where(outbox.c.state != "waiting", outbox.c.created < now - MESSAGES_KEPT).limit(BATCH)
    went = conn.execute(sa.delete(idempotency).where(idempotency.c.created < now - KEYS_KEPT)).rowcount
    return went + conn.execute(sa.delete(outbox).where(outbox.c.id.in_(old.scalar_subquery()))).rowcount


def expired_uploads(database: Database, now: int) -> list[str]:
    """Uploads that are over are gone from the store; the packs that they lay in, which may be removed."""
    with database.read() as conn:
        if conn.execute(sa.select(uploads.c.sha256).where(uploads.c.expires <= now).limit(1)).first() is None:
            return []
    with database.write() as conn:
        return expire(conn, now)
