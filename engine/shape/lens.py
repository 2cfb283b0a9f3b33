"""Lens outlines: the boxing system (ISO 8624), a smooth outline of a trace, points along it, moved along its normals.

mm, in the frame of `engine.model.lens`: facing the wearer, x to the right of the picture, y up.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from engine.model.lens import Boxed, LensCurve, LensOutline, Trace
from engine.model.mesh import STEPS_PER_MM
from kernels import harmonics, outlines

Floats = npt.NDArray[np.float64]

WITHIN = 0.016
"""mm from a trace's radii to the smooth outline, at most: rounding alone is 0.005, and a groove has 0.02."""
HARMONICS = (16, 24, 32, 40, 48, 64, 96, 128)
"""The first of them that holds a trace is taken: the fewer, the smoother its curvature."""
ROUNDS = 30
BLANK_MARGIN = 2.0
"""mm that a blank is larger than the lens cut from it, across."""
_FLAT = 60.0
"""mm."""
_COARSE = 1440
"""Angles all round at which curvature and speed are asked."""
_STARTS = 720
"""Angles all round in which an extreme is looked for, before it is looked for more closely: several to a wave of the last of HARMONICS."""


def corners(trace: Trace) -> Floats:
    """The traced points (n, 2), mm from the tracer's centre."""
    turns = _turns(len(trace.radii))
    return turns * trace.radii[:, None]


@functools.lru_cache(maxsize=8)
def _turns(n: int) -> Floats:
    """Cosine and sine of n equal angles (n, 2)."""
    found = np.empty((n, 5))
    harmonics.evaluate(np.zeros(1), np.zeros(1), equal_angles(n), found)
    made = found[:, 3:].copy()
    made.flags.writeable = False
    return made


def equal_angles(n: int) -> Floats:
    """Degrees: i * 360 / n."""
    return 360.0 * np.arange(n) / n


def length_of(points: Floats) -> float:
    """Of the closed polygon through points (n, 2 or 3), mm."""
    ahead = np.roll(points, -1, axis=0) - points
    squares = ahead * ahead
    total = squares[:, 0] + squares[:, 1]
    if points.shape[1] == 3:
        total = total + squares[:, 2]
    return math.fsum(np.sqrt(total).tolist())


def box(trace: Trace) -> Boxed:
    """The boxing system of the traced polygon, as a tracer's own figures have it."""
    points = corners(trace)
    low, high = points.min(axis=0), points.max(axis=0)
    x, y = 0.5 * (low + high)
    away = _far(points[:, 0] - x, points[:, 1] - y)
    a, b = high - low
    return Boxed(float(a), float(b), 2.0 * float(away.max()), length_of(points), (float(x), float(y)))


def _far(x: Floats, y: Floats) -> Floats:
    return np.sqrt(x * x + y * y)


def smooth(trace: Trace, *, within: float = WITHIN) -> LensOutline:
    """The smooth outline `within` mm of the trace, by as few harmonics as hold it (2 k < n).

    ValueError: none does, and how far the best is off: the trace has corners, or noise.
    """
    n = len(trace.radii)
    work = np.empty((n, 4))
    best = math.inf
    for k in (k for k in HARMONICS if 2 * k < n):
        cosines, sines = np.empty(k + 1), np.empty(k + 1)
        off = harmonics.fit(trace.radii, within, ROUNDS, cosines, sines, work)
        best = min(best, off)
        if off <= within:
            return boxed_outline(trace, cosines, sines, off)
    raise ValueError(f"no smooth outline comes within {within:g} mm of the trace; the nearest is off by {best:.3f} mm")


def boxed_outline(trace: Trace, cosines: Floats, sines: Floats, off: float) -> LensOutline:
    """The outline with these harmonics and its own box: extremes between samples, too."""
    found = np.empty(6)
    harmonics.extent(cosines, sines, np.empty((_STARTS, 2)), found)
    right, left, top, bottom, far, whole = found.tolist()
    centre = (0.5 * (right - left), 0.5 * (top - bottom))
    return LensOutline(trace.side, cosines, sines, Boxed(right + left, top + bottom, 2.0 * far, whole, centre), off)


def _evaluated(cosines: Floats, sines: Floats, degrees: Floats) -> tuple[Floats, Floats, Floats, Floats, Floats]:
    found = np.empty((len(degrees), 5))
    harmonics.evaluate(cosines, sines, np.ascontiguousarray(degrees, np.float64), found)
    r, slope, bend, c, s = (found[:, k] for k in range(5))
    return r, slope, bend, c, s


