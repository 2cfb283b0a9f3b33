"""The web process's application: routes over the store. No kernel, no CAD and no lane lives here."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

from fastapi import FastAPI
from fastapi.routing import APIRoute
from fastapi.telemetry import TelemetryConfig

from service.api import (
    campaigns,
    described,
    events,
    files,
    guides,
    health,
    jobs,
    keys,
    links,
    pickups,
    quotes,
    templates,
    uploads,
    webhooks,
    words,
)
from service.api.callers import Desk
from service.api.manners import Manners
from service.api.metrics import Figures
from service.api.options import Options
from service.api.pages import pages
from service.api.problems import handle
from service.api.upkeep import upkeep
from service.clock import Clock
from service.clock import now as wall
from service.house import House
from service.interactive import Interactive
from service.settings import Settings
from service.store.writer import Writer

DESCRIPTION = (
    "Orders in, unique printable products out. Every call but the health checks takes `Authorization: Bearer KEY`; "
    "what is wrong is told as an RFC 9457 problem."
)
SILENT: TelemetryConfig = {
    "tracing": False, "metrics": False, "logs": False, "operation_spans": False, "auto_configure": False,
}  # fmt: skip
"""FastAPI would send paths, and the words of exceptions, to whatever OTEL_* names: service.tracing sends what may be told."""
ROUTERS = (jobs, campaigns, files, events, quotes, uploads, templates, keys, words, pickups, links, webhooks, health)


def create(
    house: House, settings: Settings | None = None, clock: Clock = wall, interactive: Interactive | None = None
) -> FastAPI:
    """The application over an open data folder."""
    told = settings or Settings()
    desk = Desk(house, told, Writer(house.database), interactive or Interactive(told.waiting), clock)

    @contextlib.asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        tidying = asyncio.create_task(upkeep(desk))
        yield
        tidying.cancel()
        desk.closing.set()
        desk.writer.close()
        desk.interactive.close()

    app = FastAPI(
        title="unikat",
        version="1",
        description=DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        telemetry=SILENT,
    )
    figures = Figures(house)
    app.state.house, app.state.desk, app.state.figures = house, desk, figures
    handle(app)
    for room in ROUTERS:
        app.include_router(room.router)
    app.openapi = lambda: described.describe(app)  # type: ignore[method-assign]  # as FastAPI's own pages tell to
    described_by = pages(app)
    app.include_router(described_by)
    app.include_router(guides.router)
    every = [*(room.router for room in ROUTERS), described_by, guides.router]
    app.state.routes = [route for router in every for route in router.routes if isinstance(route, APIRoute)]
    app.add_middleware(Options, house=house)
    app.add_middleware(Manners, settings=told, figures=figures)
    return app
