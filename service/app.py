"""The web process's application: routes over the store. No kernel, no CAD and no lane lives here."""

from __future__ import annotations

from fastapi import FastAPI

from engine.errors import InputError, OrderError
from service.api import campaigns, jobs
from service.api.problems import Problem, on_error, on_problem
from service.house import House


def create(house: House) -> FastAPI:
    """The application over an open data folder."""
    app = FastAPI(title="unikat", version="1")
    app.state.house = house
    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(OrderError, on_error)
    app.add_exception_handler(InputError, on_error)
    app.include_router(jobs.router)
    app.include_router(campaigns.router)
    return app
