"""The deviation map: surfaces in the colours of their signed distance from another, seen from above, with a scale and the figures.

Drawn by our own kernels, so that the same surfaces give the same bytes on every machine.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.export import png
from engine.export.canvas import BOLD, PLAIN, Canvas, Colour
from engine.model.deviation import Compared, Deviation, DeviationLimits
from engine.model.foot import Side
from engine.model.grid import Grid
from engine.model.mesh import Faces, Points
from kernels import normals, occlusion, raster

Language = Literal["en", "fr"]
Floats = npt.NDArray[np.float64]

WIDTH, HEIGHT = 1200, 900

_FINE = 2
"""Samples a side of a pixel of the surfaces."""
FIELD = (48, 118, 960, 742)
"""x and y from, x and y to: where the surfaces are."""
SCALE = (1034, 196, 1060, 740)
INK, GREY, PASS, FAIL, UNKNOWN = (32, 32, 36), (92, 92, 98), (20, 110, 96), (178, 24, 24), (196, 196, 200)
_ABOVE: tuple[tuple[float, Colour], ...] = (
    (0.0, (238, 242, 238)), (1.0, (242, 207, 150)), (1.0, (246, 150, 80)), (1.45, (214, 48, 31)), (2.0, (120, 8, 24)),
)  # fmt: skip
_BELOW: tuple[tuple[float, Colour], ...] = (
    (0.0, (238, 242, 238)), (1.0, (140, 199, 190)), (1.0, (96, 160, 214)), (1.45, (37, 92, 168)), (2.0, (10, 38, 96)),
)  # fmt: skip
"""Colours by shares of the limit on that side; a step where it is passed."""
_RANGE = 2.0
_LEVELS = 2000
_EDGE = (150, 152, 158)
_LIGHT = np.array((-0.4, -0.3, 0.8660254037844386))
"""Towards the key light: from the left, behind, above, as in `kernels.shade`; y down."""
WORDS = {
    "en": {
        "left": "Left", "right": "Right", "pass": "pass", "fail": "fail", "scale": "Signed deviation", "into": "presses in",
        "gap": "gap", "limit": "limit", "median": "median", "farthest": "farthest", "limits": "limits:", "unknown": "not compared",
    },
    "fr": {
        "left": "Gauche", "right": "Droite", "pass": "conforme", "fail": "non conforme", "scale": "Écart signé", "into": "appuie",
        "gap": "jour", "limit": "limite", "median": "médiane", "farthest": "extrêmes", "limits": "limites :", "unknown": "non comparé",
    },
}  # fmt: skip


def on_grid(side: Side, values: Grid, figures: Deviation, heights: Grid | None = None) -> Compared:
    """The surface over the cells of a grid whose four nodes all are known; `heights` of the same nodes shade it."""
    n, m = values.z.shape
    x = values.origin[0] + values.pitch * np.arange(n)
    y = values.origin[1] + values.pitch * np.arange(m)
    z = np.zeros((n, m)) if heights is None else np.where(np.isnan(heights.z), 0.0, heights.z)
    points = np.stack((np.repeat(x, m), np.tile(y, n), z.ravel()), axis=1)
    known = ~np.isnan(values.z)
    i, j = np.nonzero(known[:-1, :-1] & known[1:, :-1] & known[1:, 1:] & known[:-1, 1:])
    a = i * m + j
    faces = np.concatenate((np.stack((a, a + m, a + m + 1), axis=1), np.stack((a, a + m + 1, a + 1), axis=1)))
    return Compared(side, points, faces.astype(np.int32), values.z.ravel(), figures)


def deviation_png(surfaces: Sequence[Compared], *, title: str, subtitle: str = "", language: Language = "en") -> bytes:
    """The PNG, WIDTH x HEIGHT: one surface, or a left and a right one beside each other, toes up, as their wearer sees them.

    The scale is that of the first one's limits, and runs to twice as far; what lies beyond has the last colour. ValueError for no
    surface, more than two, or one without a face.
    """
    if not 1 <= len(surfaces) <= 2 or not all(len(s.faces) for s in surfaces):
        raise ValueError(f"a deviation map shows one or two surfaces with faces, not {len(surfaces)}")
    words, limits = WORDS[language], surfaces[0].figures.limits
    sheet = Canvas(WIDTH, HEIGHT)
    sheet.text(title, 48, 45, 17, INK, BOLD)
    told = (
        f"{words['limits']} p5 ≥ {number(limits.low, language)}, p95 ≤ {number(limits.high, language)}, "
        f"|{words['median']}| ≤ {number(limits.middle, language)[1:]} mm"
    )
    sheet.text(f"{subtitle}  ·  {told}" if subtitle else told, 48, 78, 12, GREY)
    ordered = sorted(surfaces, key=lambda s: s.side)
    left, top, right, bottom = FIELD
    wide = (right - left) // len(ordered)
    scale = min(_fits(s, wide, bottom - top) for s in ordered)
    for k, surface in enumerate(ordered):
        aside = 1.0 if surface.side == "left" else -1.0  # medial is to the right of the left foot
        turned = np.stack((aside * surface.points[:, 1], surface.points[:, 0], surface.points[:, 2]), axis=1)
        box = (left + k * wide, top, left + (k + 1) * wide, bottom)
        draw(sheet, turned, surface.faces, surface.values, surface.figures.limits, box, scale)
        _caption(sheet, surface, left + k * wide + wide // 2, language)
    draw_scale(sheet, limits, language)
    if any(np.isnan(s.values[s.faces]).any() for s in ordered):
        sheet.bar(SCALE[0], 772, SCALE[0] + 26, 790, UNKNOWN)
        sheet.text(words["unknown"], SCALE[2] + 12, 781, 11, INK)
    return png.write(sheet.pixels)


def colours(values: Floats, limits: DeviationLimits) -> Floats:
    """float64 (..., 3), 0 to 255: of each signed distance, mm."""
    share = np.where(values < 0.0, values / limits.low, values / limits.high)
    made = np.empty((*values.shape, 3))
    for k in range(3):
        above, below = (_ramp(share, [(at, ink[k]) for at, ink in stops]) for stops in (_ABOVE, _BELOW))
        made[..., k] = np.where(values < 0.0, below, above)
    return made


def _ramp(share: Floats, stops: Sequence[tuple[float, int]]) -> Floats:
    """Straight between the stops; of two at one place the second holds beyond it."""
    made = np.full(share.shape, float(stops[-1][1]))
    for (a, p), (b, q) in reversed(list(itertools.pairwise(stops))):
        if b > a:
            made = np.where(share <= b, p + (q - p) * np.clip((share - a) / (b - a), 0.0, 1.0), made)
    return made


def number(value: float, language: Language) -> str:
    """Two decimals and a sign."""
    told = f"{value + 0.0:+.2f}".replace("-", "−")
    told = told[1:] if told[1:] == "0.00" else told
    return told.replace(".", ",") if language == "fr" else told


def _fits(surface: Compared, wide: int, high: int) -> float:
    """Pixels a mm, at most."""
    used = surface.points[np.unique(surface.faces)]
    x, y = (max(float(used[:, k].max() - used[:, k].min()), 1e-3) for k in (0, 1))
    return min((high - 24) / x, (wide - 40) / y)


def draw(
    sheet: Canvas,
    points: Points,
    faces: Faces,
    values: Floats,
    limits: DeviationLimits,
    box: tuple[int, int, int, int],
    scale: float,
) -> None:
    """A surface in the middle of a box of pixels, `scale` of them a mm: x to the right, y up, z to who looks; NaN in the colour of what
    is not compared."""
    x0, y0, x1, y1 = box
    used = points[np.unique(faces)]
    world = points - 0.5 * (used.min(axis=0) + used.max(axis=0))
    broad, long = (math.ceil(scale * float(used[:, k].max() - used[:, k].min())) // 2 * 2 + 4 for k in (0, 1))
    x0, y0 = (x0 + x1 - broad) // 2, (y0 + y1 - long) // 2
    fine, wide, high = scale * _FINE, broad * _FINE, long * _FINE
    seen = np.stack((wide / 2 + fine * world[:, 0], high / 2 - fine * world[:, 1], fine * world[:, 2]), axis=1)
    up = _upward(seen, faces)
    lit = np.empty((len(up), 3), np.float32)
    normals.corner_light(world, seen, up, 0, len(up), np.ones(len(up)), np.empty((0, 2), np.int32), np.zeros(3), lit)
    depth, light, owner = _drawn(seen, up, lit, wide, high)
    known = np.ascontiguousarray(up[~np.isnan(values[up]).any(axis=1)])
    near, value, compared = _drawn(seen, known, values[known].astype(np.float32), wide, high)
    compared[near < depth] = 0  # behind what is not compared
    left = np.ones((high, wide), np.float32)
    occlusion.light_left(depth, light, owner, _LIGHT, left)
    inner = np.s_[occlusion.MARGIN : occlusion.MARGIN + high, occlusion.MARGIN : occlusion.MARGIN + wide]
    there = owner[inner] != 0
    shade = np.sqrt(np.float32(0.25) + np.float32(0.75) * np.clip(light[inner] * np.clip(left, 0.5, 1.0), 0.0, 1.06))
    shown = _table(limits)[_rows(value[inner], limits)]
    shown[compared[inner] == 0] = UNKNOWN
    shown = np.clip(shown * shade[..., None], 0.0, 255.0)
    shown[there & ~_inside(there)] = _EDGE
    shown[~there] = sheet.pixels[0, 0]
    samples = shown.astype(np.int32).reshape(long, _FINE, broad, _FINE, 3)
    summed = samples.sum(axis=3).sum(axis=1)  # integers: no order of adding to keep
    sheet.pixels[y0 : y0 + long, x0 : x0 + broad] = (summed + _FINE * _FINE // 2) // (_FINE * _FINE)


@functools.lru_cache(maxsize=8)
def _table(limits: DeviationLimits) -> npt.NDArray[np.float32]:
    """The colours of the scale from its lower end to its upper one."""
    ends = _RANGE * limits.low, _RANGE * limits.high
    made: npt.NDArray[np.float32] = colours(
        ends[0] + (np.arange(_LEVELS) + 0.5) / _LEVELS * (ends[1] - ends[0]), limits
    ).astype(np.float32)
    made.flags.writeable = False
    return made


def _rows(values: npt.NDArray[np.float32], limits: DeviationLimits) -> npt.NDArray[np.int32]:
    """Where each value's colour stands in the table."""
    low, per_mm = np.float32(_RANGE * limits.low), np.float32(_LEVELS / (_RANGE * (limits.high - limits.low)))
    rows: npt.NDArray[np.int32] = np.clip((values - low) * per_mm, 0.0, _LEVELS - 1.0).astype(np.int32)
    return rows


