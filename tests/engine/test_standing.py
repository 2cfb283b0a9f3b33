"""engine.make: parts that are bonded are one on the bed, and others are not."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from engine.make import _standing
from engine.model.mesh import Mesh, Part, Settled
from engine.process.limits import load_process
from engine.verify.settle import Footings

QUADS = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
CUBE = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], dtype=np.int32)
UNIT = np.array([(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)], dtype=np.float64)
PLA = load_process("fdm-pla")
WIDE = dataclasses.replace(PLA, machine=dataclasses.replace(PLA.machine, size=(100.0, 200.0, 100.0)))


def box(name: str, low: Sequence[float], size: Sequence[float], *bonded: str) -> Part:
    return Part(name, Mesh(np.array(low) + UNIT * size, CUBE), bonded=frozenset(bonded))


def lows(parts: Sequence[Settled]) -> list[list[float]]:
    return [p.points.min(axis=0).round(4).tolist() for p in parts]


def test_bonded_parts_keep_their_heights_and_others_are_dropped() -> None:
    parts = [box("on", (1, 1, 3), (2, 2, 2)), box("base", (0, 0, -1), (9, 9, 4), "on"), box("loose", (20, 0, 5), (1, 1, 1))]
    assert lows(_standing(parts, PLA, Footings())) == [[1, 1, 4], [0, 0, 0], [20, 0, 0]]
    chain = [box("a", (0, 0, 0), (9, 9, 1)), box("c", (0, 0, 2), (9, 9, 1), "b"), box("b", (0, 0, 1), (9, 9, 1), "a")]
    assert lows(_standing(chain, PLA, Footings())) == [[0, 0, 0], [0, 0, 2], [0, 0, 1]]


def test_they_are_turned_together_or_not_at_all() -> None:
    base, on = box("base", (0, 0, 0), (150, 60, 4)), box("on", (140, 10, 4), (5, 20, 1), "base")
    turned = _standing([base, on], WIDE, Footings())
    assert lows(turned) == [[-60, 0, 0], [-30, 140, 4]] and all("quarter" in p.pose.why for p in turned)
    alone = _standing([base, on.changed(bonded=frozenset())], WIDE, Footings())
    assert lows(alone) == [[-60, 0, 0], [140, 10, 0]]  # only what needs it
    both = _standing([box("left", (0, 0, 0), (60, 50, 4)), box("right", (60, 0, 0), (60, 50, 4), "left")], WIDE, Footings())
    assert lows(both) == [[-50, 0, 0], [-50, 60, 0]]  # each would fit as it is, both only so
