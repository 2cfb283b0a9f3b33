"""A new name on a warm phone case: the whole road, and each of its costly steps alone, against CadQuery and against ourselves cold.

Names are never the same twice within a run, so nothing made for one serves another; the body, the font's letters and what was
kept of both are warm, as they are in a running service. The CadQuery baseline is pinned: PINNED is its file's sha256.
"""

from __future__ import annotations

import functools
import hashlib
import io
import pathlib
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks import curved, eyewear_case, insole_case, letters_case, scripts_case, step_case, text_case
from benchmarks.harness import Case
from benchmarks.peers import cadquery_case
from engine.export import thumbnail as pictures
from engine.export.identity import Identity, identity_of
from engine.export.kept import KeptSegments
from engine.export.threemf import write as write_3mf
from engine.language.orders import accept
from engine.language.template import Home, Run
from engine.make import Workshop, make
from engine.model.mesh import Settled
from engine.model.order import Order, Product, Severity
from engine.process.limits import load_process
from engine.shape.stamp import Stamped, stamp, stamp_by_csg
from engine.shape.text import outline
from engine.verify.checks import verify
from engine.verify.delta import Certificates
from kernels import outlines
from templates.phone_case import PhoneCase, body, rules

PINNED = "44ecca41ab2ae7e08b4942acf71b4b1cdb6bbcf5ad73eef7e375e362f5f6fdef"
"""sha256 of benchmarks/peers/cadquery_case.py: whoever tunes it further writes the new one here."""

