"""The nose where a worn front lies on it: the front is tilted, and its back stands nearer to the face below than above.

Of a scanned nose the sections themselves are taken; of measures a flank is a plane, told by width and angles, and a crest is that of
usual faces (150 of the ICT model: so far under the crest at 5 below the pupils, sd 1.5 at its lowest).
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import numpy as np
import numpy.typing as npt

from engine.authoring import Face, Measurement, direction, nose_section

if TYPE_CHECKING:
    from templates.eyewear.eyewear import Eyewear

Floats = npt.NDArray[np.float64]
Height = TypeVar("Height", float, Floats)

BEARING_AT, TOLD_AT = 12.0, 9.0
"""mm below the pupil, and before the cornea: where a nose's width is told, and a bearing lies."""
CREST_AT = 5.0
"""mm below the pupil: where a crest is told."""
RECEDES, TURNS, HOLLOW = 0.77, 0.0305, 4.75
"""From there upwards a crest goes back so many mm a mm, less by TURNS with each mm more, to HOLLOW at most (all of the ICT faces' mean)."""
SAMPLES = tuple(6.0 + 0.5 * k for k in range(17))
"""mm below the pupil: sections of a bearing."""
OVER = 0.8
"""mm of air between the crest and a bridge."""
FLAT = (1.1, 0.85)
"""mm that half a nose may widen a mm downwards, and backwards: what does so faster is too flat for a bearing (ours)."""
MEET = 2.0
"""mm from the middle to a flank at the front's own front: nearer to each other, bearings would meet (ours)."""
NEAREST, FARTHEST, RAISED = 11.0, 15.0, 6.5
"""mm before the corneas, from and to (12 to 15 is usual), and over the boxes' middle that a bridge's underside still looks well (ours)."""


@dataclass(frozen=True)
class Back:
    """The back of a worn front at its middle: heights over the boxes' middle in it, and where these are in the face's frame."""

    cos: float
    sin: float
    up: float
    ahead: float
    """y and z (before the corneas) of the boxes' middle on it."""

    @classmethod
    def of(cls, pd: float, wrap: float, vertex: float, tilt: float, pupil: float, deep: float) -> Back:
        """Of a front so deep, whose lenses' middles are `vertex` before the corneas where its pupils are, `pupil` over the boxes' middle."""
        c, s = direction(tilt)
        cos, sin = direction(wrap)
        behind = 0.5 * deep - 0.5 * pd * sin / (1.0 + cos)
        """Of the front's back at its middle, behind the lenses' middles: the front is rolled."""
        return cls(c, s, behind * s - pupil * c, vertex - pupil * s - behind * c)

    def place(self, height: Height, behind: float = 0.0) -> tuple[Height, Height]:
        """y and z of a point so high (or of several), and so far behind it."""
        return self.up + height * self.cos + behind * self.sin, self.ahead + height * self.sin - behind * self.cos


@dataclass(frozen=True)
class Flank:
    """Half a nose's width in the plane of the back at `at` over the boxes' middle, and how it widens downwards and backwards, mm a mm."""

    half: float
    at: float
    slope: float
    spread: float


def of_measures(told: Mapping[str, Measurement], back: Back, pupil: float) -> Flank:
    """As width and angles tell it."""
    (cf, sf), (cs, ss) = direction(told["nose_frontal"].value), direction(told["nose_splay"].value)
    down, rear = sf / cf, ss / cs
    at = pupil - BEARING_AT
    y, z = back.place(at)
    half = told["nose_width"].value / 2 + (-BEARING_AT - y) * down + (TOLD_AT - z) * rear
    return Flank(half, at, back.cos * down + back.sin * rear, back.cos * rear - back.sin * down)


def of_face(face: Face, back: Back, pupil: float, deep: float) -> Flank | None:
    """As the scan's sections show it; None where they do not."""
    heights, halves, behind = [], [], []
    for below in SAMPLES:
        height = pupil - below
        ends = [nose_section(face, *back.place(height, b)) for b in (0.0, deep)]
        if all(math.isfinite(left - right) for right, left in ends):
            heights.append(height)
            halves.append(0.5 * (ends[0][1] - ends[0][0]))
            behind.append(0.5 * (ends[1][1] - ends[1][0]))
    if len(heights) < len(SAMPLES) // 2:
        return None
    at = pupil - BEARING_AT
    half, slope = _line([at - h for h in heights], halves)
    rear, _ = _line([at - h for h in heights], behind)
    return Flank(half, at, slope, (rear - half) / deep)


