"""What is compared of two bodies: the corners of their triangles, and what these enclose."""

from __future__ import annotations

from typing import Any

import numpy as np


def corners(part: Any) -> Any:
    """Of a part or a solid of ours: (n, 3, 3) mm."""
    return part.mesh.points[part.mesh.faces]


def area(triangles: Any) -> float:
    """mm2 of triangles (n, 3, 3)."""
    cross = np.cross(triangles[:, 1] - triangles[:, 0], triangles[:, 2] - triangles[:, 0])
    return float(0.5 * np.sqrt((cross**2).sum(axis=1)).sum())


def volume(triangles: Any) -> float:
    """mm3 within triangles (n, 3, 3) that are closed and face outwards."""
    a, b, c = triangles[:, 0], triangles[:, 1], triangles[:, 2]
    return float((a * np.cross(b, c)).sum() / 6.0)
