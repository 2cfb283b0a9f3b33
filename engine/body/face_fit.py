"""The face model laid on a scan: where the face is, how the head is turned, and the amounts of the modes.

Start: 24 turns of the scan's principal axes, also moved along the face, for a head's middle lies behind the face; a few rigid steps with
few points; the best that are unlike go on with few modes, the best of those with all. Point-to-plane steps with Cauchy's weights and
a ridge (`kernels.morph`). All in fixed order: the same scan gives the same bits.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.body.face_scan import FaceScan
from engine.body.face_table import PUPILS, Table
from kernels import axes, morph, nearest, register

Floats = npt.NDArray[np.float64]
Int64s = npt.NDArray[np.int64]

SIZE = 100.0
"""mm: turns and shifts weigh alike there."""
ALIKE = 0.6
"""Cosine, 53 degrees: normals of scan and model that differ more belong to other skin."""
SIGMA = 1.0
"""mm: what a point of the scan says of the model, one standard deviation: noise, and that no face is quite in its span."""
_SHIFTS = ((0.0, 0.0), (0.0, 35.0), (0.0, 70.0), (45.0, 70.0))
"""mm up and forward from the middle of the scan: where the middle of the model may be."""
_TRIM = 0.7
STRANGE = 1000.0
"""So much of the square of the amounts outweighs that the model lies wholly on the scan (M: 12 to 30 against 50 to 300 with few modes, 25
to 110 against 300 to 650 with all, right against wrong poses)."""


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
    """How a fit is improved: with so many of the model's points and modes, to what distance (mm; None: the nearest _TRIM of all), Cauchy's
    scale, the least cosine of normals."""

    points: int
    modes: int
    far: float | None
    scale: float
    cosine: float = ALIKE


ROUGH = Look(300, 0, None, 6.0, 0.2)
FEW = Look(600, 15, 12.0, 3.0)
ALL = Look(1500, 90, 8.0, 2.0)


def found(scan: FaceScan, model: Table) -> Fit:
    """The best fit there is; whether it is one, who asks must judge (`score`)."""
    kept = [_improved(scan, model, start, ROUGH, 4) for start in _starts(scan, model)]
    kept = [_improved(scan, model, fit, ROUGH, 8) for fit in _best(kept, 24)]
    kept = [_improved(scan, model, fit, FEW, 3) for fit in _best(kept, 16)]
    kept = [_improved(scan, model, fit, FEW, 5) for fit in _best(kept, 8)]
    kept = [_improved(scan, model, fit, ALL, 4) for fit in _best(kept, 4)]
    return _improved(scan, model, _best(kept, 1)[0], ALL, 16)


def _starts(scan: FaceScan, model: Table) -> list[Fit]:
    middle, spread, frame = np.empty(3), np.empty((3, 3)), np.empty((3, 3))
    axes.spread_of(scan.surface.points, scan.surface.faces, middle, spread)
    axes.axes_of(spread, frame)
    mine = _mean(model.mean)
    made = []
    for turn in _turns():
        columns = (turn @ frame).T if False else _times(frame, turn)
        quaternion = _quaternion(columns)
        for up, forward in _SHIFTS:
            at = mine - np.array([0.0, up, forward])
            motion = np.concatenate([quaternion, np.zeros(3)])
            moved = np.empty((1, 3))
            register.move(at[None], motion, moved)
            motion[4:] = middle - moved[0]
            made.append(Fit(motion, np.zeros(0)))
    return made


def _times(frame: Floats, turn: Floats) -> Floats:
    """Columns: where the model's axes go; each is plus or minus a row of the frame."""
    made = np.empty((3, 3))
    for k in range(3):
        row = int(np.argmax(np.abs(turn[k])))
        made[:, k] = frame[row] * turn[k, row]
    return made


def _turns() -> list[Floats]:
    """The 24 rotations that map axes to axes."""
    made = []
    for a in range(3):
        for b in range(3):
            if a == b:
                continue
            for sa in (1.0, -1.0):
                for sb in (1.0, -1.0):
                    x, y = np.zeros(3), np.zeros(3)
                    x[a], y[b] = sa, sb
                    z = np.array([x[1] * y[2] - x[2] * y[1], x[2] * y[0] - x[0] * y[2], x[0] * y[1] - x[1] * y[0]])
                    made.append(np.array([x, y, z]))
    return made


