"""Orientations, slices, winding numbers and registration against numpy, trimesh, libigl and scipy: cases of `verdict`."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks import solids
from benchmarks.harness import Case
from engine.model.mesh import Settled
from kernels import orient, register, slices, topology, winding

Floats = npt.NDArray[np.float64]

SLICES = 60
STEEP = 0.5**0.5
"""The cosine of 45 degrees."""
CHUNK = 256
"""Faces that numpy asks together: their products with all directions stay in the cache."""
MICROMETRE = 1e-3
"""mm: a step that ends a registration, ours and the peer's."""
SAME_FIGURE, SAME_LENGTH, SAME_NUMBER, SAME_PLACE = 0.003, 1e-9, 5e-3, 1e-6
"""Of the area, in the mean; relative; of a turn; mm."""


def cases() -> Sequence[Case]:
    """Rows of `verdict`: what no verdict asks yet, and later parts are built on."""
    return [
        *(orientations(kind) for kind in ("organic", "slivers")),
        *(outlines(kind, size) for kind, size in (("organic", 100_000), ("slivers", 10_000))),
        *(winding_numbers(kind, size, many) for kind, size, many in (("organic", 100_000, 50_000), ("slivers", 10_000, 5_000))),
        registration(20_000),
    ]


def orientations(kind: str) -> Case:
    """2,000 directions of 100k faces."""
    part = solids.settled(kind, 100_000)
    axes = np.empty((orient.AXES, 3))
    orient.spiral(axes)

    def ours(_: object) -> Floats:
        return orient.scores(part.lattice, part.faces, axes, STEEP)

    def by_face(_: object, real: type = np.float32) -> Floats:
        a, b, c = (part.lattice[part.faces[:, k]].astype(np.float64) for k in range(3))
        normals = np.cross(b - a, c - a) / 2
        steep = (STEEP * np.sqrt((normals * normals).sum(axis=1))).astype(real)
        normals, points, ways = (np.ascontiguousarray(array, real) for array in (normals, part.lattice, axes.T))
        sums, most, least = np.zeros((4, len(axes))), np.full(len(axes), -np.inf), np.full(len(axes), np.inf)
        for first in range(0, len(normals), CHUNK):
            along, edge = _along(normals[first : first + CHUNK], ways), steep[first : first + CHUNK, None]
            sums[0] += (along * (along > edge)).sum(axis=0)  # np.where takes six times as long
            sums[1] -= (along * (along < -edge)).sum(axis=0)
            sums[2] += np.maximum(along, 0).sum(axis=0)
            sums[3] -= np.minimum(along, 0).sum(axis=0)
        for first in range(0, len(points), CHUNK):
            reach = _along(points[first : first + CHUNK], ways)
            most, least = np.maximum(most, reach.max(axis=0)), np.minimum(least, reach.min(axis=0))
        height = np.concatenate([most - least, most - least])
        return np.stack([np.concatenate([sums[1], sums[0]]), np.concatenate([sums[3], sums[2]]), height], axis=1)

    @functools.cache
    def off() -> tuple[Floats, float]:
        """How far each figure is from that of all faces, of the area (height: of itself), and the largest height's error."""
        exact, told = by_face(None, np.float64), ours(None)
        a, b, c = (part.lattice[part.faces[:, k]].astype(np.float64) for k in range(3))
        area = float(np.sqrt((np.cross(b - a, c - a) ** 2).sum(axis=1)).sum() / 2)
        height = orient.HEIGHT
        return np.abs(told - exact)[:, :height] / area, float((np.abs(told - exact)[:, height] / exact[:, height]).max())

    def agree() -> Sequence[str]:
        areas, height = off()
        differ = [] if height < SAME_FIGURE**3 else [f"a height is off by {height:.2g} of itself"]
        return differ + [f"figures are off by {m:.2g} of the area in the mean" for m in areas.mean(axis=0) if m > SAME_FIGURE]

    return Case(
        f"2,000 orientations, {kind}, 100k",
        ours,
        agree,
        {"numpy, all faces": by_face},
        most_ms=4.0,
        note=lambda: (
            f"heights exact; overhang off by {off()[0][:, 0].mean():.1g} of the area in the mean, {off()[0][:, 0].max():.1g} at most"
        ),
    )


