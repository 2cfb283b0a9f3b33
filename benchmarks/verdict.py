"""The verdict against the libraries that say a part of it: same mesh, same lattice, one core, answers compared.

trimesh, manifold3d and libigl say whether a mesh is closed and what it encloses; MeshLib and CGAL (through libigl) which of its
faces cross, Embree what a face looks at. None of them says all of it. A full verdict's peer is the sum of the best of each kind.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from benchmarks import clearance, distances, measuring, solids
from benchmarks.harness import Case
from engine.make import Workshop, make
from engine.model.mesh import STEPS_PER_MM, Settled
from engine.model.order import Order, Product
from engine.model.process import Limit
from engine.process.limits import load_process
from engine.verify import anatomy
from engine.verify.checks import verdict, verify
from engine.verify.crossings import find
from engine.verify.delta import Certificates
from engine.verify.refit import Connectivities
from engine.verify.tree import plant
from templates.phone_case import PhoneCase

SIZES = {"10k": 10_000, "100k": 100_000, "1M": 1_000_000}
SAME_VOLUME = 1e-9
"""Relative; peers sum in float64."""


def cases() -> Sequence[Case]:
    """The subject's cases."""
    found = [_case_of_a_phone(), _known_body(), _known_faces("a phone case with a name", _product("Maxine").parts[0], 6.0)]
    for kind in ("organic", "slivers"):
        found += [_topology(kind, "100k")]
        found += [_crossings(kind, size) for size in SIZES]
        found += [distances.wall(kind, size, SIZES[size]) for size in ("10k", "100k")]
        if kind == "slivers":
            found += [distances.wall(kind, "10k", SIZES["10k"], distances.THIN)]
        found += [distances.first(kind, "100k", SIZES["100k"]), distances.closest(kind, "100k", SIZES["100k"])]
        found += [_full(kind, size) for size in ("10k", "100k")]
        found += [_known_faces(f"{kind}, 100k", solids.settled(kind, SIZES["100k"]), {"organic": 26.0, "slivers": 54.0}[kind])]
        found += [distances.growth(kind, list(SIZES.values()))]
        found += [clearance.clearance(kind, "100k", SIZES["100k"], how) for how in ("within", "beside", "far", "crossing")]
    return [*found, *measuring.cases()]


def _case_of_a_phone() -> Case:
    product = _product("Maxine")
    process = load_process(product.order.process or PhoneCase.default_process)
    return Case(
        f"full verdict of a phone case with a name, {len(product.parts[0].faces):,} triangles",
        lambda _: verify(product.parts, process),
        lambda: _errors(verify(product.parts, process)),
        most_ms=9.0,
    )


def _known_body() -> Case:
    names = ("Maxine", "Zoé", "Benjamin", "Charlotte", "Bo", "Clara")
    shop = Workshop()
    products = [_product(name, shop) for name in names]
    process, known = load_process(PhoneCase.default_process), Certificates()

    def ours(product: Product) -> object:
        return verify(product.parts, process, known)

    def agree() -> Sequence[str]:
        differ = []
        for product in (*products, *products):
            short, whole = ours(product), verify(product.parts, process)
            if not isinstance(short, tuple) or short[1:] != whole[1:]:
                differ.append(f"{product.order.parameters['name']}: the short way finds something else")
        return differ

    return Case(
        "verdict of a new name on a known body",
        ours,
        agree,
        {"ourselves, unknown": lambda product: verify(product.parts, process)},
        products,
        most_ms=2.0,
    )


