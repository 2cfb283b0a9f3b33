"""Glyphs as closed loops: Bézier contours flattened to a tolerance, united where they overlap, and kept side by side."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import solid
from engine.errors import EngineFault
from engine.shape import fonts
from kernels import curves, letters, outlines

STEPS_PER_UNIT = 1024
"""Glyph points are whole steps of 1/1024 font unit: about 7 nm in letters of 10 mm, far below the lattice that ships."""

FACE = 1 << 16
"""More glyphs than a font can have: a glyph of the second face of a text is its number and FACE more."""

MOST_KEPT = 2048
"""Glyphs in one tray before it starts anew."""

FINE = 0.01
"""Largest distance in mm between a letter's curve and its chords, at any height."""


@dataclass(frozen=True, eq=False)
class Glyph:
    """`points` int32 (n, 2) in 1/1024 unit from the pen; `ends` int32 (k,). Simple loops, outer ones counter-clockwise."""

    points: npt.NDArray[np.int32]
    ends: npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class _Drawing:
    """A glyph as the font has it: the arrays of kernels.curves, and the exact bounds in units, or None for a blank."""

    curves: npt.NDArray[np.float64]
    degrees: npt.NDArray[np.int8]
    ends: npt.NDArray[np.int32]
    box: tuple[float, float, float, float] | None


