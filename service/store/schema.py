"""The tables, once for SQLite and Postgres. Milliseconds since 1970 for every time; ids are UUIDs of version 7, as 32 digits.

What a person said is in `jobs.sealed` and `jobs.told` alone, under the key in `jobs.wrapped`; drop that key, and it is gone.
"""

from __future__ import annotations

import sqlalchemy as sa

metadata = sa.MetaData()
Id = sa.String(32)
NEVER = "9999-12-31"
"""The due date of what has none: it comes last."""

facts = sa.Table(
    "facts", metadata, sa.Column("name", sa.String(40), primary_key=True), sa.Column("value", sa.LargeBinary, nullable=False)
)
"""Of the store itself. `master`: a mark that only its own master key makes; `uploads-gone`: how many were erased or expired."""

tenants = sa.Table(
    "tenants",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("name", sa.String(80), nullable=False, unique=True),
    sa.Column("weight", sa.Float, nullable=False, default=1.0),
    sa.Column("max_ready", sa.Integer, nullable=False),
    sa.Column("refused_words", sa.JSON, nullable=False, default=list),
    sa.Column("created", sa.BigInteger, nullable=False),
)

keys = sa.Table(
    "keys",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("tenant", Id, sa.ForeignKey("tenants.id"), nullable=False, index=True),
    sa.Column("name", sa.String(80), nullable=False),
    sa.Column("hash", sa.LargeBinary(32), nullable=False, unique=True),
    sa.Column("scopes", sa.JSON, nullable=False),
    sa.Column("origins", sa.JSON, nullable=False, default=list),
    sa.Column("sellers", sa.JSON, nullable=False, default=list),
    sa.Column("processes", sa.JSON, nullable=False, default=list),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("revoked", sa.BigInteger),
)
"""`sellers`, `processes`: whose units, made how, a `pickup` key may claim."""

