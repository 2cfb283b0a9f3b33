"""What stages remember: results by their trace, in memory (bounded) and, where nothing personal was read, on disk.

A trace is the (name, value) pairs that one run of a stage read, those of its nested stages included. It answers for a new
order when every pair holds there too. Runs that took the same branch read the same names, so results are kept by the names
(few different ones a stage) and then by the values: a hit is one look-up for each known tuple of names.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import pathlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np

from engine.language.elsewhere import Lent
from engine.language.values import Solid
from engine.model.contents import contents
from engine.model.mesh import Mesh, Part, Patch, Plane, Role
from engine.model.places import put_whole
from engine.model.surface import PIECE, Surface

Told = Callable[[tuple[str, ...]], tuple[object, ...]]
"""The values of these names in an order; LookupError where it lacks one."""

PERSONAL_BYTES = 24_000_000
"""What is remembered of persons in one process: enough for the next edit of who is at it. Little, so that a name does not stay
for hours, and so that the memory of the last orders serves the next ones: fresh pages cost more than the copies in them."""


@dataclass(frozen=True)
class Trace:
    """What was read, in order, each name once; `pairs`: the values by their names."""

    names: tuple[str, ...]
    values: tuple[object, ...]
    pairs: Mapping[str, object] = field(compare=False, repr=False)

    @classmethod
    def of(cls, names: tuple[str, ...], values: tuple[object, ...]) -> Trace:
        """From names and their values."""
        return cls(names, values, dict(zip(names, values, strict=True)))

    @property
    def fonts(self) -> dict[str, str]:
        """Hash of each font that was used, by its name."""
        return {self.names[k][5:]: str(self.values[k]) for k in _fonts_among(self.names)}

    def digest(self) -> str:
        """sha256 of the pairs: the file name of a body on disk."""
        return hashlib.sha256(json.dumps([self.names, self.values], default=str).encode()).hexdigest()


@functools.lru_cache(maxsize=4096)
def _fonts_among(names: tuple[str, ...]) -> tuple[int, ...]:
    """Which of them are fonts; runs that took the same branch read the same names."""
    return tuple([k for k, name in enumerate(names) if name.startswith("font.")])


@functools.lru_cache(maxsize=4096)
def heads(names: tuple[str, ...]) -> tuple[str, ...]:
    """The fields of what a trace names, each once."""
    return tuple(dict.fromkeys([name.partition(".")[0] for name in names]))


@dataclass
class Tracer:
    """The trace of a stage that runs now."""

    pairs: dict[str, object] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)
    """Of the stages beneath it: a record names them, whether they were asked or remembered."""
    _stages: dict[str, Kept] = field(default_factory=dict)

    def note(self, name: str, value: object) -> None:
        """One read; a second one of the same name adds nothing, values never change within an order."""
        self.pairs[name] = value

    def note_all(self, stage: str, kept: Kept, artifacts: Mapping[str, str]) -> None:
        """All reads of a stage that was asked: the first time, however often it is."""
        if kept is not self._stages.get(stage):
            self._stages[stage] = kept
            self.pairs.update(kept.trace.pairs)
            self.artifacts.update(artifacts)

    def done(self) -> Trace:
        """The finished trace."""
        return Trace(tuple(self.pairs), tuple(self.pairs.values()), self.pairs)


@dataclass(frozen=True)
class Kept:
    """A result, the trace it answers for, its artifact hash (CAD bodies) and how many bytes it holds."""

    trace: Trace
    result: Any
    artifact: str | None
    size: int
    personal: bool = False
    beneath: Mapping[str, str] = field(default_factory=dict)
    """Artifact of each stage that it stands on."""


class StageMemory:
    """Results of one stage of one template under one code hash."""

    def __init__(
        self, bound: Bound, disk: pathlib.Path | None, personal: Bound | None = None, lent: Lent | None = None
    ) -> None:
        self._bound = bound
        self._lent = lent
        self._personal = personal or bound
        self._disk = disk
        self._by_names: dict[tuple[str, ...], dict[tuple[object, ...], Kept]] = {}
        if disk is not None:
            for names in _read_shapes(disk):
                self._by_names.setdefault(names, {})

    def find(self, told: Told) -> Kept | None:
        """The result whose trace holds for what is told now, or None."""
        for names, by_values in self._by_names.items():
            try:
                values = told(names)
            except LookupError:  # a shape on disk may name what this order does not have
                continue
            kept = by_values.get(values)
            if kept is None and self._disk is not None:
                kept = self._load(Trace.of(names, values))
            if kept is not None:
                self._used(kept)
                return kept
        return None

    def borrow(self, told: Told, personal: Callable[[tuple[str, ...]], bool]) -> Kept | None:
        """What another machine has drawn for what is told now; None where nothing of a person's may be asked for, or nothing is."""
        found = None if self._lent is None else self._lent.find(told, personal)
        kept = None if found is None else self._read(*found)
        if kept is not None and found is not None and self._disk is not None:
            self._write(kept.trace, found[1])
        return kept

    def keep(
        self, trace: Trace, result: Any, *, personal: bool, body: bool, beneath: Mapping[str, str] = MappingProxyType({})
    ) -> Kept:
        """Remember a result, frozen. `body`: a @cad stage's, hashed; where nothing personal went in it also goes to the disk, and to where
        other machines look."""
        artifact, result = None, frozen(result)
        size = weight(result)
        if body and isinstance(result, Solid):
            packed = pack(result)
            artifact = hashlib.sha256(packed).hexdigest()
            stored = artifact.encode() + b"\n" + packed
            if self._disk is not None and not personal:
                self._write(trace, stored)
            if self._lent is not None and not personal:
                self._lent.keep(trace, stored)
        return self._hold(Kept(trace, result, artifact, size, personal, beneath))

    def hold(self, trace: Trace, result: Solid, artifact: str, *, personal: bool, beneath: Mapping[str, str]) -> Kept:
        """Remember a body that has its artifact already, and is made faster than read: in memory alone."""
        return self._hold(Kept(trace, result, artifact, weight(result), personal, beneath))

    def last(self) -> Any:
        """The result that was remembered last; None where nothing is."""
        kept = [k for by_values in self._by_names.values() for k in by_values.values()]
        return kept[-1].result if kept else None

    def forget(self, kept: Kept) -> None:
        """Drop one result from memory."""
        self._by_names[kept.trace.names].pop(kept.trace.values, None)

    def _hold(self, kept: Kept) -> Kept:
        self._by_names.setdefault(kept.trace.names, {})[kept.trace.values] = kept
        self._used(kept)
        return kept

    def _used(self, kept: Kept) -> None:
        (self._personal if kept.personal else self._bound).used(self, kept)

    def _load(self, trace: Trace) -> Kept | None:
        assert self._disk is not None
        try:
            stored = (self._disk / f"{trace.digest()}.body").read_bytes()
        except OSError:
            return None
        return self._read(trace, stored)

    def _read(self, trace: Trace, stored: bytes) -> Kept | None:
        artifact, _, body = stored.partition(b"\n")
        if hashlib.sha256(body).hexdigest().encode() != artifact:
            return None  # damaged: made again, and overwritten
        return self._hold(Kept(trace, unpack(body), artifact.decode(), len(body)))

    def _write(self, trace: Trace, stored: bytes) -> None:
        assert self._disk is not None
        put_whole(self._disk / f"{trace.digest()}.body", stored)
        _write_shape(self._disk, trace.names)


