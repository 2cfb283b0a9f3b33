"""For those who run it: alive, ready, and its figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from engine.errors import EnvironmentFault
from service.api.callers import TheDesk, TheHouse, with_scope
from service.api.described import Answers, also
from service.api.metrics import MEDIA
from service.api.problems import later
from service.store import watching
from service.store.keys import Key

router = APIRouter(tags=["operation"])
Watching = Annotated[Key, Depends(with_scope("metrics"))]


class HealthBody(BaseModel):
    """That it is."""

    status: str


@router.get("/healthz", response_model=HealthBody)
async def healthz() -> HealthBody:
    """Whether this process answers."""
    return HealthBody(status="alive")


@router.get("/readyz", response_model=HealthBody, responses=also(503))
def readyz(desk: TheDesk, house: TheHouse) -> HealthBody:
    """Whether it can take orders: the store answers, by a clock that is about ours, and it was not told to end."""
    if desk.closing.is_set():
        raise later("It is ending")
    try:
        with house.database.read() as conn:
            watching.alive(conn)
        watching.refuse_clock(house.database)
    except EnvironmentFault as error:
        raise later(str(error)) from None
    return HealthBody(status="ready")


_TEXT: Answers = {200: {"description": "Prometheus' text", "content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/metrics", responses=_TEXT, response_class=Response)
def metrics(request: Request, _: Watching) -> Response:
    """Figures as Prometheus reads them; of all tenants, so that it asks for a key of the operator's."""
    return Response(request.app.state.figures.text(), media_type=MEDIA)
