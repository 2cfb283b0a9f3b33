"""The face model laid on a scan: where the face is, how the head is turned, and the amounts of the modes.

Start: 24 turns of the scan's principal axes, also moved along the face, for a head's middle lies behind the face; a few rigid steps with
few points; the best that are unlike go on with few modes, the best of those with all. Point-to-plane steps with Cauchy's weights and
a ridge (`kernels.morph`). All in fixed order: the same scan gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.body.face_scan import FaceScan
from engine.body.face_table import PUPILS, Table
from engine.body.standing import cross, length
from kernels import axes, morph, nearest, register

Floats = npt.NDArray[np.float64]

SIZE = 100.0
"""mm: turns and shifts weigh alike there."""
ALIKE = 0.6
"""Cosine, 53 degrees: normals of scan and model that differ more belong to other skin."""
SIGMA = 0.4
"""mm: what a point of the scan says of the model, one standard deviation: noise, and that no face is quite in its span."""
STRANGE = 1000.0
"""So much of the square of the amounts outweighs that the model lies wholly on the scan (M: 12 to 30 against 50 to 300 with few modes, 25
to 110 against 300 to 650 with all, right against wrong poses)."""
_SHIFTS = ((0.0, 0.0), (0.0, 35.0), (0.0, 70.0), (45.0, 70.0))
"""mm up and forward from the middle of the scan: where the middle of the model may be."""
_TRIM = 0.7
_APART = (0.991, 10.0)
"""Half the cosine's angle, 15 degrees, and mm at the face: nearer fits are one."""
_LOOSE = 1e-6  # beside the sums: what nothing fixes is left as it is


@dataclass(frozen=True, eq=False)
class Fit:
    """motion (7,) from the model's frame to the scan; amounts (k,); score: 0 to 1, how much of the model lies on the scan."""

    motion: Floats
    amounts: Floats
    score: float = 0.0

    @property
    def strange(self) -> float:
        """The square of the amounts: about as many as there are modes for a face, several times that for what is none."""
        return math.fsum((self.amounts * self.amounts).tolist())

    @property
    def worth(self) -> float:
        """By which fits are compared."""
        return self.score - self.strange / STRANGE


@dataclass(frozen=True)
class Look:
    """With so many of the model's points and modes; to what distance (mm; None: the nearest _TRIM of all); Cauchy's scale; the least
    cosine of normals."""

    points: int
    modes: int
    far: float | None
    scale: float
    cosine: float = ALIKE


ROUGH = Look(300, 0, None, 6.0, 0.2)
FEW = Look(600, 15, 12.0, 3.0)
ALL = Look(1500, 90, 8.0, 0.6)


@dataclass(frozen=True, eq=False)
class Laid:
    """What a fit's points meet on the scan: places (n, 3), distances, offs and weights (n,) of `morph.trusted`, normals (n, 3)."""

    places: Floats
    distances: Floats
    offs: Floats
    weights: Floats
    normals: Floats


class Part:
    """The model's skin, as much of it as a look takes."""

    def __init__(self, model: Table, look: Look) -> None:
        rows = slice(len(PUPILS), look.points)
        self.look = look
        self.mean, self.own = np.ascontiguousarray(model.mean[rows]), np.ascontiguousarray(model.normals[rows])
        self.modes = np.ascontiguousarray(model.modes[rows])

    def laid(self, scan: FaceScan, motion: Floats, amounts: Floats) -> Laid:
        """Each point, and its nearest on the scan."""
        n, look = len(self.mean), self.look
        shape, places, offs, weights = np.empty((n, 3)), np.empty((n, 3)), np.empty(n), np.empty(n)
        morph.shaped(self.mean, self.modes, amounts, shape)
        register.move(shape, motion, places)
        near = nearest.find(scan.onto.points, scan.onto.faces, scan.onto.tree, scan.onto.lanes, places)
        kept = int(_TRIM * n)
        far = float(np.partition(near.distances, kept)[kept]) if look.far is None else look.far
        normals = scan.normals[near.faces]
        lost = scan.lost[near.faces]
        morph.trusted(places, near.points, normals, self.own, lost, motion, look.cosine, far, look.scale, offs, weights)
        return Laid(places, near.distances, offs, weights, normals)

    def equations(self, laid: Laid, motion: Floats, amounts: Floats, centre: Floats) -> tuple[Floats, Floats]:
        """The factor of the normal equations, times SIGMA squared (`morph.factored`), and their right side."""
        u = morph.POSE + len(amounts)
        square, right = np.empty((u, u)), np.empty(u)
        morph.gathered(
            laid.places, laid.offs, laid.normals, laid.weights, self.modes, motion, centre, SIZE, np.empty(u), square, right
        )
        k = np.arange(u)
        square[k, k] += np.where(k < morph.POSE, _LOOSE, SIGMA * SIGMA)
        right[morph.POSE :] -= SIGMA * SIGMA * amounts
        morph.factored(square)
        return square, right

    def improved(self, scan: FaceScan, fit: Fit, steps: int) -> Fit:
        """After so many steps."""
        motion, amounts = fit.motion.copy(), np.zeros(self.look.modes)
        amounts[: len(fit.amounts)] = fit.amounts
        for _ in range(steps):
            laid = self.laid(scan, motion, amounts)
            centre = _mean(laid.places)
            factor, right = self.equations(laid, motion, amounts, centre)
            morph.forward(factor, right)
            morph.backward(factor, right)
            amounts = amounts + right[morph.POSE :]
            right[:3] /= SIZE
            register.turn(right[: morph.POSE].copy(), centre, SIZE, motion)
        laid = self.laid(scan, motion, amounts)
        away = laid.distances / self.look.scale
        near = np.where(laid.weights > 0.0, 1.0 / (1.0 + away * away), 0.0)
        return Fit(motion, amounts, math.fsum(near.tolist()) / len(near))


