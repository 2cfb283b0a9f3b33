"""A face from points that somebody clicked, or a tracker told: measures without any model.

Names are those of `Face.landmarks`. Both pupils are needed; with the ear roots, or the tragions, the head's pose is known and depths
are told; what needs a point that is not given is not told.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from difflib import get_close_matches
from typing import NoReturn

import numpy as np
import numpy.typing as npt

from engine.body.face_measures import SUMS, against_given
from engine.body.face_table import NAMES
from engine.body.standing import along, cross, length
from engine.body.standing import unit as unit_of
from engine.errors import InputError
from engine.model.face import Face, Place
from engine.model.order import Measurement
from engine.model.units import LENGTHS

Floats = npt.NDArray[np.float64]

CLICK = 1.0
"""mm: how far off a click is, along each axis, one standard deviation."""
LEAST, MOST = 40.0, 85.0
"""mm: between two pupils."""
_DOWN, _BACK = 0.267, 0.964
"""Of the way from the pupils to the tragions: 23 of 86 below, 83 behind. Ear roots are level with the pupils, on average."""
_DEEP = (50.0, 140.0)
"""mm: how far behind the pupils both are."""


def face_of_landmarks(
    points: Mapping[str, Place], *, pd_mm: float | None = None, unit: str = "mm", name: str = "landmarks"
) -> Face:
    """What named points, mm, in any pose, tell of a face. `pd_mm`, `unit`: as `face_of` takes them.

    InputError: too few, not finite, unknown, or no face's.
    """
    marks = {mark: _place(mark, place, name) for mark, place in points.items()}
    if not {"left_pupil", "right_pupil"} <= set(marks):
        raise InputError(name, "lacks a pupil: both are needed")
    notes: list[str] = []
    right, left = marks["right_pupil"], marks["left_pupil"]
    origin, pd = 0.5 * (left + right), length(left - right)
    if not LEAST <= pd <= MOST:
        _refuse_pd(name, pd, unit)
    click = CLICK * math.sqrt(2.0)
    if pd_mm is not None:
        notes += against_given(pd_mm, Measurement(pd, "mm", None, "landmarks", click), name)
    behind = _behind(marks)
    if behind is None:
        notes.append("no ear was given: of the face nothing but widths is told")
        pupils = {"left_pupil": (0.5 * pd, 0.0, 0.0), "right_pupil": (-0.5 * pd, 0.0, 0.0)}
        return Face(_widths(marks, origin, unit_of(left - right), click), pupils, notes=tuple(notes))
    placed = _placed(marks, origin, *behind)
    far = length(origin - behind[0])
    if not _DEEP[0] <= far <= _DEEP[1]:
        raise InputError(name, "has ears where no person has them", message=f"{far:.0f} mm behind the pupils")
    if any(placed[mark][1] > 0.0 for mark in ("chin", "subnasale") if mark in placed) or _crossed(placed):
        raise InputError(name, "has left and right exchanged, or is mirrored")
    measures = _measures(placed, click)
    return Face(measures, placed, notes=tuple(notes))


def _refuse_pd(name: str, pd: float, unit: str) -> NoReturn:
    fits = [u for u, mm in LENGTHS.items() if LEAST <= pd / LENGTHS[unit] * mm <= MOST]
    helps = f": unit {' or '.join(fits)} would fit" if fits else ""
    raise InputError(
        name, "has pupils no person has so far apart", message=f"{pd:.3g} mm apart with its numbers in {unit}{helps}"
    )


def _widths(marks: Mapping[str, Floats], origin: Floats, x: Floats, click: float) -> dict[str, Measurement]:
    """What needs no pose but the line through both pupils."""
    flat = {mark: (math.fsum((x * (place - origin)).tolist()), 0.0, 0.0) for mark, place in marks.items()}
    told = _measures(flat, click)
    across = {name for name, terms in SUMS.items() if all(axis == 0 for _, axis, _ in terms)}
    return {name: m for name, m in told.items() if name in across or name.endswith("_pd")}


def _place(mark: str, place: Place, name: str) -> Floats:
    if mark not in NAMES:
        near = get_close_matches(mark, NAMES, n=1, cutoff=0.0)[0]
        raise InputError(name, "names a point that is not known", message=f"{mark!r}; the closest that is known is {near}")
    made = np.array(place, dtype=np.float64)
    if made.shape != (3,) or not np.isfinite(made).all():
        raise InputError(name, "has a point that is not three numbers", message=mark)
    return made


def _behind(marks: Mapping[str, Floats]) -> tuple[Floats, float, float] | None:
    """The middle of both ear roots, or tragions; and how it lies from the pupils: down and back, of a length of 1."""
    for mark, down, back in (("ear_root", 0.0, 1.0), ("tragion", _DOWN, _BACK)):
        if {f"left_{mark}", f"right_{mark}"} <= set(marks):
            return 0.5 * (marks[f"left_{mark}"] + marks[f"right_{mark}"]), down, back
    return None


def _placed(marks: Mapping[str, Floats], origin: Floats, behind: Floats, down: float, back: float) -> dict[str, Place]:
    x = unit_of(marks["left_pupil"] - marks["right_pupil"])
    way = origin - behind
    z = unit_of(way - (x[0] * way[0] + x[1] * way[1] + x[2] * way[2]) * x)
    y = cross(z, x)
    # z points from what is behind to the pupils, which is upwards where that lies below them
    frame = np.array([x, back * y + down * z, back * z - down * y])
    moved = along(np.array([place - origin for place in marks.values()]), frame)
    return {mark: (float(p[0]), float(p[1]), float(p[2])) for mark, p in zip(marks, moved, strict=True)}


def _crossed(placed: Mapping[str, Place]) -> bool:
    """Is a point on the other side than its name says?"""
    sides = {"left": 1.0, "right": -1.0}
    return any(sides.get(mark.split("_")[0], 0.0) * place[0] < 0.0 for mark, place in placed.items())


def _measures(placed: Mapping[str, Place], click: float) -> dict[str, Measurement]:
    made = {
        name: Measurement(math.fsum(times * placed[mark][axis] for mark, axis, times in terms), "mm", None, "landmarks", click)
        for name, terms in SUMS.items()
        if all(mark in placed for mark, _, _ in terms)
    }
    if "sellion" in placed:
        middle = placed["sellion"][0]
        made["right_pd"] = Measurement(middle - placed["right_pupil"][0], "mm", None, "landmarks", click)
        made["left_pd"] = Measurement(placed["left_pupil"][0] - middle, "mm", None, "landmarks", click)
    return made
