"""How a scanned foot stood: the plane under it, whatever rotation the scan came in.

The direction is one of those that much of the surface looks along; in each the foot is let down on its hull, and the plane is fitted
to what lies within a reach of it. The plane with most surface on it, widely scattered, is the one it stood on: a flat cut through the
leg has less of both. Heights count from that plane, not from the lowest point, which noise moves by millimetres.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.body.surface import Surface
from kernels import lattice, lying, orient

Floats = npt.NDArray[np.float64]
Int32s = npt.NDArray[np.int32]

REACH = 1.0
"""mm: what lies so near to the plane is what it is fitted to."""
CONTACT = 3.0
"""mm: how near is what counts as lying on it, when planes are compared: a foot that bore no weight is not flat."""
_STEPS_PER_MM = 1000.0  # of the lattice that directions are found on
_TRIED = 14
_APART = 0.9  # cosine: directions nearer to one another are the same try
_LOOKS = 0.94  # cosine: 20 degrees
_AGAIN = 3
_SAME, _MOST = 0.999, 5  # cosine, 2.6 degrees, and how many planes are told
_LIES = 2000.0  # mm2 of a sole on the floor
_NEARER = (0.94, 0.97, 0.985, 0.985)  # cosines
_ENOUGH = 60_000  # faces that directions are compared on


@dataclass(frozen=True, eq=False)
class Standing:
    """Points (n, 3) mm with z = 0 in the plane, and z up; `up` in the scan's frame; `score`: what planes are compared by."""

    points: Floats
    up: Floats
    score: float


