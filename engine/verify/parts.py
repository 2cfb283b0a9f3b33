"""Between the parts of a product: do two of them share room, does one lie within another, do they come too near? In every pose.

That two parts share room is exact. Where their surfaces meet along a line or over an area, wedges of material tell
(`kernels.contacts`). A surface that meets the other part in single points at most, or not at all, is as a whole inside or outside
of it, so any point of it that lies on no face tells (`kernels.shells`). One that meets it along a line, without sharing room there,
is outside next to the line and crosses nothing on the way: it is outside as a whole.

How near they may come: in the print pose parts are made together, and what is nearer than the narrowest slit that the process
leaves open (its `gap`) comes out as one piece. In every other pose they only have to fit: its `clearance`. A flexible
process has a negative one, for a case that stretches over a phone; between two printed parts it asks for no distance, but room is
never shared, since nothing tells how far a part would give way. Bonded parts may touch; where they do, nothing else is asked. Where they
do not touch at all, but come nearer than the limit, that is a slit like any other, and is said as what it is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Pose, Settled
from engine.model.order import Finding, Severity
from engine.model.process import Process
from engine.verify import anatomy
from engine.verify.anatomy import Anatomy, Int32s, Place, Topology
from engine.verify.crossings import KEPT, Crossings, Pairs, depths
from engine.verify.settle import posed
from engine.verify.shells import Kind
from engine.verify.tree import Tree, plant
from engine.verify.walls import SLACK
from engine.verify.words import near, rows_of, some
from kernels import contacts, crossings, shells
from kernels import parts as kernel

SHOWN = frozenset(("print", "shown"))
"""Poses that are not judged as an assembly: how it is printed is judged by itself, and a picture is only looked at."""

_WORDS = {"print": "in the print pose", "assembled": "when assembled", "open": "when open", "closed": "when closed"}


@dataclass(frozen=True, eq=False)
class Sound:
    """A part that may be asked: closed, nothing of it crossing itself, every face with an area, every shell a solid's or a
    hollow's. `trees`: of all its faces together."""

    settled: Settled
    body: Anatomy
    shape: Topology
    trees: tuple[Tree, ...]

    @property
    def name(self) -> str:
        """The part's."""
        return self.body.name


@dataclass(frozen=True, eq=False)
class _Two:
    """Two parts in one array each: rows of the second follow those of the first, and no point is shared."""

    lattice: Lattice
    faces: Faces
    twin: Int32s
    shell: Int32s
    split: int
    trees: tuple[tuple[Tree, ...], tuple[Tree, ...]]


def sound(body: Anatomy, kinds: Sequence[Kind] | None, met: Crossings) -> bool:
    """Whether a part is one that may be asked."""
    whole = body.mass is not None and not body.mass.zero_faces and not met.crossing
    return whole and kinds is not None and all(kind in (Kind.SOLID, Kind.CAVITY) for kind in kinds)


def check(parts: Sequence[Sound], process: Process | None) -> tuple[tuple[Finding, ...], bool]:
    """What is wrong between any two parts, by their names; and whether all was asked that the process needs.

    Without a process only room that is shared is a finding. A pose other than the print pose is judged where every part declares it.
    """
    ranked = sorted(parts, key=lambda p: p.name)
    limits = {"print": _limit(process, "gap")}
    for pose in sorted(set.intersection(*(set(p.settled.part.poses) for p in ranked)) - SHOWN):
        limits[pose] = 0.0 if process is not None and process.flexible else _limit(process, "clearance")
    found = []
    for pose, limit in limits.items():
        pairs = _near(ranked, (limit or 0.0) * ranked[0].body.steps) if pose == "print" else _all(ranked)
        for one, other in pairs:
            told = _asked(one, other, pose, limit or 0.0, limits["print"] or 0.0, process is not None)
            found += [] if told is None else [told]
    return tuple(found), None not in limits.values()


def _limit(process: Process | None, name: str) -> float | None:
    """mm; 0: nothing is asked; None: it should be, and the process has no such limit."""
    if process is None:
        return 0.0
    return max(process.limits[name].value, 0.0) if name in process.limits else None


def _all(parts: Sequence[Sound]) -> Iterator[tuple[Sound, Sound]]:
    return ((one, other) for at, one in enumerate(parts) for other in parts[at + 1 :])


