"""What a stage or rule does with lenses: shapes, boxes, smooth outlines and points along them. They load the engine late.

Facing the wearer, mm, x to the right of the picture and y up, about the middle of the lens's box (`engine.model.lens`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from engine.model.foot import Side
    from engine.model.lens import Boxed, LensCurve, LensOutline, Trace

LENS_SHAPES = ("round", "panto", "rectangle", "square", "aviator", "cat-eye")
"""The shapes that `lens_shape` draws."""


def lens_shape(name: str, a: float, b: float, *, side: Side = "right") -> Trace:
    """One of LENS_SHAPES in a box of a x b mm. ValueError: no such shape, or no lens's size (20 to 80 mm)."""
    from engine.shape.lens_shapes import shape

    return shape(name, a, b, side=side)


def lens_aspect(name: str) -> float:
    """B / A as it is usual for one of LENS_SHAPES."""
    from engine.shape.lens_shapes import FORMS

    return FORMS[name].aspect


def lens_box(trace: Trace) -> Boxed:
    """The boxing system of the traced polygon."""
    from engine.shape.lens import box

    return box(trace)


def lens_outline(trace: Trace, *, within: float | None = None) -> LensOutline:
    """The smooth outline within so many mm of the trace (0.016 where none is given), by as few harmonics as hold it.

    ValueError: none does; the trace has corners, or noise.
    """
    from engine.shape.lens import WITHIN, smooth

    return smooth(trace, within=WITHIN if within is None else within)


def lens_curve(outline: LensOutline, n: int | npt.NDArray[np.float64], *, even: bool = False, bends: bool = False) -> LensCurve:
    """Points at n equal angles from 0 degrees, or at the angles given, degrees.

    `even`: n points equally far apart instead; `bends`: n points whose chords are about equally near to the outline, so denser where it
    bends. A real trace is held to 0.02 mm by 0.016 mm and its chords: 200 points by `bends` add at most 0.0035, 400 `even` ones 0.004.
    """
    from engine.shape.lens import bent_angles, curve, equal_angles, even_angles

    if isinstance(n, int):
        return curve(outline, bent_angles(outline, n) if bends else even_angles(outline, n) if even else equal_angles(n))
    return curve(outline, n)


def lens_room(curve: LensCurve) -> tuple[float, float]:
    """How far `lens_moved` can move it before it folds: the farthest in (below 0) and out, mm."""
    from engine.shape.lens import room

    return room(curve)


def lens_moved(curve: LensCurve, by: float) -> LensCurve:
    """Every point `by` mm along its normal, outwards above 0. ValueError: it folds, or crosses itself."""
    from engine.shape.lens import moved

    return moved(curve, by)


def lens_blank(outline: LensOutline, optical_centre: tuple[float, float]) -> float:
    """The smallest blank, mm across, for an optical centre at (x, y): twice the farthest of the outline from it, and 2."""
    from engine.shape.lens import blank

    return blank(outline, optical_centre)
