"""Which edge of one body is which of another: a walk from half-edge to half-edge, never by OCCT's own order.

Two maps match where every step (the next edge of a loop, the other side of an edge) leads to the same place in both, and kinds of
curves and surfaces agree; but OCCT gives the curve in which two surfaces meet as a spline wherever it knows no plainer one, so a
spline may be a line or an arc in another body. The walk crosses edges; where a face has several loops, the next loop to enter is the one whose edges
lie where they are predicted. Several starts are tried, nearest to the prediction first: both sides of an edge are as near, and a
block turned half round about an edge's middle is a block again, so the match whose edges all lie nearest is the one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors.cad_map import Drawn, Match

Floats = npt.NDArray[np.float64]

OTHERWISE = "its edges meet in another way"
SPLINE = 6
"""OCCT's number of a B-spline curve."""
STARTS = 48
"""So many half-edges are tried as the first one's counterpart."""


def match(reference: Drawn, other: Drawn, predicted: Floats, start: int = 0) -> Match | str:
    """The match of a body to a reference, or why there is none. `predicted` (e, 3): where the reference's edges' middles should be.

    `start`: the half-edge of the reference that the walk begins at.
    """
    if (why := unlike(reference, other)) is not None:
        return why
    if not alike(np.sort(reference.curves), np.sort(other.curves)).all() and not _splines(reference, other):
        return f"other kinds of {_WORDS['curves']} than the reference"
    edge = int(reference.edge[start])
    away = ((other.middles[other.edge] - predicted[edge]) ** 2).sum(axis=1)
    same = alike(other.curves[other.edge], reference.curves[edge]) & (
        other.surfaces[other.face] == reference.surfaces[reference.face[start]]
    )
    order = np.argsort(np.where(same, away, np.inf), kind="stable")[:STARTS]
    best: tuple[float, Match] | None = None
    for candidate in order.tolist():
        if not same[candidate] or (best is not None and away[candidate] >= best[0]):
            break  # a start's own edge lies so far off already: no walk from it, or from those after it, lies nearer
        found = _walk(reference, other, predicted, start, candidate)
        if found is None:
            continue
        off = float(((other.middles[found.edge] - predicted) ** 2).sum())
        if best is None or off < best[0]:
            best = (off, found)
    return best[1] if best is not None else OTHERWISE


def unlike(reference: Drawn, other: Drawn) -> str | None:
    """Why there can be no match, if that is seen without looking for one: parts of other numbers, or faces of other kinds."""
    for what in ("edge", "curves", "surfaces", "vertices"):
        one, two = len(getattr(reference, what)), len(getattr(other, what))
        if one != two:
            return f"{two} {_WORDS[what]} where the reference has {one}"
    if not np.array_equal(np.sort(reference.surfaces), np.sort(other.surfaces)):
        return f"other kinds of {_WORDS['surfaces']} than the reference"
    return None


def alike(curves: npt.NDArray[np.int32], others: Any) -> npt.NDArray[np.bool_]:
    """Of kinds of curves, which may be those of one edge in two bodies. An edge without a curve, at a pole, is one in both."""
    spline = ((curves == SPLINE) | (others == SPLINE)) & (curves >= 0) & (others >= 0)
    return np.asarray((curves == others) | spline)


def _splines(reference: Drawn, other: Drawn) -> bool:
    """May all kinds of curves that one of them has more of be splines in the other?"""
    kinds = np.union1d(reference.curves, other.curves)
    more = np.array([(reference.curves == k).sum() - (other.curves == k).sum() for k in kinds.tolist() if k != SPLINE])
    poles = (reference.curves < 0).sum() == (other.curves < 0).sum()
    room = [int((m.curves == SPLINE).sum()) for m in (other, reference)]
    return bool(poles and more[more > 0].sum() <= room[0] and -more[more < 0].sum() <= room[1])


