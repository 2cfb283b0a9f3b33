"""What is made of heights on a grid: for a @cad method the exact surface through them, for a stage gentler ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.model.grid import Grid


def spline_face(grid: Grid) -> Any:
    """For a @cad method: the CadQuery face through every height of the grid, OCCT's own bicubic interpolation, C2."""
    from engine.doors.cad_heights import spline_face as made

    return made(grid)


def no_steeper(grid: Grid, slope: float, *, above: bool = False) -> Grid:
    """The highest heights that lie nowhere above the grid's and are nowhere steeper than `slope` (mm in a mm); `above`: the lowest that
    lie nowhere below them."""
    from engine.shape.heights import no_steeper as made

    return made(grid, slope, above=above)
