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
