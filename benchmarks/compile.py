"""The subject `compile`: bodies from charts against CadQuery's own; whole orders with everything changed.

Charts are those that the templates' packages bring and those in the cache (`unikat compile`). CadQuery draws the very body of the
template (templates/phone_case/body.py is plain, tuned CadQuery) and cuts the name as the pinned baseline does.
"""

from __future__ import annotations

import functools
import math
import statistics
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from benchmarks import text_case
from benchmarks.harness import Case
from benchmarks.peers import cadquery_case
from benchmarks.product import PINNED, baseline_sha256
from engine.chart.coordinates import taken
from engine.compiling.drawing import Orders
from engine.doors import cad
from engine.equals import Equals
from engine.export import thumbnail
from engine.export.kept import KeptSegments
from engine.language.charted import folders_of
from engine.language.orders import accept
from engine.language.template import Home, Run
from engine.make import Workshop, make
from engine.model.order import Order, Severity
from engine.model.places import cache_folder
from engine.process.limits import load_process
from engine.sweep import sobol
from engine.verify.delta import Certificates
from engine.verify.settle import Footings
from kernels import nearest
from templates.phone_case import PhoneCase, body, rules

NAMES = ("Maxine", "Zoé", "Charlotte", "Łukasz", "Sébastien", "José", "Ελένη", "Bo", "Вадим", "Benjamin", "Clara", "Émilie")
VARIED = {
    "lip": (0.8, 1.6, 0.1),
    "grip": (-0.1, 0.1, 0.1),
    "letter_height": (7.0, 9.0, 0.5),
    "depth": (0.3, 0.6, 0.1),
}
"""What changes from order to order, and the name: least, greatest, step, within the box of the chart that comes with the case, and what the rules take (a refusal looks for the nearest
order that would do, and is no order to be timed)."""
FARTHEST_MM = 0.03
LAST_BODY_BYTES = 600_000
"""Room for what a chart's triangles and one body's points were written as, and none for the body before."""
WARMING = 40
"""Orders beside those that are timed, made before: a lane has proved what it can of the charts that it uses all day."""


@dataclass(frozen=True)
class One:
    """An order, what CadQuery draws for it, and where the name goes."""

    order: Order
    plan: Any
    how: cadquery_case.Lettering
    name: str


@dataclass
class Bench:
    """Orders that differ in everything, and the workshop that makes them. Of a body, or what was made of it, nothing is remembered from one
    order to the next: the chart that comes with the case has few enough for some to come again. What is known of the chart is."""

    orders: list[One]
    shop: Workshop
    segments: KeptSegments = field(default_factory=lambda: KeptSegments(LAST_BODY_BYTES))
    steps: list[dict[str, float]] = field(default_factory=list)
    tiers: Counter[str] = field(default_factory=Counter)

    def make(self, one: One, formats: Sequence[str] = ("3mf", "png")) -> Any:
        """An order to its product."""
        thumbnail.forget()
        shop = replace(
            self.shop, home=_home(), segments=self.segments, footings=Footings(), certificates=Certificates(), equals=Equals()
        )
        made = make(one.order, PhoneCase, formats=formats, workshop=shop, keep_refused=True)
        self.steps.append(dict(made.report.figures["road_cpu_ms"]))
        self.tiers[str(made.report.figures.get("tier"))] += 1
        return made


def _cadquery() -> Any:
    import cadquery

    return cadquery


def _home() -> Home:
    return Home(None, cache_folder() / "charts")


def _run(order: Order, home: Home) -> PhoneCase:
    values, origins = accept(order, PhoneCase)
    return PhoneCase(
        Run(PhoneCase, values, origins, load_process(order.process or PhoneCase.default_process).flat(), home=home)
    )


@functools.cache
def bench(count: int = 120) -> Bench:
    """Sobol orders over all that a customer may turn, those that the rules take."""
    text_case.warm()
    cad.warm()
    orders, found = Orders(PhoneCase), []
    for k, point in enumerate(sobol.points(4 * (count + WARMING), len(VARIED), 5)):
        grids = zip(VARIED.items(), point, strict=True)
        changes = {
            name: round(low + step * int(u * (round((high - low) / step) + 1)), 3) for (name, (low, high, step)), u in grids
        }
        name = f"{NAMES[k % len(NAMES)]} {k % 97}"
        template = orders.template({**changes, "name": name})
        if template is None:
            continue
        plan = template.plan()
        x, y = rules.text_centre(plan, template.text_x, template.text_y)
        how = text_case.lettering(str(template.font), float(template.letter_height), (-x, y), float(template.depth))
        found.append(One(Order(PhoneCase.key, parameters={**changes, "name": name}), plan, how, name))
        if len(found) == count + WARMING:
            break
    made = Bench(found[:count], Workshop(_home()))
    for one in found[count:]:
        made.make(one)
    made.steps.clear()
    made.tiers.clear()
    return made


def cases() -> list[Case]:
    """A body, then an order with everything changed as far as its geometry, its verdict, its files."""
    return [_body(), _bodies(), _geometry(), _validated(), _files()]


# --- a body


def _chart_of(one: One) -> tuple[Any, list[float]]:
    """The chart that serves an order's body, and the body's coordinates."""
    template = _run(one.order, _home())
    for folder in folders_of(template.run, "shell"):
        inputs = [(n, template.run.read(n)) for n in folder.direct] + [(n, getattr(template, n)()) for n in folder.stages]
        values, structure = taken(inputs)
        chart = folder.find(values, structure)
        if chart is not None:
            return chart, values
    raise LookupError("no chart covers the default phone: uv run unikat compile phone-case --defaults")


