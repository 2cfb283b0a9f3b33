"""A person's file as a template sees it: None, or a value with its sha256, unit and side, which is read when it is asked.

    scan = self.left_scan                 # in a @fit, @rule or @stage; a @cad stage must not
    foot = scan.foot() if scan else None

What a file does to its reader it does in a child, within DEADLINE and MEMORY_MB (`engine.language.reading` runs there). One reading
serves the whole order, and the next ones with the same file, unit, side, arguments and code in the same field: remembered in memory
alone, bounded.
A trace holds the sha256, unit and side.
"""

from __future__ import annotations

import functools
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, fields, is_dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from engine.errors import ChildFault, EnvironmentFault, InputError, OrderError
from engine.french import french
from engine.language.memory import StageMemory, Trace
from engine.model.order import InputFile, StageRun

if TYPE_CHECKING:
    from engine.model.face import Face
    from engine.model.foot import Foot, Side
    from engine.model.lens import LensPair
    from engine.model.mesh import Mesh
    from engine.model.pressure import PressureMap

Files = Mapping[str, bytes]
"""What stands in an order's files, by their sha256; who hands them over vouches for it."""
NO_FILES: Files = MappingProxyType({})

DEADLINE, MEMORY_MB = 20.0, 3000
"""Seconds and memory of one reading: a scan of a million triangles takes a fifth of them. A lane has 60 s for its whole order."""
COMPILING = 900.0
"""Seconds in which a machine has compiled what reads, once."""
READER = "engine.language.reading"
_DIED = {
    "timeout": f"takes longer than {DEADLINE:.0f} s to read",
    "memory": "needs too much memory to be read",
    "crash": "cannot be read: it makes its reader crash",
}


class Inputs:
    """The files of one order, and what was read in them so far. `runs`: one line a reading, for the report."""

    def __init__(self, files: Files, memory: StageMemory, code_hash: str) -> None:
        self.files = files
        self.runs: list[StageRun] = []
        self._memory = memory
        self._code_hash = code_hash
        self._done: dict[Hashable, Any] = {}

    def data(self, name: str, told: InputFile) -> bytes:
        """The file's bytes; OrderError where they were not handed over."""
        check_there({name: told}, self.files)
        return self.files[told.sha256]

    def read(self, name: str, told: InputFile, errand: str, asked: Mapping[str, Any]) -> Any:
        """What `errand` of the reader finds in that file of the field `name`. InputError: it cannot be read, and why.

        TypeError: the reader takes no such arguments; that is the designer's.
        """
        key = (errand, name, told.sha256, told.unit, told.side, tuple(sorted(asked.items())))
        if key not in self._done:
            value = (self._code_hash, *key)
            trace = Trace(("reading",), (value,), {"reading": value})
            kept = self._memory.find(lambda _: trace.values)
            found, cpu_ms = (kept.result, 0.0) if kept is not None else self._read(name, told, errand, asked)
            if kept is None:
                self._memory.keep(trace, found, personal=True, body=False)
            self._done[key] = found
            self.runs.append(StageRun(f"{name}.{errand}", round(cpu_ms, 3), kept is not None))
        return self._done[key]

    def _read(self, name: str, told: InputFile, errand: str, asked: Mapping[str, Any]) -> tuple[Any, float]:
        """What was found, and what it cost the child."""
        from engine.doors import child

        field_path = f"inputs.{name}"
        _compiled(errand)
        try:
            reader = child.shared((READER,), memory_mb=MEMORY_MB)
            found, cpu_ms, misused = reader.call(
                f"{READER}:{errand}", self.data(name, told), told.unit, field_path, dict(asked), deadline=DEADLINE
            )
        except ChildFault as fault:
            raise InputError(field_path, _DIED.get(fault.kind, f"cannot be read: {fault.kind}")) from None
        except child.RemoteError as error:
            raise InputError(field_path, f"cannot be read: {error}", message=error.message) from None
        except InputError as error:  # its words may tell a size or a side: they are for the sender
            said = f"it {error.why}: {error.message}" if error.message else f"it {error.why}"
            dit = f"{french(error.why) or error.why} : {error.message_fr}" if error.message else french(error.why) or error.why
            raise InputError(field_path, "cannot be used", message=said, message_fr=dit) from None
        if misused:
            raise TypeError(misused)
        _fix(found)
        return found, cpu_ms


