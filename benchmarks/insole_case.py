"""Insoles: one with a name against CadQuery's, validated, and a pair's whole order: cases of `product`.

Every order is another foot's and nothing made for one serves another. The CadQuery baseline is pinned: PINNED is its file's sha256.
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
from benchmarks.peers import cadquery_insole
from benchmarks.peers.cadquery_case import TOLERANCE_MM, Lettering
from engine.language.judge import run_fits
from engine.language.orders import accept
from engine.language.template import Home, Run
from engine.make import Workshop, make
from engine.model.order import Measurement, Order, Product
from engine.process.limits import load_process
from engine.shape import fonts
from templates.insole import Insole, lettering
from templates.insole.bed import heights
from templates.insole.plan import Plan, sections

PINNED = "54d8dfce47e0e3063d966900114205b151d188aaef9d9d07d4f3470b083579a5"
"""sha256 of benchmarks/peers/cadquery_insole.py: whoever tunes it further writes the new one here."""
GOAL = 400.0
VALIDATED_MS, ORDERED_MS = 40.0, 110.0
NAMES = ("Zoé", "Maximilian", "Łucja", "Bo", "Charlotte")
FEET = 40
SAME_MM, SAME_INK = 0.05, 0.02
"""Ink relative: CadQuery's chords are others than ours, and OCCT does not kern."""


def baseline_sha256() -> str:
    """The sha256 of the CadQuery baseline as it is here."""
    return hashlib.sha256(pathlib.Path(cadquery_insole.__file__).read_bytes()).hexdigest()


def cases() -> list[Case]:
    """The cases."""
    orders = range(FEET)
    left, both = (functools.partial(_make, feet=feet) for feet in ("left", "both"))
    return [
        Case(
            "insole: one with a name, geometry", _ours, _agree, {"CadQuery": _theirs}, orders, {"CadQuery": GOAL},
            note=lambda: f"{len(_ours(0).mesh.faces):,} triangles, another foot each time",
        ),
        Case("insole: one with a name, validated", left, lambda: _printable(left), inputs=orders, most_ms=VALIDATED_MS),
        Case(
            "insole: a pair, order to 3MF and thumbnail",
            functools.partial(_make, feet="both", formats=("3mf", "png")),
            lambda: _printable(both),
            inputs=orders,
            most_ms=ORDERED_MS,
        ),
    ]  # fmt: skip


def _order(k: int, feet: str, lettered: bool = True) -> Order:
    lengths = {side: 232.0 + 1.7 * k + (side == "left") for side in ("left", "right")}
    told = {f"{side}.foot_length": Measurement(length, "mm") for side, length in lengths.items()}
    name = NAMES[k % len(NAMES)] if lettered else ""
    return Order("insole", parameters={"feet": feet, "name": name, "side_mark": lettered}, measurements=told)


def _template(k: int, lettered: bool = True) -> Any:
    values, origins = accept(_order(k, "left", lettered), Insole)
    template = Insole(Run(Insole, values, origins, load_process(Insole.default_process).flat(), home=None))
    run_fits(template)
    return template


def _ours(k: int, lettered: bool = True) -> Any:
    return _template(k, lettered).product()[0]


def _theirs(k: int, lettered: bool = True) -> Any:
    template = _template(k)
    plan: Plan = template._plan("left")
    curve = plan.curve()
    top = heights(plan, sections(curve), template._bed("left"))
    height = lettering.capital(template.name, plan)
    share = 0.5 * (lettering.FROM * plan.length + min(lettering.TO * plan.length, plan.end - 12.0)) / plan.length
    at = {str(template.name): (share, height), "L": (lettering.MARK_AT, lettering.MARK_HEIGHT)}
    said = tuple((text, _how(high, *lettering._place(plan, "left", where))) for text, (where, high) in at.items())
    return cadquery_insole.drawn(curve, top, template.bevel, said if lettered else ())


def _how(height: float, x: float, y: float) -> Lettering:
    font = fonts.load(lettering.FONT)
    return Lettering(height * fonts.EM / font.cap_height, height, x, -y, lettering.DEPTH, str(fonts.path(font.info)))


def _agree() -> Sequence[str]:
    """The baseline is the pinned one; both are the same body, but for CadQuery's chords, of one size, with the same ink in it."""
    wrong = [] if baseline_sha256() == PINNED else [f"the CadQuery baseline is not the pinned one: {baseline_sha256()}"]
    for k in (0, 7):
        one, other = corners(_ours(k)), cadquery_insole.triangles(_theirs(k))
        plain, bare = corners(_ours(k, lettered=False)), cadquery_insole.triangles(_theirs(k, lettered=False))
        apart = np.abs(np.ptp(one.reshape(-1, 3), axis=0) - np.ptp(other.reshape(-1, 3), axis=0)).max()
        ours, theirs = volume(one), volume(other)
        if abs(ours - theirs) > TOLERANCE_MM * area(one) or apart > SAME_MM:
            wrong.append(f"{k}: {ours:.1f} mm3, CadQuery {theirs:.1f}; sizes {apart:.3f} mm apart")
        if abs((volume(plain) - ours) / (volume(bare) - theirs) - 1.0) > SAME_INK:
            wrong.append(f"{k}: {volume(plain) - ours:.2f} mm3 engraved, CadQuery {volume(bare) - theirs:.2f}")
    return wrong


@functools.cache
def _shop() -> Workshop:
    return Workshop(Home())


def _make(k: int, *, feet: str, formats: tuple[str, ...] = ()) -> Product:
    return make(_order(k, feet), Insole, formats=formats, workshop=_shop())


def _printable(made: Any) -> Sequence[str]:
    return [f"{k}: {told}" for k in (0, 9, 21) if (told := made(k).report.verdict) != "printable"]
