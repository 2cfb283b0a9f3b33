"""kernels/topology.py against a plain count by dictionaries, on good and broken little meshes."""

from __future__ import annotations

import random
from collections import Counter, defaultdict

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernels import topology as topo

TETRA = [(0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3)]


def _run(faces: list[tuple[int, int, int]], n: int) -> tuple[dict[str, int], np.ndarray, np.ndarray]:
    array = np.array(faces, dtype=np.int32).reshape(-1, 3)
    m = len(array)
    assert topo.first_bad_index(array, n) == -1
    twin, work = np.empty(3 * m, dtype=np.int32), np.empty(3 * m, dtype=np.int32)
    degree, mark = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int32)
    counts, places = np.empty(topo.COUNTS, dtype=np.int64), np.empty(topo.COUNTS, dtype=np.int64)
    topo.match_edges(array, np.empty(n + 2, dtype=np.int32), work, mark, degree, twin, counts, places)
    if not counts[: topo.TURNED_EDGES + 1].any():
        topo.closed_fans(array, twin, degree, mark, counts, places)
        walked = int(counts[topo.PINCHED_POINTS])
        counts[topo.PINCHED_POINTS] = 0
        topo.open_fans(array, twin, work, mark, counts, places)
        assert counts[topo.PINCHED_POINTS] == walked, "the two ways to count fans disagree"
    else:
        topo.open_fans(array, twin, work, mark, counts, places)
    _sound_or_not(array, twin, degree, counts)
    shell = np.empty(m, dtype=np.int32)
    shells = topo.label_shells(twin, work[:m].copy(), shell)
    for kind in range(topo.UNUSED_POINTS + 1):
        assert (counts[kind] > 0) == (places[kind] >= 0) or (kind == topo.MAYBE_DOUBLED)
    named = {
        "open": counts[topo.OPEN_EDGES], "crowded": counts[topo.CROWDED_EDGES], "turned": counts[topo.TURNED_EDGES],
        "repeated": counts[topo.REPEATED], "pinched": counts[topo.PINCHED_POINTS], "unused": counts[topo.UNUSED_POINTS],
        "shells": shells,
    }  # fmt: skip
    return {k: int(v) for k, v in named.items()}, shell, counts


def _sound_or_not(faces: np.ndarray, twin: np.ndarray, degree: np.ndarray, counts: np.ndarray) -> None:
    """The short way says yes to nothing that the long one finds fault with, and then tells the same."""
    m, n = len(faces), len(degree)
    start, ends, halves = (np.full(k, 5, dtype=np.int32) for k in (n + 3, (1, 3 * m + 8), 3 * m))
    mates, corners = np.empty_like(twin), np.empty_like(degree)
    faults = [k for k in range(topo.COUNTS) if k != topo.UNUSED_POINTS and counts[k]]
    sound = topo.match_sound(faces, start, ends, halves, mates, corners)
    assert sound is not bool(faults)
    if sound:
        assert (mates == twin).all() and (corners == degree).all()


def _plain(faces: list[tuple[int, int, int]], n: int) -> dict[str, int]:
    """The same by dictionaries: slow, and plain to read."""
    good = [f for f in faces if len(set(f)) == 3]
    edges: dict[frozenset[int], list[tuple[int, int, int]]] = defaultdict(list)
    for i, f in enumerate(good):
        for k in range(3):
            a, b = f[k], f[(k + 1) % 3]
            edges[frozenset((a, b))].append((i, a, b))

    def classes(items: list[object], links: list[tuple[object, object]]) -> int:
        parent = {x: x for x in items}

        def root(x: object) -> object:
            while parent[x] != x:
                x = parent[x]
            return x

        for a, b in links:
            parent[root(a)] = root(b)
        return len({root(x) for x in items})

    pinched = 0
    for v in range(n):
        corners = [i for i, f in enumerate(good) if v in f]
        links = [(u[0][0], w[0]) for e, u in edges.items() if v in e for w in u[1:]]
        pinched += bool(corners) and classes(corners, links) > 1
    two = [u for u in edges.values() if len(u) == 2]
    return {
        "open": sum(len(u) == 1 for u in edges.values()),
        "crowded": sum(len(u) > 2 for u in edges.values()),
        "turned": sum(u[0][1:] == u[1][1:] for u in two),
        "repeated": len(faces) - len(good),
        "pinched": pinched,
        "unused": n - len({v for f in faces for v in f}),
        "shells": classes(list(range(len(good))), [(u[0][0], u[1][0]) for u in two]),
    }