def _near(parts: Sequence[Sound], limit: float) -> Iterator[tuple[Sound, Sound]]:
    """Pairs whose boxes come within so many steps of each other."""
    boxes = np.array([_box(p.trees) for p in parts], dtype=np.int64)
    for at, one in enumerate(parts):
        rest = boxes[at + 1 :]
        close = ((rest[:, :3] - boxes[at, 3:] <= limit) & (boxes[at, :3] - rest[:, 3:] <= limit)).all(axis=1)
        for other in np.flatnonzero(close).tolist():
            yield one, parts[at + 1 + other]


def _box(trees: Sequence[Tree]) -> tuple[int, ...]:
    """Min and max of x, y, z over all faces, steps."""
    tops = [t.boxes[:, int(t.levels[-2]) : int(t.levels[-1])] for t in trees if len(t.order)]
    low, high = (np.concatenate([t[k : k + 3] for t in tops], axis=1) for k in (0, 3))
    return (*low.min(axis=1).tolist(), *high.max(axis=1).tolist())


def _asked(one: Sound, other: Sound, pose: str, limit: float, print_limit: float, named: bool) -> Finding | None:
    """What is wrong between two parts in a pose. `named`: the pose is said."""
    stance, frame = Pose(), Pose()
    if pose == "print":
        two = _joined(
            one, other, (one.body.lattice, other.body.lattice), (one.trees, other.trees), one.body.faces, other.body.faces
        )
    else:
        frame = one.settled.part.poses[pose]
        stance = _relative(frame, other.settled.part.poses[pose])
        printed = _relative(one.settled.pose, other.settled.pose)
        if _steps(stance) == _steps(printed) and limit <= print_limit:
            return None  # as they are printed: that was asked
        drawn = [s.settled.part.mesh for s in (one, other)]
        # in the frame of the first, so that what is turned together is not rounded apart
        rows = posed(drawn[0].points, Pose())[0], posed(drawn[1].points, stance)[0]
        trees = tuple((plant(lattice, mesh.faces),) for lattice, mesh in zip(rows, drawn, strict=True))
        two = _joined(one, other, rows, (trees[0], trees[1]), drawn[0].faces, drawn[1].faces)
    where = _WORDS.get(pose, f"in the pose {pose}") if named else ""
    said = _Said(one, other, two, frame, f" {where}" if where else "")
    bonded = other.name in one.settled.part.bonded or one.name in other.settled.part.bonded
    return _judged(two, said, limit, bonded)


def _steps(pose: Pose) -> tuple[object, tuple[int, ...]]:
    return pose.rotation, tuple(round(v * STEPS_PER_MM) for v in pose.translation)


def _relative(frame: Pose, pose: Pose) -> Pose:
    """`pose` as seen from `frame`; not turned at all where both are turned alike."""
    turned, shift = frame.rotation, [b - a for a, b in zip(frame.translation, pose.translation, strict=True)]
    x, y, z = (sum((turned[r][c] * shift[r] for r in range(3)), 0.0) for c in range(3))
    if frame.rotation == pose.rotation:
        return Pose(translation=(x, y, z))
    a, b, c = (tuple(sum((turned[r][i] * pose.rotation[r][k] for r in range(3)), 0.0) for k in range(3)) for i in range(3))
    return Pose(((a[0], a[1], a[2]), (b[0], b[1], b[2]), (c[0], c[1], c[2])), (x, y, z))


def _joined(
    one: Sound,
    other: Sound,
    rows: tuple[Lattice, Lattice],
    trees: tuple[tuple[Tree, ...], tuple[Tree, ...]],
    faces: Faces,
    other_faces: Faces,
) -> _Two:
    n, m = len(rows[0]), len(faces)
    twins = [_twin(s) for s in (one, other)]
    return _Two(
        np.concatenate(rows),
        np.concatenate((faces, other_faces + np.int32(n))),
        np.concatenate((twins[0], twins[1] + np.int32(3 * m))),
        np.concatenate((one.shape.shell, other.shape.shell + np.int32(one.shape.shells))),
        m,
        (trees[0], tuple(_after(t, n, m) for t in trees[1])),
    )


def _twin(part: Sound) -> Int32s:
    """Each half-edge's other one; matched here where a known body's topology was not matched again."""
    if part.shape.twin is not None:
        return part.shape.twin
    twin = anatomy.matched_up(part.body.lattice, part.body.faces).twin
    assert twin is not None
    return twin


