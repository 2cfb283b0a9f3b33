"""Refusals of letters that a patch cannot take, each with what would do."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from engine.errors import Refused
from engine.model.outline import Outline

if TYPE_CHECKING:
    from engine.language.values import Letters


def leaves(letters: Letters, on: str, fits: Callable[[Outline], bool]) -> Refused:
    """The letters leave the patch `on`; nearest: the height at which their outline `fits`."""
    low, high = 0.0, letters.height
    for _ in range(12):  # halving down to less than 0.1 mm for any letter that a product can carry
        middle = (low + high) / 2
        drawn = letters.drawn(middle) if middle > 0.2 else None
        # what is too small to be shown would fit
        low, high = (middle, high) if drawn is None or fits(drawn) else (low, middle)
    fitting = int(low * 10) / 10
    if fitting >= 0.5 and letters.drawn(fitting) is None:
        fitting = 0.0
    return Refused(
        letters.text.field,
        f"the letters leave the {on}",
        value=f"height {letters.height:g} mm",
        limit=f"the {on} of this product",
        nearest=f"height {fitting:g} mm" if fitting >= 0.5 else "another place, or a shorter text",
        rule="text-on-patch",
    )


def too_curved(letters: Letters, on: str, asked: str, deepest: float) -> Refused:
    """The patch `on` narrows too much towards where the letters go; `asked`: how deep, in words."""
    return Refused(
        letters.text.field,
        f"the {on} is curved too narrowly for letters of this depth",
        value=asked,
        limit=f"half the radius of the {on}",
        nearest=f"depth {int(deepest * 100) / 100:g} mm",
        rule="text-on-curve",
    )
