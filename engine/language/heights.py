"""Heights on a grid as geometry: for a @cad method the exact surface through them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.model.grid import Grid


def spline_face(grid: Grid) -> Any:
    """For a @cad method: the CadQuery face through every height of the grid, OCCT's own bicubic interpolation, C2."""
    from engine.doors.cad_heights import spline_face as made

    return made(grid)
