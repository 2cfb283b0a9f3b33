"""Few rows in which every two values of every two parameters meet at least once: most faults need one value, or two together."""

from __future__ import annotations

from collections.abc import Sequence

Pair = tuple[int, int, int, int]
"""Factor, its level, a later factor, its level."""


def rows(levels: Sequence[int]) -> list[tuple[int, ...]]:
    """A covering array of strength two. `levels`: how many values each factor has; a row gives the index of one for each.

    Greedy, one row at a time (after D. M. Cohen et al., "The AETG system", 1997), without chance: each row begins with a pair that
    no row has yet, and every other factor takes the level that meets most such pairs. Few more rows than the two largest factors'
    product where the others are small.
    """
    if any(count < 1 for count in levels):
        raise ValueError(f"a factor needs a level: {list(levels)}")
    count = len(levels)
    missing = {
        (f, a, g, b): None
        for f in range(count)
        for g in range(f + 1, count)
        for a in range(levels[f])
        for b in range(levels[g])
    }
    found: list[tuple[int, ...]] = []
    while missing:
        row = _row(levels, missing, len(found))
        for f in range(count):
            for g in range(f + 1, count):
                missing.pop((f, row[f], g, row[g]), None)
        found.append(row)
    return found


def _row(levels: Sequence[int], missing: dict[Pair, None], turn: int) -> tuple[int, ...]:
    """One more row; `turn` moves what wins where nothing is missing, so that no level is always the one that fills up."""
    first, a, second, b = next(iter(missing))
    row = {first: a, second: b}
    for f in range(len(levels)):
        if f not in row:
            scores = [sum(_pair(f, level, g, row[g]) in missing for g in row) for level in range(levels[f])]
            best = max(scores)
            row[f] = next(k for k in ((turn + j) % levels[f] for j in range(levels[f])) if scores[k] == best)
    return tuple(row[f] for f in range(len(levels)))


def _pair(f: int, a: int, g: int, b: int) -> Pair:
    return (f, a, g, b) if f < g else (g, b, f, a)
