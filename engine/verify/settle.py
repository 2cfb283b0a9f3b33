"""Onto the lattice that ships, in the print pose: turned, dropped to the bed, rounded, welded.

Everything after this (verdict, estimate, every exporter) sees these integers and no others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from engine.model.mesh import STEPS_PER_MM, Faces, Kept, Lattice, Part, Points, Pose, Settled
from engine.model.shelf import Shelf
from kernels import lattice as grid
from kernels import topology

AS_DRAWN = Pose()


@dataclass(frozen=True, eq=False)
class _Footing:
    """A kept body that was settled before: its rows as drawn and as they came out, and how far it dropped, in steps.

    `key` names the body as it stands; `table`: the hash table of its rows on the lattice, no two of them equal.
    """

    points: Points
    faces: Faces
    lattice: Lattice
    drop: int
    key: str
    table: Lattice

    @property
    def nbytes(self) -> int:
        return self.points.nbytes + self.faces.nbytes + self.lattice.nbytes + self.table.nbytes


class Footings:
    """Kept bodies as they were settled last, at most `limit` bytes of them. Safe among threads.

    A hit compares the rows themselves, so a wrong key costs time and never a wrong lattice.
    """

    def __init__(self, limit: int = 64 << 20) -> None:
        self._shelf: Shelf[_Footing] = Shelf(limit, lambda footing: footing.nbytes)

    @property
    def held(self) -> int:
        """Bytes."""
        return self._shelf.held

    def settled(self, part: Part, stance: Pose, bed: bool) -> Settled | None:
        """`settle` from what is known of the part's kept rows; None when it is not, or when something new changes them."""
        mesh, kept = part.mesh, part.mesh.kept
        if kept is None:
            return None
        n, m = kept.points, kept.faces
        found = self._shelf.get((kept.key, n, m, stance, bed))
        if found is None or not np.array_equal(mesh.points[:n], found.points):
            return None
        if not np.array_equal(mesh.faces[:m], found.faces):
            return None
        new, lost = posed(mesh.points[n:], stance)
        if found.drop and not lost:
            lost = grid.turn(new, UPRIGHT, np.array((0, 0, found.drop), dtype=np.int64))
        if lost:
            return None
        lattice = np.empty(mesh.points.shape, dtype=np.int32)
        lattice[:n] = found.lattice
        lattice[n:] = new
        # a new point below the rest would lift all of it, one that equals another would be welded
        if bed and grid.lowest(lattice, mesh.faces[m:]) < 0:
            return None
        small = np.empty(1 << max(4, (2 * len(new) - 1).bit_length()), dtype=np.int32)
        if grid.repeats(lattice, n, found.table, small):
            return None
        lattice.flags.writeable = False
        return Settled(part, _dropped(stance, found.drop), lattice, mesh.faces, Kept(found.key, n, m), member=mesh.member)

    def learn(self, made: Settled, stance: Pose, bed: bool, drop: int) -> None:
        """Keep what became of a part's kept rows, when they come for the second time."""
        kept, now = made.part.mesh.kept, made.kept
        if kept is None or now is None or len(made.lattice) != len(made.part.mesh.points):
            return
        key = (kept.key, kept.points, kept.faces, stance, bed)
        n, m = kept.points, kept.faces
        lattice, faces = made.lattice[:n].copy(), made.part.mesh.faces[:m].copy()
        # only a rest that stands by itself: what is new must not be what it stands on
        if not self._shelf.asked_before(key) or not 0 < n <= len(made.lattice) or topology.first_bad_index(faces, n) >= 0:
            return
        if bed and grid.lowest(lattice, faces) != 0:
            return
        table = np.empty(1 << (4 * n - 1).bit_length(), dtype=np.int32)
        if grid.weld(lattice, table, np.empty(n, dtype=np.int32), np.empty(1, dtype=np.int64)) == n:
            self._shelf.put(key, _Footing(made.part.mesh.points[:n].copy(), faces, lattice, drop, now.key, table))


