"""A head that nobody has, for demonstrations: drawn from the identity basis of ICT-FaceKit (MIT, see face_table.notice.txt) by

    python -m engine.body.sample_face BASIS.npz [FILE]

with amounts of its own, all of the basis' hundred modes; eyes and mouth are closed, and the neck's end is open, as a scanner leaves it.
BASIS is that of `engine.body.face_table`, which holds none of these points: a scan made of them is read as any other is.
"""

from __future__ import annotations

import math
import pathlib
import struct
import sys
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import EnvironmentFault
from engine.model.mesh import Mesh

Floats = npt.NDArray[np.float64]
Loop = list[int]

FILE = pathlib.Path(__file__).with_name("sample_face.bin")
STEPS = 100.0
"""A mm."""
LIVELY = 0.75
"""Of the amounts' usual spread: a face like many."""
EYEBALL = 12.0
"""mm: the radius of what is seen of an eye."""
_RINGS = (0.3, 0.65)
"""Between a lid and the cornea: shares of the way."""
_HEADER = struct.Struct("<16s2If")
_MAGIC = b"unikat head 1\n"


@dataclass(frozen=True, eq=False)
class Sample:
    """mesh: mm, x to the person's left, y up, z forward; pd: between the pupils, as an optician would measure it, mm."""

    mesh: Mesh
    pd: float


def sample() -> Sample:
    """The shipped one. EnvironmentFault: it is not there, or not whole."""
    try:
        return parse(FILE.read_bytes())
    except OSError as missing:
        raise EnvironmentFault(f"the sample head is missing: {FILE.name} ({missing.strerror}); install again") from None


def parse(data: bytes) -> Sample:
    """A file's bytes. EnvironmentFault: they are none."""
    whole = len(data) >= _HEADER.size
    magic, n, m, pd = _HEADER.unpack_from(data) if whole else (b"", 0, 0, 0.0)
    try:
        body = zlib.decompress(data[_HEADER.size :]) if magic.rstrip(b"\0") == _MAGIC else b""
    except zlib.error:
        body = b""
    if not n or len(body) != 6 * (n + m):
        raise EnvironmentFault("the sample head is not whole: install again")
    steps = np.cumsum(np.frombuffer(body, "<i2", 3 * n).reshape(n, 3), axis=0, dtype=np.int64)
    faces = np.cumsum(np.frombuffer(body, "<i2", 3 * m, 6 * n), dtype=np.int32).reshape(m, 3)
    return Sample(Mesh(steps / STEPS, faces), round(pd, 2))


def derive(basis: Mapping[str, npt.NDArray[np.generic]]) -> bytes:
    """The file's bytes, from the arrays of a basis."""
    modes = np.asarray(basis["modes_mm"], np.float64)
    amounts = [LIVELY * math.sqrt(2.0) * math.sin(1.0 + 2.3 * k * k) for k in range(len(modes))]
    points = np.asarray(basis["neutral_mm"], np.float64) + sum(a * mode for a, mode in zip(amounts, modes, strict=True))
    tri = np.asarray(basis["tri"], np.int64)
    pupils = [_pupil(points, basis, side) for side in "lr"]
    made, faces = [row for row in points[: int(tri.max()) + 1]], tri.tolist()
    *_, neck = loops = sorted(_loops(tri), key=lambda loop: float(np.ptp(points[loop, 0])))
    for loop in loops:
        if loop is not neck:
            at = points[loop].mean(axis=0)
            eye = [p for p in pupils if abs(p[0] - at[0]) < 15.0 and abs(p[1] - at[1]) < 15.0]
            _close(made, faces, loop, eye[0] if eye else at, bool(eye))
    steps = np.rint(np.array(made) * STEPS).astype(np.int64)
    # neighbours are much alike: what they differ by packs better
    apart = [np.diff(steps, axis=0, prepend=0), np.diff(np.array(faces).ravel(), prepend=0)]
    body = b"".join(array.astype("<i2").tobytes() for array in apart)
    return _HEADER.pack(_MAGIC, len(steps), len(faces), float(pupils[0][0] - pupils[1][0])) + zlib.compress(body, 9)


def _pupil(points: Floats, basis: Mapping[str, npt.NDArray[np.generic]], side: str) -> Floats:
    iris, sclera = (np.asarray(basis[f"{name}_{side}"], np.int64) for name in ("iris", "sclera"))
    return np.array([*points[iris, :2].mean(axis=0), points[sclera, 2].max()])


def _loops(tri: npt.NDArray[np.int64]) -> list[Loop]:
    """Each border, the way that faces beyond it would run."""
    edges = {(int(a), int(b)) for row in tri for a, b in zip(row, np.roll(row, -1), strict=True)}
    after = {b: a for a, b in edges if (b, a) not in edges}
    loops: list[Loop] = []
    while after:
        first, at = after.popitem()
        loop = [first]
        while at != first:
            loop.append(at)
            at = after.pop(at)
        loops.append(loop)
    return loops


def _close(points: list[Floats], faces: list[list[int]], loop: Loop, middle: Floats, eye: bool) -> None:
    """Rings from the border inwards, and a fan; an eye's lie on its ball."""
    outer = loop
    for share in _RINGS:
        inner = []
        for row in loop:
            place = points[row] + share * (middle - points[row])
            if eye:
                x, y = place[0] - middle[0], place[1] - middle[1]
                place[2] = middle[2] - EYEBALL + math.sqrt(max(EYEBALL * EYEBALL - x * x - y * y, 0.0))
            inner.append(len(points))
            points.append(place)
        for k in range(len(loop)):
            a, b, c, d = outer[k], outer[(k + 1) % len(loop)], inner[(k + 1) % len(loop)], inner[k]
            faces += [[a, b, c], [a, c, d]]
        outer = inner
    faces += [[outer[k], outer[(k + 1) % len(loop)], len(points)] for k in range(len(loop))]
    points.append(middle)


def main(arguments: list[str]) -> None:
    """See above."""
    with np.load(arguments[0], allow_pickle=False) as basis:
        made = derive({name: basis[name] for name in basis.files})
    pathlib.Path(arguments[1] if len(arguments) > 1 else FILE).write_bytes(made)


if __name__ == "__main__":
    main(sys.argv[1:])
