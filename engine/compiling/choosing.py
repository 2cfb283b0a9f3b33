"""Which orders of a class are drawn: those that span it and reach its ends first, then others at random; and where it is divided."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def centre(z: Floats) -> int:
    """The order (row of z) that is nearest the middle of all of them."""
    low, high = z.min(axis=0, initial=np.inf), z.max(axis=0, initial=-np.inf)
    reach = np.where(high > low, high - low, 1.0)
    away = np.abs((z - (low + high) / 2.0) / reach).max(axis=1, initial=0.0)
    return int(np.argmin(away))


@dataclass(frozen=True)
class Span:
    """All rows of an order's numbers z (n, d), each once: `near` ones span them in small steps from the origin, `ends` reach the ends of
    each number, and the `rest` follows in its own order.

    The small steps tell which way each edge moves, so that in the wide ones no feature is taken for its neighbour.
    """

    near: list[int]
    ends: list[int]
    rest: list[int]

    @property
    def order(self) -> list[int]:
        """All of them."""
        return [*self.near, *self.ends, *self.rest]


def spanning(z: Floats, rank: Ints) -> Span:
    """The span of z (n, d); the rest by `rank` (n,), and of equals the first by it."""
    d = z.shape[1]
    scale = np.abs(z).max(axis=0, initial=0.0)
    even = z / np.where(scale > 0.0, scale, 1.0)
    size = np.sqrt(_sums(even * even))
    near = np.where(size > 0.0, even.T / np.maximum(size, 1e-12) ** 1.75, 0.0).T  # the nearer, the sooner, if it is new
    first = _pivots(near, d)
    ends = [k for k in _reaching(z, rank) if k not in first]
    known = {*first, *ends}
    return Span(first, ends, [k for k in np.argsort(rank, kind="stable").tolist() if k not in known])


def _reaching(z: Floats, rank: Ints) -> list[int]:
    """Few rows that reach both ends of each column: again and again the one that reaches most of those not reached yet."""
    at_end = np.concatenate([z == z.min(axis=0, initial=np.inf), z == z.max(axis=0, initial=-np.inf)], axis=1)
    open_ = np.ones(at_end.shape[1], dtype=bool)
    found: list[int] = []
    while open_.any() and len(z):
        reached = (at_end & open_).sum(axis=1)
        best = np.flatnonzero(reached == reached.max())
        found.append(int(best[np.argmin(rank[best])]))
        open_ &= ~at_end[found[-1]]
    return found


def _pivots(rows: Floats, count: int) -> list[int]:
    """The row that is longest beside those chosen before it, so many times."""
    rest, found = rows.copy(), []
    for _ in range(count):
        sizes = _sums(rest * rest)
        best = int(np.argmax(sizes))
        if sizes[best] <= 1e-18:
            break
        found.append(best)
        unit = rest[best] / np.sqrt(sizes[best])
        rest = rest - _sums(rest * unit)[:, None] * unit
    return found


def ranked(values: Floats, seed: int) -> Ints:
    """Of each row of values (n, q) its place in an order that has nothing to do with theirs, the same for a seed anywhere. What two
    regions share comes in the same order in both."""
    rows = np.ascontiguousarray(values, dtype="<f8")
    order = sorted(range(len(rows)), key=lambda k: hashlib.sha256(f"{seed}/".encode() + rows[k].tobytes()).digest())
    rank = np.empty(len(rows), dtype=np.int64)
    rank[order] = np.arange(len(rows))
    return rank


def _sums(rows: Floats) -> Floats:
    """Of each row, its numbers one after the other: the same bits everywhere."""
    made = np.zeros(len(rows))
    for k in range(rows.shape[1]):
        made += rows[:, k]
    return made


Pair = tuple[int, int]
"""A coordinate (at, -1), or the difference of two (at, less)."""


def measured(values: Floats, pair: Pair) -> Floats:
    """That coordinate, or difference, of each of values (n, q)."""
    at, less = pair
    return np.asarray(values[:, at] if less < 0 else values[:, at] - values[:, less])


@dataclass(frozen=True)
class Cut:
    """Orders whose `pair` is at most `value` lie on one side; `low`, `high`: the nearest ones drawn on both sides."""

    pair: Pair
    value: float
    low: float
    high: float

    def below(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Which of coordinates (n, q) lie on the lower side."""
        return measured(values, self.pair) <= self.value

    def said(self, names: Sequence[str]) -> str:
        """Where it cuts: `plan().bumper between 0 and 0.5`."""
        at, less = self.pair
        what = names[at] if less < 0 else f"{names[at]} - {names[less]}"
        return f"{what} between {self.low:g} and {self.high:g}"


