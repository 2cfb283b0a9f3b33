"""Measures of points that were clicked, in any pose; and what is no face among them."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engine.body.face_landmarks import face_of_landmarks
from engine.errors import InputError
from tests.engine.body.known_faces import BASIS, drawn

POINTS = {
    "left_pupil": (31.0, 0.0, 0.0), "right_pupil": (-31.0, 0.0, 0.0), "left_ear_root": (76.0, 1.0, -91.0),
    "right_ear_root": (-75.0, -1.0, -89.0), "sellion": (0.5, 1.0, 11.0), "left_zygion": (73.0, -4.0, -70.0),
    "right_zygion": (-73.0, -4.0, -70.0), "chin": (0.0, -112.0, 8.0),
}  # fmt: skip
TURNS = [Rotation.identity(), Rotation.from_euler("xyz", (170.0, 20.0, -60.0), degrees=True)]


def turned(turn: Rotation, points: dict[str, tuple[float, float, float]]) -> dict[str, tuple[float, float, float]]:
    return {name: tuple((turn.apply(p) + (5.0, -300.0, 40.0)).tolist()) for name, p in points.items()}


@pytest.mark.parametrize("turn", TURNS)
def test_measures(turn: Rotation) -> None:
    face = face_of_landmarks(turned(turn, POINTS))
    told = {name: m.value for name, m in face.measures.items()}
    assert told == pytest.approx({
        "pd": 62.0, "left_pd": 30.5, "right_pd": 31.5, "bizygomatic": 146.0, "head_width_at_ears": 151.0, "left_ear_depth": 91.0,
        "right_ear_depth": 89.0, "left_ear_height": 1.0, "right_ear_height": -1.0,
    }, abs=0.6)  # fmt: skip
    assert told["pd"] == pytest.approx(62.0, abs=1e-9)
    assert all(m.uncertainty and m.source == "landmarks" for m in face.measures.values())
    assert face.nose is None and face.surface is None and face.landmarks["left_pupil"] == pytest.approx((31.0, 0.0, 0.0))


def test_tragions_tell_the_pose_as_well() -> None:
    points = {name: POINTS[name] for name in ("left_pupil", "right_pupil", "sellion")}
    points |= {"left_tragion": (72.0, -23.0, -83.0), "right_tragion": (-72.0, -23.0, -83.0)}
    face = face_of_landmarks(turned(TURNS[1], points))
    assert face.landmarks["sellion"] == pytest.approx(POINTS["sellion"], abs=0.1)
    assert set(face.measures) == {"pd", "left_pd", "right_pd"}


def test_pupils_alone_tell_their_distance() -> None:
    face = face_of_landmarks({name: POINTS[name] for name in ("left_pupil", "right_pupil")})
    assert set(face.measures) == {"pd"} and face.notes


def test_widths_need_no_ear() -> None:
    across = ("left_pupil", "right_pupil", "left_zygion", "right_zygion", "sellion")
    face = face_of_landmarks(turned(TURNS[1], {name: POINTS[name] for name in across}))
    told = {name: m.value for name, m in face.measures.items()}
    assert told == pytest.approx({"pd": 62.0, "left_pd": 30.5, "right_pd": 31.5, "bizygomatic": 146.0}, abs=1e-9)


def test_a_given_pd_is_held_against_them() -> None:
    alone, near, far = (face_of_landmarks(POINTS, pd_mm=pd) for pd in (None, 62.5, 70.0))
    assert alone.measures == near.measures == far.measures and not alone.notes
    assert len(near.notes) == 1 and "62.5 mm was given" in near.notes[0]
    assert any("unlikely" in note for note in far.notes)
    assert all(one != two for one, two in far.said())
    with pytest.raises(InputError, match="another person"):
        face_of_landmarks(POINTS, pd_mm=74.0)


def test_another_unit_is_named() -> None:
    inches = {name: tuple(c / 25.4 * 10.0 for c in place) for name, place in POINTS.items()}
    with pytest.raises(InputError) as told:
        face_of_landmarks(inches, unit="cm")
    assert "unit in would fit" in told.value.for_sender()


def test_those_of_known_faces(shared_data: pathlib.Path) -> None:
    for seed in range(4):
        known = drawn(shared_data / BASIS, seed, outside=True, triangles=5000)
        clicked = {n: tuple((known.rotation.apply(p) + known.shift).tolist()) for n, p in known.landmarks.items()}
        told = face_of_landmarks(clicked).measures
        assert (
            abs(told["pd"].value - float(np.linalg.norm(known.landmarks["left_pupil"] - known.landmarks["right_pupil"]))) < 1e-6
        )
        assert abs(told["left_ear_depth"].value + known.landmarks["left_ear_root"][2]) < 3.0


BAD = {
    "lacks a pupil": {"left_pupil": (0.0, 0.0, 0.0)},
    "not known": {**POINTS, "left_pupill": (0.0, 0.0, 0.0)},
    "not three numbers": {**POINTS, "chin": (0.0, math.nan, 0.0)},
    "so far apart": {name: tuple(0.1 * x for x in p) for name, p in POINTS.items()},
    "ears where no": {**POINTS, "left_ear_root": (75.0, 0.0, -20.0), "right_ear_root": (-75.0, 0.0, -20.0)},
    "exchanged": {**POINTS, "left_ear_root": POINTS["right_ear_root"], "right_ear_root": POINTS["left_ear_root"]},
    "or is mirrored": {name: (x, -y, z) for name, (x, y, z) in POINTS.items()},
}


@pytest.mark.parametrize("why", BAD)
def test_refused(why: str) -> None:
    with pytest.raises(InputError) as told:
        face_of_landmarks(BAD[why], name="points")
    assert why in told.value.for_sender() and told.value.what == "points"
