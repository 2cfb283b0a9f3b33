"""A picture in two layers: the body, which may be known from before, and the new piece in its patch, drawn over it.

Both layers are always drawn in this order and composed in the same way, so the bytes do not tell whether the body was known.
The body lacks the patch that was stamped. Where what is missing is bounded in a plane, the plain patch is filled in, and only
the window that the letters touch is drawn again; else the window of the whole piece is.
"""

from __future__ import annotations

import functools
import math
import threading
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Faces, Points
from kernels import border, camera, normals, occlusion, raster, resolve, shade, shadow

Bytes = npt.NDArray[np.uint8]
Ramps = npt.NDArray[np.uint32]
Floats = npt.NDArray[np.float32]

_SAMPLES = 2  # a side of a pixel
_MARGIN = occlusion.MARGIN
_NEAR = 0.02  # samples: nearer to the plane than this is on it
_CELL = 4.0  # samples a side of a cell of the shadow
_SHADOW_MARGIN = 12  # cells
_SHADOWS = ((0.011, 0.17, 0.02), (0.03, 0.30, 0.09))  # running mean's radius in pictures, strength, more radius by height
_NO_RIM = np.empty((0, 2), dtype=np.int32)


@dataclass(frozen=True, eq=False)
class Piece:
    """A part to draw. `pose` float64 (3, 4); rows below kept_points and kept_faces are the body's; tone (m,): of each face."""

    points: Points
    faces: Faces
    kept_points: int
    kept_faces: int
    tone: npt.NDArray[np.float64]
    pose: npt.NDArray[np.float64]
    colour: tuple[int, int, int]


@dataclass(frozen=True, eq=False)
class Drawn:
    """A body in the picture: its kept points in the world and as seen; what bounds its missing patch, and the plane of that."""

    world: Points
    seen: Points
    rim: npt.NDArray[np.int32]
    plane: npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Base:
    """The first layer, frozen. depth, light, owner: samples; picture: bytes; patches filled in."""

    camera: npt.NDArray[np.float64]
    towards: npt.NDArray[np.float64]
    bodies: tuple[Drawn, ...]
    depth: Floats
    light: Floats
    owner: Bytes
    ground: Floats
    ramps: Ramps
    picture: Bytes

    @property
    def nbytes(self) -> int:
        """What it keeps in memory."""
        own = (self.depth, self.light, self.owner, self.ground, self.ramps, self.picture)
        return sum(a.nbytes for a in own) + sum(b.world.nbytes + b.seen.nbytes for b in self.bodies)


class _Scratch(threading.local):
    """This thread's sample buffers of the last size drawn: fresh memory costs as much as filling it."""

    def __init__(self) -> None:
        self.side = 0

    def buffers(self, side: int) -> tuple[Floats, Floats, Bytes, Floats]:
        """depth, light, owner with margins, and the share of light without; their content is anything."""
        if side != self.side:
            self.side, self._held = side, (*_samples(side), np.empty((side, side), np.float32))
        return self._held


def _samples(side: int) -> tuple[Floats, Floats, Bytes]:
    shape = (side + 2 * _MARGIN, side + 2 * _MARGIN)
    return np.empty(shape, np.float32), np.empty(shape, np.float32), np.empty(shape, np.uint8)


_SCRATCH = _Scratch()


