"""Stamps done again on the body that they began with: which mesh comes out, and where each of them lies on its flat patch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import UnikatError
from engine.model.mesh import STEPS_PER_MM, Mesh, Patch
from engine.model.outline import Outline
from engine.model.stamped import Placed, Stamp
from engine.shape.ground import prepare
from engine.shape.inlay import inlay
from engine.shape.stamp import Stamped, stamp
from engine.shape.through import cut_through


@dataclass(frozen=True, eq=False)
class Replayed:
    """`mesh`: what came out. `placed`: each stamp, up to the first that is on no flat patch; `curved`: the name of that one's patch."""

    mesh: Mesh
    placed: tuple[Placed, ...]
    curved: str | None


def replay(mesh: Mesh, patches: Mapping[str, Patch], stamps: Sequence[Stamp]) -> Replayed | None:
    """The stamps on a body and its patches; None where one of them cannot be done there (no such patch, the outline leaves it...)."""
    body, placed, curved = Stamped(mesh, patches), list[Placed](), None
    for one in stamps:
        flat = all(name in body.patches and body.patches[name].plane for name in (one.on, one.behind) if name)
        try:
            made = _done(body, one)
            frame = prepare(body.mesh, body.patches, one.on).frame.copy()
        except (UnikatError, ValueError):
            return None
        if not flat and curved is None:
            curved = next(n for n in (one.on, one.behind) if n and not body.patches[n].plane)
        if curved is None:
            frame[0] /= STEPS_PER_MM
            names = tuple(name for name in made.patches if name not in body.patches or one.kind == "filled")
            placed.append(Placed(one, frame, nested(one.outline), names))
        body = made
    return Replayed(body.mesh, tuple(placed), curved)


def _done(body: Stamped, one: Stamp) -> Stamped:
    whole = (body.mesh, body.patches, one.on)
    if one.kind == "cut":
        return cut_through(*whole, one.behind, one.outline)
    if one.kind == "filled":
        return inlay(*whole, one.outline, one.depth)[1]
    return stamp(*whole, one.outline, one.depth, emboss=one.kind == "embossed")


def nested(outline: Outline) -> npt.NDArray[np.int32]:
    """(k,): of each loop the one that it lies right within, or -1. The loops neither cross nor touch, so one point of each tells. O(k n)."""
    loops = np.split(outline.points.astype(np.int64), outline.ends[:-1]) if len(outline.ends) else []
    made = np.full(len(loops), -1, np.int32)
    if not loops:
        return made
    low, high = np.array([loop.min(axis=0) for loop in loops]), np.array([loop.max(axis=0) for loop in loops])
    for i, loop in enumerate(loops):
        around = np.flatnonzero((low < low[i]).all(axis=1) & (high > high[i]).all(axis=1))
        holding = [int(j) for j in around if _holds(loops[j], loop[0])]
        if holding:  # each of them is within the next, and so is its box: the innermost begins last
            made[i] = max(holding, key=lambda j: int(low[j, 0]))
    return made


def _holds(loop: npt.NDArray[np.int64], point: npt.NDArray[np.int64]) -> bool:
    """Does the loop run round the point, which is not on it? By how often a ray to the right crosses it; exact."""
    a, b = loop - point, np.roll(loop, -1, axis=0) - point
    across = (a[:, 1] > 0) != (b[:, 1] > 0)
    turn = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    right = (turn > 0) == (b[:, 1] > a[:, 1])
    return bool(np.count_nonzero(across & right) % 2)
