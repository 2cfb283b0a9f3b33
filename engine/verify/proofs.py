"""What was proved of a family, kept in a folder, so that the next process need not prove it again.

A proof's file is named by all that it follows from: the family's points, motions and faces, which of these are there, the limits
that were asked, and the code that proves. So it never speaks of another family, or of what is proved otherwise now. A file that is cut
short, altered, foreign, or speaks of faces that are not there is passed by, said once in the log, and written anew.
"""

from __future__ import annotations

import functools
import hashlib
import logging
import pathlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from engine.errors import UnikatError
from engine.model.family import Family
from engine.model.mesh import Faces
from engine.model.places import put_whole
from kernels import apart, bvh, collar, facing, lattice, mass, moving, outlook, topology
from kernels.sources import key

log = logging.getLogger("unikat.proofs")

MAGIC = b"unikat proof 1\n"
_HEAD = len(MAGIC) + 2 * 65
_MOST_BYTES = 1 << 27
_SOURCES = ("families.py", "joined.py", "anatomy.py", "proofs.py", "../model/family.py")
Int32s = npt.NDArray[np.int32]
T = TypeVar("T")


class _Unfit(UnikatError):
    """This file is no proof that can be used; the reason."""


def _sum(body: bytes | memoryview) -> bytes:
    return hashlib.sha256(body).hexdigest().encode() + b"\n"


@functools.cache
def code() -> str:
    """sha256 of the code that proves, kernels and what they call among it."""
    digest = hashlib.sha256()
    for module in (apart, bvh, collar, facing, lattice, mass, moving, outlook, topology):
        digest.update(key(pathlib.Path(str(module.__file__))).encode())
    for name in _SOURCES:
        digest.update(hashlib.sha256((pathlib.Path(__file__).parent / name).read_bytes()).digest())
    return digest.hexdigest()


@dataclass(frozen=True)
class Proofs:
    """The proofs of one family and some leading faces of its bodies. `name`: what they follow from."""

    folder: pathlib.Path
    name: str
    faces: int

    @classmethod
    def of(cls, folder: pathlib.Path, family: Family, faces: Faces) -> Proofs:
        """Those below that folder."""
        digest = hashlib.sha256(f"{code()} {family.middle.shape} {family.motions.shape} {len(family.faces)} ".encode())
        for array in (family.middle, family.motions, family.faces, faces):
            digest.update(np.ascontiguousarray(array).tobytes())
        return cls(folder, digest.hexdigest(), len(family.faces))

    @property
    def begun(self) -> bool:
        """Does a file of its pairs lie there?"""
        return self._path("pairs")[0].is_file()

    def pairs(self) -> Int32s | None:
        """Pairs of faces (q, 2) that may meet, the lower first; None where nobody has proved that there are no others."""

        def told(numbers: Int32s) -> Int32s:
            if len(numbers) % 2 or (numbers[::2] >= numbers[1::2]).any():
                raise _Unfit("has pairs that are none")
            return numbers.reshape(-1, 2)

        return self._told("pairs", told)

    def keep_pairs(self, pairs: Int32s) -> None:
        """Those that were found."""
        self._write("pairs", pairs)

    def active(self, inward: float, outward: float) -> npt.NDArray[np.bool_] | None:
        """Which faces (m,) may face others from nearer than these limits; None where nobody has proved that the others do not."""

        def told(numbers: Int32s) -> npt.NDArray[np.bool_]:
            if (np.diff(numbers) <= 0).any():
                raise _Unfit("has faces that do not rise")
            marked = np.zeros(self.faces, np.bool_)
            marked[numbers] = True
            return marked

        return self._told(f"{inward!r}-{outward!r}", told)

    def keep_active(self, inward: float, outward: float, marked: npt.NDArray[np.bool_]) -> None:
        """Those that were found."""
        self._write(f"{inward!r}-{outward!r}", np.flatnonzero(marked).astype(np.int32))

    def _path(self, kind: str) -> tuple[pathlib.Path, bytes]:
        """Where that proof lies, and what it calls itself."""
        named = hashlib.sha256(f"{self.name} {kind}".encode()).hexdigest()
        return self.folder / f"{named}.proof", named.encode()

    def _told(self, kind: str, told: Callable[[Int32s], T]) -> T | None:
        """What a file tells; None where there is none, or it cannot be used."""
        path, named = self._path(kind)
        try:
            return told(self._read(path, named))
        except FileNotFoundError:
            return None
        except (OSError, _Unfit) as why:
            log.warning("a proof is not used", extra={"proof": path.name, "why": getattr(why, "strerror", None) or str(why)})
            return None

    def _read(self, path: pathlib.Path, named: bytes) -> Int32s:
        if path.stat().st_size > _MOST_BYTES:
            raise _Unfit("is no file of a proof's size")
        data = path.read_bytes()
        body = memoryview(data)[len(MAGIC) + 65 :]
        if len(data) < _HEAD or (len(data) - _HEAD) % 4 or not data.startswith(MAGIC + _sum(body)):
            raise _Unfit("is damaged, or no proof")
        if bytes(body[:65]) != named + b"\n":
            raise _Unfit("is of something else than its name says")
        told = np.frombuffer(data, "<i4", offset=_HEAD).astype(np.int32)
        if len(told) and not 0 <= told.min() <= told.max() < self.faces:
            raise _Unfit("speaks of faces that are not there")
        return told

    def _write(self, kind: str, told: Int32s) -> None:
        """Whole or not at all; where nothing can be written it is proved again next time."""
        path, named = self._path(kind)
        body = named + b"\n" + np.ascontiguousarray(told, "<i4").tobytes()
        put_whole(path, MAGIC + _sum(body) + body)