class Bound:
    """Least recently used results go first, once all together hold more than `limit` bytes."""

    def __init__(self, limit: int = 600_000_000) -> None:
        self.limit = limit
        self.held = 0
        self._order: OrderedDict[int, tuple[StageMemory, Kept]] = OrderedDict()

    def used(self, memory: StageMemory, kept: Kept) -> None:
        """Note a use, and let go of what is over the limit."""
        if id(kept) not in self._order:
            self.held += kept.size
        self._order[id(kept)] = (memory, kept)
        self._order.move_to_end(id(kept))
        while self.held > self.limit and len(self._order) > 1:
            _, (owner, oldest) = self._order.popitem(last=False)
            self.held -= oldest.size
            owner.forget(oldest)


def frozen(result: Any) -> Any:
    """What a stage returned, so that no later order can change it: tuples for lists, read-only mappings and arrays."""
    if isinstance(result, list | tuple):
        return result if type(result) not in (list, tuple) else tuple([frozen(r) for r in result])
    if isinstance(result, dict):
        return MappingProxyType({k: frozen(v) for k, v in result.items()})
    if isinstance(result, set):
        return frozenset(result)
    if isinstance(result, np.ndarray) and result.flags.writeable:
        result = result.copy()
        result.flags.writeable = False
    return result


