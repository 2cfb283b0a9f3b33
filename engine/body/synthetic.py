"""A foot that nobody has: the demonstration's, and what the reading of scans is tested on, for its measures are known.

Drawn section by section along the foot from formulas of its own; nothing here is shared with what reads scans. x runs from the heel
along the axis through the middle of the width at 15 % and at 70 % of the length, y to the medial side, z up from the floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.foot import Side
from engine.model.mesh import Mesh
from kernels import portable

Floats = npt.NDArray[np.float64]

_HEEL, _TOES = 0.12, 0.06  # of the length: how far the rounding of heel and toes reaches
_TIP = 0.22  # of the ball's width: how far medially the longest toe ends
_ARCH, _ARCH_HALF = 0.4, 0.24  # of the length: the middle of the arch, and half of its extent
_GROOVES = (0.28, -0.08, -0.4, -0.68)  # across, from -1 to 1: between the toes
_GROOVE, _GROOVED = 0.1, 0.81
_BACK = 0.03  # of the length: how far the skin lies back between the toes
_SLIM_FROM = 0.2
"""Of the length: above that the leg is slimmer than the foot."""
_SLIM = 0.2


@dataclass(frozen=True)
class SyntheticFoot:
    """Lengths in mm. `arch`: how high the skin is at the medial border of the midfoot; `cut`: where the leg ends."""

    side: Side = "left"
    length: float = 262.0
    ball_width: float = 101.0
    heel_width: float = 70.0
    arch: float = 24.0
    arch_share: float = 0.73
    instep: float = 70.0
    cut: float = 105.0

    def borders(self, share: float) -> tuple[float, float]:
        """The lateral and the medial border, y, at a share of the length."""
        b, h = self.ball_width, 0.5 * self.heel_width
        x1 = self.arch_share
        waist = 0.5 * h + 0.25 * b
        medial = _through(
            share, (0.0, 0.07, 0.15, 0.42, 0.70, x1 + 0.0001, 0.86, 1.0),
            (0.9 * h, 0.96 * h, h, waist - 2.0, 0.486 * b, 0.5 * b, 0.47 * b, 0.40 * b),
        )  # fmt: skip
        lateral = _through(
            share, (0.0, 0.07, 0.15, 0.40, 0.63, 0.70, 0.80, 0.90, 1.0),
            (0.9 * h, 0.96 * h, h, waist + 3.0, 0.5 * b, 0.486 * b, 0.40 * b, 0.26 * b, 0.06 * b),
        )  # fmt: skip
        tip = _TIP * b
        if share < _HEEL:
            cap = _circle(1.0 - share / _HEEL)
            return -lateral * cap, medial * cap
        cap = _circle((share - 1.0 + _TOES) / _TOES) if share > 1.0 - _TOES else 1.0
        return tip + (-lateral - tip) * cap, tip + (medial - tip) * cap

    def sole(self, share: float, across: float) -> float:
        """How high the skin of the sole is at a share of the length, and from -1 at the lateral border to 1 at the medial one."""
        along = (share - _ARCH) / _ARCH_HALF
        hollow = self.arch * (1.0 - along * along) * (1.0 - along * along) if abs(along) < 1.0 else 0.0
        inwards = max(0.0, (across + 0.1) / 1.1)
        arched = hollow * inwards * inwards
        square = across * across
        rounded = 1.0 - math.sqrt(_circle(square))
        flesh = arched + (self._rim(share, across) - arched) * rounded
        return flesh + 0.4 * (self._rim(share, across) - flesh) * _between_toes(share, across)

    def dorsum(self, share: float, across: float) -> float:
        """How high the upper skin is there."""
        length = self.length
        ridge = _through(
            share,
            (0.0, 0.015, 0.04, 0.10, 0.30, 0.40, 0.50, 0.60, 0.70, 0.80, 0.90, 1.0),
            (
                self._rim(0.0, 0.0), 0.16 * length, 0.32 * length, 0.50 * length, 0.50 * length, 0.36 * length, self.instep,
                0.8 * self.instep, 0.58 * self.instep, 0.45 * self.instep, 0.37 * self.instep, self._rim(1.0, 0.0),
            ),
        )  # fmt: skip
        rim = self._rim(share, across)
        ridge -= 0.5 * (ridge - rim) * _between_toes(share, across)
        return min(self.cut, rim + (ridge - rim) * math.sqrt(1.0 - across * across * abs(across)))

    def _rim(self, share: float, across: float) -> float:
        """How high the border is, where sole and upper skin meet."""
        plain = self.length * _through(share, (0.0, 0.3, 0.7, 1.0), (0.085, 0.075, 0.055, 0.05))
        along = (share - _ARCH) / (1.2 * _ARCH_HALF)
        lift = (1.0 - along * along) * (1.0 - along * along) if abs(along) < 1.0 else 0.0
        return plain + 0.5 * (1.0 + across) * lift * 0.8 * self.arch

    def mesh(self, rings: int = 160, around: int = 156) -> Mesh:
        """A closed surface of 2 * around * (rings + 1) triangles, in mm; a left foot's y is to the right, as it is."""
        turns = [portable.cosine_degrees(360.0 * k / around) for k in range(around)]  # down the lateral side, up the medial one
        below = [2 * k > around for k in range(around)]
        points = [(0.0, 0.0, self._rim(0.0, 0.0))]
        for i in range(1, rings + 1):
            share = 0.5 - 0.5 * portable.cosine_degrees(180.0 * i / (rings + 1))
            lateral, medial = self.borders(share)
            middle, half = 0.5 * (lateral + medial), 0.5 * (medial - lateral)
            for across, under in zip(turns, below, strict=True):
                z = self.sole(share, across) if under else self.dorsum(share, across)
                back = _BACK * _between_toes(share, across)
                slim = _SLIM * min(1.0, max(0.0, z / self.length - _SLIM_FROM) / 0.15)
                points.append(((share - back) * self.length, middle + half * (1.0 - slim) * across, z))
        points.append((self.length, _TIP * self.ball_width, self._rim(1.0, 0.0)))
        faces = [(0, 1 + (k + 1) % around, 1 + k) for k in range(around)]
        for i in range(rings - 1):
            for k in range(around):
                a, b = 1 + i * around + k, 1 + i * around + (k + 1) % around
                faces += [(a, b, b + around), (a, b + around, a + around)]
        last, end = 1 + (rings - 1) * around, len(points) - 1
        faces += [(last + k, last + (k + 1) % around, end) for k in range(around)]
        made, rows = np.array(points), np.array(faces, dtype=np.int32)
        if self.side == "left":
            made, rows = made * np.array([1.0, -1.0, 1.0]), np.ascontiguousarray(rows[:, ::-1])
        return Mesh(made, rows)


