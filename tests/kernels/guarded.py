"""Run by test_guard.py in a child: every array of every kernel ends, or begins, where a page does that may not be touched.

`python -m tests.kernels.guarded end|start|beyond`: vector loads and stores check no bounds, so one lane too many is the child's end.
Prints which kernels ran. `beyond`: a load one lane too far, which must not come back.
"""

from __future__ import annotations

import ctypes
import inspect
import json
import mmap
import random
import sys
from typing import Any

import numpy as np

from benchmarks import solids
from engine.model.mesh import Mesh, Part
from engine.verify.checks import verify
from engine.verify.crossings import among
from engine.verify.delta import Certificates
from engine.verify.families import Families
from engine.verify.refit import Connectivities
from engine.verify.settle import settle
from kernels import compiled, nearest, occlusion, orient, rays, wide, winding
from kernels.compiled import inlined
from kernels.simd import bits, load
from tests.engine.verify.test_delta import PROCESS, slab, stamped
from tests.engine.verify.test_families import TIGHT, chart, charted
from tests.engine.verify.test_meetings import CASES, box, together
from tests.kernels.test_walls import grooves, part

PAGE = mmap.PAGESIZE
_NONE = 0
"""PROT_NONE."""
_PROTECT = ctypes.CDLL(None, use_errno=True).mprotect
_PROTECT.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)


def guarded(array: np.ndarray, side: str) -> np.ndarray:
    """A copy whose last byte (or first) lies against a page that may not be touched."""
    size = -(-array.nbytes // PAGE) * PAGE
    pages = mmap.mmap(-1, size + 2 * PAGE)
    start = ctypes.addressof(ctypes.c_char.from_buffer(pages))
    for fence in (0, PAGE + size):
        assert _PROTECT(start + fence, PAGE, _NONE) == 0
    offset = PAGE + size - array.nbytes if side == "end" else PAGE
    copy: np.ndarray = np.ndarray(array.shape, array.dtype, pages, offset)
    copy[...] = array
    copy.flags.writeable = array.flags.writeable
    return copy


def fenced(side: str, ran: set[str]) -> None:
    """From now on every kernel gets such copies; what it writes is copied back."""
    plain = compiled.Kernel.__call__

    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        names = list(inspect.signature(self.python).parameters)
        bound = dict(zip(names, args, strict=False), **kwargs)
        copies = {name: guarded(v, side) if isinstance(v, np.ndarray) else v for name, v in bound.items()}
        told = plain(self, *(copies[name] for name in names))
        for name in self.writes:
            bound[name][...] = copies[name]
        ran.add(f"{self.python.__module__}.{self.python.__qualname__}")
        return told

    compiled.Kernel.__call__ = call  # type: ignore[method-assign]


def verified() -> None:
    """All cases of crossings and shells; several parts; a known body, other letters on it; another size; edges over edges; a family."""
    one, families, random_ = chart(1), Families(after=2), np.random.default_rng(5)
    for _ in range(3):
        verify([charted(one, random_, 0.6)], TIGHT, None, None, families)
    for points, faces in (body for body, _ in CASES.values()):
        verify([settle(Part("part", Mesh(points, faces)))], PROCESS)
    draw, known, shapes = random.Random(3), Certificates(), Connectivities()
    made = [p for _ in range(8) if (p := stamped(draw, slab())) is not None]
    for product in made:
        verify([product], PROCESS, known, shapes)
    points, faces, _ = part(grooves(), (7, -11, 23))
    verify([settle(Part("edged", Mesh(points / 10_000, faces)))], PROCESS)
    big = Part("one", Mesh(*box((0, 0, 0), (10, 10, 10))))
    for away in (11.0, 10.0, 9.0):
        verify([settle(big), settle(Part("two", Mesh(*box((away, 0, 0), (away + 9, 10, 10)))))], PROCESS)
    verify([settle(Part("by a corner", Mesh(*together(CASES["alone"][0], box((10, 10, 10), (12, 12, 12))))))], PROCESS)
    for count in (100, 900):
        body = solids.settled("organic", count)
        for _ in range(3):
            verify([body], PROCESS, None, shapes)
        assert len(among(body.lattice, body.faces, np.full(3 * len(body.faces), -1, np.int32), None)[0]) == 1


def sought() -> None:
    """Rays, nearest points, winding numbers and directions, of one face to trees of several levels."""
    chance = np.random.default_rng(1)
    for count in (1, 7, 8, 9, 65, 700):
        points = chance.normal(size=(3 * count, 3)) * 10
        faces = np.arange(3 * count, dtype=np.int32).reshape(-1, 3)
        beams = np.concatenate([chance.normal(size=(50, 6)), np.tile((0.0, np.inf), (50, 1))], axis=1)
        surface = rays.targets(points, faces, wide.grown(points, faces))
        rays.cast(surface, beams)
        rays.hidden(surface, beams)
        nearest.distances(points, faces, chance.normal(size=(50, 3)) * 20)
        lattice = np.round(points * 1000).astype(np.int32)
        winding.round_places(winding.expanded(lattice, faces), chance.normal(size=(50, 3)) * 20_000)
        orient.best(lattice, faces, (1.0, 0.1, 0.1), 0.7, 1.0)


def lit() -> None:
    """Pictures as wide as a vector, narrower and wider, owned to their edges, the light from every side."""
    chance = np.random.default_rng(6)
    for wide_ in (5, 8, 37, 80):
        shape = (24 + 2 * occlusion.MARGIN, wide_ + 2 * occlusion.MARGIN)
        depth, owner = chance.normal(size=shape).astype(np.float32), np.ones(shape, np.uint8)
        for towards in ((1.0, 0.0, 0.2), (-1.0, 0.0, 0.2), (0.0, 1.0, 0.2), (0.0, -1.0, 0.2), (0.7, -0.7, 0.1)):
            left = np.empty((24, wide_), np.float32)
            occlusion.light_left(depth, np.ones_like(depth), owner, np.array(towards), left)


@inlined
def _too_far(rows: Any) -> Any:
    return bits(load(rows, 0, 1) == load(rows, 0, 0))


def main(side: str) -> None:
    """See above."""
    if side == "beyond":
        _too_far(guarded(np.zeros((1, 8), np.int32), "end"))
        return
    ran: set[str] = set()
    fenced(side, ran)
    verified()
    sought()
    lit()
    print(json.dumps(sorted(ran)))


if __name__ == "__main__":
    main(sys.argv[1])
