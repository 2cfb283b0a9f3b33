"""Height fields and sheets against SciPy and Embree: cases of `fit`. Same heights, same places, answers compared."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import solids
from benchmarks.harness import Case
from engine.language.sheets import sheet
from engine.model.grid import Grid
from engine.shape import heights

ROWS, COLUMNS = 300, 120
"""A foot's grid, 1 mm apart."""
SIGMA, SLOPE = 3.0, 0.35
PLACES = 8_000
SAME_SUM, SAME_MEMBRANE, SAME_SPLINE = 1e-10, 1e-4, 1e-6
"""mm. A membrane is stretched until it moves by 1e-7 in a sweep; splines differ in what they do at the border."""
SAME_HIT, SAME_HITS = 0.01, 1e-3
"""mm, and the share of nodes: Embree's rays are float32, and may pass a silhouette on its other side."""
_Heights = npt.NDArray[np.float64]


def cases() -> Sequence[Case]:
    """The cases."""
    return [_smoothing(), _spline(), _membrane(), _envelope(), *(_below(size) for size in (50_000, 1_000_000)), _sheet()]


def foot() -> tuple[_Heights, npt.NDArray[np.bool_]]:
    """Heights (mm) like a sole's, 0.3 mm rough; and which of them a scan would not see: all around, and a hole."""
    x, y = np.meshgrid(np.arange(ROWS) * 1.0, np.arange(COLUMNS) * 1.0, indexing="ij")
    rough = 0.3 * np.sin(12.9898 * x * x + 78.233 * y) * np.cos(37.719 * y * y - 11.1 * x)
    z = 10.0 + 5.0 * np.sin(x / 20.0) * np.cos(y / 15.0) + rough
    around = ((x - 150.0) / 145.0) ** 2 + ((y - 60.0) / 45.0) ** 2 > 1.0
    return z, around | ((x - 100.0) ** 2 + (y - 60.0) ** 2 < 15.0**2)


def _grid(z: _Heights) -> Grid:
    return Grid(z, (0.0, 0.0), 1.0)


def _told(what: str, off: _Heights, same: float) -> Sequence[str]:
    """Words where two answers differ by more."""
    most = float(np.abs(off).max())
    return [] if most <= same else [f"{what} differ by {most:.2g} mm"]


def _smoothing() -> Case:
    from scipy.ndimage import gaussian_filter

    z, gone = foot()
    given = _grid(np.where(gone, np.nan, z))

    def theirs(_: object) -> Any:
        weight = 1.0 - gone
        values, weights = (gaussian_filter(a, SIGMA, mode="constant") for a in (np.where(gone, 0.0, z), weight))
        return np.divide(values, weights, out=np.zeros_like(values), where=weights > 0.0)

    return Case(
        f"Gaussian of {SIGMA:g} mm where heights are missing, {ROWS} x {COLUMNS}",
        lambda _: heights.smoothed(given, SIGMA),
        lambda: _told("heights", (heights.smoothed(given, SIGMA).z - theirs(None))[~gone], SAME_SUM),
        {"SciPy, both sums": theirs},
        goals={"SciPy, both sums": 2},
    )


def _spline() -> Case:
    from scipy.ndimage import map_coordinates

    given = _grid(foot()[0])
    turn = np.arange(PLACES) * 0.618033988749895
    places = np.stack((30.0 + (ROWS - 61) * (turn % 1.0), 30.0 + (COLUMNS - 61) * np.arange(PLACES) / PLACES), axis=1)

    def ours(_: object) -> _Heights:
        return heights.smooth(given).at(places)

    def theirs(_: object) -> Any:
        return map_coordinates(given.z, places.T, order=3, mode="mirror")

    return Case(
        f"bicubic spline through {ROWS} x {COLUMNS} heights, at {PLACES:,} places",
        ours,
        lambda: _told("heights", ours(None)[:, 0] - theirs(None), SAME_SPLINE),
        {"SciPy": theirs},
        goals={"SciPy": 2},
        note=lambda: "ours with both slopes",
    )


def _membrane() -> Case:
    z, gone = foot()
    given = _grid(np.where(gone, np.nan, z))

    def theirs(_: object) -> Any:
        return by_solver(z, gone)

    return Case(
        f"membrane over {int(gone.sum()):,} of {ROWS} x {COLUMNS} heights",
        lambda _: heights.filled(given),
        lambda: _told("heights", heights.filled(given)[0].z - theirs(None), SAME_MEMBRANE),
        {"SciPy's sparse solver": theirs},
        goals={"SciPy's sparse solver": 2},
    )


