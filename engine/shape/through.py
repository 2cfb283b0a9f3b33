"""Cut an outline through a wall: from one planar patch to the parallel one behind it, exactly on the lattice.

Both patches' triangles are replaced by what is left of them, and walls join the two rims; nothing else of the body is touched.
Where either patch is curved, `engine.shape.pierce` does the same along the normals of the first.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from engine.errors import EngineFault
from engine.model.mesh import STEPS_PER_MM, Mesh, Patch, Role
from engine.model.outline import Outline
from engine.shape.ground import Ground, prepare
from engine.shape.pierce import pierced
from engine.shape.stamp import OffPatch, Stamped, left_of
from kernels.prism import prism


def cut_through(mesh: Mesh, patches: Mapping[str, Patch], on: str, behind: str, outline: Outline) -> Stamped:
    """`outline` (in the frame of patch `on`) cut out from `on` to `behind`, which looks the other way. An empty one changes nothing.

    The new walls are the patch `on`.through (a second cut's are `on`.through.2...). OffPatch where the outline leaves either
    patch; ValueError where the two are no such pair, or lie in no plane of the lattice; TooCurved, BadOutline as `stamp`.
    """
    if not len(outline.points):
        return Stamped(mesh, patches)
    first = prepare(mesh, patches, on)
    walls = _new_name(f"{on}.through", patches)
    if behind in patches and (first.bent is not None or patches[behind].surface is not None):
        pierced_mesh, made = pierced(first, behind, outline, walls)
        return Stamped(pierced_mesh, MappingProxyType(made))
    cap = left_of(first, outline)
    deep = _depth(first, patches, behind)
    n, old, kept = len(outline.points), len(first.points), len(first.faces)
    points, faces = np.empty((old + 2 * n, 3)), np.empty((kept + len(cap) + 2 * n, 3), np.int32)
    points[:old], faces[:kept] = first.points, first.faces
    at = kept + len(cap)
    rows = np.concatenate((first.rows, np.arange(old, old + n, dtype=np.int32)))
    faces[kept:at] = rows[cap]
    prism(outline.points, outline.ends, first.frame, 0.0, -deep, STEPS_PER_MM, points, old, faces, at)
    named = first.left(first.others, np.arange(kept, at, dtype=np.int32))
    named[walls] = Patch(walls, np.arange(at, len(faces), dtype=np.int32), None, Role.OPENING)
    return _closed(Mesh(points, faces), MappingProxyType(named), first, behind, outline)


def can_cut(mesh: Mesh, patches: Mapping[str, Patch], on: str, behind: str, outline: Outline) -> bool:
    """Does the outline lie on both patches?"""
    try:
        cut_through(mesh, patches, on, behind, outline)
    except OffPatch:
        return False
    return True


def _closed(open_mesh: Mesh, named: Mapping[str, Patch], first: Ground, behind: str, outline: Outline) -> Stamped:
    """The second patch less the outline: its points are the mesh's last, as the walls have them."""
    second = prepare(open_mesh, named, behind)
    if not second.exact:
        raise ValueError(f"patch {behind!r} lies in no plane of the lattice: nothing is cut through to it")
    n = len(outline.points)
    lattice = np.rint(second.points[-n:] * STEPS_PER_MM).astype(np.int64) - second.frame[0].astype(np.int64)
    flat = [sum(lattice[:, k] * int(axis[k]) for k in range(3)) for axis in second.frame[1:3]]
    # seen from behind loops run the other way round: each is turned, in its place
    turn = np.concatenate(
        [np.arange(end - 1, start - 1, -1) for start, end in zip((0, *outline.ends), outline.ends, strict=False)]
    )
    seen = Outline(np.stack(flat, axis=1)[turn], outline.ends)
    cap = left_of(second, seen)
    rows = np.concatenate((second.rows, (len(second.points) - n + turn).astype(np.int32)))
    faces = np.concatenate((second.faces, rows[cap]))
    made = second.left(second.others, np.arange(len(second.faces), len(faces), dtype=np.int32))
    return Stamped(Mesh(second.points, faces, second.kept), MappingProxyType(made))


def _depth(first: Ground, patches: Mapping[str, Patch], behind: str) -> int:
    """Steps from the first patch to the one behind it."""
    if behind not in patches:
        raise ValueError(f"no patch {behind!r} to cut through to; there is {', '.join(sorted(patches))}")
    mine, plane = first.plane, patches[behind].plane
    facing = mine and plane and all(a + b == 0.0 for a, b in zip(plane.normal, mine.normal, strict=True))
    if mine is None or plane is None or not first.exact or not facing:
        raise ValueError(f"patches {first.name!r} and {behind!r} are not the two faces of a wall in planes of the lattice")
    away = [(o * STEPS_PER_MM - a) * n for o, a, n in zip(plane.origin, first.frame[0], mine.normal, strict=True)]
    deep = -round(float(sum(away)))
    if deep < 1:
        raise ValueError(f"patch {behind!r} does not lie behind {first.name!r}")
    return deep


def _new_name(name: str, patches: Mapping[str, Patch]) -> str:
    number = 1
    while (name if number == 1 else f"{name}.{number}") in patches:
        number += 1
        if number > len(patches) + 1:
            raise EngineFault(f"no name is left for {name}")
    return name if number == 1 else f"{name}.{number}"
