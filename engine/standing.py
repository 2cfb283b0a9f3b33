"""How a product's parts stand on the bed: each in its print pose, bonded ones as they are drawn to each other, and turned about z
where only so the machine takes them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.export import sliced_ready
from engine.model import bonded
from engine.model.mesh import STEPS_PER_MM, Part, Pose, Settled
from engine.model.process import Process
from engine.verify.settle import AS_DRAWN, Footings, settle, together

TURNS = {
    13: (40, 9, 41), 23: (12, 5, 13), 28: (15, 8, 17), 31: (56, 33, 65), 37: (4, 3, 5), 41: (55, 48, 73), 44: (21, 20, 29),
    46: (20, 21, 29), 49: (48, 55, 73), 53: (3, 4, 5), 59: (33, 56, 65), 62: (8, 15, 17), 67: (5, 12, 13), 77: (9, 40, 41),
}  # fmt: skip
"""Degrees, about, and the right triangle of whole sides with that angle: its cosine and sine are the same bits everywhere."""
_QUARTER = (0.0, 1.0)
_WHY = "as only so the machine takes it"


def standing(parts: Sequence[Part], process: Process, known: Footings) -> tuple[Settled, ...]:
    """Every part in its print pose; those that are bonded stand to each other as they are drawn. What was turned lies over no other; its
    part stays as it was, its `pose` tells."""
    rows = bonded.groups(parts)
    drawn = [[settle(parts[at], known=known) for at in group] for group in rows]
    groups = [_placed(group, process, known) for group in drawn]
    for at, group in enumerate(groups):
        others = [other for k, other in enumerate(groups) if k != at]
        if group is not drawn[at] and any(_over(group, other) for other in others):
            top = max(_box(other)[3] for other in others)
            aside = (top - _box(group)[1] + sliced_ready.SPACING) / STEPS_PER_MM
            groups[at] = [settle(_moved(s.part, aside), known=known) for s in group]
    placed = {s.part.name: s for group in groups for s in (together(group) if all(len(s.lattice) for s in group) else group)}
    return tuple(replace(placed[p.name], part=p) for p in parts)


def _placed(drawn: list[Settled], process: Process, known: Footings) -> list[Settled]:
    """Parts that are one on the bed: as drawn, else turned a quarter about z, else by what leaves the most room of TURNS, either way;
    as drawn where the machine takes none of these."""
    if not all(len(s.lattice) for s in drawn) or _room(drawn, process) >= 0:
        return drawn
    quarter = [settle(_turned(s.part, _QUARTER, "a quarter"), known=known) for s in drawn]
    if _room(quarter, process) >= 0:
        return quarter
    cosine, sine, degrees = _diagonal(drawn, process)
    across = [settle(_turned(s.part, (cosine, sine), f"by {degrees} degrees"), known=known) for s in drawn]
    return across if _room(across, process) >= 0 else drawn


def _box(group: Sequence[Settled]) -> tuple[int, int, int, int]:
    """The rectangle over which they lie, in steps; of none with points, nothing."""
    boxes = [sliced_ready.footprint(s) for s in group if len(s.lattice)] or [(0, 0, 0, 0)]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _over(one: Sequence[Settled], other: Sequence[Settled]) -> bool:
    """Do their rectangles have room in common?"""
    a, b = _box(one), _box(other)
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]


def _room(parts: Sequence[Settled], process: Process) -> int:
    """How much longer the machine's bed is than all these together, in steps, the way there is least; below 0: they do not fit."""
    x0, y0, x1, y1 = _box(parts)
    sides = (x1 - x0, y1 - y0)
    return min(round(bed * STEPS_PER_MM) - side for side, bed in zip(sides, process.machine.size, strict=False))


def _diagonal(parts: Sequence[Settled], process: Process) -> tuple[float, float, int]:
    """Cosine, sine and degrees of the turn that leaves the most room, as far as floats tell; integers judge it."""
    x, y = (np.concatenate([s.lattice[:, k] for s in parts]) / STEPS_PER_MM for k in range(2))
    width, depth, _ = process.machine.size
    best = (-np.inf, 1.0, 0.0, 0)
    for degrees, (a, b, c) in TURNS.items():
        for way in (1, -1):
            cosine, sine = a / c, way * b / c
            u, v = cosine * x - sine * y, sine * x + cosine * y
            room = min(width - float(u.max() - u.min()), depth - float(v.max() - v.min()))
            best = max(best, (room, cosine, sine, way * degrees), key=lambda told: told[0])
    return best[1:]


def _turned(part: Part, turn: tuple[float, float], said: str) -> Part:
    """The part with its print pose turned about z by a cosine and a sine."""
    pose, (c, s) = part.poses.get("print", AS_DRAWN), turn
    (a, b, up), (x, y, z) = pose.rotation, pose.translation
    rows = (
        tuple(c * p - s * q for p, q in zip(a, b, strict=True)),
        tuple(s * p + c * q for p, q in zip(a, b, strict=True)),
        up,
    )
    turned = Pose(rows, (c * x - s * y, s * x + c * y, z), f"{pose.why}; turned {said}, {_WHY}")  # type: ignore[arg-type]  # three each
    return part.changed(poses={**part.poses, "print": turned})


def _moved(part: Part, aside: float) -> Part:
    """The part with its print pose so much farther along y, mm."""
    pose = part.poses["print"]
    x, y, z = pose.translation
    return part.changed(poses={**part.poses, "print": replace(pose, translation=(x, y + aside, z))})
