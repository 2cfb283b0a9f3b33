"""Campaigns: a file of a million orders, taken whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import anyio.from_thread
import anyio.to_thread
from fastapi import APIRouter, Header, Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from service import intake
from service.api.callers import Orders, TheHouse
from service.api.ids import Id
from service.api.problems import Problem, of_error
from service.campaigns.manifest import lines
from service.campaigns.reading import ENDINGS
from service.campaigns.receiving import Asked, BadRows, GivenUp, Receiving, TooMany
from service.clock import now, text_of
from service.erasing import note_campaign
from service.house import House
from service.store import campaigns, tallies
from service.store.keys import Key

router = APIRouter(prefix="/v1/campaigns", tags=["campaigns"])
CampaignId = Id
_BODY = {"requestBody": {"required": True, "content": {media: {"schema": {"type": "string"}} for media in ENDINGS}}}


class CampaignBody(BaseModel):
    """A campaign, and how far it is."""

    id: str
    state: str
    name: str | None
    template: str
    process: str | None
    formats: list[str]
    rows: int
    counts: dict[str, int]
    rate: float | None
    seconds_left: int | None
    created: str
    finished: str | None
    manifest: str


class CampaignList(BaseModel):
    """A page of campaigns, newest first."""

    items: list[CampaignBody]
    next: str | None = Field(description="The cursor of the next page; none where this is the last.")


def told(row: Mapping[str, Any], counts: Mapping[str, int]) -> CampaignBody:
    """The body of a row."""
    left = counts.get("queued", 0) + counts.get("running", 0)
    rate = campaigns.pace_of(row, sum(counts.values()) - left, now())
    plain = {n: row[n] for n in ("id", "state", "name", "template", "process", "rows")}
    return CampaignBody(
        **plain,
        formats=row["formats"].split(","),
        counts=dict(sorted(counts.items())),
        rate=None if rate is None else round(rate, 2),
        seconds_left=None if rate is None else round(left / rate),
        created=text_of(row["created"]) or "",
        finished=text_of(row["finished"]),
        manifest=f"/v1/campaigns/{row['id']}/manifest",
    )


def found(house: House, tenant: str, campaign: str) -> CampaignBody:
    """The tenant's campaign, or 404."""
    with house.database.read() as conn:
        row = campaigns.find(conn, tenant, campaign)
        if row is None:
            raise Problem(404, "There is no such campaign")
        return told(row, tallies.of_queue(conn, campaign))


@router.post("", status_code=202, response_model=CampaignBody, openapi_extra=_BODY)
async def create(
    request: Request,
    response: Response,
    key: Orders,
    house: TheHouse,
    template: Annotated[str, Query(description="The template of all its rows.", max_length=80)],
    process: Annotated[str | None, Query(description="Of the rows that name none themselves.", max_length=80)] = None,
    formats: Annotated[
        str, Query(description="What to make: 3mf, stl, glb, png, step, prusa, dxf, svg, oma.", max_length=80)
    ] = "3mf,png",
    name: Annotated[str | None, Query(max_length=80, pattern=r"^[^\x00-\x1f\x7f]*$")] = None,
    content_type: Annotated[str, Header(include_in_schema=False)] = "",
    idempotency_key: Annotated[
        str | None,
        Header(
            pattern="^[!-~]{1,255}$", description="Your own name for this request: sent again, it makes no second campaign."
        ),
    ] = None,
) -> CampaignBody:
    """Order every row of an NDJSON or CSV file: all of them, or, where one is bad, none; then every bad row is named by its line."""
    kind = ENDINGS.get(content_type.partition(";")[0].strip().lower())
    if kind is None:
        raise Problem(415, "A campaign is " + ", ".join(ENDINGS))
    asked = Asked(template, process, tuple(f.strip() for f in formats.split(",") if f.strip()), name, kind)
    stream = request.stream()

    async def piece() -> bytes | None:
        return await anext(stream, None)

    def chunks() -> Iterator[bytes]:
        while (chunk := anyio.from_thread.run(piece)) is not None:
            yield chunk

    try:
        one = await anyio.to_thread.run_sync(_receive, house, key, asked, chunks(), idempotency_key)
    except ClientDisconnect:
        raise Problem(400, "The upload was cut off: nothing of it was taken") from None
    response.headers["Location"] = f"/v1/campaigns/{one}"
    return await anyio.to_thread.run_sync(found, house, key.tenant, one)


