"""Pictures of a product on the person it was made for: from three sides, and in the colours of its distance from the skin.

Drawn by our own kernels, so that the same order gives the same bytes on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.export import deviation, png
from engine.export.canvas import BOLD, PLAIN, Canvas
from engine.export.deviation import FAIL, FIELD, GREY, INK, PASS, SCALE, UNKNOWN, WORDS, Language, number
from engine.export.studio import ramp
from engine.model.mesh import Part, Pose
from engine.model.worn import Panel, Worn
from kernels import normals, occlusion, raster, resolve

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int32]

SIDE = 520
"""Pixels of one view."""
REACH = 192.0
"""mm that it shows, each way."""
_HEAD, _FOOT, _EDGE = 96, 56, 24
_FINE = 2
"""Samples a side of a pixel."""
_ABOUT: tuple[float, float] = (-8.0, -42.0)
"""mm: y and z of the middle of the views: the eyes lie above it, and the ears behind."""
_SKIN, _INSIDE = (224, 190, 168), (176, 168, 164)
_KEY = (-0.4, -0.8244, 0.4002)
"""Towards the key light on the screen (x right, y down, z to who looks): that of `kernels.shade`, which shines from above the viewer."""
_LOWER, _BETWEEN = 300, 120
"""Pixels of the map's field that the panels below the first take, and of them the first one's caption."""
_HALF_TURN = 0.7071067811865476
_SAID = {
    "en": {"front": "from the front", "right": "from the right", "left": "from the left", "far": "over {} mm off,", "or": "or not scanned"},
    "fr": {"front": "de face", "right": "de droite", "left": "de gauche", "far": "à plus de {} mm,", "or": "ou non scanné"},
}  # fmt: skip
_WAYS = {
    "right": ((0.0, 0.0, 1.0), (0.0, 1.0, 0.0), (-1.0, 0.0, 0.0)),
    "front": ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    "left": ((0.0, 0.0, -1.0), (0.0, 1.0, 0.0), (1.0, 0.0, 0.0)),
}
"""Of each view, what is to the right, up and to who looks, in the person's frame."""


@dataclass(frozen=True, eq=False)
class _Body:
    points: Floats
    faces: Ints
    colour: tuple[int, int, int]