def by_solver(z: _Heights, gone: npt.NDArray[np.bool_]) -> Any:
    """Each unknown height the mean of its four neighbours, by SuperLU; beyond the border lies what lies within it."""
    from scipy.sparse import csc_matrix
    from scipy.sparse.linalg import spsolve

    i, j = np.nonzero(gone)
    number = np.full(gone.shape, -1)
    number[gone] = own = np.arange(len(i))
    rows, columns, values, known = [own], [own], [np.full(len(i), 4.0)], np.zeros(len(i))
    for over, aside in ((1, 0), (-1, 0), (0, 1), (0, -1)):
        a, b = i + over, j + aside
        a = np.where(a < 0, 1, np.where(a == len(gone), len(gone) - 2, a))
        b = np.where(b < 0, 1, np.where(b == gone.shape[1], gone.shape[1] - 2, b))
        open_ = gone[a, b]
        rows.append(own[open_])
        columns.append(number[a, b][open_])
        values.append(np.full(int(open_.sum()), -1.0))
        known[~open_] += z[a, b][~open_]
    made = z.copy()
    made[gone] = spsolve(csc_matrix((np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))), known)
    return made


def _envelope() -> Case:
    from scipy.ndimage import grey_erosion

    depth = np.clip(foot()[0] - 11.0, 0.0, 4.0)
    reach = int(4.0 / SLOPE) + 1
    i, j = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    cone = -SLOPE * np.sqrt(i * i + j * j)

    def theirs(_: object) -> Any:
        return grey_erosion(depth, structure=cone, mode="constant", cval=1e9)

    return Case(
        f"envelope no steeper than {SLOPE:g} under {ROWS} x {COLUMNS} heights of 0 to 4 mm",
        lambda _: heights.no_steeper(_grid(depth), SLOPE),
        lambda: _told("heights", heights.no_steeper(_grid(depth), SLOPE).z - theirs(None), SAME_SUM),
        {"SciPy": theirs},
        goals={"SciPy": 5},
    )


def _below(triangles: int) -> Case:
    """A closed body from below, a node a 0.5 mm; Embree a ray upwards through each node."""
    from embreex import rtcore_scene
    from embreex.mesh_construction import TriangleMesh

    part = solids.settled("organic", triangles)
    points, faces = np.ascontiguousarray(part.points), part.faces
    low, high = points.min(axis=0), points.max(axis=0)
    at, pitch = (float(low[0]) + 0.01, float(low[1]) + 0.02), 0.5
    shape = (int((high[0] - at[0]) / pitch), int((high[1] - at[1]) / pitch))

    def ours(_: object) -> Grid:
        return heights.from_below(points, faces, at, shape, pitch)

    def theirs(_: object) -> Any:
        scene = rtcore_scene.EmbreeScene()
        TriangleMesh(scene, points[faces].astype(np.float32))
        i, j = np.indices(shape)
        start = np.stack((at[0] + pitch * i, at[1] + pitch * j, np.full(shape, low[2] - 1.0)), axis=2).reshape(-1, 3)
        up = np.tile(np.array((0.0, 0.0, 1.0), np.float32), (len(start), 1))
        along = scene.run(start.astype(np.float32), up, query="DISTANCE").reshape(shape)
        return np.where(along < 1e6, along + (low[2] - 1.0), np.nan)

    def agree() -> Sequence[str]:
        one, other = ours(None).z, theirs(None)
        known = ~np.isnan(one) & ~np.isnan(other)
        off = int((np.isnan(one) != np.isnan(other)).sum()) + int((np.abs(one - other)[known] > SAME_HIT).sum())
        return [f"{off:,} of {one.size:,} nodes differ from Embree's"] if off > SAME_HITS * one.size else []

    return Case(
        f"lowest surface of {len(faces):,} triangles over {shape[0]} x {shape[1]} nodes",
        ours,
        agree,
        {"Embree, tree included": theirs},
        goals={"Embree, tree included": 5},
        most_ms=150.0 if triangles == 1_000_000 else None,
    )


def _sheet() -> Case:
    """A sole's body by 160 sections and 48 columns, with a bevel; the outline's ends are the ellipse's."""
    turn = np.pi * np.arange(1, 161) / 161
    half = 40.0 * np.sin(turn)
    top = Grid(foot()[0][::2, ::2], (-15.0, -60.0), 2.0)
    asked = {"stations": 135.0 * (1.0 - np.cos(turn)), "low": -half, "high": half, "heel": 0.0, "toe": 270.0, "bevel": 1.0}

    def ours(_: object) -> Any:
        return sheet(top, **asked)  # type: ignore[arg-type]  # arrays and numbers by name

    def agree() -> Sequence[str]:
        import trimesh

        made = ours(None)
        body = trimesh.Trimesh(made.mesh.points, made.mesh.faces, process=False)
        upper = made.mesh.points[np.unique(made.mesh.faces[made.patches["top"].faces])]
        off = np.abs(heights.smooth(top).at(upper[:, :2])[:, 0] - upper[:, 2])
        differ = [] if body.is_watertight and body.is_winding_consistent and body.volume > 0 else ["not a solid to trimesh"]
        return [*differ, *_told("the top and its spline", off, 5e-4)]

    return Case(
        "a sheet of 160 sections and 48 columns", ours, agree, most_ms=1.5,
        note=lambda: f"{len(ours(None).mesh.faces):,} triangles, the spline through {top.z.size:,} heights included",
    )  # fmt: skip
