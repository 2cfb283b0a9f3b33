"""Where a lens sits in a plate that is rolled: the rings of its opening, with the groove that takes its bevel.

The lens lies in its own frame (x, y about its box's centre, z along its axis), which touches the plate's middle surface at a place along
it. Its bevel lies on the sphere of its base curve; the middle of what it needs of the plate's thickness is put into the plate's middle.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.model.plate import Seat
from kernels.roll import unroll

Floats = npt.NDArray[np.float64]


def seat(
    outline: Floats, normals: Floats, *, at: float, base_radius: float, radius: float, thickness: float, depth: float, mouth: float,
    chamfer: float,
) -> Seat:  # fmt: skip
    """As `engine.authoring.seat`."""
    inner = outline - depth * normals
    root = _on_sphere(outline, base_radius)
    flat = _flat(outline, root, radius)
    apex = -0.5 * (float(flat[:, 2].max()) + float(flat[:, 2].min()))
    half = thickness / 2
    edge = [_cut(xy, radius, radius + z) for xy, z in (
        (inner + chamfer * normals, half), (inner, half - chamfer), (inner, chamfer - half), (inner + chamfer * normals, -half)
    )]  # fmt: skip
    lower = root + apex
    levels = [
        (inner + chamfer * normals, edge[0]), (inner, edge[1]), (inner, lower + mouth), (outline, lower), (inner, lower - mouth),
        (inner, edge[2]), (inner + chamfer * normals, edge[3]),
    ]  # fmt: skip
    made = np.stack([_flat(xy, z, radius) for xy, z in levels])
    made[0, :, 2], made[-1, :, 2] = half, -half
    lips = (float((made[1, :, 2] - made[2, :, 2]).min()), float((made[4, :, 2] - made[5, :, 2]).min()))
    made[:, :, 0] += at
    return Seat(made, apex, lips)


def _on_sphere(xy: Floats, base_radius: float) -> Floats:
    """z of the sphere at those places, its top at 0."""
    square = xy[:, 0] * xy[:, 0] + xy[:, 1] * xy[:, 1]
    if not float(square.max()) < base_radius * base_radius:
        raise ValueError("the lens is larger than the sphere of its base curve")
    made: Floats = -square / (base_radius + np.sqrt(base_radius * base_radius - square))
    return made


def _cut(xy: Floats, radius: float, own: float) -> Floats:
    """z where a line along the lens's axis meets the cylinder of radius `own` about the plate's."""
    made: Floats = np.sqrt(own * own - xy[:, 0] * xy[:, 0]) - radius
    return made


def _flat(xy: Floats, z: Floats, radius: float) -> Floats:
    rolled, out = np.empty((len(xy), 3)), np.empty((len(xy), 3))
    rolled[:, :2], rolled[:, 2] = xy, z
    unroll(rolled, radius, out)
    return out