def _along(vectors: Floats, ways: Floats) -> Floats:
    """All products; not by BLAS, whose threads wait for each other on the one core that a benchmark has."""
    return vectors[:, :1] * ways[0] + vectors[:, 1:2] * ways[1] + vectors[:, 2:] * ways[2]


def outlines(kind: str, triangles: int) -> Case:
    """Closed outlines at 60 heights; its edges are matched first."""
    part = solids.settled(kind, triangles)
    low, high = int(part.lattice[:, 2].min()), int(part.lattice[:, 2].max())
    # off the middle, so that no corner lies in a plane: trimesh decides there by a tolerance
    heights = (low + (high - low) * (np.arange(SLICES) + 0.47) / SLICES).astype(np.int32)

    def ours(_: object) -> slices.Contours:
        n, m = len(part.lattice), len(part.faces)
        twin, counts = np.empty(3 * m, np.int32), np.empty(topology.COUNTS, np.int64)
        start, bucket, mark, degree = (np.empty(size, np.int32) for size in (n + 2, 3 * m, n, n))
        topology.match_edges(part.faces, start, bucket, mark, degree, twin, counts, np.empty(topology.COUNTS, np.int64))
        sound = not counts[: topology.TURNED_EDGES + 1].any()
        return slices.contours(part.lattice, part.faces, twin, heights, sound)

    def trimesh(_: object) -> list[list[Floats]]:
        from trimesh import Trimesh

        mesh = Trimesh(part.lattice.astype(np.float64), part.faces, process=False)
        cuts = mesh.section_multiplane((0.0, 0.0, 0.0), (0.0, 0.0, 1.0), heights.astype(np.float64))
        return [[] if cut is None else list(cut.discrete) for cut in cuts]

    def agree() -> Sequence[str]:
        made, theirs, differ = ours(None), trimesh(None), []
        for row, loops in enumerate(theirs):
            mine = [made.points[made.starts[c] : made.starts[c + 1]] for c in np.flatnonzero(made.slice_of == row)]
            length = sum(_length(np.concatenate([loop, loop[:1]])) for loop in mine)
            told = sum(_length(loop) for loop in loops)
            if len(mine) != len(loops) or abs(length - told) > SAME_LENGTH * told:
                differ.append(f"at {heights[row]} {len(mine)} loops of {length:.9g}, trimesh {len(loops)} of {told:.9g}")
        return differ if made.closed.all() else [*differ, "an outline is open"]

    return Case(
        f"{SLICES} slices, {kind}, {triangles // 1000}k, edges matched",
        ours,
        agree,
        {"trimesh": trimesh},
        goals={"trimesh": 45},
        note=lambda: f"{len(ours(None).points):,} points in {len(ours(None).closed):,} closed outlines",
    )


def _length(line: Floats) -> float:
    return float(np.sqrt((np.diff(line, axis=0) ** 2).sum(axis=1)).sum())