NEARER = 8
"""Rows that are looked at, at most, to see where exactly between two of other kinds a cut lies."""
PLAINER = 0.75
"""A coordinate is cut rather than a difference of two that parts the kinds so much better, or less."""


def cut(values: Floats, kinds: Sequence[str]) -> Cut | None:
    """What best parts the kinds of rows of coordinates (n, q): a coordinate, else a difference of two; of equals the one with the
    widest gap. None where nothing parts them.

    The measure is Gini's impurity (L. Breiman et al., Classification and Regression Trees, 1984).
    """
    names = sorted(set(kinds))
    ones = np.array([[kind == name for name in names] for kind in kinds], dtype=np.float64)
    moving = [k for k in range(values.shape[1]) if float(np.ptp(values[:, k])) > 0.0]
    plain = _best(values, ones, [(k, -1) for k in moving])
    if plain is not None and plain[0] >= _impurity(ones.sum(axis=0)[None])[0] - 1e-9:
        return plain[2]
    pair = _best(values, ones, [(a, b) for n, a in enumerate(moving) for b in moving[:n]])
    if plain is None or (pair is not None and plain[0] < PLAINER * pair[0]):
        return None if pair is None else pair[2]
    return plain[2]


def located(values: Floats, kinds: Mapping[int, str], kind: Callable[[int], str]) -> Cut | None:
    """The cut that best parts rows of coordinates (n, q) whose kinds are known, `kind(row)` told of more of them, NEARER at most, until no row
    lies between the two that it is cut between."""
    known = dict(kinds)
    for left in range(NEARER, -1, -1):
        found = cut(values[list(known)], list(known.values()))
        if found is None or not left:
            break
        at = measured(values, found.pair)
        between = np.flatnonzero((at > found.low) & (at < found.high))
        if not len(between):
            break
        row = int(between[np.argmin(np.abs(at[between] - found.value))])
        known[row] = kind(row)
    return found


def _impurity(counts: Floats) -> Floats:
    """Of each row of counts by kind: how many times a kind and another meet, over how many they are."""
    whole = np.maximum(counts.sum(axis=1), 1.0)
    return np.asarray(whole - (counts * counts).sum(axis=1) / whole)


def _best(values: Floats, ones: Floats, pairs: Sequence[Pair]) -> tuple[float, float, Cut] | None:
    """Gain, gap and cut of the best of these."""
    best: tuple[float, float, Cut] | None = None
    whole = ones.sum(axis=0)
    before = float(_impurity(whole[None])[0])
    for pair in pairs:
        column = measured(values, pair)
        reach = float(column.max() - column.min())
        if reach <= 1e-9:
            continue
        order = np.argsort(column, kind="stable")
        ordered, left = column[order], np.cumsum(ones[order], axis=0)
        gaps = np.flatnonzero(np.diff(ordered) > 1e-9 * max(reach, 1.0))
        if not len(gaps):
            continue
        gains = before - _impurity(left[gaps]) - _impurity(whole - left[gaps])
        most = float(gains.max())
        if most <= 1e-9 or (best is not None and most < best[0] - 1e-9):
            continue
        for k in gaps[gains >= most - 1e-9].tolist():
            low, high = float(ordered[k]), float(ordered[k + 1])
            gap = (high - low) / reach
            if best is None or most > best[0] + 1e-9 or gap > best[1]:
                best = (most, gap, Cut(pair, (low + high) / 2.0, low, high))
    return best