class _Pen:
    """Collects what HarfBuzz draws: a row of eight numbers a segment, contours closed by a line where they are open."""

    def __init__(self) -> None:
        self.rows: list[tuple[float, ...]] = []
        self.degrees: list[int] = []
        self.ends: list[int] = []
        self.start = self.last = (0.0, 0.0)

    def move(self, x: float, y: float, _: object) -> None:
        self.start = self.last = (x, y)

    def add(self, *xy: float) -> None:
        self.rows.append((*self.last, *xy, *(0.0,) * (6 - len(xy))))
        self.degrees.append(len(xy) // 2)
        self.last = (xy[-2], xy[-1])

    def line(self, x: float, y: float, _: object) -> None:
        if (x, y) != self.last:
            self.add(x, y)

    def quadratic(self, a: float, b: float, x: float, y: float, _: object) -> None:
        self.add(a, b, x, y)

    def cubic(self, a: float, b: float, c: float, d: float, x: float, y: float, _: object) -> None:
        self.add(a, b, c, d, x, y)

    def close(self, _: object) -> None:
        self.line(*self.start, None)
        if len(self.rows) > (self.ends[-1] if self.ends else 0):
            self.ends.append(len(self.rows))


@functools.cache
def _pen_functions() -> Any:
    import uharfbuzz as hb

    functions = hb.DrawFuncs()
    functions.set_move_to_func(lambda x, y, pen: pen.move(x, y, None))
    functions.set_line_to_func(lambda x, y, pen: pen.line(x, y, None))
    functions.set_quadratic_to_func(lambda a, b, x, y, pen: pen.quadratic(a, b, x, y, None))
    functions.set_cubic_to_func(lambda a, b, c, d, x, y, pen: pen.cubic(a, b, c, d, x, y, None))
    functions.set_close_path_func(lambda pen: pen.close(None))
    return functions


@functools.lru_cache(maxsize=8192)
def _drawing(font: str, glyph: int) -> _Drawing:
    pen = _Pen()
    loaded = fonts.load(font)
    loaded.shaper.draw_glyph(glyph, _pen_functions(), pen)
    rows = np.array(pen.rows, dtype=np.float64).reshape(-1, 8) * loaded.unit
    degrees = np.array(pen.degrees, dtype=np.int8)
    box = np.zeros(4)
    curves.bounds(rows, degrees, box)
    x0, y0, x1, y1 = box.tolist()
    return _Drawing(rows, degrees, np.array(pen.ends, dtype=np.int32), (x0, y0, x1, y1) if pen.rows else None)


def bounds(font: str, glyph: int) -> tuple[float, float, float, float] | None:
    """The glyph's ink box x0, y0, x1, y1 in units of fonts.EM, exact; None for a blank."""
    return _drawing(font, glyph).box


def level(height: float) -> int:
    """Which fineness serves capitals of `height` mm: letters up to 10 * 2^level mm keep FINE."""
    step = -4
    while 10.0 * 2.0**step < height:
        step += 1
    return step


def glyph(font: str, index: int, fineness: int) -> Glyph:
    """One glyph, its chords within FINE in letters of 10 * 2^fineness mm. EngineFault if no clean outline comes of it."""
    drawing = _drawing(font, index)
    loaded = fonts.load(font)
    tolerance = FINE * loaded.cap_height / (10.0 * 2.0**fineness)
    chords = np.zeros(len(drawing.degrees), np.int32)
    points = np.zeros((curves.count(drawing.curves, drawing.degrees, tolerance, chords), 2), np.int32)
    ends = np.zeros(len(drawing.ends), np.int32)
    curves.flatten(drawing.curves, drawing.degrees, drawing.ends, chords, float(STEPS_PER_UNIT), points, ends)
    points, ends = _cleaned(points, ends)
    if outlines.area(points, ends) < 0.0:
        # TrueType draws outer contours clockwise
        points = _reversed(points, ends)
    if outlines.fault(points, ends):
        made = united(points, ends)
        if made is None:
            raise EngineFault(f"font {font}: glyph {index} gives no clean outline")
        points, ends = made
    return Glyph(points, ends)


@dataclass
class Seen:
    """Of this process: letters that trays were `asked` for, and those that had to be `made`."""

    asked: int = 0
    made: int = 0


seen = Seen()


class Tray:
    """The glyphs of some faces at one fineness that texts have needed so far, in the arrays that `kernels.letters.lay` reads.

    Arrays are replaced, never changed: whoever holds the old ones keeps what he looked up. At most MOST_KEPT and a line's.
    """

    def __init__(self, faces: tuple[str, ...], fineness: int) -> None:
        self._faces, self._fineness = faces, fineness
        self._empty()

    def _empty(self) -> None:
        self._row: dict[int, int] = {}
        self.points = np.zeros((0, 2), np.int32)
        self.ends = np.zeros(0, np.int32)
        self.rows = np.zeros((0, 2), np.int32)
        self.clear = np.zeros(0)
        self.sizes: tuple[tuple[int, int], ...] = ()

    def line(self, glyphs: tuple[int, ...]) -> list[int]:
        """The row of each glyph; those that were not needed before are made first."""
        known = self._row
        seen.asked += len(glyphs)
        try:
            return [known[index] for index in glyphs]
        except KeyError:
            if len(known) > MOST_KEPT:
                self._empty()
                known = self._row
            for index in glyphs:
                if index not in known:
                    self._add(index)
            return [known[index] for index in glyphs]

    def _add(self, index: int) -> None:
        made = glyph(self._faces[index // FACE], index % FACE, self._fineness)
        seen.made += 1
        loops = len(self.ends)
        self.ends = np.concatenate((self.ends, made.ends + np.int32(len(self.points))))
        self.points = np.concatenate((self.points, made.points))
        self.rows = np.concatenate((self.rows, np.array([[loops, len(self.ends)]], np.int32)))
        self.clear = np.append(self.clear, letters.clearance(made.points, made.ends))
        self.sizes += ((len(made.points), len(made.ends)),)
        self._row[index] = len(self.rows) - 1


@functools.lru_cache(maxsize=64)
def tray(faces: tuple[str, ...], fineness: int) -> Tray:
    """The kept glyphs of the faces of a text for letters of 10 * 2^fineness mm."""
    return Tray(faces, fineness)


def united(
    points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]] | None:
    """Loops that cross, touch or overlap as the clean outline of what they fill (nonzero rule), or None when none was found.

    Rounding can make loops touch again, or leave them touching in a point: then the region is drawn in by 2, 4... 16 steps,
    too little to see, which parts them. Islands and holes under 100 steps^2 are crumbs of rounding and are left out.
    """
    for shrink in (0.0, 0.0, 2.0, 4.0, 8.0, 16.0):
        loops, loop_ends = solid.unite(points, ends, shrink=shrink)
        made, made_ends = _cleaned(np.floor(loops + 0.5).astype(np.int32), loop_ends, least=100.0)
        if not outlines.fault(made, made_ends):
            return made, made_ends
        if shrink == 0.0:
            points, ends = made, made_ends
    return None


def _cleaned(
    points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], least: float = 0.0
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    points, ends = points.copy(), ends.copy()
    left = outlines.clean(points, ends, least)
    return points[: ends[left - 1] if left else 0].copy(), ends[:left].copy()


def _reversed(points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]) -> npt.NDArray[np.int32]:
    loops = np.split(points, ends[:-1])
    return np.ascontiguousarray(np.concatenate([loop[::-1] for loop in loops]))