def winding_numbers(kind: str, triangles: int, many: int) -> Case:
    """Half of the places near the surface, half anywhere; both make their trees."""
    import igl

    part = solids.settled(kind, triangles)
    points, faces = part.lattice.astype(np.float64), part.faces.astype(np.int64)
    places = _around(part, many)
    some = slice(0, None, max(1, many // 1000))
    exact = igl.winding_number(points, faces, places[some])

    def ours(_: object) -> Floats:
        return winding.round_places(winding.expanded(part.lattice, part.faces), places)

    def libigl(_: object) -> Floats:
        told: Floats = igl.fast_winding_number(points, faces, places)
        return told

    def agree() -> Sequence[str]:
        off, other = np.abs(ours(None)[some] - exact).max(), np.abs(libigl(None)[some] - exact).max()
        told = {"ours": off, "libigl's": other}
        return [f"{name} are off by {far:.2g} of a turn" for name, far in told.items() if far > SAME_NUMBER]

    def note() -> str:
        off, other = (np.abs(numbers[some] - exact).mean() for numbers in (ours(None), libigl(None)))
        return f"against the sum of all solid angles ours are off by {off:.1g} in the mean, libigl's by {other:.1g}"

    return Case(
        f"winding number, {kind}, {triangles // 1000}k, {many:,} places, tree included",
        ours,
        agree,
        {"libigl": libigl},
        goals={"libigl": 2.6},
        note=note,
    )


def _around(part: Settled, many: int) -> Floats:
    """Deterministic places, steps: beside faces by 0.02 to 0.2 mm, and along a spiral through the box."""
    middles = part.lattice[part.faces[np.arange(many // 2) * 7919 % len(part.faces)]].mean(axis=1)
    share = np.arange(many // 2) * 389 % 1000 / 1000.0
    lift = 2000.0 * np.where(np.arange(many // 2) % 2, 0.1 + 0.9 * share, -0.1 - 0.9 * share)
    low, high = part.lattice.min(axis=0) - 1e4, part.lattice.max(axis=0) + 1e4
    share = np.arange(many - many // 2)[:, None] * np.array([0.8191725134, 0.6710436067, 0.5497004779]) % 1.0
    return np.concatenate([middles + lift[:, None] * np.array((0.6, -0.48, 0.64)), low + share * (high - low)])


def registration(triangles: int) -> Case:
    """Half of a scan, between the corners of the surface, turned by 8 degrees and shifted: onto all of it."""
    part = solids.settled("organic", triangles)
    points, faces = np.ascontiguousarray(part.points), part.faces
    there = points[faces].mean(axis=1)
    there = there[there[:, 0] > np.median(there[:, 0])]
    angle = 0.14
    rotation = np.array([[np.cos(angle), -np.sin(angle), 0.0], [np.sin(angle), np.cos(angle), 0.0], [0.0, 0.0, 1.0]])
    scan = np.ascontiguousarray((there - np.array((2.0, -3.0, 1.0))) @ rotation)

    def ours(_: object) -> Floats:
        found = register.register(scan, register.surface(points, faces), within=0.01, tolerance=MICROMETRE)
        return scan @ found.rotation.T + found.shift

    def plain(_: object) -> Floats:
        return _by_corners(points, faces, scan)

    def far(moved: Callable[[Any], Floats]) -> float:
        return float(np.abs(moved(None) - there).max())

    def agree() -> Sequence[str]:
        told = []
        if far(ours) > SAME_PLACE:
            told.append(f"we are {far(ours):.2g} mm off")
        return told if far(plain) < 0.5 else [*told, f"the peer is {far(plain):.2g} mm off"]

    return Case(
        f"point-to-plane registration of {len(scan):,} points onto {len(faces):,} faces, tree included",
        ours,
        agree,
        {"scipy's tree of corners, numpy": plain},
        most_ms=28.0,
        note=lambda: f"the farthest point is {far(ours):.1g} mm off, the peer's {far(plain):.1g} mm",
    )


def _by_corners(points: Floats, faces: npt.NDArray[np.int32], scan: Floats) -> Floats:
    """As it is done on clouds: the nearest corner, and the plane of its mean normal; until a step is a micrometre, at most 60."""
    from scipy.spatial import cKDTree
    from scipy.spatial.transform import Rotation

    corners = points[faces]
    normals = np.zeros_like(points)
    for k in range(3):
        np.add.at(normals, faces[:, k], np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]))
    normals /= np.sqrt((normals * normals).sum(axis=1))[:, None]
    tree, moved = cKDTree(points), scan
    for _ in range(60):
        rows = tree.query(moved)[1]
        middle = moved.mean(axis=0)
        across = np.concatenate([np.cross(moved - middle, normals[rows]), normals[rows]], axis=1)
        gaps = ((moved - points[rows]) * normals[rows]).sum(axis=1)
        step = np.linalg.solve(np.einsum("ni,nj", across, across), -np.einsum("ni,n", across, gaps))
        moved = Rotation.from_rotvec(step[:3]).apply(moved - middle) + middle + step[3:]
        if np.sqrt(step[:3] @ step[:3]) * 50 + np.sqrt(step[3:] @ step[3:]) < MICROMETRE:
            break
    return moved
