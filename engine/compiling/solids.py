"""In the CAD child: bodies. Each is drawn once, kept as the B-rep that it is, and then laid against references and charts."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.compiling.drawing import Changes, drawn_by
from engine.compiling.matching import match
from engine.doors import cad, cad_exact, cad_kept, cad_map, cad_net, cad_surface
from engine.doors import cad_lattice as lat
from engine.doors.cad_map import Drawn
from engine.doors.cad_net import Net
from engine.doors.child import progress
from engine.errands import Source
from engine.language.values import Tagged
from engine.model.mesh import STEPS_PER_MM, Lattice, Plane
from engine.model.surface import Surface
from kernels import nearest

Floats = npt.NDArray[np.float64]
Body = Mapping[str, Any]
"""What `body` gives: a B-rep as bytes, which of its faces are tagged, and its map, by which it is told whether two bodies match."""
TAGGED = 64
"""Added to the kind of a tagged face's surface, OCCT's own kinds being fewer; of each further tag twice as much."""
SPACING_MM = 1.0
"""How densely the B-rep of a chart's middle body is sampled, to see how far its triangles come."""


def body(source: Source, stage: str, inputs: Mapping[str, list[str]], changes: Changes) -> dict[str, Any]:
    """One body, drawn. `inputs`: what the method is known to read and call (direct, stages); what it asks for beyond them is told as `more`."""
    drawn, run, _ = drawn_by(source, stage, changes)
    more = {"direct": set(run.read_here) - set(inputs["direct"]), "stages": set(run.called_here) - set(inputs["stages"])}
    if any(more.values()):
        return {"more": {what: sorted(names_) for what, names_ in more.items()}}
    solid, named = solid_of(drawn)
    its = _mapped(cad_map.Shapes(solid), named)
    return {**cad_kept.kept(solid, named), "map": {**vars(its), "middles": _calm(its.middles)}}


def solid_of(drawn: Any) -> tuple[Any, dict[str, list[Any]]]:
    """OCCT's solid of what a method gave, and its tagged faces."""
    shape, tags = (drawn.shape, drawn.tags) if isinstance(drawn, Tagged) else (drawn, {})
    return cad.solid_of(shape, tags, cad.library())


def place(
    source: Source, body_: Body, reference: Mapping[str, Any] | None, predicted: Floats | None, tolerance: float, angle: float
) -> dict[str, Any]:
    """A body without a reference: its map, net and nodes. With one: the reference's nodes on it, or why it is another topology."""
    solid, named, shapes, its = _read(body_)
    if reference is None:
        progress("meshing")
        cad.triangulate(solid, named, tolerance, angle)
        map_, net, found = its, cad_net.net_of(shapes, its), cad_map.identity(its)
        chords = nearest.distances(cad_net.nodes_of(shapes, its, found, its, net), net.triangles, _surface(solid))
        made: dict[str, Any] = {"map": dict(vars(its)), "net": {**vars(net), "weights": list(net.weights)}}
        made["chord_mm"] = math.ceil(1000.0 * float(chords.max(initial=0.0))) / 1000.0
    else:
        progress("matching")
        (map_, net), made = _of(reference), {}
        told = match(map_, its, map_.middles if predicted is None else predicted)
        if isinstance(told, str):
            return {"other": told}
        found = told
    points = _calm(cad_net.nodes_of(shapes, its, found, map_, net))
    lattice = lat.rounded(points)
    volume = lat.volume(lattice, net.triangles)
    if volume <= 0.0 or volume > lat.bulk(lattice):
        raise ValueError("it is inside out, or its surface runs round more than once")
    where = np.zeros(len(map_.surfaces), dtype=np.int32)
    where[map_.face] = its.face[found.half]
    owner = where[net.owner]
    patches = {name: cad_surface.patch(faces, shapes.faces_map, lattice, net.triangles, owner) for name, faces in named.items()}
    return {**made, "points": points, "patches": {n: _numbers(*p) for n, p in patches.items()}}


