"""Is every closed surface the boundary of material: 1 behind its faces, 0 before them? (Winding numbers; notes of `kernels.shells`.)"""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum, auto

import numpy as np

from engine.verify.anatomy import Anatomy, Int32s
from engine.verify.crossings import Crossings
from engine.verify.tree import Tree
from kernels import shells as kernel

TRIED = 64
"""At most the corners of so many faces of a shell are tried for one that lies on no other shell."""


class Kind(Enum):
    """What a shell is."""

    SOLID = auto()
    CAVITY = auto()
    INVERTED = auto()
    NESTED = auto()
    OVERLAPPING = auto()
    FLAT = auto()


def kinds(body: Anatomy, trees: Sequence[Tree], crossings: Crossings) -> list[Kind] | None:
    """One a shell; None when the part is not closed, so that there is no inside. `trees`: of all faces together.

    A shell that crosses another is OVERLAPPING, and so is one all of whose points lie on others.
    """
    shape, sizes = body.topology, body.mass
    if shape is None or sizes is None or not shape.closed:
        return None
    signs = [(v > 0) - (v < 0) for v in sizes.six_volumes]
    if shape.shells == 1:
        return [_named(signs[0], 0)]
    overlapping = _overlapping(shape.shell, crossings)
    told = []
    for s, points in enumerate(_points(body)):
        if s in overlapping:
            told.append(Kind.OVERLAPPING)
            continue
        rounds = (_others(body, shape.shell, trees, p, s) for p in points)
        others = next((r for r in rounds if r is not None), None)
        told.append(Kind.OVERLAPPING if others is None else _named(signs[s], others))
    return told


def _others(body: Anatomy, shell: Int32s, trees: Sequence[Tree], point: int, own: int) -> int | None:
    """How often the other shells wind round a point; None where it lies on one."""
    stack = np.empty(kernel.STACK, dtype=np.int64)
    told = 0
    for tree in trees:
        rounds = kernel.others_round(body.lattice, body.faces, shell, tree.order, tree.levels, tree.boxes, point, own, stack)
        if rounds == kernel.ON_A_FACE:
            return None
        told += int(rounds)
    return told


def _named(sign: int, others: int) -> Kind:
    """By the sign of the shell's volume and how often all others wind round it."""
    if sign == 0:
        return Kind.FLAT
    if sign > 0:
        return Kind.SOLID if others == 0 else Kind.NESTED
    return Kind.CAVITY if others == 1 else Kind.INVERTED


def _overlapping(shell: Int32s, crossings: Crossings) -> set[int]:
    """Shells with a face that crosses or overlaps one of another shell, or that touches it."""
    both = shell[crossings.pairs]
    return set(np.unique(both[(both[:, 0] != both[:, 1]) & crossings.crosses]).tolist())


def _points(body: Anatomy) -> Sequence[list[int]]:
    """The corners of the first faces of each shell, each once."""
    shape = body.topology
    assert shape is not None
    rank = np.argsort(shape.shell, kind="stable")
    starts = np.searchsorted(shape.shell[rank], np.arange(shape.shells + 1))
    found = []
    for s in range(shape.shells):
        rows = rank[starts[s] : min(starts[s + 1], starts[s] + TRIED)]
        found.append(list(dict.fromkeys(body.faces[rows].ravel().tolist())))
    return found