def found(scan: FaceScan, model: Table) -> Fit:
    """The best fit there is; whether it is one, who asks must judge."""
    rough, few, every = (Part(model, look) for look in (ROUGH, FEW, ALL))
    kept = [rough.improved(scan, start, 4) for start in _starts(scan, model)]
    kept = [rough.improved(scan, fit, 8) for fit in _best(kept, 24)]
    kept = [few.improved(scan, fit, 3) for fit in _best(kept, 16)]
    kept = [few.improved(scan, fit, 5) for fit in _best(kept, 8)]
    kept = [every.improved(scan, fit, 4) for fit in _best(kept, 4)]
    return every.improved(scan, _best(kept, 1)[0], 16)


def _starts(scan: FaceScan, model: Table) -> list[Fit]:
    middle, spread, frame = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    axes.spread_of(scan.surface.points, scan.surface.faces, middle, spread)
    axes.axes_of(spread, frame)
    mine = _mean(model.mean)
    made = []
    for first, second in ((a, b) for a in range(3) for b in range(3) if a != b):
        for one, two in ((1.0, 1.0), (1.0, -1.0), (-1.0, 1.0), (-1.0, -1.0)):
            x, y = one * frame[first], two * frame[second]
            turn = quaternion(np.column_stack([x, y, cross(x, y)]))
            for up, forward in _SHIFTS:
                motion, moved = np.concatenate([turn, np.zeros(3)]), np.empty((1, 3))
                register.move((mine - np.array([0.0, up, forward]))[None], motion, moved)
                motion[4:] = middle - moved[0]
                made.append(Fit(motion, np.zeros(0)))
    return made


def quaternion(m: Floats) -> Floats:
    """w, x, y, z of a rotation (3, 3): Shepperd 1978, by the largest of four."""
    a, b, c = m[0, 0], m[1, 1], m[2, 2]
    squares = (1.0 + a + b + c, 1.0 + a - b - c, 1.0 - a + b - c, 1.0 - a - b + c)
    k = int(np.argmax(squares))
    r = math.sqrt(squares[k])
    d = (m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1])
    e = (m[0, 1] + m[1, 0], m[0, 2] + m[2, 0], m[1, 2] + m[2, 1])
    row = ((r * r, *d), (d[0], r * r, e[0], e[1]), (d[1], e[0], r * r, e[2]), (d[2], e[1], e[2], r * r))[k]
    made: Floats = np.array(row) * (0.5 / r)
    return made


def _mean(points: Floats) -> Floats:
    return np.array([math.fsum(points[:, d].tolist()) / len(points) for d in range(3)])


def _best(fits: Sequence[Fit], count: int) -> list[Fit]:
    """The best that are unlike."""
    made: list[Fit] = []
    for fit in sorted(fits, key=lambda f: -f.worth):
        if len(made) == count:
            break
        if not any(_same(fit, other) for other in made):
            made.append(fit)
    return made


def _same(one: Fit, two: Fit) -> bool:
    face = np.array([[0.0, 20.0, 90.0]])
    a, b = np.empty((1, 3)), np.empty((1, 3))
    register.move(face, one.motion, a)
    register.move(face, two.motion, b)
    p, q = one.motion, two.motion
    turned = abs(p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3]) > _APART[0]
    return turned and length(a[0] - b[0]) < _APART[1]
