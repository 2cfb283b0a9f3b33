"""engine/verify/delta.py: with and without what is known, the same report; and what is doubtful goes the full way."""

from __future__ import annotations

import math
import random
import threading
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import pytest

from engine.model.mesh import Kept, Mesh, Part, Patch, Plane, Pose, Settled
from engine.model.outline import Outline
from engine.model.process import CHECKS, Limit, Machine, Process
from engine.shape.stamp import OffPatch, stamp
from engine.verify import anatomy, delta
from engine.verify.checks import verify
from engine.verify.delta import Certificates
from engine.verify.joined import attached
from engine.verify.settle import settle
from kernels import lattice as grid
from kernels.triangulate import triangles_of

Arrays = tuple[np.ndarray, np.ndarray]
STEPS = 10_000
MACHINE = Machine("m", "Machine M", (200.0, 180.0, 160.0), True, "test")
LIMITS = {"wall": 2.9, "gap": 2.5, "engrave_width": 0.7, "emboss_width": 1.1}
PROCESS = Process(
    "p", "P", "FDM", "PLA", MACHINE, False, 1.24, MappingProxyType({k: Limit(v, "mm", "test") for k, v in LIMITS.items()}),
    MappingProxyType(dict.fromkeys(CHECKS, True)), 0.2,
)  # fmt: skip


def told(parts: list[Settled], known: Certificates | None = None) -> tuple[Any, ...]:
    """All that a report says, but the milliseconds."""
    checks, findings, figures = verify(parts, PROCESS, known)
    return [(c.name, c.required, c.ran) for c in checks], findings, figures


def quick(part: Settled, known: Certificates) -> bool:
    """Does it go the short way? What both ways find is compared, array by array."""
    rest = known.of(part.kept, part.lattice, part.faces)
    shape = None if rest is None else attached(rest.lead, part.lattice, part.faces)
    if shape is None:
        return False
    short, full = delta.dissect(part, known), anatomy.dissect(part)
    assert short.topology is not None and full.topology is not None and short.mass == MassLike(full.mass)
    for name in ("counts", "places", "shells", "doubled", "doubled_at"):
        assert getattr(short.topology, name) == getattr(full.topology, name), name
    assert np.array_equal(short.topology.shell, full.topology.shell)
    assert np.array_equal(short.topology.degree, full.topology.degree)
    assert np.array_equal(short.topology.twin, full.topology.twin)
    return short.rest is not None


class MassLike:
    """Equal to a Mass with the same fields, to the last bit."""

    def __init__(self, mass: anatomy.Mass | None) -> None:
        self.fields = vars(mass)

    def __eq__(self, other: object) -> bool:
        return self.fields == vars(other)

    __hash__ = None  # type: ignore[assignment]


# --- stamps


