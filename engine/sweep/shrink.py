"""The smallest order that still fails in the same way: first the fewest changes, then each as near to its default as it goes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.sweep.axes import Axis

Changes = dict[str, Any]
Fails = Callable[[Mapping[str, Any]], bool]


def smallest(changes: Mapping[str, Any], axes: Sequence[Axis], fails: Fails, most: int = 60) -> Changes:
    """Changes of which none can be dropped, and no number or text can come nearer to its default, without another end.

    Delta debugging (A. Zeller and R. Hildebrandt, "Simplifying and isolating failure-inducing input", 2002), then halving.
    `fails` is asked at most `most` times; where that is too few, the answer is only smaller.
    """
    asked = 0

    def still(candidate: Changes) -> bool:
        nonlocal asked
        if asked >= most:
            return False
        asked += 1
        return fails(candidate)

    found = _fewest(dict(changes), still)
    for axis in axes:
        if axis.name in found:
            found[axis.name] = _nearest(found, axis, still)
    return found


def _fewest(changes: Changes, still: Callable[[Changes], bool]) -> Changes:
    pieces = 2
    while changes:
        names = list(changes)
        pieces = min(pieces, len(names))
        cuts = [names[len(names) * k // pieces : len(names) * (k + 1) // pieces] for k in range(pieces)]
        without = [{n: v for n, v in changes.items() if n not in cut} for cut in cuts]
        alone = [{n: changes[n] for n in cut} for cut in cuts] if pieces > 2 else []
        smaller = next((c for c in [*alone, *without] if still(c)), None)
        if smaller is not None:
            pieces = 2 if len(smaller) < len(changes) - len(cuts[0]) else max(pieces - 1, 2)
            changes = smaller
        elif pieces >= len(names):
            return changes
        else:
            pieces *= 2
    return changes


def _nearest(changes: Changes, axis: Axis, still: Callable[[Changes], bool]) -> Any:
    """The value of one change, halved towards the default as long as it fails."""
    value = changes[axis.name]
    between = axis.towards_default(value)
    low, high = 0, len(between)  # between[high:] fail, as far as is known; below low nothing is known to
    while low < high:
        middle = (low + high) // 2
        if still({**changes, axis.name: between[middle]}):
            high = middle
        else:
            low = middle + 1
    return between[high] if high < len(between) else value
