"""The door to CadQuery and OCCT, the only importer of either: a designer's @cad function in, a watertight tagged mesh out.

    built = build("engine.language.stages:run_cad", payload, deadline=120.0)

The function runs in a killable child that has CadQuery imported (2.5 s, once). OCCT fails in silence, so nothing is believed:
the solid must be one, valid, of positive volume; its mesh closed on the lattice that ships, and of the volume that OCCT says.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import child
from engine.errors import EngineFault, EnvironmentFault
from engine.model.mesh import STEPS_PER_MM, Mesh, Patch, Plane

CHORD_MM = 0.02
ANGLE_RAD = 0.3
VOLUME_BAND = 0.1
"""OCCT's own volume is off by up to 4 % on valid splines; a self-looping outline is off by far more."""

_PRELOAD = ("engine.doors.cad:prepare",)
Ints = npt.NDArray[np.int64]


class CadInvalid(EngineFault):
    """OCCT returned something that is no solid, without raising; the message begins with NOT_SOLID."""

    def __init__(self, why: str) -> None:
        super().__init__(f"NOT_SOLID: {why}")


@dataclass(frozen=True, eq=False)
class Built:
    """A body: mesh on the lattice, tagged patches, and what the function told beside its shape (its trace)."""

    mesh: Mesh
    patches: Mapping[str, Patch]
    told: Any


def build(
    target: str, payload: object, *, deadline: float = 120.0, chord_mm: float = CHORD_MM, angle_rad: float = ANGLE_RAD
) -> Built:
    """Run `module:function(payload, cadquery) -> (Tagged, told)` in the child and mesh what it drew.

    Raises ChildFault (crash, exit, timeout, memory), CadInvalid, what of ours the function raised, EnvironmentFault.
    """
    points, faces, tags, told = child.shared(_PRELOAD).call(
        "engine.doors.cad:work", target, payload, chord_mm, angle_rad, deadline=deadline
    )
    patches = {name: Patch(name, rows, plane) for name, (rows, plane) in tags.items()}
    return Built(Mesh(points, faces), patches, told)


def prepare() -> None:
    """In the child's server: import CadQuery once, and keep OCCT from starting threads that a fork would lose."""
    try:
        import cadquery
    except ImportError as error:
        raise EnvironmentFault(f"CadQuery cannot be loaded ({error}); apt-get install libgl1 libegl1") from None
    cadquery.Shape._bool_op.__defaults__ = (False,)


def work(target: str, payload: object, chord_mm: float, angle_rad: float) -> tuple[Any, ...]:
    """In the child: draw, check, mesh. -> points, faces, name -> (rows, plane), told."""
    import cadquery

    module, name = target.split(":")
    drawn, told = getattr(importlib.import_module(module), name)(payload, cadquery)
    solid = _one_solid(drawn.shape)
    faces = _faces(solid)
    nodes, triangles, owner = _triangulated(solid, faces, chord_mm, angle_rad)
    lattice, rows, owner = _mended(nodes, triangles, owner)
    _believe(solid, lattice, rows)
    tags = {n: _patch(n, t, faces, lattice, rows, owner) for n, t in drawn.tags.items()}
    return lattice / STEPS_PER_MM, rows.astype(np.int32), tags, told


def _one_solid(shape: Any) -> Any:
    """The cadquery Solid in a Workplane or Shape; CadInvalid unless there is exactly one, valid, with a volume."""
    shapes = shape.vals() if hasattr(shape, "vals") else [shape]
    solids = [s for one in shapes for s in (one.Solids() if hasattr(one, "Solids") else [])]
    if len(solids) != 1:
        raise CadInvalid(f"the stage drew {len(solids)} solids; one is needed")
    if not solids[0].isValid():
        raise CadInvalid("OCCT finds the solid invalid (a fillet or cut that vanished?)")
    if not 0.0 < solids[0].Volume() < 1e9:
        raise CadInvalid("the solid has no sensible volume")
    return solids[0]


def _faces(solid: Any) -> Any:
    """The solid's faces, numbered from 1 in OCCT's own order."""
    from OCP.TopAbs import TopAbs_FACE
    from OCP.TopExp import TopExp
    from OCP.TopTools import TopTools_IndexedMapOfShape

    found = TopTools_IndexedMapOfShape()
    TopExp.MapShapes_s(solid.wrapped, TopAbs_FACE, found)
    return found