@pytest.mark.parametrize(
    ("faces", "n", "expected"),
    [
        (TETRA, 4, {"shells": 1}),
        (TETRA[1:], 4, {"open": 3, "shells": 1}),
        ([TETRA[0][::-1], *TETRA[1:]], 4, {"turned": 3, "shells": 1}),
        ([*TETRA, *[(a + 4, b + 4, c + 4) for a, b, c in TETRA]], 8, {"shells": 2}),
        ([*TETRA, *[tuple(v + 3 if v else 0 for v in f) for f in TETRA]], 7, {"pinched": 1, "shells": 2}),
        (TETRA, 5, {"unused": 1, "shells": 1}),
        ([*TETRA, (0, 1, 1)], 4, {"repeated": 1, "shells": 1}),
        ([*TETRA, (4, 4, 5)], 6, {"repeated": 1, "shells": 1}),
        ([*TETRA, (0, 1, 4)], 5, {"crowded": 1, "open": 2, "shells": 2}),
        ([(0, 1, 2), (0, 2, 1)], 3, {"shells": 1}),
    ],
    ids=["tetra", "hole", "flipped", "two", "bowtie", "unused", "repeated", "repeated-apart", "fin", "plate"],
)
def test_little_meshes(faces: list[tuple[int, int, int]], n: int, expected: dict[str, int]) -> None:
    blank = dict.fromkeys(("open", "crowded", "turned", "repeated", "pinched", "unused", "shells"), 0)
    assert _run(faces, n)[0] == {**blank, **expected} == _plain(faces, n)


@given(st.integers(3, 8), st.data())
@settings(max_examples=150, deadline=None)
def test_any_soup_is_counted_as_by_dictionaries(n: int, data: st.DataObject) -> None:
    point = st.integers(0, n - 1)
    faces = data.draw(st.lists(st.tuples(point, point, point), min_size=1, max_size=14))
    told, shell, counts = _run(faces, n)
    assert told == _plain(faces, n)
    assert [s < 0 for s in shell] == [len(set(f)) < 3 for f in faces]
    doubled = any(c > 1 for c in Counter(frozenset(f) for f in faces if len(set(f)) == 3).values())
    assert counts[topo.MAYBE_DOUBLED] > 0 or not doubled


def _surfaces(draw: random.Random) -> tuple[list[tuple[int, int, int]], int]:
    """Tetrahedra, bipyramids and tori, side by side: sound."""
    faces: list[tuple[int, int, int]] = []
    n = 0
    for _ in range(draw.randint(1, 3)):
        kind, size = draw.randrange(3), draw.randint(3, 6)
        if kind == 0:
            made, points = TETRA, 4
        elif kind == 1:
            made = [t for i in range(size) for j in [(i + 1) % size] for t in ((i, j, size), (j, i, size + 1))]
            points = size + 2
        else:
            at = lambda i, j, size=size: i % size * size + j % size  # noqa: E731
            cells = [(at(i, j), at(i + 1, j), at(i + 1, j + 1), at(i, j + 1)) for i in range(size) for j in range(size)]
            made, points = [t for a, b, c, d in cells for t in ((a, b, c), (a, c, d))], size * size
        faces += [(a + n, b + n, c + n) for a, b, c in made]
        n += points
    return faces, n