def _read(body_: Body) -> tuple[Any, dict[str, list[Any]], cad_map.Shapes, Drawn]:
    """A body's solid, its tagged faces, its shapes and its map."""
    solid, named = cad_kept.again(body_)
    shapes = cad_map.Shapes(solid)
    return solid, named, shapes, _mapped(shapes, named)


def _mapped(shapes: cad_map.Shapes, named: Mapping[str, list[Any]]) -> Drawn:
    """The map of a solid. Which tags a face has is part of its kind: a tagged face is no other body's untagged one."""
    its = cad_map.map_of(shapes)
    kinds = its.surfaces.copy()
    for at, name in enumerate(sorted(named)):
        kinds[[shapes.face_number(face) for face in named[name]]] += TAGGED << at
    return replace(its, surfaces=kinds)


def _of(reference: Mapping[str, Any]) -> tuple[Drawn, Net]:
    """Map and net of a reference that has travelled."""
    return Drawn(**reference["map"]), Net(**{**reference["net"], "weights": tuple(reference["net"]["weights"])})


def _surface(solid: Any) -> Floats:
    """Points on the exact surfaces of a meshed solid, SPACING_MM apart."""
    return cad_exact.samples(cad.faces_of(solid), SPACING_MM)[0]


def _calm(points: Floats) -> Floats:
    """Without OCCT's noise of 1e-16 mm, which differs from run to run."""
    return np.asarray(np.rint(points * 1e9) / 1e9)


def _numbers(rows: Any, plane: Plane | None, surface: Surface | None) -> dict[str, Any]:
    """A patch as numbers that may be fitted, and what must be the same in all of a chart's bodies."""
    if plane is not None:
        return {"rows": rows, "same": "plane", "numbers": _calm(np.array([*plane.origin, *plane.x, *plane.y]))}
    assert surface is not None
    kinds = ",".join(f"{k:g}/{s:g}" for k, s in surface.pieces[:, :2].tolist())
    same = f"{kinds} {surface.net.shape} {surface.why}"
    told = {"pieces": len(surface.pieces), "nx": surface.net.shape[0], "ny": surface.net.shape[1], "why": surface.why}
    numbers = _calm(np.concatenate([surface.pieces.reshape(-1), surface.net.reshape(-1)]))
    return {"rows": rows, "same": same, "numbers": numbers, "surface": told, "owner": surface.owner}


def measure(
    source: Source,
    body_: Body,
    reference: Mapping[str, Any],
    predicted: Floats,
    lattice: Lattice,
    spacing: float | None,
    tolerance: float,
    angle: float,
) -> dict[str, Any]:
    """A chart's mesh (lattice (n, 3) on the reference's triangles) against the body drawn now: how far each node is from where it is
    on the exact B-rep, the B-rep's own volume; with `spacing` mm also the distances both ways.
    """
    solid, named, shapes, its = _read(body_)
    map_, net = _of(reference)
    told = match(map_, its, predicted)
    if isinstance(told, str):
        return {"other": told}
    points = cad_net.nodes_of(shapes, its, told, map_, net)
    mesh = lattice / STEPS_PER_MM
    cad.triangulate(solid, named, tolerance, angle)
    made: dict[str, Any] = {"nodes": np.sqrt(((mesh - points) ** 2).sum(axis=1)), "volume": lat.volume(lattice, net.triangles)}
    whole = cad.faces_of(solid)
    own, triangles, _, made["brep_volume"] = cad.meshed(solid, whole, tolerance, angle)
    if spacing is not None:
        progress("measuring")
        made["to_brep"] = cad.distances(whole, mesh)
        samples, weights = cad_exact.samples(whole, spacing)
        made["to_mesh"], made["weights"] = nearest.distances(mesh, net.triangles, samples), weights
        made["own_to_mesh"] = nearest.distances(own / STEPS_PER_MM, triangles, samples)
    return made
