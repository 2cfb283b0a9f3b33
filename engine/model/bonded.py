"""Parts that are bonded: which of a product's parts are one on the bed, and what they look like from outside as one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from engine.model.mesh import Faces, Lattice, Part, Settled


def groups(parts: Sequence[Part]) -> tuple[tuple[int, ...], ...]:
    """Rows of the parts that hang together by `bonded`, each group in its order, the groups by their first part."""
    group = list(range(len(parts)))
    for at, part in enumerate(parts):
        for other, named in enumerate(parts):
            if named.name in part.bonded and group[at] != group[other]:
                group = [group[at] if g == group[other] else g for g in group]
    return tuple(tuple(at for at, of in enumerate(group) if of == g) for g in dict.fromkeys(group))


def settled_groups(parts: Sequence[Settled]) -> tuple[tuple[int, ...], ...]:
    """`groups` of settled parts."""
    return groups([settled.part for settled in parts])


def in_one_mesh(parts: Sequence[Settled]) -> Settled:
    """One after the other in one mesh, named like the first: each part's faces are one run of rows, no point is shared."""
    first = parts[0]
    if len(parts) == 1:
        return first
    starts = np.cumsum([0, *(len(p.lattice) for p in parts[:-1])])
    faces = np.concatenate([p.faces + np.int32(start) for p, start in zip(parts, starts, strict=True)])
    return replace(first, lattice=np.concatenate([p.lattice for p in parts]), faces=faces)


def outside(parts: Sequence[Settled]) -> tuple[Lattice, Faces]:
    """Points and faces of the parts as one body: two faces of the same three places that look at each other are left out.

    Exact where bonded parts share their faces' triangles, as an inlay and its pocket do; others keep both faces.
    """
    whole = in_one_mesh(parts)
    if len(parts) == 1:
        return whole.lattice, whole.faces
    places, names = np.unique(whole.lattice, axis=0, return_inverse=True)
    corners = names.reshape(-1)[whole.faces].astype(np.int64)
    lead = corners.argmin(axis=1)
    turned = corners[np.arange(len(corners))[:, None], (lead[:, None] + np.arange(3)) % 3]  # least first, the same way round
    n = len(places)
    key = (turned[:, 0] * n + turned[:, 1]) * n + turned[:, 2]
    facing = (turned[:, 0] * n + turned[:, 2]) * n + turned[:, 1]
    return places, np.ascontiguousarray(corners[~np.isin(key, facing)].astype(np.int32))
