"""The print shop that pulls: claims the next finished pieces under a lease, fetches their files, and says what became of them.

A key of scope `pickup` sees the files, the serial and the verdict of what it holds, and nothing else of anybody.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Path, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel, ConfigDict, Field

from engine.process.limits import load_process, machines_for
from service.api.callers import Pickup, TheHouse
from service.api.described import also
from service.api.ids import Id
from service.api.links import made as link_to
from service.api.pieces import Place, files_of, opened
from service.api.problems import Problem
from service.clock import now, text_of
from service.house import House
from service.store import pickups, slices
from service.store.keys import Key, hashed
from service.store.pickups import Asked, Claimed, Stale

router = APIRouter(prefix="/v1/pickups", tags=["pickups"])
PieceId = Id
Piece = Annotated[str, Field(pattern="^[0-9a-f]{32}$")]
Lease = Annotated[str, Field(min_length=1, max_length=100, description="The token that the claim answered.")]
Format = Literal["3mf", "stl", "glb", "png", "step", "prusa", "gcode"]
NO_LINKS: Mapping[str, str] = {}
LOOK_AGAIN = 0.2
"""Seconds between two looks whether a slice is there."""


class ClaimBody(BaseModel):
    """What a shop asks for."""

    model_config = ConfigDict(extra="forbid")

    process: str = Field(max_length=80, description="One of those that the key is granted.")
    machine: str | None = Field(None, max_length=80, description="Only what was made for that machine.")
    formats: list[Format] = Field(["3mf"], min_length=1, max_length=7)
    limit: int = Field(1, ge=1, le=100)
    seconds: int = Field(900, ge=10, le=pickups.LONGEST // 1000, description="How long the lease runs, unless renewed.")
    wait: int = Field(0, ge=0, le=20, description="Seconds to wait for G-code, where nothing is ready.")
    links: bool = Field(False, description="With each file a link that needs no key, and ends with the lease.")


class LeaseBody(BaseModel):
    """A lease, and which of its pieces are meant: all that it still holds, unless some are named."""

    model_config = ConfigDict(extra="forbid")

    lease: Lease
    units: list[Piece] | None = Field(None, min_length=1, max_length=100)


class RenewBody(BaseModel):
    """A lease that is to run on."""

    model_config = ConfigDict(extra="forbid")

    lease: Lease
    seconds: int = Field(900, ge=10, le=pickups.LONGEST // 1000)
    links: bool = Field(False, description="New links: those that were told before end when the lease would have ended then.")


class ReprintBody(BaseModel):
    """Pieces that are to be printed once more, and why."""

    model_config = ConfigDict(extra="forbid")

    lease: Lease
    units: list[Piece] = Field(min_length=1, max_length=100)
    reason: str = Field(min_length=1, max_length=200)


class PieceFile(BaseModel):
    """A file of a piece."""

    name: str
    bytes: int
    sha256: str
    href: str
    link: str | None = Field(None, description="The same without a key, until the lease ends; where links were asked for.")


class PieceBody(BaseModel):
    """One piece of plastic to print, or printed."""

    id: str
    serial: str
    copy_number: int = Field(description="1, and one more with each reprint.")
    state: str
    verdict: str | None
    due: str | None
    priority: int
    files: list[PieceFile]


class Slicing(BaseModel):
    """Of the next pieces, how many have no G-code yet, and of how many it could not be made (code -> how many)."""

    waiting: int
    failed: dict[str, int]


class ClaimedBody(BaseModel):
    """What the shop holds now. No lease where there is nothing."""

    lease: str | None
    expires: str | None
    units: list[PieceBody]
    slicing: Slicing


class HeldBody(BaseModel):
    """What a lease holds, or what became of its pieces."""

    expires: str | None
    units: list[PieceBody]


def _asked(key: Key, body: ClaimBody) -> Asked:
    """The claim as the store takes it; a process that the key is not granted is not there for it."""
    if body.process not in key.processes:
        raise Problem(404, "There is no such process for this key", field="process")
    process = load_process(body.process)
    machines: tuple[str | None, ...] | None = None
    if body.machine is not None:
        if body.machine not in machines_for(body.process):
            raise Problem(422, "This machine does not run that process", field="machine")
        machines = (body.machine, None) if body.machine == process.machine.key else (body.machine,)
    if "gcode" in body.formats and not process.sliced:
        raise Problem(422, "Only FDM processes are sliced", field="formats", limit=f"{process.key} is {process.method}")
    return Asked(key.id, key.sellers, body.process, machines, tuple(dict.fromkeys(body.formats)), body.limit)


def _token(house: House, key: Key, said: str | None) -> str:
    """The lease's token. The same key and words give the same one, so that a claim whose answer was lost is asked again."""
    words = os.urandom(32) if said is None else said.encode()
    return "lease_" + b"".join(house.vault.mark(part, key.id.encode(), words) for part in (b"lease", b"token")).hex()


def _claim(house: House, asked: Asked, token: str, seconds: int) -> Claimed:
    """One look: what is ready is held, and what has no G-code is asked for."""
    at = now()
    with house.database.write() as conn:
        made = pickups.claim(conn, asked, hashed(token), at + 1000 * seconds, at)
        wanted = made.unsliced + (pickups.lacking(conn) if made.failed.get(slices.LACKING) else [])
        if wanted:
            slices.want(conn, wanted, at)
    return made