@functools.cache
def _compiled(errand: str) -> None:
    """What reads is compiled before a reading's time begins: the first on a machine is no fault of its file. EnvironmentFault: it cannot be."""
    from engine.doors import child

    try:
        child.shared((READER,), memory_mb=MEMORY_MB).call(f"{READER}:ready", errand, deadline=COMPILING)
    except ChildFault as fault:
        raise EnvironmentFault(f"what reads a {errand} cannot be compiled: {fault}") from None


def _fix(found: object) -> None:
    """No later order may change what is remembered: every array in it is read-only from here on."""
    if isinstance(found, np.ndarray):
        found.flags.writeable = False
    elif isinstance(found, Mapping):
        for value in found.values():
            _fix(value)
    elif isinstance(found, list | tuple):
        for value in found:
            _fix(value)
    elif is_dataclass(found):
        for one in fields(found):
            _fix(getattr(found, one.name))


@dataclass(frozen=True)
class PersonsFile:
    """Equal where the bytes, their unit and their side are."""

    sha256: str
    unit: str
    side: Side | None
    _name: str = field(repr=False, compare=False)
    _inputs: Inputs = field(repr=False, compare=False)

    @property
    def data(self) -> bytes:
        """The file as it came."""
        return self._inputs.data(self._name, self._told)

    @property
    def bytes_held(self) -> int:
        """What it keeps in memory, where a stage returns it."""
        return len(self._inputs.files.get(self.sha256, b""))

    @property
    def _told(self) -> InputFile:
        return InputFile(self.sha256, self.unit, self.side)

    def _read(self, errand: str, asked: Mapping[str, Any]) -> Any:
        return self._inputs.read(self._name, self._told, errand, asked)


class ScanFile(PersonsFile):
    """A 3D scan."""

    def mesh(self) -> Mesh:
        """What was scanned, in mm, all pieces of the file together; every point finite, every index in range, never empty."""
        return cast("Mesh", self._read("mesh", {}))

    def foot(self, **asked: Hashable) -> Foot:
        """The foot in it: `engine.body.foot.foot_of`, which takes what is `asked`; its `side` is the file's unless asked otherwise."""
        return cast("Foot", self._read("foot", {"side": self.side, **asked}))

    def face(self, **asked: Hashable) -> Face:
        """The face in it: `engine.body.face.face_of`, which takes what is `asked` (`pd_mm=`)."""
        return cast("Face", self._read("face", asked))


class PointsFile(PersonsFile):
    """Named points: clicked in a scan, or told by a tracker."""

    def face(self, **asked: Hashable) -> Face:
        """The face that they tell: `engine.body.face_landmarks.face_of_landmarks`, which takes what is `asked` (`pd_mm=`)."""
        return cast("Face", self._read("landmarks", asked))


class PressureFile(PersonsFile):
    """A pressure map."""

    def map(self, **asked: Hashable) -> PressureMap:
        """The map in it: `engine.reading.pressure.read`, which takes what is `asked` (`pitch_mm=`)."""
        return cast("PressureMap", self._read("pressure", asked))


class OutlineFile(PersonsFile):
    """An optician's trace of a lens, or of both."""

    def lenses(self) -> LensPair:
        """Both lenses in it: `engine.body.lens.lenses_of`, for the file's side where it has one."""
        return cast("LensPair", self._read("lenses", {"side": self.side}))


KINDS: Mapping[str, type[PersonsFile]] = {
    "scan": ScanFile, "points": PointsFile, "outline": OutlineFile, "pressure": PressureFile,
}  # fmt: skip
"""Kind of a field -> what a template sees of it."""


def check_there(inputs: Mapping[str, InputFile], files: Files) -> None:
    """OrderError, naming the input, unless every file is there: asked before anything runs."""
    for name, told in inputs.items():
        if told.sha256 not in files:
            raise OrderError(f"inputs.{name}", "its file is not there", value=told.sha256 or None)
