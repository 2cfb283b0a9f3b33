"""Which orders of a class are drawn: those that span it and reach its ends first, then others at random; and where it is divided."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def centre(z: Floats) -> int:
    """The order (row of z) that is nearest the middle of all of them."""
    low, high = z.min(axis=0, initial=np.inf), z.max(axis=0, initial=-np.inf)
    reach = np.where(high > low, high - low, 1.0)
    away = np.abs((z - (low + high) / 2.0) / reach).max(axis=1, initial=0.0)
    return int(np.argmin(away))


def spanning(z: Floats, seed: int) -> list[int]:
    """All rows in an order such that the first ones span z (n, d), the next ones reach the ends of each of its columns, and the rest
    follow at random."""
    n, d = z.shape
    rest = np.concatenate([np.ones((n, 1)), z], axis=1)
    scale = np.abs(rest).max(axis=0)
    rest = rest / np.where(scale > 0.0, scale, 1.0)
    chosen: dict[int, None] = {}
    for _ in range(d + 1):
        sizes = _sums(rest * rest)
        best = int(np.argmax(sizes))
        if sizes[best] <= 1e-18:
            break
        chosen.setdefault(best)
        unit = rest[best] / np.sqrt(sizes[best])
        rest = rest - _sums(rest * unit)[:, None] * unit
    for k in range(d):
        chosen.setdefault(int(np.argmin(z[:, k])))
        chosen.setdefault(int(np.argmax(z[:, k])))
    return [*chosen, *mixed([k for k in range(n) if k not in chosen], seed)]


def mixed(rows: Sequence[int], seed: int) -> list[int]:
    """The rows in an order that has nothing to do with theirs, the same for a seed anywhere."""
    return sorted(rows, key=lambda k: hashlib.sha256(f"{seed}/{k}".encode()).digest())


def _sums(rows: Floats) -> Floats:
    """Of each row, its numbers one after the other: the same bits everywhere."""
    made = np.zeros(len(rows))
    for k in range(rows.shape[1]):
        made += rows[:, k]
    return made


@dataclass(frozen=True)
class Cut:
    """Orders whose coordinate `at` is at most `value` lie on one side. `wrong`: drawn ones that lie on the wrong side of it.

    `low`, `high`: the nearest ones drawn on both sides.
    """

    at: int
    value: float
    below: bool
    low: float
    high: float
    wrong: int

    def inside(self, values: Floats) -> npt.NDArray[np.bool_]:
        """Which of coordinates (n, q) lie with those that match."""
        side = values[:, self.at] <= self.value
        return side if self.below else ~side


def cut(values: Floats, good: Sequence[bool], weights: Floats) -> Cut | None:
    """The coordinate of values (n, q) that best tells good rows from others; `weights` (q,): preferred ones weigh more. None where
    none does."""
    wanted = np.array(good, dtype=bool)
    best: tuple[int, float, Cut] | None = None
    for at in range(values.shape[1]):
        column = values[:, at]
        reach = float(column.max() - column.min())
        if reach <= 0.0:
            continue
        order = np.argsort(column, kind="stable")
        ordered, flags = column[order], wanted[order]
        gaps = np.flatnonzero(np.diff(ordered) > 1e-9 * reach)
        goods = np.cumsum(flags)
        for k in gaps.tolist():
            left_good, left = int(goods[k]), k + 1
            right_good, right = int(goods[-1]) - left_good, len(flags) - left
            for below in (True, False):
                wrong = (left - left_good) + right_good if below else left_good + (right - right_good)
                gap = float(ordered[k + 1] - ordered[k]) / reach * float(weights[at])
                if best is None or (wrong, -gap) < (best[0], -best[1]):
                    middle = (float(ordered[k]) + float(ordered[k + 1])) / 2.0
                    best = (wrong, gap, Cut(at, middle, below, float(ordered[k]), float(ordered[k + 1]), wrong))
    least = min(int(wanted.sum()), int((~wanted).sum()))
    return best[2] if best is not None and best[0] < least else None
