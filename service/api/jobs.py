"""Jobs: one order each."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query, Request, Response
from pydantic import BaseModel, Field

from engine.model.order import InputFile
from service import intake
from service.api.callers import Orders, TheDesk, TheHouse
from service.api.described import ORDER_BODY, also
from service.api.ids import Id
from service.api.manners import JOB
from service.api.problems import Problem, too_many
from service.clock import text_of
from service.erasing import erase_jobs
from service.house import House
from service.store import jobs, uploads
from service.store.erase import receipt
from service.store.posting import Posting, accept
from service.store.schema import NEVER
from service.vault import unseal

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

State = Literal["queued", "running", "done", "refused", "failed", "cancelled", "erased"]
IfMatch = Annotated[
    str | None, Header(max_length=200, description="An ETag: nothing is changed unless the job is still as it told.")
]
IfNoneMatch = Annotated[str | None, Header(max_length=200, description="An ETag: 304 where nothing has changed since.")]
FULL_SECONDS = 30
"""When to come again, where too much waits."""
_SHOWN = (
    "id", "state", "template", "process", "machine", "campaign", "line", "quantity", "priority", "verdict", "reason",
)  # fmt: skip
_NONE_YET = {
    "verdict": None, "reason": None, "told": None, "files": None, "finished": None, "version": 1, "attempt": 0, "strikes": 0,
}  # fmt: skip


class FileBody(BaseModel):
    """A file that was made."""

    name: str
    bytes: int
    sha256: str
    href: str


class JobBody(BaseModel):
    """A job, as far as its sender may see it; nothing of the order is repeated."""

    id: str
    state: State
    template: str
    process: str
    machine: str | None
    campaign: str | None
    line: int | None
    quantity: int
    priority: int
    due: str | None
    verdict: str | None
    reason: str | None = Field(description="A code: what stopped it.")
    detail: str | None = Field(description="The same in words, for the sender alone.")
    created: str
    updated: str
    finished: str | None
    files: list[FileBody]


class JobsBody(BaseModel):
    """A page of jobs, newest first."""

    items: list[JobBody]
    next: str | None = Field(description="The cursor of the next page; none where this is the last.")


class ReceiptBody(BaseModel):
    """That a job was erased: when, why, and how many things went."""

    job: str
    why: Literal["asked", "retention", "restored"]
    at: str
    removed: dict[str, int]


def told(row: Mapping[str, Any], house: House | None = None) -> JobBody:
    """The body of a row."""
    files = row["files"] or {}
    detail = None
    if row["told"] is not None and row["wrapped"] is not None and house is not None:
        detail = unseal(house.vault.unwrap(row["wrapped"], row["id"]), row["told"], b"told").decode()
    return JobBody(
        **{name: row[name] for name in _SHOWN},
        due=None if row["due"] == NEVER else row["due"],
        detail=detail,
        created=text_of(row["created"]) or "",
        updated=text_of(row["updated"]) or "",
        finished=text_of(row["finished"]),
        files=[
            FileBody(name=name, bytes=size, sha256=digest, href=f"/v1/jobs/{row['id']}/files/{name}")
            for name, (_, _, size, digest) in sorted(files.items())
        ],
    )


def found(house: House, tenant: str, job: str) -> Mapping[str, Any]:
    """The tenant's job, or 404; 410 where it was erased."""
    with house.database.read() as conn:
        row = jobs.find(conn, tenant, job)
    if row is None:
        raise Problem(404, "There is no such job")
    if row["state"] == "erased":
        raise Problem(410, "This job was erased", detail=f"its receipt: /v1/erasures/{job}")
    return row


def etag(row: Mapping[str, Any]) -> str:
    """What changes whenever the job does."""
    return f'"{row["id"]}.{row["version"]}"'


def same(header: str | None, tag: str) -> bool:
    """Whether an If-Match or If-None-Match names that tag."""
    named = [] if header is None else [one.strip().removeprefix("W/") for one in header.split(",")]
    return "*" in named or tag in named


def unless_changed(header: str | None, row: Mapping[str, Any]) -> None:
    """412 where If-Match names another state of the job."""
    if header is not None and not same(header, etag(row)):
        raise Problem(412, "The job has changed since", headers={"ETag": etag(row)})


def answered(row: Mapping[str, Any], house: House | None, status: int = 200, **headers: str) -> Response:
    """The job as JSON, written once."""
    body = told(row, house).model_dump_json()
    return Response(body, status, {"ETag": etag(row), **headers}, media_type="application/json")


