"""STL, OFF, OBJ, PLY and 3MF files to named meshes in mm. Counts are checked against the file before anything is allocated.

`read` runs in a child (see `read_file`): whatever a file does to a parser, it does there.
"""

from __future__ import annotations

import pathlib
import re
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import child
from engine.errors import ChildFault, InputError
from engine.model.mesh import Mesh
from engine.model.units import LENGTHS
from engine.reading import threemf

MAX_BYTES, MAX_ARRAYS = 500_000_000, 500_000_000
DEADLINE, MEMORY_MB = 60.0, 4000
KIND_BYTES = 65_536
"""An OBJ may begin with so many comments and names of materials."""
READER = "engine.reading.meshes:read"
Found = list[tuple[str, npt.NDArray[np.float64], npt.NDArray[np.int64]]]

_NUMBERS = re.compile(rb"(?>[-+]?(?:nan|inf(?:inity)?|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:e[-+]?[0-9]+)?) )*+", re.I)
"""Each followed by a blank; atomic, so that a million of them leave nothing to go back to."""
_WHOLES = re.compile(rb"(?>[-+]?[0-9]{1,18} )*+")
_OFF = re.compile(rb"(?:ST)?C?N?OFF", re.I)
_DIED = {
    "timeout": f"takes longer than {DEADLINE:.0f} s to read",
    "memory": "needs too much memory to be read",
    "crash": "cannot be read: it makes its reader crash",
}


def read_file(path: pathlib.Path, unit: str | None) -> list[tuple[str, Mesh]]:
    """Every mesh of a file, by name, in mm. InputError: no file, no unit where the format has none, or what is wrong in it.

    For a command line: what reads may be forked from this process. A service reads by engine.language.inputs.
    """
    if unit is not None and unit not in LENGTHS:
        raise InputError(path.name, f"--unit {unit} is not a unit; one of {', '.join(LENGTHS)}")
    try:
        size = path.stat().st_size
        plain = path.is_file()
    except OSError as error:
        raise InputError(path.name, error.strerror or "cannot be read") from None
    if not plain:
        raise InputError(path.name, "is no file")
    if size > MAX_BYTES:
        raise InputError(path.name, f"is {size} bytes; {MAX_BYTES} can be read")
    kind = path.suffix.lower().lstrip(".")
    if kind not in ("stl", "off", "obj", "ply", "3mf"):
        raise InputError(path.name, "is no STL, 3MF, PLY, OBJ or OFF file by its name")
    if kind != "3mf" and unit is None:
        raise InputError(path.name, f"says nothing of its unit: --unit, one of {', '.join(LENGTHS)}")
    try:
        reader = child.shared((READER.partition(":")[0],), memory_mb=MEMORY_MB, forked=True)
        found = reader.call(READER, str(path.absolute()), kind, deadline=DEADLINE)
    except ChildFault as fault:
        raise InputError(path.name, _DIED.get(fault.kind, f"cannot be read: {fault.kind}")) from None
    except child.RemoteError as error:
        raise InputError(path.name, f"cannot be read: {error}") from None
    scale = LENGTHS[unit] if unit is not None and kind != "3mf" else 1.0
    with np.errstate(over="ignore"):  # beyond float64 is infinite, and a finding
        return [(name, _checked(path.name, points * scale, faces)) for name, points, faces in found]


def _checked(file: str, points: npt.NDArray[np.float64], faces: npt.NDArray[np.int64]) -> Mesh:
    if len(faces) and (faces.min() < -(2**31) or faces.max() >= 2**31):
        raise InputError(file, "names a point beyond 2^31")
    return Mesh(points, faces.astype(np.int32))


def read(path: str, kind: str) -> Found:
    """In the child: name, points float64 (n, 3) in the file's unit (3MF: mm), faces int64 (m, 3)."""
    file = pathlib.Path(path)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise InputError(file.name, error.strerror or "cannot be read") from None
    return parse(data, kind, file.name)


