"""A job's states as they come (server-sent events): each with its version as id, by which a follower goes on where it was."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Header
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

from service.api.callers import Desk, Orders, TheDesk, closing
from service.api.described import also
from service.api.ids import Id
from service.api.jobs import found
from service.api.problems import too_many
from service.clock import text_of
from service.store import jobs
from service.store.queue import ENDED

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
LOOK = 0.5
"""Seconds between two looks."""
QUIET = 15.0
"""Seconds after which a comment is sent, so that nobody between thinks that the line is dead."""
_EVENT = {
    "type": "object",
    "required": ["data"],
    "properties": {name: {"type": "string"} for name in ("id", "event", "data", "retry")},
}
_STREAM: dict[str, Any] = {"description": "Events `job`", "content": {"text/event-stream": {"schema": _EVENT}}}


def event(row: Mapping[str, Any]) -> str:
    """One event: ids, states and codes, as a webhook tells them."""
    told = {name: row[name] for name in ("id", "state", "verdict", "reason")} | {"updated": text_of(row["updated"])}
    return f"id: {row['version']}\nevent: job\ndata: {json.dumps(told)}\n\n"


def after(header: str | None) -> int:
    """The version that a follower has seen; 0 where it says none of ours."""
    return int(header) if header is not None and header.isascii() and header.isdigit() and len(header) < 10 else 0


@router.get("/{job:id}/events", responses={**also(410), 200: _STREAM}, response_class=StreamingResponse)
async def follow(
    job: Id,
    key: Orders,
    desk: TheDesk,
    last_event_id: Annotated[str | None, Header(max_length=20, description="The id of the last event that you saw.")] = None,
) -> StreamingResponse:
    """The job as it is now, unless you saw that, and whenever it changes, until it has ended."""
    await run_in_threadpool(found, desk.house, key.tenant, job)
    if desk.streams >= desk.settings.streams:
        raise too_many(5, "As many follow events as may follow")
    lines = _lines(desk, key.tenant, job, after(last_event_id))
    return StreamingResponse(lines, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})


async def _lines(desk: Desk, tenant: str, job: str, seen: int) -> AsyncIterator[str]:
    desk.streams += 1
    try:
        yield "retry: 2000\n\n"
        quiet = 0.0
        for _ in range(max(1, round(desk.settings.follow_seconds / LOOK))):
            row = await run_in_threadpool(_read, desk, tenant, job)
            if row is None:
                return
            if row["version"] > seen:
                seen, quiet = row["version"], 0.0
                yield event(row)
            if row["state"] in ENDED:
                return
            if quiet >= QUIET:
                quiet = 0.0
                yield ": still here\n\n"
            quiet += LOOK
            if await closing(desk, LOOK):
                return
    finally:
        desk.streams -= 1


def _read(desk: Desk, tenant: str, job: str) -> Mapping[str, Any] | None:
    with desk.house.database.read() as conn:
        return jobs.find(conn, tenant, job)
