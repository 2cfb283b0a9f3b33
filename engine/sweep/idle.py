"""Parameters and options that change nothing: the same product for all their values, in orders that are otherwise equal."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

from engine.sweep.axes import Axis
from engine.sweep.crew import Crew
from engine.sweep.findings import Suspicion

BASES = 8
"""Orders, besides the defaults, in which a value must make no difference before it is said to make none."""
LEAST = 2
"""And in so many of them both values must have been made."""
NUDGED = 12
AT_A_TIME = 4
"""How many orders that change a seemingly idle parameter are made again with it moved, and how many before it is asked whether
one was enough."""
Base = tuple[str, Mapping[str, Any]]
"""A process, and the changes of an order that was made in it."""


@dataclass
class _Doubt:
    """Values of one parameter that no order has told apart yet; how often each two made the same."""

    axis: Axis
    values: tuple[Any, ...]
    alike: dict[tuple[int, int], int] = field(init=False)
    moves: bool = False

    def __post_init__(self) -> None:
        self.alike = dict.fromkeys(combinations(range(len(self.values)), 2), 0)

    @property
    def by_option(self) -> bool:
        """Whether two options that make the same are worth a word: of two lengths or rows they may."""
        return self.axis.kind == "choice"

    @property
    def open(self) -> bool:
        """Whether there is still something to tell apart."""
        every = len(self.values) * (len(self.values) - 1) // 2
        return len(self.alike) == every > 0 or (self.by_option and bool(self.alike))

    def asked(self) -> set[int]:
        """Indices of the values that are still to be told apart."""
        return {k for pair in self.alike for k in pair}

    def learn(self, made: Mapping[int, str | None]) -> None:
        """One more order: hash by index, None where it was not made."""
        for a, b in list(self.alike):
            one, other = made.get(a), made.get(b)
            if one is not None and other is not None:
                if one == other:
                    self.alike[a, b] += 1
                else:
                    del self.alike[a, b]

    def tell(self, one: str | None, other: str | None) -> None:
        """Two more products that differ in nothing but this: where they differ, it is not idle."""
        if one is not None and other is not None and one != other:
            self.moves = True

    @property
    def idle(self) -> bool:
        """Whether all values make the same, as far as is known."""
        every = len(self.values) * (len(self.values) - 1) // 2
        return not self.moves and sum(times >= LEAST for times in self.alike.values()) == every > 0

    def found(self) -> Suspicion | None:
        """What is to be said of it in the end."""
        name = self.axis.name
        alike = [pair for pair, times in self.alike.items() if times >= LEAST and not self.moves]
        if self.idle:
            told = ", ".join(str(v) or "nothing" for v in self.values)
            return Suspicion(
                "idle", name, f"changes nothing: {told} make the same in {min(self.alike.values())} otherwise equal orders"
            )
        if self.by_option and alike:
            told = "; ".join(f"{self.values[a]} makes the same as {self.values[b]}" for a, b in alike)
            return Suspicion("idle", name, f"{told}, in all otherwise equal orders that were tried")
        return None


def idle(
    crew: Crew,
    axes: Sequence[Axis],
    known: Mapping[tuple[str, Any], str],
    bases: Sequence[Base],
    until: float | None,
    elsewhere: Sequence[Base] = (),
) -> list[Suspicion]:
    """`known`: hashes of products by process and `key_of` their changes; `bases`: orders to try values in, the cheapest first.

    `elsewhere`: all orders that were made. What is idle in the bases may matter under an option that they lack, or be refused there:
    where an order changes it, it is moved by one step.
    """
    hashes: dict[tuple[str, Any], str | None] = dict(known)
    doubts = [_Doubt(axis, _values(axis)) for axis in axes]
    for process, changes in bases:
        open_ones = [d for d in doubts if d.open]
        orders = {d.axis.name: {k: {**changes, d.axis.name: d.values[k]} for k in d.asked()} for d in open_ones}
        wanted = [(process, c) for by_index in orders.values() for c in by_index.values()]
        _make(crew, axes, hashes, wanted, until)
        for doubt in open_ones:
            doubt.learn({k: hashes.get((process, key_of(axes, c))) for k, c in orders[doubt.axis.name].items()})
    for doubt in doubts:
        if doubt.idle:
            _nudge(crew, axes, hashes, doubt, [b for b in elsewhere if doubt.axis.name in b[1]], until)
    return [s for d in doubts if (s := d.found()) is not None]


def _nudge(
    crew: Crew,
    axes: Sequence[Axis],
    hashes: dict[tuple[str, Any], str | None],
    doubt: _Doubt,
    orders: Sequence[Base],
    until: float | None,
) -> None:
    """Look for an order in which the value, moved a step towards its default, makes another product; a few at a time, evenly chosen."""
    axis = doubt.axis
    picked = orders[:: max(len(orders) // NUDGED, 1)][:NUDGED]
    for first in range(0, len(picked), AT_A_TIME):
        some = picked[first : first + AT_A_TIME]
        moved = [(p, {**c, axis.name: next(iter(axis.towards_default(c[axis.name])[-1:]), axis.default)}) for p, c in some]
        _make(crew, axes, hashes, [*some, *moved], until)
        for (p, one), (_, other) in zip(some, moved, strict=True):
            doubt.tell(hashes.get((p, key_of(axes, one))), hashes.get((p, key_of(axes, other))))
        if not doubt.idle:
            return


def _make(
    crew: Crew, axes: Sequence[Axis], hashes: dict[tuple[str, Any], str | None], wanted: Iterable[Base], until: float | None
) -> None:
    """Fill in the hashes of orders that nobody has made yet."""
    fresh = {(p, key_of(axes, c)): (p, c) for p, c in wanted if (p, key_of(axes, c)) not in hashes}
    keys = list(fresh)

    def then(at: int, told: Mapping[str, Any]) -> None:
        hashes[keys[at]] = None if told["advice"] else told.get("hash")

    if until is None or time.monotonic() < until:
        crew.each([(p, c, False, True) for p, c in fresh.values()], then, until)


def key_of(axes: Sequence[Axis], changes: Mapping[str, Any]) -> tuple[Any, ...]:
    """The same for orders that ask for the same: what is changed to the default is not changed."""
    return tuple(changes[a.name] for a in axes if a.name in changes and changes[a.name] != a.default) + tuple(
        a.name for a in axes if a.name in changes and changes[a.name] != a.default
    )


def _values(axis: Axis) -> tuple[Any, ...]:
    """What to try of it: all options, a few rows, none and some letters; of a number its ends, and what lies between, for rules may
    refuse the ends wherever the number matters."""
    if axis.kind in ("choice", "flag"):
        return axis.ends
    between = [axis.at(u) for u in (0.25, 0.45, 0.55, 0.75)] if axis.grid is not None else []
    return tuple(dict.fromkeys([*axis.levels, *between]))
