"""A rectangle with round corners, turned as one likes: what a template says must stay clear, or may be filled."""

from __future__ import annotations

import math
from dataclasses import dataclass


@dataclass(frozen=True)
class Rounded:
    """Centre, width, height, corner radius, mm; `along`: the direction of its width, a unit vector. A disc has w = h = 2 corner."""

    x: float
    y: float
    w: float
    h: float
    corner: float = 0.0
    along: tuple[float, float] = (1.0, 0.0)

    def distance(self, x: float, y: float) -> float:
        """From a place to the border, mm; negative inside."""
        c, s = self.along
        dx, dy = x - self.x, y - self.y
        u, v = abs(c * dx + s * dy) - self.w / 2 + self.corner, abs(c * dy - s * dx) - self.h / 2 + self.corner
        return math.sqrt(max(u, 0.0) ** 2 + max(v, 0.0) ** 2) + min(max(u, v), 0.0) - self.corner

    def grown(self, by: float) -> Rounded:
        """Every side `by` mm further out."""
        return Rounded(self.x, self.y, self.w + 2 * by, self.h + 2 * by, max(self.corner + by, 0.0), self.along)

    def tips(self) -> list[tuple[float, float]]:
        """Where its sides would meet."""
        c, s = self.along
        halves = [(a * self.w / 2, b * self.h / 2) for a, b in ((1, 1), (-1, 1), (-1, -1), (1, -1))]
        return [(self.x + c * u - s * v, self.y + s * u + c * v) for u, v in halves]
