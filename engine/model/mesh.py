"""Meshes, tagged patches and parts: what every room hands to the next. A leaf."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from engine.model.surface import Surface

if TYPE_CHECKING:
    from engine.model.family import Member
    from engine.model.stamped import Stamp

Points = npt.NDArray[np.float64]
Faces = npt.NDArray[np.int32]
Lattice = npt.NDArray[np.int32]

STEPS_PER_MM = 10_000
"""The lattice that ships: our products have all their points on 1e-4 mm."""


def frozen(array: npt.NDArray[Any], dtype: type, columns: int) -> npt.NDArray[Any]:
    """A read-only, C-contiguous array (n, columns) of that dtype, or TypeError."""
    if type(array) is np.ndarray and array.dtype == dtype and array.ndim == 2 and array.shape[1] == columns:
        flags = array.flags
        if flags.c_contiguous and not flags.writeable:
            return array
    with np.errstate(invalid="ignore"):  # told below
        made: npt.NDArray[Any] = np.ascontiguousarray(array, dtype=dtype)
    if made.ndim != 2 or made.shape[1] != columns:
        raise TypeError(f"expected (n, {columns}), got {made.shape}")
    if made.dtype.kind == "i" and getattr(array, "dtype", None) != made.dtype and not np.array_equal(made, array):
        raise TypeError(f"expected {made.dtype} throughout, got values that are none")
    if made.flags.writeable:
        made = made.copy() if made is array or made.base is not None else made
        made.flags.writeable = False
    return made


_SAMPLE = 64


def sampled(faces: Faces) -> bytes:
    """Some of a mesh's faces (m, 3), by which its like is looked up; who finds one compares all of them."""
    return faces[:: max(1, len(faces) // _SAMPLE)].tobytes()


@dataclass(frozen=True, eq=False)
class Kept:
    """The first `points` points and `faces` faces of a mesh are those of the body `key`, byte for byte.

    `key` is content-addressed (it names the points and the faces that are kept), so what was computed for them once
    (deflate segments, pictures, certificates) may be copied.
    """

    key: str
    points: int
    faces: int


@dataclass(frozen=True, eq=False)
class Mesh:
    """Triangles. points float64 (n, 3) mm, faces int32 (m, 3) counter-clockwise seen from outside; both frozen.

    `kept` says which leading rows are a known body's (a stamp keeps what it does not touch); `member`, which are those of a body
    whose family is known.
    """

    points: Points
    faces: Faces
    kept: Kept | None = None
    member: Member | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "points", frozen(self.points, np.float64, 3))
        object.__setattr__(self, "faces", frozen(self.faces, np.int32, 3))


class Role(StrEnum):
    """What a patch is for: letters answer to the emboss and engrave limits, not to the wall's.

    INLAY: the top and the foot of a part that is let into another, as far apart as letters are raised.
    """

    WALL = "wall"
    ENGRAVING = "engraving"
    EMBOSSING = "embossing"
    INLAY = "inlay"
    GROOVE = "groove"
    OPENING = "opening"


@dataclass(frozen=True)
class Plane:
    """A plane by its frame, mm: `origin`, unit `x`, `y` (text runs along x, up is y) and `normal` = x cross y, outward."""

    origin: tuple[float, float, float]
    x: tuple[float, float, float]
    y: tuple[float, float, float]

    @property
    def normal(self) -> tuple[float, float, float]:
        """x cross y."""
        (a, b, c), (d, e, f) = self.x, self.y
        return (b * f - c * e, c * d - a * f, a * e - b * d)


@dataclass(frozen=True, eq=False)
class Patch:
    """Tagged faces. `faces`: int32 (k,) rows of the mesh's faces. `plane`: where all of them lie on the lattice, or None.

    `surface`: what they approximate where they are curved, as far as the CAD door knows it.
    """

    name: str
    faces: npt.NDArray[np.int32]
    plane: Plane | None = None
    role: Role = Role.WALL
    surface: Surface | None = None

    def __post_init__(self) -> None:
        rows = np.ascontiguousarray(self.faces, dtype=np.int32)
        rows = rows.copy() if rows is self.faces and rows.flags.writeable else rows
        rows.flags.writeable = False
        object.__setattr__(self, "faces", rows)

    def moved(self, faces: npt.NDArray[np.int32], of: npt.NDArray[Any]) -> Patch:
        """The same patch on other faces, each the remainder of one of its own: `of`, by its place among them, or a mask of those."""
        return replace(self, faces=faces, surface=self.surface and self.surface.only(of))


@dataclass(frozen=True)
class Pose:
    """Where a part stands: `rotation` 3x3 by rows, then `translation` in mm. The print pose has z = 0 on the bed."""

    rotation: tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]] = (
        (1.0, 0.0, 0.0),
        (0.0, 1.0, 0.0),
        (0.0, 0.0, 1.0),
    )
    translation: tuple[float, float, float] = (0.0, 0.0, 0.0)
    why: str = "as drawn"

    def placed(self, points: Points) -> Points:
        """Points (n, 3) where this pose has them; sums in fixed order."""
        x, y, z = points.T
        rows = zip(self.rotation, self.translation, strict=True)
        return np.stack([a * x + b * y + c * z + shift for (a, b, c), shift in rows], axis=1)


FLIPPED = Pose(((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)), why="turned over about x")


@dataclass(frozen=True, eq=False)
class Modifier:
    """A volume within which a part is printed otherwise; it is no part and is not printed itself.

    `mesh`: closed, as the part is drawn. `settings`: the slicer's, by its own names (`{"fill_density": "15%"}`). Only what is sliced
    knows of it (`engine.export.sliced_ready`); of two that overlap, the later one holds.
    """

    name: str
    mesh: Mesh
    settings: Mapping[str, str]

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))


@dataclass(frozen=True, eq=False)
class Part:
    """One printed piece. `poses`: by name (print, assembled; eyewear also open, closed); a missing one is `as drawn`.

    `bonded`: names of parts that this one is printed on, or glued to: their surfaces may touch. It holds both ways.
    `stamps`: what its solid remembers of them. `modifiers`: where it is printed otherwise.
    """

    name: str
    mesh: Mesh
    patches: Mapping[str, Patch] = field(default_factory=lambda: MappingProxyType({}))
    colour: str = "#5b8ba8"
    material: str | None = None
    poses: Mapping[str, Pose] = field(default_factory=lambda: MappingProxyType({}))
    bonded: frozenset[str] = frozenset()
    stamps: tuple[Stamp, ...] = ()
    modifiers: tuple[Modifier, ...] = ()

    def changed(self, **fields: object) -> Part:
        """This part with some fields replaced."""
        return replace(self, **fields)  # type: ignore[arg-type]  # dataclasses.replace checks the names


@dataclass(frozen=True, eq=False)
class Settled:
    """A part as it ships: its print pose on the lattice.

    `lattice` int32 (n, 3): steps of 1e-4 mm; `faces` int32 (m, 3). The exported decimals are these integers.
    A foreign file, which is only judged, has its own `steps_per_mm` and `origin` (mm): see `engine.verify.foreign`.
    """

    part: Part
    pose: Pose
    lattice: Lattice
    faces: Faces
    kept: Kept | None = None
    steps_per_mm: float = STEPS_PER_MM
    origin: tuple[float, float, float] = (0.0, 0.0, 0.0)
    member: Member | None = None

    @property
    def points(self) -> Points:
        """float64 (n, 3) mm: exactly lattice / 10000 for what ships."""
        placed: Points = self.lattice / self.steps_per_mm
        return placed + np.array(self.origin) if any(self.origin) else placed