def slab() -> tuple[Mesh, Mapping[str, Patch]]:
    """A slab of 60 x 40 x 4 mm with a window, as fine as a grid of 2 mm at its sides; its patch `top`."""
    outer = [(round(x * STEPS), round(y * STEPS)) for x, y in rim(60, 40)]
    window = [(round((x + 20) * STEPS), round((y + 8) * STEPS)) for x, y in rim(10, 8)][::-1]
    points, ends = np.array(outer + window), np.array([len(outer), len(outer) + len(window)], dtype=np.int32)
    status, cap = triangles_of(points, ends)
    assert status > 0
    n = len(points)
    after = np.arange(n) + 1
    after[ends - 1] = [0, ends[0]]
    here = np.arange(n)
    walls = [np.stack((here + n, after + n, after), axis=1), np.stack((here + n, after, here), axis=1)]
    faces = np.concatenate((cap, cap[:, ::-1] + n, *walls)).astype(np.int32)
    high, low = (np.column_stack((points, np.full(n, z * STEPS))) for z in (4, 0))
    top = Patch("top", np.arange(len(cap)), Plane((0.0, 0.0, 4.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    return Mesh(np.concatenate((high, low)) / STEPS, faces), {"top": top}


def rim(wide: float, deep: float) -> list[tuple[float, float]]:
    corners = [(-wide / 2, -deep / 2), (wide / 2, -deep / 2), (wide / 2, deep / 2), (-wide / 2, deep / 2)]
    return [
        (x0 + (x1 - x0) * k / 8, y0 + (y1 - y0) * k / 8)
        for (x0, y0), (x1, y1) in zip(corners, corners[1:] + corners[:1], strict=True)
        for k in range(8)
    ]


def letters(draw: random.Random) -> Outline:
    """One to four stars, one in two with a hole: a name's shape."""
    loops: list[list[tuple[int, int]]] = []
    for k in range(draw.randint(1, 4)):
        x, y, count = -22 + 9 * k + draw.uniform(-1, 1), draw.uniform(-12, 12), draw.randint(3, 40)
        turn = draw.uniform(0, math.pi)
        angles = [turn + 2 * math.pi * (i + draw.uniform(0, 0.4)) / count for i in range(count)]
        sizes = [draw.uniform(2.0, 3.5) for _ in angles]
        loops.append(
            [
                (round((x + r * math.cos(a)) * STEPS), round((y + r * math.sin(a)) * STEPS))
                for a, r in zip(angles, sizes, strict=True)
            ]
        )
        if draw.random() < 0.5 and count > 8:
            loops.append([(round((x + math.cos(a)) * STEPS), round((y + math.sin(a)) * STEPS)) for a in angles][::-1])
    points = np.array([p for loop in loops for p in loop], dtype=np.int32)
    return Outline(points, np.cumsum([len(loop) for loop in loops], dtype=np.int32))


TURNED = Pose(((1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)), (3.0, 0.0, 7.0))
TILTED = Pose(((0.8, 0.0, 0.6), (0.0, 1.0, 0.0), (-0.6, 0.0, 0.8)))


def stamped(
    draw: random.Random,
    body: tuple[Mesh, Mapping[str, Patch]],
    pose: Pose | None = None,
    depth: tuple[float, float] = (0.2, 1.5),
) -> Settled | None:
    mesh, patches = body
    try:
        made = stamp(mesh, patches, "top", letters(draw), draw.uniform(*depth), emboss=draw.random() < 0.5)
    except OffPatch:
        return None
    # letters by their roles in three of four: the others answer to the wall's limits
    named = made.patches if draw.random() < 0.75 else {}
    return settle(Part("part", made.mesh, named, poses={} if pose is None else {"print": pose}))


@pytest.mark.parametrize("pose", [None, TURNED, TILTED], ids=["drawn", "turned", "tilted"])
def test_a_new_name_on_a_known_body_has_the_same_report(pose: Pose | None) -> None:
    draw, body, known = random.Random(1), slab(), Certificates()
    short = several = 0
    codes: set[str] = set()
    for _ in range(760):
        part = stamped(draw, body, pose)
        if part is None:
            continue
        full = told([part])
        assert told([part], known) == full
        codes |= {f.code for f in full[1]}
        several += 1
        short += quick(part, known)
    assert several > 670
    assert {"thin-wall", "narrow-gap", "thin-letter"} <= codes
    assert short >= several - 3 if pose is not TILTED else short > 120  # a tilted name that is lower than the rest moves it


def test_a_name_through_the_floor_has_the_same_report() -> None:
    """500 of them: as deep as the slab or deeper, or high enough to meet what is beside it; many of them cross."""
    draw, body, known = random.Random(8), slab(), Certificates()
    several = crossing = 0
    while several < 500:
        part = stamped(draw, body, draw.choice((None, TURNED)), (3.0, 5.0))
        if part is None:
            continue
        full = told([part])
        assert told([part], known) == full
        several += 1
        crossing += full[2]["crossing_pairs"] > 0
    assert crossing > 100


# --- damage


def _drop(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    return p, np.delete(f, draw.randrange(cut, len(f)), axis=0)


def _flip(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    row = draw.randrange(cut, len(f))
    f[row] = f[row, ::-1]
    return p, f


def _double(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    row = f[draw.randrange(cut, len(f))]
    return p, np.vstack([f, row[::-1] if draw.random() < 0.5 else row])


def _double_rest(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    return p, np.vstack([f, f[draw.randrange(cut)][::-1]])


def _fin(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    """A face on an edge of the rest, its third point new."""
    a, b, _ = f[draw.randrange(cut)]
    return np.vstack([p, p[a] + [7, 5, 3]]), np.vstack([f, [[a, b, len(p)]]])


def _flap(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    """Two faces, back to back, on an edge of the rest: a body that touches it along an edge."""
    a, b, _ = f[draw.randrange(cut)]
    c = len(p)
    closed = [[a, b, c], [b, a, c + 1], [b, c + 1, c], [a, c, c + 1]]
    return np.vstack([p, p[a] + [7, 5, 3], p[a] + [2, 8, 9]]), np.vstack([f, closed])


def _pinch(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    """A tetrahedron that touches one point, of the rest or of the letters."""
    a, n = draw.choice(f[draw.choice((0, cut)) :].ravel().tolist()), len(p)
    b, c, d = n, n + 1, n + 2
    solid = [[a, c, b], [a, b, d], [b, c, d], [c, a, d]]
    return np.vstack([p, p[a] + [[9, 0, 0], [0, 9, 0], [0, 0, 9]]]), np.vstack([f, solid])


def _weld(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    """Two points of the new faces become one."""
    points = np.unique(f[cut:])
    a, b = draw.sample(points.tolist(), 2)
    f[cut:][f[cut:] == a] = b
    return p, f


def _aside(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    """A solid of its own, or a hollow: right side out, inside out, or of no volume."""
    n = len(p)
    solid = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [2, 0, 3]]) + n
    at = np.array([[0, 0, 0], [900, 0, 0], [0, 900, 0], [0, 0, draw.choice((900, 0))]]) + [
        draw.randint(-(9**5), 9**5),
        0,
        20000,
    ]
    return np.vstack([p, at]), np.vstack([f, solid[:, :: draw.choice((1, -1))]])


def _unused(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    return np.vstack([p, [[1, 2, 3]]]), f


def _index(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    f[draw.randrange(cut, len(f)), draw.randrange(3)] = draw.choice((-1, len(p), 2**31 - 1))
    return p, f


def _repeat(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    f[draw.randrange(cut, len(f)), 0] = f[-1, 1]
    return p, f


def _nowhere(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    p[-1] = draw.choice((grid.NOT_FINITE, grid.TOO_FAR))
    return p, f


def _flat(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    """A point of the letters on another: closed by its indices, with faces of no area."""
    a, b, _ = f[-1]
    p[a] = p[b]
    return p, f


def _away(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    """The letters somewhere else: outside the patch, and of the body."""
    p[f[:cut].max() + 1 :] += [draw.randint(-(10**6), 10**6) for _ in range(3)]
    return p, f


def _swap(draw: random.Random, p: np.ndarray, f: np.ndarray, cut: int) -> Arrays:
    """The letters' walls inside out."""
    f[cut:] = f[cut:, ::-1]
    return p, f


DAMAGE: tuple[Callable[[random.Random, np.ndarray, np.ndarray, int], Arrays], ...] = (
    _drop, _flip, _double, _double_rest, _fin, _flap, _pinch, _weld, _aside, _unused, _index, _repeat, _nowhere, _flat, _away, _swap,
)  # fmt: skip


@pytest.mark.parametrize("damage", DAMAGE, ids=[d.__name__[1:] for d in DAMAGE])
def test_a_bad_stamp_has_the_same_report(damage: Callable[[random.Random, np.ndarray, np.ndarray, int], Arrays]) -> None:
    draw, body, known = random.Random(2), slab(), Certificates()
    bad = 0
    for _ in range(16):
        part = stamped(draw, body)
        if part is None or part.kept is None:
            continue
        told([part], known)
        points, faces = damage(draw, part.lattice.copy(), part.faces.copy(), part.kept.faces)
        worse = Settled(part.part, part.pose, points.astype(np.int32), faces.astype(np.int32), part.kept)
        full = told([worse])
        assert told([worse], known) == full
        bad += bool(full[1])
    assert bad >= (5 if damage is _aside else 10) or damage is _away
    assert known.held > 0


# --- any body, cut anywhere


def torus(n: int = 7, at: float = 0.0) -> Arrays:
    angle = np.arange(n) * 2 * math.pi / n
    points = [
        ((3 + math.cos(v)) * math.cos(u) + at, (3 + math.cos(v)) * math.sin(u), math.sin(v)) for u in angle for v in angle
    ]
    faces = []
    for i in range(n):
        for j in range(n):
            a, b, c, d = (x % n * n + y % n for x, y in ((i, j), (i + 1, j), (i + 1, j + 1), (i, j + 1)))
            faces += [(a, b, c), (a, c, d)]
    return np.round(np.array(points) * 30_000).astype(np.int64), np.array(faces)


def solids() -> list[Arrays]:
    ring, other = torus(), torus(4, 9.0)
    n = len(ring[0])
    both = (np.vstack([ring[0], other[0]]), np.vstack([ring[1], other[1] + n]))
    touching = (np.vstack([ring[0], other[0][1:]]), np.vstack([ring[1], np.where(other[1] == 0, 5, other[1] + n - 1)]))
    ball = (
        np.array([[0, 1, 2], [0, 2, 3], [0, 3, 1], [1, 3, 2]]),
        np.array([[0, 0, 0], [9000, 0, 0], [0, 9000, 0], [0, 0, 9000]]),
    )
    paper = (ring[0][:3], np.array([[0, 1, 2], [0, 2, 1]]))
    flat = ring[0].copy()
    flat[9] = flat[10]
    return [ring, both, touching, (ball[1], ball[0]), torus(4), torus(3), paper, (flat, ring[1])]


@pytest.mark.parametrize("which", range(len(solids())))
def test_any_part_of_a_body_may_be_the_rest(which: int) -> None:
    """Rests of several pieces, that touch themselves, with holes and edges between border points; new faces that heal them."""
    draw = random.Random(which)
    points, faces = solids()[which]
    short = 0
    for turn in range(60):
        cut = draw.randint(1, len(faces))
        if turn % 2:  # one patch, as a stamp leaves: faces near one of them are new
            middle = points[faces].mean(axis=1)
            order = np.argsort(-np.abs(middle - middle[draw.randrange(len(faces))]).sum(axis=1), kind="stable")
        else:
            order = np.array(draw.sample(range(len(faces)), len(faces)))
        rows = faces[order].copy()
        if turn % 5 == 4:
            rows = np.delete(rows, draw.randrange(len(rows)), axis=0)
            cut = min(cut, len(rows))
        if not len(rows):
            continue
        used = list(dict.fromkeys(rows[:cut].ravel().tolist() + rows.ravel().tolist() + list(range(len(points)))))
        number = np.empty(len(points), dtype=np.int64)
        number[used] = np.arange(len(points))
        rows = number[rows].astype(np.int32)
        first = max(int(rows[:cut].max()) + 1, draw.choice((0, len(points))))
        part = Settled(
            Part("part", Mesh(points / STEPS, faces)), Pose(), points[used].astype(np.int32), rows, Kept("k", first, cut)
        )
        known = Certificates()
        known.of(part.kept, part.lattice, part.faces)
        full = told([part])
        assert told([part], known) == full
        if quick(part, known):
            short += 1
            assert not {f.code for f in full[1]} & {"open-edge", "nonmanifold-edge", "nonmanifold-vertex", "duplicate-face"}
    never = which in (2, 6, 7)  # it touches itself, is there twice, has faces of no area
    assert (short == 0) if never else (short >= 10)


def test_a_rest_that_crosses_itself_is_asked_again() -> None:
    """Two rings through each other, and three faces of them new: what the rest does to itself is told, though nothing new is in it."""
    ring, other = torus(), torus(7, 3.0)
    points, n = np.vstack([ring[0], other[0]]).astype(np.int32), len(ring[0])
    faces = np.vstack([ring[1], other[1] + n]).astype(np.int32)
    part = Settled(Part("part", Mesh(points / STEPS, faces)), Pose(), points, faces, Kept("k", len(points), len(faces) - 3))
    known = Certificates()
    for _ in range(3):
        assert told([part], known) == told([part])
    rest = known.of(part.kept, part.lattice, part.faces)
    assert rest is not None and rest.rest is None
    assert "overlapping-shells" in {f.code for f in told([part], known)[1]}


# --- what is kept


def test_it_is_kept_from_the_second_time_on_and_bounded() -> None:
    draw, body = random.Random(3), slab()
    known = Certificates()
    part = stamped(draw, body)
    assert part is not None
    assert not quick(part, known) and known.held == 0
    assert quick(part, known) and known.held > 0
    one = known.held
    small = Certificates(limit=2 * one + one // 2)
    assert part.kept is not None
    for k in range(8):
        kept = Kept(f"body {k}", part.kept.points, part.kept.faces)
        for _ in range(2):
            small.of(kept, part.lattice, part.faces)
        assert 0 < small.held <= 2 * one + one // 2
    known.forget()
    assert known.held == 0


def test_a_wrong_key_never_gives_a_wrong_verdict() -> None:
    """Rows that are not those of the key: moved, turned over, longer than the mesh, or somebody else's."""
    part = stamped(random.Random(4), slab())
    assert part is not None and part.kept is not None
    lattice, faces, n, m = part.lattice.copy(), part.faces.copy(), part.kept.points, part.kept.faces
    lattice[0, 0] += 5000
    turned = faces.copy()
    turned[0] = turned[0, ::-1]
    rolled = faces.copy()
    rolled[:m] = np.roll(faces[:m], 1, axis=1)
    for points, rows, kept in (
        (lattice, faces, part.kept),
        (part.lattice, turned, part.kept),
        (part.lattice, rolled, part.kept),
        (part.lattice, faces[:-1], part.kept),
        (part.lattice, faces, Kept(part.kept.key, n - 1, m)),
        (part.lattice, faces, Kept(part.kept.key, n, len(faces))),
        (part.lattice, faces, Kept(part.kept.key, n, m - 1)),
        (part.lattice, faces, Kept(part.kept.key, n + 10**6, m)),
        (part.lattice, faces, Kept(part.kept.key, 0, 0)),
        (part.lattice, faces, part.kept),
    ):
        known = Certificates()
        for _ in range(3):
            told([part], known)
        assert quick(part, known)
        liar = Settled(part.part, part.pose, points, rows, kept)
        for _ in range(3):
            assert told([liar], known) == told([liar])


def test_threads_share_what_is_known() -> None:
    body, known = slab(), Certificates()
    wrong: list[int] = []

    def work(seed: int) -> None:
        draw = random.Random(seed)
        for _ in range(10):
            part = stamped(draw, body)
            if part is not None and told([part], known) != told([part]):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
