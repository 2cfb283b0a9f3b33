"""The one list of all that came of a campaign: a JSON object a unit, in the order of its lines, read page by page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from service.store import campaigns
from service.store.database import Database


def entry(row: Mapping[str, Any]) -> dict[str, Any]:
    """What the manifest tells of a unit."""
    files = {name: {"bytes": size, "sha256": digest} for name, (_, _, size, digest) in sorted((row["files"] or {}).items())}
    serials = (row["production"] or {}).get("serials", [])
    told = {n: row[n] for n in ("line", "id", "state", "verdict", "reason")}
    return {**told, "serials": serials, "files": files}


def lines(database: Database, campaign: str, told: Callable[[Mapping[str, Any]], dict[str, Any]] = entry) -> Iterator[bytes]:
    """The manifest, some hundred units at a time. Each page is as the store is then."""
    after = 0
    while True:
        with database.read() as conn:
            rows = campaigns.units(conn, campaign, after)
        if not rows:
            return
        after = rows[-1]["line"]
        yield b"".join(json.dumps(told(row)).encode() + b"\n" for row in rows)
