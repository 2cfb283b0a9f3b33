"""What is no scan of one whole foot is refused, and told why."""

from __future__ import annotations

import math
import pathlib
import re
from collections.abc import Callable

import numpy as np
import pytest

from engine.body.foot import foot_of
from engine.body.synthetic import SyntheticFoot
from engine.errors import InputError
from engine.model.mesh import Mesh
from engine.reading.meshes import read_file
from tests.engine.body.test_kinds import WHOLE, floor, imprint, joined, looks_down, middles, moved, some


class Shoe(SyntheticFoot):
    """With a flat outsole whose edges are sharp."""

    def sole(self, share: float, across: float) -> float:
        return 0.0


class Heeled(Shoe):
    """With a block under the heel, and nothing under the waist."""

    def sole(self, share: float, across: float) -> float:
        return 18.0 if 0.33 < share < 0.55 else 0.0


def scaled(factor: float) -> Mesh:
    return Mesh(WHOLE.points * factor, WHOLE.faces)


def cut(along: int, at: float, above: bool) -> Mesh:
    """What lies on one side of a plane; open there."""
    return some(WHOLE, (middles(WHOLE)[:, along] > at) == above)


def clamped(along: int, at: float, above: bool) -> Mesh:
    """The same, closed: what lies beyond is pressed flat into the plane."""
    points = WHOLE.points.copy()
    points[:, along] = np.maximum(points[:, along], at) if above else np.minimum(points[:, along], at)
    return Mesh(points, WHOLE.faces)


def askew(at: float, behind: bool) -> Mesh:
    """An end cut off closed, 16 degrees from square: its width grows as a round end's does."""
    points = WHOLE.points.copy()
    edge = at + 0.28 * points[:, 1]
    points[:, 0] = np.maximum(points[:, 0], edge) if behind else np.minimum(points[:, 0], edge)
    return Mesh(points, WHOLE.faces)


def ball(x: float, y: float, z: float) -> Mesh:
    """An ellipsoid."""
    n = 40
    points = [
        (x * math.sin(a) * math.cos(b), y * math.sin(a) * math.sin(b), z * math.cos(a))
        for a in np.linspace(0.0, math.pi, n)
        for b in np.linspace(0.0, 2.0 * math.pi, n)
    ]
    row = np.arange(n * (n - 1)).reshape(n - 1, n)[:, :-1].ravel()
    faces = np.concatenate([np.column_stack([row, row + n, row + 1]), np.column_stack([row + 1, row + n, row + n + 1])])
    return Mesh(np.array(points), faces.astype(np.int32))


def slab(thick: float) -> Mesh:
    top, under = floor(thick, 280.0), floor(0.0, 280.0)
    return joined(top, Mesh(under.points, np.ascontiguousarray(under.faces[:, ::-1])))


def broken() -> Mesh:
    points = WHOLE.points.copy()
    points[17, 1] = math.nan
    return Mesh(points, WHOLE.faces)


def pair(apart: float) -> Mesh:
    other = SyntheticFoot(side="left").mesh(100, 96)
    return joined(WHOLE, Mesh(other.points + np.array([0.0, apart, 0.0]), other.faces))


def bumpy() -> Mesh:
    """A flat sheet as a scanner sees it."""
    sheet = floor(0.0, 280.0)
    return Mesh(sheet.points + np.random.default_rng(1).normal(size=sheet.points.shape) * 0.2, sheet.faces)