def _triangulated(solid: Any, faces: Any, chord_mm: float, angle_rad: float) -> tuple[Any, Ints, Ints]:
    """Nodes float64 (n, 3), one for each place on an edge; triangles (m, 3) seen from outside; the face of each triangle.

    Two faces meet in the nodes of their edge's polygon: they are united by that, never by nearness.
    """
    from OCP.BRep import BRep_Tool
    from OCP.BRepMesh import BRepMesh_IncrementalMesh
    from OCP.TopAbs import TopAbs_EDGE, TopAbs_REVERSED
    from OCP.TopExp import TopExp, TopExp_Explorer
    from OCP.TopLoc import TopLoc_Location
    from OCP.TopoDS import TopoDS
    from OCP.TopTools import TopTools_IndexedMapOfShape

    BRepMesh_IncrementalMesh(solid.wrapped, chord_mm, False, angle_rad, False)
    edges = TopTools_IndexedMapOfShape()
    TopExp.MapShapes_s(solid.wrapped, TopAbs_EDGE, edges)
    nodes: list[tuple[float, float, float]] = []
    parent: list[int] = []
    on_edge: dict[tuple[int, int], int] = {}
    triangles: list[tuple[int, int, int]] = []
    owner: list[int] = []

    def root(node: int) -> int:
        while parent[node] != node:
            parent[node] = parent[parent[node]]
            node = parent[node]
        return node

    for number in range(1, faces.Extent() + 1):
        face = TopoDS.Face_s(faces.FindKey(number))
        place = TopLoc_Location()
        mesh = BRep_Tool.Triangulation_s(face, place)
        if mesh is None:
            raise CadInvalid("OCCT left a face without a mesh")
        base = len(nodes)
        move = place.Transformation()
        for at in range(1, mesh.NbNodes() + 1):
            point = mesh.Node(at).Transformed(move)
            nodes.append((point.X(), point.Y(), point.Z()))
            parent.append(len(parent))
        explorer = TopExp_Explorer(face, TopAbs_EDGE)
        while explorer.More():
            edge = TopoDS.Edge_s(explorer.Current())
            polygon = BRep_Tool.PolygonOnTriangulation_s(edge, mesh, place)
            if polygon is not None and not BRep_Tool.Degenerated_s(edge):
                key = edges.FindIndex(edge)
                for step in range(1, polygon.NbNodes() + 1):
                    node = base + polygon.Node(step) - 1
                    first = on_edge.setdefault((key, step), node)
                    low, high = sorted((root(node), root(first)))
                    parent[high] = low
            explorer.Next()
        turned = face.Orientation() == TopAbs_REVERSED
        for at in range(1, mesh.NbTriangles() + 1):
            a, b, c = mesh.Triangle(at).Get()
            triangles.append(
                (base + a - 1, base + c - 1, base + b - 1) if turned else (base + a - 1, base + b - 1, base + c - 1)
            )
            owner.append(number)
    roots = np.array([root(n) for n in range(len(nodes))], dtype=np.int64)
    kept, renamed = np.unique(roots, return_inverse=True)
    told = renamed.reshape(-1)[np.array(triangles, dtype=np.int64)]
    return np.array(nodes)[kept], told, np.array(owner, dtype=np.int64)


