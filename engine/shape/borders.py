"""Rectangles with round corners, discs among them, as outlines on the lattice.

Coordinates come from + - * / and `kernels.portable`: the same points on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.model.rounded import Rounded
from kernels.portable import cosine_degrees, sine_degrees

CHORD = 0.0099
"""mm: how far the middle of a chord may lie from its arc; with the rounding of its ends (0.00007) it stays below 0.01."""


def filled(shape: Rounded, less: Sequence[Rounded] = ()) -> Outline:
    """All within the border of `shape`, less the others, which lie within it and apart (a stamp refuses them where they do not).

    Ends of chords lie on the arcs. ValueError where a size is not above 0, or a corner rounder than its shape.
    """
    loops = [_border(shape), *(_border(hole)[::-1] for hole in less)]
    ends = np.cumsum([len(loop) for loop in loops], dtype=np.int32)
    return Outline(np.array([p for loop in loops for p in loop], dtype=np.int32), ends)


def _border(shape: Rounded) -> list[tuple[int, int]]:
    """Steps, counter-clockwise, each point once."""
    r, inner_w, inner_h = shape.corner, shape.w / 2 - shape.corner, shape.h / 2 - shape.corner
    if not (shape.w > 0.0 and shape.h > 0.0 and r >= 0.0 and min(inner_w, inner_h) >= -0.5 / STEPS_PER_MM):
        raise ValueError(f"no border: {shape.w!r} by {shape.h!r} mm with corners of {r!r} mm")
    parts = _chords(r)
    turns = [(cosine_degrees(90.0 * k / parts), sine_degrees(90.0 * k / parts)) for k in range(parts + 1)]
    (c, s), loop = shape.along, list[tuple[int, int]]()
    for a, b in ((1.0, 0.0), (0.0, 1.0), (-1.0, 0.0), (0.0, -1.0)):  # where each quarter begins: to the right, up...
        for x, y in turns:
            u, v = inner_w * (a - b) + r * (a * x - b * y), inner_h * (a + b) + r * (b * x + a * y)
            point = (round((shape.x + c * u - s * v) * STEPS_PER_MM), round((shape.y + s * u + c * v) * STEPS_PER_MM))
            if not loop or point != loop[-1]:
                loop.append(point)
    return loop[:-1] if loop[0] == loop[-1] else loop


def _chords(radius: float) -> int:
    """The fewest chords of a quarter that are near enough; one of a sharp corner, whose ends are one point."""
    parts = 1
    while radius * (1.0 - cosine_degrees(45.0 / parts)) > CHORD:
        parts += 1
    return parts
