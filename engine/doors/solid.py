"""The door to manifold3d: the only file that imports it, inside functions."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault


def unite(
    points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], *, shrink: float = 0.0
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """The region that closed loops fill under the nonzero rule, moved inwards by `shrink`, as loops that do not cross.

    `points` int32 (n, 2), `ends` int32 (k,): one past the last point of each loop. Returns float64 (m, 2) in the same units,
    not rounded, and int32 ends; outer loops counter-clockwise, holes clockwise, in manifold3d's order (fixed for an input).
    """
    from manifold3d import CrossSection, FillRule, JoinType

    region = CrossSection(_loops(points, ends), FillRule.NonZero)
    if shrink > 0.0:
        region = region.offset(-shrink, JoinType.Miter)
    return _told(region.to_polygons())


def within(points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], left: int, right: int) -> list[tuple[float, float]]:
    """The connected pieces of the region of such loops between two upright lines: the least and greatest y of each, by height."""
    from manifold3d import CrossSection, FillRule

    if not len(points):
        return []
    low, high = float(points[:, 1].min()) - 1.0, float(points[:, 1].max()) + 1.0
    strip = CrossSection([[(left, low), (right, low), (right, high), (left, high)]], FillRule.NonZero)
    boxes = [piece.bounds() for piece in (CrossSection(_loops(points, ends), FillRule.NonZero) ^ strip).decompose()]
    return sorted((float(box[1]), float(box[3])) for box in boxes)


def less_boxes(
    points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32], boxes: list[tuple[int, int, int, int]]
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    """The region of such loops less upright boxes (x0, y0, x1, y1); as `unite` returns it."""
    from manifold3d import CrossSection, FillRule

    region = CrossSection(_loops(points, ends), FillRule.NonZero)
    for x0, y0, x1, y1 in boxes:
        region -= CrossSection([[(x0, y0), (x1, y0), (x1, y1), (x0, y1)]], FillRule.NonZero)
    return _told(region.to_polygons())


def _loops(points: npt.NDArray[np.int32], ends: npt.NDArray[np.int32]) -> list[npt.NDArray[np.float64]]:
    starts = [0, *ends[:-1].tolist()]
    return [points[a:b].astype(np.float64) for a, b in zip(starts, ends.tolist(), strict=True)]


def _told(polygons: list[npt.NDArray[np.float64]]) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32]]:
    made = [np.asarray(loop, dtype=np.float64) for loop in polygons]
    if not made:
        return np.zeros((0, 2)), np.zeros(0, np.int32)
    return np.concatenate(made), np.cumsum([len(loop) for loop in made], dtype=np.int32)


def combine(
    points: npt.NDArray[np.float64],
    faces: npt.NDArray[np.int32],
    tool_points: npt.NDArray[np.float64],
    tool_faces: npt.NDArray[np.int32],
    *,
    add: bool,
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """A body with a tool added or taken away: points (mm, not rounded), faces, and for each face the one it is a piece of.

    The sources count the body's faces first, then the tool's. Faces are never merged. EngineFault when one of the two is no
    closed, oriented surface, or nothing is left.
    """
    from manifold3d import Manifold, Mesh64

    def solid(name: str, vertices: npt.NDArray[np.float64], triangles: npt.NDArray[np.int32], first: int) -> Manifold:
        numbers = np.arange(first, first + len(triangles), dtype=np.uint64)
        made = Manifold(Mesh64(np.array(vertices, order="C"), np.array(triangles, np.uint64, order="C"), face_id=numbers))
        if made.is_empty():
            raise EngineFault(f"the {name} of a Boolean is no solid: {made.status().name}")
        return made

    body, tool = solid("body", points, faces, 0), solid("tool", tool_points, tool_faces, len(faces))
    made = body + tool if add else body - tool
    if made.is_empty():
        raise EngineFault(f"a Boolean left nothing: {made.status().name}")
    mesh = made.to_mesh64()
    return (
        np.asarray(mesh.vert_properties, np.float64)[:, :3],
        np.asarray(mesh.tri_verts).astype(np.int32),
        np.asarray(mesh.face_id).astype(np.int32),
    )