_WORDS = {"edge": "half-edges", "curves": "edges", "surfaces": "faces", "vertices": "corners"}


def _walk(reference: Drawn, other: Drawn, predicted: Floats, start: int, candidate: int) -> Match | None:
    half = np.full(len(reference.edge), -1, dtype=np.int32)
    taken = np.zeros(len(reference.edge), dtype=bool)
    r_next, o_next = reference.following.tolist(), other.following.tolist()
    r_twin, o_twin = reference.twin.tolist(), other.twin.tolist()
    r_kind, o_kind = reference.curves[reference.edge].tolist(), other.curves[other.edge].tolist()
    r_surface, o_surface = reference.surfaces[reference.face].tolist(), other.surfaces[other.face].tolist()
    faces: dict[int, int] = {}
    loops: dict[int, int] = {}
    r_face, o_face, r_loop, o_loop = reference.face.tolist(), other.face.tolist(), reference.loop.tolist(), other.loop.tolist()
    waiting = [(start, candidate)]
    while True:
        while waiting:
            a, b = waiting.pop()
            if half[a] >= 0:
                if half[a] != b:
                    return None
                continue
            if taken[b] or r_surface[a] != o_surface[b]:
                return None
            if r_kind[a] != o_kind[b] and (SPLINE not in (r_kind[a], o_kind[b]) or min(r_kind[a], o_kind[b]) < 0):
                return None
            if faces.setdefault(r_face[a], o_face[b]) != o_face[b] or loops.setdefault(r_loop[a], o_loop[b]) != o_loop[b]:
                return None
            half[a], taken[b] = b, True
            waiting.append((r_next[a], o_next[b]))
            if (r_twin[a] == a) != (o_twin[b] == b):
                return None
            waiting.append((r_twin[a], o_twin[b]))
        missing = np.flatnonzero(half < 0)
        if not len(missing):
            break
        entered = _enter(reference, other, predicted, half, taken, faces)
        if entered is None:
            return None
        waiting.append(entered)
    return _match(reference, other, half)


def _enter(
    reference: Drawn,
    other: Drawn,
    predicted: Floats,
    half: npt.NDArray[np.int32],
    taken: npt.NDArray[np.bool_],
    faces: dict[int, int],
) -> tuple[int, int] | None:
    """The nearest pair of half-edges, by prediction, of a loop not yet entered in a face that is matched."""
    best: tuple[float, int, int] | None = None
    for mine, yours in faces.items():
        a = np.flatnonzero((reference.face == mine) & (half < 0))
        b = np.flatnonzero((other.face == yours) & ~taken)
        if not len(a) or not len(b):
            continue
        off = ((predicted[reference.edge[a]][:, None] - other.middles[other.edge[b]][None]) ** 2).sum(axis=2)
        off[~alike(reference.curves[reference.edge[a]][:, None], other.curves[other.edge[b]][None])] = np.inf
        at = int(np.argmin(off))
        i, j = divmod(at, len(b))
        if np.isfinite(off[i, j]) and (best is None or off[i, j] < best[0]):
            best = (float(off[i, j]), int(a[i]), int(b[j]))
    return None if best is None else best[1:]


def _match(reference: Drawn, other: Drawn, half: npt.NDArray[np.int32]) -> Match | None:
    edge = np.full(len(reference.curves), -1, dtype=np.int32)
    vertex = np.full(len(reference.vertices), -1, dtype=np.int32)
    turned = np.zeros(len(edge), dtype=bool)
    edge[reference.edge] = other.edge[half]
    turned[reference.edge] = reference.sense != other.sense[half]
    vertex[reference.start] = other.start[half]
    if not np.array_equal(edge[reference.edge], other.edge[half]) or not np.array_equal(
        vertex[reference.start], other.start[half]
    ):
        return None
    if len(np.unique(vertex)) != len(vertex) or vertex.min() < 0:
        return None
    return Match(half, edge, turned, vertex)
