"""A name into the outside of a tube: ours against manifold3d's own way, a prism refined, warped round the axis, and taken away.

Both start from the same mesh of the tube, chords within 6 um, and the same outline, and end with arrays. The volumes that they take
away may differ by what the tube's chords cut off; floors are compared with the true cylinder.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from benchmarks.harness import Case
from engine.model.mesh import STEPS_PER_MM, Mesh, Patch
from engine.model.outline import Outline
from engine.model.surface import CYLINDER, PIECE, Surface
from engine.shape.stamp import stamp
from engine.shape.text import outline

Floats = npt.NDArray[np.float64]
NAMES = ("Maximilian", "Zoë", "Łukasz", "Владимир", "Ελένη", "Charlotte", "Sébastien", "José", "Anna & Bob", "8Bo")
RADIUS, BORE, TALL, DEPTH, SIDES = 25.0, 21.0, 30.0, 0.6, 144
PIECE_MM = 1.0
"""Edges of the warped prism: chords within 5 um of the cylinder, as ours."""
FLOOR_MM = 0.02
CHORD_MM = 0.004
"""The mean height by which the tube's chords miss its surface: ours puts points between them, on the surface, beside the name."""


@functools.cache
def tube() -> tuple[Mesh, Mapping[str, Patch]]:
    """A tube about z on the lattice, its outside a patch of a known cylinder."""
    angle = 2.0 * np.pi * np.arange(SIDES) / SIDES
    ring = np.stack((np.cos(angle), np.sin(angle)), axis=1)
    profile = ((RADIUS, -TALL / 2), (RADIUS, TALL / 2), (BORE, TALL / 2), (BORE, -TALL / 2))
    points = np.concatenate([np.column_stack((ring * r, np.full(SIDES, z))) for r, z in profile])
    k, rows = np.arange(SIDES), []
    for row in range(4):
        a, b = row * SIDES + k, row * SIDES + (k + 1) % SIDES
        c, d = (a + SIDES) % len(points), (b + SIDES) % len(points)
        rows += [np.stack((a, b, d), axis=1), np.stack((a, d, c), axis=1)]
    mesh = Mesh(np.rint(points * STEPS_PER_MM) / STEPS_PER_MM, np.concatenate(rows).astype(np.int32))
    piece = np.zeros((1, PIECE))
    piece[0, :3], piece[0, 17] = (CYLINDER, 1.0, RADIUS), 1.0
    piece[0, 8:17] = 0.0, -1.0, 0.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0
    own = np.arange(2 * SIDES, dtype=np.int32)
    surface = Surface(piece, np.zeros(len(own), np.int32), np.zeros((2, 2, 4, 3)))
    return mesh, {"outside": Patch("outside", own, surface=surface)}


@functools.cache
def _solid() -> Any:
    from manifold3d import Manifold, Mesh64

    mesh, _ = tube()
    return Manifold(Mesh64(np.array(mesh.points), np.array(mesh.faces, np.uint64)))


def ours(letters: Outline) -> tuple[Floats, npt.NDArray[np.int32]]:
    """The tube with the name in it."""
    mesh, patches = tube()
    made = stamp(mesh, patches, "outside", letters, DEPTH).mesh
    return made.points, made.faces


def warped(letters: Outline) -> tuple[Floats, npt.NDArray[np.int32]]:
    """The same by manifold3d alone."""
    from manifold3d import CrossSection, FillRule, Manifold

    starts = [0, *letters.ends[:-1].tolist()]
    loops = [letters.points[a:b] / STEPS_PER_MM for a, b in zip(starts, letters.ends.tolist(), strict=True)]
    prism = Manifold.extrude(CrossSection(loops, FillRule.NonZero), DEPTH + 0.1).translate((0.0, 0.0, -DEPTH))

    def round_it(points: Floats) -> Floats:
        angle, out = points[:, 0] / RADIUS, RADIUS + points[:, 2]
        return np.stack((out * np.sin(angle), -out * np.cos(angle), points[:, 1]), axis=1)

    made = (_solid() - prism.refine_to_length(PIECE_MM).warp_batch(round_it)).to_mesh64()
    return np.asarray(made.vert_properties)[:, :3], np.asarray(made.tri_verts).astype(np.int32)


def _volume(points: Floats, faces: npt.NDArray[np.int32]) -> float:
    a, b, c = (points[faces[:, i]] for i in range(3))
    return float((a * np.cross(b, c)).sum() / 6.0)


def _agree() -> Sequence[str]:
    wrong = []
    mesh, _ = tube()
    whole = _volume(mesh.points, mesh.faces)
    for name in NAMES[:4]:
        letters = _letters(name)
        gone = [whole - _volume(*way(letters)) for way in (ours, warped)]
        width = letters.bounds[2] - letters.bounds[0]
        if abs(gone[0] - gone[1]) > CHORD_MM * width * TALL:
            wrong.append(f"{name}: {gone[0]:.3f} and {gone[1]:.3f} mm3 taken away")
        for way in (ours, warped):
            points, faces = way(letters)
            out = np.hypot(points[:, 0], points[:, 1])
            deep = (np.abs(out - (RADIUS - DEPTH)) < FLOOR_MM)[faces].all(axis=1)
            middles = points[faces[deep]].mean(axis=1)
            off = np.abs(np.hypot(middles[:, 0], middles[:, 1]) - (RADIUS - DEPTH))
            if off.max() > FLOOR_MM:
                wrong.append(f"{name}: the floor of {way.__name__} is off by {1000.0 * off.max():.1f} um")
    return wrong


@functools.cache
def _letters(name: str) -> Outline:
    return outline(name, font="roboto-bold", height=8.0)


def case() -> Case:
    """The row: names in turn."""
    tube()
    _solid()
    letters = [_letters(name) for name in NAMES]
    return Case(
        "curved: the outline of a name into a cylinder", ours, _agree, {"manifold3d, warped": warped}, letters, most_ms=4.8
    )