@given(st.integers(0, 2**32))
@settings(max_examples=150, deadline=None)
def test_sound_surfaces_and_what_one_fault_makes_of_them(seed: int) -> None:
    """`_run` compares the short way with the long one; here it says yes, and no after each fault."""
    draw = random.Random(seed)
    faces, n = _surfaces(draw)
    n += draw.randrange(2)
    names = draw.sample(range(n), n)
    faces = [tuple(names[v] for v in f[k:] + f[:k]) for f in draw.sample(faces, len(faces)) for k in [draw.randrange(3)]]
    blank = dict.fromkeys(("open", "crowded", "turned", "repeated", "pinched"), 0)
    told = _run(faces, n)[0]
    assert {k: told[k] for k in blank} == blank
    at = draw.randrange(len(faces))
    a, b, c = faces[at]
    far = next((v for f in faces for v in f if not {v} & {u for g in faces if a in g for u in g}), None)
    faults = [
        faces[:at] + faces[at + 1 :],
        [*faces[:at], (a, c, b), *faces[at + 1 :]],
        [*faces, (a, b, c)],
        [*faces, (a, b, c), (a, c, b)],
        [*faces, (n, n + 1, n + 2), (n, n + 2, n + 1)],
        [*faces[:at], (a, b, b), *faces[at + 1 :]],
        [*faces, *faces],
    ]
    if far is not None:
        faults.append([tuple(a if v == far else v for v in f) for f in faces])
    for bad in faults:
        assert not _sound(np.array(bad, dtype=np.int32), n + 3), bad
        assert _run(bad, n + 3)[0] == _plain(bad, n + 3)


def _sound(faces: np.ndarray, n: int) -> bool:
    m = len(faces)
    work = [np.empty(size, dtype=np.int32) for size in (n + 3, (1, 3 * m + 8), 3 * m, 3 * m, n)]
    return bool(topo.match_sound(faces, *work))


def test_a_hub_of_thousands_is_left_to_the_long_way() -> None:
    for rim, easy in ((12, True), (3000, False)):
        faces = np.array(
            [t for i in range(rim) for j in [(i + 1) % rim] for t in ((i, j, rim), (j, i, rim + 1))], dtype=np.int32
        )
        assert _sound(faces, rim + 2), "hubs that are the higher of two points are easy"
        assert _sound(np.ascontiguousarray(rim + 1 - faces), rim + 2) is easy


def test_order_of_faces_and_names_of_points_change_no_count() -> None:
    draw = random.Random(3)
    faces = [(0, 1, 2), (2, 1, 3), (0, 2, 4), (4, 2, 3), (0, 1, 4), (1, 3, 4), (5, 6, 7), (5, 6, 0), (5, 6, 2), (8, 8, 1)]
    told = _run(faces, 10)[0]
    for _ in range(20):
        names = draw.sample(range(10), 10)
        moved = [tuple(names[v] for v in f) for f in draw.sample(faces, len(faces))]
        turned = [f[k:] + f[:k] for f in moved for k in [draw.randrange(3)]]
        assert _run(turned, 10)[0] == told


def test_a_fan_of_thousands_takes_linear_time() -> None:
    """All edges at one point, then all faces at one edge: quadratic code would take minutes."""
    import time

    n = 3000
    wheel = [(0, i, i % n + 1) for i in range(1, n + 1)]
    book = [(0, 1, i) for i in range(2, n)]
    begin = time.process_time()
    assert _run(wheel, n + 1)[0]["open"] == n
    assert _run(book, n)[0] == {**dict.fromkeys(("turned", "repeated", "pinched", "unused"), 0),
                                "open": 2 * (n - 2), "crowded": 1, "shells": n - 2}  # fmt: skip
    assert time.process_time() - begin < 20


def test_bad_indices_are_found() -> None:
    for bad in (-1, 4, 2**31 - 1, -(2**31)):
        faces = np.array([*TETRA, (0, 1, bad)], dtype=np.int32)
        assert topo.first_bad_index(faces, 4) == 4


def test_sorted_rows() -> None:
    rows = np.array([(3, 1, 2), (1, 2, 3), (2, 3, 1), (5, 5, 1), (2**31 - 1, 0, 7)], dtype=np.int32)
    out = np.empty_like(rows)
    topo.sorted_rows(rows, out)
    assert out.tolist() == np.sort(rows, axis=1).tolist()
