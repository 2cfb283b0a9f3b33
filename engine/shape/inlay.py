"""An inlay: a pocket in a planar patch, and the part that fills it, flush, without overlap or gap.

The pocket is a stamp. Its floor and its sides, turned round, are the inlay's foot and sides, and its floor's triangles, lifted to
the patch, are the inlay's top: on the lattice both have the same points, so what they share is the same triangles.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import numpy as np

from engine.model.mesh import Mesh, Patch, Role
from engine.model.outline import Outline
from engine.shape.stamp import Stamped, stamp

_TURNED = (0, 2, 1)


def inlay(
    mesh: Mesh, patches: Mapping[str, Patch], on: str, outline: Outline, depth: float, *, margin: float = 0.0
) -> tuple[Stamped, Stamped]:
    """(the body with its pocket, as `stamp` engraves it; the part that fills it, with patches top, foot and sides).

    Raises what `stamp` raises; ValueError for an outline without a loop, and for a patch that lies in no plane of the lattice:
    the pocket's corners are rounded there, and no part would fill it exactly.
    """
    if not len(outline.points):
        raise ValueError("nothing to let in: the outline has no loop")
    pocketed = stamp(mesh, patches, on, outline, depth, margin=margin)
    if pocketed.mesh.kept is None:
        raise ValueError(f"patch {on!r} lies in no plane of the lattice: nothing can be let in flush")
    floor, sides = (patch for name, patch in pocketed.patches.items() if name not in patches)
    points, faces, n = pocketed.mesh.points, pocketed.mesh.faces, len(outline.points)
    # the stamp's points are the last: the rim's, then the floor's in the same order
    foot = faces[floor.faces] - np.int32(len(points) - 2 * n)
    walls = faces[sides.faces] - np.int32(len(points) - 2 * n)
    made = np.concatenate((foot - np.int32(n), foot[:, _TURNED], walls[:, _TURNED]))
    rows = np.split(np.arange(len(made), dtype=np.int32), (len(foot), 2 * len(foot)))
    named = {
        "top": Patch("top", rows[0], patches[on].plane, Role.INLAY),
        "foot": Patch("foot", rows[1], None, Role.INLAY),
        "sides": Patch("sides", rows[2], None, Role.EMBOSSING),
    }
    body = Mesh(np.ascontiguousarray(points[-2 * n :]), made)
    return pocketed, Stamped(body, MappingProxyType(named))