def _known_faces(name: str, part: Settled, most_ms: float) -> Case:
    """Other sizes of a mesh whose faces are known."""
    process = load_process(PhoneCase.default_process)
    fine = {key: Limit(value, "mm", "benchmark") for key, value in (("wall", distances.FINE), ("gap", distances.GAP))}
    process, known = replace(process, limits={**process.limits, **fine}), Connectivities()
    sizes = [replace(part, lattice=np.ascontiguousarray(part.lattice + part.lattice // 100 * k), kept=None) for k in range(4)]

    def agree() -> Sequence[str]:
        differ = []
        for at, size in enumerate((*sizes, *sizes)):
            if verify([size], process, None, known)[1:] != verify([size], process)[1:]:
                differ.append(f"size {at % len(sizes)}: the short way finds something else")
        return differ if known.held else [*differ, "nothing was learned"]

    return Case(
        f"full verdict, same connectivity as a known mesh (refit), {name}",
        lambda size: verify([size], process, None, known),
        agree,
        {"ourselves, unknown": lambda size: verify([size], process)},
        sizes,
        most_ms=most_ms,
    )


@functools.cache
def _shop() -> Workshop:
    return Workshop()


def _product(name: str, shop: Workshop | None = None) -> Product:
    order = Order("phone-case", parameters={"name": name})
    return make(order, PhoneCase, formats=(), workshop=shop or _shop(), keep_refused=True)


def _errors(told: tuple[Any, Any, Any]) -> Sequence[str]:
    checks, findings, _ = told
    return [] if verdict(checks, findings) != "refused" else [f.message for f in findings]


def _topology(kind: str, size: str) -> Case:
    part = solids.settled(kind, SIZES[size])
    points, faces = part.points, np.ascontiguousarray(part.faces.astype(np.int64))

    def ours(_: object) -> anatomy.Anatomy:
        return anatomy.dissect(part)

    def trimesh(_: object) -> tuple[bool, float]:
        from trimesh import Trimesh

        mesh = Trimesh(points, faces, process=False)
        return bool(mesh.is_watertight and mesh.is_winding_consistent), float(mesh.mass_properties.volume)

    def manifold(_: object) -> tuple[bool, float]:
        import manifold3d

        made = manifold3d.Manifold(manifold3d.Mesh64(points, faces.astype(np.uint64)))
        return made.status() == manifold3d.Error.NoError, float(made.volume())

    def libigl(_: object) -> tuple[bool, float]:
        import igl

        closed = bool(igl.is_edge_manifold(faces)[0]) and not len(igl.boundary_facets(faces)[0])
        igl.facet_components(faces)
        igl.is_vertex_manifold(faces)
        corners = points[faces]
        return closed, float((corners[:, 0] * np.cross(corners[:, 1], corners[:, 2])).sum() / 6)

    def agree() -> Sequence[str]:
        body = ours(None)
        assert body.topology is not None and body.mass is not None
        volume = body.mass.volume
        peers = {"trimesh": trimesh(None), "manifold3d": manifold(None), "libigl": libigl(None)}
        return [
            f"{name} says closed: {closed}, {told} mm3; we {body.topology.closed}, {volume}"
            for name, (closed, told) in peers.items()
            if closed != body.topology.closed or abs(told - volume) > 1e-6 * volume
        ]

    return Case(
        f"topology, volume and inertia, {kind}, {size}",
        ours,
        agree,
        {"trimesh": trimesh, "manifold3d": manifold, "libigl": libigl},
        goals={"trimesh": 20, "manifold3d": 10, "libigl": 35},
    )


def _ours(part: Settled) -> set[tuple[int, int]]:
    met = find(part.lattice, part.faces, plant(part.lattice, part.faces))
    return {(a, b) for a, b in met.pairs.tolist()}


def _cgal(part: Settled) -> Callable[[object], Any]:
    from igl.copyleft.cgal import remesh_self_intersections

    points, faces = part.lattice.astype(np.float64), part.faces.astype(np.int64)
    return lambda _: remesh_self_intersections(points, faces, detect_only=True)[2]


def _meshlib(part: Settled) -> Callable[[object], Any]:
    from meshlib import mrmeshnumpy, mrmeshpy

    mesh = mrmeshnumpy.meshFromFacesVerts(part.faces.astype(np.int32), part.points.astype(np.float32))

    def run(_: object) -> Any:
        mesh.invalidateCaches()  # its tree is part of the work
        return mrmeshpy.findSelfCollidingTriangles(mrmeshpy.MeshPart(mesh))

    return run


def _crossings(kind: str, size: str) -> Case:
    part, bad = (solids.settled(kind, SIZES[size], planted) for planted in (False, True))

    def agree() -> Sequence[str]:
        differ = []
        for mesh in (part, bad) if size != "1M" else ():  # CGAL takes a minute there
            pairs = {tuple(sorted(p)) for p in np.asarray(_cgal(mesh)(None)).reshape(-1, 2).tolist()}
            mine = _ours(mesh)
            if mine != pairs:
                differ.append(f"{len(mine - pairs)} pairs that CGAL has not, {len(pairs - mine)} that it has and we have not")
        if not _ours(bad):
            differ.append("the planted crossing is not found")
        return differ

    theirs = {"MeshLib": _meshlib(part)}
    if size != "1M":
        theirs["CGAL"] = _cgal(part)
    found = len(_ours(bad)), len(_meshlib(bad)(None))
    return Case(
        f"self-intersection, {kind}, {size}, tree included",
        lambda _: find(part.lattice, part.faces, plant(part.lattice, part.faces)),
        agree,
        theirs,
        goals={"MeshLib": 5, **({"CGAL": 6} if size != "1M" else {})},
        note=lambda: f"of a planted crossing we find {found[0]} pairs of faces, MeshLib {found[1]}",
    )


def _full(kind: str, size: str) -> Case:
    part = solids.settled(kind, SIZES[size])
    topology = _topology(kind, size).peers["trimesh"]
    crossing = _meshlib(part)

    rays = distances.first_hits(part)

    def stack(_: object) -> object:
        return topology(None), crossing(None), rays()

    return Case(
        f"full verdict of an unseen mesh, {kind}, {size}",
        lambda _: verify([part], distances.PROCESS),
        lambda: _errors(verify([part], distances.PROCESS)),
        {"trimesh + MeshLib + Embree": stack},
        goals={"trimesh + MeshLib + Embree": 6},
        note=lambda: (
            f"{STEPS_PER_MM:,} steps a mm; walls of {distances.FINE:g} mm, gaps of {distances.GAP:g} mm; no peer says shells"
        ),
    )
