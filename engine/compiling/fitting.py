"""Polynomials of a few numbers through sampled columns: affine where that is all there is, a sparse higher order where it is not.

Columns are the coordinates of a body's nodes, each distinct one once. First an affine least squares (most of a CAD body is exactly
affine in its dimensions); what is left over decides, greedily, which products of two to four numbers join it (orthogonal matching
pursuit: Y. C. Pati et al., 1993), until nothing is left or the samples allow no more.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernels import regress

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

AFFINE_MM = 2e-5
"""A column that an affine function meets so well everywhere has no more terms: a fifth of a lattice step."""
GOOD_MM = 5e-4
"""No term is added once all samples are met so well."""
SAMPLES_A_TERM = 1.6
"""A term more needs so many samples: a polynomial through all of them would tell nothing between them."""
JUDGES = 300
"""So many columns, those that are missed most, say which term joins next."""
SAME_MM = 1e-8
DEPENDENT = 1e-7
GRID = 2.0**-28
"""Coefficients are multiples of this before they are kept: what a library's last bits say does not reach the file."""


@dataclass(frozen=True, eq=False)
class Axes:
    """Which coordinates tell a class's orders apart: `pivots` (d,) among all coordinates, and all of them from those:
    q - origin = relation (q, d) times (q[pivots] - origin[pivots]). `scale` (d,): powers of two by which z comes within 1."""

    pivots: Ints
    origin: Floats
    relation: Floats
    scale: Floats

    def z(self, values: Floats) -> Floats:
        """(n, d) of coordinates (n, q)."""
        return np.ascontiguousarray((values[:, self.pivots] - self.origin[self.pivots]) * self.scale)


@dataclass(frozen=True, eq=False)
class Fit:
    """`of` (c,): which distinct column each given one is. `base` (u,), `linear` (d, u), `terms` (t, 4; -1: none), `high` (t, h) of
    the first h columns. `residual` (u,): the largest miss of each on the samples, mm."""

    of: Ints
    base: Floats
    linear: Floats
    terms: Ints
    high: Floats
    residual: Floats


def axes_of(values: Floats, origin: Floats) -> Axes:
    """The coordinates (n, q) that are enough: each in turn the one that the others leave most of."""
    rest = np.ascontiguousarray(values - origin)
    reach = np.abs(rest).max(axis=0)
    pivots: list[int] = []
    given: list[Floats] = []
    parts: list[Floats] = []
    while len(pivots) < min(rest.shape):
        sizes = np.sqrt((rest * rest).sum(axis=0))
        left = np.abs(rest).max(axis=0)
        sizes[left <= DEPENDENT * np.maximum(reach, 1.0)] = 0.0
        best = int(np.argmax(sizes))
        if sizes[best] == 0.0:
            break
        unit = np.ascontiguousarray(rest[:, best] / sizes[best])
        along = np.empty(rest.shape[1])
        regress.project(unit, rest, along)
        pivots.append(best)
        parts.append(along)
        given.append(unit)
    d = len(pivots)
    upper = np.array([[parts[i][p] for p in pivots] for i in range(d)]).reshape(d, d)
    relation = np.zeros((values.shape[1], d))
    if d:
        relation = _back(upper, np.array(parts)).T
    relation[np.abs(relation) < 1e-12] = 0.0
    for k, p in enumerate(pivots):
        relation[p] = 0.0
        relation[p, k] = 1.0
    most = np.abs(values[:, pivots] - origin[pivots]).max(axis=0, initial=0.0)
    scale = np.array([2.0 ** -math.ceil(math.log2(m)) if m > 0.0 else 1.0 for m in most.tolist()])
    return Axes(np.array(pivots, dtype=np.int64), origin.copy(), np.ascontiguousarray(relation), scale)


def _back(upper: Floats, right: Floats) -> Floats:
    """x of upper (d, d) x = right (d, u), in fixed order."""
    made = right.copy()
    for i in range(len(upper) - 1, -1, -1):
        for j in range(i + 1, len(upper)):
            made[i] -= upper[i, j] * made[j]
        made[i] /= upper[i, i]
    return made


def distinct(columns: Floats) -> tuple[Floats, Ints]:
    """The distinct ones of columns (n, c), and which of them each is. Two are one where all samples agree within SAME_MM."""
    n = len(columns)
    weights = 1.0 + np.modf(np.arange(1, n + 1) * 0.6180339887498949)[0]
    mark = np.zeros(columns.shape[1])
    for w, row in zip(weights.tolist(), columns, strict=True):
        mark += w * row
    order = np.argsort(mark, kind="stable")
    of = np.empty(columns.shape[1], dtype=np.int64)
    groups: list[int] = []
    recent: list[int] = []
    for at in order.tolist():
        recent = [g for g in recent if mark[at] - mark[groups[g]] <= 4.0 * n * SAME_MM]
        same = next((g for g in recent if np.abs(columns[:, groups[g]] - columns[:, at]).max() <= SAME_MM), None)
        if same is None:
            same = len(groups)
            groups.append(at)
            recent.append(same)
        of[at] = same
    return np.ascontiguousarray(columns[:, groups]), of


