"""How far places lie off a skin: before it, or in it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.body import pieces
from engine.body.surface import Surface
from engine.model.mesh import Mesh
from kernels import nearest, register

Floats = npt.NDArray[np.float64]


def off_skin(skin: Mesh, places: Floats) -> Floats:
    """mm from each place (n, 3) to the nearest point of the skin, below 0 in it; NaN where that lies at the skin's border: what is
    beyond was not scanned.

    Its side is told by the normals at the nearest triangle's corners together: one triangle's own may look away from a place before
    a hollow's edge (Baerentzen and Aanaes 2005, who weigh by angle; here by area).
    """
    onto = register.surface(skin.points, skin.faces)
    near = nearest.find(onto.points, onto.faces, onto.tree, onto.lanes, np.ascontiguousarray(places))
    rows = skin.faces[near.faces]
    ways = _normals(skin)[rows].sum(axis=1)
    gap = places - near.points
    signs = gap[:, 0] * ways[:, 0] + gap[:, 1] * ways[:, 1] + gap[:, 2] * ways[:, 2]
    made = np.where(signs < 0.0, -near.distances, near.distances)
    edge = pieces.borders(Surface(skin.points, skin.faces))[:, 0] >= 0
    made[edge[rows].any(axis=1)] = np.nan
    return made


def _normals(skin: Mesh) -> Floats:
    """At each point, by area (n, 3), of any length."""
    a, b, c = (skin.points[skin.faces[:, k]] for k in range(3))
    u, v = b - a, c - a
    across = np.column_stack([
        u[:, 1] * v[:, 2] - u[:, 2] * v[:, 1],
        u[:, 2] * v[:, 0] - u[:, 0] * v[:, 2],
        u[:, 0] * v[:, 1] - u[:, 1] * v[:, 0],
    ])  # fmt: skip
    count = len(skin.points)
    rows = skin.faces.ravel()
    return np.column_stack([np.bincount(rows, np.repeat(across[:, k], 3), count) for k in range(3)])
