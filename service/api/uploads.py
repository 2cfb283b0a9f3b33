"""Files that orders name by their sha256: streamed into a sealed pack, never whole in memory, never in plain on the disk."""

from __future__ import annotations

import asyncio
import hashlib
import queue
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import BaseModel
from starlette.requests import ClientDisconnect

from service.api.callers import Desk, Orders, TheDesk, TheHouse
from service.api.described import also
from service.api.problems import Problem
from service.clock import new_id, text_of
from service.erasing import erase_upload
from service.sealing import Sealer
from service.store import uploads

router = APIRouter(prefix="/v1/uploads", tags=["uploads"])
Sha256 = Annotated[str, Path(pattern="^[0-9a-f]{64}$")]
DAY = 86_400_000
_BODY = {
    "requestBody": {
        "required": True,
        "content": {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}},
    }
}


class UploadBody(BaseModel):
    """An upload: name its sha256, unit and side in an order's inputs."""

    sha256: str
    kind: str
    unit: str
    side: str | None
    bytes: int
    created: str
    expires: str


@dataclass
class _Pipe:
    """From the event loop, where pieces arrive, to the thread that writes them; a few at a time."""

    pieces: queue.Queue[bytes | None] = field(default_factory=lambda: queue.Queue(4))
    broken: bool = False

    def __iter__(self) -> Iterator[bytes]:
        while (piece := self.pieces.get()) is not None:
            yield piece
        if self.broken:
            raise _Broken


class _Broken(Exception):
    """The sender has gone, or was sent away."""


def _told(row: dict[str, Any]) -> UploadBody:
    shown = {name: row[name] for name in ("sha256", "kind", "unit", "side", "bytes")}
    return UploadBody(**shown, created=text_of(row["created"]) or "", expires=text_of(row["expires"]) or "")


@router.post("", status_code=201, response_model=UploadBody, responses=also(200, 409), openapi_extra=_BODY)
async def create(
    request: Request,
    response: Response,
    key: Orders,
    desk: TheDesk,
    kind: Literal["scan", "points", "outline", "pressure"],
    unit: Annotated[
        Literal["mm", "cm", "m", "in", "kPa", "Pa", "N/cm2"], Query(description="What a scanner's file does not say.")
    ],
    side: Literal["left", "right"] | None = None,
) -> UploadBody:
    """Send a file, as the body. The same file again is the upload that is there."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/octet-stream":
        raise Problem(415, "A file must be application/octet-stream", headers={"Accept": "application/octet-stream"})
    at = desk.clock()
    pack = new_id(at)
    sealing = Sealer(*desk.house.vault.new_key(pack), pack)
    digest = hashlib.sha256()
    await _received(request, desk, pack, sealing, digest)
    row = {
        "tenant": key.tenant,
        "sha256": digest.hexdigest(),
        "kind": kind,
        "unit": unit,
        "side": side,
        "bytes": sealing.plain,
        "wrapped": sealing.wrapped,
        "pack": pack,
        "created": at,
        "expires": at + desk.settings.upload_days * DAY,
    }
    kept = await run_in_threadpool(_keep, desk, row)
    if kept["pack"] != pack:
        if any(kept[name] != row[name] for name in ("kind", "unit", "side")):
            raise Problem(409, "This file is there already, as another kind, unit or side")
        response.status_code = 200
    response.headers["Location"] = f"/v1/uploads/{kept['sha256']}"
    return _told(kept)


def _keep(desk: Desk, row: dict[str, Any]) -> dict[str, Any]:
    with desk.house.database.write() as conn:
        kept = uploads.add(conn, row)
    if kept["pack"] != row["pack"]:
        desk.house.packs.remove(row["pack"])
    return kept


async def _received(request: Request, desk: Desk, pack: str, sealing: Sealer, digest: Any) -> None:
    """The body, sealed piece by piece into the pack; nothing stays of one that breaks off."""
    pipe = _Pipe()
    writing = asyncio.ensure_future(asyncio.to_thread(desk.house.packs.put, pack, sealing.sealed(pipe)))

    async def hand(piece: bytes | None) -> None:
        while not writing.done():
            try:
                pipe.pieces.put_nowait(piece)
                return
            except queue.Full:
                await asyncio.sleep(0.005)

    try:
        async for piece in request.stream():
            digest.update(piece)
            if piece:
                await hand(piece)
            if writing.done():
                break
    except (Problem, ClientDisconnect):
        pipe.broken = True
        raise
    finally:
        await hand(None)
        if pipe.broken:
            await asyncio.wait({writing})
            writing.exception()
        else:
            await writing


@router.get("/{sha256}", response_model=UploadBody)
def read(sha256: Sha256, key: Orders, house: TheHouse) -> UploadBody:
    """What was said of an upload."""
    with house.database.read() as conn:
        row = uploads.find(conn, key.tenant, sha256)
    if row is None:
        raise Problem(404, "There is no such upload")
    return _told(row)


@router.delete("/{sha256}", status_code=204)
def remove(sha256: Sha256, key: Orders, desk: TheDesk) -> None:
    """Erase an upload. Orders that name it and were not made yet fail."""
    if not erase_upload(desk.house, key.tenant, sha256, desk.clock()):
        raise Problem(404, "There is no such upload")
    desk.interactive.forget()
