"""What a child of a sweep has ready before its first order: the kernels of the road, loaded once by the server that forks it."""

from __future__ import annotations

import contextlib
from itertools import product as corners

import numpy as np

from engine.errors import EnvironmentFault
from engine.export.thumbnail import thumbnail
from engine.language.values import Solid, Text
from engine.model.mesh import Mesh, Patch, Plane
from engine.process.limits import load_process
from engine.verify.checks import verify
from engine.verify.settle import settle

_FACES = (
    (0, 1, 3),
    (0, 3, 2),
    (4, 6, 7),
    (4, 7, 5),
    (0, 4, 5),
    (0, 5, 1),
    (2, 3, 7),
    (2, 7, 6),
    (0, 2, 6),
    (0, 6, 4),
    (1, 5, 7),
    (1, 7, 3),
)


def warm() -> None:
    """A block with a letter on it, settled, judged and drawn."""
    points = np.array(list(corners((0.0, 20.0), repeat=3)))
    faces = np.array(_FACES, np.int32)
    block = Solid(Mesh(points, faces), {})
    top = np.flatnonzero((points[faces][:, :, 2] == 20.0).all(axis=1)).astype(np.int32)
    block = Solid(block.mesh, {"top": Patch("top", top, Plane((10.0, 10.0, 20.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))})
    with contextlib.suppress(EnvironmentFault):  # no font: then without
        block = block.engrave(Text("A", "name", lambda name: None).outlines(height=8.0), on="top", depth=1.0)
    settled = settle(block.part("block"))
    verify((settled,), load_process("mjf-pa12"))
    thumbnail((settled,))
