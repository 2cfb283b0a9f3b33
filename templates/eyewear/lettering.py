"""Name and size inside the temples: where they lie, how high they are."""

from __future__ import annotations

from engine.authoring import Letters, Solid, Text, direction
from templates.eyewear.plan import CHAMFER
from templates.eyewear.temple import FULL, Bar

FONT = "roboto-bold"
DEPTH = 0.6
NARROWED = 0.96
"""Of a letter's widths: what the rounding of a leaning face takes is kept clear of."""
FINE = 0.6
"""mm: where a process engraves nothing finer, the size is left out."""
FREE = 0.4
"""mm kept free of the rounded edges, above and below together."""
CAPITAL, LEAST = 4.4, 2.8
"""mm: capitals, and how low a long text may be set."""
BEHIND_HINGE, BEFORE_BEND = 6.0, 12.0
"""mm kept free there, from the knuckles' end and to the bend."""
SPACED = 0.12
"""In heights of a capital: the most that is put between letters which would print into each other."""


def size_mark(a: float, dbl: float, side: float) -> str:
    """A, DBL and side as frames carry them (ISO 8624): 52[]18-140."""
    return f"{a:.0f}[]{dbl:.0f}-{side:.0f}"


def room(bar: Bar) -> tuple[float, float]:
    """From where to where along a temple letters may run, mm."""
    return bar.hinge.start(bar.hinge.beside) + bar.hinge.taken + BEHIND_HINGE, bar.to_bend - BEFORE_BEND


def capital(text: Text, bar: Bar) -> float:
    """The height (mm) at which the text fits there, along and across."""
    across, high = text.size(height=1.0, font=FONT)
    begin, end = room(bar)
    return min(CAPITAL, (end - begin) / (across + SPACED * len(str(text))), (bar.slender - 2.0 * CHAMFER - FREE) / high)


def letters(text: Text, bar: Bar, height: float, middle: float, *, mirrored: bool) -> Letters:
    """The text as the inner face's frame has it: upright as worn, along the bar, as near to the hinge as it may. `middle`: y of the frame's
    origin."""
    begin, _ = room(bar)
    across, _ = text.size(height=height, font=FONT)
    at = begin + 0.5 * (across + SPACED * height * len(str(text)))
    cos, sin = direction(-bar.pitch)
    x, y = FULL + (at - FULL) * cos, (at - FULL) * sin
    # seen from inside, backwards is to the left on the left temple, and to the right on the right one
    place, turn = ((x, y - middle), -bar.pitch) if mirrored else ((-x, y - middle), bar.pitch)
    return text.outlines(height=height, font=FONT, at=place, angle=turn)


def engraved(solid: Solid, text: Letters) -> Solid:
    """Sunk into the inner face."""
    return solid.engrave(text, on="back", depth=DEPTH)
