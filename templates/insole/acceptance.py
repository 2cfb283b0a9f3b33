"""Measures of a finished insole against the numbers that it was asked for (limits: fit.md E, ours)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.authoring import Fitted, Part
from templates.insole.bed import APEX, Bed
from templates.insole.plan import BEHIND, Plan

Floats = npt.NDArray[np.float64]
LENGTH, WIDTH, CUP, ARCH, FLOOR = 1.0, 1.0, 0.5, 0.5, 1.0
AT_BALL = 0.65


def measured(side: str, part: Part, plan: Plan, bed: Bed, shaped: bool) -> list[Fitted]:
    """`shaped`: a scan or a pressure map shaped the bed, or the prescription tilts it: cup and arch are then not the rule's alone."""
    points = part.mesh.points
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
    if not shaped:
        seat = _height(top, y_top, 0.15 * plan.length, 0.0)
        rim = float(top[(top[:, 0] < 0.13 * plan.length), 2].max())
        told.append(
            Fitted(
                "heel_cup", rim - seat, *_about(bed.cup, CUP), ("the depth of its heel cup", "la profondeur de sa coque"), side
            )
        )
        apex = APEX * plan.length
        border = top[(np.abs(top[:, 0] - apex) < 4.0)]
        local = _shell(bed)
        told.append(
            Fitted(
                "arch_height",
                float(border[:, 2].max()) - local,
                *_about(max(bed.arch, bed.lateral), ARCH),
                ("the height of its arch", "la hauteur de sa voûte"),
                side,
            )
        )
    return told


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


def _shell(bed: Bed) -> float:
    """The shell under the arch's apex, less the cover."""
    return bed.thickness[1] + (bed.thickness[0] - bed.thickness[1]) * 0.02 - bed.cover
