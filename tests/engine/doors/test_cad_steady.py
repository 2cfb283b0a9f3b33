"""One triangulation for the same nodes: however a face was divided, the same triangles in the same order come out."""

from __future__ import annotations

import itertools
import random
import sys
from collections.abc import Iterator

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.doors import cad
from engine.doors.cad_steady import steadied
from engine.doors.child import Child

Point = tuple[int, int]
Triangle = tuple[int, int, int]
SIZE = 16
"""A power of two: points of a face that is so large are exact on the grid."""


def area(p: Point, q: Point, r: Point) -> int:
    """Twice."""
    return (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])


def inside(p: Point, q: Point, r: Point, s: Point) -> int:
    """Positive where s lies in the circle of pqr."""
    a, b, c = ((v[0] - s[0], v[1] - s[1]) for v in (p, q, r))
    rows = [(x, y, x * x + y * y) for x, y in (a, b, c)]
    return sum(
        rows[i][2] * (rows[j][0] * rows[k][1] - rows[j][1] * rows[k][0]) for i, j, k in ((0, 1, 2), (1, 2, 0), (2, 0, 1))
    )


def steady(
    points: list[Point], triangles: list[Triangle], *, flat: bool, stretch: tuple[float, float] = (1.0, 1.0)
) -> list[Triangle]:
    """Of one face, with two nodes that no triangle uses, so that the grid is that of SIZE."""
    uv = np.array([*points, (0, 0), (SIZE, SIZE)], dtype=np.float64) * stretch
    corners = np.array(triangles, dtype=np.int64)
    ends, key = np.array([0, len(uv)]), np.arange(len(uv))
    made = steadied(corners, np.zeros(len(corners), dtype=np.int64), uv, ends, np.array([flat]), key)
    return [tuple(row) for row in made.tolist()]


def sides(triangles: list[Triangle]) -> set[tuple[int, int]]:
    return {(t[k], t[(k + 1) % 3]) for t in triangles for k in range(3)}


def border(triangles: list[Triangle]) -> set[tuple[int, int]]:
    there = sides(triangles)
    return {(a, b) for a, b in there if (b, a) not in there}


def divided(points: list[Point], outline: list[int], inner: list[int], chance: random.Random) -> list[Triangle] | None:
    """The outline's inside in triangles, ears and inner points in a random order; None where an inner point lies on a side."""
    left, made = list(outline), []
    while len(left) > 2:
        ears = []
        for i in range(len(left)):
            a, b, c = left[i - 1], left[i], left[(i + 1) % len(left)]
            corners = (points[a], points[b], points[c])
            if area(*corners) > 0 and not any(covers(corners, points[v]) for v in left if v not in (a, b, c)):
                ears.append((i, (a, b, c)))
        if not ears:
            return None
        at, ear = chance.choice(ears)
        made.append(ear)
        del left[at]
    for v in chance.sample(inner, len(inner)):
        for row, (a, b, c) in enumerate(made):
            if (
                min(
                    area(points[a], points[b], points[v]),
                    area(points[b], points[c], points[v]),
                    area(points[c], points[a], points[v]),
                )
                > 0
            ):
                made[row : row + 1] = [(a, b, v), (b, c, v), (c, a, v)]
                break
        else:
            return None
    return [(t[k], t[(k + 1) % 3], t[(k + 2) % 3]) for t in chance.sample(made, len(made)) for k in [chance.randrange(3)]]


def covers(corners: tuple[Point, Point, Point], v: Point) -> bool:
    return all(area(corners[k], corners[(k + 1) % 3], v) >= 0 for k in range(3))


def star(points: list[Point], middle: Point) -> list[int] | None:
    """Which of the points, in order, make an outline round the middle; None where two lie in one direction or a gap is too wide."""
    away = [(p[0] - middle[0], p[1] - middle[1]) for p in points]
    order = sorted(range(len(points)), key=lambda i: np.arctan2(away[i][1], away[i][0]))
    turns = [away[a][0] * away[b][1] - away[a][1] * away[b][0] for a, b in itertools.pairwise([*order, order[0]])]
    return order if min(turns) > 0 else None


places = st.tuples(st.integers(0, SIZE), st.integers(0, SIZE))


@st.composite
def polygons(draw: st.DrawFn) -> tuple[list[Point], list[int], list[int]]:
    """Points, the outline of a star about the middle, convex or not, and the points inside it."""
    points = draw(st.lists(places, min_size=4, max_size=12, unique=True).filter(lambda p: star(p, (8, 8)) is not None))
    outline = star(points, (8, 8))
    assert outline is not None
    inner = draw(st.lists(places.filter(lambda p: p not in points), max_size=4, unique=True))
    return points + inner, outline, list(range(len(points), len(points) + len(inner)))


