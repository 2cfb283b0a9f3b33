"""Between two parts, against MeshLib's signed distance and manifold3d's least gap: cases of `verdict`.

Rods in the bores of tubes and a bumpy body in a hollow of its own shape have their surfaces near each other all over, side by side
they are near at one place; pushed in they share room. Everybody plants his own trees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from benchmarks import solids
from benchmarks.harness import Case
from engine.model.mesh import Mesh, Part, Settled
from engine.process.limits import load_process
from engine.verify import anatomy, parts
from engine.verify.settle import settle, together
from engine.verify.tree import plant
from engine.verify.two import Sound

LIMIT = 0.5
"""mm: the gap of PA12 in powder."""
SAME, SAME_FLOAT32 = 1e-4, 2e-4
"""mm: manifold3d's are float64; MeshLib's coordinates float32."""


def clearance(kind: str, size: str, triangles: int, how: str) -> Case:
    """One row. `how`: within, beside, far or crossing."""
    pair = _pair(kind, triangles, how)
    process = load_process("sls-pa12")
    shapes = [anatomy.dissect(part) for part in pair]

    def ours(_: object) -> Any:
        sound = []
        for part, body in zip(pair, shapes, strict=True):
            assert body.topology is not None
            sound.append(Sound(part, body, body.topology, (plant(part.lattice, part.faces),)))
        return parts.check_parts(sound, process)

    meshlib, manifold = _meshlib(pair), _manifold(pair)

    def agree() -> Sequence[str]:
        found, _ = ours(None)
        signed, least = meshlib(None), manifold(None)
        cross = [f for f in found if f.code == "parts-cross"]
        if cross or how == "crossing":
            return [] if cross and signed <= 0 else [f"we say {[f.code for f in found]}, MeshLib {signed:g} mm"]
        mine = min((f.value for f in found if f.value is not None), default=LIMIT)
        peers = (("MeshLib", min(signed, LIMIT), SAME_FLOAT32), ("manifold3d", least, SAME))
        return [f"least distance {mine:.4f} mm, {name} {told:.4f}" for name, told, most in peers if abs(told - mine) > most]

    return Case(
        f"two parts, {how}, {kind}, {size} triangles each, trees included",
        ours,
        agree,
        {"MeshLib": meshlib, **({} if how == "crossing" else {"manifold3d": manifold})},
        note=lambda: "manifold3d says no depth of what crosses" if how == "crossing" else "",
    )


def _pair(kind: str, triangles: int, how: str) -> tuple[Settled, ...]:
    points, faces = {"organic": solids.organic, "slivers": solids.slivers}[kind](triangles)
    if how == "within":
        one, other = _rods(triangles) if kind == "slivers" else (points * 0.9955, faces), (points, faces)
        if kind == "organic":  # in a hollow of its own shape
            other = np.concatenate((points * 1.1, points)), np.concatenate((faces, faces[:, ::-1] + len(points)))
    else:
        gap = {"beside": 0.2, "far": 50.0, "crossing": -0.05}[how]
        one, other = (points, faces), (points + (float(np.ptp(points[:, 0])) + gap, 0.0, 0.0), faces)
    made = [Part(name, Mesh(p, f.astype(np.int32))) for name, (p, f) in (("one", one), ("other", other))]
    return together([settle(part) for part in made])


def _rods(triangles: int) -> solids.Body:
    """A rod in each tube's bore, 0.2 mm from it all round."""
    tubes, _ = solids.slivers(triangles)
    angle = 2 * np.pi * np.arange(solids.SIDES) / solids.SIDES
    ring = np.stack([1.8 * np.cos(angle), 1.8 * np.sin(angle), 0 * angle], axis=1)
    k = np.arange(solids.SIDES)
    after, top = (k + 1) % solids.SIDES, k + solids.SIDES
    low, high = 2 * solids.SIDES, 2 * solids.SIDES + 1
    sides = [np.stack(t, axis=1) for t in ((k, after, after + solids.SIDES), (k, after + solids.SIDES, top))]
    caps = [np.stack(t, axis=1) for t in ((after, k, k * 0 + low), (top, after + solids.SIDES, k * 0 + high))]
    rod = np.concatenate((ring + (0, 0, -1.0), ring + (0, 0, 13.0), [(0, 0, -1.0), (0, 0, 13.0)]))
    faces = np.concatenate((*sides, *caps))
    each = 4 * solids.SIDES
    starts = [tubes[n * each : (n + 1) * each].mean(axis=0) * (1, 1, 0) for n in range(len(tubes) // each)]
    points = np.concatenate([rod + np.round(s, 6) for s in starts])
    return points, np.concatenate([faces + n * len(rod) for n in range(len(starts))])


def _meshlib(pair: Sequence[Settled]) -> Callable[[object], float]:
    from meshlib import mrmeshnumpy, mrmeshpy

    meshes = [mrmeshnumpy.meshFromFacesVerts(p.faces.astype(np.int32), p.points.astype(np.float32)) for p in pair]

    def run(_: object) -> float:
        for mesh in meshes:
            mesh.invalidateCaches()  # their trees are part of the work
        return float(mrmeshpy.findSignedDistance(*(mrmeshpy.MeshPart(m) for m in meshes)).signedDist)

    return run


def _manifold(pair: Sequence[Settled]) -> Callable[[object], float]:
    import manifold3d

    meshes = [manifold3d.Mesh64(p.points, p.faces.astype(np.uint64)) for p in pair]

    def run(_: object) -> float:
        one, other = (manifold3d.Manifold(m) for m in meshes)
        return float(one.min_gap(other, LIMIT))

    return run