def _after(tree: Tree, points: int, faces: int) -> Tree:
    """The tree of faces that follow so many points and faces."""
    ids = np.where(tree.ids < 0, tree.ids, tree.ids + np.int32(points))
    return dataclasses.replace(tree, order=tree.order + np.int32(faces), ids=ids)


@dataclass(frozen=True, eq=False)
class _Met:
    """Pairs of faces, one of each part, that meet; what `kernels.contacts` calls each."""

    pairs: Pairs
    told: npt.NDArray[np.int8]
    shared: int


def _meetings(two: _Two) -> _Met:
    """All pairs that meet; of more than KEPT only so many, once some of them share room."""
    pairs, told, shared = [], [], 0
    stack = np.empty(crossings.STACK, dtype=np.int64)
    for mine, theirs in ((a, b) for a in two.trees[0] for b in two.trees[1]):
        both = [(t.order, t.levels, t.boxes, t.corners, t.ids, t.normals) for t in (mine, theirs)]
        size = 1024
        while True:
            rows, kinds = np.empty((size, 2), dtype=np.int32), np.empty(size, dtype=np.int8)
            found = crossings.meetings(two.lattice, two.faces, False, *both[0], *both[1], rows, kinds, stack)
            rows, kinds = rows[:found], kinds[:found]
            what = np.empty(len(rows), dtype=np.int8)
            count = contacts.judge(two.lattice, two.faces, two.twin, rows, kinds, what)
            if found <= size or (count and size >= KEPT):
                break
            size = found if count == 0 else min(found, KEPT)
        pairs.append(rows)
        told.append(what)
        shared += count
    return _Met(np.concatenate(pairs), np.concatenate(told), shared)


def _judged(two: _Two, say: _Said, limit: float, bonded: bool) -> Finding | None:
    boxes = [_box(t) for t in two.trees]
    if all(a <= b for a, b in zip((*boxes[0][:3], *boxes[1][:3]), (*boxes[1][3:], *boxes[0][3:]), strict=True)):
        met = _meetings(two)
        if met.shared:
            return say.crossing(met)
        inner = _within(two, met)
        if inner is not None:
            return say.within(*inner)
        if len(met.pairs):
            return None if bonded or limit == 0.0 else say.touching(met, limit)
    if limit == 0.0:
        return None
    nearest = _nearest(two, min(limit * say.steps - SLACK, kernel.REACH - 1.0))
    return None if nearest is None else say.close(*nearest, limit, bonded)


def _within(two: _Two, met: _Met) -> tuple[int, int] | None:
    """A shell that lies in the material of the other part, and a point of it; a shell all of whose points lie on the other's
    faces, which cannot be told, counts as one."""
    outside = set(two.shell[met.pairs[met.told != contacts.POINT]].ravel().tolist())
    stack = np.empty(shells.STACK, dtype=np.int64)
    first = int(two.shell[: two.split].max()) + 1
    for s in range(int(two.shell.max()) + 1):
        if s in outside:
            continue
        trees, point = two.trees[1 if s < first else 0], -1
        rounds = shells.ON_A_FACE
        for point in two.faces[two.shell == s].ravel().tolist():
            told = [
                shells.others_round(two.lattice, two.faces, two.shell, t.order, t.levels, t.boxes, point, s, stack)
                for t in trees
            ]
            if shells.ON_A_FACE not in told:
                rounds = sum(told)
                break
        if rounds:
            return s, point
    return None


def _nearest(two: _Two, limit: float) -> tuple[npt.NDArray[np.float64], Int32s] | None:
    """The least distance below so many steps: distance and both places in steps, both faces."""
    stack, root, work = np.empty(kernel.STACK, dtype=np.int64), np.empty((6, 1), dtype=np.int32), np.empty((8, 3))
    best = None
    for mine, theirs in ((a, b) for a in two.trees[0] for b in two.trees[1]):
        if limit <= 0.0 or not len(mine.order) or not len(theirs.order):
            continue
        places, rows = np.empty(7), np.empty(2, dtype=np.int32)
        both = (mine.order, mine.levels, mine.boxes, theirs.order, theirs.levels, theirs.boxes)
        if kernel.nearest(two.lattice, two.faces, *both, limit, places, rows, stack, root, work):
            best, limit = (places, rows), float(places[0])
    return best


