"""STL, OFF, OBJ, PLY and 3MF files to named meshes in mm. Counts are checked against the file before anything is allocated.

`read` runs in a child (see `read_file`): whatever a file does to a parser, it does there.
"""

from __future__ import annotations

import pathlib
import re
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import child
from engine.errors import ChildFault, InputError
from engine.model.units import LENGTHS
from engine.model.mesh import Mesh
from engine.reading import threemf

MAX_BYTES = 500_000_000
DEADLINE = 60.0
Found = list[tuple[str, npt.NDArray[np.float64], npt.NDArray[np.int64]]]

_NUMBER = re.compile(rb"[-+]?(?:nan|inf(?:inity)?|(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)", re.I)
_CORNERS = 3


def read_file(path: pathlib.Path, unit: str | None) -> list[tuple[str, Mesh]]:
    """Every mesh of a file, by name, in mm. InputError: no file, no unit where the format has none, or what is wrong in it."""
    if unit is not None and unit not in LENGTHS:
        raise InputError(path.name, f"--unit {unit} is not a unit; one of {', '.join(LENGTHS)}")
    try:
        size = path.stat().st_size
    except OSError as error:
        raise InputError(path.name, error.strerror or "cannot be read") from None
    if size > MAX_BYTES:
        raise InputError(path.name, f"is {size} bytes; {MAX_BYTES} can be read")
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("stl", "off", "obj", "ply", "3mf"):
        raise InputError(path.name, "is no STL, 3MF, PLY, OBJ or OFF file by its name")
    if kind != "3mf" and unit is None:
        raise InputError(path.name, f"says nothing of its unit: --unit, one of {', '.join(LENGTHS)}")
    try:
        found = child.shared(("engine.reading.meshes",)).call("engine.reading.meshes:read", str(path), kind, deadline=DEADLINE)
    except ChildFault as fault:
        raise InputError(path.name, f"cannot be read: {fault.kind}") from None
    scale = LENGTHS[unit] if unit is not None and kind != "3mf" else 1.0
    return [(name, _checked(path.name, points * scale, faces)) for name, points, faces in found]


def _checked(file: str, points: npt.NDArray[np.float64], faces: npt.NDArray[np.int64]) -> Mesh:
    if len(faces) and (faces.min() < -(2**31) or faces.max() >= 2**31):
        raise InputError(file, "names a point beyond 2^31")
    return Mesh(points, faces.astype(np.int32))


def read(path: str, kind: str) -> Found:
    """In the child: name, points float64 (n, 3) in the file's unit (3MF: mm), faces int64 (m, 3)."""
    file = pathlib.Path(path)
    data = file.read_bytes()
    name = re.sub(r"[^A-Za-z0-9_-]", "_", file.stem)[:40] or "part"
    if not data:
        raise InputError(file.name, "is empty")
    if kind == "3mf":
        return threemf.read(data, file.name)
    reader = {"stl": _stl, "off": _off, "obj": _obj, "ply": _ply}[kind]
    points, faces = reader(data, file.name)
    return [(name, points, faces)]


def _stl(data: bytes, file: str) -> tuple[Any, Any]:
    announced = int.from_bytes(data[80:84], "little") if len(data) >= 84 else -1
    if announced >= 0 and len(data) == 84 + 50 * announced:
        records = np.frombuffer(data, np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]), announced, 84)
        corners = records["v"].reshape(-1, 3).astype(np.float64)
    elif data.lstrip()[:5].lower() == b"solid":
        numbers = [line.split()[1:] for line in data.splitlines() if line.strip()[:6].lower() == b"vertex"]
        corners = _floats([n for row in numbers for n in row], file).reshape(-1, 3) if numbers else np.empty((0, 3))
        if len(corners) % _CORNERS:
            raise InputError(file, "ends inside a triangle")
    else:
        told = f"{len(data)} bytes do not hold the {announced} triangles announced" if announced >= 0 else "is too short"
        raise InputError(file, f"is no whole STL: {told}")
    return _welded(corners)


