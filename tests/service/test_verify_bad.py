"""Bad input of every kind through `unikat verify` and through the engine: a finding or one clear line, whichever way it comes in."""

from __future__ import annotations

import json
import pathlib
import struct
from typing import Any

import numpy as np
import pytest

from engine.model.mesh import Mesh, Part, Pose, Settled
from engine.model.order import Finding
from engine.process.limits import load_process
from engine.verify.checks import verify
from engine.verify.foreign import settle_as_drawn
from engine.verify.settle import settle
from service import cli

POINTS = np.array([(x, y, z) for x in (0.0, 8.0) for y in (0.0, 8.0) for z in (0.0, 8.0)])
FACES = np.array(
    [(0, 1, 3), (0, 3, 2), (4, 6, 7), (4, 7, 5), (0, 4, 5), (0, 5, 1), (2, 3, 7), (2, 7, 6), (0, 2, 6), (0, 6, 4), (1, 5, 7), (1, 7, 3)]
)  # fmt: skip
NONE = np.empty((0, 3))


def altered(row: int, value: float) -> np.ndarray:
    points = POINTS.copy()
    points[row, 1] = value
    return points


def named(index: int) -> np.ndarray:
    faces = FACES.copy()
    faces[4, 1] = index
    return faces


GEOMETRY: dict[str, tuple[np.ndarray, np.ndarray, set[str], set[str]]] = {
    # points, faces, what is found without a process, and for fdm-pla
    "no points": (NONE, NONE.astype(int), {"empty"}, {"empty"}),
    "no faces": (POINTS, NONE.astype(int), {"empty"}, {"empty"}),
    "one triangle": (POINTS[:3], FACES[:1] * 0 + (0, 1, 2), {"open-edge"}, {"open-edge", "off-bed"}),
    "NaN": (altered(3, np.nan), FACES, {"not-finite"}, {"not-finite"}),
    "infinity": (altered(3, np.inf), FACES, {"not-finite"}, {"not-finite"}),
    "minus infinity": (altered(0, -np.inf), FACES, {"not-finite"}, {"not-finite"}),
    "all NaN": (POINTS * np.nan, FACES, {"not-finite"}, {"not-finite"}),
    "an index of n": (POINTS, named(8), {"bad-index"}, {"bad-index"}),
    "an index of 2^31 - 1": (POINTS, named(2**31 - 1), {"bad-index"}, {"bad-index"}),
    "1e30": (POINTS * 1e30, FACES, set(), {"too-big"}),
    "1e-30": (POINTS * 1e-30, FACES, set(), {"thin-wall", "off-bed"}),
    "one of 1e30": (altered(3, 1e30), FACES, {"degenerate-face"}, {"degenerate-face", "off-bed", "too-big"}),
    "one of 1e-30": (altered(2, 8.0 + 1e-30), FACES, set(), set()),
    "1e300": (POINTS * 1e300, FACES, {"unreadable"}, {"unreadable"}),
    "all points equal": (POINTS * 0 + 5.0, FACES, {"degenerate-face"}, {"degenerate-face", "off-bed"}),
    "all collinear": (np.outer(np.arange(8.0), (1.0, 2.0, 3.0)), FACES, {"degenerate-face"}, {"degenerate-face", "off-bed"}),
    "a point twice in a face": (POINTS, named(0), {"degenerate-face", "open-edge"}, {"degenerate-face", "open-edge"}),
}


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["verify", *words])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err and "fault" not in out + err and err == ""
    return int(ended.value.code or 0), out


def errors(findings: Any) -> set[str]:
    return {f["code"] for f in findings if f["severity"] == "error"}