def parse(data: bytes, kind: str, file: str) -> Found:
    """In the child: the same of what stands in a file. `file`: what errors call it."""
    if not data:
        raise InputError(file, "is empty")
    if kind == "3mf":
        found: Found = threemf.read(data, file)
    else:
        reader = {"stl": _stl, "off": _off, "obj": _obj, "ply": _ply}[kind]
        name = re.sub(r"[^A-Za-z0-9_-]", "_", pathlib.PurePath(file).stem)[:40] or "part"
        found = [(name, *reader(data, file))]
    if sum(points.nbytes + faces.nbytes for _, points, faces in found) > MAX_ARRAYS:
        raise InputError(file, "has more points and triangles than can be read")
    return found


def kind_of(data: bytes) -> str | None:
    """stl, off, obj, ply or 3mf, by how the bytes begin; None where they are none of them. Who reads them finds whether they are it."""
    head = data[:KIND_BYTES]
    if head.startswith(b"PK\x03\x04"):
        return "3mf"
    if re.match(rb"ply[ \t]*\r?\n", head):
        return "ply"
    if len(data) >= 84 and len(data) == 84 + 50 * int.from_bytes(data[80:84], "little"):
        return "stl"
    if re.match(rb"\s*solid\b", head, re.I):
        return "stl"
    if re.match(rb"(?:\s*#[^\n]*\n)*\s*(?:ST)?C?N?OFF\b", head, re.I):
        return "off"
    if re.search(rb"^[ \t]*v[ \t]+[-+.\d]", head, re.M):
        return "obj"
    return None


def _stl(data: bytes, file: str) -> tuple[Any, Any]:
    announced = int.from_bytes(data[80:84], "little") if len(data) >= 84 else -1
    if announced >= 0 and len(data) == 84 + 50 * announced:
        records = np.frombuffer(data, np.dtype([("n", "<f4", 3), ("v", "<f4", (3, 3)), ("a", "<u2")]), announced, 84)
        with np.errstate(invalid="ignore"):  # a signalling NaN
            corners = records["v"].reshape(-1, 3).astype(np.float64)
    elif data.lstrip()[:5].lower() == b"solid":
        corners = _ascii_stl(data, file)
    else:
        told = f"{len(data)} bytes do not hold the {announced} triangles announced" if announced >= 0 else "is too short"
        raise InputError(file, f"is no whole STL: {told}")
    return _welded(corners)


def _ascii_stl(data: bytes, file: str) -> npt.NDArray[np.float64]:
    """Three rows a facet, whatever the normals say; several solids in a row are one."""
    words: list[bytes] = []
    facets, last = 0, b""
    for row in filter(None, map(bytes.split, data.splitlines())):
        last = row[0].lower()
        if last == b"vertex":
            words += _at_least(row[1:], 3, file)
        elif last == b"facet":
            facets += 1
    if last != b"endsolid" or len(words) != 9 * facets:
        raise InputError(file, "is no whole STL: it ends inside a solid, or has facets that are no triangles")
    return _floats(words, file).reshape(-1, 3)


def _welded(corners: npt.NDArray[np.float64]) -> tuple[Any, Any]:
    """Three points a triangle to shared points: equal to the bit (an STL has no other connection)."""
    if not len(corners):
        return corners, np.empty((0, 3), np.int64)
    bits = np.ascontiguousarray(corners + 0.0).view(np.int64)
    order = np.lexsort(bits.T[::-1])  # a third of what np.unique takes over whole rows, and the same order
    sorted_ = bits[order]
    new = np.append(True, (sorted_[1:] != sorted_[:-1]).any(axis=1))
    names = np.empty(len(bits), np.int64)
    names[order] = np.cumsum(new) - 1
    return corners[order[new]], names.reshape(-1, 3)


def _floats(words: list[bytes], file: str) -> npt.NDArray[np.float64]:
    if not _NUMBERS.fullmatch(b" ".join([*words, b""])):
        raise InputError(file, "holds what is no number where a coordinate stands")
    return np.array([float(w) for w in words], dtype=np.float64)


def _ints(words: list[bytes], file: str) -> list[int]:
    if not _WHOLES.fullmatch(b" ".join([*words, b""])):
        raise InputError(file, "holds what is no whole number where an index stands")
    return [int(w) for w in words]


def _fan(corners: Sequence[int], file: str) -> list[tuple[int, int, int]]:
    if len(corners) < 3:
        raise InputError(file, "has a face of fewer than three corners")
    return [(corners[0], corners[k], corners[k + 1]) for k in range(1, len(corners) - 1)]


