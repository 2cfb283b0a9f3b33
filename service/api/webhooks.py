"""Webhooks: where a tenant is told what happened, by whom it is signed, what was sent, and sending it again."""

from __future__ import annotations

import base64
import datetime
import os
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from service.api.callers import Orders, TheHouse
from service.api.ids import Id
from service.api.problems import Problem
from service.clock import new_id, now, text_of
from service.house import House
from service.store import endpoints, outbox
from service.webhooks.guard import LONGEST_URL, Refused, local_allowed, taken_apart

router = APIRouter(prefix="/v1/webhooks", tags=["webhooks"])
EndpointId = Id
Event = Literal["job.ended", "units.ended", "campaign.ended", "erased"]
Url = Annotated[str, Field(min_length=8, max_length=LONGEST_URL, description="https, and no address of a private network.")]
SECRET = 32
OVERLAP = 86_400
PROBLEMS = {
    "scheme": "a webhook goes to an https URL",
    "url": "this is no URL that a webhook goes to",
    "address": "a webhook goes to no address of a private network",
}


class NewEndpoint(BaseModel):
    """Where to, and what of."""

    model_config = ConfigDict(extra="forbid")

    url: Url
    events: list[Event] | None = Field(None, min_length=1, max_length=len(outbox.EVENTS), description="All, unless named.")


class EndpointChange(BaseModel):
    """What is to be different."""

    model_config = ConfigDict(extra="forbid")

    url: Url | None = None
    events: list[Event] | None = Field(None, min_length=1, max_length=len(outbox.EVENTS))
    state: Literal["active", "disabled"] | None = None


class Rotation(BaseModel):
    """How long the former secret signs beside the new one."""

    model_config = ConfigDict(extra="forbid")

    overlap: int = Field(OVERLAP, ge=0, le=7 * 86_400, description="Seconds.")


class Replay(BaseModel):
    """One message, or all that were written in a span of time."""

    model_config = ConfigDict(extra="forbid")

    message: str | None = Field(None, pattern="^[0-9a-f]{32}$")
    since: AwareDatetime | None = None
    until: AwareDatetime | None = Field(None, description="This moment unless said.")


class EndpointBody(BaseModel):
    """An endpoint. Its secret is told once, when it is made."""

    id: str
    url: str
    events: list[str]
    state: str
    created: str
    former_until: str | None = Field(None, description="Until then the former secret signs, too.")


class WithSecret(EndpointBody):
    """An endpoint, and its new secret."""

    secret: str


class Endpoints(BaseModel):
    """All of a tenant."""

    items: list[EndpointBody]


class MessageBody(BaseModel):
    """A message, and how it fared. `answer`: the last status, or a word for what came instead."""

    id: str
    event: str
    state: str
    tries: int
    answer: str | None
    created: str
    next: str | None
    body: str


class Messages(BaseModel):
    """Newest first; `next` is the cursor of the following page."""

    items: list[MessageBody]
    next: str | None


class Replayed(BaseModel):
    """How many are sent again."""

    messages: int


def _said(row: Mapping[str, Any]) -> dict[str, Any]:
    until = row["former_until"]
    return {
        "id": row["id"],
        "url": row["url"],
        "events": row["events"],
        "state": row["state"],
        "created": text_of(row["created"]) or "",
        "former_until": text_of(until) if until is not None and until > now() else None,
    }


def _checked(url: str) -> str:
    try:
        taken_apart(url, local=local_allowed())
    except Refused as refused:
        raise Problem(422, "This cannot be taken", field="url", detail=PROBLEMS[str(refused)]) from None
    return url


def _new_secret(house: House, endpoint: str) -> tuple[str, bytes]:
    """As it is told, and as it is kept."""
    plain = os.urandom(SECRET)
    return "whsec_" + base64.b64encode(plain).decode(), house.vault.wrap(plain, endpoint)


def _found(row: Mapping[str, Any] | None) -> Mapping[str, Any]:
    if row is None:
        raise Problem(404, "There is no such endpoint")
    return row


@router.post("", status_code=201, response_model=WithSecret)
def create(body: NewEndpoint, response: Response, key: Orders, house: TheHouse) -> WithSecret:
    """A new endpoint; its secret is told this once."""
    at = now()
    one = new_id(at)
    told, kept = _new_secret(house, one)
    with house.database.write() as conn:
        row = endpoints.add(conn, key.tenant, _checked(body.url), body.events or outbox.EVENTS, at, one=one, secret=kept)
    if row is None:
        raise Problem(409, "There are too many endpoints", limit=str(endpoints.MOST))
    response.headers["Location"] = f"/v1/webhooks/{one}"
    return WithSecret(**_said(row), secret=told)


