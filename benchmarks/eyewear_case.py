"""Eyewear: front and temples with and without a name against CadQuery's, validated, and a whole order: cases of `product`.

Every order is another face's and nothing made for one serves another. The CadQuery baseline is pinned: PINNED is its file's sha256.
"""

from __future__ import annotations

import functools
import hashlib
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.enclosed import area, corners, volume
from benchmarks.harness import Case
from benchmarks.peers import cadquery_eyewear
from benchmarks.peers.cadquery_case import TOLERANCE_MM, Lettering
from benchmarks.peers.cadquery_eyewear import Inside
from engine.language.judge import run_fits
from engine.language.orders import accept
from engine.language.template import Home, Run
from engine.make import Workshop, make
from engine.model.order import Measurement, Order, Product
from engine.process.limits import load_process
from engine.shape import fonts
from templates.eyewear import Eyewear, lettering
from templates.eyewear.fields import SHAPES

PINNED = "42234751632bf5604d3930b5fcbe28bfb3fe2b0e518e0caa5e929ea180f78436"
"""sha256 of benchmarks/peers/cadquery_eyewear.py: whoever tunes it further writes the new one here."""
GOAL_NAMED, GOAL = 1000.0, 200.0
VALIDATED_MS, ORDERED_MS = 60.0, 120.0
NAMES = ("Zoé", "Maximilian", "Łucja", "Bo", "Charlotte")
FACES = 40
PLATES = ("front", "left", "right")
SAME_MM, SAME_INK = 0.1, 0.05
"""Ink relative: our letters are made printable before they are cut, CadQuery's are cut as they are, and OCCT does not kern. Its chords are
relative to each edge, so sizes differ by more than a chord."""


def baseline_sha256() -> str:
    """The sha256 of the CadQuery baseline as it is here."""
    return hashlib.sha256(pathlib.Path(cadquery_eyewear.__file__).read_bytes()).hexdigest()


def cases() -> list[Case]:
    """The cases."""
    orders = range(FACES)
    bare = functools.partial(_ours, lettered=False)
    return [
        Case(
            "eyewear: front and temples with a name, geometry", _ours, _agree, {"CadQuery": _theirs}, orders,
            {"CadQuery": GOAL_NAMED}, note=lambda: f"{sum(len(p.mesh.faces) for p in _ours(0)):,} triangles, another face each time",
        ),
        Case(
            "eyewear: front and temples, geometry", bare, list, {"CadQuery": functools.partial(_theirs, lettered=False)},
            orders, {"CadQuery": GOAL}, note=lambda: "compared in the case before it",
        ),
        Case("eyewear: one with a name, validated", _make, lambda: _printable(_make), inputs=orders, most_ms=VALIDATED_MS),
        Case(
            "eyewear: order to 3MF and thumbnail", functools.partial(_make, formats=("3mf", "png")), lambda: _printable(_make),
            inputs=orders, most_ms=ORDERED_MS,
        ),
    ]  # fmt: skip


def _order(k: int) -> Order:
    pd = 56.0 + 0.35 * k
    told = {"pd": Measurement(pd, "mm"), "face_width": Measurement(pd / (0.435 + 0.001 * (k % 20)), "mm")}
    shape = [*SHAPES][k % len(SHAPES)]
    return Order("eyewear", parameters={"name": NAMES[k % len(NAMES)], "shape": shape}, measurements=told)


def _template(k: int) -> Any:
    values, origins = accept(_order(k), Eyewear)
    template = Eyewear(Run(Eyewear, values, origins, load_process(Eyewear.default_process).flat(), home=None))
    run_fits(template)
    return template


def _ours(k: int, lettered: bool = True) -> Any:
    template = _template(k)
    return template.product() if lettered else [template.front(), template.left_bare(), template.right_bare()]


def _theirs(k: int, lettered: bool = True) -> Any:
    template = _template(k)
    plates = [template._front_told(), *(template._temple_told(side) for side in PLATES[1:])]
    said = [None, *(_inside(template, side) if lettered else None for side in PLATES[1:])]
    return cadquery_eyewear.drawn(plates, said)


def _inside(template: Any, side: str) -> Inside:
    """As `lettering.letters` has it, along the face from the middle that the temple is rolled from."""
    text, bar = template.said(side), template.bar(side)
    height = lettering.capital(text, bar)
    begin, _ = lettering.room(bar)
    across, _ = text.size(height=height, font=lettering.FONT)
    at = begin + 0.5 * (across + lettering.SPACED * height * len(str(text)))
    turn = np.radians(-bar.pitch)
    x, y = lettering.FULL + (at - lettering.FULL) * np.cos(turn), (at - lettering.FULL) * np.sin(turn)
    font = fonts.load(lettering.FONT)
    how = Lettering(height * fonts.EM / font.cap_height, height, 0.0, 0.0, lettering.DEPTH, str(fonts.path(font.info)))
    return Inside(str(text), how, x if side == "right" else -x, float(y), -bar.pitch if side == "right" else bar.pitch)


def _agree() -> Sequence[str]:
    """The baseline is the pinned one; each part is the same body, but for CadQuery's chords, of one size, with the same ink in it."""
    wrong = [] if baseline_sha256() == PINNED else [f"the CadQuery baseline is not the pinned one: {baseline_sha256()}"]
    for k in (0, 8):
        template, solids = _template(k), _theirs(k)
        for name, part, solid in zip(PLATES, _ours(k), solids, strict=True):
            one, other = corners(part), cadquery_eyewear.triangles(solid)
            apart = np.abs(np.ptp(one.reshape(-1, 3), axis=0) - np.ptp(other.reshape(-1, 3), axis=0)).max()
            ours, theirs = volume(one), volume(other)
            if abs(ours - theirs) > 2.0 * TOLERANCE_MM * area(one) or apart > SAME_MM:
                wrong.append(f"{k}, {name}: {ours:.1f} mm3, CadQuery {theirs:.1f}; sizes {apart:.3f} mm apart")
            if name == "front":
                continue
            # by the letters' floors: what they take of the mesh is hidden by the new chords of the face round them
            floor = part.mesh.faces[part.patches["back.floor"].faces]
            taken = area(part.mesh.points[floor]) * lettering.DEPTH
            drawn = cadquery_eyewear.ink(template._temple_told(name), _inside(template, name))
            if abs(taken - drawn) > SAME_INK * drawn:
                wrong.append(f"{k}, {name}: {taken:.2f} mm3 engraved, CadQuery {drawn:.2f}")
    return wrong


@functools.cache
def _shop() -> Workshop:
    return Workshop(Home())


def _make(k: int, formats: tuple[str, ...] = ()) -> Product:
    return make(_order(k), Eyewear, formats=formats, workshop=_shop())


def _printable(made: Any) -> Sequence[str]:
    return [f"{k}: {told}" for k in (0, 9, 21) if (told := made(k).report.verdict) != "printable"]
