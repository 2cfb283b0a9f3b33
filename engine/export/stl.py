"""Binary STL: one part a file, 84 + 50 bytes a triangle, unit normals, millimetres.

STL has no unit, name or colour; what identifies the product stands in the 3MF. The header is fixed, so that the same part
gives the same bytes.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

import numpy as np

from engine.errors import EngineFault
from engine.export.identity import Identity
from engine.model.mesh import STEPS_PER_MM, Settled
from kernels import stl

HEADER = b"binary STL, millimetres, unikat".ljust(80, b" ")
"""Does not begin with `solid`, or readers would take the file for text."""


def write_part(settled: Settled) -> bytes:
    """The STL of one part, at the coordinates of its lattice. EngineFault for no face or an index outside the points."""
    count = len(settled.faces)
    if not count:
        raise EngineFault(f"part {settled.part.name}: no triangles to write")
    scratch = np.empty(3 * len(settled.lattice), dtype=np.float32)
    words = np.empty(stl.RECORD * count, dtype=np.uint16)
    wrote = stl.records(settled.lattice, settled.faces, float(STEPS_PER_MM), scratch, words)
    if wrote < 0:
        raise EngineFault(f"part {settled.part.name}: face {-1 - wrote} names a point that is not there")
    return b"".join((HEADER, struct.pack("<I", count), words.astype("<u2", copy=False).data))


def write(parts: Sequence[Settled], identity: Identity) -> dict[str, bytes]:
    """The STL files of a product by name: `model.stl`, or `model-<part>.stl` for each of several parts."""
    del identity  # an STL has nowhere to carry it
    if len(parts) == 1:
        return {"model.stl": write_part(parts[0])}
    return {f"model-{settled.part.name}.stl": write_part(settled) for settled in parts}