def fit(z: Floats, columns: Floats) -> Fit:
    """Through columns (n, c) at z (n, d)."""
    given, of = distinct(columns)
    n, d = z.shape
    units: list[Floats] = []
    upper: list[list[float]] = []
    parts: list[Floats] = []
    rest = given.copy()

    def join(feature: Floats) -> bool:
        """One more term; False where it says nothing new."""
        left, over = feature.copy(), []
        for unit in units:
            a = _dot(unit, left)
            left -= a * unit
            over.append(a)
        for k, unit in enumerate(units):  # once more: what rounding left along them
            a = _dot(unit, left)
            left -= a * unit
            over[k] += a
        size = np.sqrt(_dot(left, left))
        if size <= 1e-9 * max(1.0, np.sqrt(_dot(feature, feature))):
            return False
        unit = np.ascontiguousarray(left / size)
        along = np.empty(rest.shape[1])
        regress.project(unit, rest, along)
        units.append(unit)
        parts.append(along)
        upper.append([*over, float(size)])
        return True

    if not join(np.ones(n)):
        raise ValueError("no samples")
    used = [k for k in range(d) if join(np.ascontiguousarray(z[:, k]))]
    terms = _more(z, rest, units, join, int(n / SAMPLES_A_TERM) - len(units))
    size = len(units)
    square = np.zeros((size, size))
    for k, column in enumerate(upper):
        square[: k + 1, k] = column
    solved = np.rint(_back(square, np.array(parts)) / GRID) * GRID
    curved = np.flatnonzero(np.abs(solved[1 + len(used) :]).max(axis=0, initial=0.0) > 0.0) if terms else np.empty(0, np.int64)
    straight = np.setdiff1d(np.arange(given.shape[1]), curved)
    order = np.concatenate([curved, straight]).astype(np.int64)
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    linear = np.zeros((d, given.shape[1]))
    linear[used] = solved[1 : 1 + len(used)]
    return Fit(
        rank[of],
        np.ascontiguousarray(solved[0][order]),
        np.ascontiguousarray(linear[:, order]),
        np.array([(*t, *([-1] * (4 - len(t)))) for t in terms], dtype=np.int64).reshape(-1, 4),
        np.ascontiguousarray(solved[1 + len(used) :][:, curved]),
        np.abs(rest).max(axis=0)[order],
    )


def at(fit: Fit, z: Floats) -> Floats:
    """The distinct columns (u,) at z (d,), term by term: what is decided by them is the same on any machine."""
    made = fit.base.copy()
    for a, row in zip(z.tolist(), fit.linear, strict=True):
        made += a * row
    for term, row in zip(fit.terms.tolist(), fit.high, strict=True):
        made[: len(row)] += np.prod([z[k] for k in term if k >= 0]) * row
    return np.asarray(made)


def _dot(a: Floats, b: Floats) -> float:
    total = 0.0
    for x, y in zip(a.tolist(), b.tolist(), strict=True):
        total += x * y
    return total


def _more(z: Floats, rest: Floats, units: list[Floats], join: Callable[[Floats], bool], room: int) -> list[tuple[int, ...]]:
    """Terms of higher order, the one that explains most of what is left first."""
    d = z.shape[1]
    pool = [p for order in (2, 3) for p in itertools.combinations_with_replacement(range(d), order)]
    if len(pool) > 600:
        pool = [p for p in pool if len(p) == 2 or len(set(p)) <= 2]
    pool += [(k,) * 4 for k in range(d)]
    chosen: list[tuple[int, ...]] = []
    features = np.array([np.prod([z[:, k] for k in p], axis=0) for p in pool]).reshape(len(pool), len(z)).T
    left = np.ascontiguousarray(features)  # of each, what is new beside the terms so far
    for unit in units:
        regress.project(unit, left, np.empty(len(pool)))
    floor = 1e-6 * np.abs(features).max(axis=0, initial=0.0)
    while room > 0 and pool:
        miss = np.abs(rest).max(axis=0)
        if miss.max(initial=0.0) <= GOOD_MM:
            break
        worst = np.argsort(-miss, kind="stable")[:JUDGES]
        wrong = np.ascontiguousarray(rest[:, worst[miss[worst] > AFFINE_MM]])
        square, gains = np.empty((len(z), len(z))), np.empty(len(pool))
        regress.gram(wrong, square)
        regress.energies(np.ascontiguousarray(left.T), square, gains)
        gains[np.abs(left).max(axis=0) <= floor] = 0.0
        best = int(np.argmax(gains))
        if gains[best] <= 0.0 or not join(np.ascontiguousarray(features[:, best])):
            break
        regress.project(units[-1], left, np.empty(len(pool)))
        chosen.append(pool[best])
        room -= 1
    return chosen