@router.post("", status_code=202, response_model=JobBody, responses=also(409), openapi_extra=ORDER_BODY)
async def create(
    request: Request,
    key: Orders,
    desk: TheDesk,
    formats: Annotated[
        str, Query(max_length=200, description="What to make: 3mf, stl, glb, png, step, prusa, dxf, svg, oma.")
    ] = "3mf,stl,glb,png",
    idempotency_key: Annotated[
        str | None,
        Header(pattern="^[!-~]{1,255}$", description="Your own name for this request: sent again, it makes no second job."),
    ] = None,
) -> Response:
    """Order one product: it waits in line, and the answer says where to look."""
    data = await request.body()
    house = desk.house
    wanted = list(dict.fromkeys(f.strip() for f in formats.split(",") if f.strip()))
    row, inputs = intake.row_and_inputs(
        data, intake.Sender(key.tenant, key.refused_words), house.vault, desk.clock(), formats=wanted
    )
    if inputs:
        await asyncio.to_thread(_check_inputs, house, key.tenant, inputs)
    named, sent = None, b""
    if idempotency_key is not None:
        named = house.vault.mark(b"request", key.tenant.encode(), idempotency_key.encode())
        sent = house.vault.mark(b"body", hashlib.sha256(data).digest(), ",".join(wanted).encode())
    came = await asyncio.wrap_future(desk.writer.submit(accept, Posting(row, key.max_ready, named, sent)))
    if came.what == "full":
        raise too_many(FULL_SECONDS, "As many jobs wait as may wait")
    if came.row is None:
        raise Problem(409, "This Idempotency-Key came with another order before")
    made = {**_NONE_YET, **came.row}
    request.scope[JOB] = made["id"]
    again = {"Idempotency-Replayed": "true"} if came.what == "again" else {}
    return answered(made, house, 202, Location=f"/v1/jobs/{made['id']}", **again)


def _check_inputs(house: House, tenant: str, inputs: Mapping[str, InputFile]) -> None:
    """Each input names an upload of the same tenant."""
    with house.database.read() as conn:
        there = uploads.known(conn, tenant, [one.sha256 for one in inputs.values()])
    intake.check_uploads(inputs, there)


@router.get("", response_model=JobsBody)
def listed(
    key: Orders,
    house: TheHouse,
    cursor: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$", description="As the page before told it.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    state: State | None = None,
    template: Annotated[str | None, Query(max_length=80)] = None,
    campaign: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
    reference: Annotated[str | None, Query(max_length=200, description="Your own number of the order.")] = None,
) -> Response:
    """Your jobs, newest first."""
    mark = None
    if reference is not None:
        mark = house.vault.mark(key.tenant.encode(), reference.encode("utf-8", "surrogatepass"))
    with house.database.read() as conn:
        rows = jobs.listed(
            conn,
            key.tenant,
            after=cursor,
            limit=limit + 1,
            state=state,
            template=template,
            campaign=campaign,
            reference=mark,
        )
    after = rows[limit - 1]["id"] if len(rows) > limit else None
    page = JobsBody(items=[told(row) for row in rows[:limit]], next=after)
    return Response(page.model_dump_json(), media_type="application/json")


@router.get("/{job:id}", response_model=JobBody, responses=also(304, 410))
def read(job: Id, key: Orders, house: TheHouse, if_none_match: IfNoneMatch = None) -> Response:
    """How far a job is."""
    row = found(house, key.tenant, job)
    if same(if_none_match, etag(row)):
        return Response(status_code=304, headers={"ETag": etag(row)})
    return answered(row, house)


@router.post("/{job:id}:cancel", response_model=JobBody, responses=also(410, 412))
def cancel(job: Id, key: Orders, desk: TheDesk, if_match: IfMatch = None) -> Response:
    """Stop it, where it has not ended; work on it is stopped too."""
    found(desk.house, key.tenant, job)
    with desk.house.database.write() as conn:
        row = jobs.find(conn, key.tenant, job)
        assert row is not None
        unless_changed(if_match, row)
        row = jobs.cancel(conn, key.tenant, job, desk.clock())
    assert row is not None
    return answered(row, desk.house)


@router.delete("/{job:id}", response_model=ReceiptBody, responses=also(412))
def erase(job: Id, key: Orders, desk: TheDesk, if_match: IfMatch = None) -> ReceiptBody:
    """Erase what was said and what was made. What stays: that it was erased, and which serials were produced by which code."""
    with desk.house.database.read() as conn:
        row = jobs.find(conn, key.tenant, job)
    if row is None:
        raise Problem(404, "There is no such job")
    unless_changed(if_match, row)
    erase_jobs(desk.house, [job], "asked", tenant=key.tenant, now=desk.clock())
    desk.interactive.forget()
    with desk.house.database.read() as conn:
        kept = receipt(conn, key.tenant, job)
    assert kept is not None
    return receipt_of(kept)


def receipt_of(row: Mapping[str, Any]) -> ReceiptBody:
    """The body of a receipt."""
    return ReceiptBody(job=row["job"], why=row["why"], at=text_of(row["at"]) or "", removed=row["removed"])
