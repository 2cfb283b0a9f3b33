"""The face model that is shipped: a mean, its normals and 90 modes at 1,500 points round eyes, nose, temples and ears.

Derived from the identity basis of ICT-FaceKit (Li and others 2020, "Learning formation of physically-based face attributes"; MIT, its
notice lies beside the table) by

    python -m engine.body.face_table BASIS.npz [TABLE]

whose BASIS holds neutral_mm (v, 3), modes_mm (100, v, 3), tri (f, 3) and the vertices iris_l, iris_r, sclera_l, sclera_r. The same
basis gives the same bytes. A head is mean + sum of amounts * modes, each amount with mean 0 and variance 1; mm; x to the person's
left, y up, z forward.
"""

from __future__ import annotations

import functools
import math
import pathlib
import struct
import sys
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EnvironmentFault

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

FILE = pathlib.Path(__file__).with_name("face_table.bin")
POINTS, MODES = 1500, 90
_HEADER = struct.Struct("<16s3I")
_MAGIC = b"unikat face 1\n"

PUPILS = ("left_pupil", "right_pupil")
VERTICES: Mapping[str, int] = {
    "left_ear_root": 8451,
    "right_ear_root": 8176,
    "left_tragion": 6738,
    "right_tragion": 7465,
    "sellion": 978,
    "nose_tip": 4857,
    "subnasale": 1147,
    "left_eye_inner": 3742,
    "left_eye_outer": 3721,
    "right_eye_inner": 1528,
    "right_eye_outer": 1507,
    "chin": 966,
}
"""Of the basis: ear root and tragion found by hand on the mean, the others of ICT-FaceKit's 68 landmarks (Multi-PIE)."""
ZYGIA = ("left_zygion", "right_zygion")
"""Where the mean face is widest between tragion and pupil, before the ear, and that point's mirror image."""
NAMES = (*PUPILS, *VERTICES, *ZYGIA)
"""Of the first rows of the table. A pupil is no skin: it lies on the eye's axis where the cornea is farthest forward."""

_FACE = 9409
"""Vertices of the face; then skull and neck, mouth and eyes."""
_BEFORE_EAR, _ARCH = (20.0, 40.0), (10.0, 34.0)
"""mm along z and y: where the zygia are looked for."""
_COARSE = 11.0
_NOSE, _EYES, _EARS = range(3)
_REGIONS: tuple[tuple[tuple[float, float], tuple[float, float], tuple[float, float], float], ...] = (
    ((0.0, 24.0), (-14.0, 48.0), (85.0, 140.0), 3.2),
    ((10.0, 56.0), (16.0, 62.0), (70.0, 140.0), 4.6),
    ((64.0, 100.0), (-40.0, 62.0), (-40.0, 30.0), 5.0),
    ((50.0, 90.0), (-10.0, 62.0), (20.0, 90.0), 6.0),
)
"""|x|, y, z of the mean between these, mm, and how far apart points are there: nose, eyes, ears, temples. _COARSE elsewhere."""
_MOUTH, _NECK = ((0.0, 40.0), (-56.0, -18.0)), -90.0
"""|x| and y of what moves when somebody smiles, before z = _BEFORE; and below what y the neck begins: no points there."""
_BEFORE = 60.0


@dataclass(frozen=True, eq=False)
class Table:
    """mean, normals (n, 3), modes (n, 3, k); the first rows are those of NAMES."""

    mean: Floats
    normals: Floats
    modes: Floats


@functools.cache
def table() -> Table:
    """The shipped one. EnvironmentFault: it is not there, or not whole."""
    try:
        return parse(FILE.read_bytes())
    except OSError as missing:
        raise EnvironmentFault(f"the face model is missing: {FILE.name} ({missing.strerror}); install again") from None


def regions(model: Table) -> dict[str, npt.NDArray[np.bool_]]:
    """Which of its points lie where."""
    nose, eyes, ears = (_within(model.mean, row) for row in (_NOSE, _EYES, _EARS))
    left = model.mean[:, 0] > 0.0
    return {
        "nose": nose, "left eye": eyes & left & ~nose, "right eye": eyes & ~left & ~nose,
        "left ear": ears & left, "right ear": ears & ~left,
    }  # fmt: skip


def parse(data: bytes) -> Table:
    """A table's bytes. EnvironmentFault: they are none."""
    whole = len(data) >= _HEADER.size
    magic, n, k, named = _HEADER.unpack_from(data) if whole else (b"", 0, 0, 0)
    if magic.rstrip(b"\0") != _MAGIC or named != len(NAMES) or len(data) != _HEADER.size + n * 3 * (4 + 4 + 2 * k):
        raise EnvironmentFault("the face model is not whole: install again")
    at = _HEADER.size
    mean, normals = (np.frombuffer(data, "<f4", 3 * n, at + 12 * n * i).reshape(n, 3).astype(np.float64) for i in range(2))
    modes = np.frombuffer(data, "<f2", 3 * n * k, at + 24 * n).reshape(n, 3, k).astype(np.float64)
    for array in (mean, normals, modes):
        array.flags.writeable = False
    return Table(mean, normals, modes)