@settings(max_examples=300, deadline=None)
@given(polygons(), st.integers(0, 2**32))
def test_however_a_plane_is_divided_the_same_triangles_come_out(
    polygon: tuple[list[Point], list[int], list[int]], seed: int
) -> None:
    points, outline, inner = polygon
    one, two = (divided(points, outline, inner, random.Random(seed + k)) for k in range(2))
    if one is None or two is None:
        one = two = divided(points, outline, [], random.Random(seed))
    if one is None or two is None:
        return
    made = steady(points, one, flat=True)
    assert made == steady(points, two, flat=True) == steady(points, made, flat=True)
    areas = [area(*(points[v] for v in t)) for t in made]
    assert min(areas) > 0 and sum(areas) == sum(area(*(points[v] for v in t)) for t in one)
    assert border(made) == border(one) and len(sides(made)) == 3 * len(made) == 3 * len(one)
    apex = {(t[k], t[(k + 1) % 3]): t[(k + 2) % 3] for t in made for k in range(3)}
    for (p, q), r in apex.items():
        s = apex.get((q, p))
        if s is not None:
            told = inside(points[p], points[q], points[r], points[s])
            assert told < 0 or (told == 0 and min(p, q) < min(r, s)) or not convex([points[v] for v in (p, s, q, r)])


def convex(corners: list[Point]) -> bool:
    return all(area(corners[k - 1], corners[k], corners[(k + 1) % 4]) > 0 for k in range(4))


def test_without_it_they_differ() -> None:
    ring: list[Point] = [(8, 0), (14, 2), (16, 8), (14, 14), (8, 16), (2, 14), (0, 8), (2, 2)]
    ways = [divided(ring, list(range(8)), [], random.Random(seed)) for seed in range(20)]
    assert len({frozenset(w) for w in ways if w}) > 10
    assert len({tuple(steady(ring, w, flat=True)) for w in ways if w}) == 1


def net(us: list[int], vs: list[int], seed: int) -> tuple[list[Point], list[Triangle]]:
    """Nodes at all crossings, each rectangle cut along either diagonal."""
    chance, n = random.Random(seed), len(vs)
    points = [(u, v) for u in us for v in vs]
    made: list[Triangle] = []
    for i, j in itertools.product(range(len(us) - 1), range(n - 1)):
        a, b, c, d = i * n + j, (i + 1) * n + j, (i + 1) * n + j + 1, i * n + j + 1
        made += [(a, b, c), (a, c, d)] if chance.random() < 0.5 else [(b, c, d), (b, d, a)]
    return points, chance.sample(made, len(made))


levels = st.lists(st.integers(0, SIZE), min_size=2, max_size=6, unique=True).map(sorted)


@given(levels, levels, st.integers(0, 2**32), st.sampled_from([(1.0, 1.0), (0.1, 3.0), (7.0, 1e-3)]))
def test_rectangles_of_parameters_are_cut_alike_in_every_measure(
    us: list[int], vs: list[int], seed: int, stretch: tuple[float, float]
) -> None:
    points, one = net(us, vs, seed)
    made = steady(points, one, flat=False)
    assert made == steady(points, net(us, vs, seed + 1)[1], flat=False) == steady(points, one, flat=False, stretch=stretch)
    assert border(made) == border(one) and all(area(*(points[v] for v in t)) > 0 for t in made)


def test_on_a_curved_face_only_ties_are_turned() -> None:
    skew: list[Point] = [(0, 0), (10, 1), (12, 9), (1, 7)]
    one: list[Triangle] = [(0, 1, 2), (0, 2, 3)]
    two: list[Triangle] = [(0, 1, 3), (1, 2, 3)]
    assert steady(skew, one, flat=False) == one and steady(skew, two, flat=False) == two
    assert steady(skew, one, flat=True) == steady(skew, two, flat=True)
    in_one_measure: list[Point] = [(15, 7), (9, 15), (1, 9), (3, 3)]  # on a circle, and on none once u is stretched
    assert [inside(*in_one_measure)] == [0]
    assert steady(in_one_measure, one, flat=False) == one and steady(in_one_measure, two, flat=False) == two