def curve(outline: LensOutline, degrees: Floats) -> LensCurve:
    """Points at the angles `degrees` (n,), rising, about the tracer's centre: within a turn for `lengths` to mean anything."""
    r, slope, bend, c, s = _evaluated(outline.cosines, outline.sines, degrees)
    x, y = outline.boxed.centre
    speed = np.sqrt(r * r + slope * slope)
    points = np.stack((r * c - x, r * s - y), axis=1)
    along_x, along_y = (slope * c - r * s) / speed, (slope * s + r * c) / speed
    curvatures = (r * r + 2.0 * slope * slope - r * bend) / (speed * speed * speed)
    steps = np.diff(degrees) * (math.pi / 180.0) * 0.5 * (speed[1:] + speed[:-1])
    lengths = np.concatenate((np.zeros(1), np.cumsum(steps)))
    return LensCurve(points, np.stack((along_y, -along_x), axis=1), curvatures, lengths, outline.boxed.circumference)


def even_angles(outline: LensOutline, n: int) -> Floats:
    """Degrees (n,) from 0 that lie equally far apart along the outline."""
    _, speed = _bent(outline)
    return _shared(speed, n)


def bent_angles(outline: LensOutline, n: int) -> Floats:
    """Degrees (n,) from 0 whose chords are about equally near to the outline: denser where it bends.

    A chord of length s leaves a curve of curvature k by k s^2 / 8, so places are as dense as the root of the curvature; at least as on
    a circle of radius _FLAT.
    """
    curvatures, speed = _bent(outline)
    bends = np.sqrt(curvatures * curvatures + 1.0 / (_FLAT * _FLAT))
    return _shared(speed * np.sqrt(bends), n)


def _bent(outline: LensOutline) -> tuple[Floats, Floats]:
    """Curvature and speed (mm a radian) at _COARSE equal angles."""
    r, slope, bend, _, _ = _evaluated(outline.cosines, outline.sines, equal_angles(_COARSE))
    speed = np.sqrt(r * r + slope * slope)
    return (r * r + 2.0 * slope * slope - r * bend) / (speed * speed * speed), speed


def _shared(density: Floats, n: int) -> Floats:
    """n angles from 0 with as much of the density (at equal angles) between any two."""
    so_far = np.concatenate((np.zeros(1), np.cumsum(0.5 * (density + np.roll(density, -1)))))
    angles = np.append(equal_angles(_COARSE), 360.0)
    found: Floats = np.interp(so_far[-1] * np.arange(n) / n, so_far, angles)
    return found


def room(line: LensCurve) -> tuple[float, float]:
    """How far the curve can be moved before it folds: the farthest in (below 0) and out, mm; infinite where nothing stops it."""
    sharp, hollow = float(line.curvatures.max()), float(line.curvatures.min())
    return (-1.0 / sharp if sharp > 0.0 else -math.inf, -1.0 / hollow if hollow < 0.0 else math.inf)


def moved(line: LensCurve, by: float) -> LensCurve:
    """Every point `by` mm along its normal, outwards above 0; its length then is exactly 2 pi `by` more.

    ValueError: the outline folds, or crosses itself (exactly, on the lattice that ships).
    """
    low, high = room(line)
    if not low < by < high:
        raise ValueError(f"an outline moved by {by:g} mm folds: between {low:.2f} and {high:.2f} it does not")
    points = line.points + by * line.normals
    _check_simple(points, by)
    stretch = 1.0 + by * line.curvatures
    steps = np.diff(line.lengths) * 0.5 * (stretch[1:] + stretch[:-1])
    lengths = np.concatenate((np.zeros(1), np.cumsum(steps)))
    return LensCurve(points, line.normals, line.curvatures / stretch, lengths, line.circumference + 2.0 * math.pi * by)


def blank(outline: LensOutline, optical_centre: tuple[float, float]) -> float:
    """The smallest blank, mm across, for an optical centre at (x, y) from the box's centre: 2 max|outline - it| + 2 (exact)."""
    x, y = (optical_centre[k] + outline.boxed.centre[k] for k in range(2))
    return 2.0 * harmonics.farthest(outline.cosines, outline.sines, x, y, np.empty((_STARTS, 2))) + BLANK_MARGIN


def _check_simple(points: Floats, by: float) -> None:
    placed = np.rint(points * STEPS_PER_MM).astype(np.int32)
    ends = np.array([len(placed)], np.int32)
    left = outlines.clean(placed, ends, 0.0)
    if left != 1 or outlines.fault(placed[: ends[0]], ends) != outlines.CLEAN:
        raise ValueError(f"an outline moved by {by:g} mm crosses itself")
