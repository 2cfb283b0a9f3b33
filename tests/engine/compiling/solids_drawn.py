"""Small maps of solids without CAD: polyhedra as `Drawn`, numbered in any order."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.doors.cad_map import Drawn

Loop = Sequence[int]
BLOCK = [(0, 3, 2, 1), (4, 5, 6, 7), (0, 1, 5, 4), (1, 2, 6, 5), (2, 3, 7, 6), (3, 0, 4, 7)]
CORNERS = [(x, y, z) for z in (0, 1) for x, y in ((0, 0), (1, 0), (1, 1), (0, 1))]


def solid(
    points: Sequence[Sequence[float]],
    faces: Sequence[Sequence[Loop]],
    *,
    curves: dict[frozenset[int], int] | None = None,
    surfaces: Sequence[int] | None = None,
    seed: int | None = None,
) -> Drawn:
    """Faces are loops of corners, outer ones first, counter-clockwise from outside. `seed`: all are numbered in another order."""
    draw = np.random.default_rng(seed)
    n = len(points)
    vertex = np.arange(n) if seed is None else draw.permutation(n)
    named = sorted({frozenset((loop[k - 1], loop[k])) for face in faces for loop in face for k in range(len(loop))}, key=sorted)
    place = np.arange(len(named)) if seed is None else draw.permutation(len(named))
    edge_of = {e: int(place[k]) for k, e in enumerate(named)}
    turned = np.zeros(len(named), bool) if seed is None else draw.random(len(named)) < 0.5
    order = list(range(len(faces))) if seed is None else draw.permutation(len(faces)).tolist()
    edge: list[int] = []
    sense: list[int] = []
    face: list[int] = []
    loop: list[int] = []
    following: list[int] = []
    start: list[int] = []
    loops = 0
    for number, old in enumerate(order):
        for corners in faces[old]:
            shift = 0 if seed is None else int(draw.integers(len(corners)))
            corners = [*corners[shift:], *corners[:shift]]
            first = len(edge)
            for a, b in zip(corners, [*corners[1:], corners[0]], strict=True):
                at = edge_of[frozenset((a, b))]
                edge.append(at)
                sense.append(1 if (a < b) != bool(turned[at]) else -1)
                face.append(number)
                loop.append(loops)
                start.append(int(vertex[a]))
            following += [*range(first + 1, len(edge)), first]
            loops += 1
    middles = np.zeros((len(named), 3))
    kinds = np.zeros(len(named), np.int32)
    for e, at in edge_of.items():
        middles[at] = np.mean([points[k] for k in e], axis=0)
        kinds[at] = (curves or {}).get(e, 0)
    twin = np.full(len(edge), -1, np.int32)
    for half, at in enumerate(edge):
        (other,) = [k for k, o in enumerate(edge) if o == at and k != half]
        twin[half] = other
    vertices = np.zeros((n, 3))
    vertices[vertex] = points
    return Drawn(
        *(np.array(a, np.int32) for a in (edge, sense, face, loop, following)), twin, np.array(start, np.int32), kinds, middles,
        np.array([(surfaces or [0] * len(faces))[old] for old in order], np.int32),
        np.array([len(faces[old]) for old in order], np.int32), vertices,
    )  # fmt: skip


def block(size: Sequence[float] = (3.0, 2.0, 1.0), *, seed: int | None = None, mirror: bool = False, **kinds: object) -> Drawn:
    """A block."""
    points = np.array(CORNERS, float) * size * ([-1, 1, 1] if mirror else [1, 1, 1])
    faces = [[f[::-1] if mirror else f] for f in BLOCK]
    return solid(points.tolist(), faces, seed=seed, **kinds)  # type: ignore[arg-type]


def plate(holes: Sequence[float], *, seed: int | None = None) -> Drawn:
    """A plate, 20 by 4 by 1, with square holes of side 1 through it, their middles at these x."""
    points = (np.array(CORNERS, float) * (20.0, 4.0, 1.0)).tolist()
    faces: list[list[Loop]] = [[f] for f in BLOCK]
    for x in holes:
        k = len(points)
        points += [(x + dx - 0.5, 1.5 + dy, z) for z in (0.0, 1.0) for dx, dy in ((0, 0), (1, 0), (1, 1), (0, 1))]
        low, high = [k + j for j in range(4)], [k + 4 + j for j in range(4)]
        faces[0].append(low)
        faces[1].append(high[::-1])
        faces += [[(low[j], high[j], high[(j + 1) % 4], low[(j + 1) % 4])] for j in range(4)]
    return solid(points, faces, seed=seed)
