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

import itertools
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Lattice, Pose
from engine.model.order import Finding
from engine.model.process import Process
from engine.verify.anatomy import Int32s, Int64s
from engine.verify.between import Met, Said
from engine.verify.crossings import KEPT
from engine.verify.tree import Tree
from engine.verify.two import Sound, Two, as_printed, box_of, far, moved, planted, relative, same
from engine.verify.walls import slack
from kernels import contacts, crossings, shells
from kernels import parts as kernel
from kernels.nearest import distances

Floats = npt.NDArray[np.float64]

SHOWN = frozenset(("print", "shown"))
"""Poses that are not judged as an assembly: how it is printed is judged by itself, and a picture is only looked at."""

LOOKED_AT = 300
"""Faces of each part that crosses another, where the depth is looked for."""

_WORDS = {"print": "in the print pose", "assembled": "when assembled", "open": "when open", "closed": "when closed"}


def check_parts(parts: Sequence[Sound], process: Process | None) -> tuple[tuple[Finding, ...], bool]:
    """What is wrong between any two parts, by their names; and whether all was asked that the process needs.

    Without a process only room that is shared is a finding. A pose other than the print pose is judged where every part declares it.
    """
    ranked = sorted(parts, key=lambda p: p.name)
    asked = {"print": _limit(process, "gap")}
    for pose in sorted(set.intersection(*(set(p.settled.part.poses) for p in ranked)) - SHOWN):
        asked[pose] = 0.0 if process is not None and process.flexible else _limit(process, "clearance")
    whole, limits = None not in asked.values(), {pose: limit or 0.0 for pose, limit in asked.items()}
    printed = limits.pop("print")
    found = [_judged(Said(as_printed(*pair), Pose(), _where("print", process)), printed) for pair in _near(ranked, printed)]
    drawn = {part: moved(part, Pose()) for part in ranked} if limits else {}
    for (pose, limit), (one, other) in itertools.product(limits.items(), itertools.combinations(ranked, 2)):
        frame = one.settled.part.poses[pose]
        stance = relative(frame, other.settled.part.poses[pose])
        if same(stance, relative(one.settled.pose, other.settled.pose)) and limit <= printed:
            continue  # as they are printed: that was asked
        first, second = drawn[one], moved(other, stance)
        if first is None or second is None:
            whole = False
        elif not far(first, second, limit * one.body.steps):
            found.append(_judged(Said(planted(first, second), frame, _where(pose, process)), limit))
    return tuple(f for f in found if f is not None), whole


def _where(pose: str, process: Process | None) -> str:
    """The pose, as it is said; of a file that is only looked at there is one."""
    return "" if process is None else f" {_WORDS.get(pose, f'in the pose {pose}')}"


def _limit(process: Process | None, name: str) -> float | None:
    """mm; 0: nothing is asked; None: it should be, and the process has no such limit."""
    if process is None:
        return 0.0
    return max(process.limits[name].value, 0.0) if name in process.limits else None


def _near(parts: Sequence[Sound], limit: float) -> Iterator[tuple[Sound, Sound]]:
    """Pairs whose boxes come within so many mm of each other as they are printed."""
    boxes, limit = np.array([box_of(p.trees) for p in parts], dtype=np.int64), limit * parts[0].body.steps
    for at, one in enumerate(parts):
        rest = boxes[at + 1 :]
        close = ((rest[:, :3] - boxes[at, 3:] <= limit) & (boxes[at, :3] - rest[:, 3:] <= limit)).all(axis=1)
        for other in np.flatnonzero(close).tolist():
            yield one, parts[at + 1 + other]


def _meetings(two: Two) -> Met:
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
            count = contacts.judge(two.lattice, two.faces, two.twin, rows, kinds, what) if found else 0
            if found <= size or (count and size >= KEPT):
                break
            size = found if count == 0 else min(found, KEPT)
        if found == KEPT and not count:  # beyond these nobody looked: not to be called sound
            what[-1] = contacts.SHARED
            count = 1
        pairs.append(rows)
        told.append(what)
        shared += count
    rows, what = np.concatenate(pairs), np.concatenate(told)
    rank = np.lexsort((rows[:, 1], rows[:, 0]))  # however the trees were planted
    return Met(rows[rank], what[rank], shared)