def _off(data: bytes, file: str) -> tuple[Any, Any]:
    rows = [r for line in data.splitlines() if (r := line.split(b"#")[0].split())]
    if rows and (header := _OFF.match(rows[0][0])):
        rest = rows[0][0][header.end() :]  # `OFF8 6 12`: seen, and clear
        rows[0] = [rest, *rows[0][1:]] if rest else rows[0][1:]
        rows = rows if rows[0] else rows[1:]
    counts = _ints(rows[0][:2], file) if rows and len(rows[0]) >= 2 else [-1, -1]
    points, faces = counts
    if min(counts) < 0 or len(rows) < 1 + points + faces:
        raise InputError(file, "is no whole OFF: it announces more than it holds")
    table = _floats([w for row in rows[1 : 1 + points] for w in _at_least(row, 3, file)], file).reshape(-1, 3)
    found: list[tuple[int, int, int]] = []
    for row in rows[1 + points : 1 + points + faces]:
        count = _ints(row[:1], file)[0]
        found += _fan(_ints(_at_least(row[1:], count, file), file), file)
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
    for line in re.sub(rb"\\\r?\n", b" ", data).splitlines():
        row = line.split()
        if row[:1] == [b"v"]:
            words += _at_least(row[1:], 3, file)
            count += 1
        elif row[:1] == [b"f"]:
            corners = _ints([w.split(b"/")[0] for w in row[1:]], file)
            found += _fan([c - 1 if c >= 0 else count + c for c in corners], file)
    return _floats(words, file).reshape(-1, 3), np.array(found, dtype=np.int64).reshape(-1, 3)


_PLY_TYPES = {
    b"char": "b", b"int8": "b", b"uchar": "B", b"uint8": "B", b"short": "h", b"int16": "h", b"ushort": "H", b"uint16": "H",
    b"int": "i", b"int32": "i", b"uint": "I", b"uint32": "I", b"float": "f", b"float32": "f", b"double": "d", b"float64": "d",
}  # fmt: skip
"""To struct's letters, which are numpy's too."""


def _ply(data: bytes, file: str) -> tuple[Any, Any]:
    """Vertices' x, y, z and faces' vertex_indices; other properties and elements are stepped over."""
    mark = re.search(rb"\bend_header[ \t]*\r?\n", data[:1_000_000])
    rows = [row for line in data[: mark.start()].splitlines() if (row := line.split())] if mark else []
    if mark is None or len(rows) < 2 or rows[0] != [b"ply"] or rows[1][0] != b"format" or len(rows[1]) < 2:
        raise InputError(file, "is no PLY: its header does not begin or end as one")
    order = {b"ascii": "", b"binary_little_endian": "<", b"binary_big_endian": ">"}.get(rows[1][1])
    if order is None:
        raise InputError(file, "is a PLY of an unknown format")
    body = _PlyBody(data[mark.end() :], order, file)
    points, faces = np.empty((0, 3)), np.empty((0, 3), np.int64)
    for name, count, properties in _ply_elements(rows[2:], file):
        if count < 0 or count > len(body.bytes):
            raise InputError(file, "is no whole PLY: it announces more than it holds")
        names = [p[-1] for p in properties]
        if name == b"vertex":
            if not {b"x", b"y", b"z"} <= {p[-1] for p in properties if len(p) == 2} or any(len(p) != 2 for p in properties):
                raise InputError(file, "has vertices without x, y, z, or with lists")
            table = body.table(count, properties)
            points = np.stack([table[names.index(axis)] for axis in (b"x", b"y", b"z")], axis=1)
        elif name == b"face":
            faces = body.faces(count, properties)
        elif any(len(p) != 2 for p in properties):
            for _ in range(count):
                body.row(properties)
        elif properties:
            body.table(count, properties)
    return points, faces


