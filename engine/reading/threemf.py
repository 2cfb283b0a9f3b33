"""A 3MF from outside: the archive's directory before its content, strict XML, objects and components with their transforms."""

from __future__ import annotations

import io
import itertools
import re
import zipfile
import zlib
from typing import Any
from xml.parsers import expat

import numpy as np

from engine.errors import InputError

CORE = "http://schemas.microsoft.com/3dmanufacturing/core/2015/02"
UNITS = {"micron": 0.001, "millimeter": 1.0, "centimeter": 10.0, "inch": 25.4, "foot": 304.8, "meter": 1000.0}
MAX_ENTRIES, MAX_INFLATED, MAX_RATIO = 1000, 1_000_000_000, 200
MAX_OBJECTS, MAX_DEPTH, MAX_FACES = 10_000, 16, 20_000_000
_START = "{http://schemas.openxmlformats.org/package/2006/relationships}"
_MODEL_TYPE = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
_NUMBER = re.compile(r"\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*")
_INDEX = re.compile(r"\s*\d{1,10}\s*")
Matrix = tuple[float, ...]
_SAME: Matrix = (1, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0)


def read(data: bytes, file: str) -> list[Any]:
    """Every build item as (name, points in mm, faces); InputError with the reason."""
    archive = _opened(data, file)
    model = _Model(file)
    model.parse(_content(archive, _model_part(archive, file), file))
    found: list[Any] = []
    for at, (key, matrix) in enumerate(model.items, start=1):
        model.expand(key, matrix, found, f"item-{at}", 0)
    if not found:
        raise InputError(file, "builds nothing")
    return found


def _opened(data: bytes, file: str) -> zipfile.ZipFile:
    try:
        archive = zipfile.ZipFile(io.BytesIO(data))
    except (zipfile.BadZipFile, ValueError, NotImplementedError) as error:
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
    spans = sorted((e.header_offset, e.header_offset + e.compress_size) for e in entries)
    if any(start < end for (_, end), (start, _) in itertools.pairwise(spans)):
        raise InputError(file, "has files that overlap")
    return archive


def _content(archive: zipfile.ZipFile, name: str, file: str) -> bytes:
    try:
        with archive.open(name) as entry:
            data = entry.read(MAX_INFLATED + 1)
    except KeyError:
        raise InputError(file, f"has no {name}") from None
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, RuntimeError) as error:
        raise InputError(file, f"{name} is damaged: {error}") from None
    if len(data) > MAX_INFLATED:
        raise InputError(file, f"{name} is too large")
    return data


def _model_part(archive: zipfile.ZipFile, file: str) -> str:
    """The one model part that the package's relationships name; a thumbnail that they name must be there too."""
    parts: list[str] = []
    names = {n.lower().lstrip("/") for n in archive.namelist()}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag.endswith("Relationship"):
            target = attributes.get("Target", "").lstrip("/")
            if attributes.get("TargetMode") != "External" and target.lower() not in names:
                raise InputError(file, "names a part that it does not hold")
            if attributes.get("Type") == _MODEL_TYPE:
                parts.append(target)

    _walk(_content(archive, "_rels/.rels", file), file, start, lambda _: None)
    if len(parts) != 1:
        raise InputError(file, f"names {len(parts)} models; one is needed")
    return next(n for n in archive.namelist() if n.lower().lstrip("/") == parts[0].lower())


def _walk(data: bytes, file: str, start: Any, end: Any, namespaces: bool = False) -> None:
    parser = expat.ParserCreate(namespace_separator=" " if namespaces else None)
    parser.StartElementHandler = start
    parser.EndElementHandler = end

    def refuse(*_: object) -> None:
        raise InputError(file, "declares a document type, which no 3MF may")

    parser.StartDoctypeDeclHandler = refuse
    try:
        data.decode("utf-8-sig")
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
        self.objects: dict[str, dict[str, Any]] = {}
        self.items: list[tuple[str, Matrix]] = []
        self.now: dict[str, Any] | None = None
        self.seen: set[str] = set()
        self.faces = 0

    def wrong(self, why: str) -> InputError:
        return InputError(self.file, why)

    def parse(self, data: bytes) -> None:
        _walk(data, self.file, self.start, self.end, namespaces=True)
        for needed in ("model", "resources", "build"):
            if needed not in self.seen:
                raise self.wrong(f"has no <{needed}>")
        for told in self.objects.values():
            told["points"] = np.array(told["points"], dtype=np.float64).reshape(-1, 3) * self.scale
            told["faces"] = np.array(told["faces"], dtype=np.int64).reshape(-1, 3)
            if len(told["faces"]) and told["faces"].max() >= len(told["points"]):
                raise self.wrong("has a triangle that names a point beyond the last")

    def start(self, tag: str, told: dict[str, str]) -> None:
        space, _, name = tag.rpartition(" ")
        if space != CORE:
            return
        self.seen.add(name)
        if name == "model":
            self.scale = UNITS.get(told.get("unit", "millimeter"), 0.0)
            if not self.scale:
                raise self.wrong("has a unit that 3MF does not know")
            spoken = told.get("requiredextensions", "").split()
            if any(p not in ("p", "m", "s", "b") for p in spoken):
                raise self.wrong("needs an extension that is not read")
        elif name == "metadata" and not told.get("name"):
            raise self.wrong("has metadata without a name")
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
        if tag == f"{CORE} object":
            self.now = None

    def _object(self, told: dict[str, str]) -> None:
        key = told.get("id", "")
        if key in self.objects or not _INDEX.fullmatch(key) or int(key) == 0 or len(self.objects) >= MAX_OBJECTS:
            raise self.wrong("has an object with a missing or repeated id, or too many")
        self.now = {"name": told.get("name", ""), "points": [], "faces": [], "components": []}
        self.objects[key] = self.now

    def _known(self, told: dict[str, str]) -> str:
        key = told.get("objectid", "")
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
        made = tuple(self._number(w) for w in words.split())
        if len(made) != 12:
            raise self.wrong("has a transform that is no 3x4 matrix")
        a, b, c, d, e, f, g, h, i = made[:9]
        if abs(a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)) < 1e-12:
            raise self.wrong("has a transform that flattens")
        return made

    def expand(self, key: str, matrix: Matrix, found: list[Any], name: str, depth: int) -> None:
        """An object and its components, moved, into `found`."""
        told = self.objects[key]
        if depth > MAX_DEPTH:
            raise self.wrong("nests components too deep")
        if len(told["faces"]):
            self.faces += len(told["faces"])
            if self.faces > MAX_FACES:
                raise self.wrong(f"expands to more than {MAX_FACES} triangles")
            m = np.array(matrix).reshape(4, 3)
            points = told["points"]
            moved = np.stack(
                [
                    points[:, 0] * m[0, k] + points[:, 1] * m[1, k] + points[:, 2] * m[2, k] + m[3, k] * self.scale
                    for k in range(3)
                ],
                1,
            )
            mirrored = np.linalg.det(m[:3]) < 0
            found.append((f"{name}-{key}", moved, told["faces"][:, ::-1] if mirrored else told["faces"]))
        for inner, by in told["components"]:
            self.expand(inner, _after(by, matrix), found, name, depth + 1)


def _after(first: Matrix, then: Matrix) -> Matrix:
    """Row vectors: x first, then `then`."""
    a, b = np.array(first).reshape(4, 3), np.array(then).reshape(4, 3)
    turned = [[sum(a[r, k] * b[k, c] for k in range(3)) + (b[3, c] if r == 3 else 0.0) for c in range(3)] for r in range(4)]
    return tuple(float(v) for row in turned for v in row)
