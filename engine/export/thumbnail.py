"""The picture of a product: lying on white ground under a soft light, drawn without GL; same parts, same bytes, anywhere.

A body that is known from before (`Mesh.kept`) is drawn once and kept in memory, up to a limit; a new name costs its own window.
"""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Hashable, Sequence

import numpy as np
import numpy.typing as npt

from engine.errors import EngineFault
from engine.export import png
from engine.export.studio import Base, Piece, draw_base, draw_over
from engine.model.mesh import Part, Pose, Role, Settled

SIZES = (16, 1024)
"""The smallest and the largest picture, pixels."""

_TONES = {
    Role.ENGRAVING: 0.58,
    Role.EMBOSSING: 1.07,
}  # a letter's faces, not its sides: a floor lies in half shade, a raised face in light
_CURVED = re.compile(r"\.floor(\.\d+)?$")  # on a curved patch they have no plane to be told by, but the stamp's name
_KEEP_BYTES = 64_000_000
_ASKED = 1000
_COLOUR = re.compile(r"#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})")
_MOST_PARTS = 127
_AS_DRAWN = Pose()


class _Shelf:
    """Bases by what they show, the oldest use dropped first when they take more than the limit.

    A body is kept when it is asked for the second time: one that serves a single order is not worth the memory.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._bases: OrderedDict[Hashable, Base] = OrderedDict()
        self._bytes = 0
        self._asked: OrderedDict[Hashable, None] = OrderedDict()

    def get(self, key: Hashable) -> Base | None:
        with self._lock:
            base = self._bases.get(key)
            if base is not None:
                self._bases.move_to_end(key)
            return base

    def asked_before(self, key: Hashable) -> bool:
        """Was this question put before, among the last thousand keys? It is noted now."""
        with self._lock:
            known = key in self._asked
            self._asked[key] = None
            self._asked.move_to_end(key)
            if len(self._asked) > _ASKED:
                self._asked.popitem(last=False)
            return known

    def put(self, key: Hashable, base: Base) -> None:
        with self._lock:
            if key in self._bases or base.nbytes > self._limit:
                return
            self._bases[key] = base
            self._bytes += base.nbytes
            while self._bytes > self._limit:
                self._bytes -= self._bases.popitem(last=False)[1].nbytes

    def clear(self) -> None:
        with self._lock:
            self._bases.clear()
            self._asked.clear()
            self._bytes = 0


_SHELF = _Shelf(_KEEP_BYTES)


def thumbnail(parts: Sequence[Settled], size: int = 256) -> bytes:
    """The PNG of `picture`."""
    return png.write(picture(parts, size))


def picture(parts: Sequence[Settled], size: int = 256) -> npt.NDArray[np.uint8]:
    """uint8 (size, size, 3), sRGB: the parts in their `shown` pose (as drawn without one), seen from above the near edge.

    Faces that cannot be drawn (an index out of range, a point that is no number) are left out: `verify` names them. No part: white.
    ValueError for a size outside SIZES; EngineFault for a colour that is not #rrggbb, or more than 127 parts.
    """
    if not SIZES[0] <= size <= SIZES[1]:
        raise ValueError(f"a picture is {SIZES[0]} to {SIZES[1]} pixels wide, not {size}")
    if len(parts) > _MOST_PARTS:
        raise EngineFault(f"a picture shows at most {_MOST_PARTS} parts, not {len(parts)}")
    pieces = [_piece(settled.part) for settled in parts]
    key = _key(parts, pieces, size)
    base = None if key is None else _SHELF.get(key)
    if base is None:
        keep = key is not None and _SHELF.asked_before(key)
        base = draw_base(pieces, size, keep=keep)
        if keep:
            _SHELF.put(key, base)
    return draw_over(base, pieces)


def forget() -> None:
    """Drop every kept body."""
    _SHELF.clear()


def _piece(part: Part) -> Piece:
    mesh = part.mesh
    pose = part.poses.get("shown", _AS_DRAWN)
    rows = [(*turn, shift) for turn, shift in zip(pose.rotation, pose.translation, strict=True)]
    match = _COLOUR.fullmatch(part.colour)
    if match is None:
        raise EngineFault(f"part {part.name}: a colour is #rrggbb, not {part.colour!r}")
    colour = (int(match[1], 16), int(match[2], 16), int(match[3], 16))
    faces, kept = mesh.faces, mesh.kept
    points_kept, faces_kept = (len(mesh.points), len(faces)) if kept is None else (kept.points, kept.faces)
    sound = _within(faces[:faces_kept], points_kept)
    if not (sound and _within(faces[faces_kept:], len(mesh.points))) and not _within(faces, len(mesh.points)):
        faces = np.ascontiguousarray(faces[np.all((faces >= 0) & (faces < len(mesh.points)), axis=1)])
        return Piece(mesh.points, faces, len(mesh.points), len(faces), np.ones(len(faces)), np.array(rows), colour)
    if not sound:
        raise EngineFault(f"part {part.name}: faces of the kept body use points that are not kept")
    tone = np.ones(len(faces))
    for patch in part.patches.values():
        if patch.role in _TONES and (patch.plane is not None or _CURVED.search(patch.name)):
            tone[patch.faces] = _TONES[patch.role]
    return Piece(mesh.points, faces, points_kept, faces_kept, tone, np.array(rows), colour)


def _within(faces: npt.NDArray[np.int32], points: int) -> bool:
    """Is every index one of a point?"""
    return not len(faces) or 0 <= int(faces.min()) <= int(faces.max()) < points


def _key(parts: Sequence[Settled], pieces: Sequence[Piece], size: int) -> Hashable | None:
    """What the base shows; None when a body has no name, so that it cannot be known again."""
    key: list[Hashable] = [size]
    for settled, piece in zip(parts, pieces, strict=True):
        kept = settled.part.mesh.kept
        if kept is None:
            return None
        tone = piece.tone[: piece.kept_faces]
        toned = b"" if tone.min(initial=1.0) == 1.0 else tone.tobytes()
        whole = piece.kept_faces == len(piece.faces)
        key.append((kept.key, kept.points, kept.faces, whole, piece.colour, piece.pose.tobytes(), toned))
    return tuple(key)
