"""Walls and gaps and first hits against Embree, closest points against fcpw, growth, threads and memory: cases of `verdict`."""

from __future__ import annotations

import statistics
import threading
import time
import tracemalloc
from collections.abc import Callable, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from benchmarks import solids
from benchmarks.harness import Case
from engine.model.mesh import STEPS_PER_MM, Settled
from engine.model.order import Severity
from engine.model.process import CHECKS, Limit, Machine, Process
from engine.verify import anatomy
from engine.verify.checks import verify
from engine.verify.crossings import find
from engine.verify.facing import Facing, face
from engine.verify.tree import plant
from kernels import nearest, rays, wide

FINE, THIN, GAP = 0.8, 1.2, 0.8
"""mm; the tubes' walls are 1 mm, their gaps 2 mm: nothing is thinner than FINE, and every wall of theirs thinner than THIN."""
SAME_WALL = 0.01
"""mm: a ray in float32 from a face's middle, against the least distance of the two faces."""
START = 1e-3
"""mm: how far from its face a ray begins."""
PROCESS = Process(
    "fine", "walls and gaps", "FDM", "any", Machine("m", "large", (1000.0, 1000.0, 1000.0), False, "the benchmark's"), False, 1.0,
    MappingProxyType({"wall": Limit(FINE, "mm", "the benchmark's"), "gap": Limit(GAP, "mm", "the benchmark's")}),
    MappingProxyType(dict.fromkeys(CHECKS, True)), 0.2,
)  # fmt: skip
"""What asks for both."""
PLACES = 50_000
SAME_DISTANCE, SAME_FLOAT32 = 1e-9, 1e-4
"""mm: of libigl, which judges in float64, and of fcpw."""


def asked(part: Settled, limit: float = FINE) -> Callable[[], Facing]:
    """Walls and gaps of a part whose topology is known; the tree is planted in it."""
    shape = anatomy.dissect(part).topology
    assert shape is not None and shape.twin is not None
    twin, roles = shape.twin, np.zeros(len(part.faces), np.int8)
    limits = np.array([[[limit * STEPS_PER_MM]], [[GAP * STEPS_PER_MM]]])
    return lambda: face(part.lattice, part.faces, twin, roles, limits, (plant(part.lattice, part.faces),))


def _looks(part: Settled) -> tuple[Any, Any, Any]:
    """Corners, middles and unit normals of the faces, mm."""
    corners = part.points[part.faces]
    normal = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    return corners, corners.mean(axis=1), normal / np.sqrt((normal * normal).sum(axis=1))[:, None]


def first_hits(part: Settled) -> Callable[[], tuple[Any, Any]]:
    """How far each face's middle sees inwards and outwards, mm: Embree's scene and two passes of one ray a face."""
    from embreex import rtcore_scene
    from embreex.mesh_construction import TriangleMesh

    corners, middle, normal = _looks(part)
    triangles, out = corners.astype(np.float32), normal.astype(np.float32)
    below, above = ((middle + step * normal).astype(np.float32) for step in (-START, START))

    def run() -> tuple[Any, Any]:
        scene = rtcore_scene.EmbreeScene()
        TriangleMesh(scene, triangles)
        return scene.run(below, -out, query="DISTANCE"), scene.run(above, out, query="DISTANCE")

    return run


def first(kind: str, size: str, triangles: int) -> Case:
    """One row of first hits: one ray a face, inwards from under its middle; the trees there."""
    from embreex import rtcore_scene
    from embreex.mesh_construction import TriangleMesh

    part = solids.settled(kind, triangles)
    corners, middle, normal = _looks(part)
    points, faces = np.ascontiguousarray(part.points), part.faces
    surface = rays.targets(points, faces, wide.grown(points, faces))
    start, ends = middle - START * normal, np.tile([0.0, np.inf], (len(faces), 1))
    asked = np.concatenate([start, -normal, ends], axis=1)
    scene = rtcore_scene.EmbreeScene()
    TriangleMesh(scene, corners.astype(np.float32))
    scene.run(start[:1].astype(np.float32), normal[:1].astype(np.float32))  # builds its tree
    origins, directions = start.astype(np.float32), (-normal).astype(np.float32)

    def theirs(_: object) -> Any:
        return scene.run(origins, directions, query="DISTANCE")

    def agree() -> Sequence[str]:
        off = np.abs(rays.cast(surface, asked).along - theirs(None))
        many = int((~(off <= SAME_WALL)).sum())
        return [f"{many} of {len(faces):,} rays end elsewhere than Embree's"] if many else []

    def note() -> str:
        asks = {"ours": lambda: rays.hidden(surface, asked), "Embree": lambda: scene.run(origins, directions, query="OCCLUDED")}
        told = []
        for name, ask in asks.items():
            spent = []
            for _ in range(5):
                begin = time.thread_time_ns()
                ask()
                spent.append(time.thread_time_ns() - begin)
            told.append(f"{name} {statistics.median(spent) / 1e6:.1f} ms")
        return f"ours decides in float64; whether anything is hit: {', '.join(told)}"

    return Case(
        f"first hit, {kind}, {size}, one ray a face", lambda _: rays.cast(surface, asked), agree, {"Embree": theirs}, note=note
    )


