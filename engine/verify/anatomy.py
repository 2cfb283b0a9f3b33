"""One settled part, opened up: everything that the topology and mass kernels say of it, each kernel run once.

What comes in is made into the exact arrays that kernels need, or named as a flaw: no kernel ever sees an index out of range.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Settled
from engine.model.slab import carved
from engine.verify.rest import Rest
from engine.verify.tree import Seed
from kernels import lattice as grid
from kernels import mass, topology
from kernels.simd import LANES

if TYPE_CHECKING:
    from engine.verify.member import OfFamily

Place = tuple[float, float, float]
Int32s = npt.NDArray[np.int32]
Int64s = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Flaw:
    """Why there is no mesh to speak of: a code of the report's table, how many, and the first row."""

    code: str
    count: int
    row: int


@dataclass(frozen=True, eq=False)
class Topology:
    """Counts and first places by the names of kernels.topology; `twin` (3 m), `degree` (n), `shell` (m), how many `shells`."""

    counts: list[int]
    places: list[int]
    twin: Int32s
    degree: Int32s
    shell: Int32s
    shells: int
    doubled: int
    doubled_at: int

    @property
    def closed(self) -> bool:
        """Every edge has two faces, of opposite direction."""
        return not any(self.counts[k] for k in (topology.OPEN_EDGES, topology.CROWDED_EDGES, topology.TURNED_EDGES))


@dataclass(frozen=True, eq=False)
class Mass:
    """Sizes of one part. `six_volumes`: 6 V of each shell in steps^3, exact. Areas mm^2, volumes mm^3, places mm.

    `side`: the area as seen from the sides (perimeter times height), `up` and `down` as seen from above and below, `contact` what lies
    on z = 0, `overhang` what faces down by more than 45 degrees elsewhere, `support` the room below that down to z = 0.
    `centre` and `inertia` (about the centre, unit density, mm^5: xx, yy, zz, xy, yz, zx of the tensor) are None without volume.
    """

    six_volumes: list[int]
    volume: float
    area: float
    side: float
    up: float
    down: float
    contact: float
    overhang: float
    support: float
    zero_faces: int
    zero_at: int
    box: tuple[int, int, int, int, int, int]
    centre: Place | None
    inertia: tuple[float, float, float, float, float, float] | None


@dataclass(frozen=True, eq=False)
class Anatomy:
    """`flaws` empty: `topology` and `mass` are there. `spent`: CPU ms of mesh, topology and mass. `rest`: what is known of its
    leading faces, where they are a known body's and meet nothing among themselves. `seed`: of the tree of a mesh with the same faces.
    `family`: what is known of all bodies like it."""

    name: str
    lattice: Lattice
    faces: Faces
    flaws: tuple[Flaw, ...]
    topology: Topology | None
    mass: Mass | None
    spent: tuple[float, float, float]
    rest: Rest | None = None
    steps: float = STEPS_PER_MM
    origin: Place = (0.0, 0.0, 0.0)
    seed: Seed | None = None
    family: OfFamily | None = None

    @property
    def digits(self) -> int:
        """Decimals of a millimetre that tell one step of the lattice from the next."""
        return max(0, math.ceil(math.log10(self.steps)))

    @property
    def step(self) -> str:
        """One step of the lattice, as it is said."""
        return f"{1.0 / self.steps:.2g} mm"

    def edge(self, half_edge: int) -> Place:
        """The middle of a half-edge, mm."""
        f, k = divmod(half_edge, 3)
        return self._mean(int(self.faces[f, k]), int(self.faces[f, (k + 1) % 3]))

    def edge_start(self, half_edge: int) -> Place:
        """Where a half-edge begins, mm."""
        f, k = divmod(half_edge, 3)
        return self._mean(int(self.faces[f, k]))

    def face(self, row: int) -> Place:
        """The middle of a face, mm."""
        return self._mean(*(int(i) for i in self.faces[row]))

    def point(self, row: int) -> Place:
        """A point, mm."""
        return self._mean(row)

    def place(self, x: float, y: float, z: float) -> Place:
        """Steps to mm as the file or the template has them, no finer than the lattice: what was 0 there is told as 0."""
        decimals = max(0, math.floor(math.log10(self.steps)))
        x, y, z = (round(v / self.steps + o, decimals) + 0.0 for v, o in zip((x, y, z), self.origin, strict=True))
        return (x, y, z)

    def _mean(self, *rows: int) -> Place:
        x, y, z = (sum(int(self.lattice[i, k]) for i in rows) / len(rows) for k in range(3))
        return self.place(x, y, z)


