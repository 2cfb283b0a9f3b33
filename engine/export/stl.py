"""Binary STL: one part a file, 84 + 50 bytes a triangle, unit normals, millimetres.

STL has no unit, name or colour; what identifies the product stands in the 3MF. The header is fixed, so that the same part
gives the same bytes.
"""

from __future__ import annotations

import struct

import numpy as np

from engine.errors import EngineFault
from engine.model.mesh import STEPS_PER_MM, Faces, Lattice, Settled
from kernels import stl

HEADER = b"binary STL, millimetres, unikat".ljust(80, b" ")
"""Does not begin with `solid`, or readers would take the file for text."""


def write(settled: Settled) -> bytes:
    """The STL of one part, at the coordinates of its lattice. EngineFault for no face or an index outside the points."""
    return of_lattice(settled.lattice, settled.faces, settled.part.name)


def of_lattice(lattice: Lattice, faces: Faces, name: str) -> bytes:
    """The STL of these triangles; `name`: for what is said."""
    count = len(faces)
    if not count:
        raise EngineFault(f"part {name}: no triangles to write")
    scratch = np.empty(3 * len(lattice), dtype=np.float32)
    words = np.empty(stl.RECORD * count, dtype=np.uint16)
    wrote = stl.records(lattice, faces, float(STEPS_PER_MM), scratch, words)
    if wrote < 0:
        raise EngineFault(f"part {name}: face {-1 - wrote} names a point that is not there")
    return b"".join((HEADER, struct.pack("<I", count), words.astype("<u2", copy=False).data))