def draw_base(pieces: Sequence[Piece], size: int, *, keep: bool) -> Base:
    """The bodies of `pieces` (their kept rows) on the ground, `size` pixels square.

    Without `keep` the samples lie in this thread's scratch memory and hold only until it draws the next base.
    """
    side = _SAMPLES * size
    worlds = [_placed(p.points[: p.kept_points], p.pose) for p in pieces]
    view = np.empty(8)
    camera.aim(worlds[0] if len(worlds) == 1 else np.concatenate((np.empty((0, 3)), *worlds)), side, view)
    window = np.array((-_MARGIN, -_MARGIN, side + _MARGIN, side + _MARGIN))
    depth, light, owner, left = _SCRATCH.buffers(side)
    if keep:
        depth, light, owner = _samples(side)
    owner.fill(0)
    floor, up, towards = np.empty(3), np.empty(3), np.empty(3)
    camera.ground(view, floor, up)
    camera.direction(np.array(shade.KEY), towards)
    raster.clear(depth, floor, window)
    bodies = []
    fills = []
    for who, (piece, world) in enumerate(zip(pieces, worlds, strict=True), 1):
        seen = np.empty_like(world)
        camera.project(world, view, seen)
        body, normal = _bounded(piece, world, seen)
        corner = np.empty((piece.kept_faces, 3), np.float32)
        normals.corner_light(world, seen, piece.faces, 0, piece.kept_faces, piece.tone, body.rim, normal, corner)
        raster.rasterise(seen, piece.faces, 0, piece.kept_faces, corner, who, window, depth, light, owner)
        bodies.append(body)
        if len(body.rim) and body.plane[2] < 0.0:  # turned to the viewer: y runs down
            fills.append((body, who, shade.brightness_of(*normal)))
    for body, who, bright in fills:
        nx, ny, nz, x, y, z = body.plane.tolist()
        plane = np.array(((nx * x + ny * y + nz * z) / nz, -nx / nz, -ny / nz))
        raster.rasterise_plane(body.seen, body.rim, plane, np.float32(bright), who, window, depth, light, owner)
    ground = _ground_light(pieces, bodies, view, size)
    ramps = np.stack([ramp(p.colour) for p in pieces]) if pieces else np.empty((0, resolve.LEVELS), np.uint32)
    occlusion.light_left(depth, light, owner, towards, left)
    picture = np.empty((size, size, 3), np.uint8)
    everything = np.array((0, 0, size, size))
    resolve.resolve(light, owner, left, ground, ramps, everything, _MARGIN, picture)
    return Base(view, towards, tuple(bodies), depth, light, owner, ground, ramps, picture)


def draw_over(base: Base, pieces: Sequence[Piece]) -> Bytes:
    """base.picture with the rows of `pieces` that are not the body's drawn over it: a new array."""
    picture = base.picture.copy()
    size = picture.shape[0]
    fresh = []
    top = left = math.inf
    bottom = right = -math.inf
    for who, (piece, body) in enumerate(zip(pieces, base.bodies, strict=True), 1):
        if piece.kept_faces == len(piece.faces):
            continue
        added = _placed(piece.points[piece.kept_points :], piece.pose)
        shown = np.empty_like(added)
        camera.project(added, base.camera, shown)
        used = np.empty(piece.kept_points, np.int32)
        faces, rim = np.empty((len(piece.faces) - piece.kept_faces, 3), np.int32), np.empty_like(body.rim)
        used = used[: border.renumber(piece.faces, piece.kept_faces, piece.kept_points, body.rim, used, faces, rim)]
        seen = np.concatenate((body.seen[used], shown))
        box = np.empty(4)
        if border.piece_box(seen, faces, 0, rim, body.plane, _NEAR, box):
            fresh.append((who, faces, piece.tone[piece.kept_faces :], np.concatenate((body.world[used], added)), seen))
            top, left = min(top, float(box[0])), min(left, float(box[1]))
            bottom, right = max(bottom, float(box[2])), max(right, float(box[3]))
    window = _pixels(top, left, bottom, right, size)
    if window is None:
        return picture
    i0, j0, i1, j1 = window
    samples = np.array((2 * i0 - _MARGIN, 2 * j0 - _MARGIN, 2 * i1 + _MARGIN, 2 * j1 + _MARGIN))
    crop = np.s_[2 * i0 : 2 * i1 + 2 * _MARGIN, 2 * j0 : 2 * j1 + 2 * _MARGIN]
    depth, light, owner = base.depth[crop].copy(), base.light[crop].copy(), base.owner[crop].copy()
    raster.open_filled(owner, depth)
    for who, faces, tone, world, seen in fresh:
        corner = np.empty((len(faces), 3), np.float32)
        normals.corner_light(world, seen, faces, 0, len(faces), tone, _NO_RIM, _UP, corner)
        raster.rasterise(seen, faces, 0, len(faces), corner, who, samples, depth, light, owner)
    share = np.empty((2 * (i1 - i0), 2 * (j1 - j0)), np.float32)
    occlusion.light_left(depth, light, owner, base.towards, share)
    resolve.resolve(light, owner, share, base.ground, base.ramps, np.array(window), _MARGIN, picture)
    return picture


