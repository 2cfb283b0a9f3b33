"""/openapi.json, and /docs: one page made of it, without a script and without anything from elsewhere."""

from __future__ import annotations

import html
import json
from typing import Any

from fastapi import APIRouter, FastAPI, Response

from service.api.guides import POLICY, STYLE, nav


def pages(app: FastAPI) -> APIRouter:
    """The routes of the description."""
    router = APIRouter(include_in_schema=False)

    @router.get("/openapi.json")
    def description() -> Response:
        return Response(json.dumps(app.openapi(), ensure_ascii=False), media_type="application/json")

    @router.get("/docs")
    def docs() -> Response:
        return Response(page(app.openapi()), media_type="text/html", headers={"Content-Security-Policy": POLICY})

    return router


def page(told: dict[str, Any]) -> str:
    """The description as a page for people."""
    groups: dict[str, list[str]] = {}
    for path, operations in told["paths"].items():
        for method, operation in operations.items():
            groups.setdefault(operation.get("tags", ["other"])[0], []).append(_operation(method, path, operation))
    body = "".join(f"<h2>{html.escape(name)}</h2>{''.join(rows)}" for name, rows in groups.items())
    title = html.escape(told["info"]["title"])
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}: the HTTP API</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{nav()}<h1>{title}: the HTTP API</h1>'
        f"<p>{html.escape(told['info'].get('description', '')).replace('`', '')}</p>"
        f'<p>For machines: <a href="/openapi.json">openapi.json</a></p>{body}</body></html>'
    )


def _operation(method: str, path: str, operation: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><td><code>{html.escape(one['name'])}</code></td><td>{html.escape(one['in'])}</td>"
        f"<td>{html.escape(one.get('description', ''))}</td></tr>"
        for one in operation.get("parameters", ())
    )
    table = f"<table>{rows}</table>" if rows else ""
    answers = ", ".join(sorted(operation["responses"]))
    return (
        f"<h3><code>{method.upper()} {html.escape(path)}</code></h3><p>{html.escape(operation.get('description', ''))}</p>"
        f"{table}<p>Answers: {html.escape(answers)}</p>"
    )
