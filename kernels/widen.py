"""One round of making thin strokes wider and narrow spaces wider: each point of an outline moves along its own normal, just enough.

A thin stroke asks both its sides to move apart by half of what it lacks, a narrow space to draw back by half. A point takes the largest
of what is asked of it either way. Along a loop what is asked fades by `slope` a step, so that no bump is left behind. Points
move between the places that the first normals give them, never along the outline: the round is a projection onto each constraint in turn
(position based dynamics, Müller et al. 2007), in one number a point. O(n).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel

Floats = npt.NDArray[np.float64]
Loops = npt.NDArray[np.int32]

BLUNT = 0.5
"""1 + cosine of a turn, at least: a point sharper than 120 degrees moves no farther than twice what its edges do."""


@kernel("void(int32[:,::1], float64[:,::1], int32[:,::1], float64[:,::1])", writes=("ways",))
def ways(points: Loops, units: Floats, around: Loops, ways: Floats) -> None:
    """ways (n, 2): how each point moves when the outline grows by 1. units, around: of `kernels.strokes.facing`."""
    for i in range(points.shape[0]):
        j = around[0, i]
        x, y = units[i, 0] + units[j, 0], units[i, 1] + units[j, 1]
        turn = max(1.0 + units[i, 0] * units[j, 0] + units[i, 1] * units[j, 1], BLUNT)
        ways[i, 0], ways[i, 1] = x / turn, y / turn


@kernel(
    "float64(int32[:,::1], int32[::1], float64[:,:,::1], int32[:,::1], int32[:,::1], float64, float64, float64, float64[:,::1], "
    "float64[::1], float64[:,::1], int32[:,::1])",
    writes=("moves", "asked", "out"),
)
def widen(
    points: Loops,
    ends: Loops,
    found: Floats,
    across: Loops,
    around: Loops,
    stroke: float,
    space: float,
    slope: float,
    ways: Floats,
    moves: Floats,
    asked: Floats,
    out: Loops,
) -> float:
    """The outline after one more round; returns how far (steps) the point lies that was moved most in all rounds.

    points int32 (n, 2), ends: as they were before the first round; found, across, around: of `kernels.strokes.facing`, asked of the last round's
    `out` up to stroke and space, the widths wanted in steps. ways (n, 2): of the first outline. moves (n,): what each point was moved, zero
    before the first round. out (n, 2): the outline, rounded to steps. Workspace: asked (2, n).
    """
    after = around[1]
    asked[:] = 0.0
    for g in range(points.shape[0]):
        for channel in range(2):
            lacks = 0.5 * ((stroke if channel == 0 else space) - found[g, channel, 0])
            if lacks <= 0.0:
                continue
            other = across[g, channel]
            for k in range(4):
                if k < 2:
                    i = g if k == 0 else after[g]
                elif other < 0:
                    i = ~other
                else:
                    i = other if k == 2 else after[other]
                asked[channel, i] = max(asked[channel, i], lacks)
    most = 0.0
    first = 0
    for k in range(ends.shape[0]):
        last = ends[k]
        for channel in range(2):
            for way in range(2):
                i = first
                # twice round: what the first turn left at the seam goes on
                for _ in range(2 * (last - first)):
                    j = after[i] if way == 0 else around[0, i]
                    if asked[channel, i] > 0.0:
                        x, y = float(points[j, 0]) - points[i, 0], float(points[j, 1]) - points[i, 1]
                        asked[channel, j] = max(asked[channel, j], asked[channel, i] - slope * np.sqrt(x * x + y * y))
                    i = j
        first = last
    for i in range(points.shape[0]):
        moves[i] += asked[0, i] - asked[1, i]
        x, y = moves[i] * ways[i, 0], moves[i] * ways[i, 1]
        most = max(most, x * x + y * y)
        out[i, 0] = np.int32(np.floor(points[i, 0] + x + 0.5))
        out[i, 1] = np.int32(np.floor(points[i, 1] + y + 0.5))
    return float(np.sqrt(most))