def worn_png(worn: Worn, parts: Sequence[Part], *, title: str, subtitle: str = "", language: Language = "en") -> bytes:
    """The PNG: the parts on the skin, from the right, the front and the left."""
    said = _SAID[language]
    sheet = Canvas(2 * _EDGE + len(_WAYS) * SIDE, _HEAD + SIDE + _FOOT)
    sheet.text(title, 48, 40, 17, INK, BOLD)
    if subtitle:
        sheet.text(subtitle, 48, 70, 12, GREY)
    bodies = _bodies(worn, parts)
    for k, (name, axes) in enumerate(_WAYS.items()):
        x = _EDGE + k * SIDE
        sheet.pixels[_HEAD : _HEAD + SIDE, x : x + SIDE] = _view(bodies, np.array(axes))
        sheet.text(said[name], x + SIDE // 2, _HEAD + SIDE + 24, 13, INK, PLAIN, "centre")
    return png.write(sheet.pixels)


def _bodies(worn: Worn, parts: Sequence[Part]) -> list[_Body]:
    inside = np.ascontiguousarray(worn.skin.faces[:, ::-1])
    made = [_Body(worn.skin.points, worn.skin.faces, _SKIN), _Body(worn.skin.points, inside, _INSIDE)]
    for part in parts:
        red, green, blue = (int(part.colour[k : k + 2], 16) for k in (1, 3, 5))
        points = worn.pose.placed(part.poses["assembled"].placed(part.mesh.points))
        made.append(_Body(points, part.mesh.faces, (red, green, blue)))
    return made


def _view(bodies: Sequence[_Body], axes: Floats) -> npt.NDArray[np.uint8]:
    """uint8 (SIDE, SIDE, 3). axes (3, 3): rows right, up, to who looks."""
    side, margin = _FINE * SIDE, occlusion.MARGIN
    shape, scale = (side + 2 * margin, side + 2 * margin), side / REACH
    window = np.array((-margin, -margin, side + margin, side + margin))
    depth, light, owner = np.full(shape, -1e30, np.float32), np.zeros(shape, np.float32), np.zeros(shape, np.uint8)
    turn = Pose(tuple(tuple(row) for row in axes.tolist()))  # type: ignore[arg-type]  # three rows of three
    middle = turn.placed(np.array([[0.0, *_ABOUT]]))
    for who, body in enumerate(bodies, 1):
        seen = turn.placed(body.points) - middle
        right, up, near = seen.T
        world = np.stack([right, _HALF_TURN * (up - near), _HALF_TURN * (up + near)], axis=1)
        shown = np.stack([side / 2 + scale * right, side / 2 - scale * up, scale * near], axis=1)
        corner, tone = np.zeros((len(body.faces), 3), np.float32), np.ones(len(body.faces))
        normals.corner_light(
            world, shown, body.faces, 0, len(body.faces), tone, np.empty((0, 2), np.int32), np.zeros(3), corner
        )
        raster.rasterise(shown, body.faces, 0, len(body.faces), corner, who, window, depth, light, owner)
    left, ground = np.ones((side, side), np.float32), np.ones((SIDE, SIDE), np.float32)
    occlusion.light_left(depth, light, owner, np.array(_KEY), left)
    picture = np.empty((SIDE, SIDE, 3), np.uint8)
    ramps = np.stack([ramp(body.colour) for body in bodies])
    resolve.resolve(light, owner, left, ground, ramps, np.array((0, 0, SIDE, SIDE)), margin, picture)
    return picture


def off_skin_png(worn: Worn, *, title: str, subtitle: str = "", language: Language = "en") -> bytes:
    """The PNG: each panel in the colours of its distance from the skin, with its figures; the first one above the others, larger.

    ValueError where there is no panel.
    """
    if not worn.panels:
        raise ValueError("a map shows at least one panel")
    said = _SAID[language]
    sheet = Canvas(deviation.WIDTH, deviation.HEIGHT)
    sheet.text(title, 48, 45, 17, INK, BOLD)
    if subtitle:
        sheet.text(subtitle, 48, 78, 12, GREY)
    left, top, right, bottom = FIELD
    first, *others = worn.panels
    _panel(sheet, first, (left, top, right, bottom - _LOWER if others else bottom), worn, language)
    wide = (right - left) // max(1, len(others))
    for k, panel in enumerate(others):
        _panel(sheet, panel, (left + k * wide, bottom - _LOWER + _BETWEEN, left + (k + 1) * wide, bottom), worn, language)
    deviation.draw_scale(sheet, worn.limits, language)
    sheet.bar(SCALE[0], 772, SCALE[0] + 26, 790, UNKNOWN)
    sheet.text(said["far"].format(f"{worn.far:g}"), SCALE[2] + 12, 775, 10, INK)
    sheet.text(said["or"], SCALE[2] + 12, 791, 10, INK)
    return png.write(sheet.pixels)


def _panel(sheet: Canvas, panel: Panel, box: tuple[int, int, int, int], worn: Worn, language: Language) -> None:
    deviation.draw(sheet, panel.points, panel.faces, panel.values, worn.limits, box, _fits(panel, box))
    _caption(sheet, panel, (box[0] + box[2]) // 2, box[3] + 20, language)


def _fits(panel: Panel, box: tuple[int, int, int, int]) -> float:
    """Pixels a mm, at most."""
    used = panel.points[np.unique(panel.faces)]
    x, y = (max(float(used[:, k].max() - used[:, k].min()), 1e-3) for k in (0, 1))
    return min((box[2] - box[0] - 24) / x, (box[3] - box[1] - 12) / y)


def _caption(sheet: Canvas, panel: Panel, middle: int, y: int, language: Language) -> None:
    words, told = WORDS[language], panel.figures
    name = panel.words[language == "fr"]
    if told is None:
        sheet.text(name, middle, y, 13, INK, BOLD, "centre")
        return
    verdict, ink = ("pass", PASS) if told.within else ("fail", FAIL)
    wide = sheet.text(name, middle - 24, y, 13, INK, BOLD, "centre")
    sheet.text(words[verdict], middle - 24 + wide / 2 + 12, y, 13, ink, BOLD, "left")
    limits = told.limits
    figures = f"p5 {number(told.p5, language)}   {words['median']} {number(told.median, language)}   p95 {number(told.p95, language)} mm"
    sheet.text(figures, middle, y + 22, 11, INK, PLAIN, "centre")
    bounds = f"{words['limits']} p5 ≥ {number(limits.low, language)}, p95 ≤ {number(limits.high, language)}, |{words['median']}| ≤ {number(limits.middle, language)[1:]} mm"
    sheet.text(bounds, middle, y + 40, 10, GREY, PLAIN, "centre")