def wall(kind: str, size: str, triangles: int, limit: float = FINE) -> Case:
    """One row of walls and gaps."""
    part = solids.settled(kind, triangles)
    ours, theirs = asked(part, limit), first_hits(part)

    def agree() -> Sequence[str]:
        told, seen, differ = ours(), theirs(), []
        for channel, (name, most) in enumerate((("wall", limit), ("gap", GAP))):
            mine = told.found[told.hits[:, 1] == channel, 0] / STEPS_PER_MM
            least, ray = float(mine.min(initial=np.inf)), float(seen[channel].min()) + START
            if min(least, ray) < most - SAME_WALL and abs(least - ray) > SAME_WALL:
                differ.append(f"least {name} {least:.4f} mm, Embree {ray:.4f}")
        return differ

    return Case(
        f"walls of {limit:g} and gaps of {GAP:g} mm, {kind}, {size}, tree included",
        lambda _: ours(),
        agree,
        {"Embree, two first hits": lambda _: theirs()},
        goals={"Embree, two first hits": 5},
        note=lambda: "one ray a face sees what its middle faces; ours misses nothing within the limit",
    )


def closest(kind: str, size: str, triangles: int) -> Case:
    """One row of closest points: places near the surface, the trees there. embreex has no door to Embree's point queries."""
    import fcpw
    import igl

    part = solids.settled(kind, triangles)
    points, faces = np.ascontiguousarray(part.points), part.faces
    tree = wide.grown(points, faces)
    lanes = nearest.lanes_of(points, faces, tree)
    rows = np.arange(PLACES) * 7919 % len(faces)
    lift = 0.05 * (1 + np.arange(PLACES) % 17)
    places = points[faces[rows]].mean(axis=1) + lift[:, None] * np.array((0.6, -0.48, 0.64))
    scene = fcpw.scene_3D()
    scene.set_object_count(1)
    scene.set_object_vertices(points.astype(np.float32), 0)
    scene.set_object_triangles(faces, 0)
    scene.build(fcpw.aggregate_type.bvh_surface_area, True)
    queries, far = np.asfortranarray(places.astype(np.float32)), np.full(PLACES, np.inf, np.float32)
    judge = np.sqrt(igl.point_mesh_squared_distance(places, points, faces.astype(np.int64))[0])

    def ours(_: object) -> nearest.Nearest:
        return nearest.find(points, faces, tree, lanes, places)

    def theirs(_: object) -> Any:
        told = fcpw.interaction_3D_list()
        scene.find_closest_points(queries, far, told, False)
        return told

    def agree() -> Sequence[str]:
        told = ours(None)
        feet = np.sqrt(((places - told.points) ** 2).sum(axis=1))
        off = max(np.abs(judge - told.distances).max(), np.abs(judge - feet).max())
        near = (told.distances - np.array([hit.d for hit in theirs(None)])).max()
        differ = [f"distances differ from libigl's by {off:.2g} mm"] if off > SAME_DISTANCE else []
        return differ + ([f"fcpw finds something {near:.2g} mm nearer"] if near > SAME_FLOAT32 else [])

    def note() -> str:
        far_off = np.array([told.d for told in theirs(None)]) - judge
        many = int((far_off > SAME_FLOAT32).sum())
        return f"fcpw is too far by more than {SAME_FLOAT32:g} mm at {many:,} places, by {far_off.max():.2g} mm at most"

    return Case(
        f"closest point, {kind}, {size}, {PLACES:,} places", ours, agree, {"fcpw": theirs}, goals={"fcpw": 2.5}, note=note
    )


def growth(kind: str, sizes: Sequence[int]) -> Case:
    """The largest mesh; the note says the time of each size, two threads, and the memory."""
    parts = [solids.settled(kind, size) for size in sizes]

    def work(part: Settled) -> object:
        return find(part.lattice, part.faces, plant(part.lattice, part.faces))

    def note() -> str:
        told = []
        for part in parts:
            spent = []
            for _ in range(3):
                begin = time.thread_time_ns()
                verify([part])
                spent.append(time.thread_time_ns() - begin)
            many = len(part.faces)
            told.append(f"{statistics.median(spent) / many / np.log2(many):.2f} ns at {many:,}")
        memory = f"{_bytes(parts[-1]):.0f} bytes a triangle (goal 400)"
        return f"a face and log2 of their number: {', '.join(told)}; {memory}; {_two(work, parts[1])}"

    def ours(_: object) -> object:
        return verify([parts[-1]])

    def agree() -> Sequence[str]:
        return [f.message for part in parts for f in verify([part])[1] if f.severity is Severity.ERROR]

    return Case(f"full verdict, {kind}, {len(parts[-1].faces):,} triangles", ours, agree, note=note)


def _bytes(part: Settled) -> float:
    """The most that a verdict holds at once, bytes a triangle, its input left out."""
    tracemalloc.start()
    try:
        verify([part])
        return tracemalloc.get_traced_memory()[1] / len(part.faces)
    finally:
        tracemalloc.stop()


def _two(work: Callable[[Settled], object], part: Settled) -> str:
    """How much more two threads do than one, by the clock, on two cores if the system lends them."""
    import os

    if not hasattr(os, "sched_setaffinity") or (os.cpu_count() or 1) < 2:
        return "two threads not measured: no second core to be had"
    pinned = os.sched_getaffinity(0)
    os.sched_setaffinity(0, set(range(os.cpu_count() or 1)))
    try:
        ratios = []
        for _ in range(3):
            begin = time.perf_counter()
            for _ in range(4):
                work(part)
            alone = time.perf_counter() - begin
            threads = [threading.Thread(target=lambda: [work(part) for _ in range(4)]) for _ in range(2)]
            begin = time.perf_counter()
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            ratios.append(2 * alone / (time.perf_counter() - begin))
        return f"two threads do {statistics.median(ratios):.2f} times as much, by the clock"
    finally:
        os.sched_setaffinity(0, pinned)