def _body() -> Case:
    known = [(one, *_chart_of(one)) for one in bench().orders[:60]]

    def ours(one: tuple[One, Any, list[float]]) -> Any:
        made = one[1].at(one[2])
        return made, made.patches

    def agree() -> list[str]:
        wrong = []
        for one in known[:3]:
            (made, _), (points, faces) = ours(one), _meshed(_drawn(one[0]))
            there = float(nearest.distances(points, faces, made.mesh.points).max())
            back = float(nearest.distances(made.mesh.points, made.mesh.faces, points).max())
            # a node lies on the B-rep, so that it is as far from the other triangles as their chords are, at most
            if max(there, back) > FARTHEST_MM + 2.0 * cad.TOLERANCE_MM:
                wrong.append(f"{max(there, back):.4f} mm apart")
        return wrong

    return Case(
        "a phone case's body from its chart",
        ours,
        agree,
        {"CadQuery, the same body": lambda one: _meshed(_drawn(one[0]))},
        known,
        most_ms=0.3,
        note=lambda: f"{len(known[0][1].faces):,} triangles; {len(known[0][1].pivots)} numbers",
    )


TOGETHER = 64


def _bodies() -> Case:
    found = [_chart_of(one) for one in bench().orders[:TOGETHER]]
    chart, values = found[0][0], [own for _, own in found]

    def agree() -> list[str]:
        wrong = [] if {own.sha256 for own, _ in found} == {chart.sha256} else ["not of one chart"]
        for made, own in zip(chart.at_all(values), values, strict=True):
            if _told(made) != _told(chart.at(own)):
                wrong.append(f"{own}: not byte for byte the body made alone")
        return wrong

    def each(_: None) -> Any:
        return [chart.at(own) for own in values]

    return Case(
        f"{TOGETHER} bodies of a phone case from one chart, a unit",
        lambda _: chart.at_all(values),
        agree,
        {"each alone": each},
        goals={"each alone": 3.0},
        units=TOGETHER,
        note=lambda: f"{len(chart.faces):,} triangles; {len(chart.pivots)} numbers",
    )


def _told(made: Any) -> tuple[Any, ...]:
    """All of a body, as bytes and words."""
    patches = [(name, patch.faces.tobytes(), patch.plane) for name, patch in made.patches.items()]
    return made.mesh.points.tobytes(), made.mesh.faces.tobytes(), made.artifact, made.mesh.member.at.tobytes(), patches


def _drawn(one: One) -> Any:
    return body.build(_cadquery(), one.plan)[0]


def _meshed(solid: Any) -> tuple[Any, Any]:
    """OCCT's own mesh as arrays, by the fastest way out of it."""
    lattice, faces, _, _ = cad.meshed(
        solid.wrapped, cad.faces_of(solid.wrapped), cad.TOLERANCE_MM, math.radians(cad.ANGLE_DEGREES)
    )
    return lattice / 1e4, faces


# --- whole orders


def _by_cadquery(one: One) -> Any:
    return cadquery_case.engraved(_drawn(one), one.name, one.how)


def _agree_on(count: int) -> list[str]:
    """The pinned baseline, the same volume, and no order refused."""
    import trimesh

    warm, wrong = bench(), []
    if baseline_sha256() != PINNED:
        wrong.append(f"benchmarks/peers/cadquery_case.py is not the pinned one: {baseline_sha256()}")
    for one in warm.orders[:count]:
        made = warm.make(one)
        mesh = made.parts[0]
        ours = abs(trimesh.Trimesh(mesh.points, mesh.faces, process=False).volume)
        points, faces = _meshed(_by_cadquery(one))
        theirs = abs(trimesh.Trimesh(points, faces, process=False).volume)
        if abs(ours / theirs - 1.0) > 1e-3:
            wrong.append(f"{ours:.2f} mm3, CadQuery {theirs:.2f}")
        if made.report.figures["tier"] != "chart":
            wrong.append(f"made by {made.report.figures['tier']}, not by a chart")
        if any(f.severity is Severity.ERROR and f.code != "thin-wall" for f in made.report.findings):
            wrong.append(f"refused: {sorted({f.code for f in made.report.findings})}")
    return wrong


def _geometry() -> Case:
    def ours(one: One) -> Any:
        return _run(one.order, _home()).case()

    return Case(
        "everything changed and a name: geometry",
        ours,
        lambda: _agree_on(3),
        {"CadQuery": lambda one: _meshed(_by_cadquery(one))},
        bench().orders,
        {"CadQuery": 500.0},
    )


def _validated() -> Case:
    return Case(
        "everything changed and a name: validated",
        lambda one: bench().make(one, ()),
        lambda: _agree_on(1),
        {"CadQuery, geometry alone": lambda one: _meshed(_by_cadquery(one))},
        bench().orders,
        {"CadQuery, geometry alone": 200.0},
    )


def _files() -> Case:
    warm = bench()

    def note() -> str:
        steps = {step: statistics.median(told.get(step, 0.0) for told in warm.steps) for step in warm.steps[-1]}
        return (
            "of it: "
            + ", ".join(f"{s} {ms:.2g}" for s, ms in sorted(steps.items(), key=lambda i: -i[1]) if ms >= 0.005)
            + " ms"
        )

    return Case(
        "everything changed and a name: order to 3MF and thumbnail",
        warm.make,
        lambda: _agree_on(1),
        {"CadQuery and its exporter": lambda one: cadquery_case.to_3mf(_by_cadquery(one))},
        warm.orders,
        {"CadQuery and its exporter": 150.0},
        20.0,
        note,
    )
