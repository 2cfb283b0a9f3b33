"""What the OpenAPI description says beyond the routes: the problems that each may answer, and the shape of an order."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.api.problems import MEDIA, ProblemBody

SCHEMA = "#/components/schemas/ProblemBody"
Answers = dict[int | str, dict[str, Any]]


def also(*statuses: int) -> Answers:
    """Answers of a route beside those that all like it have."""
    return {status: _described(status) for status in statuses}


def _described(status: int) -> dict[str, Any]:
    phrase = HTTPStatus(status).phrase
    if status < 400:
        return {"description": phrase}
    told: dict[str, Any] = {"description": phrase, "content": {MEDIA: {"schema": {"$ref": SCHEMA}}}}
    if status in (429, 503):
        told["headers"] = {"Retry-After": {"schema": {"type": "integer", "minimum": 1}, "description": "Seconds."}}
    return told


_LINE = {"type": ["string", "null"], "maxLength": 200}
ORDER = {
    "type": "object",
    "required": ["template"],
    "additionalProperties": False,
    "properties": {
        "template": {
            "type": "string",
            "maxLength": 200,
            "description": "See /v1/templates; its schema is at /v1/templates/{key}.",
        },
        "process": _LINE,
        "machine": _LINE,
        "reference": {**_LINE, "description": "Your own number of the order."},
        "quantity": {"type": "integer", "minimum": 1, "maximum": 100_000},
        "due": {"type": ["string", "null"], "pattern": r"^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"},
        "priority": {"type": "integer", "minimum": -100, "maximum": 100},
        "purpose": _LINE,
        "legal_basis": _LINE,
        "parameters": {"type": "object"},
        "measurements": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["value", "unit"],
                "additionalProperties": False,
                "properties": {
                    "value": {"type": "number"},
                    "unit": {"type": "string", "maxLength": 200},
                    "standard": _LINE,
                    "source": _LINE,
                    "uncertainty": {"type": ["number", "null"], "minimum": 0},
                },
            },
        },
        "inputs": {
            "type": "object",
            "additionalProperties": {
                "type": "object",
                "required": ["sha256", "unit"],
                "additionalProperties": False,
                "properties": {
                    "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                    "unit": {"type": "string", "maxLength": 200},
                    "side": {"enum": ["left", "right", None]},
                },
            },
        },
    },
}
"""The same that engine.language.orders reads; what a template takes is in the template's own schema."""
ORDER_BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": ORDER,
                "example": {"template": "phone-case", "parameters": {"name": "Zoé"}, "reference": "order-1001/2"},
            }
        },
    }
}


def describe(app: FastAPI) -> dict[str, Any]:
    """The description of all routes, made at the first asking."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, description=app.description, routes=app.routes)
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        schemas["ProblemBody"] = ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}").get(
            "$defs", {}
        ).get("ProblemBody") or ProblemBody.model_json_schema(ref_template="#/components/schemas/{model}")
        for unused in ("HTTPValidationError", "ValidationError"):
            schemas.pop(unused, None)
        for path, operations in made["paths"].items():
            for operation in operations.values():
                _complete(path, operation)
        app.openapi_schema = made
    return app.openapi_schema


def _complete(path: str, operation: dict[str, Any]) -> None:
    """The problems that every operation of its kind may answer."""
    statuses = {400, 414, 431, 500}
    if operation.get("security"):
        statuses |= {401, 403, 429}
    if operation.get("parameters") or "requestBody" in operation:
        statuses.add(422)
    if "{" in path:
        statuses.add(404)
    if "requestBody" in operation:
        statuses |= {408, 413, 415}
    answers: dict[str, Any] = operation["responses"]
    kept: Mapping[str, Any] = {n: a for n, a in answers.items() if n != "422"}
    answers.clear()
    answers.update(kept)
    for status in sorted(statuses):
        answers.setdefault(str(status), _described(status))
