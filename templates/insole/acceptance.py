"""Measures of a finished insole against the numbers that it was asked for (limits: fit.md E, ours)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.authoring import Compared, DeviationLimits, Fitted, Grid, Part, deviation
from templates.insole.bed import APEX, Bed, Scanned, shell
from templates.insole.bed import away as bed_away
from templates.insole.last import Last
from templates.insole.plan import BEHIND, Inside, Plan, sections

Floats = npt.NDArray[np.float64]
LENGTH, WIDTH, CUP, ARCH, FLOOR, SCAN, MEDIAN = 1.0, 1.0, 0.5, 0.5, 1.0, 1.0, 0.3
WITHIN_LAST = (0.5, 2.0)
"""mm that an insole lies inside its last's outline, all round."""
DENSE = 4000
"""Places of an outline that distances are taken to: 0.2 mm apart, and so 0.02 off at the most."""
NEAR = 2.0
"""mm beside the apex of the arch: a station of the surface lies there."""


def measured(
    side: str, part: Part, plan: Plan, bed: Bed, last: Last, scanned: Scanned | None, relief: Grid | None
) -> list[Fitted]:
    """Length, width and least thickness; then the bed against the `scanned` sole, or cup and arch where nothing but them shapes it."""
    points = _over(last, plan, part.mesh.points)
    inward = -points[:, 1] if side == "left" else points[:, 1]
    x = points[:, 0]
    top = points[np.unique(part.mesh.faces[part.patches["top"].faces])]
    y_top = -top[:, 1] if side == "left" else top[:, 1]
    told = [
        Fitted("length", float(x.max() - x.min()), *_about(plan.end + BEHIND, LENGTH), ("its length", "sa longueur"), side),
        Fitted("width", float(inward.max() - inward.min()), *_about(_widest(plan), WIDTH), ("its width", "sa largeur"), side),
        Fitted(
            "thickness",
            float(top[:, 2].min()),
            FLOOR,
            float("inf"),
            ("its least thickness", "sa moindre épaisseur"),
            side,
        ),
    ]
    if plan.inside is not None:
        told += against_last(side, part, plan, plan.inside)
    if scanned is not None:
        told += against_scan(side, np.c_[top[:, 0], y_top, top[:, 2]], plan, bed, scanned, relief)
    elif relief is None and not (bed.rearfoot or bed.forefoot or bed.skive):
        seat = _height(top, y_top, 0.15 * plan.length, 0.0)
        rim = float(top[(top[:, 0] < 0.13 * plan.length), 2].max())
        told.append(
            Fitted(
                "heel_cup", rim - seat, *_about(bed.cup, CUP), ("the depth of its heel cup", "la profondeur de sa coque"), side
            )
        )
        inner = top[(np.abs(top[:, 0] - APEX * plan.length) < NEAR) & (y_top > 0.0)]
        told.append(
            Fitted(
                "arch_height",
                float((inner[:, 2] - shell(plan, bed, inner[:, 0])).max()),
                *_about(bed.arch, ARCH),
                ("the height of its arch", "la hauteur de sa voûte"),
                side,
            )
        )
    return told


def against_last(side: str, part: Part, plan: Plan, inside: Inside) -> list[Fitted]:
    """How far the border of the upper face lies inside the last's own outline, mm: the least and the most of it; of an insole that ends
    behind the toes, up to where its front turns round."""
    rows = part.mesh.faces[part.patches["top"].faces]
    edges = np.sort(np.concatenate((rows[:, :2], rows[:, 1:], rows[:, ::2])), axis=1)
    once, count = np.unique(edges, axis=0, return_counts=True)
    border = part.mesh.points[np.unique(once[count == 1])][:, :2] * (1.0, -1.0 if side == "left" else 1.0)
    if plan.extent != "full":
        border = border[border[:, 0] < plan.sides_end]
    away = within(inside, border)
    least, most = WITHIN_LAST
    return [
        Fitted(
            "inside_last_least",
            float(away.min()),
            least,
            most,
            ("the least it lies inside the last", "son retrait le plus faible dans la forme"),
            side,
        ),
        Fitted(
            "inside_last_most",
            float(away.max()),
            least,
            most,
            ("the most it lies inside the last", "son retrait le plus fort dans la forme"),
            side,
        ),
    ]


def within(inside: Inside, points: Floats) -> Floats:
    """How far points (n, 2) lie inside that outline, mm; below 0 outside."""
    curve = inside.curve()
    at = curve.places(np.linspace(0.0, float(curve.at[-1]), DENSE, endpoint=False))
    along = np.roll(at, -1, axis=0) - np.roll(at, 1, axis=0)
    away = np.empty(len(points))
    for k, point in enumerate(points):
        apart = point - at
        near = int(np.argmin(apart[:, 0] * apart[:, 0] + apart[:, 1] * apart[:, 1]))
        (u, v), (a, b) = along[near], apart[near]
        away[k] = (u * b - v * a) / np.sqrt(u * u + v * v)
    return away


def against_scan(side: str, top: Floats, plan: Plan, bed: Bed, scanned: Scanned, relief: Grid | None) -> list[Fitted]:
    """5 % and 95 % of how far the bed lies above the sole, and the median (mm), where the scan shapes it."""
    away, _ = bed_away(plan, sections(plan.curve()), bed, scanned, relief, top)
    if not len(away):
        return []
    found = deviation(away)
    low, middle, high = found.p5, found.median, found.p95
    return [
        Fitted("scan_p5", low, -SCAN, SCAN, ("the bed against the scan, 5 %", "le lit contre le scan, 5 %"), side),
        Fitted(
            "scan_median", middle, -MEDIAN, MEDIAN, ("the bed against the scan, median", "le lit contre le scan, médiane"), side
        ),
        Fitted("scan_p95", high, -SCAN, SCAN, ("the bed against the scan, 95 %", "le lit contre le scan, 95 %"), side),
    ]


def against_foot(
    side: str, part: Part, plan: Plan, bed: Bed, last: Last, scanned: Scanned, relief: Grid | None
) -> Compared | None:
    """The upper face with how far it lies above the scanned sole, where the scan shapes it; None where it does nowhere."""
    rows = part.mesh.faces[part.patches["top"].faces]
    used, faces = np.unique(rows, return_inverse=True)
    points = _over(last, plan, part.mesh.points[used])
    if side == "left":
        points = points * np.array([1.0, -1.0, 1.0])
    away, where = bed_away(plan, sections(plan.curve()), bed, scanned, relief, points)
    if not len(where):
        return None
    values = np.full(len(points), np.nan)
    values[where] = away
    return Compared(
        side, points, faces.reshape(rows.shape).astype(np.int32), values, deviation(away, DeviationLimits(-SCAN, SCAN, MEDIAN))
    )


def _over(last: Last, plan: Plan, points: Floats) -> Floats:
    """The points as they lie over a flat sole."""
    if last.flat:
        return points
    return np.c_[points[:, :2], points[:, 2] - last.rise(plan.length, points[:, 0])]


def _about(value: float, by: float) -> tuple[float, float]:
    return value - by, value + by


def _widest(plan: Plan) -> float:
    """Of the outline, from its own curve."""
    curve = plan.curve()
    y = curve.places(np.linspace(0.0, float(curve.at[-1]), 400, endpoint=False))[:, 1]
    return float(y.max() - y.min())


def _height(top: Floats, y: Floats, at_x: float, at_y: float) -> float:
    """Of the point of the upper face nearest to a place."""
    return float(top[int(np.argmin((top[:, 0] - at_x) ** 2 + (y - at_y) ** 2)), 2])
