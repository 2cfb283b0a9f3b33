"""The frame of a foot that stands: which way it points, and which side is medial.

The axis, which defines its length: from the middle of the foot's width at 15 % of its length to that at 70 %, both averaged over the
2 % before and after. On one real scan it gives 274.5 mm, the least rectangle 275.7 and the longest caliper 276.3: a length without its
axis is known to 2 mm.
"""

from __future__ import annotations

import functools
import math

import numpy as np
import numpy.typing as npt

from engine.body.surface import Surface
from kernels import lying, portable, stations

Floats = npt.NDArray[np.float64]

BACK, FRONT = 0.15, 0.70
"""Where along the length the axis runs through the middle."""
AROUND = np.array([-0.02, -0.01, 0.0, 0.01, 0.02])
"""Of the length: what a width at some share of it is averaged over."""
LOW = 0.2
"""Of the length: what is higher belongs to the ankle, and is no part of the foot's outline."""
_FIRST_TOP = 60.0  # mm
_ROUNDS = 5
_TALLER, _WIDER = 1.2, 1.03


@functools.cache
def _ways() -> Floats:
    """180 directions, a degree apart (180, 2)."""
    return np.array([[portable.cosine_degrees(float(i)), portable.sine_degrees(float(i))] for i in range(180)])


def about_z(points: Floats, x: float, y: float) -> Floats:
    """Turned so that the direction (x, y) is x."""
    length = math.sqrt(x * x + y * y)
    c, s = x / length, y / length
    moved = np.empty_like(points)
    lying.turned(points, np.array([c, s, 0.0]), np.array([-s, c, 0.0]), np.array([0.0, 0.0, 1.0]), moved)
    return moved


def lengthwise(points: Floats) -> tuple[Floats, float]:
    """Turned so that the long side of the least rectangle round what is low lies along x; and how long that is."""
    ways, told, top = _ways(), np.empty((180, 2)), _FIRST_TOP
    for _ in range(2):
        stations.spans(points, top, ways, told)
        width = told[:, 1] - told[:, 0]
        across = np.roll(width, -90)
        at = int(np.argmin(width * across))
        at = at if width[at] >= across[at] else (at + 90) % 180
        top = LOW * float(width[at])
    moved = about_z(points, float(ways[at, 0]), float(ways[at, 1]))
    return moved, float(width[at])


def reach(points: Floats, top: float) -> tuple[float, float]:
    """The least and the greatest x of what lies below `top`."""
    told = np.empty((1, 2))
    stations.spans(points, top, np.array([[1.0, 0.0]]), told)
    return float(told[0, 0]), float(told[0, 1])


def profile(surface: Surface, top: float, rear: float, length: float, shares: Floats) -> Floats:
    """`stations.extents` at these shares (k,) of the length, which are evenly spaced."""
    told = np.empty((len(shares), 4))
    step = length * float(shares[1] - shares[0])
    stations.extents(surface.points, surface.faces, top, rear + length * float(shares[0]), step, told)
    return told


def heel_first(surface: Surface, length: float, whole: bool) -> Surface | None:
    """Turned by half a turn where the heel is at the greater x: of a foot the tall end, of a sole the narrow one.

    None where neither end is.
    """
    rear = reach(surface.points, LOW * length)[0]
    told = profile(surface, math.inf if whole else LOW * length, rear, length, np.linspace(0.05, 0.95, 46))
    size = told[:, stations.HIGH] if whole else told[:, stations.MOST] - told[:, stations.LEAST]
    few, many = (0, 8) if whole else (5, 16)  # near the ends, where only the leg is tall; within, where only the ball is wide
    one, two = mean(size[few:many]), mean(size[::-1][few:many])
    heel, toes = (one, two) if whole else (two, one)
    if not max(one, two) > (_TALLER if whole else _WIDER) * min(one, two):
        return None
    return surface if heel > toes else surface.moved(surface.points * np.array([-1.0, -1.0, 1.0]))


def on_axis(surface: Surface) -> tuple[Surface, float]:
    """Turned and shifted so that the axis is y = 0 and the rearmost point x = 0; and the length along it.

    The heel must already lie at the lesser x.
    """
    for _ in range(_ROUNDS):
        rear, front = reach(surface.points, LOW * np.ptp(surface.points[:, 0]))
        rear, front = reach(surface.points, LOW * (front - rear))
        length = front - rear
        ends = []
        for share in (BACK, FRONT):
            told = profile(surface, LOW * length, rear, length, share + AROUND)
            ends.append(_middle(told))
        slope = (ends[1] - ends[0]) / ((FRONT - BACK) * length)
        surface = surface.moved(about_z(surface.points, 1.0, slope) if math.isfinite(slope) else surface.points)
    rear, front = reach(surface.points, LOW * length)
    told = profile(surface, LOW * length, rear, front - rear, BACK + AROUND)
    middle = _middle(told)
    surface.points[:] -= np.array([rear, middle if math.isfinite(middle) else 0.0, 0.0])
    return surface, front - rear


def _middle(told: Floats) -> float:
    """The mean of the stations' middles across; nan where one of them meets nothing."""
    if (told[:, stations.LEAST] > told[:, stations.MOST]).any():
        return math.nan
    return mean(0.5 * (told[:, stations.LEAST] + told[:, stations.MOST]))


def mean(values: Floats) -> float:
    """Added up in their order."""
    return math.fsum(values.tolist()) / len(values)
