"""/openapi.json, and /docs: one page made of it, without a script and without anything from elsewhere."""

from __future__ import annotations

import base64
import hashlib
import html
import json
from typing import Any

from fastapi import APIRouter, FastAPI, Response

STYLE = (
    "body{font:16px/1.5 system-ui,sans-serif;max-width:52rem;margin:2rem auto;padding:0 1rem;color:#1b1b1b;background:#fff}"
    "code{font:14px ui-monospace,monospace;background:#f1f1ee;padding:.1em .3em}h2{margin:2.5rem 0 .5rem}"
    "h3{font-size:1rem;margin:1.5rem 0 .2rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;"
    "vertical-align:top;padding:.2rem .8rem .2rem 0;border-bottom:1px solid #e3e3de}p{margin:.2rem 0}"
)
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; frame-ancestors 'none'"


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
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body><h1>{title}: the HTTP API</h1>'
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
