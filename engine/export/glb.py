"""GLB for the browser: the assembled product, int16 points and int8 normals, a material a part.

glTF 2.0 with KHR_mesh_quantization. Points lie on a grid of 65,535 steps across each part's longest side (`grid_error` says
what that costs); the nodes turn it back into metres, y up. Points are split at creases of 35 degrees or more.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.export.identity import Identity
from engine.model.mesh import STEPS_PER_MM, Pose, Settled
from kernels import creases
from kernels.portable import exponential, logarithm

CREASE_COSINE = 0.8191520442889918
"""cos 35 degrees."""

_HALF = 32767
_SHORT, _BYTE, _USHORT, _UINT = 5122, 5120, 5123, 5125
_VERTICES, _INDICES = 34962, 34963
_STRIDE = 12  # 3 shorts, 2 bytes unused, 3 bytes, 1 unused: the format wants multiples of 4
_NORMAL_AT = 8
_Y_UP_METRES = [0.001, 0, 0, 0, 0, 0, -0.001, 0, 0, 0.001, 0, 0, 0, 0, 0, 1]  # by columns: x, z up becomes y, y goes back
_COLOUR = re.compile("#[0-9a-fA-F]{6}")


def write(parts: Sequence[Settled], identity: Identity) -> bytes:
    """The GLB of these parts in the pose `assembled`. EngineFault for no part, no face, or an index outside the points."""
    if not parts:
        raise EngineFault("a GLB without a part is not written")
    binary: list[bytes] = []
    scene: dict[str, Any] = {
        "asset": {"version": "2.0", "generator": identity.application, "extras": _extras(identity)},
        "extensionsUsed": ["KHR_mesh_quantization"],
        "extensionsRequired": ["KHR_mesh_quantization"],
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"name": identity.title, "matrix": _Y_UP_METRES, "children": list(range(1, len(parts) + 1))}],
        "meshes": [],
        "materials": [],
        "accessors": [],
        "bufferViews": [],
    }
    if identity.licence:
        scene["asset"]["copyright"] = identity.licence
    at = 0
    for settled in parts:
        at = _add(settled, scene, binary, at)
    scene["buffers"] = [{"byteLength": at}]
    text = json.dumps(scene, ensure_ascii=True, separators=(",", ":"), allow_nan=False).encode()
    text += b" " * (-len(text) % 4)
    body = b"".join(binary)
    size = 12 + 8 + len(text) + 8 + len(body)
    return b"".join(
        (
            struct.pack("<4s2I", b"glTF", 2, size),
            struct.pack("<I4s", len(text), b"JSON"),
            text,
            struct.pack("<I4s", len(body), b"BIN\0"),
            body,
        )
    )


def grid_error(settled: Settled) -> float:
    """The most that a coordinate of this part moves in the GLB, mm (its own frame): half a step of the grid."""
    return _grid(settled.lattice)[1] / _HALF / 2.0 / STEPS_PER_MM


def _add(settled: Settled, scene: dict[str, Any], binary: list[bytes], at: int) -> int:
    """Append one part: a node, a mesh, a material, two views, three accessors. Returns where the next one's bytes begin."""
    part = settled.part
    if not len(settled.faces):
        raise EngineFault(f"part {part.name}: no triangles to write")
    vertices, low, high, corners, grid = _quantised(settled)
    wide = len(vertices) > 0xFFFF  # 65535 itself restarts a strip
    indices = corners.astype("<u4" if wide else "<u2")
    index_bytes = indices.tobytes()
    padding = b"\0" * (-len(index_bytes) % 4)
    views, accessors, mesh = scene["bufferViews"], scene["accessors"], len(scene["meshes"])
    view, accessor = len(views), len(accessors)
    vertex_bytes = vertices.tobytes()
    views += [
        {"buffer": 0, "byteOffset": at, "byteLength": len(vertex_bytes), "byteStride": _STRIDE, "target": _VERTICES},
        {"buffer": 0, "byteOffset": at + len(vertex_bytes), "byteLength": len(index_bytes), "target": _INDICES},
    ]
    drawn = {"bufferView": view, "count": len(vertices), "type": "VEC3"}
    accessors += [
        {**drawn, "componentType": _SHORT, "byteOffset": 0, "min": low, "max": high},
        {**drawn, "componentType": _BYTE, "byteOffset": _NORMAL_AT, "normalized": True},
        {"bufferView": view + 1, "componentType": _UINT if wide else _USHORT, "count": indices.size, "type": "SCALAR"},
    ]
    scene["materials"].append(
        {
            "name": part.material or part.name,
            "pbrMetallicRoughness": {
                "baseColorFactor": _linear(part.name, part.colour),
                "metallicFactor": 0,
                "roughnessFactor": 0.6,
            },
        }
    )
    scene["meshes"].append(
        {
            "name": part.name,
            "primitives": [
                {"attributes": {"POSITION": accessor, "NORMAL": accessor + 1}, "indices": accessor + 2, "material": mesh}
            ],
        }
    )
    scene["nodes"].append({"name": part.name, "mesh": mesh, "matrix": _placed(settled, grid)})
    binary += [vertex_bytes, index_bytes, padding]
    return at + len(vertex_bytes) + len(index_bytes) + len(padding)


