"""What is wrong, as RFC 9457 has it: one shape for every refusal, with field, limit and the nearest allowed value."""

from __future__ import annotations

import logging
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException
from starlette.routing import Match

from engine.errors import EnvironmentFault, InputError, OrderError, UnikatError

log = logging.getLogger("unikat.web")
MEDIA = "application/problem+json"


class ProblemBody(BaseModel):
    """An RFC 9457 problem."""

    model_config = ConfigDict(extra="forbid")

    type: str = Field(description="A URI of the kind of problem; `about:blank` where the status says all.")
    title: str
    status: int
    detail: str | None = None
    field: str | None = Field(None, description="The field of the order that cannot be taken.")
    value: str | None = Field(None, description="What was sent, for the sender alone.")
    limit: str | None = None
    nearest: str | None = Field(None, description="The nearest value that would be taken.")
    rule: str | None = None
    line: int | None = Field(None, description="The line of a campaign's file.")
    problems: list[ProblemBody] | None = None


class Problem(Exception):
    """Raised by a route; becomes its answer. Its words never hold what was sent, unless `told` says so, to the sender."""

    def __init__(
        self, status: int, title: str, *, kind: str = "about:blank", headers: dict[str, str] | None = None, **told: Any
    ) -> None:
        super().__init__(title)
        self.status = status
        self.headers = headers or {}
        self.body = {"type": kind, "title": title, "status": status, **{n: v for n, v in told.items() if v is not None}}


def of_error(error: UnikatError, status: int = 422) -> Problem:
    """The problem of one of the engine's errors, for who sent the order."""
    if isinstance(error, OrderError):
        told: dict[str, Any] = {
            n: None if (v := getattr(error, n)) is None else _plain(v) for n in ("field", "value", "limit", "nearest", "rule")
        }
        detail = _plain(error.for_sender(), 1000)
        return Problem(status, "This order cannot be taken", kind="urn:unikat:problem:order", detail=detail, **told)
    return Problem(status, "This cannot be taken", detail=_plain(error.for_sender(), 1000))


def _plain(value: object, most: int = 200) -> str:
    """As it can be written in JSON: lone surrogates, which an order may hold by escapes, are no characters."""
    return str(value)[:most].encode("utf-8", "backslashreplace").decode()


def too_many(seconds: float, title: str = "Too many requests") -> Problem:
    """429, with when to come again."""
    return Problem(429, title, headers={"Retry-After": str(max(1, round(seconds + 0.5)))})


def later(title: str, seconds: int = 5) -> Problem:
    """503, with when to come again."""
    return Problem(503, title, headers={"Retry-After": str(seconds)})


def answer(problem: Problem) -> JSONResponse:
    """The response of a problem."""
    return JSONResponse(problem.body, problem.status, headers=problem.headers, media_type=MEDIA)


async def _on_problem(_: Request, problem: Exception) -> JSONResponse:
    assert isinstance(problem, Problem)
    return answer(problem)


async def _on_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, UnikatError)
    if isinstance(error, OrderError | InputError):
        return answer(of_error(error))
    log.error("a fault", exc_info=error)
    if isinstance(error, EnvironmentFault):
        return answer(later("This installation cannot do this now"))
    return answer(Problem(500, "A fault of ours"))


async def _on_invalid(_: Request, error: Exception) -> JSONResponse:
    """What FastAPI finds wrong in a query, a header or a body: where and why. What was sent is not repeated."""
    assert isinstance(error, RequestValidationError)
    found = [(".".join(str(part) for part in one["loc"]), str(one["type"]), one["msg"]) for one in error.errors()]
    if any(kind == "json_invalid" for _, kind, _ in found):
        return answer(Problem(400, "This is no JSON"))
    problems = [
        {"type": "about:blank", "title": "This cannot be taken", "status": 422, "field": _plain(where), "detail": _plain(why)}
        for where, _, why in found[:20]
    ]
    return answer(Problem(422, "This request cannot be taken", field=problems[0]["field"], problems=problems))


async def _on_status(request: Request, error: Exception) -> JSONResponse:
    """404, 405 and what else Starlette raises; 405 names every method that there is."""
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(methods(request))
    return answer(Problem(error.status_code, HTTPStatus(error.status_code).phrase, headers=headers))


def methods(request: Request) -> list[str]:
    """The methods of all routes that match the request's path."""
    found = {
        method
        for route in request.app.state.routes
        if route.matches(request.scope)[0] is not Match.NONE
        for method in route.methods or ()
    }
    return sorted(found | {"OPTIONS"}) if found else []


def handle(app: FastAPI) -> None:
    """Every refusal of the application becomes a problem."""
    app.add_exception_handler(Problem, _on_problem)
    app.add_exception_handler(UnikatError, _on_error)
    app.add_exception_handler(RequestValidationError, _on_invalid)
    app.add_exception_handler(HTTPException, _on_status)