def _inside(there: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Samples that are a pixel away from where nothing is."""
    made = there.copy()
    for axis in (0, 1):
        for step in (-_FINE, _FINE):
            made &= np.roll(there, step, axis)
    return made


def _upward(seen: Points, faces: Faces) -> Faces:
    """Every face turned to the viewer: y runs down."""
    a, b, c = (seen[faces[:, k]] for k in range(3))
    away = (b[:, 0] - a[:, 0]) * (c[:, 1] - a[:, 1]) > (b[:, 1] - a[:, 1]) * (c[:, 0] - a[:, 0])
    return np.ascontiguousarray(np.where(away[:, None], faces[:, ::-1], faces), dtype=np.int32)


def _drawn(
    seen: Points, faces: Faces, corner: npt.NDArray[np.float32], wide: int, high: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32], npt.NDArray[np.uint8]]:
    """Depth, what stands at the faces' corners and between them, and 1 where a face is; with margins."""
    margin = occlusion.MARGIN
    shape = (high + 2 * margin, wide + 2 * margin)
    depth, between, owner = np.full(shape, -1e30, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    window = np.array((-margin, -margin, high + margin, wide + margin))
    raster.rasterise(seen, faces, 0, len(faces), np.ascontiguousarray(corner), 1, window, depth, between, owner)
    return depth, between, owner


def _caption(sheet: Canvas, surface: Compared, middle: int, language: Language) -> None:
    """Under the surface: which one, whether it passes, its figures."""
    words, told = WORDS[language], surface.figures
    verdict, ink = ("pass", PASS) if told.within else ("fail", FAIL)
    figures = f"p5 {number(told.p5, language)}   {words['median']} {number(told.median, language)}   p95 {number(told.p95, language)} mm"
    sheet.text(words[surface.side], middle - 8, 778, 14, INK, BOLD, "right")
    sheet.text(words[verdict], middle + 8, 778, 14, ink, BOLD, "left")
    sheet.text(figures, middle, 809, 12, INK, PLAIN, "centre")
    farthest = f"{words['farthest']} {number(told.least, language)}, {number(told.most, language)} mm"
    sheet.text(farthest, middle, 836, 11, GREY, PLAIN, "centre")


def draw_scale(sheet: Canvas, limits: DeviationLimits, language: Language) -> None:
    """The colours, with their mm, at the sheet's right."""
    words = WORDS[language]
    x0, y0, x1, y1 = SCALE
    sheet.text(words["scale"], x0 - 6, 139, 13, INK, BOLD)
    sheet.text("mm", x0 - 6, 161, 13, INK, BOLD)
    top, bottom = _RANGE * limits.high, _RANGE * limits.low
    values = top + (np.arange(y1 - y0) + 0.5) / (y1 - y0) * (bottom - top)
    sheet.pixels[y0:y1, x0:x1] = np.floor(colours(values, limits) + 0.5).astype(np.uint8)[:, None]

    def place(value: float) -> int:
        return round(y0 + (top - value) / (top - bottom) * (y1 - y0))

    for value in (
        top,
        1.5 * limits.high,
        limits.high,
        0.5 * limits.high,
        0.0,
        0.5 * limits.low,
        limits.low,
        1.5 * limits.low,
        bottom,
    ):
        y, at_limit = place(value), value in (limits.low, limits.high)
        sheet.bar(x0 if at_limit else x1, y - 1, x1 + 5, y + at_limit, INK)
        wide = sheet.text(number(value, language), x1 + 12, y, 11, INK)
        if at_limit:
            sheet.text(words["limit"], x1 + 24 + wide, y, 11, INK)
    sheet.text(words["into"], x1 + 64, place(top), 11, GREY)
    sheet.text(words["gap"], x1 + 64, place(bottom), 11, GREY)
