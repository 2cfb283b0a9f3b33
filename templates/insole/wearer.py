"""Who the pair is for: what was typed, scanned and pressed of both feet, and the numbers of both insoles from it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.authoring import Foot, Grid, Measurement, Pressed
from templates.insole import fitting
from templates.insole.bed import PITCH, everywhere
from templates.insole.rules import FLOOR

if TYPE_CHECKING:
    from templates.insole.insole import Insole

FITTED = {"length": "foot_length", "ball": "ball_width", "heel": "heel_width", "first_head": "arch_length"}
"""Parameter -> the measure that it is."""
MALE = {"unknown": 0.5, "female": 0.0, "male": 1.0}


def numbers(insole: Insole) -> dict[str, object]:
    """What the feet measure, what is inferred of them, and from it the parameters of both insoles."""
    found: dict[str, object] = {}
    feet = {side: scanned(insole, side) for side in ("left", "right")}
    known = {side: _known(insole, side, foot) for side, foot in feet.items()}
    for side, other in (("left", "right"), ("right", "left")):
        measured = {name: m for name, m in vars(known[other]).items() if m is not None and name != "navicular_height"}
        told = fitting.inferred(known[side], _person(insole), measured)
        arch = told["arch_height"].value - fitting.FILLS[getattr(insole, f"{side}_fill")]
        wanted = {name: told[of].value for name, of in FITTED.items()} | {"arch": arch}
        found |= {f"{side}_{name}": _on_step(insole, f"{side}_{name}", value) for name, value in wanted.items()}
        for name, value in told.items():
            path = f"{side}_{name}"
            if path in type(insole).fields and getattr(insole, path) is None:
                found[path] = value if value.source == "scan" else _within(insole, path, value)
        foot = feet[side]
        if foot is not None:
            found[f"{side}_sole"] = everywhere(foot.sole)
            found[f"{side}_seen"] = Grid(foot.seen.astype(float), foot.sole.origin, foot.sole.pitch)
        found |= _relieved(insole, side, told["foot_length"].value)
    return found


def scanned(insole: Insole, side: str) -> Foot | None:
    """The foot in that side's scan; a typed length goes with it, which an imprint needs."""
    file = getattr(insole, f"{side}_scan")
    if file is None:
        return None
    typed: Measurement | None = getattr(insole, f"{side}_foot_length")
    length_mm = None if typed is None or typed.source in fitting.NOT_TYPED else typed.value
    foot: Foot = file.foot(side=side, pitch=PITCH, length_mm=length_mm, sock_mm=insole.sock)
    return foot


def pressed(insole: Insole, side: str, foot_length: float) -> Pressed | None:
    """That side's pressure map on a foot so long (mm)."""
    file = getattr(insole, f"{side}_pressure")
    if file is None or not insole.pressure_pitch:  # `pressure_told` asks for it
        return None
    return Pressed.on(file.map(pitch_mm=insole.pressure_pitch), foot_length=foot_length, side=side)


def _relieved(insole: Insole, side: str, foot_length: float) -> dict[str, object]:
    """The relief under high pressure, and a shell that keeps its floor under it."""
    map_ = pressed(insole, side, foot_length)
    if map_ is None:
        return {}
    relief = map_.relief(insole.relief_depth)
    floor = FLOOR + getattr(insole, f"{side}_cover") + math.ceil(10.0 * float(relief.z.max())) / 10.0
    found: dict[str, object] = {f"{side}_relief": relief}
    for name in ("rear", "mid", "fore"):
        path = f"{side}_{name}"
        found[path] = _on_step(insole, path, max(floor, type(insole).fields[path].default))
    return found


def _within(insole: Insole, path: str, value: Measurement) -> Measurement:
    """A guess is no farther off than feet are; whether it goes with the others, `measures_agree` says."""
    field = type(insole).fields[path]
    return replace(value, value=min(max(value.value, field.low), field.high))


def _on_step(insole: Insole, path: str, value: float) -> float:
    field = type(insole).fields[path]
    return fitting.on_step(value, field.low, field.high)


def _person(insole: Insole) -> fitting.Person:
    size = None
    low, high = fitting.SIZES.get(insole.shoe_system, (0.0, 0.0))
    if low <= insole.shoe_size <= high:  # `sizes` refuses the others
        size = fitting.foot_length_of(insole.shoe_system, insole.shoe_size)
    stature = None if insole.stature is None else insole.stature.value
    mass = None if insole.body_mass is None else insole.body_mass.value
    return fitting.Person(MALE[insole.sex], stature, mass, size)


def _known(insole: Insole, side: str, foot: Foot | None) -> fitting.Known:
    """What was typed, and where nothing was, what the scan shows."""
    measures = {} if foot is None else foot.measures
    known = {name: getattr(insole, f"{side}_{name}") or measures.get(name) for name in fitting.NAMES}
    arch = None if insole.loading == "standing" else measures.get("arch_height")
    return fitting.Known(**known, arch_height=arch)
