"""What a scan of the face, or points clicked on it, tell of its measures; what was given stays as it was given."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from engine.authoring import Face, Measurement, off_skin
from templates.eyewear.fields import MEASURES

if TYPE_CHECKING:
    from templates.eyewear.eyewear import Eyewear

TOLD: Mapping[str, str] = {
    "bizygomatic": "face_width", "head_width_at_ears": "ear_width",
    "left_ear_depth": "left_ear_depth", "right_ear_depth": "right_ear_depth",
    "left_ear_height": "left_ear_height", "right_ear_height": "right_ear_height",
    "nose_width": "nose_width", "nose_frontal_angle": "nose_frontal", "nose_splay_angle": "nose_splay", "nose_depth": "nose_crest",
}  # fmt: skip
"""A face's measure -> the order's; pupils have their own way."""
NOSE = ("nose_width", "nose_frontal", "nose_splay", "nose_crest")
"""What is left out where no field takes it: a bearing follows the scanned nose itself."""
SEEN = ("scan", "landmarks")
NOT_TYPED = (*SEEN, "inferred")
"""Sources of measures that nobody took."""


def seen(frame: Eyewear) -> Face | None:
    """The face in the scan, or of the landmarks; a distance of the pupils that was given is held against it."""
    pd = _typed_pd(frame)
    file = frame.face_scan if frame.face_scan is not None else frame.landmarks
    if file is None:
        return None
    face: Face = file.face(pd_mm=pd)
    return face


OVER_ROOT, BEFORE_ROOT = (3.0, 5.0, 7.0), (0.0, 4.0, 8.0, 12.0)
"""mm: where a temple lies at the head, over the root of the ear and before it: below that it rests in the ear's own fold."""
MOST_OFF, HELD_OFF = 4.0, 0.7
"""mm between the root of an ear and the skin before it: more is no skin that a temple lies at; and kept off it in the middle of that (ours)."""


def with_seen(known: Mapping[str, Measurement | None], face: Face | None) -> dict[str, Measurement | None]:
    """What is known, and where nothing was given, what the face shows.

    Lenses need a PD that was taken: a given one stays, and the face tells no more than how far the nose is from the middle of it.
    """
    found = dict(known)
    if face is None:
        return found
    for name, field in TOLD.items():
        told = face.measures.get(name)
        if found[field] is None and not (field in NOSE and told is not None and not _usual(field, told.value)):
            found[field] = told
    width, aside = found["ear_width"], _aside(face)
    if known["ear_width"] is None and known["ear_aside"] is None and width is not None and aside is not None:
        right, left = (_off_root(face, side) for side in ("right", "left"))
        found["ear_width"] = replace(width, value=width.value - right - left)
        aside = replace(aside, value=aside.value + 0.5 * (right - left))
    if found["ear_aside"] is None:
        found["ear_aside"] = aside
    halves = [found["right_pd"], found["left_pd"]]
    if found["pd"] is None and None in halves:
        found["pd"] = face.measures.get("pd")
    right, left, pd = face.measures.get("right_pd"), face.measures.get("left_pd"), found["pd"]
    if halves == [None, None] and right and left and pd:
        aside = 0.5 * (right.value - left.value)
        found["right_pd"] = replace(right, value=0.5 * pd.value + aside)
        found["left_pd"] = replace(left, value=0.5 * pd.value - aside)
    return found


def _off_root(face: Face, side: str) -> float:
    """mm by which a temple at the skin there lies inwards of the ear's root; 0 where it was not scanned."""
    if face.surface is None:
        return 0.0
    x, y, z = (float(v) for v in face.landmarks[f"{side}_ear_root"])
    away = off_skin(face.surface, np.array([(x, y + up, z + ahead) for up in OVER_ROOT for ahead in BEFORE_ROOT]))
    known = np.sort(away[~np.isnan(away)])
    if 2 * len(known) < len(away):
        return 0.0
    middle = float(known[len(known) // 2])
    return middle - HELD_OFF if abs(middle) < MOST_OFF else 0.0


def _usual(field: str, value: float) -> bool:
    low, high = next((row[1], row[2]) for row in MEASURES if row[0] == field)
    return low <= value <= high


def _aside(face: Face) -> Measurement | None:
    """By how much the middle of the ears' roots is to the left of the nose's."""
    right, left, half = (face.measures.get(name) for name in ("right_pd", "left_pd", "head_width_at_ears"))
    if right is None or left is None or half is None:
        return None
    roots = [face.landmarks[f"{side}_ear_root"][0] for side in ("left", "right")]
    value = 0.5 * (roots[0] + roots[1]) - 0.5 * (right.value - left.value)
    doubts = [m.uncertainty or 0.0 for m in (right, half)]
    return Measurement(value, "mm", None, half.source, math.sqrt(doubts[0] * doubts[0] + doubts[1] * doubts[1]))


def _typed_pd(frame: Eyewear) -> float | None:
    def typed(value: Measurement | None) -> float | None:
        return None if value is None or value.source in NOT_TYPED else value.value

    right, left = typed(frame.right_pd), typed(frame.left_pd)
    return typed(frame.pd) or (None if right is None or left is None else right + left)
