"""Bad places are seen: red and ringed in the picture, alone in a mesh."""

from __future__ import annotations

import pathlib
import zlib

import numpy as np
import pytest

from engine.export import marked
from engine.model.mesh import Mesh, Part, Pose, Settled
from engine.reading.meshes import read
from engine.verify.checks import verify
from engine.verify.foreign import settle_as_drawn

POINTS = np.array([(x, y, z) for x in (0.0, 8.0) for y in (0.0, 8.0) for z in (0.0, 8.0)])
FACES = np.array(
    [
        (0, 1, 3),
        (0, 3, 2),
        (4, 6, 7),
        (4, 7, 5),
        (0, 4, 5),
        (0, 5, 1),
        (2, 3, 7),
        (2, 7, 6),
        (0, 2, 6),
        (0, 6, 4),
        (1, 5, 7),
        (1, 7, 3),
    ]
)


def pixels(data: bytes) -> np.ndarray:
    body, at = b"", 8
    while at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        body += data[at + 8 : at + 8 + size] if kind == b"IDAT" else b""
        at += size + 12
    side = int.from_bytes(data[16:20], "big")
    rows = np.frombuffer(zlib.decompress(body), np.uint8).reshape(side, 1 + 3 * side)
    assert (rows[:, 0] == 0).all()
    return rows[:, 1:].reshape(side, side, 3).astype(np.int32)


def red(data: bytes) -> np.ndarray:
    seen = pixels(data)
    found: np.ndarray = (seen[:, :, 0] > 100) & (seen[:, :, 1] < 70) & (seen[:, :, 2] < 70)
    return found


@pytest.fixture
def cube() -> Settled:
    return settle_as_drawn([Part("x", Mesh(POINTS, FACES))])[0]


def test_what_offends_is_red_and_ringed(cube: Settled) -> None:
    assert not red(marked.picture([cube], {})).any()
    top = red(marked.picture([cube], {"x": [(10,)]}))
    assert top.sum() > 1000
    below = red(marked.picture([cube], {"x": [(0,)]}))  # out of sight: the ring is all there is
    assert 100 < below.sum() < top.sum()
    rows, columns = np.nonzero(top)
    assert 100 < rows.mean() < 400 and 100 < columns.mean() < 400


def test_places_that_lie_apart_have_a_ring_each() -> None:
    far = np.array([(0.0, 0.0), (5.0, 0.0), (0.0, 5.0)])
    one, near, away = far, far + 20.0, far + (200.0, 0.0)
    boxes = marked._places(np.stack((one, away, near)))
    assert [(low.tolist(), high.tolist()) for low, high in boxes] == [([0, 0], [25, 25]), ([200, 0], [205, 5])]
    across = np.array([(0.0, 0.0), (100.0, 0.0), (205.0, 0.0)])  # a large face between them
    assert len(marked._places(np.stack((one, away, across)))) == 1
    assert marked._places(np.full((2, 3, 2), np.nan)) == []
    assert len(marked._places(far + np.arange(40.0)[:, None, None] * (100.0, 0.0))) == marked.RINGS


def test_two_bad_corners_of_one_finding(cube: Settled) -> None:
    """Small cubes at the ends of a bar, one finding: two rings, and nothing red between them."""
    row = np.concatenate([POINTS / 8 + (x, 0.0, 0.0) for x in (0.0, 20.0, 40.0)])
    many = np.concatenate([FACES + 8 * k for k in range(3)])
    (part,) = settle_as_drawn([Part("x", Mesh(row, many))])
    seen = red(marked.picture([part], {"x": [(*range(12), *range(24, 36))]}))
    middle = red(marked.picture([part], {"x": [tuple(range(12, 24))]}))
    assert seen.any() and middle.any() and not (seen & middle).any()


def test_the_faces_alone_are_a_mesh_that_can_be_read(cube: Settled, tmp_path: pathlib.Path) -> None:
    path = tmp_path / "bad.ply"
    path.write_bytes(marked.mesh([cube, cube], {"x": [(10, 3), (3,)]}))
    ((_, points, faces),) = read(str(path), "ply")
    assert np.array_equal(points[faces], np.concatenate((POINTS[FACES[[3, 10]]],) * 2))
    path.write_bytes(marked.mesh([cube], {}))
    assert read(str(path), "ply")[0][2].shape == (0, 3)


def test_what_cannot_be_drawn_is_left_out() -> None:
    points, faces = POINTS.copy(), FACES.copy().astype(np.int32)
    points[7], faces[0, 0] = np.nan, 99
    part = Settled(Part("x", Mesh(points, faces)), Pose(), POINTS.astype(np.int32), faces)
    bad = {"x": [tuple(range(12)), (500,)]}
    assert red(marked.picture([part], bad)).any()
    assert b"element face 5\n" in marked.mesh([part], bad)
    nothing = settle_as_drawn([Part("x", Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32)))])
    assert not red(marked.picture(nothing, {"x": [(0,)]})).any()


def rows(points: np.ndarray, faces: np.ndarray) -> dict[str, tuple[int, ...]]:
    return {f.code: f.faces for f in verify(settle_as_drawn([Part("x", Mesh(points, faces))]))[1]}


def test_findings_name_their_faces() -> None:
    assert rows(POINTS, FACES[1:])["open-edge"] == (0, 4, 10)  # those beside the face that is gone
    turned = FACES.copy()
    turned[4] = turned[4][::-1]
    assert set(rows(POINTS, turned)["inconsistent-winding"]) >= {4}
    assert rows(POINTS, np.concatenate((FACES, FACES[:1, ::-1])))["duplicate-face"] == (0, 12)
    assert rows(POINTS, np.concatenate((FACES, FACES[2:3])))["nonmanifold-edge"][0] == 2
    flat = np.concatenate((POINTS, POINTS[:1] / 2 + POINTS[3:4] / 2))
    assert rows(flat, np.concatenate((FACES, [(0, 8, 3), (5, 5, 6)])))["degenerate-face"] == (12, 13)
    two = np.concatenate((POINTS, POINTS * 0.5 + (6.0, 1.0, 1.0))), np.concatenate((FACES, FACES + 8))
    found = rows(*two)["overlapping-shells"]
    assert set(found) & {2, 3} and set(found) - set(range(12))
    inside = np.concatenate((POINTS, POINTS * 0.25 + 2.0))
    assert rows(inside, np.concatenate((FACES, FACES + 8)))["nested-shell"] == tuple(range(12, 24))