@router.post(":claim", response_model=ClaimedBody, responses=also(404))
async def claim(
    body: ClaimBody,
    key: Pickup,
    house: TheHouse,
    idempotency_key: Annotated[
        str | None, Header(max_length=200, description="Said again, the same lease is answered: for an answer that was lost.")
    ] = None,
) -> ClaimedBody:
    """Hold the next finished pieces: by priority, then due date. What has its G-code comes at once; the rest is being sliced."""
    asked = _asked(key, body)
    token = _token(house, key, idempotency_key)
    made = await run_in_threadpool(_claim, house, asked, token, body.seconds)
    looks = int(body.wait / LOOK_AGAIN)
    while not made.rows and made.unsliced and looks > 0:
        looks -= 1
        await asyncio.sleep(LOOK_AGAIN)
        made = await run_in_threadpool(_claim, house, asked, token, body.seconds)
    units = await run_in_threadpool(_pieces, house, made.rows, body.links)
    return ClaimedBody(
        lease=token if units else None,
        expires=_expiry(made.rows),
        units=units,
        slicing=Slicing(waiting=len(made.unsliced), failed=made.failed),
    )


@router.post(":renew", response_model=HeldBody, responses=also(409))
def renew(body: RenewBody, key: Pickup, house: TheHouse) -> HeldBody:
    """The lease runs on, from now."""
    at = now()
    try:
        with house.database.write() as conn:
            rows = pickups.renew(conn, key.id, hashed(body.lease), at + 1000 * body.seconds, at)
    except Stale:
        raise _stale(house, key, None) from None
    return HeldBody(expires=_expiry(rows), units=_pieces(house, rows, body.links))


@router.post(":ack", response_model=HeldBody, responses=also(409))
def ack(body: LeaseBody, key: Pickup, house: TheHouse) -> HeldBody:
    """They are printed: nobody gets them again. May be said twice."""
    try:
        with house.database.write() as conn:
            rows = pickups.ack(conn, key.id, hashed(body.lease), body.units, now())
    except Stale:
        raise _stale(house, key, body.units) from None
    return HeldBody(expires=None, units=_pieces(house, rows))


@router.post(":release", status_code=204, responses=also(409))
def release(body: LeaseBody, key: Pickup, house: TheHouse) -> Response:
    """They are not printed, and wait for who asks next."""
    try:
        with house.database.write() as conn:
            pickups.release(conn, key.id, hashed(body.lease), body.units, now())
    except Stale:
        raise _stale(house, key, body.units) from None
    return Response(status_code=204)


@router.post(":reprint", response_model=HeldBody, responses=also(409))
def reprint(body: ReprintBody, key: Pickup, house: TheHouse) -> HeldBody:
    """Print them again: the same bytes under the next copy number, waiting for a claim. May be said twice."""
    try:
        with house.database.write() as conn:
            rows = pickups.reprint(conn, key.id, hashed(body.lease), body.units, body.reason, now())
    except Stale:
        raise _stale(house, key, body.units) from None
    return HeldBody(expires=None, units=[_piece(row, {}, None) for row in rows])


@router.get("/{unit:id}", response_model=PieceBody)
def read(unit: PieceId, key: Pickup, house: TheHouse) -> PieceBody:
    """A piece that this key holds."""
    return _pieces(house, [_held(house, key, unit)])[0]


@router.get("/{unit:id}/files/{name}", response_class=Response, responses=also(503))
def file(unit: PieceId, name: Annotated[str, Path(max_length=80)], key: Pickup, house: TheHouse) -> Response:
    """A file of a piece that this key holds, if its lease names it."""
    row = _held(house, key, unit)
    data, digest = opened(house, row, name)
    return Response(data, media_type="application/octet-stream", headers={"ETag": f'"{digest}"', "Cache-Control": "no-store"})


def _held(house: House, key: Key, unit: str) -> Mapping[str, Any]:
    with house.database.read() as conn:
        row = pickups.find(conn, key.id, unit)
    granted = row is not None and row["tenant"] in key.sellers and row["process"] in key.processes
    if row is None or not granted:
        raise Problem(404, "This key holds no such unit")
    if pickups.gone(row):
        raise Problem(410, "This unit is gone")
    if not pickups.seen(row, now()):
        raise Problem(404, "This key holds no such unit")
    return row


def _pieces(house: House, rows: Sequence[Mapping[str, Any]], linked: bool = False) -> list[PieceBody]:
    found = []
    for row in rows:
        files = files_of(house, row) if row["state"] == "held" else {}
        links = {name: link_to(house, row, name) for name in files} if linked else {}
        found.append(_piece(row, files, row["verdict"], links))
    return found


def _piece(
    row: Mapping[str, Any], files: Mapping[str, Place], verdict: str | None, links: Mapping[str, str] = NO_LINKS
) -> PieceBody:
    return PieceBody(
        id=row["id"],
        serial=row["serial"],
        copy_number=row["copy"],
        state=row["state"],
        verdict=verdict,
        due=None if row["due"].startswith("9999") else row["due"],
        priority=row["priority"],
        files=[
            PieceFile(
                name=name,
                bytes=place[2],
                sha256=place[3],
                href=f"/v1/pickups/{row['id']}/files/{name}",
                link=links.get(name),
            )
            for name, (_, place) in sorted(files.items())
        ],
    )


def _expiry(rows: Sequence[Mapping[str, Any]]) -> str | None:
    return text_of(min((row["lease_until"] for row in rows if row["lease_until"] is not None), default=None))


def _stale(house: House, key: Key, units: Sequence[str] | None) -> Problem:
    """409, or 410 where what was meant has been erased."""
    with house.database.read() as conn:
        rows = [pickups.find(conn, key.id, unit) for unit in units or ()]
    if any(row is not None and row["job_state"] != "done" for row in rows):
        return Problem(410, "This unit is gone")
    return Problem(409, "This lease is over, or does not hold that")
