"""Thin strokes of a name: finding them, and widening them, against residues of offsets.

The peer does what is done elsewhere: the outline drawn in by half of the limit and out again, less the outline, is what was too thin (manifold3d,
miter joins, the fastest of those tried). It finds places, no widths; ours is held to it by the widths: drawn in by a little less than half of
the least width found, ink is left at its place, and by a little more none is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from benchmarks.harness import Case
from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape.strokes import Widths, thinnest
from engine.shape.text import outline
from engine.shape.widen import widened

FONT, HEIGHT, PROCESS = "roboto-bold", 9.0, "fdm-tpu"
NAMES = ("Maximilian", "Charlotte", "Sébastien", "Владимир", "hamann", "Łukasz", "Ελένη", "Johanna")
HAIR = 0.002
"""mm."""


def cases() -> list[Case]:
    """Both, on names of which each has something too thin for fdm-tpu at the default height."""
    widths = Widths.of(load_process(PROCESS), raised=False)
    outlines = [outline(name, font=FONT, height=HEIGHT) for name in NAMES]
    return [
        Case(
            "letters: thin strokes found",
            lambda one: thinnest(one, widths),
            lambda: [f"{name}: {told}" for name, one in zip(NAMES, outlines, strict=True) if (told := _differs(one))],
            {"manifold3d, offsets": lambda one: _residue(one, widths.stroke)},
            outlines,
            most_ms=0.5,
        ),
        Case(
            "letters: thin strokes widened",
            lambda one: widened(one, widths, HEIGHT),
            lambda: _wide_enough(outlines, widths),
            {},
            outlines,
            most_ms=4.0,
            note=lambda: _moves(outlines, widths),
        ),
    ]


def _region(one: Outline) -> Any:
    from manifold3d import CrossSection, FillRule

    loops = np.split(one.points / STEPS_PER_MM, one.ends[:-1])
    return CrossSection(loops, FillRule.NonZero)


def _residue(one: Outline, stroke: float) -> Any:
    from manifold3d import JoinType

    region = _region(one)
    return region - region.offset(-stroke / 2, JoinType.Miter).offset(stroke / 2, JoinType.Miter)


def _differs(one: Outline) -> str:
    """What is wrong with the least stroke that we find."""
    from manifold3d import CrossSection, JoinType

    told = thinnest(one, Widths(2.0, 0.0))
    if told is None:
        return "no stroke under 2 mm"
    x, y = told.at
    spot = CrossSection.square((2 * HAIR, 2 * HAIR), True).translate((x, y))
    inside, outside = (
        (_region(one).offset(-(told.width / 2 + by), JoinType.Round, 2.0, 4096) ^ spot).area() for by in (-HAIR, HAIR)
    )
    return "" if inside > 0.0 and outside == 0.0 else f"{told.width:.4f} mm at {told.at}: {inside} and {outside} mm2 of ink"


def _wide_enough(outlines: Sequence[Outline], widths: Widths) -> list[str]:
    made = [widened(one, widths, HEIGHT) for one in outlines]
    return [
        f"{n}: thin" for n, one in zip(NAMES, made, strict=True) if one is None or thinnest(one.outline, widths) is not None
    ]


def _moves(outlines: Sequence[Outline], widths: Widths) -> str:
    moves = [made.largest_move for one in outlines if (made := widened(one, widths, HEIGHT)) is not None]
    return f"no point moves by more than {max(moves):.2f} mm"
