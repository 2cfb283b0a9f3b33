"""Lens outlines as an optician or a workshop opens them: DXF (R12, ASCII) and SVG, mm, as worn, facing the wearer.

The right lens is on the left of the picture, the boxes are DBL apart, and the middle between them is the origin.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.model.foot import Side
from engine.model.lens import LensPair
from engine.shape.lens import box, corners

Floats = npt.NDArray[np.float64]

PLACES = 4
"""Decimals of a mm: the lattice that ships."""
_MARGIN, _STROKE = 5.0, 0.2
_LAYERS: tuple[tuple[Side, str, int], ...] = (("right", "RIGHT", 1), ("left", "LEFT", 5))
"""Side, layer, and its colour by AutoCAD's index: red, blue."""


def placed(pair: LensPair) -> dict[Side, Floats]:
    """The traced points (n, 2) of both lenses where they are worn. EngineFault: the distance between them is not known."""
    if pair.dbl is None:
        raise EngineFault("a pair of lenses is drawn without the distance between them")
    made: dict[Side, Floats] = {}
    for trace, way in ((pair.right, -1.0), (pair.left, 1.0)):
        found = box(trace)
        made[trace.side] = corners(trace) - np.array(found.centre) + np.array((way * 0.5 * (found.a + pair.dbl), 0.0))
    return made


def dxf(pair: LensPair) -> bytes:
    """A closed POLYLINE an eye, on the layers RIGHT and LEFT."""
    rows: list[tuple[int, str | int]] = [(0, "SECTION"), (2, "HEADER"), (9, "$ACADVER"), (1, "AC1009")]
    rows += [(9, "$MEASUREMENT"), (70, 1), (0, "ENDSEC"), (0, "SECTION"), (2, "TABLES")]
    rows += [(0, "TABLE"), (2, "LTYPE"), (70, 1), (0, "LTYPE"), (2, "CONTINUOUS"), (70, 0), (3, "Solid line"), (72, 65)]
    rows += [(73, 0), (40, "0.0"), (0, "ENDTAB"), (0, "TABLE"), (2, "LAYER"), (70, len(_LAYERS))]
    for _, layer, colour in _LAYERS:
        rows += [(0, "LAYER"), (2, layer), (70, 0), (62, colour), (6, "CONTINUOUS")]
    rows += [(0, "ENDTAB"), (0, "ENDSEC"), (0, "SECTION"), (2, "ENTITIES")]
    points = placed(pair)
    for side, layer, _ in _LAYERS:
        rows += [(0, "POLYLINE"), (8, layer), (66, 1), (70, 1), (10, "0.0"), (20, "0.0"), (30, "0.0")]
        for x, y in points[side].tolist():
            rows += [(0, "VERTEX"), (8, layer), (10, _number(x)), (20, _number(y)), (30, "0.0")]
        rows += [(0, "SEQEND"), (8, layer)]
    rows += [(0, "ENDSEC"), (0, "EOF")]
    return "".join(f"{code:>3}\r\n{value}\r\n" for code, value in rows).encode("ascii")


def svg(pair: LensPair) -> bytes:
    """A path an eye, one unit a mm, with its name as title. y points down in an SVG: the sign is turned."""
    points = placed(pair)
    both = np.concatenate([points[side] for side, _, _ in _LAYERS])
    low, high = both.min(axis=0) - _MARGIN, both.max(axis=0) + _MARGIN
    wide, tall = (_number(v) for v in (high - low).tolist())
    view = f"{_number(float(low[0]))} {_number(-float(high[1]))} {wide} {tall}"
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}mm" height="{tall}mm" viewBox="{view}">',
        "<title>Lenses, facing the wearer, mm</title>",
    ]
    for side, _, _ in _LAYERS:
        drawn = " L ".join(f"{_number(x)} {_number(-y)}" for x, y in points[side].tolist())
        style = f'fill="none" stroke="black" stroke-width="{_STROKE}"'
        lines.append(f'<path id="{side}" {style} d="M {drawn} Z"><title>{side} lens</title></path>')
    lines.append("</svg>")
    return ("\n".join(lines) + "\n").encode("ascii")


def _number(value: float) -> str:
    made = f"{value:.{PLACES}f}"
    return made.removeprefix("-") if not made.strip("-0.") else made