def settle(part: Part, pose: str = "print", known: Footings | None = None) -> Settled:
    """`part` in one of its poses (as drawn when it has no such pose) on the lattice of 1e-4 mm.

    A rotation by right angles is exact: rounded as drawn, then turned in integers. Any other is computed in float64 in a fixed
    order, then rounded. The print pose is dropped so that the lowest point that a face uses has z = 0; x and y stay.
    Equal points become one. Nothing else is repaired and nothing raises: a point that is not finite, or farther than 26.8 m, becomes a
    mark that `verify` reports, and an index out of range stays.

    `kept` lives on when no kept point merged; its key then tells the pose too. Kept rows that are `known` are not settled again:
    the same comes out.
    """
    stance = part.poses.get(pose, AS_DRAWN)
    quick = None if known is None else known.settled(part, stance, pose == "print")
    if quick is not None:
        return quick
    (points, lost), faces = posed(part.mesh.points, stance), part.mesh.faces
    drop = -grid.lowest(points, faces) if pose == "print" else 0
    if drop not in (0, -grid.TOO_FAR):
        lost += grid.turn(points, UPRIGHT, np.array((0, 0, drop), dtype=np.int64))
    else:
        drop = 0
    # points without a place are not welded: each of them is to be counted
    points, faces, intact = (points, faces, 0) if lost else welded(points, faces)
    kept = part.mesh.kept
    if kept is not None:
        kept = Kept(f"{kept.key}/{_digest(stance, drop)}", kept.points, kept.faces) if kept.points <= intact else None
    for array in (points, faces):
        array.flags.writeable = False
    member = part.mesh.member
    if member is not None and len(member.family.middle) > intact:
        member = None
    made = Settled(part, _dropped(stance, drop), points, faces, kept, member=member)
    if known is not None and not lost:
        known.learn(made, stance, pose == "print", drop)
    return made


def together(parts: Sequence[Settled]) -> tuple[Settled, ...]:
    """Parts that were each dropped to the bed, in their print pose, as high over each other again as they were drawn: only the
    lowest stands on the bed. Their order stays."""
    drops = [round((p.pose.translation[2] - p.part.poses.get("print", AS_DRAWN).translation[2]) * STEPS_PER_MM) for p in parts]
    return tuple(_raised(p, max(drops, default=0) - drop) for p, drop in zip(parts, drops, strict=True))


def _raised(part: Settled, steps: int) -> Settled:
    if not steps:
        return part
    lattice = part.lattice.copy()
    grid.turn(lattice, UPRIGHT, np.array((0, 0, steps), dtype=np.int64))
    lattice.flags.writeable = False
    kept = None if part.kept is None else replace(part.kept, key=f"{part.kept.key}/{steps}")
    return replace(part, pose=_dropped(part.pose, steps), lattice=lattice, kept=kept)


def _dropped(stance: Pose, drop: int) -> Pose:
    """The whole way from the drawing to the lattice: the pose, and the drop to the bed."""
    x, y, z = stance.translation
    return replace(stance, translation=(x, y, z + drop / STEPS_PER_MM)) if drop else stance


UPRIGHT = np.array((1, 2, 3), dtype=np.int64)


def posed(points: Points, pose: Pose) -> tuple[Lattice, int]:
    """Points (n, 3) mm, turned and moved, on the lattice; and how many have no place there."""
    out = np.empty(points.shape, dtype=np.int32)
    columns = right_angles(pose)
    if columns is None:
        rotation = np.array(pose.rotation, dtype=np.float64).ravel()
        translation = np.array(pose.translation, dtype=np.float64)
        return out, grid.quantise_posed(points, rotation, translation, float(STEPS_PER_MM), out)
    lost = grid.quantise(points, float(STEPS_PER_MM), out)
    if columns != (1, 2, 3) or any(pose.translation):
        shift = np.empty((1, 3), dtype=np.int32)
        grid.quantise(np.array((pose.translation,), dtype=np.float64), float(STEPS_PER_MM), shift)
        lost += grid.turn(out, np.array(columns, dtype=np.int64), shift[0].astype(np.int64))
    return out, lost


def right_angles(pose: Pose) -> tuple[int, int, int] | None:
    """For a rotation that only swaps and flips axes, each row's axis + 1, negative where it flips; None for any other."""
    columns = []
    for row in pose.rotation:
        hits = [(k + 1) * int(v) for k, v in enumerate(row) if v in (1.0, -1.0)]
        if len(hits) != 1 or sum(1 for v in row if v == 0.0) != 2:
            return None
        columns.append(hits[0])
    return (columns[0], columns[1], columns[2]) if {abs(c) for c in columns} == {1, 2, 3} else None


def welded(points: Lattice, faces: Faces) -> tuple[Lattice, Faces, int]:
    """Points, faces, and how many leading points stayed as they were."""
    n = len(points)
    target = np.empty(n, dtype=np.int32)
    table = np.empty(1 << max(4, (2 * n - 1).bit_length()), dtype=np.int32)
    first = np.empty(1, dtype=np.int64)
    unique = grid.weld(points, table, target, first)
    if unique == n:
        return points, faces, n
    fewer = np.empty((unique, 3), dtype=np.int32)
    renamed = np.empty(faces.shape, dtype=np.int32)
    grid.gather(points, target, fewer)
    grid.remap(faces, target, renamed)
    return fewer, renamed, int(first[0])


def _digest(pose: Pose, drop: int) -> str:
    """Names what was done to every point; -0.0 and 0.0 are one."""
    numbers = [v + 0.0 for row in pose.rotation for v in row] + [v + 0.0 for v in pose.translation]
    return hashlib.sha256(repr((numbers, drop)).encode()).hexdigest()[:16]
