"""Units that an order may name. Inside, everything is mm and degrees; a value without a unit is already that."""

from __future__ import annotations

from collections.abc import Mapping

from engine.errors import OrderError

LENGTHS: Mapping[str, float] = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4}
ANGLES: Mapping[str, float] = {"deg": 1.0, "rad": 57.29577951308232, "turn": 360.0}
CURVATURES: Mapping[str, float] = {"D": 1.0}
"""Dioptres of a lens's surface, of glass with the index 1.530: 530 mm divided by its radius."""
MASSES: Mapping[str, float] = {"kg": 1.0, "g": 0.001, "lb": 0.45359237}
PRESSURES: Mapping[str, float] = {
    "kPa": 1.0,
    "Pa": 0.001,
    "MPa": 1000.0,
    "N/cm2": 10.0,
    "kg/cm2": 98.0665,
    "bar": 100.0,
    "mmHg": 0.133322387415,
    "psi": 6.894757293168,
}

BY_CANONICAL: Mapping[str, Mapping[str, float]] = {
    "mm": LENGTHS,
    "deg": ANGLES,
    "kg": MASSES,
    "kPa": PRESSURES,
    "D": CURVATURES,
}
"""Canonical unit -> the units accepted in its place, and how many canonical units one of them is."""


def convert(field: str, value: float, unit: object, canonical: str) -> float:
    """`value` in `unit` as `canonical`; OrderError naming what is accepted where `unit` isn't one."""
    accepted = BY_CANONICAL[canonical]
    if not isinstance(unit, str) or unit not in accepted:
        from difflib import get_close_matches

        near = get_close_matches(str(unit), accepted, n=1, cutoff=0.3)
        raise OrderError(
            f"{field}.unit",
            "is not a unit that can be taken here",
            value=unit,
            limit="one of " + ", ".join(accepted),
            nearest=near[0] if near else canonical,
        )
    return value * accepted[unit]
