"""Links to the files of a lease: whoever has one fetches that file without a key, until the lease ends.

It is made of what it opens (piece, key, file, until when), and a mark that only the master key makes, over these and the lease: so it is kept
nowhere, and ends with the lease, with the piece, with its key, or when the order is erased, whatever comes first. The store's own links
would not do. What lies there is sealed, under a key that opens the order's report and record, too, so that no shop may have it; and a
plain copy for the shop would lie open to whoever runs the store, and in its versions, for as long as nobody tidies it.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import struct
import time
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from service.api.callers import TheDesk, TheHouse
from service.api.described import also
from service.api.files import Range, sent
from service.api.pieces import opened
from service.api.problems import Problem, too_many
from service.clock import now
from service.house import House
from service.store import keys, pickups

router = APIRouter(prefix="/v1/pickups", tags=["pickups"])
HEAD = struct.Struct(">16s16sQ")
MARK = 16
_WHOLE: dict[str, Any] = {"description": "The file", "content": {"application/octet-stream": {}}}


def made(house: House, row: Mapping[str, Any], name: str) -> str:
    """The link to that file of a piece, which is held."""
    head = HEAD.pack(bytes.fromhex(row["id"]), bytes.fromhex(row["holder"]), row["lease_until"])
    told = head + _mark(house, head, name, row["lease"]) + name.encode()
    return f"/v1/pickups/links/{base64.urlsafe_b64encode(told).decode().rstrip('=')}"


def _mark(house: House, head: bytes, name: str, lease: bytes) -> bytes:
    return house.vault.mark(b"link", head, name.encode(), bytes(lease))


def _parted(link: str) -> tuple[bytes, bytes, str] | None:
    """Head, mark and name; none where it is no link."""
    try:
        told = base64.b64decode(link + "=" * (-len(link) % 4), b"-_", validate=True)
        name = told[HEAD.size + MARK :].decode("ascii")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return None
    return (told[: HEAD.size], told[HEAD.size : HEAD.size + MARK], name) if name else None


@router.get("/links/{link}", response_class=Response, responses={**also(404, 410, 416, 429, 503), 200: _WHOLE, 206: _WHOLE})
def follow(
    link: Annotated[str, Path(max_length=400)], request: Request, desk: TheDesk, house: TheHouse, range_: Range = None
) -> Response:
    """The file that a link of a claim leads to. It needs no key: do not pass it on, and write it in no log."""
    found = _open(house, link)
    if found is None:
        address = request.client.host if request.client else ""
        if wait := desk.failures.take(address, time.monotonic()):
            raise too_many(wait)
        raise Problem(404, "This link opens nothing, or no more")
    data, digest, name = found
    answer = sent(data, digest, name, range_, None, None)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _open(house: House, link: str) -> tuple[bytes, str, str] | None:
    """Bytes, sha256 and name; none for what is no link of ours, or has ended: which of both is not said."""
    parted = _parted(link)
    if parted is None:
        return None
    head, mark, name = parted
    piece, holder, until = HEAD.unpack(head)
    with house.database.read() as conn:
        key = keys.of_id(conn, holder.hex())
        row = pickups.find(conn, holder.hex(), piece.hex())
    if key is None or row is None or row["lease"] is None:
        return None
    if not hmac.compare_digest(mark, _mark(house, head, name, row["lease"])):
        return None
    at = now()
    granted = key.may("pickup") and row["tenant"] in key.sellers and row["process"] in key.processes
    if not granted or at >= until or not pickups.seen(row, at):
        return None
    return (*opened(house, row, name), name)