def test_a_triangle_without_area_is_turned_away_and_nothing_else_may_lose_its_area() -> None:
    points: list[Point] = [(0, 0), (8, 0), (4, 0), (4, 8)]
    assert steady(points, [(0, 2, 1), (0, 1, 3)], flat=True) == [(0, 2, 3), (1, 3, 2)]
    edge: list[Triangle] = [(0, 2, 3), (1, 3, 2)]
    assert steady(points, edge, flat=True) == edge


def test_no_triangles() -> None:
    none = np.zeros((0, 3), dtype=np.int64)
    assert (
        len(steadied(none, none[:, 0], np.zeros((0, 2)), np.zeros(1, dtype=np.int64), np.zeros(0, dtype=bool), none[:, 0])) == 0
    )


# ---- in the CAD child ------------------------------------------------------------------------------------------------------

DRAWINGS = """
from engine.doors import cad
def strip(p, cq):
    \"\"\"A strip of 0.1 mm that ends in a fillet, with the noise of OCCT's Booleans: the fillet's rectangles are ties but for it.\"\"\"
    n = p * 2.0**-56
    body = cq.Workplane().polyline([(-0.05, 0), (0.05 + n, 0), (0.05 - n, 20), (-0.05 + n / 2, 20)]).close().extrude(2)
    return body.faces("<Z").edges(">Y").fillet(0.7)
def as_occt_gives_it(p):
    cad.steadied = lambda triangles, *more: triangles
    return cad.draw("steady_drawings:strip", p, 0.02, 0.26, "", "")
def case(changes):
    from engine.compiling import drawing, solids
    from engine.doors import cad_map, cad_net, cad_surface
    solid, named = solids.solid_of(drawing.drawn_by({"key": "phone-case"}, "shell", changes)[0])
    cad.triangulate(solid, named, 0.02, 0.26)
    faces = cad.faces_of(solid)
    lattice, triangles, owner, _ = cad.meshed(solid, faces, 0.02, 0.26)
    patches = {name: cad_surface.patch(named[name], faces, lattice, triangles, owner)[0] for name in named}
    shapes = cad_map.Shapes(solid)
    its = cad_map.map_of(shapes)
    return {"lattice": lattice, "faces": triangles, "owner": owner, **patches, **vars(its), "net": vars(cad_net.net_of(shapes, its))}
"""


@pytest.fixture(scope="module", autouse=True)
def drawings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    folder = tmp_path_factory.mktemp("steady")
    (folder / "steady_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    sys.path.insert(0, str(folder))
    yield
    sys.path.remove(str(folder))


@pytest.fixture(scope="module")
def child(drawings: None) -> Iterator[Child]:
    with Child(cad.PRELOAD, memory_mb=cad.MEMORY_MB) as made:
        yield made


def meshes(child: Child, errand: str, *rest: object) -> set[bytes]:
    """The different meshes of ten children, each of which draws with other noise."""
    found = set()
    for noise in (-8, -4, -3, -2, -1, 0, 1, 2, 4, 8):
        child.renew()
        made = child.call(errand, *(noise if part == "noise" else part for part in rest), deadline=60.0)
        found.add(made["lattice"].tobytes() + made["faces"].tobytes())
    return found


def test_ten_children_with_other_noise_give_one_mesh(child: Child) -> None:
    assert len(meshes(child, "engine.doors.cad:draw", "steady_drawings:strip", "noise", 0.02, 0.26, "", "")) == 1


def test_without_it_noise_decides(child: Child) -> None:
    assert len(meshes(child, "steady_drawings:as_occt_gives_it", "noise")) > 2


def test_a_case_that_came_out_in_two_forms_comes_out_in_one() -> None:
    """From servers of their own, whose addresses differ. What is a number of mm carries OCCT's noise; all else is the same."""
    found = []
    for _ in range(4):
        with Child(cad.PRELOAD, memory_mb=cad.MEMORY_MB) as child:
            found.append(child.call("steady_drawings:case", {"phone": "google-pixel-4a"}, deadline=120.0))
    first, *others = found
    numbers = [name for name, value in first.items() if name != "net" and value.dtype != np.float64]
    assert {"lattice", "faces", "owner", "back", "floor", "edge", "following"} <= set(numbers)
    for other in others:
        assert all(np.array_equal(first[name], other[name]) for name in numbers)
        assert all(
            np.allclose(first[name], other[name], rtol=0.0, atol=1e-12) for name in first if name not in (*numbers, "net")
        )
        assert all(np.array_equal(first["net"][name], other["net"][name]) for name in ("ends", "inner", "triangles", "owner"))
