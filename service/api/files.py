"""What was made of a job: its files whole or in part, with their checksums; what was found, and what it was made of."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Annotated, Any

from fastapi import APIRouter, Header, Path, Response

from service.api.callers import Orders, TheHouse
from service.api.described import also
from service.api.ids import Id
from service.api.jobs import IfNoneMatch, ReceiptBody, found, receipt_of, same
from service.api.problems import Problem
from service.house import House
from service.packs import Lost
from service.store import erase as erasing
from service.store import remaking
from service.vault import Unreadable, unseal

router = APIRouter(prefix="/v1", tags=["files"])
FileName = Annotated[str, Path(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,80}$")]
KINDS = {
    "3mf": "model/3mf",
    "stl": "model/stl",
    "glb": "model/gltf-binary",
    "png": "image/png",
    "step": "model/step",
    "json": "application/json",
}
OTHER = "application/octet-stream"
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_BINARY = {"schema": {"type": "string", "format": "binary"}}
_WHOLE: dict[str, Any] = {"description": "The file", "content": {kind: _BINARY for kind in (*KINDS.values(), OTHER)}}
_PART: dict[str, Any] = {
    "description": "The part that was asked for",
    "content": {kind: _BINARY for kind in (*KINDS.values(), OTHER)},
}
_JSON: dict[str, Any] = {"description": "The file", "content": {"application/json": {"schema": {"type": "object"}}}}
Range = Annotated[
    str | None,
    Header(alias="Range", max_length=100, description="One part, such as `bytes=0-99`; several are answered with the whole."),
]


def part_of(header: str | None, size: int) -> tuple[int, int] | None:
    """First and last byte that a Range header asks for; none where the whole is to be sent. 416 where there is no such part."""
    told = None if header is None else _RANGE.fullmatch(header.strip())
    if told is None or (not told[1] and not told[2]):
        return None
    if told[1] and told[2] and int(told[1]) > int(told[2]):
        return None  # no range at all, as RFC 9110 has it
    first = int(told[1]) if told[1] else max(0, size - int(told[2]))
    last = min(int(told[2]), size - 1) if told[1] and told[2] else size - 1
    if first >= size or (not told[1] and int(told[2]) == 0):
        raise Problem(416, "The file has no such part", headers={"Content-Range": f"bytes */{size}"})
    return first, last


def digest(data: bytes) -> str:
    """A checksum as RFC 9530 writes it."""
    return f"sha-256=:{base64.b64encode(hashlib.sha256(data).digest()).decode()}:"


def plain(house: House, tenant: str, job: str, name: str) -> tuple[bytes, str]:
    """A file's bytes and its sha256; or 404."""
    row = found(house, tenant, job)
    entry = (row["files"] or {}).get(name)
    if entry is None or row["wrapped"] is None:
        raise Problem(404, "There is no such file")
    offset, size, _, sha256 = entry
    key = house.vault.unwrap(row["wrapped"], row["id"])
    try:
        return unseal(key, house.packs.read(row["pack"], offset, size), f"{row['id']}/{name}".encode()), sha256
    except (Lost, Unreadable):
        raise damaged(house, row["id"], row["pack"]) from None


def damaged(house: House, job: str, pack: str) -> Problem:
    """The disk has lost or changed what was made: it is made again, where that gives the same."""
    with house.database.write() as conn:
        again = remaking.note(conn, job, pack)
    if again:
        return Problem(
            503,
            "This file is damaged, and is being made again",
            kind="urn:unikat:problem:damaged",
            headers={"Retry-After": "5"},
        )
    return Problem(410, "This file is damaged, and cannot be made again as it was", kind="urn:unikat:problem:damaged")


def sent(data: bytes, sha256: str, name: str, wanted: str | None, known: str | None, if_range: str | None) -> Response:
    """The response: whole, in part, or not at all where it is known."""
    tag = f'"{sha256}"'
    headers = {
        "ETag": tag,
        "Accept-Ranges": "bytes",
        "Cache-Control": "private, no-cache",
        "Repr-Digest": digest(data),
    }
    if same(known, tag):
        return Response(status_code=304, headers=headers)
    headers["Content-Disposition"] = f'attachment; filename="{name}"'
    part = part_of(wanted, len(data)) if if_range is None or if_range.strip() == tag else None
    status = 200
    if part is not None:
        first, last = part
        headers["Content-Range"] = f"bytes {first}-{last}/{len(data)}"
        data, status = data[first : last + 1], 206
    headers["Content-Digest"] = digest(data)
    return Response(data, status, headers, media_type=KINDS.get(name.rpartition(".")[2], OTHER))


@router.get(
    "/jobs/{job:id}/files/{name}", responses={**also(304, 410, 416, 503), 200: _WHOLE, 206: _PART}, response_class=Response
)
def file(
    job: Id,
    name: FileName,
    key: Orders,
    house: TheHouse,
    range_: Range = None,
    if_none_match: IfNoneMatch = None,
    if_range: Annotated[str | None, Header(max_length=200, description="An ETag: the whole, where it is another.")] = None,
) -> Response:
    """A file of the product."""
    data, sha256 = plain(house, key.tenant, job, name)
    return sent(data, sha256, name, range_, if_none_match, if_range)


@router.get("/jobs/{job:id}/report", responses={**also(304, 410, 503), 200: _JSON}, response_class=Response)
def report(job: Id, key: Orders, house: TheHouse, if_none_match: IfNoneMatch = None) -> Response:
    """What was checked and found, with all figures; of a refused product, too."""
    return sent(*plain(house, key.tenant, job, "report.json"), "report.json", None, if_none_match, None)


@router.get("/jobs/{job:id}/record", responses={**also(304, 410, 503), 200: _JSON}, response_class=Response)
def record(job: Id, key: Orders, house: TheHouse, if_none_match: IfNoneMatch = None) -> Response:
    """What it was made of: the accepted order, and the hashes of code, fonts, inputs and files. `unikat rebuild` takes it."""
    return sent(*plain(house, key.tenant, job, "record.json"), "record.json", None, if_none_match, None)


@router.get("/erasures/{job:id}", response_model=ReceiptBody, tags=["jobs"])
def erasure(job: Id, key: Orders, house: TheHouse) -> ReceiptBody:
    """The receipt of a job that was erased."""
    with house.database.read() as conn:
        row = erasing.receipt(conn, key.tenant, job)
    if row is None:
        raise Problem(404, "There is no such receipt")
    return receipt_of(row)