FIRST = (
    "Maxine",
    "Zoé",
    "Charlotte",
    "Łukasz",
    "Sébastien",
    "José",
    "Ελένη",
    "Bo",
    "Вадим",
    "Benjamin",
    "Clara",
    "Émilie",
)
NAMES = tuple(f"{name} {letter}" for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" for name in FIRST)
PICTURED = "samsung-galaxy-s25-ultra"
SAME_VOLUME = 1e-6
SAME_INK = 0.02
"""Relative: CadQuery's chords are others than ours, and OCCT does not kern."""


def baseline_sha256() -> str:
    """The sha256 of the CadQuery baseline as it is here."""
    return hashlib.sha256(pathlib.Path(cadquery_case.__file__).read_bytes()).hexdigest()


@dataclass
class Bench:
    """The warm workshop, the body in both worlds, and what each step of the road cost in the orders made so far."""

    shop: Workshop
    plain: Product
    drawn: Any
    lettering: cadquery_case.Lettering
    steps: list[dict[str, float]]

    def ours(self, name: str) -> bytes:
        """An order to the bytes of its 3MF."""
        made = self.make(name)
        self.steps.append(dict(made.report.figures["road_cpu_ms"]))
        return made.files["model.3mf"]

    def make(self, name: str, phone: str | None = None) -> Product:
        """An order to its product, 3MF alone; without a phone, the default's."""
        parameters = {"name": name} if phone is None else {"name": name, "phone": phone}
        return make(
            Order("phone-case", parameters=parameters), PhoneCase, formats=("3mf",), workshop=self.shop, keep_refused=True
        )

    def cadquery(self, name: str) -> bytes:
        """The same by CadQuery."""
        return cadquery_case.order(self.drawn, name, self.lettering)

    def where(self) -> str:
        """The median of each step of the road, of the orders that were timed."""
        steps = {step: statistics.median(told.get(step, 0.0) for told in self.steps) for step in self.steps[-1]}
        told = ", ".join(f"{step} {ms:.2g}" for step, ms in sorted(steps.items(), key=lambda item: -item[1]) if ms >= 0.005)
        return f"{len(self.plain.parts[0].faces):,} triangles without the name; of it: {told} ms"


@functools.cache
def bench() -> Bench:
    """Draw the body for both, make every letter once."""
    order = Order("phone-case", parameters={"name": ""})
    shop = Workshop(Home())
    plain = make(order, PhoneCase, formats=("3mf",), workshop=shop)
    values, origins = accept(order, PhoneCase)
    template = PhoneCase(Run(PhoneCase, values, origins, load_process(PhoneCase.default_process).flat(), home=None))
    solid, _, _ = body.build(_cadquery(), template.plan())
    x, y = rules.text_centre(template.plan(), template.text_x, template.text_y)
    text_case.warm()
    how = text_case.lettering(str(template.font), float(template.letter_height), (-x, y), float(template.depth))
    made = Bench(shop, plain, cadquery_case.warm_body(solid), how, [])
    for name in NAMES[: len(FIRST)]:
        made.make(f"{name} 0")
    return made


def _cadquery() -> Any:
    import cadquery

    return cadquery


def cases() -> list[Case]:
    """The road, text, picture, 3MF, stamp flat, curved and exact, checks."""
    text = [_text(), *_scripts(), *letters_case.cases()]
    steps = [_picture_known(), _picture_new(), _splice(), _stamp(), curved.case(), step_case.case(), _verify()]
    return [_road(), *text, *steps, *insole_case.cases(), *eyewear_case.cases()]


# --- the whole road


def _road() -> Case:
    warm = bench()
    return Case(
        "a new name on a warm body, order to 3MF bytes",
        warm.ours,
        _agree_road,
        {"CadQuery": warm.cadquery},
        NAMES,
        {"CadQuery": 200.0},
        6.0,
        warm.where,
    )


def _agree_road() -> list[str]:
    """The baseline is the pinned one; both files hold the same body with the same ink in it, of the same size."""
    warm, wrong = bench(), []
    if baseline_sha256() != PINNED:
        wrong.append(f"benchmarks/peers/cadquery_case.py is not the pinned one: {baseline_sha256()}")
    whole, box = _measured(cadquery_case.to_3mf(warm.drawn))
    plain, bounds = _measured(warm.plain.files["model.3mf"])
    if abs(whole / plain - 1.0) > 1e-3 or np.abs(box - bounds).max() > 0.05:
        wrong.append(f"bodies differ: {plain:.2f} mm3 {bounds}, CadQuery {whole:.2f} mm3 {box}")
    for name in NAMES[:4]:
        made = warm.make(name)
        ours, size = _measured(made.files["model.3mf"])
        theirs, other = _measured(warm.cadquery(name))
        errors = {f.code for f in made.report.findings if f.severity is Severity.ERROR}
        if errors:
            wrong.append(f"{name}: refused")
        if abs(ours / theirs - 1.0) > 1e-3 or np.abs(size - other).max() > 0.05:
            wrong.append(f"{name}: {ours:.2f} mm3 {size}, CadQuery {theirs:.2f} mm3 {other}")
        if abs((plain - ours) / (whole - theirs) - 1.0) > SAME_INK:
            wrong.append(f"{name}: {plain - ours:.3f} mm3 engraved, CadQuery {whole - theirs:.3f}")
    return wrong


def _measured(model: bytes) -> tuple[float, Any]:
    """Volume (mm3) and size (mm, by axis) of what a 3MF holds, read by trimesh."""
    import trimesh

    mesh = trimesh.load(io.BytesIO(model), file_type="3mf").to_mesh()
    return float(abs(mesh.volume)), mesh.extents


# --- its steps


def _text() -> Case:
    text_case.warm()
    return Case(
        "text to outlines",
        text_case.ours,
        lambda: [f"{name}: other ink" for name in text_case.NAMES if not text_case.agree(name)],
        {"CadQuery": text_case.occt, "OCCT, letters kept": text_case.kept},
        text_case.NAMES,
        {"CadQuery": 30.0, "OCCT, letters kept": 30.0},
        note=lambda: "the second is OCCT below CadQuery, keeping its letters as we do, its curves to chords as ours are",
    )


def _scripts() -> list[Case]:
    """Text in eight scripts: to outlines against OCCT, and to a case with the name in it, all scripts and each alone."""
    scripts_case.warm()
    mesh, patches = bench().plain.parts[0].part.mesh, bench().plain.parts[0].part.patches

    def stamped(name: str) -> Stamped:
        return stamp(mesh, patches, "back", scripts_case.ours(name), 0.6)

    def agree(names: Sequence[str]) -> list[str]:
        """Closed, and short of the body by the letters' area times their depth."""
        import trimesh

        whole, wrong = trimesh.Trimesh(mesh.points, mesh.faces, process=False).volume, []
        for name in names:
            letters, made = scripts_case.ours(name), stamped(name).mesh
            other = trimesh.Trimesh(made.points, made.faces, process=False)
            cut = outlines.area(letters.points, letters.ends) / 1e8 * 0.6
            if not other.is_watertight or abs((whole - other.volume) / cut - 1.0) > 1e-3:
                wrong.append(f"{name}: {whole - other.volume:.4f} mm3 cut of {cut:.4f}, closed {other.is_watertight}")
        return wrong

    def case(told: str, names: Sequence[str], most_ms: float) -> Case:
        return Case(f"a string to a stamped case, {told}", stamped, lambda: agree(names), inputs=names, most_ms=most_ms)

    return [
        Case(
            "text to outlines, eight scripts",
            scripts_case.ours,
            scripts_case.differences,
            {"CadQuery": scripts_case.occt},
            scripts_case.EVERY,
            {"CadQuery": 30.0},
            note=lambda: f"CadQuery's letters are right in {', '.join(scripts_case.ALIKE)} alone",
        ),
        case("eight scripts", scripts_case.EVERY, 5.0),
        *(case(script, names, 15.0) for script, names in scripts_case.NAMES.items()),
    ]


@functools.cache
def _named(count: int = 40) -> tuple[Settled, ...]:
    """The settled case with one name after another."""
    return tuple(bench().make(name).parts[0] for name in NAMES[-count:])


@functools.cache
def _pictured(count: int = 40) -> tuple[Settled, ...]:
    """The same for the phone whose case comes nearest to the 15,000 triangles that the picture's goal speaks of."""
    return tuple(bench().make(name, PICTURED).parts[0] for name in NAMES[-count:])


def _picture_known() -> Case:
    return Case(
        "thumbnail of 256 pixels with PNG, a new name on a known body",
        lambda part: pictures.thumbnail([part]),
        _agree_picture,
        inputs=_pictured(),
        most_ms=1.5,
        note=lambda: _triangles(_pictured()),
    )


def _picture_new() -> Case:
    def cold(part: Settled) -> bytes:
        pictures.forget()
        return pictures.thumbnail([part])

    return Case(
        "thumbnail of 256 pixels with PNG, an unknown body",
        cold,
        _agree_picture,
        inputs=_pictured(),
        most_ms=4.0,
        note=lambda: _triangles(_pictured()),
    )


def _triangles(parts: Sequence[Settled]) -> str:
    return f"{int(statistics.median(len(part.faces) for part in parts)):,} triangles"


def _agree_picture() -> list[str]:
    """A known body's picture is the same bytes as an unknown one's."""
    wrong = []
    for part in _pictured()[:4]:
        pictures.forget()
        cold = pictures.thumbnail([part])
        pictures.thumbnail([_pictured()[-1]])
        if pictures.thumbnail([part]) != cold:
            wrong.append("the picture of a known body is another")
    return wrong


def _splice() -> Case:
    cache = KeptSegments()
    told: Identity = identity_of(Order("phone-case"), PhoneCase)

    def warm(part: Settled) -> bytes:
        return write_3mf([part], told, cache=cache)

    def cold(part: Settled) -> bytes:
        return write_3mf([part], told)

    def agree() -> Sequence[str]:
        warm(_named()[0])
        return [f"{i}: other bytes when cold" for i, part in enumerate(_named()[:8]) if warm(part) != cold(part)]

    return Case(
        "3MF, a new name on a known body",
        warm,
        agree,
        {"ourselves, cold": cold},
        _named(),
        most_ms=0.6,
        note=lambda: _triangles(_named()),
    )


def _stamp() -> Case:
    mesh, patches = bench().plain.parts[0].part.mesh, bench().plain.parts[0].part.patches
    drawn = [outline(name, font="roboto-bold", height=9.0, at=(0.0, -24.0)) for name in NAMES[:60]]

    def ours(letters: Any) -> Stamped:
        return stamp(mesh, patches, "back", letters, 0.6)

    def csg(letters: Any) -> Stamped:
        return stamp_by_csg(mesh, patches, "back", letters, 0.6)

    def agree() -> Sequence[str]:
        pairs = [(_volume(ours(letters)), _volume(csg(letters))) for letters in drawn[:8]]
        return [f"{a:.6f} and {b:.6f} mm3" for a, b in pairs if abs(a / b - 1.0) > SAME_VOLUME]

    return Case("stamp: the outline of a name into the body", ours, agree, {"manifold3d": csg}, drawn)


def _volume(made: Stamped) -> float:
    a, b, c = (made.mesh.points[made.mesh.faces[:, i]] for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6.0)


def _verify() -> Case:
    process, known = load_process(PhoneCase.default_process), Certificates()

    def agree() -> Sequence[str]:
        import trimesh

        for part in _named()[:3]:  # a certificate is made when a body comes for the second time
            verify([part], process, known)

        wrong = []
        for part in _named()[:4]:
            _, findings, figures = verify([part], process)
            if verify([part], process, known)[1:] != (findings, figures):
                wrong.append("the verdict on a known body is another than in full")
            other = trimesh.Trimesh(part.points, part.faces, process=False)
            if not other.is_watertight or abs(figures["volume_mm3"] / other.volume - 1.0) > SAME_VOLUME:
                wrong.append(f"volume {figures['volume_mm3']}, trimesh {other.volume}, closed {other.is_watertight}")
            wrong += [f"finding {found.code}" for found in findings if found.severity == "error"]
        return wrong

    return Case(
        "verify: the checks that there are, a new name on a known body",
        lambda part: verify([part], process, known),
        agree,
        {"ourselves, in full": lambda part: verify([part], process)},
        inputs=_named(),
        note=lambda: _triangles(_named()),
    )
