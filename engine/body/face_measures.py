"""The measures of a face that was fitted, each with what it may be off by (one standard deviation).

What the model tells: a sum of landmarks' coordinates in its own frame, so pose plays no part. Its doubt is that of the amounts, which the
normal equations give, and what no model knows of a face beside its span (PLUS; measured, see tests/engine/body/test_face.py). What the
scan itself tells, the nose, has the doubt of the scan.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from engine.body.face_fit import ALL, SIGMA, Fit, Laid
from engine.body.face_table import NAMES, PUPILS, Table
from engine.errors import InputError
from engine.model.order import Measurement
from kernels import morph

Floats = npt.NDArray[np.float64]

Sum = tuple[tuple[str, int, float], ...]
"""Of landmarks: which, along which axis, times what."""
SUMS: Mapping[str, Sum] = {
    "pd": (("left_pupil", 0, 1.0), ("right_pupil", 0, -1.0)),
    "bizygomatic": (("left_zygion", 0, 1.0), ("right_zygion", 0, -1.0)),
    "head_width_at_ears": (("left_ear_root", 0, 1.0), ("right_ear_root", 0, -1.0)),
    **{
        f"{side}_ear_depth": (*((pupil, 2, 0.5) for pupil in PUPILS), (f"{side}_ear_root", 2, -1.0))
        for side in ("right", "left")
    },
    **{
        f"{side}_ear_height": (*((pupil, 1, -0.5) for pupil in PUPILS), (f"{side}_ear_root", 1, 1.0))
        for side in ("right", "left")
    },
}
PLUS: Mapping[str, float] = {
    "pd": 0.4, "bizygomatic": 0.2, "head_width_at_ears": 0.5, "right_ear_depth": 0.7, "left_ear_depth": 0.7,
    "right_ear_height": 0.65, "left_ear_height": 0.65,
}  # fmt: skip
"""mm, beside the doubt of the amounts."""
MORE = 1.1
"""Times the doubt of the amounts: neighbouring points of a scan err alike."""
HALF = 0.2
"""mm: how far the middle of a nose's bridge can be told."""
NOSE: Mapping[str, float] = {
    "nose_depth": 0.5, "bridge_width": 0.52, "nose_width": 0.65, "nose_frontal_angle": 1.5, "nose_splay_angle": 1.65,
}  # fmt: skip
"""mm and degrees, of a nose that is wholly seen; twice that where a third is not."""
UNSEEN = 3.0
PD_APART, PD_WRONG = 3.0, 10.0
"""Standard deviations, and mm, between a given PD and the one found: told of, and refused."""
_SNAP = 3.0  # mm


def landmarks(fit: Fit, model: Table, laid: Laid) -> Floats:
    """NAMES (n, 3) in the model's frame; skin that the scan shows lies on the scan."""
    n, skip = len(NAMES), len(PUPILS)
    made, shape = np.empty((n, 3)), (np.ascontiguousarray(model.mean[:n]), np.ascontiguousarray(model.modes[:n]))
    morph.shaped(*shape, fit.amounts, made)
    w, x, y, z = fit.motion[:4]
    for i in range(skip, n):
        if laid.weights[i - skip] > 0.0 and abs(laid.offs[i - skip]) < _SNAP:
            a, b, c = laid.normals[i - skip]
            back = np.array([  # the normal, turned back
                (1 - 2 * (y * y + z * z)) * a + 2 * (x * y + w * z) * b + 2 * (x * z - w * y) * c,
                2 * (x * y - w * z) * a + (1 - 2 * (x * x + z * z)) * b + 2 * (y * z + w * x) * c,
                2 * (x * z + w * y) * a + 2 * (y * z - w * x) * b + (1 - 2 * (x * x + y * y)) * c,
            ])  # fmt: skip
            made[i] -= laid.offs[i - skip] * back
    return made


def skin(fit: Fit, model: Table, there: npt.NDArray[np.bool_]) -> Floats:
    """The points of the fitted model that are `there`, in its frame."""
    made = np.empty((int(np.count_nonzero(there)), 3))
    morph.shaped(np.ascontiguousarray(model.mean[there]), np.ascontiguousarray(model.modes[there]), fit.amounts, made)
    return made


def from_model(marks: Floats, model: Table, factor: Floats) -> dict[str, Measurement]:
    """SUMS of the landmarks (n, 3); factor: of the normal equations (`Part.equations`)."""
    made = {}
    for name, terms in SUMS.items():
        value, doubt = 0.0, np.zeros(len(factor))
        for landmark, axis, times in terms:
            row = NAMES.index(landmark)
            value += times * float(marks[row, axis])
            doubt[morph.POSE :] += times * model.modes[row, axis, : ALL.modes]
        morph.forward(factor, doubt)
        spread = MORE * SIGMA * math.sqrt(math.fsum((doubt * doubt).tolist()))
        made[name] = Measurement(value, "mm", None, "scan", _root(spread, PLUS[name]))
    return made


def from_nose(told: Mapping[str, float], seen: float) -> dict[str, Measurement]:
    """Of `face_nose.measured`; seen: the share of the nose that the scan shows."""
    times = 1.0 + UNSEEN * (1.0 - seen)
    return {
        name: Measurement(told[name], "deg" if name.endswith("angle") else "mm", None, "scan", times * doubt)
        for name, doubt in NOSE.items()
        if name in told
    }


def monocular(marks: Floats, middle: float, pd: Measurement) -> dict[str, Measurement]:
    """From each pupil to the middle of the nose."""
    left, right = float(marks[0, 0]), float(marks[1, 0])
    doubt = _root(0.5 * (pd.uncertainty or 0.0), HALF)
    return {
        "right_pd": Measurement(middle - right, "mm", None, "scan", doubt),
        "left_pd": Measurement(left - middle, "mm", None, "scan", doubt),
    }


def against_given(given: float, found: Measurement, name: str) -> list[str]:
    """What is to be said of a given PD (mm) beside the one found. InputError: they cannot be one person's."""
    doubt, apart = found.uncertainty or 0.0, abs(given - found.value)
    if apart > PD_WRONG:
        raise InputError(
            name, "shows another distance of the pupils than was given: another person, or another unit",
            message=f"{found.value:.1f} mm, and {given:.1f} mm was given",
        )  # fmt: skip
    notes: list[str] = []
    notes.append(
        f"the distance of the pupils, as seen, is {found.value:.1f} mm, give or take {doubt:.1f} mm; {given:.1f} mm was given"
    )
    if apart > PD_APART * doubt:
        notes.append("the given distance of the pupils is unlikely for this face: measure it again")
    return notes


def _root(*parts: float) -> float:
    return math.sqrt(math.fsum(part * part for part in parts))
