"""From a face to its frame, by the command line: a scan, or points; and what cannot be used, in one line each."""

from __future__ import annotations

import dataclasses
import functools
import hashlib
import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from engine.make import make
from engine.model.mesh import Mesh
from engine.model.order import InputFile, Measurement, Order
from service.cli import main
from templates.eyewear import Eyewear
from tests.engine.body.known_faces import BASIS, Known, drawn, truth
from tests.engine.body.test_bad_scans import ball
from tests.scans import written

SCAN = {"face_scan": {"file": "face.stl", "unit": "mm"}}
POINTS = {"landmarks": {"file": "points.csv", "unit": "mm"}}
Told = Callable[..., tuple[int, str, dict[str, Any]]]


@functools.cache
def known(data: pathlib.Path) -> Known:
    """A person with ears, narrow enough for her eyes that a frame of hers is allowed."""
    return drawn(data / BASIS, 5, outside=True, crop="ears", triangles=12_000)


def sent(mesh: Mesh, factor: float = 1.0) -> bytes:
    return written(mesh.points * factor, mesh.faces)


def mm(value: float) -> dict[str, Any]:
    return {"value": value, "unit": "mm", "source": "pupillometer", "uncertainty": 0.5}


@pytest.fixture
def told(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> Told:
    """Status, what is said, and the report of an order with these files and measures."""

    def told(inputs: dict[str, Any], files: dict[str, bytes], **measures: float) -> tuple[int, str, dict[str, Any]]:
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        measured = {name.replace("__", "."): mm(value) for name, value in measures.items()}
        order = {"template": "eyewear", "inputs": inputs, "measurements": measured}
        (tmp_path / "order.json").write_text(json.dumps(order), encoding="utf-8")
        out = tmp_path / "out"
        with pytest.raises(SystemExit) as end:
            main(["make", "eyewear", "--order", str(tmp_path / "order.json"), "--out", str(out), "--formats", "stl"])
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        if end.value.code == 2:
            assert said.out == "" and said.err.count("\n") == 1 and not out.exists(), "one line, and nothing made"
        report = json.loads((out / "report.json").read_text(encoding="utf-8")) if out.exists() else {}
        return end.value.code, said.err + said.out, report

    return told


def test_a_scan_makes_the_frame_of_its_face(told: Told, shared_data: pathlib.Path) -> None:
    face, true = known(shared_data), truth(known(shared_data))
    status, said, report = told(SCAN, {"face.stl": sent(face.scan)}, pd=face.pd)
    assert status == 0, said
    found = report["figures"]["fitted"]
    for path, name in (
        ("face_width", "bizygomatic"), ("ear_width", "head_width_at_ears"), ("nose_width", "nose_width"),
        ("left.ear_depth", "left_ear_depth"), ("right.ear_height", "right_ear_height"), ("left.pd", "left_pd"),
    ):  # fmt: skip
        one = found[f"measurements.{path}"]
        assert one["source"] == "scan" and abs(one["value"] - true[name]) < 3.5 * one["uncertainty"], path
    assert "measurements.pd" not in found, "the given one stays"
    assert any("as seen" in note and "was given" in note for note in report["notes"])
    assert any("seen on the face" in note for note in report["notes"]) and not any(
        "inferred" in note for note in report["notes"]
    )
    judged = {(one["name"], one["part"]) for one in report["figures"]["fit"]}
    assert {("scanned_nose_median", "front"), ("scanned_head_p95", "left_temple")} <= judged
    temples = [found[f"parameters.{side}_{what}"]["value"] for side in ("left", "right") for what in ("to_bend", "pitch")]
    assert temples[:2] != temples[2:], "left and right differ where the person does"


def test_a_pd_that_is_not_the_faces_is_told_of(told: Told, shared_data: pathlib.Path) -> None:
    face = known(shared_data)
    status, said, report = told(SCAN, {"face.stl": sent(face.scan)}, pd=face.pd - 3.0)
    assert status == 0, said
    assert any("unlikely for this face" in note for note in report["notes"])
    found = report["figures"]["fitted"]
    halves = [found[f"measurements.{side}.pd"]["value"] for side in ("left", "right")]
    assert sum(halves) == pytest.approx(face.pd - 3.0), "lenses are made by the given one"
    status, said, _ = told(SCAN, {"face.stl": sent(face.scan)})
    assert status == 0 and "lenses must not be made by it" in said


def test_points_do_without_a_model(told: Told, shared_data: pathlib.Path) -> None:
    face = known(shared_data)
    rows = [f"{name},{x:.3f},{y:.3f},{z:.3f}" for name, (x, y, z) in face.landmarks.items()]
    status, said, report = told(POINTS, {"points.csv": "\n".join(rows).encode()}, pd=face.pd)
    assert status == 0, said
    found = report["figures"]["fitted"]
    assert (
        found["measurements.face_width"]["source"] == "landmarks" and found["measurements.nose_width"]["source"] == "inferred"
    )
    assert any("a nose cannot be inferred" in note for note in report["notes"])


def test_a_nose_that_no_bearing_reaches_is_told_of(told: Told, shared_data: pathlib.Path) -> None:
    face = drawn(shared_data / BASIS, 14, outside=False)
    status, said, report = told(SCAN, {"face.stl": sent(face.scan)}, pd=face.pd)
    assert status == 1 and report["verdict"] == "refused" and "too flat where the bearings lie" in said, said


def upside_down(face: Known) -> Mesh:
    """Its chin upwards, its back to who looks."""
    points = face.rotation.inv().apply(face.scan.points - face.shift)
    return Mesh(np.ascontiguousarray(Rotation.from_euler("zy", (180.0, 150.0), degrees=True).apply(points)), face.scan.faces)


def test_upside_down_is_the_same_face(told: Told, shared_data: pathlib.Path) -> None:
    face = known(shared_data)
    status, said, report = told(SCAN, {"face.stl": sent(upside_down(face))}, pd=face.pd)
    wide = report["figures"]["fitted"]["measurements.face_width"]
    assert status == 0 and abs(wide["value"] - truth(face)["bizygomatic"]) < 3.0 * wide["uncertainty"], said


def half(face: Known) -> Mesh:
    middles = face.rotation.inv().apply(face.scan.points - face.shift)[face.scan.faces].mean(axis=1)
    return dataclasses.replace(face.scan, faces=np.ascontiguousarray(face.scan.faces[middles[:, 0] > 0.0]))


UNUSABLE: dict[str, tuple[dict[str, Any], Callable[[Known], bytes], dict[str, float], tuple[str, ...]]] = {
    "no unit": ({"face_scan": {"file": "face.stl"}}, lambda f: sent(f.scan), {}, ("face_scan.unit: is missing",)),
    "metres as millimetres": (SCAN, lambda f: sent(f.scan, 0.001), {}, ("no face's size", "unit m (", "would fit")),
    "centimetres as inches": (
        {"face_scan": {"file": "face.stl", "unit": "in"}}, lambda f: sent(f.scan, 0.1), {}, ("look like cm, not in",),
    ),
    "empty": (SCAN, lambda f: sent(Mesh(f.scan.points, f.scan.faces[:0])), {}, ("holds no triangle",)),
    "no mesh at all": (SCAN, lambda f: b"solid nothing", {}, ("face_scan: cannot be used",)),
    "an egg": (SCAN, lambda f: sent(ball(75.0, 95.0, 105.0)), {}, ("shows no face",)),
    "half a face": (SCAN, lambda f: sent(half(f)), {}, ("whole face", "right eye")),
    "another person's pd": (SCAN, lambda f: sent(f.scan), {"pd": 50.0}, ("another person", "50.0 mm was given")),
    "points without a pupil": (POINTS, lambda f: b"chin,0,1,2", {}, ("landmarks", "lacks a pupil")),
    "no points": (POINTS, lambda f: b"left_pupil,one,two,three", {}, ("landmarks", "not a name and three numbers", "line 1")),
}  # fmt: skip


@pytest.mark.parametrize("what", UNUSABLE)
def test_what_cannot_be_used_is_said_in_one_line(told: Told, shared_data: pathlib.Path, what: str) -> None:
    inputs, data, measures, words = UNUSABLE[what]
    name = next(iter(inputs.values()))["file"]
    status, said, _ = told(inputs, {name: data(known(shared_data))}, **measures)
    assert status == 2 and all(word in said for word in words), said


def test_a_foot_is_no_face(told: Told, shared_data: pathlib.Path) -> None:
    status, said, _ = told(
        {"face_scan": {"file": "face.stl", "unit": "m"}},
        {"face.stl": (shared_data / "foot/dupontgu_left_foot.stl").read_bytes()},
    )
    assert status == 2 and "shows no face" in said, said


@pytest.mark.parametrize(
    ("measures", "words"),
    [
        ({"pd": 84.0, "face_width": 120.0}, ("measurements.pd", "does not go with this face")),
        ({"pd": 60.0, "right__pd": 33.0, "left__pd": 30.0}, ("do not make the whole", "3 mm")),
        ({"pd": 62.0, "face_width": 138.0, "ear_width": 100.0}, ("measurements.ear_width", "does not go with this face")),
    ],
)
def test_measures_that_contradict_each_other(told: Told, measures: dict[str, float], words: tuple[str, ...]) -> None:
    status, said, report = told({}, {}, **measures)
    assert status == 1 and report["verdict"] == "refused" and all(word in said for word in words), said


def temples(face: Known) -> dict[tuple[str, str], float]:
    """What a frame's temples measure against that face."""
    data = sent(face.scan)
    digest = hashlib.sha256(data).hexdigest()
    order = Order("eyewear", inputs={"face_scan": InputFile(digest, "mm")}, measurements={"pd": Measurement(face.pd, "mm")})
    product = make(order, Eyewear, formats=(), inputs={digest: data})
    found = product.report.figures["fit"]
    return {(one["name"], one["part"]): one["value"] for one in found if one["name"].startswith("scanned_head")}


def test_temples_lie_at_the_skin_that_was_scanned(shared_data: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At most 2 mm off the head and 1 mm in it (fit.md E), above the ears' roots; laid at these alone some would not."""
    people = [drawn(shared_data / BASIS, seed, outside=False, crop="ears", triangles=12_000) for seed in (2, 5)]
    for face in people:
        told = temples(face)
        assert len(told) == 6 and all(-2.0 <= value <= 1.0 for value in told.values()), told
    monkeypatch.setattr("templates.eyewear.face.HELD_OFF", -1.5)
    assert max(temples(people[0]).values()) > 1.0
