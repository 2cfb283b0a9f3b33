"""How a product's parts stand on the bed: each in its print pose, bonded ones as they are drawn to each other, and turned about z
where only so the machine takes them."""

from __future__ import annotations

from collections.abc import Sequence

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
    """Every part in its print pose; those that are bonded stand to each other as they are drawn."""
    placed: dict[str, Settled] = {}
    for group in bonded.groups(parts):
        placed.update((s.part.name, s) for s in _placed([parts[at] for at in group], process, known))
    return tuple(placed[p.name] for p in parts)


def _placed(parts: Sequence[Part], process: Process, known: Footings) -> Sequence[Settled]:
    """Parts that are one on the bed: as drawn, else turned a quarter about z, else by what leaves the most room of TURNS, either way;
    as drawn where the machine takes none of these."""
    settled = [settle(part, known=known) for part in parts]
    if not all(len(s.lattice) for s in settled):
        return settled
    if _room(settled, process) >= 0:
        return together(settled)
    quarter = [settle(_turned(part, _QUARTER, "a quarter"), known=known) for part in parts]
    if _room(quarter, process) >= 0:
        return together(quarter)
    cosine, sine, degrees = _diagonal(settled, process)
    across = [settle(_turned(part, (cosine, sine), f"by {degrees} degrees"), known=known) for part in parts]
    return together(across if _room(across, process) >= 0 else settled)


def _room(parts: Sequence[Settled], process: Process) -> int:
    """How much longer the machine's bed is than all these together, in steps, the way there is least; below 0: they do not fit."""
    boxes = [sliced_ready.footprint(s) for s in parts]
    sides = (max(b[k + 2] for b in boxes) - min(b[k] for b in boxes) for k in range(2))
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
