"""Lenses as numbers: frozen, sound, and mirrored as real pairs are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from engine.model.lens import Boxed, LensOutline, LensPair, ToldLens, Trace
from tests.traces import egg


def test_a_trace_is_frozen() -> None:
    radii = egg()
    made = Trace("right", radii, np.zeros(360))
    radii[0] = 99.0
    assert made.radii[0] != 99.0
    for array in (made.radii, made.heights):
        assert array is not None and not array.flags.writeable


@pytest.mark.parametrize(
    ("side", "radii", "heights"),
    [
        ("both", egg(), None),
        ("right", egg(36)[:35], None),
        ("right", egg().reshape(2, 180), None),
        ("right", np.where(np.arange(360) == 7, np.nan, egg()), None),
        ("right", np.where(np.arange(360) == 7, 0.0, egg()), None),
        ("right", egg(), np.zeros(359)),
        ("right", egg(), np.full(360, np.inf)),
    ],
)
def test_a_trace_is_sound_by_itself(side: Any, radii: np.ndarray, heights: np.ndarray | None) -> None:
    with pytest.raises(ValueError, match=r"a trace has|a radius is"):
        Trace(side, radii, heights)


def test_the_mirror_image() -> None:
    one = Trace("right", egg(), np.arange(360.0))
    other = one.mirrored()
    assert other.side == "left" and other.radii[0] == one.radii[180] and other.radii[90] == one.radii[90]
    assert other.heights is not None and other.heights[179] == 1.0
    assert np.array_equal(other.mirrored().radii, one.radii)
    with pytest.raises(ValueError, match="odd"):
        Trace("left", egg(361)).mirrored()


def test_a_pair_has_a_right_lens_and_a_left_one() -> None:
    right, left = Trace("right", egg()), Trace("left", egg())
    pair = LensPair(right, left, 18.0)
    assert pair.of("left") is left and pair.of("right") is right
    with pytest.raises(ValueError, match="a right lens and a left one"):
        LensPair(left, right)
    with pytest.raises(ValueError, match="a right lens and a left one"):
        LensPair(right, left, told={"right": ToldLens()})
    with pytest.raises(TypeError):
        pair.told["left"] = ToldLens()  # type: ignore[index]  # that is the test


def test_what_is_told() -> None:
    assert ToldLens(frnt=6.0).base_curve == 6.0 and ToldLens(fcrv=4.0, frnt=6.0).base_curve == 4.0
    assert ToldLens().base_curve is None and ToldLens(hbox=50.0, circ=150.0).known() == {"hbox": 50.0, "circ": 150.0}


def test_an_outline_has_as_many_sines_as_cosines() -> None:
    with pytest.raises(ValueError, match="as many cosines"):
        LensOutline("right", np.zeros(3), np.zeros(2), Boxed(1.0, 1.0, 1.0, 3.0, (0.0, 0.0)))