@dataclass(frozen=True, eq=False)
class _Said:
    """What is said of two parts; `where`: the pose, in words."""

    one: Sound
    other: Sound
    two: _Two
    frame: Pose
    where: str

    @property
    def steps(self) -> float:
        """Of a mm."""
        return self.one.body.steps

    def crossing(self, met: _Met) -> Finding:
        """They share room."""
        pairs = met.pairs[met.told == contacts.SHARED]
        depth = depths(self.two.lattice, self.two.faces, pairs)
        worst = int(depth.argmax())
        deep = round(float(depth[worst]) / self.steps, self.one.body.digits)
        at = self._at(self._common(pairs[worst]))
        how = f", by {deep:g} mm" if deep else ""
        said = f"parts {self._names} pass through each other{self.where}: {some(len(pairs), 'pair', 'pairs')} of faces{how} {near(at)}"
        fix = "move them apart, or cut the one out of the other"
        return self._finding("parts-cross", said, pairs, at, fix, count=len(pairs), value=deep or None, limit=0.0)

    def within(self, shell: int, point: int) -> Finding:
        """One lies in the other, without meeting it."""
        rows = np.flatnonzero(self.two.shell == shell).astype(np.int32)
        inner, outer = (self.one, self.other) if rows[0] < self.two.split else (self.other, self.one)
        at = self._at(self.two.lattice[point].astype(np.float64))
        what = f"part {inner.name}" if inner.shape.shells == 1 else f"a closed surface of part {inner.name}"
        said = f"{what} lies within the material of part {outer.name}{self.where}, {near(at)}"
        fix = "move it out, or cut its room out of the other"
        return self._finding("parts-cross", said, rows, at, fix, limit=0.0)

    def touching(self, met: _Met, limit: float) -> Finding:
        """They touch, and are not bonded."""
        rank = int(np.argmax(met.told))  # where they lie on each other, sooner than along a line or at a point
        at = self._at(self._common(met.pairs[rank]))
        said = f"parts {self._names} touch{self.where} {near(at)}: the process needs {limit:g} mm between them"
        fix = "move them apart, or declare them bonded if they are to be one piece"
        return self._finding("parts-close", said, met.pairs, at, fix, count=len(met.pairs), value=0.0, limit=limit)

    def close(self, places: npt.NDArray[np.float64], rows: Int32s, limit: float, bonded: bool) -> Finding:
        """They are too near."""
        value = round(float(places[0]) / self.steps, self.one.body.digits)
        at = self._at((places[1:4] + places[4:7]) / 2.0)
        but = "are bonded but do not touch: there are only" if bonded else "come too near: there are only"
        said = f"parts {self._names} {but} {value:g} mm between them{self.where} {near(at)}; the process needs {limit:g} mm"
        fix = "make them touch, or move them apart" if bonded else "move them apart there"
        return self._finding("parts-close", said, rows, at, fix, value=value, limit=limit)

    @property
    def _names(self) -> str:
        return f"{self.one.name} and {self.other.name}"

    def _common(self, pair: Int32s) -> npt.NDArray[np.float64]:
        """The middle of what the boxes of two faces have in common, steps."""
        corners = self.two.lattice[self.two.faces[pair]].astype(np.float64)
        middle: npt.NDArray[np.float64] = (corners.min(axis=1).max(axis=0) + corners.max(axis=1).min(axis=0)) / 2.0
        return middle

    def _at(self, steps: npt.NDArray[np.float64]) -> Place:
        """mm in the pose."""
        body, turned = self.one.body, self.frame.rotation
        p = [v / self.steps + o for v, o in zip(steps.tolist(), body.origin, strict=True)]
        x, y, z = (
            round(turned[k][0] * p[0] + turned[k][1] * p[1] + turned[k][2] * p[2] + self.frame.translation[k], body.digits)
            + 0.0
            for k in range(3)
        )
        return x, y, z

    def _finding(
        self,
        code: str,
        message: str,
        rows: npt.NDArray[np.int32],
        at: Place,
        fix: str,
        *,
        count: int = 1,
        value: float | None = None,
        limit: float | None = None,
    ) -> Finding:
        split = self.two.split
        mine, theirs = rows_of(rows[rows < split]), rows_of(rows[rows >= split] - split)
        return Finding(
            code,
            Severity.ERROR,
            message,
            count=count,
            value=value,
            limit=limit,
            unit="mm",
            at=at,
            part=self.one.name,
            fix=fix,
            faces=mine,
            beside=(self.other.name, theirs),
        )