@router.get("", response_model=Endpoints)
def listed(key: Orders, house: TheHouse) -> Endpoints:
    """All endpoints, oldest first."""
    with house.database.read() as conn:
        rows = endpoints.listed(conn, key.tenant)
    return Endpoints(items=[EndpointBody(**_said(row)) for row in rows])


@router.get("/{endpoint:id}", response_model=EndpointBody)
def read(endpoint: EndpointId, key: Orders, house: TheHouse) -> EndpointBody:
    """One endpoint."""
    with house.database.read() as conn:
        row = endpoints.find(conn, key.tenant, endpoint)
    return EndpointBody(**_said(_found(row)))


@router.patch("/{endpoint:id}", response_model=EndpointBody)
def change(endpoint: EndpointId, body: EndpointChange, key: Orders, house: TheHouse) -> EndpointBody:
    """Another URL, other events, disabled, or active again."""
    values = {n: v for n, v in body.model_dump().items() if v is not None}
    if "url" in values:
        _checked(values["url"])
    with house.database.write() as conn:
        row = endpoints.change(conn, key.tenant, endpoint, values)
    return EndpointBody(**_said(_found(row)))


@router.delete("/{endpoint:id}", status_code=204)
def remove(endpoint: EndpointId, key: Orders, house: TheHouse) -> Response:
    """The endpoint goes, with all messages to it."""
    with house.database.write() as conn:
        went = endpoints.remove(conn, key.tenant, endpoint)
    if not went:
        raise Problem(404, "There is no such endpoint")
    return Response(status_code=204)


@router.post("/{endpoint:id}:rotate", response_model=WithSecret)
def rotate(endpoint: EndpointId, key: Orders, house: TheHouse, body: Rotation | None = None) -> WithSecret:
    """A new secret, told this once; the former one signs beside it for a while."""
    overlap = (body or Rotation(overlap=OVERLAP)).overlap
    told, kept = _new_secret(house, endpoint)
    with house.database.write() as conn:
        row = _found(endpoints.find(conn, key.tenant, endpoint))
        values = {"secret": kept, "former": row["secret"] if overlap else None, "former_until": now() + 1000 * overlap}
        changed = endpoints.change(conn, key.tenant, endpoint, values)
    return WithSecret(**_said(_found(changed)), secret=told)


@router.post("/{endpoint:id}:replay", response_model=Replayed)
def replay(endpoint: EndpointId, body: Replay, key: Orders, house: TheHouse) -> Replayed:
    """Send again: the same ids, the same bodies."""
    if (body.message is None) == (body.since is None):
        raise Problem(422, "This cannot be taken", field="message", detail="name either a message or a span of time")
    since, until = _moment(body.since), _moment(body.until)
    with house.database.write() as conn:
        _found(endpoints.find(conn, key.tenant, endpoint))
        n = outbox.replay(conn, key.tenant, endpoint, now(), message=body.message, since=since, until=until)
        if body.message is not None and not n and not outbox.there(conn, key.tenant, endpoint, body.message):
            raise Problem(404, "There is no such message")
    return Replayed(messages=n)


def _moment(told: datetime.datetime | None) -> int | None:
    return None if told is None else int(told.timestamp() * 1000)


@router.get("/{endpoint:id}/messages", response_model=Messages)
def messages(
    endpoint: EndpointId,
    key: Orders,
    house: TheHouse,
    state: Literal["waiting", "sent", "dead"] | None = None,
    after: Annotated[str | None, Query(pattern="^[0-9a-f]{32}$")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Messages:
    """What was sent there, or waits, newest first."""
    with house.database.read() as conn:
        _found(endpoints.find(conn, key.tenant, endpoint))
        rows = outbox.messages(conn, key.tenant, endpoint, state=state, after=after, limit=limit + 1)
    items = [
        MessageBody(
            **{n: row[n] for n in ("id", "event", "state", "tries", "answer", "body")},
            created=text_of(row["created"]) or "",
            next=text_of(row["next"]) if row["state"] == "waiting" else None,
        )
        for row in rows[:limit]
    ]
    return Messages(items=items, next=items[-1].id if len(rows) > limit else None)
