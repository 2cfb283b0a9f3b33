"""Patterns of cells for a wall: hexagons, stripes, waves, clear of what must stay whole. Outlines to be cut through or raised.

Only whole cells are laid: one that would come into what is to stay clear is left out, a stripe ends before it. Between any two
cells stands a bar. Coordinates come from + - * /, sqrt and `kernels.portable`: the same cells on every machine.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

import numpy as np

from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.model.rounded import Rounded
from kernels.portable import cosine, cosine_degrees, sine, sine_degrees

Point = tuple[float, float]

SAMPLE = 0.2
"""mm between places of a cell's edge that are asked whether they are clear."""
LONGEST = 26.0
"""mm: a longer stripe is parted by bars, or the wall between two of them would be a loose strap. Ours."""
WAVE = 2.6
"""Length of a wave, in cells with their bar: its tightest bend has 0.9 of one for its radius."""
CHORDS = 24
FINEST = 0.4
"""Points to a wave, but none nearer than so many mm: its edge is at most 0.02 mm off."""
QUARTER = 5
"""Chords of a quarter of a stripe's round end."""
SLANT = 45.0
"""Degrees by which stripes lean."""


def cells(kind: str, within: Rounded, clear: Sequence[Rounded], cell: float, bar: float) -> Outline:
    """Cells of `kind` (hexagon, stripes, waves) `cell` mm wide (across flats; a stripe's width), `bar` mm apart.

    All lie in `within` and outside every one of `clear`; margins are the caller's. ValueError for another kind, and for a size
    that is not above 0.
    """
    if not (cell > 0.0 and bar > 0.0):
        raise ValueError(f"cells and bars are above 0 mm, not {cell!r} and {bar!r}")
    if kind == "hexagon":
        loops = list(_hexagons(within, clear, cell, bar))
    elif kind in ("stripes", "waves"):
        loops = list(_stripes(within, clear, cell, bar, wavy=kind == "waves"))
    else:
        raise ValueError(f"no pattern {kind!r}: hexagon, stripes or waves")
    steps = [[(round(x * STEPS_PER_MM), round(y * STEPS_PER_MM)) for x, y in loop] for loop in loops]
    ends = np.cumsum([len(loop) for loop in steps], dtype=np.int32)
    return Outline(np.array([p for loop in steps for p in loop], dtype=np.int32).reshape(-1, 2), ends)


def _free(x: float, y: float, within: Rounded, clear: Sequence[Rounded], air: float) -> bool:
    return within.distance(x, y) <= -air and all(shape.distance(x, y) >= air for shape in clear)


def _hexagons(within: Rounded, clear: Sequence[Rounded], cell: float, bar: float) -> Iterator[list[Point]]:
    """Rows of hexagons that stand on a point, every other row half a pitch aside."""
    pitch, radius = cell + bar, cell / math.sqrt(3.0)
    row = pitch * math.sqrt(0.75)
    half = math.hypot(within.w, within.h) / 2
    corners = [(cell / 2, -radius / 2), (cell / 2, radius / 2), (0.0, radius)]
    corners += [(-x, -y) for x, y in corners]
    for j in range(-math.ceil(half / row), math.ceil(half / row) + 1):
        for i in range(-math.ceil(half / pitch), math.ceil(half / pitch) + 1):
            x, y = within.x + (i + 0.5 * (j % 2)) * pitch, within.y + j * row
            loop = [(x + a, y + b) for a, b in corners]
            if all(_free(*p, within, clear, 0.0) for p in _sampled(loop, (x, y))):
                yield loop


def _sampled(loop: Sequence[Point], middle: Point) -> Iterator[Point]:
    """The middle of a convex loop, and places along its edges."""
    yield middle
    for (ax, ay), (bx, by) in zip(loop, (*loop[1:], loop[0]), strict=True):
        parts = max(1, math.ceil(math.sqrt((bx - ax) ** 2 + (by - ay) ** 2) / SAMPLE))
        for k in range(parts):
            yield ax + (bx - ax) * k / parts, ay + (by - ay) * k / parts


