"""The GLB that is written: valid by glTF 2.0's rules for what it uses, in its place, with the right look at edges."""

from __future__ import annotations

import io
import json
import math
import struct
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import trimesh

from engine.errors import EngineFault
from engine.export import glb
from engine.export.identity import Identity
from engine.model.mesh import FLIPPED, Pose, Settled

Make = Callable[..., Settled]
_DTYPES = {5120: np.int8, 5122: np.dtype("<i2"), 5123: np.dtype("<u2"), 5125: np.dtype("<u4")}
_WIDE = {"VEC3": 3, "SCALAR": 1}


def opened(data: bytes) -> tuple[dict[str, Any], bytes]:
    """The scene and its bytes; ValueError where the container's rules are broken."""
    magic, version, size = struct.unpack_from("<4s2I", data)
    text_size, text_kind = struct.unpack_from("<I4s", data, 12)
    body_size, body_kind = struct.unpack_from("<I4s", data, 20 + text_size)
    if (magic, version, size, text_kind, body_kind) != (b"glTF", 2, len(data), b"JSON", b"BIN\0"):
        raise ValueError("head")
    if text_size % 4 or body_size % 4 or 28 + text_size + body_size != len(data):
        raise ValueError("size")
    return json.loads(data[20 : 20 + text_size]), data[28 + text_size :]


def values(scene: dict[str, Any], body: bytes, number: int) -> np.ndarray:
    """An accessor's values; ValueError for a misplaced, overrunning or misdeclared one."""
    accessor = scene["accessors"][number]
    view = scene["bufferViews"][accessor["bufferView"]]
    dtype, wide = np.dtype(_DTYPES[accessor["componentType"]]), _WIDE[accessor["type"]]
    stride = view.get("byteStride", dtype.itemsize * wide)
    begin = view["byteOffset"] + accessor.get("byteOffset", 0)
    last = accessor.get("byteOffset", 0) + stride * (accessor["count"] - 1) + dtype.itemsize * wide
    if last > view["byteLength"] or view["byteOffset"] + view["byteLength"] > len(body):
        raise ValueError("overrun")
    if begin % dtype.itemsize or ("byteStride" in view and (stride % 4 or begin % 4)):
        raise ValueError("alignment")
    rows = np.lib.stride_tricks.as_strided(
        np.frombuffer(body, np.uint8)[begin:], (accessor["count"], dtype.itemsize * wide), (stride, 1)
    )
    found = np.ascontiguousarray(rows).view(dtype).reshape(accessor["count"], wide)
    if "min" in accessor and (found.min(axis=0).tolist() != accessor["min"] or found.max(axis=0).tolist() != accessor["max"]):
        raise ValueError("bounds")
    return found


