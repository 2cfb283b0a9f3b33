"""Up to three initials in a frame: side by side, the middle one of three larger, as high as the frame has room for."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from engine.errors import OrderError
from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.shape import characters, glyphs, text
from kernels import portable

SIDE = 0.7
"""Height of the outer two of three initials, the middle one being 1."""
GAP = 0.14
"""Between two initials, in heights of the middle one."""
LINE = 0.06
AIR = 0.05
"""The frame's line and the room within it, in heights of the frame."""
LEAST = 2.0
FRAMES = ("circle", "square", "diamond")


def outline(initials: str, font: str, size: float, frame: str) -> Outline:
    """The frame, `size` mm high, and the initials in it, centred at the origin. OrderError for more than three, or none."""
    letters = characters.clusters("".join(initials.split()))
    if not 1 <= len(letters) <= 3:
        raise OrderError("text", "a monogram has one to three initials", value=f"{len(letters)} letters", limit="1 to 3")
    if frame not in FRAMES:
        raise OrderError("frame", "is no frame of a monogram", value=frame, limit=", ".join(FRAMES), nearest=FRAMES[0])
    if not LEAST <= size <= text.LARGEST_MM:
        limit, nearest = f"{LEAST:g} to {text.LARGEST_MM:g} mm", LEAST if size < LEAST else text.LARGEST_MM
        raise OrderError("height", "a frame cannot be this high", value=size, limit=limit, nearest=nearest)
    heights = [SIDE, 1.0, SIDE] if len(letters) == 3 else [1.0] * len(letters)
    boxes = [[v * h for v in text.extent(one, font=font)] for one, h in zip(letters, heights, strict=True)]
    left = -(sum(x1 - x0 for x0, _, x1, _ in boxes) + GAP * (len(boxes) - 1)) / 2.0
    places, far = [], 0.0
    for x0, y0, x1, y1 in boxes:
        places.append(left - x0)
        for x in (left, left + x1 - x0):
            for y in (y0, y1):
                far = max(far, _norm(frame, x, y))
        left += x1 - x0 + GAP
    room = size * (0.5 - (LINE + AIR) * (math.sqrt(2.0) if frame == "diamond" else 1.0))
    if far <= 0.0:
        raise OrderError("text", "a monogram has one to three initials", value="no ink", limit="1 to 3")
    high = room / far
    parts = [
        text.outline(one, font=font, height=high * h, at=(x * high, 0.0))
        for one, h, x in zip(letters, heights, places, strict=True)
    ]
    points = [
        _loop(frame, size / 2.0, 1),
        _loop(frame, size * (0.5 - LINE * (math.sqrt(2.0) if frame == "diamond" else 1.0)), -1),
    ]
    ends = np.cumsum([len(p) for p in points], dtype=np.int32)
    for part in parts:
        points.append(part.points)
        ends = np.concatenate((ends, part.ends + ends[-1]))
    return Outline(np.concatenate(points), ends)


def _norm(frame: str, x: float, y: float) -> float:
    """How large a frame (half its height) must be to hold a place."""
    x, y = abs(x), abs(y)
    return math.sqrt(x * x + y * y) if frame == "circle" else max(x, y) if frame == "square" else x + y


def _loop(frame: str, half: float, way: int) -> npt.NDArray[np.int32]:
    """One loop of a frame, `half` mm from the middle to its top: counter-clockwise, or with way -1 clockwise."""
    if frame == "circle":
        # an even number of chords, each within FINE of the circle
        count = 4 * math.ceil(math.pi / math.sqrt(2.0 * glyphs.FINE / half) / 4.0) if half > glyphs.FINE else 8
        turns = [360.0 * i / count for i in range(count)]
        corners = [(half * portable.cosine_degrees(t), half * portable.sine_degrees(t)) for t in turns]
    elif frame == "square":
        corners = [(half, half), (-half, half), (-half, -half), (half, -half)]
    else:
        corners = [(half, 0.0), (0.0, half), (-half, 0.0), (0.0, -half)]
    loop = np.floor(np.array(corners[::way]) * STEPS_PER_MM + 0.5).astype(np.int32)
    return np.ascontiguousarray(loop)
