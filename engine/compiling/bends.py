"""Kinks that only the geometry shows: where, along one coordinate, points turn or jump more sharply than their neighbourhood explains."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

NOISE_MM = 1e-6
"""How far a sampled point may be off the truth: ten times what OCCT's construction was seen to leave."""
ABOVE = 4.0
"""How many times the change of curvature round about a jump of it must be. Of smooth curves below 2 (a root near its end: 1.7)."""


@dataclass(frozen=True)
class Bend:
    """Points (`count` of them, the sharpest is `point`) bend or jump between the samples at `low` and `high`, `about` there.

    `sharpness`: how far, in mm, the sharpest one is from where its neighbours in t would have it.
    """

    low: float
    high: float
    about: float
    count: int
    point: int
    sharpness: float


def bends(t: npt.NDArray[np.float64], points: npt.NDArray[np.float64], *, noise_mm: float = NOISE_MM) -> tuple[Bend, ...]:
    """Where the points are not smooth in t. t (k,) increasing, k >= 6; points (k, n, 3) mm. Sorted by t; ValueError for other shapes.

    Second divided differences tell: of a smooth curve each lies between its neighbours', or little beside; a kink in one gap between
    samples drives the two beside it out of what the next ones on both sides span. So between two kinks there must be four samples or
    more: cut where one is found, and ask again for each side. A curve that bends more narrowly than the samples stand is a kink to
    them; one whose curvature alone jumps (two arcs, tangent) is none. O(k n).
    """
    t, points = np.asarray(t, np.float64), np.asarray(points, np.float64)
    if t.ndim != 1 or len(t) < 6 or points.ndim != 3 or points.shape[0] != len(t) or points.shape[2] != 3:
        raise ValueError(f"needs t (k,) with k >= 6 and points (k, n, 3), not {t.shape} and {points.shape}")
    gap = np.diff(t)
    if not (gap > 0.0).all():
        raise ValueError("t must increase")
    flat = points.reshape(len(t), -1)
    slope = np.diff(flat, axis=0) / gap[:, None]
    turn = np.diff(slope, axis=0)
    """(k - 2, 3 n): how the slope changes at each sample but the ends; the same by length is the second difference."""
    reach = ((gap[:-1] + gap[1:]) / 2)[:, None]
    second = turn / reach
    mm = (gap[:-1] * gap[1:])[:, None] / 2
    """What a second difference is as a distance, mm, of the sample from the line through its neighbours."""
    marked: list[tuple[int, npt.NDArray[np.float64]]] = []
    for g in range(len(gap)):
        excess = _excess(second, mm, g, noise_mm)
        if excess is not None and excess.max() > 0.0:
            marked.append((g, excess))
    made: list[Bend] = []
    while marked:
        run = [marked.pop(0)]
        while marked and marked[0][0] == run[-1][0] + 1:
            run.append(marked.pop(0))
        made.append(_bend(t, turn, run))
    return tuple(made)


def _excess(
    second: npt.NDArray[np.float64], mm: npt.NDArray[np.float64], g: int, noise: float
) -> npt.NDArray[np.float64] | None:
    """By how much (mm) the second differences beside gap g leave what those around allow, (3 n,); 0 where they do not."""
    beside = [i for i in (g - 1, g) if 0 <= i < len(second)]
    left = [i for i in (g - 3, g - 2) if i >= 0]
    right = [i for i in (g + 1, g + 2) if i < len(second)]
    if len(left) < 2:
        right = [i for i in range(g + 1, g + 3 + 2 - len(left)) if i < len(second)]
    if len(right) < 2:
        left = [i for i in range(g - 3 - (2 - len(right)), g - 1) if i >= 0]
    around = left + right
    if len(around) < 3:
        return None
    low, high = second[around].min(axis=0), second[around].max(axis=0)
    allowed = ABOVE * (high - low)
    off = np.zeros(second.shape[1])
    for i in beside:
        out = np.maximum(second[i] - high, low - second[i])
        over = (out > allowed) & (out * mm[i] > ABOVE * noise)
        off = np.maximum(off, np.where(over, out * mm[i], 0.0))
    return off


def _bend(t: npt.NDArray[np.float64], turn: npt.NDArray[np.float64], run: list[tuple[int, npt.NDArray[np.float64]]]) -> Bend:
    """Marked gaps side by side are one bend; it is about where the turns beside them balance, which is exact for two straight lines,
    but in the first gap and the last one, which have one sample beside them."""
    off = np.array([excess for _, excess in run]).max(axis=0)
    first, last = run[0][0], run[-1][0]
    which = int(off.argmax())
    samples = [i for i in range(first, last + 2) if 1 <= i <= len(turn)]
    weight = [abs(float(turn[i - 1, which])) for i in samples]
    about = float(sum(w * float(t[i]) for w, i in zip(weight, samples, strict=True))) / sum(weight)
    count = int((off.reshape(-1, 3) > 0.0).any(axis=1).sum())
    return Bend(float(t[first]), float(t[last + 1]), about, count, which // 3, float(off[which]))
