"""Quotes and previews: somebody waits for them, nothing of them is stored."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from pydantic import BaseModel

from engine.doors.child import RemoteError
from engine.errors import ChildFault, Refused
from engine.model.order import Order
from service import intake, served
from service.api.callers import Desk, Looking, TheDesk
from service.api.described import ORDER_BODY, also
from service.api.problems import Problem, later, too_many
from service.handing import Handed, of_inputs
from service.interactive import Busy, Late, Superseded
from service.store import uploads
from service.store.keys import Key

router = APIRouter(prefix="/v1", tags=["quotes"])
DRAWING = 60.0
"""Seconds that a body may take to be drawn, when the one who asked for a preview has long been told to come again."""


class FindingBody(BaseModel):
    """One thing found, as in a report."""

    code: str
    severity: str
    message: str
    message_fr: str | None
    count: int
    value: float | None
    limit: float | None
    unit: str | None
    at: tuple[float, float, float] | None
    part: str | None
    fix: str | None


class QuoteBody(BaseModel):
    """What one piece would cost, and whether it can be made. No price where a rule refused it."""

    verdict: str
    process: str
    quantity: int
    price: float | None
    currency: str | None
    mass_g: float | None
    print_time_s: float | None
    calibrated: bool | None
    estimate_source: str | None
    estimate_error: float | None
    findings: list[FindingBody]


@router.post("/quotes", response_model=QuoteBody, responses=also(503), openapi_extra=ORDER_BODY)
async def quote(request: Request, key: Looking, desk: TheDesk) -> QuoteBody:
    """Price, time, mass and findings of an order, now. The price is one piece's."""
    data = await request.body()
    order = intake.looked_at(data, key.refused_words)
    seconds = desk.settings.quote_seconds
    told = await _asked(desk, key, "service.lanes.glance:quote", data, order, seconds, seconds)
    return QuoteBody(quantity=order.quantity, **told)


_GLB = {
    "description": "What it looks like",
    "content": {"model/gltf-binary": {"schema": {"type": "string", "format": "binary"}}},
    "headers": {"Unikat-Verdict": {"schema": {"enum": ["printable", "refused", "incomplete"]}}},
}


@router.post("/previews", responses={**also(409, 503), 200: _GLB}, response_class=Response, openapi_extra=ORDER_BODY)
async def preview(
    request: Request,
    key: Looking,
    desk: TheDesk,
    session: Annotated[
        str | None,
        Query(pattern="^[A-Za-z0-9_-]{1,64}$", description="One picture on one page: a newer preview of it ends the older."),
    ] = None,
) -> Response:
    """What an order looks like, within two seconds, as glTF; printable or not."""
    data = await request.body()
    order = intake.looked_at(data, key.refused_words)
    told = await _asked(
        desk,
        key,
        "service.lanes.glance:preview",
        data,
        order,
        desk.settings.preview_seconds,
        DRAWING,
        _session(key, session),
    )
    if told["glb"] is None:
        problems = [
            {"type": "about:blank", "title": one["code"], "status": 422, "detail": one["message"]} for one in told["findings"]
        ]
        raise Problem(422, "This cannot be built", kind="urn:unikat:problem:refused", problems=problems)
    return Response(told["glb"], media_type="model/gltf-binary", headers={"Unikat-Verdict": told["verdict"]})


def _session(key: Key, session: str | None) -> tuple[str, str] | None:
    """Sessions of two keys never meet."""
    return None if session is None else (key.id, session)


def _handed(desk: Desk, tenant: str, order: Order) -> Handed:
    """Each input names an upload of the same tenant; how they are opened."""
    with desk.house.database.read() as conn:
        there = uploads.known(conn, tenant, [one.sha256 for one in order.inputs.values()])
    intake.check_uploads(order.inputs, there)
    return of_inputs(desk.house.database, desk.house.vault, tenant, order.inputs)


async def _asked(
    desk: Desk,
    key: Key,
    target: str,
    data: bytes,
    order: Order,
    patience: float,
    deadline: float,
    session: tuple[str, str] | None = None,
) -> Any:
    lane, source = desk.interactive, dict(served.outside(order.template) or {"key": order.template})
    handed = await asyncio.to_thread(_handed, desk, key.tenant, order) if order.inputs else {}
    args = (data, source, handed, desk.house.packs.place)
    try:
        return await lane.ask(target, *args, patience=lane.patience(patience), deadline=deadline, session=session)
    except Superseded:
        raise Problem(409, "A newer preview of this session came", kind="urn:unikat:problem:superseded") from None
    except Busy:
        raise too_many(2, "Too many quotes and previews wait") from None
    except Late:
        raise later("It is still being drawn", 2) from None
    except Refused as refusal:
        raise Problem(422, "This cannot be built", detail=refusal.for_sender()) from None
    except ChildFault as fault:
        if fault.kind == "timeout":
            raise later("It takes too long to draw", 30) from None
        raise Problem(500, "It could not be made", detail=fault.kind) from None
    except RemoteError:
        raise Problem(500, "It could not be made", detail="error") from None