def _mended(nodes: Any, triangles: Ints, owner: Ints) -> tuple[Ints, Ints, Ints]:
    """On the lattice: nodes that fall together are one, triangles that vanish go, flat ones are turned away by an edge flip."""
    rounded = np.floor(nodes * STEPS_PER_MM + 0.5).astype(np.int64)
    lattice, first, renamed = np.unique(rounded, axis=0, return_index=True, return_inverse=True)
    order = np.argsort(first, kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    lattice, rows = lattice[order], rank[renamed.reshape(-1)][triangles]
    alive = (rows[:, 0] != rows[:, 1]) & (rows[:, 1] != rows[:, 2]) & (rows[:, 2] != rows[:, 0])
    rows, owner = rows[alive], owner[alive]
    for _ in range(20):
        flat = np.flatnonzero(~_normals(lattice, rows).any(axis=1))
        if not len(flat):
            break
        _flip(int(flat[0]), lattice, rows, owner)
    else:
        raise CadInvalid("the mesh keeps triangles without an area")
    used, named = np.unique(rows, return_inverse=True)
    return lattice[used], named.reshape(rows.shape), owner


def _normals(lattice: Ints, rows: Ints) -> Ints:
    a, b, c = (lattice[rows[:, k]] for k in range(3))
    u, v = b - a, c - a
    return np.stack([u[:, i] * v[:, j] - u[:, j] * v[:, i] for i, j in ((1, 2), (2, 0), (0, 1))], axis=1)


def _flip(flat: int, lattice: Ints, rows: Ints, owner: Ints) -> None:
    """The longest side of a flat triangle and the neighbour across it become two triangles of the neighbour's face."""
    a, b, c = rows[flat]
    sides = [((lattice[p] - lattice[q]) ** 2).sum() for p, q in ((a, b), (b, c), (c, a))]
    at = int(np.argmax(sides))
    p, q, middle = rows[flat][at], rows[flat][(at + 1) % 3], rows[flat][(at + 2) % 3]
    for step in range(3):
        across = np.flatnonzero((rows[:, step] == q) & (rows[:, (step + 1) % 3] == p))
        if len(across):
            other = int(across[0])
            far = rows[other][(step + 2) % 3]
            rows[other], rows[flat] = (q, middle, far), (middle, p, far)
            owner[flat] = owner[other]
            return
    raise CadInvalid("a flat triangle has no neighbour")


def _believe(solid: Any, lattice: Ints, rows: Ints) -> None:
    """Closed, every edge once each way; and of the volume that OCCT says."""
    starts = np.concatenate([rows[:, k] for k in range(3)])
    ends = np.concatenate([rows[:, (k + 1) % 3] for k in range(3)])
    there, back = np.sort(starts * len(lattice) + ends), np.sort(ends * len(lattice) + starts)
    if (there[1:] == there[:-1]).any() or (there != back).any():
        raise CadInvalid("the mesh of the solid is not closed")
    corners = lattice[rows].astype(np.float64) / STEPS_PER_MM
    volume = float((corners[:, 0] * np.cross(corners[:, 1], corners[:, 2])).sum()) / 6.0
    said = solid.Volume()
    if abs(volume - said) > VOLUME_BAND * said:
        raise CadInvalid(f"the mesh holds {volume:.1f} mm3, OCCT says {said:.1f} mm3")


def _patch(name: str, tag: Any, faces: Any, lattice: Ints, rows: Ints, owner: Ints) -> tuple[Any, Plane | None]:
    """Rows of a tag's triangles, and the plane that all of them lie in."""
    found = tag.vals() if hasattr(tag, "vals") else (tag if isinstance(tag, list | tuple) else [tag])
    numbers = [faces.FindIndex(f.wrapped) for f in found]
    if not numbers or 0 in numbers:
        raise CadInvalid(f"tag {name!r} names a face that the solid does not have")
    chosen = np.flatnonzero(np.isin(owner, numbers)).astype(np.int32)
    return chosen, _plane(lattice, rows[chosen])


def _plane(lattice: Ints, rows: Ints) -> Plane | None:
    """The axis-aligned plane that these triangles lie in exactly, as a frame whose normal is theirs; None otherwise."""
    used = lattice[np.unique(rows)]
    for axis in range(3):
        if (used[:, axis] == used[0, axis]).all():
            up = bool(_normals(lattice, rows)[:, axis].sum() > 0)
            origin = [0.0, 0.0, 0.0]
            origin[axis] = float(used[0, axis]) / STEPS_PER_MM
            x, y = _FRAMES[axis, up]
            return Plane((origin[0], origin[1], origin[2]), x, y)
    return None


_FRAMES: Mapping[tuple[int, bool], tuple[tuple[float, float, float], tuple[float, float, float]]] = {
    (0, True): ((0.0, 1.0, 0.0), (0.0, 0.0, 1.0)),
    (0, False): ((0.0, -1.0, 0.0), (0.0, 0.0, 1.0)),
    (1, True): ((-1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    (1, False): ((1.0, 0.0, 0.0), (0.0, 0.0, 1.0)),
    (2, True): ((1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
    (2, False): ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
}
"""Axis and direction of the normal -> the frame's x and y: text reads rightly seen from outside, with z or y upwards."""
