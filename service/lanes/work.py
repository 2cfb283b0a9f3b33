"""What a lane does: a chunk of orders becomes products, sealed into one pack. Runs in the child; sees orders, never the store."""

from __future__ import annotations

import errno
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.doors.child_server import unit
from engine.drift import charted, chosen
from engine.errands import template_of
from engine.errors import ChildFault, EngineFault, EnvironmentFault, InputError, OrderError, TemplateError
from engine.export.papers import serials
from engine.language.charted import OF_CHART
from engine.language.orders import parse_order
from engine.language.shelf import code_hash
from engine.language.template import Home, Template
from engine.make import Workshop, make
from engine.model.order import Order, Product
from engine.model.places import cache_folder, charts_folder
from engine.shape import glyphs
from engine.sweep.warm import warm as warm_kernels
from service.artifacts import packs_at
from service.handing import taken
from service.lanes.lent import Sealed
from service.lanes.room import Room
from service.lanes.unit import PACK, PACKING, Unit
from service.packs import Packs
from service.vault import Unreadable, seal, unseal

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM)
"""What the machine lacks, and no unit is guilty of."""


@dataclass
class Bench:
    """What a lane keeps warm, of each template."""

    shops: dict[str, Workshop] = field(default_factory=dict)
    classes: dict[str, type[Template]] = field(default_factory=dict)
    room: Room = field(default_factory=Room)

    def of(self, source: Mapping[str, str], lent: Sealed | None = None) -> tuple[type[Template], Workshop]:
        """The template and its workshop. `lent`: where other machines' bodies lie."""
        name = repr(sorted(source.items()))
        if name not in self.classes:
            self.classes[name] = template_of(source)
        if name not in self.shops or not self.shops[name].home.holds:
            self.shops[name] = Workshop(Home(cache_folder() / "bodies", charts_folder(), lent), announce=None)
        return self.classes[name], self.shops[name]


_bench = Bench()


def warm() -> None:
    """In the server that lanes are forked from: imports and kernels are there before the first order."""
    warm_kernels()


def chunk(units: Sequence[Mapping[str, Any]], folder: str, pack: str, bodies: bytes | None = None) -> list[dict[str, Any]]:
    """How each unit ended, in their order, `ms` (of the lane) and `cpu_ms` with each; what was made lies in the pack of that name.
    `bodies`: the key of those that all machines of a fleet share.

    Before each unit its id is announced with its deadline, so that a death is laid to it alone. State `struck`: it is to be
    tried once more. EnvironmentFault: the machine lacks something, and all of the chunk is.
    """
    ended: list[dict[str, Any]] = []
    lent = None if bodies is None else Sealed(packs_at(folder), bodies)
    room = _bench.room
    room.clear()
    for told in units:
        one = Unit(**told)
        unit(one.id, one.seconds)
        begun, cpu = time.monotonic(), time.process_time()
        answer, files, hashes = _unit(one, packs_at(folder), lent)
        answer["files"] = {
            name: [*room.seal(one.key, data, f"{one.id}/{name}".encode()), len(data), hashes[name]]
            for name, data in files.items()
        }
        answer["cpu_ms"] = round(1000.0 * (time.process_time() - cpu), 3)
        answer["ms"] = round(1000.0 * (time.monotonic() - begun), 3)
        ended.append(answer)
    if room.used:
        unit(PACK, PACKING)
        with room.sealed() as sealed:
            packs_at(folder).put(pack, [sealed])
    return ended


def _unit(one: Unit, packs: Packs, lent: Sealed | None = None) -> tuple[dict[str, Any], Mapping[str, bytes], Mapping[str, str]]:
    """The answer, the files and their sha256 of one unit; what is the order's or the template's own fault is an answer, too."""
    try:
        order = order_of(one)
        inputs = taken(one.inputs, packs)
    except Unreadable as error:
        return _wrong(one, "failed", "unreadable", str(error))
    except OrderError as error:
        return _wrong(one, "failed", "order", error.for_sender())
    try:
        cls, shop = _bench.of(one.source, lent)
        equal = None if one.same is None else (one.tenant, one.same)
        served, asked, drawn = shop.equals.served, glyphs.seen.asked, glyphs.seen.made
        product = make(order, cls, formats=one.formats, workshop=shop, equal=equal, inputs=inputs)
    except OrderError as error:
        return _wrong(one, "failed", "order", error.for_sender())
    except InputError as error:
        return _wrong(one, "failed", "input", error.for_sender())
    except TemplateError as error:
        return _wrong(one, "failed", "template", error.for_sender())
    except EnvironmentFault as error:
        return _wrong(one, "failed", "installation", str(error))
    except EngineFault as error:  # a promise of ours did not hold, or a child of this lane's died
        return {"id": one.id, "state": "struck", "reason": error.kind if isinstance(error, ChildFault) else "error"}, {}, {}
    except OSError as error:
        if error.errno in FULL:
            raise EnvironmentFault(f"a lane cannot work: {error.strerror}") from None
        raise
    made, told = product.report.verdict == "printable", production(order, cls, product)
    answer: dict[str, Any] = {
        "id": one.id,
        "state": "done" if made else "refused",
        "verdict": product.report.verdict,
        "reason": None if made else reason(product),
        "production": told,
        "serials": told["serials"],
        "hits": _hits(product, shop.equals.served - served, glyphs.seen.asked - asked, glyphs.seen.made - drawn),
    }
    stages = chosen(product.artifacts, told["files"], one.check_one_in)
    if stages:
        answer["bodies"] = charted(product, cls, shop.home, stages)
    return answer, product.files, product.hashes


def _hits(product: Product, equals: int, asked: int, drawn: int) -> dict[str, int]:
    """What was at hand for a unit and what was not, as service.store.telling counts it: nothing of what was ordered."""
    told = {"equals": equals, "glyphs_kept": asked - drawn, "glyphs_drawn": drawn}
    if not equals:
        kept = {stage["name"]: stage["hit"] for stage in product.report.figures.get("stages", ())}
        for name in product.artifacts:
            if not name.endswith(OF_CHART):
                by = "kept" if kept.get(name) else "chart" if f"{name}{OF_CHART}" in product.artifacts else "cad"
                told[f"bodies_{by}"] = told.get(f"bodies_{by}", 0) + 1
    return told


def order_of(one: Unit) -> Order:
    """The order that a unit holds."""
    return parse_order(unseal(one.key, one.sealed, one.id.encode()))


def _wrong(one: Unit, state: str, reason: str, told: str) -> tuple[dict[str, Any], dict[str, bytes], dict[str, str]]:
    return {"id": one.id, "state": state, "reason": reason, "told": seal(one.key, told.encode(), b"told")}, {}, {}


def reason(product: Product) -> str:
    """The code of the first error: a word of ours, never a value."""
    errors = [f.code for f in product.report.findings if f.severity == "error"]
    return errors[0] if errors else product.report.verdict


def production(order: Order, cls: type[Template], product: Product) -> dict[str, Any]:
    """What stays when all that is personal has been erased: what was made, by which code, with which verdict."""
    return {
        "template": cls.key,
        "version": cls.version,
        "code_sha256": code_hash(cls),
        "process": product.process.key,
        "machine": product.process.machine.key,
        "verdict": product.report.verdict,
        "serials": serials(order) if product.report.verdict == "printable" else [],
        "files": {name: digest for name, digest in sorted(product.hashes.items()) if name.startswith("model")},
    }