def upright(surface: Surface) -> list[Standing]:
    """The planes that the surface may have stood on, the best first; none where it covers no plane at all.

    The best is nearly always the one. A foot that bore no weight, under a long leg, lies as well on its side: who reads it goes on to
    the next where what it sees is no foot.
    """
    points, faces = surface.points, surface.faces
    some = np.ascontiguousarray(faces[:: -(-len(faces) // _ENOUGH)])
    tried = [_let_down(points, some, -way) for way in ways(surface)]
    found: list[Standing] = []
    seen: list[Floats] = []
    for up, _ in sorted((t for t in tried if t is not None), key=lambda t: -t[1]):
        if len(found) < _MOST and all(up[0] * v[0] + up[1] * v[1] + up[2] * v[2] < _SAME for v in seen):
            seen.append(up)
            found.append(_again(points, faces, up))
    return sorted(found, key=lambda s: -s.score)


def on_floor(surface: Surface, up: Floats, height: float) -> Standing:
    """On a floor that is known, `height` along `up`; on its own sole, where that is seen to lie on it."""
    frame, plane, told = frame_of(up), np.array([0.0, 0.0, height]), np.empty(2)
    moved = along(surface.points, frame)
    lying.refit(moved, surface.faces, CONTACT, 0, plane, told)
    if told[lying.AREA] >= _LIES:
        return _settled(surface.points, surface.faces, up, plane)
    moved[:, 2] -= height
    return Standing(moved, up, float(told[lying.AREA]))


def along(points: Floats, frame: Floats) -> Floats:
    """The points in a frame (3, 3), whose rows are its axes."""
    moved = np.empty_like(points)
    lying.turned(points, frame[0], frame[1], frame[2], moved)
    return moved


def frame_of(up: Floats) -> Floats:
    """A right-handed frame (3, 3) with unit rows x, y and `up`."""
    side = int(np.argmin(np.abs(up)))
    x = np.zeros(3)
    x[side] = 1.0
    x = unit(x - up[side] * up)
    return np.array([x, cross(up, x), up])


def unit(v: Floats) -> Floats:
    """v (3,) at length 1."""
    scaled: Floats = v / length(v)
    return scaled


def length(v: Floats) -> float:
    """Of v (3,)."""
    return math.sqrt(v[0] * v[0] + v[1] * v[1] + v[2] * v[2])


def cross(a: Floats, b: Floats) -> Floats:
    """a x b, both (3,)."""
    return np.array([a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]])


def ways(surface: Surface) -> list[Floats]:
    """Unit vectors that much of the surface looks along, most first."""
    packed, count = _binned(surface)
    axes = np.empty((orient.AXES, 3))
    orient.spiral(axes)
    ways, told = np.concatenate([axes, -axes]), np.empty(2 * orient.AXES)
    lying.crowded(packed, count, ways, _LOOKS, told)
    found: list[Floats] = []
    for row in np.argsort(-told, kind="stable"):
        way = ways[row]
        if all(way[0] * w[0] + way[1] * w[1] + way[2] * w[2] < _APART for w in found):
            found.append(way)
            if len(found) == _TRIED or told[row] <= 0.0:
                break
    return [_sharper(packed, count, way) for way in found]


def facing(surface: Surface) -> Floats:
    """The unit vector that most of its surface looks along."""
    packed, count = _binned(surface)
    return _sharper(packed, count, unit(packed[:3, int(np.argmax(packed[3, :count]))].astype(np.float64)))


def _binned(surface: Surface) -> tuple[npt.NDArray[np.float32], int]:
    steps, packed = np.empty(surface.points.shape, np.int32), np.empty((4, orient.BINS), np.float32)
    lattice.quantise(surface.points, _STEPS_PER_MM, steps)
    return packed, orient.gather(steps, surface.faces, np.empty((orient.BINS, 3)), packed)


def _sharper(packed: npt.NDArray[np.float32], count: int, way: Floats) -> Floats:
    """Bins are degrees wide: on average what looks along `way` does so more exactly."""
    made = way.copy()
    for cosine in _NEARER:
        lying.gathered(packed, count, cosine, made)
    return made


def _let_down(points: Floats, faces: Int32s, up: Floats) -> tuple[Floats, float] | None:
    """Which way is up once it was let down in that direction, and how well it stands."""
    frame, plane, told = frame_of(up), np.empty(3), np.empty(2)
    moved = along(points, frame)
    if not _rest(moved, faces, plane):
        return None
    lying.refit(moved, faces, REACH, 3, plane, told)
    return _up(frame, plane), _score(moved, faces, plane)


def _rest(moved: Floats, faces: Int32s, plane: Floats) -> bool:
    """The plane that it comes to rest on, pressed down in the middle of what looks down; False: it covers none."""
    middle, told = np.empty(2), np.empty(2)
    if not lying.under(moved, faces, middle) or not lying.rest(moved, middle[0], middle[1], plane):
        return False
    lying.refit(moved, faces, 2.0 * REACH, 1, plane, told)
    return True


def _again(points: Floats, faces: Int32s, up: Floats) -> Standing:
    """Let down again: now that up is known, the same facet of the hull is met, whatever direction it was found from. A sole that bore no
    weight is round, and its plane is where it was begun from."""
    for left in range(_AGAIN, 0, -1):
        frame, plane = frame_of(up), np.empty(3)
        moved = along(points, frame)
        if not _rest(moved, faces, plane):
            plane[:] = 0.0, 0.0, moved[:, 2].min()
        up = _up(frame, plane) if left > 1 else up
    return _settled(points, faces, up, plane)


def _settled(points: Floats, faces: Int32s, up: Floats, plane: Floats) -> Standing:
    """On the plane that `plane`, in the frame of `up`, is refitted to."""
    frame, told = frame_of(up), np.empty(2)
    moved = along(points, frame)
    lying.refit(moved, faces, REACH, 8, plane, told)
    score = _score(moved, faces, plane)
    tilt = math.sqrt(plane[0] * plane[0] + plane[1] * plane[1] + 1.0)
    stood = along(points, frame_of(_up(frame, plane)))
    stood[:, 2] -= plane[2] / tilt
    return Standing(stood, _up(frame, plane), score)


def _score(moved: Floats, faces: Int32s, plane: Floats) -> float:
    """How well it stands on a plane: on how much, and how widely scattered."""
    told = np.empty(2)
    lying.refit(moved, faces, CONTACT, 0, plane.copy(), told)
    return float(told[lying.AREA] * np.sqrt(told[lying.SPREAD]))


def _up(frame: Floats, plane: Floats) -> Floats:
    """The unit normal of a plane in this frame."""
    return unit(frame[2] - plane[0] * frame[0] - plane[1] * frame[1])