def _grid(lattice: npt.NDArray[np.int32]) -> tuple[list[int], int]:
    """Twice the centre, and half the longest side (rounded up, at least 1), in steps of the lattice."""
    low, high = lattice.min(axis=0).tolist(), lattice.max(axis=0).tolist()
    sides = [b - a for a, b in zip(low, high, strict=True)]
    return [a + b for a, b in zip(low, high, strict=True)], max(1, (max(sides) + 1) // 2)


def _quantised(
    settled: Settled,
) -> tuple[npt.NDArray[np.uint8], list[int], list[int], npt.NDArray[np.int32], tuple[list[int], int]]:
    """The vertices as they lie in the file, least and greatest of their points, the faces' corners, and the grid."""
    count = len(settled.faces)
    corners = np.empty((count, 3), dtype=np.int32)
    source = np.empty(3 * count, dtype=np.int32)
    normals = np.empty((3 * count, 3), dtype=np.int8)
    used = creases.split(settled.lattice, settled.faces, CREASE_COSINE, corners, source, normals)
    if used < 0:
        raise EngineFault(f"part {settled.part.name}: face {-1 - used} names a point that is not there")
    twice, half = _grid(settled.lattice)
    wide = 2 * settled.lattice.astype(np.int64) - np.array(twice, dtype=np.int64)
    points = ((wide * _HALF + half) // (2 * half)).astype("<i2")[source[:used]]  # to the nearest, halves up
    vertices = np.zeros((used, _STRIDE), dtype=np.uint8)
    vertices.view("<i2")[:, :3] = points
    vertices.view(np.int8)[:, _NORMAL_AT : _NORMAL_AT + 3] = normals[:used]
    return vertices, points.min(axis=0).tolist(), points.max(axis=0).tolist(), corners, (twice, half)


def _placed(settled: Settled, grid: tuple[list[int], int]) -> list[float]:
    """From the grid to the assembled product, mm: assembled * print^-1 * grid, 4x4 by columns."""
    twice, half = grid
    centre = [value / (2.0 * STEPS_PER_MM) for value in twice]
    scale = half / (_HALF * float(STEPS_PER_MM))
    laid, shown = settled.pose, settled.part.poses.get("assembled", Pose())
    away = [centre[k] - laid.translation[k] for k in range(3)]
    drawn = [sum(laid.rotation[k][row] * away[k] for k in range(3)) for row in range(3)]  # the transpose turns back
    at = [sum(shown.rotation[row][k] * drawn[k] for k in range(3)) + shown.translation[row] for row in range(3)]
    turn = [[sum(shown.rotation[row][k] * laid.rotation[col][k] for k in range(3)) for col in range(3)] for row in range(3)]
    columns = [[turn[row][col] * scale for row in range(3)] + [0.0] for col in range(3)] + [[*at, 1.0]]
    return [value + 0.0 for column in columns for value in column]  # + 0.0: no minus zero


def _linear(name: str, colour: str) -> list[float]:
    """#rrggbb (sRGB, IEC 61966-2-1) as linear red, green, blue and alpha 1."""
    if not _COLOUR.fullmatch(colour):
        raise EngineFault(f"part {name}: its colour is not of the form #rrggbb")
    parts = [int(colour[k : k + 2], 16) / 255.0 for k in (1, 3, 5)]
    return [round(c / 12.92 if c <= 0.04045 else exponential(2.4 * logarithm((c + 0.055) / 1.055)), 6) for c in parts] + [1.0]


def _extras(identity: Identity) -> dict[str, Any]:
    told = {
        "title": identity.title,
        "uuid": str(identity.uuid),
        "designer": identity.designer,
        "partNumber": identity.part_number,
        "reference": identity.reference,
        "template": identity.template,
        "templateVersion": identity.version,
    }
    return {name: value for name, value in told.items() if value not in ("", None)}