def _line(x: list[float], y: list[float]) -> tuple[float, float]:
    """Of the line through (x, y) by least squares: its value at 0, and its slope."""
    n = len(x)
    mx, my = math.fsum(x) / n, math.fsum(y) / n
    slope = math.fsum((a - mx) * (b - my) for a, b in zip(x, y, strict=True)) / math.fsum((a - mx) * (a - mx) for a in x)
    return my - slope * mx, slope


def crest_of(told: Mapping[str, Measurement], face: Face | None, y: Floats) -> Floats:
    """How far before the corneas the crest is at each y over the pupils, mm."""
    if face is not None and face.nose is not None:
        z, row = face.nose.z, (y - face.nose.origin[1]) / face.nose.pitch
        middle = round(-face.nose.origin[0] / face.nose.pitch)
        reach = round(4.0 / face.nose.pitch)
        heights = z[middle - reach : middle + reach + 1].max(axis=0)
        return np.interp(row, np.arange(len(heights)), heights)
    above = y + CREST_AT
    hollow = np.where(above < 0.5 * RECEDES / TURNS, np.minimum(RECEDES * above - TURNS * above * above, HOLLOW), HOLLOW)
    crest: Floats = told["nose_crest"].value - hollow
    return crest


def back(frame: Eyewear, vertex: float) -> Back:
    """Of that frame's front, worn so far before the corneas."""
    return Back.of(frame.told()["pd"].value, frame.wrap, vertex, frame.tilt, frame.pupil_height, frame.rim_deep)


def flank(frame: Eyewear, face: Face | None) -> Flank:
    """Of the person's nose at that frame's front: as it was scanned, else by its measures."""
    behind = back(frame, frame.vertex)
    shown = None if face is None else of_face(face, behind, frame.pupil_height, frame.rim_deep)
    return shown or of_measures(frame.told(), behind, frame.pupil_height)


def lies(frame: Eyewear, face: Face | None) -> tuple[float, bool]:
    """mm by which that frame's bridge presses on the crest; and whether its bearings come to the flanks, where these were scanned."""
    behind = back(frame, frame.vertex)
    presses = float(pressing(frame.told(), face, behind, np.array([frame.bridge_height]), frame.bridge_high)[0])
    return presses, face is None or face.nose is None or _reached(frame, face, behind)


def _reached(frame: Eyewear, face: Face, behind: Back) -> bool:
    """Do bearings there come to flanks that are steep enough?"""
    shown = of_face(face, behind, frame.pupil_height, frame.rim_deep)
    if shown is None or shown.half - shown.spread * frame.rim_deep < MEET:
        return False
    return shown.slope <= FLAT[0] and shown.spread <= FLAT[1]


def vertex(frame: Eyewear, face: Face | None) -> float:
    """The least distance from the usual one on at which that frame's bridge clears the crest and is not raised; the most where none is.

    Nearer than usual before a scanned nose that is flat, where that brings it within reach.
    """
    at: float = frame.vertex
    if face is not None and face.nose is not None:
        nearer = [at - 0.5 * k for k in range(1 + round((at - NEAREST) / 0.5))]
        at = next((v for v in nearer if _reached(frame, face, back(frame, v))), at)
    while frame.vertex <= at < FARTHEST:
        height, touches = bridge_height(frame.told(), face, back(frame, at), frame.bridge_high)
        if touches <= 0.0 and height <= RAISED:
            break
        at += 0.5
    return at


def bridge_height(told: Mapping[str, Measurement], face: Face | None, behind: Back, high: float) -> tuple[float, float]:
    """How high over the boxes' middle the underside of a bridge that is `high` lies lowest without touching the crest; and by how much it
    then does touch it, 0 where it does not."""
    found = (0.0, math.inf)
    heights = np.arange(-80, 141, 2) / 10.0
    for height, touches in zip(heights.tolist(), (OVER + pressing(told, face, behind, heights, high)).tolist(), strict=True):
        if touches <= 0.0:
            return height, 0.0
        if touches < found[1] - 1e-9:
            found = (height, touches)
    return found


def pressing(told: Mapping[str, Measurement], face: Face | None, behind: Back, heights: Floats, high: float) -> Floats:
    """mm by which a bridge with its underside at each of the heights (n,) presses on the crest, below 0 where it is free."""
    y, z = behind.place(heights[:, None] + high * np.arange(5) / 4.0)
    pressed: Floats = (crest_of(told, face, y) - z).max(axis=1)
    return pressed
