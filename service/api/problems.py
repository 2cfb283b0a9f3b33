"""What is wrong, as RFC 9457 has it: one shape for every refusal, with field, limit and the nearest allowed value."""

from __future__ import annotations

from typing import Any

from fastapi import Request
from fastapi.responses import JSONResponse
from pydantic import BaseModel, ConfigDict, Field

from engine.errors import OrderError, UnikatError

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
            n: None if (v := getattr(error, n)) is None else str(v)[:200]
            for n in ("field", "value", "limit", "nearest", "rule")
        }
        return Problem(status, "This order cannot be taken", kind="urn:unikat:problem:order", detail=error.for_sender(), **told)
    return Problem(status, "This cannot be taken", detail=error.for_sender())


def answer(problem: Problem) -> JSONResponse:
    """The response of a problem."""
    return JSONResponse(problem.body, problem.status, headers=problem.headers, media_type=MEDIA)


async def on_problem(_: Request, problem: Exception) -> JSONResponse:
    """FastAPI's handler of Problem."""
    assert isinstance(problem, Problem)
    return answer(problem)


async def on_error(_: Request, error: Exception) -> JSONResponse:
    """FastAPI's handler of the engine's errors."""
    assert isinstance(error, UnikatError)
    return answer(of_error(error))
