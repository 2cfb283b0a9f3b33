"""Jobs: one order each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import BaseModel

from service import intake
from service.api.callers import Orders, TheHouse
from service.api.problems import Problem
from service.clock import now, text_of
from service.house import House
from service.store import jobs
from service.store.schema import NEVER
from service.vault import unseal

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]


class FileBody(BaseModel):
    """A file that was made."""

    name: str
    bytes: int
    sha256: str
    href: str


class JobBody(BaseModel):
    """A job, as far as its sender may see it; nothing of the order is repeated."""

    id: str
    state: str
    template: str
    process: str
    machine: str | None
    campaign: str | None
    line: int | None
    quantity: int
    priority: int
    due: str | None
    verdict: str | None
    reason: str | None
    detail: str | None
    created: str
    updated: str
    finished: str | None
    files: list[FileBody]


def told(row: Mapping[str, Any], house: House | None = None) -> JobBody:
    """The body of a row."""
    files = row["files"] or {}
    detail = None
    if row["told"] is not None and row["wrapped"] is not None and house is not None:
        detail = unseal(house.vault.unwrap(row["wrapped"], row["id"]), row["told"], b"told").decode()
    return JobBody(
        **{
            n: row[n]
            for n in (
                "id",
                "state",
                "template",
                "process",
                "machine",
                "campaign",
                "line",
                "quantity",
                "priority",
                "verdict",
                "reason",
            )
        },
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
    """The tenant's job, or 404."""
    with house.database.read() as conn:
        row = jobs.find(conn, tenant, job)
    if row is None:
        raise Problem(404, "There is no such job")
    return row


@router.post("", status_code=202, response_model=JobBody)
async def create(
    request: Request,
    response: Response,
    key: Orders,
    house: TheHouse,
    formats: Annotated[str, Query(description="What to make: 3mf, stl, glb, png, step, prusa.")] = "3mf,stl,glb,png",
) -> JobBody:
    """Order one product: it waits in line, and the answer says where to look."""
    data = await request.body()
    sender = intake.Sender(key.tenant, key.refused_words)
    row = intake.row_of(data, sender, house.vault, now(), formats=[f.strip() for f in formats.split(",") if f.strip()])
    with house.database.write() as conn:
        jobs.add(conn, [row])
        made = jobs.find(conn, key.tenant, row["id"])
    assert made is not None
    response.headers["Location"] = f"/v1/jobs/{row['id']}"
    return told(made)


@router.get("/{job}", response_model=JobBody)
def read(job: JobId, key: Orders, house: TheHouse) -> JobBody:
    """How far a job is."""
    return told(found(house, key.tenant, job), house)


@router.get("/{job}/files/{name}")
def file(job: JobId, name: str, key: Orders, house: TheHouse) -> Response:
    """A file of the product."""
    row = found(house, key.tenant, job)
    entry = (row["files"] or {}).get(name)
    if entry is None:
        raise Problem(404, "There is no such file")
    offset, size, _, _ = entry
    sealed = house.packs.read(row["pack"], offset, size)
    return Response(unseal(house.vault.unwrap(row["wrapped"], row["id"]), sealed, f"{row['id']}/{name}".encode()))