def dissect(part: Settled, shape: Topology | None = None) -> Anatomy:
    """Run the kernels on one part; never raises for bad geometry. `shape`: of a mesh with the same faces and as many points."""
    begin = time.thread_time()
    name, placed = part.part.name, (part.steps_per_mm, part.origin)
    lattice, faces = exact(part.lattice), exact(part.faces)
    if lattice is None or faces is None:
        nothing = np.empty((0, 3), dtype=np.int32)
        return Anatomy(name, nothing, nothing, (Flaw("unreadable", 1, -1),), None, None, (_since(begin), 0.0, 0.0))
    flaws = _flaws(lattice, faces, shape is None)
    checked = time.thread_time()
    if flaws:
        return Anatomy(name, lattice, faces, flaws, None, None, (_since(begin), 0.0, 0.0), None, *placed)
    shape = shape or matched_up(lattice, faces)
    matched = time.thread_time()
    sizes = _mass(lattice, faces, shape, part.steps_per_mm, part.origin)
    spent = (1000.0 * (checked - begin), 1000.0 * (matched - checked), _since(matched))
    return Anatomy(name, lattice, faces, (), shape, sizes, spent, None, *placed)


def _since(begin: float) -> float:
    return 1000.0 * (time.thread_time() - begin)


def exact(array: object) -> Int32s | None:
    """C-contiguous int32 (n, 3), or None when that would lose something."""
    if not isinstance(array, np.ndarray) or array.ndim != 2 or array.shape[1] != 3 or array.dtype.kind not in "iu":
        return None
    made: Int32s = np.ascontiguousarray(array, dtype=np.int32)
    return made if array.dtype == np.int32 or np.array_equal(made, array) else None


def _flaws(lattice: Lattice, faces: Faces, indices: bool) -> tuple[Flaw, ...]:
    """`indices`: are those of the faces to be looked at?"""
    if not len(faces) or not len(lattice):
        return (Flaw("empty", 1, -1),)
    found = []
    told = np.empty(4, dtype=np.int64)
    if grid.unheld(lattice, told):
        if told[0]:
            found.append(Flaw("not-finite", int(told[0]), int(told[1])))
        if told[2]:
            found.append(Flaw("unreadable", int(told[2]), int(told[3])))
    row = topology.first_bad_index(faces, len(lattice)) if indices else -1
    if row >= 0:
        wrong = ((faces < 0) | (faces >= len(lattice))).any(axis=1)
        found.append(Flaw("bad-index", int(np.count_nonzero(wrong)), int(row)))
    return tuple(found)


