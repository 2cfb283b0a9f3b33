"""A 3MF from outside: the archive's directory before its content, strict XML, objects and components with their transforms."""

from __future__ import annotations

import io
import itertools
import math
import re
import struct
import zipfile
import zlib
from typing import Any
from xml.parsers import expat

import numpy as np

from engine.errors import InputError

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
UNITS = {"micron": 0.001, "millimeter": 1.0, "centimeter": 10.0, "inch": 25.4, "foot": 304.8, "meter": 1000.0}
_DAMAGED = (zipfile.BadZipFile, zlib.error, struct.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError)
"""What zipfile raises on bytes that are no whole archive (offsets before the file, say): seen by damaging good ones."""
MAX_ENTRIES, MAX_INFLATED, MAX_RATIO = 1000, 1_000_000_000, 200
MAX_OBJECTS, MAX_DEPTH, MAX_INSTANCES, MAX_FACES, MAX_POINTS = 10_000, 16, 10_000, 8_000_000, 8_000_000
_MODEL_TYPE = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
_TICKET_TYPE = "http://schemas.microsoft.com/3dmanufacturing/2013/01/printticket"
_PRODUCTION = "http://schemas.microsoft.com/3dmanufacturing/production/2015/06"
_HARMLESS = (_PRODUCTION, "http://schemas.microsoft.com/3dmanufacturing/material/2015/02")
"""Extensions that a file may require: neither changes a shape (but for `p:path`, which is refused where it stands)."""
_RESOURCES, _OBJECT = f"{CORE} resources", f"{CORE} object"
_SPACE, _PATH = "http://www.w3.org/XML/1998/namespace space", f"{_PRODUCTION} path"
_METADATA = frozenset(
    (
        "Title",
        "Designer",
        "Description",
        "Copyright",
        "LicenseTerms",
        "Rating",
        "CreationDate",
        "ModificationDate",
        "Application",
    )
)
_NUMBER = re.compile(r"[ \t\r\n]*[-+]?(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][-+]?[0-9]+)?[ \t\r\n]*")
"""ST_Number of the schema, with the blanks that it collapses."""
_INDEX = re.compile(r"[ \t\r\n]*[0-9]{1,10}[ \t\r\n]*")
_BLANKS = re.compile(r"[ \t\r\n]+")
Matrix = tuple[float, ...]
_SAME: Matrix = (1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)


def read(data: bytes, file: str) -> list[Any]:
    """Every object of every build item as (name, points in mm, faces), no two of one name; InputError with the reason.

    Colours, materials, textures and print tickets are not read, so what is wrong in those alone is not refused: of the
    consortium's samples that must fail, the seven that tests list.
    """
    archive = _opened(data, file)
    model = _Model(file)
    part = _model_part(archive, file)
    _check_tickets(archive, part, file)
    model.parse(_content(archive, part, file))
    found: list[Any] = []
    for at, (key, matrix) in enumerate(model.items, start=1):
        model.expand(key, matrix, found, f"item-{at}", 0)
    if not found:
        raise InputError(file, "builds nothing")
    return found