def derive(basis: Mapping[str, npt.NDArray[np.generic]]) -> bytes:
    """The table's bytes, from the arrays of a basis (see above)."""
    mean = np.asarray(basis["neutral_mm"], np.float64)
    modes = np.asarray(basis["modes_mm"], np.float64)[:MODES]
    normals = _normals(mean, np.asarray(basis["tri"], np.int64))
    rows = _chosen(mean, [*VERTICES.values(), *_zygia(mean)])
    eyes = [_eye(basis, side) for side in "lr"]
    made_mean = np.concatenate([[_pupil(mean, *eye) for eye in eyes], mean[rows]])
    made_normals = np.concatenate([np.tile((0.0, 0.0, 1.0), (len(eyes), 1)), normals[rows]])
    made_modes = np.concatenate([[[_pupil(mode, *eye) for mode in modes] for eye in eyes], modes[:, rows].transpose(1, 0, 2)])
    return b"".join([
        _HEADER.pack(_MAGIC, len(made_mean), MODES, len(NAMES)),
        made_mean.astype("<f4").tobytes(),
        made_normals.astype("<f4").tobytes(),
        np.ascontiguousarray(made_modes.transpose(0, 2, 1)).astype("<f2").tobytes(),
    ])  # fmt: skip


def _eye(basis: Mapping[str, npt.NDArray[np.generic]], side: str) -> tuple[Ints, int]:
    """The vertices of an iris with what lies behind it, and the one of the cornea that is farthest forward."""
    sclera = np.asarray(basis[f"sclera_{side}"], np.int64)
    forward = np.asarray(basis["neutral_mm"], np.float64)[sclera, 2]
    return np.asarray(basis[f"iris_{side}"], np.int64), int(sclera[np.argmax(forward)])


def _pupil(shape: Floats, iris: Ints, cornea: int) -> list[float]:
    """Of a shape or a mode (v, 3): x and y of the eye's axis, z of the cornea."""
    x, y = (math.fsum(shape[iris, d].tolist()) / len(iris) for d in range(2))
    return [x, y, float(shape[cornea, 2])]


def _within(points: Floats, row: int) -> npt.NDArray[np.bool_]:
    """Which points lie in that of _REGIONS."""
    across, up, forward, _ = _REGIONS[row]
    x, y, z = np.abs(points[:, 0]), points[:, 1], points[:, 2]
    there: npt.NDArray[np.bool_] = (
        (x >= across[0]) & (x <= across[1]) & (y >= up[0]) & (y <= up[1]) & (z >= forward[0]) & (z <= forward[1])
    )
    return there


def _zygia(mean: Floats) -> list[int]:
    """See ZYGIA."""
    x, y, z = mean[:_FACE].T
    there = (z >= _BEFORE_EAR[0]) & (z <= _BEFORE_EAR[1]) & (y >= _ARCH[0]) & (y <= _ARCH[1])
    left = int(np.argmax(np.where(there, x, -math.inf)))
    gap = mean[:_FACE] - mean[left] * np.array([-1.0, 1.0, 1.0])
    return [left, int(np.argmin(gap[:, 0] ** 2 + gap[:, 1] ** 2 + gap[:, 2] ** 2))]


def _chosen(mean: Floats, first: list[int]) -> list[int]:
    """Rows of the basis, `first` first: each next one is the farthest from all before it, as its region has it (_REGIONS)."""
    face = mean[:_FACE]
    x, y, z = np.abs(face[:, 0]), face[:, 1], face[:, 2]
    apart = np.full(len(face), _COARSE)
    for row in reversed(range(len(_REGIONS))):
        apart[_within(face, row)] = _REGIONS[row][3]
    mouth = (x <= _MOUTH[0][1]) & (y >= _MOUTH[1][0]) & (y <= _MOUTH[1][1]) & (z > _BEFORE)
    left_out = mouth | (y < _NECK)
    nearest = np.full(len(face), math.inf)
    rows: list[int] = []
    while len(rows) < POINTS - len(PUPILS):
        row = first[len(rows)] if len(rows) < len(first) else int(np.argmax(np.where(left_out, -1.0, nearest)))
        rows.append(row)
        gap = face - face[row]
        nearest = np.minimum(nearest, np.sqrt(gap[:, 0] ** 2 + gap[:, 1] ** 2 + gap[:, 2] ** 2) / apart)
    return rows


def _normals(points: Floats, faces: Ints) -> Floats:
    """Unit normals (n, 3) by area; 0 where no face is."""
    a, b, c = (points[faces[:, k]] for k in range(3))
    u, v = b - a, c - a
    across = np.column_stack([
        u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1],
        u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2],
        u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0],
    ])  # fmt: skip
    made = np.zeros_like(points)
    for k in range(3):
        np.add.at(made, faces[:, k], across)
    length = np.sqrt(made[:, 0] ** 2 + made[:, 1] ** 2 + made[:, 2] ** 2)
    unit: Floats = made / np.maximum(length, 1e-300)[:, None]
    return unit


def main(arguments: list[str]) -> None:
    """See above."""
    with np.load(arguments[0], allow_pickle=False) as basis:
        made = derive({name: basis[name] for name in basis.files})
    pathlib.Path(arguments[1] if len(arguments) > 1 else FILE).write_bytes(made)


if __name__ == "__main__":
    main(sys.argv[1:])