def drawn(data: bytes) -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Of each part: points in metres as the viewer places them, unit normals, faces."""
    scene, body = opened(data)
    assert scene["extensionsRequired"] == scene["extensionsUsed"] == ["KHR_mesh_quantization"]
    root = np.array(scene["nodes"][0]["matrix"]).reshape(4, 4).T
    made = []
    for child in scene["nodes"][0]["children"]:
        node = scene["nodes"][child]
        (primitive,) = scene["meshes"][node["mesh"]]["primitives"]
        place = root @ np.array(node["matrix"]).reshape(4, 4).T
        points = values(scene, body, primitive["attributes"]["POSITION"]) @ place[:3, :3].T + place[:3, 3]
        turn = place[:3, :3] / np.cbrt(np.linalg.det(place[:3, :3]))
        normals = values(scene, body, primitive["attributes"]["NORMAL"]) / 127.0 @ turn.T
        faces = values(scene, body, primitive["indices"]).reshape(-1, 3)
        assert faces.max() < len(points)
        made.append((points, normals, faces))
    return made


def in_metres(points: np.ndarray) -> np.ndarray:
    """z up, mm -> y up, m."""
    return np.stack([points[:, 0], points[:, 2], -points[:, 1]], axis=1) / 1000.0


def test_points_stand_where_they_should(stand_in: Make, ball: Make, cube: Make, identity: Identity) -> None:
    parts = [stand_in(ball(3), "ball"), stand_in(cube(), "cube")]
    for part, (points, normals, faces) in zip(parts, drawn(glb.write(parts, identity)), strict=True):
        error = glb.grid_error(part)
        assert error < 0.0004
        apart = np.abs(points[faces] - in_metres(part.points)[part.faces])
        assert apart.max() * 1000.0 <= error * 1.0001
        assert np.abs(np.linalg.norm(normals, axis=1) - 1.0).max() < 0.02


def test_a_turned_print_pose_is_turned_back_and_assembled(stand_in: Make, ball: Make, identity: Identity) -> None:
    """The print pose turned the part over and moved it; the assembled pose moves the drawing."""
    lattice, faces = ball(2)
    drawing = lattice / 1e4 + np.array([3.0, -4.0, 5.0])
    laid = Pose(FLIPPED.rotation, (1.0, 2.0, 50.0))
    printed = drawing * [1, -1, -1] + laid.translation
    quarter = Pose(((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.0, 1.0)), (7.0, 8.0, 9.0))
    part = stand_in((np.round(printed * 1e4), faces), pose=laid, poses={"print": laid, "assembled": quarter})
    shown = np.stack([-drawing[:, 1], drawing[:, 0], drawing[:, 2]], axis=1) + quarter.translation
    (points, _, corners) = drawn(glb.write([part], identity))[0]
    assert np.abs(points[corners] - in_metres(shown)[faces]).max() * 1000.0 <= glb.grid_error(part) + 1e-4


def test_a_cube_keeps_its_edges_and_a_ball_is_smooth(stand_in: Make, ball: Make, cube: Make, identity: Identity) -> None:
    sharp, smooth = drawn(glb.write([stand_in(cube(), "cube"), stand_in(ball(3), "ball")], identity))
    assert len(sharp[0]) == 24
    assert np.allclose(np.sort(np.abs(sharp[1]), axis=1), [0, 0, 1])
    assert len(smooth[0]) == len(ball(3)[0])
    middle = np.array([0.0, 0.02, 0.0])
    outward = (smooth[0] - middle) / np.linalg.norm(smooth[0] - middle, axis=1)[:, None]
    assert (np.einsum("ij,ij->i", outward, smooth[1]) > 0.98).all()


@pytest.mark.parametrize(("degrees", "vertices"), [(34, 4), (36, 6)])
def test_the_crease_is_at_35_degrees(stand_in: Make, identity: Identity, degrees: float, vertices: int) -> None:
    """Two triangles that turn by so much at their common edge."""
    rise = round(1e5 * math.tan(math.radians(degrees)))
    rows = (
        np.array([[0, 0, 0], [100_000, 0, 0], [50_000, -100_000, 0], [50_000, 100_000, rise]]),
        np.array([[1, 0, 2], [0, 1, 3]]),
    )
    assert len(drawn(glb.write([stand_in(rows)], identity))[0][0]) == vertices


def test_faces_that_meet_at_more_than_an_edge_do_not_join(stand_in: Make, identity: Identity) -> None:
    """Three faces on one edge, and two that run it the same way: no shared normals, no crash."""
    lattice = np.array([[0, 0, 0], [100_000, 0, 0], [0, 100_000, 0], [0, -100_000, 0], [0, 0, 100_000]])
    fin = stand_in((lattice, np.array([[0, 1, 2], [1, 0, 3], [0, 1, 4]])))
    assert len(drawn(glb.write([fin], identity))[0][0]) == 9
    same_way = stand_in((lattice[:4], np.array([[0, 1, 2], [0, 1, 3]])))
    assert len(drawn(glb.write([same_way], identity))[0][0]) == 6


def test_many_vertices_take_wide_indices(stand_in: Make, identity: Identity) -> None:
    count = 30_000
    lattice = np.random.default_rng(1).integers(-400_000, 400_000, (3 * count, 3))
    part = stand_in((lattice, np.arange(3 * count).reshape(-1, 3)))
    data = glb.write([part], identity)
    scene, _ = opened(data)
    assert scene["accessors"][2]["componentType"] == 5125
    points, _, faces = drawn(data)[0]
    assert np.abs(points[faces] - in_metres(part.points)[part.faces]).max() * 1000.0 <= glb.grid_error(part) * 1.0001


def test_trimesh_reads_the_same(stand_in: Make, ball: Make, cube: Make, identity: Identity) -> None:
    parts = [stand_in(ball(3), "ball"), stand_in(cube(), "cube")]
    scene = trimesh.load(io.BytesIO(glb.write(parts, identity)), file_type="glb")
    both = in_metres(np.vstack([part.points for part in parts]))
    assert np.abs(scene.bounds - [both.min(axis=0), both.max(axis=0)]).max() < 1e-6
    volume = sum(trimesh.Trimesh(part.points, part.faces, process=False).volume for part in parts)
    assert scene.to_mesh().volume * 1e9 == pytest.approx(volume, rel=1e-3)


def test_colour_and_words(stand_in: Make, cube: Make, identity: Identity) -> None:
    scene, _ = opened(glb.write([stand_in(cube(), colour="#ff8000", material="PLA")], identity))
    (material,) = scene["materials"]
    linear = [((c + 0.055) / 1.055) ** 2.4 for c in (1.0, 128 / 255)]
    assert material["pbrMetallicRoughness"]["baseColorFactor"] == pytest.approx([*linear, 0.0, 1.0], abs=1e-6)
    assert material["name"] == "PLA"
    told = scene["asset"]
    assert (told["version"], told["copyright"], told["extras"]["title"]) == ("2.0", "CC BY 4.0", identity.title)
    assert (told["extras"]["uuid"], told["extras"]["templateVersion"]) == (str(identity.uuid), 1)


def test_the_reader_sees_what_is_spoilt(stand_in: Make, cube: Make, identity: Identity) -> None:
    data = glb.write([stand_in(cube())], identity)
    with pytest.raises(ValueError, match="head"):
        opened(data + b"\0")
    scene, body = opened(data)
    with pytest.raises(ValueError, match="overrun"):
        values(scene, body[:100], 0)
    scene["accessors"][0]["max"][0] -= 1
    with pytest.raises(ValueError, match="bounds"):
        values(scene, body, 0)
    scene["accessors"][1]["byteOffset"] = 7
    with pytest.raises(ValueError, match="alignment"):
        values(scene, body, 1)


def test_nothing_and_an_index_outside_are_refused(stand_in: Make, cube: Make, identity: Identity) -> None:
    lattice, faces = cube()
    with pytest.raises(EngineFault, match="without a part"):
        glb.write([], identity)
    with pytest.raises(EngineFault, match="no triangles"):
        glb.write([stand_in((lattice, faces[:0]))], identity)
    with pytest.raises(EngineFault, match="colour"):
        glb.write([stand_in((lattice, faces), colour="blue")], identity)
    for bad in (-1, 8):
        wrong = faces.copy()
        wrong[4, 2] = bad
        with pytest.raises(EngineFault, match="face 4"):
            glb.write([stand_in((lattice, wrong))], identity)
