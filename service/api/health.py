"""For those who run it: alive, ready, and its figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel, Field

from engine.errors import EnvironmentFault
from service.api.callers import TheDesk, TheHouse, with_scope
from service.api.described import Answers, also
from service.api.metrics import MEDIA
from service.api.problems import later
from service.store import telling, watching
from service.store.keys import Key
from service.store.telling import Told

router = APIRouter(tags=["operation"])
Watching = Annotated[Key, Depends(with_scope("metrics"))]


QUIET_S = 30
"""So long the dispatcher may say nothing: the next one has taken over by then."""


class HealthBody(BaseModel):
    """That it is."""

    status: str


class ReadyBody(BaseModel):
    """That it takes orders."""

    status: str
    lacks: list[str] = Field(description="What keeps orders from being made, each in a line: they are taken, and wait.")


@router.get("/healthz", response_model=HealthBody)
async def healthz() -> HealthBody:
    """Whether this process answers."""
    return HealthBody(status="alive")


@router.get("/readyz", response_model=ReadyBody, responses=also(503))
def readyz(desk: TheDesk, house: TheHouse) -> ReadyBody:
    """Whether it can take orders: the store answers, by a clock that is about ours, and it was not told to end. And what they wait for."""
    if desk.closing.is_set():
        raise later("It is ending")
    try:
        with house.database.read() as conn:
            told = telling.told(conn)
        watching.refuse_clock(house.database)
    except EnvironmentFault as error:
        raise later(str(error)) from None
    return ReadyBody(status="ready", lacks=_lacks(told, desk.clock()))


def _lacks(told: Told | None, at: int) -> list[str]:
    """What the dispatcher says, or that it says nothing; before the first word nothing is known."""
    quiet = 0 if told is None else (at - told.at) // 1000
    if told is None or quiet <= QUIET_S:
        return [] if told is None else list(told.lacks)
    return [f"the dispatcher has said nothing for {quiet} s"]


_TEXT: Answers = {200: {"description": "Prometheus' text", "content": {"text/plain": {"schema": {"type": "string"}}}}}


@router.get("/metrics", responses=_TEXT, response_class=Response)
def metrics(request: Request, _: Watching) -> Response:
    """Figures as Prometheus reads them; of all tenants, so that it asks for a key of the operator's."""
    return Response(request.app.state.figures.text(), media_type=MEDIA)
