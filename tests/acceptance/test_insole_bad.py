"""What a customer may send by mistake for an insole: one clear line each, with what would do, and nothing guessed in silence."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.body.synthetic import SyntheticFoot
from engine.model.mesh import Mesh
from service.cli import main
from tests.engine.body.test_kinds import floor, imprint, joined
from tests.scans import written

ROOT = pathlib.Path(__file__).parents[2]
FOOT = SyntheticFoot(side="left", length=258.0, ball_width=99.0)
Files = dict[str, bytes]


def scanned(mesh: Mesh, factor: float = 1.0) -> bytes:
    return written(mesh.points * factor, mesh.faces)


def pair() -> Mesh:
    other = SyntheticFoot(side="right", length=258.0, ball_width=99.0).mesh(60, 64)
    return joined(FOOT.mesh(60, 64), Mesh(other.points + np.array([0.0, 150.0, 0.0]), other.faces))


def broken() -> Mesh:
    mesh = FOOT.mesh(60, 64)
    points = mesh.points.copy()
    points[7, 1] = np.nan
    return Mesh(points, mesh.faces)


def pressed(rows: int = 52, columns: int = 18, least: float = 0.0) -> list[list[str]]:
    """A map as a plate writes it: heel and ball press, the arch does not."""
    x, y = np.meshgrid(np.linspace(0.0, 1.0, rows), np.linspace(-1.0, 1.0, columns), indexing="ij")
    heel, ball = np.exp(-(((x - 0.14) / 0.1) ** 2) - 4.0 * y**2), np.exp(-(((x - 0.72) / 0.11) ** 2) - 0.7 * y**2)
    return [[f"{max(300.0 * value - 20.0, least):.1f}" for value in row] for row in np.maximum(heel, ball)]


def table(rows: list[list[str]]) -> bytes:
    return "\n".join(",".join(row) for row in rows).encode()


def changed(row: int, column: int, text: str) -> bytes:
    rows = pressed()
    rows[row][column] = text
    return table(rows)


GOOD_MAP = table(pressed())
RAGGED = table([row[: len(row) - (k == 20)] for k, row in enumerate(pressed())])


@pytest.fixture
def told(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str]]:
    """Status, and all that is said of an order with these files and words."""

    def told(inputs: dict[str, Any], files: Files, **more: Any) -> tuple[int, str]:
        for name, data in files.items():
            (tmp_path / name).write_bytes(data)
        order = {"template": "insole", "inputs": inputs, "parameters": {"feet": "left", **more.pop("parameters", {})}, **more}
        (tmp_path / "order.json").write_text(json.dumps(order), encoding="utf-8")
        out = tmp_path / "out"
        with pytest.raises(SystemExit) as end:
            main(["make", "insole", "--order", str(tmp_path / "order.json"), "--out", str(out), "--formats", "stl"])
        said = capsys.readouterr()
        assert isinstance(end.value.code, int)
        if end.value.code == 2:
            assert said.out == "" and said.err.count("\n") == 1 and not out.exists(), "one line, and nothing made"
        if end.value.code == 1:
            assert [p.name for p in out.iterdir()] == ["report.json"], "refused: a report and no model"
        return end.value.code, said.err + said.out

    return told


def scan(**of: Any) -> dict[str, Any]:
    return {"left_scan": {"file": "left.stl", "unit": "mm", **of}}


UNUSABLE: dict[str, tuple[dict[str, Any], Callable[[], bytes], dict[str, Any], tuple[str, ...]]] = {
    "no unit": ({"left_scan": {"file": "left.stl"}}, lambda: scanned(FOOT.mesh(60, 64)), {}, ("left_scan.unit: is missing",)),
    "27 m": (scan(unit="m"), lambda: scanned(FOOT.mesh(60, 64), 0.1), {}, ("no foot's size", "unit cm (26", "would fit")),
    "millimetres as metres": (scan(unit="m"), lambda: scanned(FOOT.mesh(60, 64)), {}, ("unit mm (258", "would fit")),
    "two feet": (scan(), lambda: scanned(pair()), {}, ("two feet", "one foot in a file")),
    "a flat plate": (scan(), lambda: scanned(floor(0.0, 280.0)), {}, ("flat plate",)),
    "NaN": (scan(), lambda: scanned(broken()), {}, ("no finite numbers",)),
    "the other foot": (
        scan(side="left"),
        lambda: scanned(SyntheticFoot(side="right").mesh(60, 64)),
        {},
        ("sent as the left foot",),
    ),
    "sent as right": (scan(side="right"), lambda: scanned(FOOT.mesh(60, 64)), {}, ("left_scan.side: is the other side",)),
    "an imprint without a length": (scan(), lambda: scanned(imprint(2.0)), {}, ("imprint", "length must be typed")),
    "no scan at all": (scan(), lambda: b"solid nothing", {}, ("left_scan: cannot be used",)),
}


@pytest.mark.parametrize("what", UNUSABLE)
def test_a_scan_that_cannot_be_used(told: Callable[..., tuple[int, str]], what: str) -> None:
    inputs, data, more, words = UNUSABLE[what]
    status, said = told(inputs, {"left.stl": data()}, **more)
    assert status == 2 and "inputs.left_scan" in said, said
    assert all(word in said for word in words), said


def test_a_face(told: Callable[..., tuple[int, str]], shared_data: pathlib.Path) -> None:
    for name in ("ict_sample_00.ply", "ict_sample_01.ply"):
        data = (shared_data / "head" / name).read_bytes()
        status, said = told({"left_scan": {"file": "left.ply", "unit": "mm"}}, {"left.ply": data})
        assert status == 2 and "inputs.left_scan: cannot be used" in said, said


def test_a_typed_length_that_the_scan_does_not_show(told: Callable[..., tuple[int, str]]) -> None:
    data = {"left.stl": scanned(FOOT.mesh(60, 64))}

    def of(mm: float, **parameters: Any) -> tuple[int, str]:
        return told(scan(), data, measurements={"left.foot_length": {"value": mm, "unit": "mm"}}, parameters=parameters)

    status, said = of(266.0)
    assert status == 1 and "lengths_confirmed" in said and "differ by" in said, said
    assert of(266.0, lengths_confirmed=True)[0] == 0
    assert of(261.0)[0] == 0, "5 mm apart is told, not refused"


def test_a_foot_that_is_what_was_said(told: Callable[..., tuple[int, str]]) -> None:
    """What the others differ from by one thing each."""
    files = {"left.stl": scanned(FOOT.mesh(60, 64)), "left.csv": GOOD_MAP}
    inputs = scan() | {"left_pressure": {"file": "left.csv", "unit": "kPa"}}
    status, said = told(inputs, files, parameters={"pressure_pitch": 5.0})
    assert status == 0, said


MAPS: dict[str, tuple[bytes, str, float, tuple[str, ...]]] = {
    "text": (changed(9, 4, "high"), "kPa", 5.0, ("row 10", "column 5")),
    "negative": (changed(9, 4, "-3.0"), "kPa", 5.0, ("negative",)),
    "NaN": (changed(9, 4, "nan"), "kPa", 5.0, ("row 10",)),
    "ragged": (RAGGED, "kPa", 5.0, ("row 21",)),
    "empty": (b"", "kPa", 5.0, ("empty",)),
    "a pitch too fine": (GOOD_MAP, "kPa", 1.0, ("pitch",)),
    "a pitch too coarse": (GOOD_MAP, "kPa", 15.0, ("pitch",)),
    "a length for a unit": (GOOD_MAP, "mm", 5.0, ("unit",)),
    "kPa told as MPa": (GOOD_MAP, "MPa", 5.0, ("unit",)),
}


@pytest.mark.parametrize("what", MAPS)
def test_a_pressure_map_that_cannot_be_used(told: Callable[..., tuple[int, str]], what: str) -> None:
    data, unit, pitch, words = MAPS[what]
    inputs = {"left_pressure": {"file": "left.csv", "unit": unit}}
    length = {"left.foot_length": {"value": 258.0, "unit": "mm"}}
    status, said = told(inputs, {"left.csv": data}, measurements=length, parameters={"pressure_pitch": pitch})
    assert status == 2 and "inputs.left_pressure" in said, said
    assert all(word in said for word in words), said


def test_a_map_without_a_pitch_is_asked_for_it(told: Callable[..., tuple[int, str]]) -> None:
    status, said = told({"left_pressure": {"file": "left.csv", "unit": "kPa"}}, {"left.csv": GOOD_MAP})
    assert status == 1 and "parameters.pressure_pitch" in said and "needs its pitch" in said


def test_a_map_without_a_unit(told: Callable[..., tuple[int, str]]) -> None:
    status, said = told({"left_pressure": {"file": "left.csv"}}, {"left.csv": GOOD_MAP})
    assert status == 2 and "inputs.left_pressure.unit: is missing" in said


def test_a_shoe_that_is_smaller_than_the_foot(told: Callable[..., tuple[int, str]]) -> None:
    length = {"left.foot_length": {"value": 258.0, "unit": "mm"}}
    status, said = told({}, {}, measurements=length, parameters={"shoe_length": 255.0})
    assert status == 1 and "parameters.shoe_length" in said and "too short" in said and "nearest allowed 26" in said
    assert told({}, {}, measurements=length, parameters={"shoe_length": 273.0})[0] == 0