EMPTY = Mesh(np.zeros((0, 3)), np.zeros((0, 3), np.int32))
BAD: dict[str, tuple[Callable[[], Mesh], str]] = {
    "empty": (lambda: EMPTY, "is empty"),
    "points alone": (lambda: Mesh(WHOLE.points, EMPTY.faces), "is empty"),
    "NaN": (broken, "NaN"),
    "an index beyond": (lambda: Mesh(WHOLE.points[:-1], WHOLE.faces), "name points it does not have"),
    "few triangles": (lambda: some(WHOLE, np.arange(len(WHOLE.faces)) < 30), "too few"),
    "metres as mm": (lambda: scaled(0.001), "unit m (26"),
    "cm as mm": (lambda: scaled(0.1), "unit cm (26"),
    "no unit would do": (lambda: scaled(3.0), "no unit"),
    "two feet": (lambda: pair(130.0), "two feet"),
    "two feet on a floor": (lambda: joined(pair(130.0), floor(0.0, 700.0)), "two feet"),
    "two feet at one place": (lambda: pair(10.0), "two feet"),
    "a shoe": (lambda: Shoe().mesh(100, 96), "a shoe"),
    "a shoe with a heel": (lambda: Heeled().mesh(100, 96), "a shoe"),
    "a sheet": (lambda: floor(0.0, 280.0), "flat plate"),
    "a noisy sheet": (bumpy, "flat plate"),
    "a plate": (lambda: slab(4.0), "flat plate"),
    "cut behind, open": (lambda: cut(0, 35.0, True), "the heel is missing"),
    "cut behind, closed": (lambda: clamped(0, 35.0, True), "the heel is missing"),
    "cut askew behind": (lambda: askew(35.0, True), "the heel is missing"),
    "cut askew in front": (lambda: askew(215.0, False), "the toes are missing"),
    "cut in front, open": (lambda: cut(0, 220.0, False), "the toes are missing"),
    "cut in front, closed": (lambda: clamped(0, 220.0, False), "the toes are missing"),
    "cut above the sole, closed": (lambda: clamped(2, 12.0, True), "a foot cut above its sole"),
    "cut above the heel, open": (lambda: cut(2, 30.0, True), "was it cut above the heel"),
    "an egg": (lambda: ball(130.0, 50.0, 45.0), "is no foot"),
    "a ball": (lambda: ball(120.0, 120.0, 120.0), "no foot"),
    "an imprint without a length": (imprint, "length must be typed"),
}


@pytest.mark.parametrize("what", BAD)
def test_refused(what: str) -> None:
    made, why = BAD[what]
    mesh = made()
    for given in (mesh, moved(mesh)):
        with pytest.raises(InputError) as told:
            foot_of(given, name="left_scan")
        assert why in told.value.for_sender()
        assert not any(c.isdigit() for c in str(told.value))
        assert told.value.what == "left_scan"


def test_what_is_asked_is_what_is_told() -> None:
    """The unit that the file was said to be in."""
    for factor, fits in ((100.0, r"26\.\d m across with its numbers in m: unit cm \(26\d mm\)"), (1000.0, "unit mm ")):
        with pytest.raises(InputError) as told:
            foot_of(scaled(factor), unit="m")
        assert re.search(fits, told.value.message)


def test_the_other_side() -> None:
    with pytest.raises(InputError, match="the other foot") as told:
        foot_of(moved(WHOLE), side="left")
    assert told.value.message == "sent as the left foot, and it shows a right one"
    assert foot_of(moved(WHOLE), side="right").side == "right"


def test_a_foot_without_an_arch_must_say_its_side() -> None:
    flat = moved(SyntheticFoot(side="left", arch=0.0).mesh(100, 96))
    with pytest.raises(InputError, match="say left or right"):
        foot_of(flat)
    foot = foot_of(flat, side="left")
    assert foot.side == "left" and any("taken as said" in note for note in foot.notes)


def test_an_imprint_of_another_length() -> None:
    with pytest.raises(InputError, match="another foot, or another unit"):
        foot_of(imprint(), length_mm=200.0)


def test_a_sole_said_to_be_an_imprint_wants_a_length_too() -> None:
    sole = some(WHOLE, looks_down(WHOLE) & (middles(WHOLE)[:, 2] < 30.0))
    with pytest.raises(InputError, match="length must be typed"):
        foot_of(sole, kind="imprint")


@pytest.mark.parametrize("file", ["head/ict_sample_00.ply", "head/ict_sample_01.ply", "head/ict_sample_02.ply"])
def test_faces(shared_data: pathlib.Path, file: str) -> None:
    ((_, face),) = read_file(shared_data / file, "mm")
    with pytest.raises(InputError):
        foot_of(face)


def test_other_things(shared_data: pathlib.Path) -> None:
    """Meshes of all sorts, each brought to a foot's size: none is a foot."""
    taken = []
    for path in sorted((shared_data / "mesh").iterdir()):
        if path.suffix.lower() not in (".stl", ".ply", ".obj", ".off"):
            continue
        try:
            for _, mesh in read_file(path, "mm"):
                size = np.ptp(mesh.points, axis=0).max() if len(mesh.points) else 0.0
                if math.isfinite(size) and size > 0.0:
                    foot_of(Mesh(mesh.points * (265.0 / size), mesh.faces))
                    taken.append(path.name)
        except InputError:
            continue
    assert taken == []
