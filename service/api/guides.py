"""/docs/NAME: the pages of service/docs, for operators and shops, as plain HTML: no script, nothing from elsewhere.

They are our own Markdown, and their HTML is escaped all the same. A page is rendered when it is first asked for.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import pathlib
from collections.abc import Mapping

from fastapi import APIRouter, Response
from markdown_it import MarkdownIt
from markdown_it.token import Token

from service.api.problems import Problem

FOLDER = pathlib.Path(__file__).parents[1] / "docs"
PAGES: Mapping[str, str] = {
    "start": "Getting started",
    "jobs": "Jobs",
    "campaigns": "Campaigns",
    "printing": "The print shop",
    "webhooks": "Webhooks",
    "keys": "Keys and scopes",
    "privacy": "Privacy",
    "operations": "Operations",
    "several": "Several machines",
    "deploy": "Deploying",
    "charts": "Charts",
    "security": "Security",
}
DRAWINGS = ("states.svg", "pieces.svg", "campaigns.svg")
STYLE = (
    "body{font:16px/1.6 Inter,system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem 1.25rem 5rem;color:#1b1c1e;background:#fff}"
    "nav{display:flex;flex-wrap:wrap;gap:.2rem 1rem;padding:.6rem 0 1rem;border-bottom:1px solid #dedbd2;font-size:.86rem}"
    "a{color:#1f5c74}nav a{color:#65645f;text-decoration:none}nav a[aria-current]{color:#1b1c1e;font-weight:600}"
    "h3{font-size:1rem;margin:1.5rem 0 .2rem}h1{font-size:2rem;line-height:1.2;margin:2rem 0 1rem}h2{margin:2.2rem 0 .5rem;font-size:1.3rem}p,ul{max-width:46rem}"
    "code{font:.875em ui-monospace,monospace;background:#f6f4ef;padding:.1em .3em;border-radius:4px}"
    "pre{background:#f6f4ef;padding:.9rem 1.1rem;border-radius:12px;overflow-x:auto}pre code{padding:0;background:none}"
    "p:has(img){max-width:none;overflow-x:auto}img{width:100%;min-width:44rem;height:auto}"
    "table{border-collapse:collapse;font-size:.95rem}td:first-child{min-width:8.5rem}td code{overflow-wrap:anywhere}"
    "th,td{text-align:left;vertical-align:top;padding:.35rem 1.2rem .35rem 0;border-bottom:1px solid #e8e5dc}"
)
_HASH = base64.b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()
POLICY = f"default-src 'none'; style-src 'sha256-{_HASH}'; img-src 'self'; frame-ancestors 'none'"
_markdown = MarkdownIt("commonmark", {"html": False}).enable("table")

router = APIRouter(include_in_schema=False)


@router.get("/docs/{name}")
def guide(name: str) -> Response:
    """A page, or a drawing that stands in one."""
    headers = {"Content-Security-Policy": POLICY, "Cache-Control": "no-cache"}
    if name in DRAWINGS:
        return Response((FOLDER / name).read_bytes(), media_type="image/svg+xml", headers=headers)
    if name not in PAGES:
        raise Problem(404, "There is no such page")
    return Response(page(name), media_type="text/html", headers=headers)


def nav(here: str = "") -> str:
    """Links to all pages."""
    told = {name: (f"/docs/{name}", title) for name, title in PAGES.items()} | {"": ("/docs", "The HTTP API")}
    links = (
        f'<a href="{where}"{" aria-current=page" if name == here else ""}>{html.escape(title)}</a>'
        for name, (where, title) in told.items()
    )
    return f"<nav>{''.join(links)}</nav>"


@functools.cache
def page(name: str) -> str:
    """The page of that name."""
    tokens = _markdown.parse((FOLDER / f"{name}.md").read_text(encoding="utf-8"))
    for token in tokens:
        for child in token.children or ():
            _within(child)
    body = _markdown.renderer.render(tokens, _markdown.options, {})
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>unikat: {html.escape(PAGES[name])}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{STYLE}</style></head><body>{nav(name)}{body}</body></html>'
    )


def _within(token: Token) -> None:
    """A link to another page's file becomes one to that page."""
    where = token.attrs.get("href")
    if token.type == "link_open" and isinstance(where, str) and where.endswith(".md"):
        token.attrs["href"] = f"/docs/{where.removesuffix('.md')}"
