"""The same bytes again from a record, or exactly what differs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import orjson

from engine.errors import InputError
from engine.export import papers
from engine.language.orders import order_from
from engine.model.order import Order, Product


@dataclass(frozen=True)
class Difference:
    """One thing that is not as the record says."""

    what: str
    recorded: str
    found: str

    def __str__(self) -> str:
        return f"{self.what}: recorded {_shown(self.recorded)}, now {_shown(self.found)}"


def _shown(value: str) -> str:
    return value if len(value) <= 24 else f"{value[:16]}..."


def read_record(data: bytes) -> tuple[dict[str, Any], Order]:
    """The record and the order in it; InputError where it is no record."""
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise InputError("record", f"is no JSON: {error}") from None
    if not isinstance(told, dict) or told.get("format") != papers.RECORD_FORMAT or "order" not in told:
        raise InputError("record", f"is no record of format {papers.RECORD_FORMAT}")
    if not isinstance(told.get("files", {}), dict):
        raise InputError("record", "its `files` is no object")
    return told, order_from(told["order"])


def file_of(record: dict[str, Any]) -> tuple[str, str] | None:
    """Name and sha256 of the designer's file that the record was made from; None where the template was installed."""
    told = record.get("template")
    if not isinstance(told, dict) or "file" not in told:
        return None
    return str(told["file"]), str(told.get("file_sha256"))


def formats_of(record: dict[str, Any]) -> list[str]:
    """The formats whose files the record names."""
    endings = {
        ".prusa.3mf": "prusa",
        ".3mf": "3mf",
        ".stl": "stl",
        ".glb": "glb",
        ".png": "png",
        ".gcode": "gcode",
        ".step": "step",
        ".dxf": "dxf",
        ".svg": "svg",
        ".oma": "oma",
    }
    found = {next((endings[e] for e in endings if name.endswith(e)), None) for name in record.get("files", {})}
    return sorted(f for f in found if f is not None)


def differences(record: dict[str, Any], product: Product) -> list[Difference]:
    """Record against what was made now: the order, code, libraries, process, fonts, CAD bodies, files. Causes come first."""
    now: dict[str, Any] = orjson.loads(product.files["record.json"])
    order = order_from(record["order"])
    changed = papers.sha256(papers.canonical(order))
    found = []
    if record.get("order_sha256") != changed:
        found.append(
            Difference("order (it was changed after the record was written)", str(record.get("order_sha256")), changed)
        )
    found += _compared("template", record.get("template"), now["template"])
    for section in (
        "libraries",
        "process",
        "values",
        "origins",
        "fonts",
        "artifacts",
        "print_pose",
        "serials",
        "verdict",
        "files",
    ):
        found += _compared(section, record.get(section), now[section])
    return found


def _compared(where: str, recorded: Any, found: Any) -> list[Difference]:
    if isinstance(recorded, dict) and isinstance(found, dict):
        names = sorted({*recorded, *found})
        return [d for n in names for d in _compared(f"{where}.{n}", recorded.get(n), found.get(n))]
    return [] if recorded == found else [Difference(where, str(recorded), str(found))]
