"""A scan of a foot, whole or its sole alone, to a `Foot` in its own frame.

The road: weld, leave out plates and strays (`pieces`), take off noise, find how it stood (`standing`), which way it points
(`foot_frame`), refuse what is no foot (`foot_doubt`), sample the sole from below, measure (`foot_measures`). Everything that was decided
is told in the foot's notes; nothing is guessed in silence.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.body import floors, foot_doubt, foot_frame, foot_measures, pieces, sole, standing
from engine.body.sole import Underside
from engine.body.surface import Surface
from engine.errors import InputError
from engine.model.foot import Foot, Side
from engine.model.mesh import Mesh

Floats = npt.NDArray[np.float64]

Kind = Literal["auto", "foot", "sole", "imprint"]

OPEN = 0.33
"""Of its surface a sheet is open: the sum of its area vectors over its area. A foot cut at the ankle, its sole unseen, is below."""
CLEAR_ARCH = 1.0
"""mm: by so much is the sole higher beside its medial border than beside the other, or it does not tell which foot it is."""
SHORT = 1.5
"""mm: a sheet that may end so far inside the foot's border is told of."""
_INSIDE_OUT = "the scan was wrong side out"
SEEN = 0.5
"""Of the sole: less tells nothing of the arch."""


def foot_of(
    mesh: Mesh,
    *,
    side: Side | None = None,
    kind: Kind = "auto",
    sock_mm: float = 0.0,
    length_mm: float | None = None,
    unit: str = "mm",
    name: str = "scan",
    pitch: float = 1.0,
) -> Foot:
    """What the scan shows of a foot.

    `side`: which foot it is, where that is known; `kind`: foot, sole (an open sheet, seen from below), imprint (the cavity in a foam
    box); `sock_mm`: how thick a sock was worn; `length_mm`: the foot's length where it was measured otherwise, which an imprint needs;
    `unit`: what the mesh was read in, and `name` the field of the order, both for what is said; `pitch`: of the sole's grid, mm.
    InputError: whatever is no scan of one foot.
    """
    notes: list[str] = []
    surface = pieces.welded(mesh, name, unit)
    pieces.check_size(surface, name, unit)
    surface = _outwards(surface, notes)
    surface, floor = floors.off_the_floor(surface, notes)
    surface = pieces.without_plates(surface, name, notes)
    surface = pieces.one_foot(surface, name, unit, notes)
    surface, kind = _sheet_outwards(surface, kind, notes)
    if kind == "imprint" and length_mm is None:
        raise InputError(name, "is an imprint, whose foam gives way: the foot's length must be typed too")
    gaping = pieces.openness(surface).share > foot_doubt.GAPING
    asked = _Asked(side, kind, sock_mm, length_mm, name, pitch, gaping)
    surface = pieces.smoothed(surface, sock_mm)
    if floor is None:
        stood = standing.upright(surface)
    else:
        stood = [standing.on_floor(surface, *floor)]
    doubts: list[InputError] = []
    for way in stood:
        if way.score < 0.3 * stood[0].score:
            break
        more: list[str] = []
        try:
            foot = _read(surface.moved(way.points), asked, more)
        except InputError as doubt:
            doubts.append(doubt)
        else:
            return replace(foot, notes=(*notes, *more))
    raise doubts[0] if doubts else InputError(name, "has no side that it could stand on: it is no foot")


@dataclass(frozen=True)
class _Asked:
    """What `foot_of` was told beside the mesh; `kind` is known by now."""

    side: Side | None
    kind: Kind
    sock_mm: float
    length_mm: float | None
    name: str
    pitch: float
    gaping: bool


def _read(surface: Surface, asked: _Asked, notes: list[str]) -> Foot:
    kind, name = asked.kind, asked.name
    if kind == "imprint":
        surface = floors.without_flange(surface, notes)
    points, long = foot_frame.lengthwise(surface.points)
    ahead = foot_frame.heel_first(surface.moved(points), long, kind == "foot")
    if ahead is None:
        raise foot_doubt.no_foot(name, f"as {'tall' if kind == 'foot' else 'wide'} at one end as at the other", asked.gaping)
    surface, length = foot_frame.on_axis(ahead)
    under = sole.underside(surface, length, asked.pitch)
    strange = foot_doubt.check(surface, under, length, kind == "foot", name)
    if strange:
        raise foot_doubt.no_foot(name, strange, asked.gaping)
    if asked.length_mm is not None:
        notes.append(f"the scan is {length:.1f} mm long, {asked.length_mm:.1f} mm were given")
        if kind == "imprint":
            foot_doubt.check_imprint(length, asked.length_mm, name)
    if under.share() < SEEN:
        notes.append("the scan hardly shows the sole: its heights are filled in, none was measured")
    found = _side(under, length, asked.side, name, notes)
    if found == "left":  # its medial side is at the lesser y: turned about, so that both feet look alike
        surface = surface.moved(surface.points * np.array([1.0, -1.0, 1.0])).turned_over()
        under = under.mirrored()
    grid, seen = under.smooth(), under.seen()
    short = 0.0 if kind == "foot" else foot_measures.short(under.ends(length), length)
    if short > SHORT:
        notes.append(f"the scan ends {under.ends(length):.0f} mm above the ground, inside the foot's border")
    measures = foot_measures.measured(surface, length, grid, kind, foot_measures.SOCK * asked.sock_mm, short)
    if under.share() < SEEN:
        del measures["arch_height"]
    return Foot(found, measures, grid, seen, foot_measures.outline(surface, length), tuple(notes))


def _side(under: Underside, length: float, side: Side | None, name: str, notes: list[str]) -> Side:
    """Which foot it is: its arch is on the medial side, which of a right foot is the left. InputError: the other than was said."""
    right, left = under.arches(length)
    found: Side = "right" if left > right else "left"
    if abs(left - right) < CLEAR_ARCH:
        if side is None:
            raise InputError(name, "does not show which foot it is, so flat is its arch: say left or right")
        notes.append("which foot it is was taken as said: its arch is flat")
        return side
    if side is not None and side != found:
        raise InputError(
            name, "shows the other foot than it was sent as", message=f"sent as the {side} foot, and it shows a {found} one"
        )
    return found


def _outwards(surface: Surface, notes: list[str]) -> Surface:
    """A closed surface, with its normals pointing out."""
    told = pieces.openness(surface)
    if told.share > OPEN or told.volume >= 0.0:
        return surface
    notes.append(_INSIDE_OUT)
    return surface.turned_over()


def _sheet_outwards(surface: Surface, kind: Kind, notes: list[str]) -> tuple[Surface, Kind]:
    """What it is; an open sheet with its normals pointing out of the foot, as those of a closed one do already."""
    told = pieces.openness(surface)
    if not (told.share > OPEN if kind == "auto" else kind != "foot"):
        return surface, "foot"
    cavity = pieces.hollow(surface, told)
    if kind == "sole" and cavity:
        notes.append(_INSIDE_OUT)
    if kind == "auto" and cavity:
        notes.append("the scan is a cavity: it was read as an imprint in foam")
    found: Kind = "sole" if kind == "sole" or (kind == "auto" and not cavity) else "imprint"
    return (surface.turned_over() if cavity else surface), found