def _ply_elements(rows: list[list[bytes]], file: str) -> list[tuple[bytes, int, list[list[bytes]]]]:
    """Name, count, properties: [type, name] or [type of the count, type, name]."""
    elements: list[tuple[bytes, int, list[list[bytes]]]] = []
    for row in rows:
        if row[0] == b"element" and len(row) == 3:
            elements.append((row[1], _ints(row[2:], file)[0], []))
        elif row[0] == b"property" and elements and len(row) == (5 if row[1:2] == [b"list"] else 3):
            told = row[2:] if row[1] == b"list" else row[1:]
            if any(word not in _PLY_TYPES for word in told[:-1]) or (len(told) == 3 and _PLY_TYPES[told[0]] in "fd"):
                raise InputError(file, "has a property of an unknown type")
            elements[-1][2].append(told)
        elif row[0] not in (b"comment", b"obj_info"):
            raise InputError(file, "is no PLY: a line of its header is none")
    return elements


class _PlyBody:
    """What follows the header, and how far it is read: `at` counts bytes, or the words of an ASCII file's line (one a row)."""

    def __init__(self, data: bytes, order: str, file: str) -> None:
        self.bytes, self.order, self.file = data, order, file
        self.lines = iter(()) if order else filter(None, map(bytes.split, data.splitlines()))
        self.words: list[bytes] = []
        self.at = 0

    def _next_line(self) -> None:
        self.words, self.at = next(self.lines, []), 0

    def _past(self, count: int, size: int = 1) -> int:
        """Where `count` values of `size` bytes (words: 1) end; InputError when that is beyond the end."""
        end = self.at + count * size
        if count < 0 or end > len(self.bytes if self.order else self.words):
            raise InputError(self.file, "is no whole PLY: it announces more than it holds")
        return end

    def table(self, count: int, properties: list[list[bytes]]) -> list[npt.NDArray[np.float64]]:
        """Rows without lists: one column a property."""
        if not self.order:
            words: list[bytes] = []
            for _ in range(count):
                self._next_line()
                words += self.words[: self._past(len(properties))]
            return list(_floats(words, self.file).reshape(count, len(properties)).T)
        kind = np.dtype([(f"p{k}", self.order + _PLY_TYPES[p[0]]) for k, p in enumerate(properties)])
        end = self._past(count, kind.itemsize)
        table = np.frombuffer(self.bytes, kind, count, self.at)
        self.at = end
        with np.errstate(invalid="ignore"):  # a signalling NaN
            return [table[f"p{k}"].astype(np.float64) for k in range(len(properties))]

    def faces(self, count: int, properties: list[list[bytes]]) -> npt.NDArray[np.int64]:
        lists = [p[-1] for p in properties]
        where = next((k for k, n in enumerate(lists) if n in (b"vertex_indices", b"vertex_index")), -1)
        if where < 0 or len(properties[where]) != 3 or _PLY_TYPES[properties[where][1]] in "fd":
            raise InputError(self.file, "has faces without vertex_indices")
        if self.order and len(properties) == 1:
            count_type, index_type = (self.order + _PLY_TYPES[word] for word in properties[0][:2])
            kind = np.dtype([("n", count_type), ("v", index_type, 3)])
            if self.at + count * kind.itemsize <= len(self.bytes):
                table = np.frombuffer(self.bytes, kind, count, self.at)
                if (table["n"] == 3).all():  # else there are polygons: row by row
                    self.at += table.nbytes
                    return table["v"].astype(np.int64)
        found: list[tuple[int, int, int]] = []
        for _ in range(count):
            found += _fan(self.row(properties)[where], self.file)
        return np.array(found, dtype=np.int64).reshape(-1, 3)

    def row(self, properties: list[list[bytes]]) -> list[Sequence[int]]:
        """One row, its lists; of its plain values nothing."""
        if not self.order:
            self._next_line()  # words beyond what the header tells are let be: VCGlib writes colours so
        found: list[Sequence[int]] = []
        for told in properties:
            many = self._take(1, told[0])[0] if len(told) == 3 else 1
            values = self._take(int(many), told[-2])
            found.append(values if len(told) == 3 else ())
        return found

    def _take(self, count: int, kind: bytes) -> Sequence[Any]:
        letter = _PLY_TYPES[kind]
        if self.order:
            end = self._past(count, struct.calcsize(self.order + letter))
            values: Sequence[Any] = struct.unpack_from(f"{self.order}{count}{letter}", self.bytes, self.at)
        else:
            end = self._past(count)
            words = self.words[self.at : end]
            values = words if letter in "fd" else _ints(words, self.file)
        self.at = end
        return values