def _between_toes(share: float, across: float) -> float:
    """1 in the middle of a groove between two toes, 0 beside it, behind the toes and at their tips."""
    if share <= _GROOVED:
        return 0.0
    near = max(max(0.0, 1.0 - abs(across - at) / _GROOVE) for at in _GROOVES)
    return near * near * (3.0 - 2.0 * near) * min(1.0, (share - _GROOVED) / 0.07, (1.0 - share) / 0.04)


def _circle(t: float) -> float:
    """The quarter of a circle: 1 at 0, 0 at 1."""
    return math.sqrt(max(0.0, 1.0 - t * t))


def _through(x: float, at: tuple[float, ...], values: tuple[float, ...]) -> float:
    """A smooth curve through (at, values) that rises and falls no more than they do (Fritsch, Butland 1984)."""
    i = 0
    while i < len(at) - 2 and x > at[i + 1]:
        i += 1
    wide = at[i + 1] - at[i]
    t = (x - at[i]) / wide
    rise = (values[i + 1] - values[i]) / wide
    one, two = _slope(i, at, values), _slope(i + 1, at, values)
    return values[i] + wide * t * (one + t * (3.0 * rise - 2.0 * one - two + t * (one + two - 2.0 * rise)))


def _slope(i: int, at: tuple[float, ...], values: tuple[float, ...]) -> float:
    if i in (0, len(at) - 1):
        j = min(i, len(at) - 2)
        return (values[j + 1] - values[j]) / (at[j + 1] - at[j])
    before, after = at[i] - at[i - 1], at[i + 1] - at[i]
    one, two = (values[i] - values[i - 1]) / before, (values[i + 1] - values[i]) / after
    if one * two <= 0.0:
        return 0.0
    return 3.0 * (before + after) / ((2.0 * after + before) / one + (after + 2.0 * before) / two)