@pytest.mark.parametrize("case", GEOMETRY)
def test_through_the_command_and_the_engine(case: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    points, faces, plain, made = GEOMETRY[case]
    path = tmp_path / "bad.off"
    rows = [" ".join(map(repr, p)) for p in points.tolist()] + [f"3 {a} {b} {c}" for a, b, c in faces.tolist()]
    path.write_text("\n".join([f"OFF\n{len(points)} {len(faces)} 0", *rows]) + "\n")
    parts = [Part("bad", Mesh(points, faces))]
    for words, process, expected in (((), None, plain), (("--process", "fdm-pla"), load_process("fdm-pla"), made)):
        status, out = run(capsys, str(path), "--unit", "mm", "--json", *words)
        (told,) = [json.loads(line) for line in out.splitlines()]
        # what else is wrong with a flat heap depends on where its corners fell
        assert expected <= errors(told["findings"]) and (expected or not errors(told["findings"])), told["findings"]
        assert status == (1 if expected else 0) and all(f["message"] and "\n" not in f["message"] for f in told["findings"])
        found = verify(settle_as_drawn(parts, bed=process is not None), process)[1]
        assert (
            json.loads(json.dumps([{k: v for k, v in vars(f).items() if k not in Finding.UNTOLD} for f in found]))
            == told["findings"]
        )
        verify([settle(part) for part in parts], process)  # as our own would be: no crash
    lines = run(capsys, str(path), "--unit", "mm")[1].splitlines()
    assert len(lines) >= 1 and all(line.startswith(f"{path}: ") for line in lines)


FILES: dict[str, tuple[str, bytes, str]] = {
    "empty": ("stl", b"", "is empty"),
    "blank": ("stl", b" \n", "too short"),
    "2^31 faces, STL": (
        "stl",
        bytes(80) + struct.pack("<I", 2**31) + bytes(50),
        "do not hold the 2147483648 triangles announced",
    ),
    "2^31 faces, OFF": ("off", b"OFF\n3 2147483648 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2\n", "announces more"),
    "2^31 faces, PLY": (
        "ply",
        b"ply\nformat ascii 1.0\nelement face 2147483648\nproperty list uchar int vertex_indices\nend_header\n3 0 1 2\n",
        "announces more",
    ),
    "an index of 2^31": ("off", b"OFF\n3 1 0\n0 0 0\n1 0 0\n0 1 0\n3 0 1 2147483648\n", "beyond 2"),
    "no mesh at all": ("3mf", b"PK\3\4", "no 3MF archive"),
    "another format": ("ply", b"solid x\nendsolid x\n", "no PLY"),
}


@pytest.mark.parametrize("case", FILES)
def test_files_that_hold_no_mesh(case: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    kind, data, why = FILES[case]
    path = tmp_path / f"bad.{kind}"
    path.write_bytes(data)
    for words in ((), ("--process", "fdm-pla")):
        status, out = run(capsys, str(path), "--unit", "mm", *words)
        assert status == 2 and out.startswith(f"{path}: unusable: ") and why in out and len(out.splitlines()) == 1


LAYOUTS: dict[str, Any] = {
    "Fortran order": np.asfortranarray,
    "strided": lambda a: np.repeat(np.repeat(a, 2, axis=0), 2, axis=1)[::2, ::2],
    "backwards": lambda a: a[::-1, ::-1].copy()[::-1, ::-1],
    "other bytes": lambda a: a.astype(a.dtype.newbyteorder()),
    "smaller": lambda a: a.astype(np.float32 if a.dtype.kind == "f" else np.uint8),
    "whole numbers": lambda a: a.astype(np.int64),
    "a list": lambda a: a.tolist(),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_arrays_of_any_layout_are_the_same_mesh(layout: str) -> None:
    process = load_process("fdm-pla")
    kept = POINTS.copy(), FACES.copy()
    plain = verify(settle_as_drawn([Part("x", Mesh(POINTS, FACES))], bed=True), process)[1:]
    points, faces = LAYOUTS[layout](POINTS), LAYOUTS[layout](FACES)
    for array in (points, faces):
        if isinstance(array, np.ndarray):
            array.flags.writeable = False
    assert verify(settle_as_drawn([Part("x", Mesh(points, faces))], bed=True), process)[1:] == plain
    assert np.array_equal(POINTS, kept[0]) and np.array_equal(FACES, kept[1])


@pytest.mark.parametrize(
    ("points", "faces"),
    [
        (np.zeros((4, 2)), FACES),
        (np.zeros(12), FACES),
        (POINTS, np.zeros((4, 4), int)),
        (POINTS, np.zeros(12, int)),
        (np.array([["a", "b", "c"]]), FACES),
        (POINTS, [["x", "y", "z"]]),
        (np.zeros((4, 3, 3)), FACES),
        (POINTS, FACES + 2**40),  # would be good indices again, cut down to 32 bits
        (POINTS, FACES + 0.5),
        (POINTS, np.where(FACES == 7, np.nan, FACES)),
    ],
)
def test_arrays_of_a_wrong_shape_or_kind_are_no_mesh(points: Any, faces: Any) -> None:
    with pytest.raises((TypeError, ValueError), match=r"expected \(n, 3\)|expected int32|could not convert|invalid literal"):
        Mesh(points, faces)


@pytest.mark.parametrize(
    "wrong", [np.zeros((4, 2), np.int32), np.zeros(12, np.int32), np.zeros((4, 3)), np.full((4, 3), 2**40), None]
)
def test_put_together_by_hand_it_is_unreadable(wrong: Any) -> None:
    good, lattice = np.ascontiguousarray(FACES, dtype=np.int32), POINTS.astype(np.int32)
    for one, other in ((wrong, good), (lattice, wrong)):
        part = Settled(Part("x", Mesh(POINTS, good)), Pose(), one, other)
        for process in (None, load_process("fdm-pla")):
            assert [f.code for f in verify([part], process)[1]] == ["unreadable"]
