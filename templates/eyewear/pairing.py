"""How front and temples stand to each other: printed, open, closed, and in the picture."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.authoring import Pose, Rounded, Solid, direction, filled, lain
from templates.eyewear.hinge import Hinge, Made
from templates.eyewear.plan import Plan
from templates.eyewear.temple import Bar

Floats = npt.NDArray[np.float64]
Matrix = tuple[tuple[float, float, float], tuple[float, float, float], tuple[float, float, float]]
DEGREES = 57.29577951308232
TURNS = 4
"""Rounds in which lean and reach of a hinge settle, each a function of the other."""
ASIDE = (10.0, 14.0, 19.0, 25.0, 32.0)
"""Degrees by which the second temple folds less than the first, behind which it lies: the first of these at which it is free of it."""
NEAR_HINGE, EVERY, FREE = 60.0, 2.5, 0.8
"""mm from the second temple's hinge up to which it may meet the first one's tip, apart of the places looked at, and kept between the two."""
APART = 4.0
"""mm between parts as they are printed."""
WORN: Matrix = ((1.0, 0.0, 0.0), (0.0, 0.6, -0.8), (0.0, 0.8, 0.6))
"""Its front to who looks at it, a little from above."""


@dataclass(frozen=True)
class Placed:
    """A hinge, and where along the front its axis stands."""

    hinge: Hinge
    at: float


def placed(plan: Plan, splay: float, made: Made, temple: float) -> Placed:
    """The hinge as near to the front's end as it goes. `splay`: degrees by which an open temple runs outwards from straight back."""
    at = plan.end_at - 6.0
    for _ in range(TURNS):
        hinge = Hinge(splay + at / plan.radius * DEGREES, made, temple, plan.radius)
        at = plan.end_at - hinge.reach
    return Placed(hinge, at)


def temple_pose(plan: Plan, one: Placed, side: str, turned: float, why: str) -> Pose:
    """A temple that runs back, `turned` degrees outwards of straight back."""
    left = 1.0 if side == "left" else -1.0
    x, _, z = lain((one.at, 0.0, -plan.rim_deep / 2 - one.hinge.behind), plan.radius)
    cos, sin = direction(turned)
    ahead, out = (left * sin, 0.0, -cos), (left * cos, 0.0, sin)
    first = tuple(left * c for c in ahead)
    away = -one.hinge.temple / 2 - one.hinge.beside
    rows = tuple((first[k], (0.0, 1.0, 0.0)[k], out[k]) for k in range(3))
    return Pose((rows[0], rows[1], rows[2]), (left * x - away * out[0], plan.hinge_height, z - away * out[2]), why)


def folded(to_bend: float, curve: float) -> float:
    """Degrees at which a closed temple runs: across behind the front, as far from it at its bend as at its hinge."""
    return -90.0 + to_bend / (2.0 * curve) * DEGREES


def shut(plan: Plan, ones: tuple[Placed, Placed], bars: tuple[Bar, Bar], curve: float) -> tuple[tuple[Pose, Pose], bool]:
    """Both closed temples, the right one behind the left one, whose tip ends beside its hinge; and whether it is free of it there."""
    right, left = (folded(bar.to_bend, curve) for bar in bars)
    first = temple_pose(plan, ones[1], "left", left, "closed")
    long = bars[1].to_bend + bars[1].drop
    tip = first.placed(_lines(bars[1], 1.0, long - NEAR_HINGE, long, curve))
    root = _lines(bars[0], -1.0, 0.0, NEAR_HINGE, curve)
    deep = ones[0].hinge.temple + FREE
    for aside in ASIDE:
        second = temple_pose(plan, ones[0], "right", right + aside, "closed")
        if _free(tip, second.placed(root), deep):
            return (second, first), True
    return (second, first), False


def _lines(bar: Bar, way: float, begin: float, end: float, curve: float) -> Floats:
    """Places of a temple from edge to edge, from `begin` to `end` along it, rolled (n, 3)."""
    many = int((end - begin) / EVERY)
    ways = [begin + (end - begin) * k / many for k in range(many + 1)]
    middle = np.array([bar.place(s) for s in ways])
    ahead = np.array([bar.place(s + 0.1) for s in ways]) - middle
    across = 10.0 * np.stack((-ahead[:, 1], ahead[:, 0]), axis=1) * np.array([bar.half(s) for s in ways])[:, None]
    flat = np.concatenate([middle + t * across for t in (-1.0, -0.5, 0.0, 0.5, 1.0)])
    turn = flat[:, 0] / curve
    square = turn * turn
    x, z = flat[:, 0] * (1.0 - square / 6.0 + square * square / 120.0), -flat[:, 0] * turn * (0.5 - square / 24.0)
    return np.stack((way * x, flat[:, 1], z), axis=1)


def _free(first: Floats, second: Floats, deep: float) -> bool:
    """Is the second one at least `deep` behind the first, wherever they lie over each other?"""
    apart = first[:, None, :] - second[None, :, :]
    over = apart[:, :, 0] * apart[:, :, 0] + apart[:, :, 1] * apart[:, :, 1] < EVERY * EVERY
    return not bool((over & (apart[:, :, 2] < deep)).any())


def middle_of(solid: Solid) -> float:
    """y of the middle of the back, where its own frame begins."""
    rows = solid.mesh.faces[solid.patches["back"].faces]
    y = solid.mesh.points[rows.ravel(), 1]
    return 0.5 * (float(y.min()) + float(y.max()))


def pocketed(solid: Solid, hole: Rounded, deep: float, bent: float, mirrored: bool) -> Solid:
    """With a pocket in its back, told flat for the left side; `bent`: its thickness by the radius it is rolled to."""
    # seen from behind, what lies to the wearer's left is to the left; lengths along the back are shorter than along the middle
    x = (hole.x if mirrored else -hole.x) * (1.0 - 0.5 * bent)
    return solid.pocket(filled(replace(hole, x=x, y=hole.y - middle_of(solid))), on="back", depth=deep)


def worn(pose: Pose) -> Pose:
    """The same, as the picture shows it."""
    rows = [tuple(sum(WORN[i][k] * pose.rotation[k][j] for k in range(3)) for j in range(3)) for i in range(3)]
    x, y, z = (sum(WORN[i][k] * pose.translation[k] for k in range(3)) for i in range(3))
    return Pose((rows[0], rows[1], rows[2]), (x, y, z), "as worn")  # type: ignore[arg-type]  # three rows of three


def flat(solid: Solid, above: float) -> tuple[Pose, float]:
    """As it is printed: lying on its back, beside what ends at y = `above`; and where this one ends."""
    columns = np.ascontiguousarray(solid.mesh.points.T)
    low, high = columns.min(axis=1), columns.max(axis=1)
    moved = (-0.5 * float(low[0] + high[0]), above + APART - float(low[1]), -float(low[2]))
    return Pose(translation=moved, why="lying on its back"), above + APART + float(high[1] - low[1])
