"""A name into the exact faces of a phone case, for STEP: wires as holes of the face, against OCCT's Boolean with the same prisms.

Both start from the same drawn and meshed body and the same outline, and end with a B-rep; its check, which either needs, is in neither.
The Boolean is set as in `benchmarks.peers.cadquery_case`. Volumes, areas and numbers of faces are compared.
"""

from __future__ import annotations

import functools
import math
import time
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.harness import Case
from engine.doors import cad, cad_stamp, cad_step
from engine.doors.cad_built import accepted
from engine.language.orders import accept
from engine.language.template import Run
from engine.language.values import Solid, Tagged
from engine.model.mesh import STEPS_PER_MM
from engine.model.order import Order
from engine.model.stamped import Placed
from engine.process.limits import load_process
from engine.shape.replay import replay
from engine.shape.text import outline
from templates.phone_case import PhoneCase, body, rules

NAMES = ("Zoé", "Maxine", "Bo 80", "Łukasz", "Ελένη", "Sébastien", "Вадим")
DEPTH_MM = 0.6


@dataclass(frozen=True, eq=False)
class Drawn:
    """The case as OCCT has it, its tagged faces, the same as a mesh, where a name goes (mm), and what drawing it took (CPU ms)."""

    solid: Any
    tags: dict[str, list[Any]]
    mesh: Solid
    at: tuple[float, float]
    cpu_ms: float


def draw(plan: Any, cq: Any) -> Tagged:
    """The template's own body."""
    made, back, floor = body.build(cq, plan)
    return Tagged(made, {"back": back, "floor": floor})


@functools.cache
def drawn() -> Drawn:
    """Drawn here, in this process."""
    cad.warm()
    values, origins = accept(Order("phone-case", parameters={"name": ""}), PhoneCase)
    template = PhoneCase(Run(PhoneCase, values, origins, load_process(PhoneCase.default_process).flat(), home=None))
    turn = math.radians(cad.ANGLE_DEGREES)
    solid, tags, told = cad.drawn("benchmarks.step_case:draw", template.plan(), cad.TOLERANCE_MM, turn, "phone-case", "shell")
    built = accepted(told)
    return Drawn(solid, tags, Solid(built.mesh, built.patches), rules.text_centre(template.plan(), 0.0, 0.0), built.cpu_ms)


@functools.cache
def placed(name: str) -> Placed:
    """The name on the back."""
    base = drawn().mesh
    made = base.engrave(outline(name, font="roboto-bold", height=9.0, at=drawn().at), on="back", depth=DEPTH_MM)
    again = replay(base.mesh, base.patches, made.stamps)
    if again is None:
        raise ValueError(f"{name} does not go on the back")
    return again.placed[0]


def ours(name: str) -> Any:
    """The stamped B-rep."""
    return cad_stamp.carved(drawn().solid, drawn().tags, [placed(name)])


def boolean(name: str) -> Any:
    """The same by one cut with all letters' prisms."""
    from cadquery.occ_impl.shapes import Solid as Prism
    from cadquery.occ_impl.shapes import Vector, Wire, compound
    from OCP.BRepAlgoAPI import BRepAlgoAPI_Cut
    from OCP.TopTools import TopTools_ListOfShape

    stamp, (origin, x, y, normal) = placed(name).stamp, placed(name).frame
    loops = np.split(stamp.outline.points / STEPS_PER_MM, stamp.outline.ends[:-1])
    wires = [Wire.makePolygon([Vector(*(origin + u * x + v * y)) for u, v in loop], close=True) for loop in loops]
    within = placed(name).within.tolist()
    outer = [k for k, own in enumerate(within) if own < 0]
    down = Vector(*(-stamp.depth * normal))
    prisms = [Prism.extrudeLinear(wires[k], [w for w, own in zip(wires, within, strict=True) if own == k], down) for k in outer]
    cut = BRepAlgoAPI_Cut()
    cut.SetToFillHistory(False)
    cut.SetCheckInverted(False)
    cut.SetUseOBB(True)
    cut.SetRunParallel(False)
    bodies, tools = TopTools_ListOfShape(), TopTools_ListOfShape()
    bodies.Append(drawn().solid)
    tools.Append(compound(prisms).wrapped)
    cut.SetArguments(bodies)
    cut.SetTools(tools)
    cut.Build()
    return cut.Shape()


def agree() -> list[str]:
    """Both are valid, of one volume, one area, and as many faces."""
    from cadquery.occ_impl.shapes import Shape

    wrong = []
    for name in NAMES:
        one, two = Shape.cast(ours(name)), Shape.cast(boolean(name))
        if not (one.isValid() and two.isValid()):
            wrong.append(f"{name}: valid {one.isValid()}, the Boolean's {two.isValid()}")
        told = [(s.Volume(), s.Area(), len(s.Faces())) for s in (one, two)]
        if not np.allclose(told[0], told[1], rtol=1e-9, atol=0.0):
            wrong.append(f"{name}: volume, area, faces {told[0]}, the Boolean's {told[1]}")
    return wrong


def note() -> str:
    """What stands beside it."""
    spent = dict[str, float]()

    def timed(what: str, call: Any) -> Any:
        started = time.process_time()
        made = call()
        spent[what] = 1000.0 * (time.process_time() - started)
        return made

    made = ours(NAMES[0])
    timed("BRepCheck", lambda: cad_stamp.stamped(drawn().solid, drawn().tags, [placed(NAMES[0])]))
    timed(
        "triangles to weigh it by",
        lambda: cad.meshed(made, cad.faces_of(made), cad.TOLERANCE_MM, math.radians(cad.ANGLE_DEGREES)),
    )
    timed("STEP", lambda: cad_step.step_text(made))
    told = ", ".join(f"{what} {ms:.0f}" for what, ms in spent.items())
    return f"beside drawing and meshing the body, {drawn().cpu_ms:.0f} ms; after it: {told} ms"


def case() -> Case:
    """Ours against the Boolean."""
    return Case(
        "a name into the exact back of a phone case",
        ours,
        agree,
        {"OCCT's Boolean": boolean},
        NAMES,
        {"OCCT's Boolean": 10.0},
        20.0,
        note,
    )