campaigns = sa.Table(
    "campaigns",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("tenant", Id, sa.ForeignKey("tenants.id"), nullable=False, index=True),
    sa.Column("template", sa.String(80), nullable=False),
    sa.Column("process", sa.String(80)),
    sa.Column("formats", sa.String(80), nullable=False),
    sa.Column("name", sa.String(80)),
    sa.Column("rows", sa.Integer, nullable=False),
    sa.Column("state", sa.String(12), nullable=False),
    sa.Column("version", sa.Integer, nullable=False, default=1),
    sa.Column("pace", sa.JSON, nullable=False, default=list),
    sa.Column("touched", sa.BigInteger, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("finished", sa.BigInteger),
)
"""`state`: receiving, running, paused, cancelled, done, erasing, erased, dropped; one that is received or dropped is there for nobody.
`touched`: when its last rows came in. `pace`: [time, how many had ended by then], some seconds apart, the latest last."""

jobs = sa.Table(
    "jobs",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("tenant", Id, sa.ForeignKey("tenants.id"), nullable=False),
    sa.Column("campaign", Id),
    sa.Column("line", sa.Integer),
    sa.Column("queue", Id, nullable=False),
    sa.Column("template", sa.String(80), nullable=False),
    sa.Column("process", sa.String(80), nullable=False),
    sa.Column("machine", sa.String(80)),
    sa.Column("formats", sa.String(80), nullable=False),
    sa.Column("quantity", sa.Integer, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("due", sa.String(10), nullable=False),
    sa.Column("purpose", sa.String(200)),
    sa.Column("legal_basis", sa.String(200)),
    sa.Column("reference", sa.LargeBinary(16)),
    sa.Column("body", sa.LargeBinary(16), nullable=False),
    sa.Column("same", sa.LargeBinary(16)),
    sa.Column("sealed", sa.LargeBinary),
    sa.Column("wrapped", sa.LargeBinary),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("version", sa.Integer, nullable=False, default=1),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("strikes", sa.Integer, nullable=False, default=0),
    sa.Column("verdict", sa.String(10)),
    sa.Column("reason", sa.String(60)),
    sa.Column("told", sa.LargeBinary),
    sa.Column("pack", sa.String(64)),
    sa.Column("files", sa.JSON),
    sa.Column("production", sa.JSON),
    sa.Column("expires", sa.BigInteger),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("updated", sa.BigInteger, nullable=False),
    sa.Column("finished", sa.BigInteger),
)
"""`queue`: its campaign, or its tenant for a job of its own. `reference`, `body`, `same`: keyed hashes of the shop's number, of what
says which body is built, and of all that is made; equal ones are found, and nothing is read from them. `reason`: a code, never a
value. `told`: what only the sender may read of a refusal. `files`: {name: [offset, bytes, sha256]} in the pack."""

_queued = jobs.c.state == "queued"
sa.Index(
    "jobs_head", jobs.c.queue, jobs.c.priority.desc(), jobs.c.due, jobs.c.id, sqlite_where=_queued, postgresql_where=_queued
)
sa.Index(
    "jobs_body",
    jobs.c.queue,
    jobs.c.body,
    jobs.c.priority.desc(),
    jobs.c.due,
    jobs.c.id,
    sqlite_where=_queued,
    postgresql_where=_queued,
)
sa.Index("jobs_same", jobs.c.same, sqlite_where=_queued, postgresql_where=_queued)
_running = jobs.c.state == "running"
sa.Index("jobs_running", jobs.c.state, sqlite_where=_running, postgresql_where=_running)
sa.Index("jobs_of_tenant", jobs.c.tenant, jobs.c.id)
_row = jobs.c.campaign.is_not(None)
sa.Index("jobs_of_campaign", jobs.c.campaign, jobs.c.line, unique=True, sqlite_where=_row, postgresql_where=_row)
_named = jobs.c.reference.is_not(None)
sa.Index("jobs_by_reference", jobs.c.tenant, jobs.c.reference, sqlite_where=_named, postgresql_where=_named)
_kept = jobs.c.expires.is_not(None)
sa.Index("jobs_by_expiry", jobs.c.expires, sqlite_where=_kept, postgresql_where=_kept)
_packed = jobs.c.pack.is_not(None)
sa.Index("jobs_by_pack", jobs.c.pack, sqlite_where=_packed, postgresql_where=_packed)

tallies = sa.Table(
    "tallies",
    metadata,
    sa.Column("queue", Id, primary_key=True),
    sa.Column("state", sa.String(10), primary_key=True),
    sa.Column("tenant", Id, nullable=False, index=True),
    sa.Column("n", sa.Integer, nullable=False),
)
"""How many jobs of a queue are in a state: changed in the transaction that changes the jobs, and always equal to counting them."""

copies = sa.Table(
    "copies",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("job", Id, sa.ForeignKey("jobs.id"), nullable=False, index=True),
    sa.Column("tenant", Id, nullable=False),
    sa.Column("process", sa.String(80), nullable=False),
    sa.Column("machine", sa.String(80)),
    sa.Column("serial", sa.String(36), nullable=False),
    sa.Column("copy", sa.Integer, nullable=False),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("due", sa.String(10), nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("holder", Id),
    sa.Column("lease", sa.LargeBinary(32), index=True),
    sa.Column("lease_until", sa.BigInteger),
    sa.Column("formats", sa.String(80)),
    sa.Column("reason", sa.String(200)),
    sa.Column("printed", sa.BigInteger),
    sa.UniqueConstraint("job", "serial", "copy"),
)
"""What a print shop pulls: one row a piece of plastic. `state`: ready, held, printed, gone. `copy`: 1, and one more with each reprint
(two jobs of the very same order have the same serials). `holder`: the key that holds it, or held it last. `lease`: the hash of the
lease's token. `formats`: what the lease names. `reason`: why it was printed again, as the next copy."""
_ready = copies.c.state == "ready"
sa.Index(
    "copies_ready", copies.c.process, copies.c.tenant, copies.c.priority.desc(), copies.c.due, copies.c.id,
    sqlite_where=_ready, postgresql_where=_ready,
)  # fmt: skip
_held = copies.c.state == "held"
sa.Index("copies_held", copies.c.lease_until, sqlite_where=_held, postgresql_where=_held)

slices = sa.Table(
    "slices",
    metadata,
    sa.Column("job", Id, sa.ForeignKey("jobs.id"), primary_key=True),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("attempt", sa.Integer, nullable=False, default=0),
    sa.Column("strikes", sa.Integer, nullable=False, default=0),
    sa.Column("priority", sa.Integer, nullable=False),
    sa.Column("due", sa.String(10), nullable=False),
    sa.Column("reason", sa.String(60)),
    sa.Column("pack", Id),
    sa.Column("file", sa.JSON),
    sa.Column("updated", sa.BigInteger, nullable=False),
)
"""G-code, made where a print shop asked for it. `state`: wanted, making, made, failed (`reason`: a code). `file`: {name: [offset,
bytes, plain bytes, sha256]} in a pack of its own, sealed under the job's key; a file for each plate."""
_wanted = slices.c.state == "wanted"
sa.Index(
    "slices_next", slices.c.strikes, slices.c.priority.desc(), slices.c.due, slices.c.job,
    sqlite_where=_wanted, postgresql_where=_wanted,
)  # fmt: skip
_unmakeable = slices.c.state == "failed"
sa.Index("slices_failed", slices.c.job, sqlite_where=_unmakeable, postgresql_where=_unmakeable)

uploads = sa.Table(
    "uploads",
    metadata,
    sa.Column("tenant", Id, primary_key=True),
    sa.Column("sha256", sa.String(64), primary_key=True),
    sa.Column("kind", sa.String(20), nullable=False),
    sa.Column("unit", sa.String(8), nullable=False),
    sa.Column("side", sa.String(5)),
    sa.Column("bytes", sa.BigInteger, nullable=False),
    sa.Column("wrapped", sa.LargeBinary, nullable=False),
    sa.Column("pack", sa.String(64), nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("expires", sa.BigInteger, nullable=False, index=True),
)

idempotency = sa.Table(
    "idempotency",
    metadata,
    sa.Column("tenant", Id, primary_key=True),
    sa.Column("key", sa.LargeBinary(32), primary_key=True),
    sa.Column("body", sa.LargeBinary(32), nullable=False),
    sa.Column("answer", Id, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False, index=True),
)
"""`key`, `body`: keyed hashes of both; `answer`: the job or campaign that was made."""

endpoints = sa.Table(
    "endpoints",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("tenant", Id, sa.ForeignKey("tenants.id"), nullable=False, index=True),
    sa.Column("url", sa.String(2000), nullable=False),
    sa.Column("events", sa.JSON, nullable=False),
    sa.Column("secret", sa.LargeBinary, nullable=False),
    sa.Column("former", sa.LargeBinary),
    sa.Column("former_until", sa.BigInteger),
    sa.Column("state", sa.String(10), nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
)
"""Where a tenant's webhooks go. `secret`, `former`: sealed; both sign until `former_until`. `state`: active, disabled."""

outbox = sa.Table(
    "outbox",
    metadata,
    sa.Column("id", Id, primary_key=True),
    sa.Column("tenant", Id, nullable=False),
    sa.Column("endpoint", Id, nullable=False),
    sa.Column("event", sa.String(40), nullable=False),
    sa.Column("body", sa.Text, nullable=False),
    sa.Column("state", sa.String(8), nullable=False),
    sa.Column("tries", sa.Integer, nullable=False, default=0),
    sa.Column("next", sa.BigInteger, nullable=False),
    sa.Column("created", sa.BigInteger, nullable=False),
    sa.Column("answer", sa.String(60)),
)
"""Webhooks to send, written with what they tell of. `state`: waiting, sent, dead."""
_waiting = outbox.c.state == "waiting"
sa.Index("outbox_next", outbox.c.endpoint, outbox.c.next, outbox.c.id, sqlite_where=_waiting, postgresql_where=_waiting)
sa.Index("outbox_of_endpoint", outbox.c.endpoint, outbox.c.id)

erasures = sa.Table(
    "erasures",
    metadata,
    sa.Column("job", Id, primary_key=True),
    sa.Column("tenant", Id, nullable=False),
    sa.Column("why", sa.String(20), nullable=False),
    sa.Column("removed", sa.JSON, nullable=False),
    sa.Column("at", sa.BigInteger, nullable=False),
)
"""Receipts: that it was erased, when, why (asked, retention, restored) and how many things went; nothing of what they said."""