def matched_up(lattice: Lattice, faces: Faces) -> Topology:
    """The topology of faces whose indices are all in range."""
    n, m = len(lattice), len(faces)
    twin, degree, shell = np.empty(3 * m, dtype=np.int32), np.empty(n, dtype=np.int32), np.empty(m, dtype=np.int32)
    start, ends, work = carved(((n + 3,), np.int32), ((1, 3 * m + LANES), np.int32), ((3 * m,), np.int32))
    counts, places = np.zeros(topology.COUNTS, dtype=np.int64), np.full(topology.COUNTS, -1, dtype=np.int64)
    if topology.match_sound(faces, start, ends, work, twin, degree):
        unused = np.flatnonzero(degree == 0)
        counts[topology.UNUSED_POINTS], places[topology.UNUSED_POINTS] = len(unused), unused[0] if len(unused) else -1
    else:
        mark = np.empty(n, dtype=np.int32)
        topology.match_edges(faces, start[: n + 2], work, mark, degree, twin, counts, places)
        if counts[: topology.TURNED_EDGES + 1].any():
            topology.open_fans(faces, twin, work, mark, counts, places)
        else:
            topology.closed_fans(faces, twin, degree, mark, counts, places)
    shells = topology.label_shells(twin, work[:m], shell)
    doubled, doubled_at = _doubled(faces, shell) if counts[topology.MAYBE_DOUBLED] else (0, -1)
    return Topology(counts.tolist(), places.tolist(), twin, degree, shell, int(shells), doubled, doubled_at)


def _doubled(faces: Faces, shell: Int32s) -> tuple[int, int]:
    """How many faces have the three points of an earlier one, and the first of them."""
    rows = np.flatnonzero(shell >= 0)
    sorted_faces = np.empty((len(rows), 3), dtype=np.int32)
    topology.sorted_rows(np.ascontiguousarray(faces[rows]), sorted_faces)
    table = np.empty(1 << max(4, (2 * len(rows) - 1).bit_length()), dtype=np.int32)
    first = np.empty(1, dtype=np.int64)
    unique = grid.weld(sorted_faces, table, np.empty(len(rows), dtype=np.int32), first)
    return len(rows) - int(unique), int(rows[int(first[0])]) if unique < len(rows) else -1


def measured(lattice: Lattice, faces: Faces, shape: Topology) -> Mass:
    """The sizes of a part on the lattice that ships."""
    return _mass(lattice, faces, shape, STEPS_PER_MM, (0.0, 0.0, 0.0))


def _mass(lattice: Lattice, faces: Faces, shape: Topology, steps: float, at: Place) -> Mass:
    corners = np.zeros(6, dtype=np.int64)
    mass.bounds(lattice, shape.degree, corners)
    box = corners.tolist()
    told = np.empty(9, dtype=np.int64)
    six, total, zero_at = summed(lattice, faces, shape.shell, shape.shells, _frame(box, len(faces)), told)
    if steps > STEPS_PER_MM and box[2] == 0:
        # what lies on the bed but for a float's noise lies on it; volume and area stay those of the file
        flat = summed(grounded(lattice, steps), faces, shape.shell, shape.shells)[1]
        for figure in (mass.CONTACT, mass.OVERHANG, mass.OVERHANG_HEIGHT):
            total[figure] = flat[figure]
    return sized(six, total, zero_at, box, len(faces), lambda *_: told.tolist(), steps, at)


def grounded(lattice: Lattice, steps: float) -> Lattice:
    """The points with z = 0 where it would be on the lattice that ships, which a finer one tells from it. Itself where none is."""
    low = np.abs(lattice[:, 2].astype(np.int64)) * (2 * STEPS_PER_MM) < steps
    if steps <= STEPS_PER_MM or not low.any():
        return lattice
    made = lattice.copy()
    made[low, 2] = 0
    return made


Frame = tuple[tuple[int, ...], float, float]


