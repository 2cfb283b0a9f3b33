"""How coarse a chart's triangles are on one of its bodies, told from its mesh alone: which bodies a certificate has CAD look at."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


class Turning:
    """Pairs of triangles (m, 3) that share an edge and a face of the B-rep (`owner` (m,)): the surface runs on from one to the other."""

    def __init__(self, triangles: npt.NDArray[np.int32], owner: npt.NDArray[np.int32]) -> None:
        corners = np.stack([triangles, np.roll(triangles, -1, axis=1)], axis=2).reshape(-1, 2).astype(np.int64)
        low, high = corners.min(axis=1), corners.max(axis=1)
        order = np.lexsort((high, low))
        same = (low[order][1:] == low[order][:-1]) & (high[order][1:] == high[order][:-1])
        one, other = order[:-1][same], order[1:][same]
        inside = owner[one // 3] == owner[other // 3]
        self.triangles = triangles
        self.edges = corners[one[inside]]
        self.pairs = np.stack([one[inside] // 3, other[inside] // 3], axis=1)

    def sagitta(self, points: Floats) -> float:
        """The largest height of an arc over its chord, mm, were the surface round beside each edge: exact on a cylinder whose strips are
        alike. points (n, 3) mm."""
        if not len(self.pairs):
            return 0.0
        a, b, c = (points[self.triangles[:, k]] for k in range(3))
        out = np.cross(b - a, c - a)
        size = np.sqrt((out * out).sum(axis=1))
        along = points[self.edges[:, 1]] - points[self.edges[:, 0]]
        length = np.sqrt((along * along).sum(axis=1))
        one, other = self.pairs[:, 0], self.pairs[:, 1]
        wide = np.maximum(size[one], size[other]) / np.maximum(length, 1e-12)
        cosine = (out[one] * out[other]).sum(axis=1) / np.maximum(size[one] * size[other], 1e-24)
        half = np.sqrt(np.maximum(1.0 - cosine, 0.0) / np.maximum(1.0 + cosine, 1e-12))
        return float((wide / 2.0 * half / (1.0 + np.sqrt(1.0 + half * half))).max())