def _stripes(within: Rounded, clear: Sequence[Rounded], cell: float, bar: float, *, wavy: bool) -> Iterator[list[Point]]:
    """Stripes with round ends about lines side by side: straight and slanted, or upright and wavy."""
    turn = 0.0 if wavy else -SLANT
    c, s = cosine_degrees(turn), sine_degrees(turn)
    length = WAVE * (cell + bar) if wavy else 1.0
    swing = length / 14.0 if wavy else 0.0
    slope = 2.0 * math.pi * swing / length
    pitch = (cell + bar) * math.sqrt(1.0 + slope * slope)  # waves lie nearest where they are steepest
    half = math.hypot(within.w, within.h) / 2

    def line(at: float, v: float) -> tuple[Point, Point]:
        """A place on the line, and the unit normal to its right there (before the turn)."""
        phase = 2.0 * math.pi * v / length
        lean = slope * cosine(phase) if wavy else 0.0
        norm = math.sqrt(1.0 + lean * lean)
        return (at + (swing * sine(phase) if wavy else 0.0), v), (1.0 / norm, -lean / norm)

    def placed(u: float, v: float) -> Point:
        return within.x + c * u - s * v, within.y + s * u + c * v

    for i in range(-math.ceil(half / pitch), math.ceil(half / pitch) + 1):
        steps = math.ceil(half / SAMPLE)
        marks = [k * SAMPLE for k in range(-steps, steps + 1)]
        free = [_free(*placed(*line(i * pitch, v)[0]), within, clear, cell / 2) for v in marks]
        for low, high in _parted(_runs(marks, free), cell, bar):
            spine = [line(i * pitch, v) for v in _along(low, high, max(length / CHORDS, FINEST) if wavy else high - low)]
            yield [placed(u, v) for u, v in _slot(spine, cell / 2)]


def _runs(marks: Sequence[float], free: Sequence[bool]) -> Iterator[tuple[float, float]]:
    """From the first to the last mark of each run that is free."""
    start: float | None = None
    for mark, is_free, before in zip(marks, free, (marks[0], *marks), strict=False):
        if is_free and start is None:
            start = mark
        if not is_free and start is not None:
            yield start, before
            start = None
    if start is not None:
        yield start, marks[-1]


def _parted(runs: Iterator[tuple[float, float]], cell: float, bar: float) -> Iterator[tuple[float, float]]:
    """Runs as long as a stripe may be, with a bar between the round ends; those that would be no longer than wide are left out."""
    apart = 1.2 * (cell + bar)  # along a wave's steepest flank a little is lost
    last = -math.inf
    for start, high in runs:
        low, last = max(start, last + apart), high
        parts = max(1, math.ceil((high - low + apart) / (LONGEST + apart)))
        each = (high - low - (parts - 1) * apart) / parts
        if each >= cell / 2:
            for k in range(parts):
                yield low + k * (each + apart), low + k * (each + apart) + each


def _along(low: float, high: float, spacing: float) -> list[float]:
    parts = max(1, math.ceil((high - low) / spacing))
    return [low + (high - low) * k / parts for k in range(parts + 1)]


def _slot(places: Sequence[tuple[Point, Point]], radius: float) -> list[Point]:
    """The outline about a line of (place, normal to the right), counter-clockwise, with round ends."""
    right = [(x + radius * a, y + radius * b) for (x, y), (a, b) in places]
    left = [(x - radius * a, y - radius * b) for (x, y), (a, b) in places]
    turns = [(cosine_degrees(90.0 * k / QUARTER), sine_degrees(90.0 * k / QUARTER)) for k in range(1, 2 * QUARTER)]

    def end(place: Point, a: float, b: float) -> list[Point]:
        """Half round, from the side where (a, b) points, counter-clockwise."""
        return [(place[0] + radius * (a * c - b * s), place[1] + radius * (a * s + b * c)) for c, s in turns]

    (first, (a, b)), (last, (p, q)) = places[0], places[-1]
    return [*right, *end(last, p, q), *left[::-1], *end(first, -a, -b)]