_UP = np.array((0.0, 0.0, 1.0))


def _placed(points: Points, pose: npt.NDArray[np.float64]) -> Points:
    world = np.empty((len(points), 3))
    camera.place(points, pose, world)
    return world


def _bounded(piece: Piece, world: Points, seen: Points) -> tuple[Drawn, npt.NDArray[np.float64]]:
    """The body with the rim of its missing patch when that lies in a plane that the viewer can tell; and its world normal."""
    seen_plane, world_plane = np.empty(6), np.empty(6)
    if piece.kept_faces < len(piece.faces):
        rim = border.border(piece.faces, piece.kept_faces, len(world))
        if (
            border.border_plane(seen, rim, seen_plane) <= _NEAR
            and border.border_plane(world, rim, world_plane) < math.inf
            and abs(seen_plane[2]) > 1e-3
        ):
            return Drawn(world, seen, rim, seen_plane), world_plane[:3].copy()
    return Drawn(world, seen, _NO_RIM, np.zeros(6)), _UP


def _ground_light(pieces: Sequence[Piece], bodies: Sequence[Drawn], view: npt.NDArray[np.float64], size: int) -> Floats:
    """(size, size): the brightness of the ground, with the shadows of the bodies."""
    cells = math.ceil(_SAMPLES * size / _CELL) + 2 * _SHADOW_MARGIN
    mask = np.zeros((cells, cells), np.float32)
    for piece, body in zip(pieces, bodies, strict=True):
        fallen = np.empty_like(body.world)
        camera.cast(body.world, view, np.array(shade.CAST), fallen)
        # The missing patch leaves a hole in one half of the surface: the other half casts the shadow.
        sides = 2 if len(body.rim) or piece.kept_faces == len(piece.faces) else 3
        shadow.cover(fallen, piece.faces, 0, piece.kept_faces, sides, _CELL, _SHADOW_MARGIN, mask)
    dark = np.zeros_like(mask)
    soft = np.empty_like(mask)
    height = max((float(b.world[:, 2].max()) for b in bodies if len(b.world)), default=0.0) - float(view[7])
    height = min(height * float(view[4]) / (_SAMPLES * size), 1.0) if math.isfinite(height) else 0.0
    for radius, strength, more in _SHADOWS:
        shadow.blur(mask, max(1, round((radius + more * height) * _SAMPLES * size / _CELL)), soft)
        dark += soft * np.float32(strength)
    ground = np.empty((size, size), np.float32)
    resolve.ground_light(dark, _SHADOW_MARGIN, _SAMPLES / _CELL, ground)
    return ground


def _pixels(top: float, left: float, bottom: float, right: float, size: int) -> tuple[int, int, int, int] | None:
    """The pixels within reach of that box of samples, inside the picture; None when there are none."""
    if not (top <= bottom and left <= right):
        return None

    def clipped(value: float) -> int:
        return math.floor(min(max(value / _SAMPLES, 0.0), float(size)))

    i0, j0 = clipped(top - _MARGIN), clipped(left - _MARGIN)
    i1, j1 = clipped(bottom + _MARGIN + _SAMPLES), clipped(right + _MARGIN + _SAMPLES)
    return (i0, j0, i1, j1) if i0 < i1 and j0 < j1 else None


@functools.lru_cache(maxsize=64)
def ramp(colour: tuple[int, int, int]) -> Ramps:
    """uint32 (LEVELS,), as `resolve` packs it: the colour at brightness 0 to 1.5, display values; above 1 it turns to white, as a sheen does."""
    bright = np.arange(resolve.LEVELS) * (1.5 / (resolve.LEVELS - 1))
    full = np.array(colour, dtype=np.float64)
    shown = np.sqrt(np.minimum(bright, 1.0))[:, None] * full
    shown += np.maximum(bright - 1.0, 0.0)[:, None] * 0.55 * (255.0 - full)
    levels = np.floor(np.clip(shown, 0.0, 255.0) + 0.5).astype(np.uint32)
    made: Ramps = levels[:, 0] | levels[:, 1] << 10 | levels[:, 2] << 20
    made.flags.writeable = False
    return made
