"""Six lens shapes for who has no trace: each drawn into the box that is asked for, as radii, the right eye's and the left one's mirrored.

Four arcs of superellipses (Lamé), between the places where the outline touches its box, are smoothed along their length, so that the
curvature has no steps, and drawn into the box again. The proportions are ours, after looking at what is sold.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from engine.model.foot import Side
from engine.model.lens import Trace
from kernels import superellipse

RADII = 720
"""Of a shape's trace."""
SIZES = (20.0, 80.0)
"""mm: of A and of B."""


@dataclass(frozen=True)
class Form:
    """A right lens, facing the wearer: nasal is to the right. `top`, `bottom`: where it touches the box's sides, x in shares of A from the
    middle; `nasal`, `temporal`: y in shares of B. The four exponents: 2 is an ellipse's arc, more is squarer, from the upper nasal
    one counter-clockwise. `aspect`: B / A as it is usual."""

    top: float
    bottom: float
    nasal: float
    temporal: float
    exponents: tuple[float, float, float, float]
    aspect: float


FORMS: Mapping[str, Form] = {
    "round": Form(0.0, 0.0, 0.0, 0.0, (2.0, 2.0, 2.0, 2.0), 0.96),
    "panto": Form(-0.02, 0.02, 0.12, 0.14, (2.5, 2.6, 2.05, 2.0), 0.90),
    "rectangle": Form(0.0, 0.0, 0.06, 0.08, (4.4, 4.8, 4.0, 3.4), 0.62),
    "square": Form(-0.02, 0.0, 0.10, 0.12, (3.6, 4.0, 3.5, 2.9), 0.82),
    "aviator": Form(-0.06, -0.10, 0.24, 0.10, (3.0, 3.0, 2.3, 1.95), 0.86),
    "cat-eye": Form(-0.28, 0.05, 0.05, 0.28, (2.3, 3.2, 2.05, 2.15), 0.74),
}

_DENSE = 720
"""Points along the outline while it is drawn."""
_SOFT = 11.0
"""Harmonics along the outline that are kept, about: corners are rounded over a fortieth of it, 4 mm."""


def shape(name: str, a: float, b: float, *, side: Side = "right") -> Trace:
    """The trace of that shape with a box of a x b mm, about the box's centre. ValueError: no such shape, or no lens's size."""
    if name not in FORMS:
        raise ValueError(f"no shape {name!r}: one of {', '.join(FORMS)}")
    made = _right(name, float(a), float(b))
    return made if side == "right" else made.mirrored()


@functools.lru_cache(maxsize=64)
def _right(name: str, a: float, b: float) -> Trace:
    if not all(SIZES[0] <= size <= SIZES[1] for size in (a, b)):
        raise ValueError(f"a lens is {SIZES[0]:g} to {SIZES[1]:g} mm wide and high, not {a:g} x {b:g}")
    form = FORMS[name]
    where = np.array((form.top, form.bottom, form.nasal, form.temporal))
    radii = np.empty(RADII)
    superellipse.draw(where, np.array(form.exponents), a, b, _SOFT, radii, np.empty((_DENSE, superellipse.COLUMNS)))
    return Trace("right", radii)
