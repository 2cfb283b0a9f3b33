"""What the interactive lane does: an order is made to be looked at, and nothing of it is kept. Runs in the child."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from engine.errands import template_of
from engine.language.inputs import NO_FILES, Files
from engine.language.orders import parse_order
from engine.make import Workshop, make
from engine.model.order import Product
from engine.sweep.warm import warm as warm_kernels
from service.artifacts import packs_at
from service.handing import Handed, taken

FIGURES = ("price", "currency", "mass_g", "print_time_s", "calibrated", "estimate_source", "estimate_error")
_shop: list[Workshop] = []


def warm() -> None:
    """In the server that the lane is forked from."""
    warm_kernels()


def quote(order: bytes, source: Mapping[str, str], inputs: Handed, folder: str) -> dict[str, Any]:
    """Verdict, findings, and what it would cost. `inputs`: how the order's files are opened; `folder`: where the packs lie."""
    return _told(_made(order, source, (), taken(inputs, packs_at(folder))))


def preview(order: bytes, source: Mapping[str, str], inputs: Handed, folder: str) -> dict[str, Any]:
    """The same, and `glb`: what it looks like, refused or not; none where a rule says that it cannot be built."""
    product = _made(order, source, ("glb",), taken(inputs, packs_at(folder)))
    return {**_told(product), "glb": product.files.get("preview.glb")}


def _made(data: bytes, source: Mapping[str, str], formats: tuple[str, ...], inputs: Files = NO_FILES) -> Product:
    order = parse_order(data)
    if not _shop or not _shop[0].home.holds:
        _shop[:] = [Workshop(announce=None)]
    return make(order, template_of(source), formats=formats, workshop=_shop[0], keep_refused=True, inputs=inputs)


def _told(product: Product) -> dict[str, Any]:
    findings = []
    for one in product.report.findings:
        told = asdict(one)
        findings.append({**{n: told[n] for n in _FINDING}, "severity": str(one.severity)})
    figures = product.report.figures
    return {"verdict": product.report.verdict, "findings": findings, "process": product.process.key} | {
        name: figures.get(name) for name in FIGURES
    }


_FINDING = ("code", "message", "message_fr", "count", "value", "limit", "unit", "at", "part", "fix")