def _frame(box: list[int], faces: int) -> Frame:
    """Where moments are taken about, the middle of the box in steps, and their scales."""
    extent = max(box[k + 3] - box[k] for k in range(3)) + 2
    return tuple((box[k] + box[k + 3]) // 2 for k in range(3)), *mass.moment_scales(extent, faces)


def _room() -> Int64s:
    return np.empty((11, mass.BLOCK), dtype=np.int64)


_NO_MOMENTS = np.empty(0, dtype=np.int64)


def summed(
    lattice: Lattice,
    faces: Faces,
    shell: Int32s,
    shells: int,
    frame: Frame = ((0, 0, 0), 0.0, 0.0),
    moments: Int64s = _NO_MOMENTS,
) -> tuple[list[int], list[int], int]:
    """(6 V of each shell in steps^3; the sums of kernels.mass by their names; the first face of no area). Exact: sums add up.

    `moments` (9) gets what `moment_sums` tells of that frame, in the same pass.
    """
    volumes = np.empty((max(shells, 1), 2), dtype=np.int64)
    sums, zero_at = np.empty((mass.SUMS, 2), dtype=np.int64), np.empty(1, dtype=np.int64)
    origin, first, second = frame
    mass.measure(
        lattice, faces, shell, _room(), volumes, sums, zero_at, np.array(origin, dtype=np.int64), first, second, moments
    )
    six = [(high << 32) + low for high, low in volumes.tolist()]
    return six, [(high << 32) + low for high, low in sums.tolist()], int(zero_at[0])


def moment_sums(
    lattice: Lattice, faces: Faces, shell: Int32s, origin: tuple[int, ...], first: float, second: float
) -> list[int]:
    """The nine integers of kernels.mass.moments; of the same origin and scales, those of parts add up to those of the whole."""
    sums = np.empty(9, dtype=np.int64)
    mass.moments(lattice, faces, shell, _room(), np.array(origin, dtype=np.int64), first, second, sums)
    told: list[int] = sums.tolist()
    return told


def sized(
    six: list[int],
    total: list[int],
    zero_at: int,
    corners: list[int],
    faces: int,
    moments: Callable[[tuple[int, ...], float, float], list[int]],
    steps: float = STEPS_PER_MM,
    at: Place = (0.0, 0.0, 0.0),
) -> Mass:
    """Integers to sizes: of `summed`, the box in steps, how many faces, and `moment_sums` about an origin by scales."""
    centre, inertia = _moments(corners, sum(six), faces, moments, steps)
    if centre is not None and any(at):
        centre = (centre[0] + at[0], centre[1] + at[1], centre[2] + at[2])
    mm2, mm3 = steps**2, steps**3
    return Mass(
        six_volumes=six,
        volume=sum(six) / (6 * mm3),
        area=total[mass.AREA] / (2 * mm2),
        side=total[mass.SIDE] / (2 * mm2),
        up=total[mass.UP] / (2 * mm2),
        down=total[mass.DOWN] / (2 * mm2),
        contact=total[mass.CONTACT] / (2 * mm2),
        overhang=total[mass.OVERHANG] / (2 * mm2),
        support=total[mass.OVERHANG_HEIGHT] * int(mass.HEIGHT_UNIT) / (2 * mm3),
        zero_faces=total[mass.ZERO_FACES],
        zero_at=zero_at,
        box=(corners[0], corners[1], corners[2], corners[3], corners[4], corners[5]),
        centre=centre,
        inertia=inertia,
    )


def _moments(
    box: list[int],
    six_volume: int,
    faces: int,
    moments: Callable[[tuple[int, ...], float, float], list[int]],
    steps: float,
) -> tuple[Place | None, tuple[float, float, float, float, float, float] | None]:
    if six_volume == 0:
        return None, None
    origin, first, second = _frame(box, faces)
    volume = six_volume / 6
    x, y, z, *squares = moments(origin, first, second)
    cx, cy, cz = x / first / volume, y / first / volume, z / first / volume
    xx, yy, zz, xy, yz, zx = (value / second / steps**5 for value in squares)
    whole = volume / steps**5
    xx, yy, zz = xx - whole * cx * cx, yy - whole * cy * cy, zz - whole * cz * cz
    xy, yz, zx = xy - whole * cx * cy, yz - whole * cy * cz, zx - whole * cz * cx
    centre = tuple((o + c) / steps for o, c in zip(origin, (cx, cy, cz), strict=True))
    return (centre[0], centre[1], centre[2]), (yy + zz, xx + zz, xx + yy, 0.0 - xy, 0.0 - yz, 0.0 - zx)