def _welded(corners: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    """Three points a triangle to shared points: equal to the bit (an STL has no other connection)."""
    if not len(corners):
        return corners, np.empty((0, 3), np.int64)
    bits = np.ascontiguousarray(corners + 0.0).view(np.int64)
    _, first, renamed = np.unique(bits, axis=0, return_index=True, return_inverse=True)
    return corners[first], renamed.reshape(-1, 3).astype(np.int64)


def _floats(words: list[bytes], file: str) -> npt.NDArray[np.float64]:
    for word in words:
        if not _NUMBER.fullmatch(word):
            raise InputError(file, "holds what is no number where a coordinate stands")
    return np.array([float(w) for w in words], dtype=np.float64)


def _ints(words: list[bytes], file: str) -> list[int]:
    try:
        return [int(w) for w in words]
    except ValueError:
        raise InputError(file, "holds what is no whole number where an index stands") from None


def _fan(corners: list[int]) -> list[tuple[int, int, int]]:
    return [(corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1)]


def _off(data: bytes, file: str) -> tuple[Any, Any]:
    rows = [r for line in data.splitlines() if (r := line.split(b"#")[0].split())]
    if rows and rows[0][0].upper().endswith(b"OFF"):
        rows[0] = rows[0][1:]
        rows = rows if rows[0] else rows[1:]
    counts = _ints(rows[0][:2], file) if rows and len(rows[0]) >= 2 else [-1, -1]
    points, faces = counts
    if min(counts) < 0 or len(rows) < 1 + points + faces:
        raise InputError(file, "is no whole OFF: it announces more than it holds")
    table = _floats([w for row in rows[1 : 1 + points] for w in _at_least(row, 3, file)], file).reshape(-1, 3)
    found: list[tuple[int, int, int]] = []
    for row in rows[1 + points : 1 + points + faces]:
        count = _ints(row[:1], file)[0]
        found += _fan(_ints(_at_least(row[1:], count, file), file))
    return table, np.array(found, dtype=np.int64).reshape(-1, 3)


def _at_least(row: list[bytes], count: int, file: str) -> list[bytes]:
    if not 0 < count <= len(row):
        raise InputError(file, "has a row that is too short")
    return row[:count]


def _obj(data: bytes, file: str) -> tuple[Any, Any]:
    """Vertices and faces alone; materials and textures are other files, and stay unread."""
    words: list[bytes] = []
    found: list[tuple[int, int, int]] = []
    count = 0
    for line in data.splitlines():
        row = line.split()
        if row[:1] == [b"v"]:
            words += _at_least(row[1:], 3, file)
            count += 1
        elif row[:1] == [b"f"]:
            corners = _ints([w.split(b"/")[0] for w in row[1:]], file)
            found += _fan([c - 1 if c > 0 else count + c for c in corners])
    return _floats(words, file).reshape(-1, 3), np.array(found, dtype=np.int64).reshape(-1, 3)


_PLY_TYPES = {
    b"char": "i1", b"int8": "i1", b"uchar": "u1", b"uint8": "u1", b"short": "i2", b"int16": "i2", b"ushort": "u2", b"uint16": "u2",
    b"int": "i4", b"int32": "i4", b"uint": "u4", b"uint32": "u4", b"float": "f4", b"float32": "f4", b"double": "f8", b"float64": "f8",
}  # fmt: skip


def _ply(data: bytes, file: str) -> tuple[Any, Any]:
    head, mark, body = data.partition(b"end_header\n")
    rows = [line.split() for line in head.splitlines()]
    if not mark or rows[0] != [b"ply"] or rows[1][:1] != [b"format"]:
        raise InputError(file, "is no PLY: its header does not end")
    order = {b"ascii": "", b"binary_little_endian": "<", b"binary_big_endian": ">"}.get(rows[1][1])
    if order is None:
        raise InputError(file, "is a PLY of an unknown format")
    elements: list[tuple[bytes, int, list[list[bytes]]]] = []
    for row in rows[2:]:
        if row[:1] == [b"element"] and len(row) == 3:
            elements.append((row[1], _ints(row[2:], file)[0], []))
        elif row[:1] == [b"property"] and elements:
            elements[-1][2].append(row[1:])
    points, faces = np.empty((0, 3)), np.empty((0, 3), np.int64)
    lines = body.split() if not order else []
    at = 0
    for name, count, properties in elements:
        width = (
            sum(1 if p[0] == b"list" else np.dtype(_ply_type(p[0], file)).itemsize for p in properties)
            if order
            else len(properties)
        )
        if count < 0 or count * max(width, 1) > len(body):
            raise InputError(file, "is no whole PLY: it announces more than it holds")
        if name == b"vertex" and not any(p[0] == b"list" for p in properties):
            table, at = _ply_table(body, lines, at, count, properties, order, file)
            names = [p[-1] for p in properties]
            if not {b"x", b"y", b"z"} <= set(names):
                raise InputError(file, "has vertices without x, y, z")
            points = np.stack([table[names.index(axis)] for axis in (b"x", b"y", b"z")], axis=1)
        elif name == b"face" and len(properties) == 1 and properties[0][0] == b"list":
            faces, at = _ply_faces(body, lines, at, count, properties[0], order, file)
        elif count:
            raise InputError(file, "has elements that are neither plain vertices nor plain faces")
    return points, faces


def _ply_type(word: bytes, file: str) -> str:
    if word not in _PLY_TYPES:
        raise InputError(file, "has a property of an unknown type")
    return _PLY_TYPES[word]


def _ply_table(body: bytes, lines: list[bytes], at: int, count: int, properties: Any, order: str, file: str) -> tuple[Any, int]:
    if not order:
        end = at + count * len(properties)
        if end > len(lines):
            raise InputError(file, "ends inside its vertices")
        return list(_floats(lines[at:end], file).reshape(count, -1).T), end
    kind = np.dtype([(f"p{k}", order + _ply_type(p[0], file)) for k, p in enumerate(properties)])
    if at + count * kind.itemsize > len(body):
        raise InputError(file, "ends inside its vertices")
    table = np.frombuffer(body, kind, count, at)
    return [table[f"p{k}"].astype(np.float64) for k in range(len(properties))], at + table.nbytes


def _ply_faces(body: bytes, lines: list[bytes], at: int, count: int, told: Any, order: str, file: str) -> tuple[Any, int]:
    found: list[tuple[int, int, int]] = []
    many = np.dtype((order or "<") + _ply_type(told[1], file))
    index = np.dtype((order or "<") + _ply_type(told[2], file))
    for _ in range(count):
        if order:
            if at + many.itemsize > len(body):
                raise InputError(file, "ends inside its faces")
            corners = int(np.frombuffer(body, many, 1, at)[0])
            at += many.itemsize
            if corners < 0 or at + corners * index.itemsize > len(body):
                raise InputError(file, "ends inside its faces")
            found += _fan(np.frombuffer(body, index, corners, at).tolist())
            at += corners * index.itemsize
        else:
            corners = _ints(_at_least(lines[at : at + 1], 1, file), file)[0]
            found += _fan(_ints(_at_least(lines[at + 1 : at + 1 + corners], corners, file), file))
            at += 1 + corners
    return np.array(found, dtype=np.int64).reshape(-1, 3), at
