"""Which values make no difference: said after enough otherwise equal orders, never after one."""

from __future__ import annotations

from engine.sweep.axes import Axis
from engine.sweep.idle import LEAST, _Doubt, key_of

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
