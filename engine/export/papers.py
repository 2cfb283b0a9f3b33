"""report.json and record.json: what was found, and what is needed to make the same bytes again."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Mapping
from dataclasses import fields
from typing import Any

import orjson

from engine.language.shelf import libraries
from engine.language.table import Heights
from engine.language.template import Template
from engine.model.order import Finding, InputFile, Measurement, Order, Product, Report
from engine.model.process import Process

RECORD_FORMAT = 1
_PRETTY = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE | orjson.OPT_SERIALIZE_NUMPY
_NOT_MADE = ("reference", "quantity", "due", "priority", "purpose", "legal_basis")
_SERIALS = uuid.UUID("5f0c1a52-9d0e-5c6b-8b44-6c1d0f3f7a10")
_HASHES: dict[int, tuple[Process, str]] = {}
"""By identity: a process is loaded once and never changes; holding it keeps its id its own."""
_HASHES_HELD = 64


def sha256(data: bytes) -> str:
    """Hexadecimal sha256."""
    return hashlib.sha256(data).hexdigest()


def report_json(report: Report) -> bytes:
    """The report as the contract spells it."""
    told = {
        "verdict": report.verdict,
        "checks": [_plain(c) for c in report.checks],
        "findings": [finding_json(f) for f in report.findings],
        "figures": report.figures,
        "notes": report.notes,
        "notes_fr": report.notes_fr,
    }
    return orjson.dumps(told, option=_PRETTY)


def finding_json(found: Finding) -> dict[str, Any]:
    """A finding as the report tells it: without the rows of its faces."""
    return {name: value for name, value in _plain(found).items() if name not in Finding.UNTOLD}


def order_json(order: Order) -> dict[str, Any]:
    """The order as it would be posted: only what was given, fields in their fixed order, names sorted."""
    told = {n: v for n, v in vars(order).items() if v is not None and v != {}}
    if "parameters" in told:
        told["parameters"] = dict(sorted(order.parameters.items()))
    if "measurements" in told:
        told["measurements"] = {n: _given(m) for n, m in sorted(order.measurements.items())}
    if "inputs" in told:
        told["inputs"] = {n: _given(i, without="file") for n, i in sorted(order.inputs.items())}
    return told


def canonical(order: Order) -> bytes:
    """The order's bytes for hashing: sorted keys, no spaces."""
    return orjson.dumps(order_json(order), option=orjson.OPT_SORT_KEYS)


def canonical_and_made(order: Order) -> tuple[bytes, bytes]:
    """`canonical`; and the same of what is made alone: without what only says for whom, how many, when and why."""
    told = order_json(order)
    made = {n: v for n, v in told.items() if n not in _NOT_MADE}
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS), orjson.dumps(made, option=orjson.OPT_SORT_KEYS)


def process_sha256(process: Process) -> str:
    """Hash of all that the process's data says, so that a rebuild can tell when it was edited."""
    known = _HASHES.get(id(process))
    if known is None or known[0] is not process:
        if len(_HASHES) >= _HASHES_HELD:
            _HASHES.clear()
        known = _HASHES[id(process)] = (process, _process_sha256(process))
    return known[1]


def _process_sha256(process: Process) -> str:
    told = {
        "limits": {n: [x.value, x.unit] for n, x in process.limits.items()},
        "costs": {n: [x.value, x.unit] for n, x in process.costs.items()},
        "settings": dict(process.settings),
        "checks": dict(process.checks),
        "machine": [process.machine.key, list(process.machine.size)],
        "rest": [process.method, process.material, process.density, process.layer],
    }
    return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS))


def serials(order: Order) -> list[str]:
    """One serial a copy: the same order has the same serials."""
    return _serials(sha256(canonical(order)), order.quantity)


def _serials(digest: str, quantity: int) -> list[str]:
    return [str(uuid.uuid5(_SERIALS, f"{digest}/{n}")) for n in range(1, quantity + 1)]


def record_json(product: Product, cls: type[Template], code: str, hashes: Mapping[str, str]) -> bytes:
    """What a rebuild needs and compares; `hashes`: the sha256 of each file. Goes to the sender alone."""
    order = order_json(product.order)
    digest = sha256(orjson.dumps(order, option=orjson.OPT_SORT_KEYS))  # `canonical`
    told = {
        "format": RECORD_FORMAT,
        "order": order,
        "order_sha256": digest,
        "template": {"key": cls.key, "version": cls.version, "code_sha256": code, "licence": cls.licence, **cls.written_in()},
        "values": {n: _value(v) for n, v in sorted(product.values.items())},
        "origins": {n: str(o) for n, o in sorted(product.origins.items())},
        "process": {
            "key": product.process.key,
            "machine": product.process.machine.key,
            "sha256": process_sha256(product.process),
        },
        "print_pose": {p.part.name: p.pose.why for p in product.parts},
        "libraries": libraries(),
        "fonts": dict(sorted(product.fonts.items())),
        "artifacts": dict(sorted(product.artifacts.items())),
        "serials": _serials(digest, product.order.quantity),
        "verdict": product.report.verdict,
        "files": dict(hashes),
    }
    return orjson.dumps(told, option=_PRETTY)


def _plain(told: object) -> dict[str, Any]:
    return {f.name: getattr(told, f.name) for f in fields(told)}  # type: ignore[arg-type]  # any of our dataclasses


def _given(told: Measurement | InputFile, without: str = "") -> dict[str, Any]:
    return {n: v for n, v in _plain(told).items() if v is not None and n != without}


def _value(value: object) -> object:
    if isinstance(value, Heights):
        return value.told()
    return _given(value, without="file") if isinstance(value, Measurement | InputFile) else value