def weight(result: object) -> int:
    """About how many bytes a result holds; meshes are what counts."""
    kind: type = type(result)
    if kind in _PLAIN:
        return 1000
    if isinstance(result, np.ndarray):
        return 1000 + result.nbytes
    if isinstance(result, bytes):
        return 1000 + len(result)
    if isinstance(result, Solid | Part):
        rows = sum(p.faces.nbytes for p in result.patches.values())
        stamps = sum([s.outline.points.nbytes for s in result.stamps])
        meshes = [result.mesh, *(m.mesh for m in (result.modifiers if isinstance(result, Part) else ()))]
        return 1000 + sum([m.points.nbytes + m.faces.nbytes for m in meshes]) + rows + stamps
    if isinstance(result, tuple):
        return 1000 + sum([weight(v) for v in result])
    if (held := contents(kind)) is not None:  # a mesh, a foot, a grid; a person's file holds more than its fields say
        more = int(getattr(result, "bytes_held", 0))
        return 1000 + more + sum([weight(v) for v in held(result) if type(v) not in _PLAIN and _counts(v)])
    if isinstance(result, Mapping):
        return 1000 + sum([weight(v) for v in result.values()])
    return 1000


_PLAIN = frozenset((float, int, bool, str, type(None)))
"""What weighs nothing to speak of: most of what a plan of numbers holds."""


def _counts(part: object) -> bool:
    kind: type = type(part)
    return isinstance(part, tuple | np.ndarray | Mapping) or contents(kind) is not None


_BODY_FORMAT = 2


def pack(solid: Solid) -> bytes:
    """A solid as bytes: one JSON line, then the arrays, little-endian. The same solid gives the same bytes."""
    patches = [p for _, p in sorted(solid.patches.items())]
    head: dict[str, Any] = {
        "format": _BODY_FORMAT,
        "points": len(solid.mesh.points),
        "faces": len(solid.mesh.faces),
        "patches": [
            {
                "name": p.name,
                "faces": len(p.faces),
                "role": p.role.value,
                "plane": p.plane and [p.plane.origin, p.plane.x, p.plane.y],
                "surface": p.surface and [len(p.surface.pieces), p.surface.net.shape[:2], p.surface.why],
            }
            for p in patches
        ],
    }
    arrays: list[np.ndarray[Any, Any]] = [solid.mesh.points.astype("<f8"), solid.mesh.faces.astype("<i4")]
    arrays += [p.faces.astype("<i4") for p in patches]
    for surface in (p.surface for p in patches if p.surface):
        arrays += [surface.owner.astype("<i4"), surface.pieces.astype("<f8"), surface.net.astype("<f8")]
    return json.dumps(head, sort_keys=True).encode() + b"\n" + b"".join(a.tobytes() for a in arrays)


def unpack(body: bytes) -> Solid:
    """The solid again; ValueError where these are not the bytes of one."""
    line, _, data = body.partition(b"\n")
    head: Mapping[str, Any] = json.loads(line)
    if head["format"] != _BODY_FORMAT:
        raise ValueError("a body of another format")
    offset = 0

    def taken(dtype: str, *shape: int) -> np.ndarray[Any, Any]:
        nonlocal offset
        array = np.frombuffer(data, dtype, math.prod(shape), offset).reshape(shape)
        offset += array.nbytes
        return array

    mesh = Mesh(taken("<f8", head["points"], 3), taken("<i4", head["faces"], 3))
    rows = [taken("<i4", told["faces"]) for told in head["patches"]]
    patches = {}
    for told, own in zip(head["patches"], rows, strict=True):
        plane, surface = told["plane"] and Plane(*(tuple(v) for v in told["plane"])), None
        if told["surface"]:
            pieces, (nx, ny), why = told["surface"]
            owner = taken("<i4", len(own))
            surface = Surface(taken("<f8", pieces, PIECE), owner, taken("<f8", nx, ny, 4, 3), why)
        patches[told["name"]] = Patch(told["name"], own, plane, Role(told["role"]), surface)
    return Solid(mesh, MappingProxyType(patches))


def _read_shapes(disk: pathlib.Path) -> Iterable[tuple[str, ...]]:
    found = []
    for path in sorted(disk.glob("*.names")):
        try:
            found.append(tuple(str(n) for n in json.loads(path.read_text(encoding="utf-8"))))
        except (OSError, ValueError):
            continue  # a damaged list of names costs a rebuild, nothing else
    return found


def _write_shape(disk: pathlib.Path, names: tuple[str, ...]) -> None:
    text = json.dumps(names)
    path = disk / f"{hashlib.sha256(text.encode()).hexdigest()[:16]}.names"
    if not path.exists():
        put_whole(path, text.encode())
