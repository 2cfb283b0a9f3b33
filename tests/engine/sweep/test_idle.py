"""Which values make no difference: said after enough otherwise equal orders, never after one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from engine.sweep.axes import Axis
from engine.sweep.idle import LEAST, Base, _Doubt, idle, key_of

CHOICE = Axis("kind", "choice", "a", ("a", "b", "c"), ("a", "b", "c"))
LENGTH = Axis("wall", "length", 1.0, (0.0, 2.0), (1.0, 0.0, 2.0), grid=(0.0, 2.0, 0.5))


def doubt(axis: Axis, *orders: tuple[str | None, ...]) -> _Doubt:
    made = _Doubt(axis, axis.levels)
    for hashes in orders:
        made.learn(dict(enumerate(hashes)))
    return made


def test_alike_throughout() -> None:
    found = doubt(CHOICE, *[("x", "x", "x")] * LEAST).found()
    assert found is not None and found.why.startswith("changes nothing: a, b, c make the same in 2")
    assert doubt(CHOICE, ("x", "x", "x")).found() is None


def test_two_of_three_options() -> None:
    found = doubt(CHOICE, ("x", "x", "y"), ("v", "v", "w")).found()
    assert found is not None and found.why.startswith("a makes the same as b, in")
    assert doubt(CHOICE, ("x", "x", "y"), ("v", "u", "w")).found() is None


def test_what_was_not_made_tells_nothing() -> None:
    assert doubt(CHOICE, ("x", None, None), ("x", None, None)).found() is None
    assert doubt(CHOICE, ("x", "x", None), ("x", "x", None)).found() is not None


def test_two_lengths_may_make_the_same() -> None:
    assert doubt(LENGTH, ("x", "x", "y"), ("x", "x", "y")).found() is None
    assert not doubt(LENGTH, ("x", "x", "y")).open and doubt(CHOICE, ("x", "x", "y")).open
    assert doubt(LENGTH, *[("x", "x", "x")] * 2).found() is not None


def test_a_key_is_what_is_asked() -> None:
    axes = [CHOICE, LENGTH]
    assert key_of(axes, {"kind": "a", "wall": 2.0}) == key_of(axes, {"wall": 2.0}) != key_of(axes, {"kind": "b", "wall": 2.0})


class Answering:
    """Makes any order at once: its product by a function of its changes, None where it is refused."""

    def __init__(self, made: Callable[[Mapping[str, Any]], str | None]) -> None:
        self.made, self.asked = made, 0

    def each(
        self, tasks: Iterable[tuple[Any, ...]], then: Callable[[int, Mapping[str, Any]], None], until: float | None
    ) -> None:
        for at, (_, changes, _, _) in enumerate(tasks):
            self.asked += 1
            then(at, {"advice": [], "hash": self.made(changes)})


SWITCH = Axis("on", "flag", False, (False, True), (False, True))
BASES: list[Base] = [("p", {"kind": k}) for k in "abc"]


def under_an_option(changes: Mapping[str, Any]) -> str | None:
    """A wall counts only where it is switched on, and there all that is far from 0.5 is refused."""
    wall = changes.get("wall", 1.0) if changes.get("on") else 0.5
    return f"{changes.get('kind', 'a')}{wall}" if abs(wall - 0.5) < 0.6 else None


def test_what_counts_under_an_option_alone_is_found_where_an_order_has_it() -> None:
    axes = [CHOICE, LENGTH, SWITCH]
    crew = Answering(under_an_option)
    alone = idle(crew, [LENGTH], {}, BASES, None)  # type: ignore[arg-type]
    assert [s.what for s in alone] == ["wall"], "no base switches it on"
    elsewhere: list[Base] = [("p", {"wall": 0.5, "kind": "b"}), ("p", {"wall": 0.5, "on": True})]
    assert not idle(crew, axes, {}, BASES, None, elsewhere)  # type: ignore[arg-type]


def test_what_never_counts_is_idle_wherever_it_is_moved_and_few_orders_are_asked() -> None:
    elsewhere: list[Base] = [("p", {"wall": 0.5, "on": bool(k % 2), "kind": "abc"[k % 3]}) for k in range(500)]
    crew = Answering(lambda changes: str(changes.get("kind", "a")))
    found = idle(crew, [CHOICE, LENGTH], {}, BASES, None, elsewhere)  # type: ignore[arg-type]
    assert [s.what for s in found] == ["wall"] and crew.asked < 60
