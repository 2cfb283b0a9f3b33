"""What was stamped is remembered by solid and part, and done again it gives the same mesh; loops know the one that they are within."""

from __future__ import annotations

import pickle
import random
import timeit
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.memory import pack, weight
from engine.language.values import Solid
from engine.model.mesh import STEPS_PER_MM, Mesh, Part, Patch, Plane
from engine.model.outline import Outline
from engine.model.stamped import Stamp
from engine.shape.replay import nested, replay
from engine.shape.text import outline

NAME = outline("B8®", font="roboto-bold", height=6.0)
BLANK = Outline(np.zeros((0, 2), np.int32), np.zeros(0, np.int32))
DOT = Outline(np.array([(-2000, -2000), (2000, -2000), (2000, 2000), (-2000, 2000)]), np.array([4]))


def plate() -> Solid:
    """60 x 30 x 3 mm, its patches `top` at z = 0 and `back` under it."""
    corners = np.array([(x, y, z) for z in (-3.0, 0.0) for y in (-15.0, 15.0) for x in (-30.0, 30.0)])
    quads = ((4, 5, 7, 6), (0, 2, 3, 1), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6))
    faces = np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))], dtype=np.int32)
    top = Patch("top", np.array([0, 1], np.int32), Plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    back = Patch("back", np.array([2, 3], np.int32), Plane((0.0, 0.0, -3.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    return Solid(Mesh(corners, faces), {"top": top, "back": back})


WAYS: dict[str, Callable[[Solid], Solid]] = {
    "engraved": lambda s: s.engrave(NAME, on="top", depth=0.6),
    "embossed": lambda s: s.emboss(NAME, on="top", height=0.6),
    "cut": lambda s: s.cut(DOT, on="top", behind="back"),
    "filled": lambda s: s.inlay(NAME, on="top", depth=0.6)[1],
    "pocket, and its back": lambda s: s.inlay(NAME, on="top", depth=0.6)[0].engrave(NAME, on="back", depth=0.2),
    "on what fills": lambda s: s.inlay(DOT, on="top", depth=0.6)[1].engrave(
        Outline(DOT.points // 2, DOT.ends), on="top", depth=0.1
    ),
}


@pytest.mark.parametrize("way", WAYS)
def test_done_again_it_is_the_same_mesh(way: str) -> None:
    base = plate()
    made = WAYS[way](base)
    again = replay(base.mesh, base.patches, made.stamps)
    assert again is not None and again.curved is None and len(again.placed) == len(made.stamps) > 0
    assert np.array_equal(again.mesh.points, made.mesh.points) and np.array_equal(again.mesh.faces, made.mesh.faces)
    assert [p.stamp for p in again.placed] == list(made.stamps)
    assert all(set(p.names) <= set(made.patches) for p in again.placed[-1:])
    assert not base.stamps


def test_where_it_lies() -> None:
    base = plate()
    again = replay(base.mesh, base.patches, base.engrave(NAME, on="back", depth=0.2).stamps)
    assert again is not None
    (placed,) = again.placed
    assert placed.names == ("back.floor", "back.sides")
    assert placed.frame.tolist() == [[0, 0, -3], [-1, 0, 0], [0, 1, 0], [0, 0, -1]]
    assert placed.within.tolist() == nested(NAME).tolist()


def test_a_part_keeps_them_and_an_empty_outline_is_none() -> None:
    base = plate()
    made = base.engrave(BLANK, on="top", depth=0.6).engrave(DOT, on="top", depth=0.6).emboss(BLANK, on="back", height=1.0)
    part = made.part("plate", bonded="other").changed(colour="#000000")
    assert [(s.kind, s.on, s.depth, s.behind) for s in part.stamps] == [("engraved", "top", 0.6, "")]
    assert part.stamps[0].outline is DOT and part.bonded == {"other"} and not Part("bare", base.mesh).stamps


def test_they_are_no_part_of_the_body() -> None:
    """Not of its bytes, and so of no hash; its weight in memory counts them."""
    bare = WAYS["engraved"](plate())
    told = Solid(bare.mesh, bare.patches)
    assert pack(bare) == pack(told)
    assert weight(bare) - weight(told) == NAME.points.nbytes == weight(bare.part("p")) - weight(told.part("p"))


def test_they_cannot_be_changed_and_travel() -> None:
    (stamp,) = WAYS["engraved"](plate()).stamps
    with pytest.raises(AttributeError):
        stamp.depth = 1.0  # type: ignore[misc]
    with pytest.raises(ValueError, match="read-only"):
        stamp.outline.points[0, 0] = 0
    again = pickle.loads(pickle.dumps(stamp))
    assert again.kind == stamp.kind and np.array_equal(again.outline.points, stamp.outline.points)


def test_to_remember_costs_a_name_nothing() -> None:
    """A few microseconds, where stamping a name takes hundreds."""
    solid = plate()
    remember = min(timeit.repeat(lambda: solid._and("engraved", "top", NAME, 0.6), number=1000, repeat=5)) / 1000
    stamp = min(timeit.repeat(lambda: solid.engrave(NAME, on="top", depth=0.6), number=20, repeat=5)) / 20
    assert remember < 0.02 * stamp


def test_what_cannot_be_done_there() -> None:
    base = plate()
    for wrong in (
        Stamp("engraved", "lid", DOT, 0.6),
        Stamp("engraved", "top", Outline(DOT.points * 200, DOT.ends), 0.6),
        Stamp("engraved", "top", DOT, -1.0),
        Stamp("cut", "top", DOT, behind="top"),
        Stamp("cut", "top", DOT, behind="lid"),
        Stamp("filled", "top", BLANK, 0.6),
    ):
        assert replay(base.mesh, base.patches, [wrong]) is None


# ---- loops in loops ------------------------------------------------------------------------------------------------------


def boxes(rng: random.Random, box: tuple[int, int, int, int], own: int, loops: list[tuple[list[tuple[int, int]], int]]) -> None:
    """Boxes side by side in a box, and boxes in those; each with the number of the one it lies right within."""
    x0, y0, x1, y1 = box
    if x1 - x0 < 40 or y1 - y0 < 8:
        return
    for k in range(rng.randrange(1, 4)):
        wide = (x1 - x0) // 4
        left, low = x0 + 1 + k * wide + rng.randrange(3), y0 + 1 + rng.randrange(2)
        inner = (left, low, left + wide - 5 - rng.randrange(3), y1 - 1 - rng.randrange(2))
        if rng.random() < 0.8:
            a, b, c, d = inner
            loops.append(([(a, b), (c, b), (c, d), (a, d)], own))
            boxes(rng, inner, len(loops) - 1, loops)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_each_loop_finds_the_one_it_is_within(seed: int) -> None:
    rng, loops = random.Random(seed), list[tuple[list[tuple[int, int]], int]]()
    boxes(rng, (0, 0, 4000, 80), -1, loops)
    order = list(range(len(loops)))
    rng.shuffle(order)
    turned = [loops[k][0][:: rng.choice((1, -1))] for k in order]
    told = Outline(np.array([p for loop in turned for p in loop]).reshape(-1, 2), np.arange(4, 4 * len(turned) + 1, 4))
    expected = [-1 if loops[k][1] < 0 else order.index(loops[k][1]) for k in order]
    assert nested(told).tolist() == expected


def test_letters_in_a_ring() -> None:
    """Of ®: a ring, in it an R, in that its counter. A box round a loop need not hold it."""
    within = nested(outline("®", font="roboto-bold", height=6.0)).tolist()
    depth = [0 if w < 0 else 1 if within[w] < 0 else 2 if within[within[w]] < 0 else 3 for w in within]
    assert sorted(depth) == [0, 1, 2, 3]
    hook = [(0, 0), (10, 0), (10, 10), (0, 10), (0, 8), (8, 8), (8, 2), (0, 2)]
    inside = [(2, 4), (5, 4), (5, 6), (2, 6)]
    points = np.array(hook + inside) * STEPS_PER_MM
    assert nested(Outline(points, np.array([8, 12]))).tolist() == [-1, -1]
    assert nested(Outline(points[::-1], np.array([4, 12]))).tolist() == [-1, -1]
    assert nested(BLANK).tolist() == []