def _receive(house: House, key: Key, asked: Asked, chunks: Iterator[bytes], once: str | None) -> str:
    """The campaign's id. With an Idempotency-Key the same request again gets the campaign that it made before."""
    tenant = key.tenant.encode()
    digest = hashlib.sha256(repr(asked).encode())

    def hashed() -> Iterator[bytes]:
        for chunk in chunks:
            digest.update(chunk)
            yield chunk

    mark = None if once is None else house.vault.mark(tenant, b"campaign", once.encode())
    with house.database.read() as conn:
        before = None if mark is None else campaigns.answered(conn, key.tenant, mark)
    if before is not None:
        for _ in hashed():
            pass
        if before[0] != house.vault.mark(tenant, digest.digest()):
            raise Problem(409, "This Idempotency-Key was used for another campaign")
        return before[1]

    def remember(conn: campaigns.Connection, campaign: str) -> None:
        if mark is not None and not campaigns.answer(
            conn, key.tenant, mark, house.vault.mark(tenant, digest.digest()), campaign, now()
        ):
            raise Problem(409, "A request with this Idempotency-Key is just being taken")

    sender = intake.Sender(key.tenant, key.refused_words)
    try:
        return Receiving(house, sender, asked, key.max_ready).receive(hashed(), remember)
    except BadRows as bad:
        raise _bad(bad) from None
    except TooMany as many:
        if many.waiting:
            raise Problem(
                429, "So many jobs may not wait at once", limit=str(many.limit), headers={"Retry-After": "60"}
            ) from None
        raise Problem(413, "A campaign may not have so many rows", limit=str(many.limit)) from None
    except GivenUp:
        raise Problem(408, "Nothing came for too long: nothing of the upload was taken") from None


def _bad(bad: BadRows) -> Problem:
    problems = [{**of_error(error).body, "line": row.line} for row in bad.told for error in row.wrong]
    detail = f"{bad.count} of {bad.read} lines cannot be taken"
    if bad.more:
        detail += f"; {len(bad.told)} of them are named here"
    if bad.cut:
        detail += f"; nothing after line {bad.read} could be read"
    return Problem(422, "This campaign cannot be taken", kind="urn:unikat:problem:campaign", detail=detail, problems=problems)


@router.get("", response_model=CampaignList)
def listing(
    key: Orders,
    house: TheHouse,
    cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="As the page before told it.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CampaignList:
    """Campaigns, newest first."""
    with house.database.read() as conn:
        rows = campaigns.listed(conn, key.tenant, after=cursor, limit=limit + 1)
        bodies = [told(row, tallies.of_queue(conn, row["id"])) for row in rows[:limit]]
    return CampaignList(items=bodies, next=rows[limit - 1]["id"] if len(rows) > limit else None)


@router.get("/{campaign:id}", response_model=CampaignBody)
def read(campaign: CampaignId, key: Orders, house: TheHouse) -> CampaignBody:
    """How far a campaign is: how many units are in which state, how fast it goes, and how long it will take."""
    return found(house, key.tenant, campaign)


@router.get("/{campaign:id}/manifest", response_class=StreamingResponse)
def manifest(campaign: CampaignId, key: Orders, house: TheHouse) -> StreamingResponse:
    """Every unit in the order of the file's lines, one JSON object a line: its state, verdict, reason, serials and files."""
    found(house, key.tenant, campaign)
    return StreamingResponse(lines(house.database, campaign), media_type="application/x-ndjson")


@router.post("/{campaign:id}:pause", response_model=CampaignBody)
def pause(campaign: CampaignId, key: Orders, house: TheHouse) -> CampaignBody:
    """Begin no more of its units; those under way end."""
    return _changed(house, key.tenant, campaign, "paused")


@router.post("/{campaign:id}:resume", response_model=CampaignBody)
def resume(campaign: CampaignId, key: Orders, house: TheHouse) -> CampaignBody:
    """Go on."""
    return _changed(house, key.tenant, campaign, "running")


@router.post("/{campaign:id}:cancel", response_model=CampaignBody)
def cancel(campaign: CampaignId, key: Orders, house: TheHouse) -> CampaignBody:
    """Begin no unit of it any more, and stop those under way. What is made stays."""
    return _changed(house, key.tenant, campaign, "cancelled")


@router.delete("/{campaign:id}", status_code=202, response_model=CampaignBody)
def erase(campaign: CampaignId, key: Orders, house: TheHouse) -> CampaignBody:
    """Erase all that was said and made: cancelled at once, then unit by unit; each leaves a receipt."""
    if found(house, key.tenant, campaign).state not in ("erasing", "erased"):
        note_campaign(house, campaign, now())
    body = _changed(house, key.tenant, campaign, "erasing")
    house.database.settle_down()
    return body


def _changed(house: House, tenant: str, campaign: str, to: str) -> CampaignBody:
    """The campaign in its new state; as it is, where it is there already; 409 where it cannot get there any more."""
    acts = {
        "paused": campaigns.pause,
        "running": campaigns.resume,
        "cancelled": campaigns.cancel,
        "erasing": campaigns.erase,
    }
    with house.database.write() as conn:
        row = campaigns.find(conn, tenant, campaign)
        if row is None:
            raise Problem(404, "There is no such campaign")
        if row["state"] != to and not acts[to](conn, campaign, now()) and not (to == "erasing" and row["state"] == "erased"):
            raise Problem(409, f"A campaign that is {row['state']} cannot be {to}")
    return found(house, tenant, campaign)
