"""The door to manifold3d: the only file that imports it, inside functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt


def unite(
    points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], *, shrink: float = 0.0
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """The region that closed loops fill under the nonzero rule, moved inwards by `shrink`, as loops that do not cross.

    `points` int32 (n, 2), `ends` int32 (k,): one past the last point of each loop. Returns float64 (m, 2) in the same units,
    not rounded, and int32 ends; outer loops counter-clockwise, holes clockwise, in manifold3d's order (fixed for an input).
    """
    from manifold3d import CrossSection, FillRule, JoinType

    starts = [0, *ends[:-1].tolist()]
    loops = [points[a:b].astype(np.float64) for a, b in zip(starts, ends.tolist(), strict=True)]
    region = CrossSection(loops, FillRule.NonZero)
    if shrink > 0.0:
        region = region.offset(-shrink, JoinType.Miter)
    made = [np.asarray(loop, dtype=np.float64) for loop in region.to_polygons()]
    if not made:
        return np.zeros((0, 2)), np.zeros(0, np.int32)
    return np.concatenate(made), np.cumsum([len(loop) for loop in made], dtype=np.int32)
