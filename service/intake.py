"""From an order's bytes to a job's row: checked as the command line checks it, sealed, and marked so that equal work is found."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from engine.errors import OrderError
from engine.export.papers import canonical_and_made
from engine.language import shelf
from engine.language.orders import parse_order, raised
from engine.language.template import Template
from engine.model.order import InputFile, Order
from engine.process.limits import load_process
from service import served
from service.clock import new_id
from service.fitting import fit, refuse_words
from service.store.schema import NEVER
from service.vault import Vault, seal

FORMATS = ("3mf", "stl", "glb", "png", "step", "prusa", "dxf", "svg", "oma")
"""What a job may ask for. G-code is made for the print shop that pulls."""
DAY = 86_400_000
DEFAULT_FORMATS = ("3mf", "stl", "glb", "png")


@dataclass(frozen=True)
class Sender:
    """Who sends: the tenant and its list of words that it prints on nothing."""

    tenant: str
    refused_words: tuple[str, ...] = ()


def row_of(
    data: bytes,
    sender: Sender,
    vault: Vault,
    now: int,
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
    campaign: str | None = None,
    line: int | None = None,
) -> dict[str, Any]:
    """The row of a new job, or the OrderError that the command line would give."""
    return row_and_inputs(data, sender, vault, now, formats=formats, campaign=campaign, line=line)[0]


def row_and_inputs(
    data: bytes,
    sender: Sender,
    vault: Vault,
    now: int,
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
    campaign: str | None = None,
    line: int | None = None,
) -> tuple[dict[str, Any], Mapping[str, InputFile]]:
    """`row_of`, and the files that the order names: whoever adds the row asks `check_uploads` whether they are there."""
    order = parse_order(data)
    row = row_from(order, sender, vault, now, formats=formats, campaign=campaign, line=line)
    return row, order.inputs


@functools.lru_cache(maxsize=256)
def template_of(key: str) -> type[Template]:
    """The template of that key, of ours, looked for once: installing one wants a restart."""
    if served.outside(key) is not None:
        why = "is a designer's own: order its products one by one"
        raise OrderError("template", (why, "est celui d'un designer : commandez ses produits un par un"), value=key)
    return shelf.find(key)


def check_uploads(inputs: Mapping[str, InputFile], there: Mapping[str, Mapping[str, Any]]) -> None:
    """OrderError unless each input is an upload, told as it was uploaded. `there`: sha256 -> row, of the same tenant."""
    for name, told in inputs.items():
        row = there.get(told.sha256)
        if row is None:
            raise OrderError(f"inputs.{name}.sha256", "is no upload of yours", value=told.sha256).called("an input")
        for what in ("unit", "side"):
            if getattr(told, what) != row[what]:
                why = "is not what the upload said"
                raise OrderError(f"inputs.{name}.{what}", why, value=getattr(told, what), nearest=row[what]).called("an input")


def row_from(
    order: Order,
    sender: Sender,
    vault: Vault,
    now: int,
    *,
    formats: Sequence[str] = DEFAULT_FORMATS,
    campaign: str | None = None,
    line: int | None = None,
    job: str | None = None,
    found: bool = True,
) -> dict[str, Any]:
    """`row_of`, of an order that is read already. `job`: its id, where that is given out already. `found`: by its reference, the shop's."""
    check_formats(formats)
    no_paths(order)
    told = _fit(order, sender.refused_words)
    process = order.process or str(told["process"])
    load_process(process, order.machine)
    impersonal = (f"{name}={order.parameters[name]!r}".encode() for name in told["impersonal"])
    one = job or new_id(now)
    key, wrapped = vault.new_key(one)
    plain, made = canonical_and_made(order)
    tenant = sender.tenant.encode()
    return {
        "id": one,
        "tenant": sender.tenant,
        "campaign": campaign,
        "line": line,
        "queue": campaign or sender.tenant,
        "template": order.template,
        "process": process,
        "machine": order.machine,
        "formats": ",".join(formats),
        "quantity": order.quantity,
        "priority": order.priority,
        "due": order.due or NEVER,
        "purpose": order.purpose,
        "legal_basis": order.legal_basis,
        "reference": vault.mark(tenant, order.reference.encode()) if found and order.reference else None,
        "body": vault.mark(tenant, process.encode(), order.template.encode(), *impersonal),
        "same": vault.mark(tenant, made),
        "sealed": seal(key, plain, one.encode()),
        "wrapped": wrapped,
        "state": "queued",
        "version": 1,
        "attempt": 0,
        "strikes": 0,
        "expires": None if told["retention_days"] is None else now + told["retention_days"] * DAY,
        "created": now,
        "updated": now,
    }


def looked_at(data: bytes, words: Sequence[str]) -> Order:
    """An order that is only to be looked at (a quote, a preview), checked as far as it can be without making it."""
    order = parse_order(data)
    no_paths(order)
    told = _fit(order, words)
    load_process(order.process or str(told["process"]), order.machine)
    return order


def _fit(order: Order, words: Sequence[str]) -> Mapping[str, Any]:
    """See service.fitting: here for a template of ours, in a child for a designer's."""
    source = served.outside(order.template)
    if source is None:
        return fit(order, template_of(order.template), words)
    return served.ask(source, "fit_here", order, list(words))  # type: ignore[no-any-return]


def no_paths(order: Order) -> None:
    """OrderError where an input is told by its path."""
    for name, told in order.inputs.items():
        if told.file is not None:
            raise OrderError(f"inputs.{name}.file", "a path is no input here: upload the file, and name its sha256")


def more_problems(told: Mapping[str, Any], cls: type[Template], sender: Sender, *, paths: bool = False) -> list[OrderError]:
    """What `row_from` would find in an order's plain values beyond `engine.language.orders.problems`, each asked alone.

    `paths`: whether inputs may be told by them.
    """
    process, machine = told.get("process") or cls.default_process, told.get("machine")
    texts = told.get("parameters")
    found: list[OrderError] = []
    if isinstance(process, str) and isinstance(machine, str | None):
        found += raised(lambda: load_process(process, machine))
    if isinstance(told.get("inputs"), dict) and not paths:
        for name, entry in told["inputs"].items():
            if isinstance(entry, dict) and entry.get("file") is not None:
                found += raised(lambda: no_paths(Order(cls.key, inputs={name: InputFile("", "mm", file="-")})))  # noqa: B023  # called at once
    if isinstance(texts, dict):
        found += raised(lambda: refuse_words(cls, texts, sender.refused_words))
    return found


def check_formats(formats: Sequence[str]) -> None:
    """OrderError for what a job may not ask for."""
    for name in formats:
        if name not in FORMATS:
            raise OrderError("formats", "is not known", value=name, limit="one of " + ", ".join(FORMATS))
    if not formats:
        raise OrderError("formats", "is empty", limit="one of " + ", ".join(FORMATS))
