"""What can be ordered, and how it can be made: templates with their schemas and catalogues, processes with their figures."""

from __future__ import annotations

import functools
import hashlib
import json
from collections.abc import Callable
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel

from engine import errands
from engine.errors import OrderError, TemplateError
from engine.language import shelf
from engine.process.limits import list_processes, load_process, machines_for
from service import intake, listings, served
from service.api.callers import Looking, Orders
from service.api.described import Answers, also
from service.api.jobs import IfNoneMatch, same
from service.api.problems import Problem

router = APIRouter(prefix="/v1", tags=["templates"])
Key = Annotated[str, Path(pattern="^[a-z0-9][a-z0-9-]{0,79}$")]
Language = Annotated[Literal["en", "fr"], Query(description="Of labels and descriptions.")]
_OBJECT: Answers = {200: {"description": "JSON", "content": {"application/json": {"schema": {"type": "object"}}}}}


class TemplateBody(BaseModel):
    """One template, in a line."""

    key: str
    version: int
    description: str
    href: str


class TemplatesBody(BaseModel):
    """All that can be ordered here."""

    items: list[TemplateBody]


class CatalogueBody(BaseModel):
    """The rows of a catalogue: what is known of each key."""

    items: list[dict[str, str | float | None]]


class ProcessBody(BaseModel):
    """A process: its limits and checks, and on which machines it runs."""

    key: str
    name: str
    method: str
    machines: list[str]
    limits: dict[str, dict[str, Any]]
    checks: dict[str, bool]


class ProcessesBody(BaseModel):
    """All processes."""

    items: list[ProcessBody]


def _sent(data: bytes, known: str | None) -> Response:
    """JSON that changes with an installation alone: a page keeps it, and asks whether it is still so."""
    tag = f'"{hashlib.sha256(data).hexdigest()[:32]}"'
    headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
    if same(known, tag):
        return Response(status_code=304, headers=headers)
    return Response(data, headers=headers, media_type="application/json")


def _or_404(what: str, get: Callable[[], Any]) -> Any:
    try:
        return get()
    except OrderError:
        raise Problem(404, f"There is no such {what}") from None


@functools.lru_cache(maxsize=512)
def _schema(key: str, language: str) -> dict[str, Any]:
    if key not in served.known():
        raise Problem(404, "There is no such template")
    try:
        return errands.schema(served.outside(key) or {"key": key}, language)
    except TemplateError:
        raise Problem(404, "This template cannot be used") from None


@router.get("/templates", response_model=TemplatesBody, responses=also(304))
def templates(_: Looking, lang: Language = "en", if_none_match: IfNoneMatch = None) -> Response:
    """All that can be ordered here."""
    items = []
    for key in served.known():
        told = _schema(key, lang)
        href = f"/v1/templates/{key}"
        items.append(TemplateBody(key=key, version=told["x-version"], description=told["description"], href=href))
    return _sent(TemplatesBody(items=items).model_dump_json().encode(), if_none_match)


@router.get("/templates/{key}", responses={**also(304), **_OBJECT}, response_class=Response)
def template(key: Key, _: Looking, lang: Language = "en", if_none_match: IfNoneMatch = None) -> Response:
    """The JSON Schema (2020-12) of its orders: every field with unit, range, step, default and label."""
    return _sent(json.dumps(_schema(key, lang), ensure_ascii=False).encode(), if_none_match)


@router.get("/templates/{key}/catalogues/{field}", response_model=CatalogueBody, responses=also(304))
def catalogue(
    key: Key,
    field: Annotated[str, Path(pattern="^[a-z][a-z0-9_]{0,79}$")],
    _: Looking,
    if_none_match: IfNoneMatch = None,
) -> Response:
    """All rows that a catalogue field may name."""
    _schema(key, "en")
    if not shelf.ours(key) or (found := intake.template_of(key).catalogue_fields.get(field)) is None:
        raise Problem(404, "There is no such catalogue")
    rows = [{"key": name, "label": found.label_of(name), **row} for name, row in found.rows.items()]
    return _sent(json.dumps({"items": rows}, ensure_ascii=False).encode(), if_none_match)


@router.get("/processes", response_model=ProcessesBody, responses=also(304))
def processes(_: Orders, if_none_match: IfNoneMatch = None) -> Response:
    """How things can be made here."""
    items = [ProcessBody(machines=list(machines_for(p.key)), **listings.told(p)) for p in list_processes()]
    return _sent(ProcessesBody(items=items).model_dump_json().encode(), if_none_match)


@router.get("/processes/{key}", response_model=ProcessBody, responses=also(304))
def process(key: Key, _: Orders, if_none_match: IfNoneMatch = None) -> Response:
    """One process, every figure with its source."""
    found = _or_404("process", lambda: load_process(key))
    body = ProcessBody(machines=list(machines_for(key)), **listings.told(found))
    return _sent(body.model_dump_json().encode(), if_none_match)