def _opened(data: bytes, file: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except _DAMAGED as error:
        raise InputError(file, f"is no 3MF archive: {error}") from None
    entries = archive.infolist()
    names = [e.filename.lower() for e in entries]
    if len(entries) > MAX_ENTRIES or len(set(names)) != len(names):
        raise InputError(file, "has too many files in it, or two of one name")
    for entry in entries:
        if entry.file_size > MAX_INFLATED or entry.file_size > MAX_RATIO * max(entry.compress_size, 1000):
            raise InputError(file, f"inflates beyond {MAX_RATIO} times its size")
        if entry.flag_bits & 1:
            raise InputError(file, "is encrypted")
        if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise InputError(file, "is compressed in a way that is none of 3MF's")
    spans = sorted((e.header_offset, _end(data, e)) for e in entries)
    spans.append((archive.start_dir, archive.start_dir))
    if any(start < end for (_, end), (start, _) in itertools.pairwise(spans)):
        raise InputError(file, "has files that overlap")
    return archive


def _end(data: bytes, entry: zipfile.ZipInfo) -> int:
    """Where the bytes of an entry end: behind a header of its own, whose name and extra field are as long as it says."""
    start = entry.header_offset
    name, extra = struct.unpack("<HH", data[start + 26 : start + 30].ljust(4, b"\0"))
    return start + 30 + int(name) + int(extra) + entry.compress_size


def _content(archive: zipfile.ZipFile, name: str, file: str) -> bytes:
    try:
        with archive.open(name) as entry:
            data = entry.read(MAX_INFLATED)  # and no more than the directory says, which `_opened` has looked at
    except KeyError:
        raise InputError(file, f"has no {name}") from None
    except _DAMAGED as error:
        raise InputError(file, f"{name} is damaged: {error}") from None
    if len(data) != archive.getinfo(name).file_size:
        raise InputError(file, f"{name} is damaged: it is shorter than the archive's directory says")
    return data


def _model_part(archive: zipfile.ZipFile, file: str) -> str:
    """The one model part that the package's relationships name; a thumbnail that they name must be there too."""
    names = {n.lower().lstrip("/"): n for n in archive.namelist()}
    parts: list[str] = []
    for told in _relationships(archive, "_rels/.rels", file):
        target = told.get("Target", "").lstrip("/").lower()
        inside = told.get("TargetMode") != "External"
        if inside and target not in names:
            raise InputError(file, "names a part that it does not hold")
        if told.get("Type") == _MODEL_TYPE and inside:
            parts.append(names[target])
    if len(parts) != 1:
        raise InputError(file, f"names {len(parts)} models; one is needed")
    return parts[0]


def _check_tickets(archive: zipfile.ZipFile, part: str, file: str) -> None:
    folder, _, last = part.rpartition("/")
    name = f"{folder}/_rels/{last}.rels".lstrip("/")
    if name not in archive.namelist():
        return
    if sum(told.get("Type") == _TICKET_TYPE for told in _relationships(archive, name, file)) > 1:
        raise InputError(file, "has more than one print ticket")


def _relationships(archive: zipfile.ZipFile, name: str, file: str) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.rpartition(":")[2] == "Relationship":
            found.append(attributes)

    _walk(_content(archive, name, file), file, start, lambda _: None)
    return found


def _walk(data: bytes, file: str, start: Any, end: Any, declared: Any = None) -> None:
    """`data` through expat. With `declared(prefix, uri)` the tags and attributes come as `uri name`, else as they stand."""
    parser = expat.ParserCreate(namespace_separator=" " if declared is not None else None)
    if declared is not None:
        parser.StartNamespaceDeclHandler = declared
    parser.StartElementHandler = start
    parser.EndElementHandler = end

    def refuse(*_: object) -> None:
        raise InputError(file, "declares a document type, which no 3MF may")

    def encoded(_version: str, encoding: str | None, _standalone: int) -> None:
        if encoding is not None and encoding.upper() not in ("UTF-8", "UTF8", "US-ASCII"):
            raise InputError(file, "is not UTF-8")

    parser.StartDoctypeDeclHandler = refuse
    parser.XmlDeclHandler = encoded
    if b"\0" in data:  # no XML in UTF-8 has one, and expat would take it for UTF-16
        raise InputError(file, "is not UTF-8")
    try:
        data.decode()
        parser.Parse(data, True)
    except UnicodeDecodeError:
        raise InputError(file, "is not UTF-8") from None
    except expat.ExpatError as error:
        raise InputError(file, f"is no well-formed XML: {error}") from None


class _Model:
    """What the model part says, while it is parsed and after."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.scale = 1.0
        self.objects: dict[int, dict[str, Any]] = {}
        self.items: list[tuple[int, Matrix]] = []
        self.now: dict[str, Any] | None = None
        self.above: list[str] = []
        self.seen: set[str] = set()
        self.ids: set[int] = set()
        self.prefixes: dict[str | None, str] = {}
        self.instances = self.faces = self.points = 0
        self.named: dict[str, int] = {}

    def wrong(self, why: str) -> InputError:
        return InputError(self.file, why)

    def parse(self, data: bytes) -> None:
        _walk(data, self.file, self.start, self.end, self.declared)
        for needed in ("model", "resources", "build"):
            if needed not in self.seen:
                raise self.wrong(f"has no <{needed}>")
        for told in self.objects.values():
            told["points"] = np.array(told["points"], dtype=np.float64).reshape(-1, 3) * self.scale
            told["faces"] = np.array(told["faces"], dtype=np.int64).reshape(-1, 3)
            if len(told["faces"]) and told["faces"].max() >= len(told["points"]):
                raise self.wrong("has a triangle that names a point beyond the last")

    def declared(self, prefix: str | None, uri: str) -> None:
        self.prefixes[prefix] = uri

    def start(self, tag: str, told: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if self.above[-1:] == [_RESOURCES] and "id" in told:
            self._number_of(told["id"])
        self.above.append(tag)
        if _SPACE in told:
            raise self.wrong("says xml:space, which no 3MF may")
        if space != CORE:
            return
        if name in ("model", "resources", "build"):
            if name in self.seen or len(self.above) != (1 if name == "model" else 2):
                raise self.wrong(f"has a second <{name}>, or one in the wrong place")
            self.seen.add(name)
        if name == "model":
            self._head(told)
        elif name == "metadata":
            self._metadata(told.get("name", ""))
        elif name == "object":
            self._object(told)
        elif name == "vertex" and self.now is not None:
            self.now["points"].append([self._number(told.get(axis)) for axis in "xyz"])
        elif name == "triangle" and self.now is not None:
            corners = [self._index(told.get(v)) for v in ("v1", "v2", "v3")]
            if len(set(corners)) < 3:
                raise self.wrong("has a triangle that names a point twice")
            self.now["faces"].append(corners)
        elif name == "component" and self.now is not None:
            self.now["components"].append((self._known(told), self._matrix(told.get("transform"))))
        elif name == "item":
            self.items.append((self._known(told), self._matrix(told.get("transform"))))

    def end(self, tag: str) -> None:
        self.above.pop()
        if tag == _OBJECT and self.now is not None:
            if not self.now["faces"] and not self.now["components"]:
                raise self.wrong("has an object without triangles")
            # known from here on: an object can name none that is open, itself least of all, so there is no cycle
            self.objects[self.now["id"]] = self.now
            self.now = None

    def _head(self, told: dict[str, str]) -> None:
        self.scale = UNITS.get(told.get("unit", "millimeter"), 0.0)
        if not self.scale:
            raise self.wrong("has a unit that 3MF does not know")
        if any(self.prefixes.get(p) not in _HARMLESS for p in told.get("requiredextensions", "").split()):
            raise self.wrong("needs an extension that is not read")

    def _metadata(self, name: str) -> None:
        if not name:
            raise self.wrong("has metadata without a name")
        if name not in _METADATA and ":" not in name:
            raise self.wrong("has metadata of a name that is neither 3MF's nor has a prefix")

    def _number_of(self, word: str) -> None:
        """A resource's id: above 0, below 2^31, its own among resources of every kind."""
        key = int(word) if _INDEX.fullmatch(word) else 0
        if not 0 < key < 2**31 or key in self.ids:
            raise self.wrong("has a resource with an id that is repeated, or no whole number above 0")
        self.ids.add(key)

    def _object(self, told: dict[str, str]) -> None:
        if "id" not in told or self.above[-2:-1] != [_RESOURCES]:
            raise self.wrong("has an object without an id, or outside the resources")
        if len(self.objects) >= MAX_OBJECTS:
            raise self.wrong(f"has more than {MAX_OBJECTS} objects")
        if "pindex" in told and "pid" not in told:
            raise self.wrong("has an object with a property index and no property group")
        self.now = {"id": int(told["id"]), "points": [], "faces": [], "components": []}

    def _known(self, told: dict[str, str]) -> int:
        if _PATH in told:
            raise self.wrong("keeps objects in another part (p:path), which is not read")
        word = told.get("objectid", "")
        key = int(word) if _INDEX.fullmatch(word) else 0
        if key not in self.objects:
            raise self.wrong("names an object that it does not define before")
        return key

    def _number(self, word: str | None) -> float:
        if word is None or not _NUMBER.fullmatch(word) or abs(float(word)) > 1e9:
            raise self.wrong("has a coordinate that is no number in range")
        return float(word)

    def _index(self, word: str | None) -> int:
        if word is None or not _INDEX.fullmatch(word):
            raise self.wrong("has an index that is no whole number")
        return int(word)

    def _matrix(self, words: str | None) -> Matrix:
        if words is None:
            return _SAME
        made = tuple(self._number(w) for w in _BLANKS.split(words.strip(" \t\r\n")))
        if len(made) != 12:
            raise self.wrong("has a transform that is no 3x4 matrix")
        size = math.prod(math.hypot(*made[k : k + 3]) for k in (0, 3, 6))
        if not abs(_determinant(made)) > 1e-9 * size > 0.0:
            raise self.wrong("has a transform that flattens")
        return made

    def expand(self, key: int, matrix: Matrix, found: list[Any], name: str, depth: int) -> None:
        """An object and its components, moved, into `found`."""
        told = self.objects[key]
        if depth > MAX_DEPTH:
            raise self.wrong("nests components too deep")
        self.instances += 1
        if self.instances > MAX_INSTANCES:
            raise self.wrong(f"expands to more than {MAX_INSTANCES} components")
        if len(told["faces"]):
            self.faces += len(told["faces"])
            self.points += len(told["points"])
            if self.faces > MAX_FACES or self.points > MAX_POINTS:
                raise self.wrong(f"expands to more than {MAX_FACES} triangles or {MAX_POINTS} points")
            m = np.array(matrix).reshape(4, 3)
            points = told["points"]
            moved = np.stack(
                [
                    points[:, 0] * m[0, k] + points[:, 1] * m[1, k] + points[:, 2] * m[2, k] + m[3, k] * self.scale
                    for k in range(3)
                ],
                1,
            )
            mirrored = _determinant(matrix) < 0
            part = f"{name}-{key}"
            self.named[part] = self.named.get(part, 0) + 1
            if self.named[part] > 1:  # a component that an item has again: findings tell parts by their names
                part = f"{part}-{self.named[part]}"
            found.append((part, moved, told["faces"][:, ::-1] if mirrored else told["faces"]))
        for inner, by in told["components"]:
            self.expand(inner, _after(by, matrix), found, name, depth + 1)


def _determinant(matrix: Matrix) -> float:
    a, b, c, d, e, f, g, h, i = matrix[:9]
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _after(first: Matrix, then: Matrix) -> Matrix:
    """Row vectors: x first, then `then`."""
    a, b = np.array(first).reshape(4, 3), np.array(then).reshape(4, 3)
    turned = [[sum(a[r, k] * b[k, c] for k in range(3)) + (b[3, c] if r == 3 else 0.0) for c in range(3)] for r in range(4)]
    return tuple(float(v) for row in turned for v in row)
