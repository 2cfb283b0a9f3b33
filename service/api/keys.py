"""A tenant's keys: listed, made, revoked. A key is told once, when it is made."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from service.api.callers import Owner, TheDesk, TheHouse
from service.api.described import also
from service.api.ids import Id
from service.api.problems import Problem
from service.clock import text_of
from service.store import keys

router = APIRouter(prefix="/v1/keys", tags=["keys"])

Origin = Annotated[str, StringConstraints(pattern=r"^https?://[a-z0-9.-]{1,253}(:[0-9]{1,5})?$")]
ProcessKey = Annotated[str, StringConstraints(pattern="^[a-z0-9][a-z0-9-]{0,79}$")]


class NewKeyBody(BaseModel):
    """What a new key may do. A print shop's key (`pickup`) sees what this tenant lets it pull, made by those processes."""

    model_config = ConfigDict(extra="forbid", strict=True)

    name: Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f\x7f]+$")]
    scopes: Annotated[list[Literal["owner", "orders", "preview", "pickup"]], Field(min_length=1, max_length=4)]
    origins: Annotated[list[Origin], Field(max_length=50)] = []
    processes: Annotated[list[ProcessKey], Field(max_length=100)] = []


class KeyBody(BaseModel):
    """A key, without the key."""

    id: str
    name: str
    scopes: list[str]
    origins: list[str]
    processes: list[str]
    created: str
    revoked: str | None


class MadeBody(KeyBody):
    """A new key."""

    token: str = Field(description="The key itself, told this once.")


class KeysBody(BaseModel):
    """All keys of a tenant, oldest first."""

    items: list[KeyBody]


def _told(row: dict[str, Any]) -> dict[str, Any]:
    shown = {name: row[name] for name in ("id", "name", "scopes", "origins", "processes")}
    return {**shown, "created": text_of(row["created"]) or "", "revoked": text_of(row["revoked"])}


@router.get("", response_model=KeysBody)
def listed(key: Owner, house: TheHouse) -> KeysBody:
    """All keys of your tenant, those that were revoked too."""
    with house.database.read() as conn:
        rows = keys.listed(conn, key.tenant)
    return KeysBody(items=[KeyBody(**_told(row)) for row in rows])


@router.post("", status_code=201, response_model=MadeBody)
def create(body: NewKeyBody, key: Owner, desk: TheDesk) -> MadeBody:
    """Make a key of your tenant."""
    if body.origins and body.scopes != ["preview"]:
        raise Problem(422, "Origins are for a key of the one scope preview", field="origins")
    at = desk.clock()
    sellers = [key.tenant] if "pickup" in body.scopes else []
    with desk.house.database.write() as conn:
        one, token = keys.new_key(
            conn, key.tenant, body.name, body.scopes, at, origins=body.origins, sellers=sellers, processes=body.processes
        )
    return MadeBody(
        id=one,
        name=body.name,
        scopes=sorted(set(body.scopes)),
        origins=body.origins,
        processes=body.processes,
        created=text_of(at) or "",
        revoked=None,
        token=token,
    )


@router.delete("/{key_id:id}", status_code=204, responses=also(409))
def revoke(key_id: Id, key: Owner, desk: TheDesk) -> None:
    """From now on that key opens nothing. The key that asks stays: who locks herself out does it with another."""
    if key_id == key.id:
        raise Problem(409, "This is the key that asks")
    with desk.house.database.write() as conn:
        if not keys.revoke(conn, key_id, desk.clock(), key.tenant):
            raise Problem(404, "There is no such key, or it was revoked already")
    desk.known.clear()