def _judged(say: Said, limit: float) -> Finding | None:
    """What is wrong between two parts in one pose, of which `limit` mm are asked."""
    two = say.two
    boxes = [box_of(t) for t in two.trees]
    if all(a <= b for a, b in zip((*boxes[0][:3], *boxes[1][:3]), (*boxes[1][3:], *boxes[0][3:]), strict=True)):
        met = _meetings(two)
        if met.shared:
            pairs = met.pairs[met.told == contacts.SHARED]
            return say.crossing(pairs, _deepest(two, np.unique(pairs)))
        inner = _within(two, met)
        if inner is not None:
            return say.within(inner, _deepest(two, inner))
        if len(met.pairs):
            return None if two.bonded or limit == 0.0 else say.touching(met, limit)
    if limit == 0.0:
        return None
    nearest = _nearest(two, min(limit * say.steps - slack(say.steps), kernel.REACH - 1.0))
    return None if nearest is None else say.close(*nearest, limit)


def _within(two: Two, met: Met) -> Int32s | None:
    """The faces of a shell that lies in the material of the other part; a shell all of whose points lie on the other's faces, which
    cannot be told, counts as one."""
    outside = set(two.shell[met.pairs[met.told != contacts.POINT]].ravel().tolist())
    stack = np.empty(shells.STACK, dtype=np.int64)
    first = int(two.shell[: two.split].max()) + 1
    rank = np.argsort(two.shell, kind="stable")
    starts = np.searchsorted(two.shell[rank], np.arange(int(two.shell.max()) + 2))
    for s in range(len(starts) - 1):
        rows, trees = rank[starts[s] : starts[s + 1]].astype(np.int32), two.trees[1 if s < first else 0]
        rounds: int | None = None
        for point in () if s in outside else (int(p) for f in rows for p in two.faces[f]):
            rounds = _rounds(two, two.lattice, trees, point, stack)
            if rounds is not None:
                break
        if rounds != 0 and s not in outside:
            return rows
    return None


def _rounds(two: Two, lattice: Lattice, trees: Sequence[Tree], point: int, stack: Int64s) -> int | None:
    """How often the faces of these trees wind round a row of the lattice; None where it lies on one."""
    told = 0
    for t in trees:
        rounds = shells.others_round(lattice, two.faces, two.shell, t.order, t.levels, t.boxes, point, -1, stack)
        if rounds == shells.ON_A_FACE:
            return None
        told += int(rounds)
    return told


def _deepest(two: Two, rows: Int32s) -> tuple[float, Floats] | None:
    """How deep the corners and middles of these faces (the first LOOKED_AT of each part) lie in the other part, at most, and where,
    in steps; None where none of them lies in it. Middles are rounded to the lattice: this is told, and decides nothing."""
    stack, best = np.empty(shells.STACK, dtype=np.int64), None
    halves = (rows < two.split, two.trees[1], two.faces[two.split :]), (rows >= two.split, two.trees[0], two.faces[: two.split])
    for side, trees, other in halves:
        corners = two.lattice[two.faces[rows[side][:LOOKED_AT]]]
        middles = (corners.sum(axis=1, dtype=np.int64) // 3).astype(np.int32)
        places = np.unique(np.concatenate((corners.reshape(-1, 3), middles)), axis=0)
        lattice, n = np.concatenate((two.lattice, places)), len(two.lattice)
        inside = [k for k in range(len(places)) if _rounds(two, lattice, trees, n + k, stack)]
        if inside:
            deep = distances(two.lattice.astype(np.float64), other, places[inside].astype(np.float64))
            at = int(deep.argmax())
            if best is None or deep[at] > best[0]:
                best = float(deep[at]), places[inside[at]].astype(np.float64)
    return best


def _nearest(two: Two, limit: float) -> tuple[Floats, Int32s] | None:
    """The least distance below so many steps: distance and both places in steps, both faces."""
    stack, root, work = np.empty(kernel.STACK, dtype=np.int64), np.empty((6, 1), dtype=np.int32), np.empty((8, 3))
    best = None
    for mine, theirs in ((a, b) for a in two.trees[0] for b in two.trees[1]):
        if limit <= 0.0 or not len(mine.order) or not len(theirs.order):
            continue
        places, rows = np.empty(7), np.empty(2, dtype=np.int32)
        both = [(t.order, t.levels, t.boxes, t.corners, t.ids, t.normals) for t in (mine, theirs)]
        if kernel.nearest(two.lattice, two.faces, *both[0], *both[1], limit, places, rows, stack, root, work):
            best, limit = (places, rows), float(places[0])
    return best
