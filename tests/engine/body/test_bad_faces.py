"""What is no scan of a whole face is refused, and told why; what is odd but a face is read."""

from __future__ import annotations

import functools
import math
import pathlib
from collections.abc import Callable

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engine.body.face import face_of
from engine.errors import InputError
from engine.model.mesh import Mesh
from engine.reading.meshes import read_file
from tests.engine.body.known_faces import BASIS, Known, drawn, halved
from tests.engine.body.test_bad_scans import EMPTY, Shoe, ball, floor


@functools.cache
def known(data: pathlib.Path) -> Known:
    """A head with its neck."""
    return drawn(data / BASIS, 11, outside=True, crop="ears", triangles=12_000)


def where(data: pathlib.Path, chosen: Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]) -> Mesh:
    """Those of its faces whose middles, in the face's frame, are chosen."""
    scan, face = known(data).scan, known(data)
    middles = face.rotation.inv().apply(scan.points - face.shift)[scan.faces].mean(axis=1)
    return Mesh(scan.points, np.ascontiguousarray(scan.faces[chosen(*middles.T)]))


def scaled(data: pathlib.Path, factor: float) -> Mesh:
    return Mesh(known(data).scan.points * factor, known(data).scan.faces)


def broken(data: pathlib.Path) -> Mesh:
    points = known(data).scan.points.copy()
    points[17, 1] = math.nan
    return Mesh(points, known(data).scan.faces)


def foot(data: pathlib.Path) -> Mesh:
    ((_, mesh),) = read_file(data / "foot/dupontgu_left_foot.stl", "mm")
    return Mesh(mesh.points * 1000.0, mesh.faces)


BAD: dict[str, tuple[Callable[[pathlib.Path], Mesh], str, str]] = {
    "empty": (lambda data: EMPTY, "mm", "is empty"),
    "NaN": (broken, "mm", "NaN"),
    "an index beyond": (
        lambda data: Mesh(known(data).scan.points[:-1], known(data).scan.faces + np.int32(1)),
        "mm",
        "name points",
    ),
    "few triangles": (lambda data: Mesh(known(data).scan.points, known(data).scan.faces[:30]), "mm", "too few"),
    "flat": (lambda data: floor(0.0, 280.0), "mm", "no face"),
    "a foot": (foot, "mm", "shows no face"),
    "a shoe": (lambda data: Shoe().mesh(100, 96), "mm", "shows no face"),
    "a ball": (lambda data: ball(95.0, 95.0, 95.0), "mm", "shows no face"),
    "an egg": (lambda data: ball(75.0, 95.0, 105.0), "mm", "shows no face"),
    "the left half": (lambda data: where(data, lambda x, y, z: x > 0.0), "mm", "whole face"),
    "without an eye": (lambda data: where(data, lambda x, y, z: x > -20.0), "mm", "right eye"),
    "without a nose": (lambda data: where(data, lambda x, y, z: (abs(x) > 20.0) | (y > 0.0) | (y < -60.0)), "mm", "nose"),
    "the lower half": (lambda data: where(data, lambda x, y, z: y < -10.0), "mm", "whole face"),
    "metres as mm": (lambda data: scaled(data, 0.001), "mm", "unit m ("),
    "cm as mm": (lambda data: scaled(data, 0.1), "mm", "unit cm ("),
    "mm as m": (lambda data: scaled(data, 1000.0), "m", "unit mm ("),
    "inches as cm": (lambda data: scaled(data, 1.0 / 2.54), "cm", "look like in, not cm"),
    "cm as inches": (lambda data: scaled(data, 2.54), "in", "look like cm, not in"),
}


@pytest.mark.parametrize("what", BAD)
def test_refused(shared_data: pathlib.Path, what: str) -> None:
    made, unit, why = BAD[what]
    with pytest.raises(InputError) as told:
        face_of(made(shared_data), unit=unit, name="face_scan")
    assert why in told.value.for_sender()
    assert not any(c.isdigit() for c in str(told.value))
    assert told.value.what == "face_scan"


def test_wrong_side_out(shared_data: pathlib.Path) -> None:
    scan = known(shared_data).scan
    turned = face_of(Mesh(scan.points, np.ascontiguousarray(scan.faces[:, ::-1])))
    assert "the scan was wrong side out" in turned.notes
    assert turned.measures == face_of(scan).measures


def test_a_pd_is_held_against_the_scans(shared_data: pathlib.Path) -> None:
    scan, pd = known(shared_data).scan, known(shared_data).pd
    alone, near, far = face_of(scan), face_of(scan, pd_mm=pd), face_of(scan, pd_mm=pd + 6.0)
    assert near.measures == far.measures == alone.measures
    assert sum("was given" in note for note in near.notes) == 1
    assert not any("unlikely" in note for note in near.notes) and any("unlikely" in note for note in far.notes)
    with pytest.raises(InputError, match="another person"):
        face_of(scan, pd_mm=pd + 15.0)


def test_ears_that_are_not_seen_are_told(shared_data: pathlib.Path) -> None:
    front = face_of(drawn(shared_data / BASIS, 3, outside=False, crop="front", triangles=10_000).scan)
    whole = face_of(known(shared_data).scan)
    assert sum("ear: where its root is was inferred" in note for note in front.notes) == 2
    assert not any("ear: where" in note for note in whole.notes)
    one, two = (face.measures["left_ear_depth"].uncertainty or 0.0 for face in (front, whole))
    assert one > 1.2 * two


@pytest.mark.parametrize("turn", [(0.0, 0.0, 180.0), (180.0, 0.0, 0.0), (0.0, 180.0, 0.0), (90.0, 0.0, 0.0), (0.0, 0.0, 0.0)])
def test_upside_down_and_otherwise(shared_data: pathlib.Path, turn: tuple[float, float, float]) -> None:
    face = known(shared_data)
    points = Rotation.from_euler("xyz", turn, degrees=True).apply(face.rotation.inv().apply(face.scan.points - face.shift))
    told = face_of(Mesh(np.ascontiguousarray(points), face.scan.faces)).measures["pd"]
    assert abs(told.value - face.pd) < 3.0 * (told.uncertainty or 0.0)


def test_a_million_and_more(shared_data: pathlib.Path) -> None:
    """Each triangle in four until there are two million: the same face, and no more work than for a few."""
    scan = known(shared_data).scan
    points, faces = scan.points, scan.faces.astype(np.int64)
    while len(faces) < 2_000_000:
        points, faces = halved(points, faces)
    many, few = face_of(Mesh(points, faces.astype(np.int32))), face_of(scan)
    assert many.surface is not None and len(many.surface.faces) < 200_000
    assert abs(many.measures["pd"].value - few.measures["pd"].value) < 0.5


def test_another_head(shared_data: pathlib.Path) -> None:
    """Of another model, with other triangles: MediaPipe's canonical face, 468 points, in cm, without ears."""
    ((_, mesh),) = read_file(shared_data / "head/mediapipe_canonical_face_model.obj", "mm")
    face = face_of(Mesh(mesh.points * 10.0, mesh.faces))
    corners = {
        name: mesh.points[row] * 10.0 for name, row in {"left": (362, 263), "right": (133, 33)}.items() for row in [list(row)]
    }
    middles = {name: both.mean(axis=0) for name, both in corners.items()}
    expected = float(np.linalg.norm(middles["left"] - middles["right"]))
    assert abs(face.measures["pd"].value - expected) < 3.2
    assert sum("ear: where" in note for note in face.notes) == 2
