"""What a lane does for G-code: the order is made once more, sliced through the slicer's door, accepted or not, and sealed in a pack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.doors.child_server import unit
from engine.errands import template_of
from engine.errors import ChildFault, EnvironmentFault, UnikatError
from engine.export.gcode import NotAsOrdered
from engine.export.papers import sha256
from engine.make import Workshop, make
from service.artifacts import packs_at
from service.handing import taken
from service.lanes.unit import Unit
from service.lanes.work import order_of
from service.vault import seal


def gcode(told: Mapping[str, Any], folder: str, pack: str) -> dict[str, Any]:
    """{"files": {name: [offset, bytes, plain bytes, sha256]}} of a pack that it wrote, or {"reason": a code, "strike": may it be tried again}.

    Nothing of the order is remembered: the workshop is new, and only bodies that are nobody's own come from the disk.
    """
    one = Unit(**told)
    unit(one.id, one.seconds)
    try:
        order, cls, shop = order_of(one), template_of(one.source), Workshop(announce=None)
        inputs = taken(one.inputs, packs_at(folder))
        product = make(order, cls, formats=("gcode",), workshop=shop, inputs=inputs)
    except NotAsOrdered:
        return {"reason": "not-as-ordered", "strike": False}
    except ChildFault as fault:
        return {"reason": f"slicer-{fault.kind}", "strike": True}
    except EnvironmentFault:
        return {"reason": "installation", "strike": False}
    except UnikatError as error:
        return {"reason": type(error).__name__.removesuffix("Error").lower(), "strike": False}
    found = {name: data for name, data in product.files.items() if name.endswith(".gcode")}
    if not found:
        return {"reason": product.report.verdict, "strike": False}
    sealed = [seal(one.key, data, f"{one.id}/{name}".encode()) for name, data in found.items()]
    offsets = packs_at(folder).put(pack, sealed)
    places = zip(offsets, found.items(), sealed, strict=True)
    return {"files": {name: [at, len(shut), len(data), sha256(data)] for at, (name, data), shut in places}}
