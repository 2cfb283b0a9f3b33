"""What a stage holds of a pressure map: it laid onto a foot, and what an insole makes of it."""

from __future__ import annotations

from dataclasses import dataclass

from engine.model.foot import Side
from engine.model.grid import Grid
from engine.model.mesh import Modifier
from engine.model.pressure import DEEPEST_MM, PressureMap


@dataclass(frozen=True, eq=False)
class Pressed:
    """A map in the foot's frame (x from the heel, y medial): `kpa` on a grid, kPa; which foot it shows.

    `residual_mm`: how much longer the map's contact is than a foot of that length was expected to have; it was stretched to fit.
    """

    kpa: Grid
    side: Side
    residual_mm: float

    @staticmethod
    def on(pressure: PressureMap, *, foot_length: float, side: Side | None = None, pitch: float = 2.0) -> Pressed:
        """`pressure` laid onto a foot so long (mm); `side` as ordered, or as the map shows. InputError where it does not fit."""
        from engine.body.pressure import on_foot, register

        where = register(pressure, foot_length, side)
        return Pressed(on_foot(pressure, where, pitch), where.side, where.residual_mm)

    def relief(self, deepest: float = DEEPEST_MM) -> Grid:
        """How deep the top is sunk, mm, from 0 where little presses to at most `deepest` (2 to 6); no steeper than 0.35."""
        from engine.shape.cushion import relief

        return relief(self.kpa, deepest)

    def soft_zones(self, low: float, high: float, *, mirrored: bool = False) -> tuple[Modifier, ...]:
        """Volumes from z = `low` to z = `high` for `Solid.part(modifiers=)`: 25 % infill, 17 and 10 where more presses.

        mirrored: y becomes -y, as in `sheet`.
        """
        from engine.shape.cushion import soft_zones

        return soft_zones(self.kpa, low, high, mirrored=mirrored)