def _quaternion(m: Floats) -> Floats:
    """Of a rotation (3, 3): Shepperd 1978, by the largest of four."""
    trace = [m[0, 0] + m[1, 1] + m[2, 2], *(2.0 * m[k, k] - (m[0, 0] + m[1, 1] + m[2, 2]) for k in range(3))]
    w = [1.0 + t for t in trace]
    k = int(np.argmax(w))
    r = math.sqrt(max(w[k], 0.0))
    s = 0.5 / r
    d = (m[2, 1] - m[1, 2], m[0, 2] - m[2, 0], m[1, 0] - m[0, 1])
    e = (m[0, 1] + m[1, 0], m[1, 2] + m[2, 1], m[2, 0] + m[0, 2])
    if k == 0:
        return np.array([0.5 * r, s * d[0], s * d[1], s * d[2]])
    if k == 1:
        return np.array([s * d[0], 0.5 * r, s * e[0], s * e[2]])
    if k == 2:
        return np.array([s * d[1], s * e[0], 0.5 * r, s * e[1]])
    return np.array([s * d[2], s * e[2], s * e[1], 0.5 * r])


def _mean(points: Floats) -> Floats:
    return np.array([math.fsum(points[:, d].tolist()) / len(points) for d in range(3)])


def _best(fits: Sequence[Fit], count: int) -> list[Fit]:
    """The best that are unlike: 15 degrees, or 10 mm apart where the face is."""
    made: list[Fit] = []
    for fit in sorted(fits, key=lambda f: -f.worth):
        if len(made) == count:
            break
        if not any(_same(fit, other) for other in made):
            made.append(fit)
    return made


def _same(one: Fit, two: Fit) -> bool:
    near = np.array([[0.0, 20.0, 90.0]])
    a, b = np.empty((1, 3)), np.empty((1, 3))
    register.move(near, one.motion, a)
    register.move(near, two.motion, b)
    p, q = one.motion, two.motion
    turned = abs(p[0] * q[0] + p[1] * q[1] + p[2] * q[2] + p[3] * q[3]) > 0.991
    gap = a[0] - b[0]
    return turned and gap[0] * gap[0] + gap[1] * gap[1] + gap[2] * gap[2] < 100.0


def _improved(scan: FaceScan, model: Table, fit: Fit, look: Look, steps: int) -> Fit:
    rows = slice(len(PUPILS), look.points)
    modes = np.ascontiguousarray(model.modes[rows])
    own, mean = np.ascontiguousarray(model.normals[rows]), np.ascontiguousarray(model.mean[rows])
    amounts = np.zeros(look.modes)
    amounts[: len(fit.amounts)] = fit.amounts
    motion = fit.motion.copy()
    u = morph.POSE + look.modes
    shape, places = np.empty_like(mean), np.empty_like(mean)
    offs, weights = np.empty(len(mean)), np.empty(len(mean))
    square, right, row = np.empty((u, u)), np.empty(u), np.empty(u)
    for step in range(steps + 1):
        morph.shaped(mean, modes, amounts, shape)
        register.move(shape, motion, places)
        near = nearest.find(scan.onto.points, scan.onto.faces, scan.onto.tree, scan.onto.lanes, places)
        far = look.far
        if far is None:
            far = float(np.partition(near.distances, int(_TRIM * len(mean)))[int(_TRIM * len(mean))])
        normals, lost = scan.normals[near.faces], scan.lost[near.faces]
        morph.trusted(places, near.points, normals, own, lost, motion, look.cosine, far, look.scale, offs, weights)
        if step == steps:
            away = near.distances / look.scale
            score = math.fsum(np.where(weights > 0.0, 1.0 / (1.0 + away * away), 0.0).tolist()) / len(mean)
            return Fit(motion, amounts, score)
        centre = _mean(places)
        morph.gathered(places, offs, normals, weights, modes, motion, centre, SIZE, row, square, right)
        k = np.arange(u)
        square[k, k] += 1e-6
        square[k[morph.POSE :], k[morph.POSE :]] += SIGMA * SIGMA
        right[morph.POSE :] -= SIGMA * SIGMA * amounts
        morph.factored(square)
        morph.forward(square, right)
        morph.backward(square, right)
        amounts = amounts + right[morph.POSE :]
        increment = right[: morph.POSE].copy()
        increment[:3] /= SIZE
        register.turn(increment, centre, SIZE, motion)
    return replace(fit)
