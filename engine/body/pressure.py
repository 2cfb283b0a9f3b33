"""A pressure map laid onto a foot: which end is the heel, which side is medial, where the foot's frame lies on the map.

The load tells the place by its border alone: the points between cells where it passes `LOADED_KPA`, by straight lines from middle to
middle. More pressure within the border moves nothing.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.model.foot import Side
from engine.model.grid import Grid
from engine.model.pressure import PressureMap
from engine.reading.contact import LOADED_KPA, Contact, contacts

HEEL_SHARE, CONTACT_SHARE = 0.035, 0.942
"""Of the foot's length: what lies behind the contact, and how long that is. Measured on one scan, 276.3 long: what lies within 1.5 mm
of the plane it stands on begins 9.7 from the heel and is 260.4 long."""
LIMIT = 0.08
"""The map may be so much shorter or longer than the foot's contact, as a share, and is stretched to it: three EU sizes (ours)."""
SIDE_MM = 8.0
"""The toes' middle lies so far to the medial side of the midfoot's; less tells no side (ours; 46 to 49 in the mean of 104 people)."""

_HEEL_BAND, _BALL_BAND, _MIDFOOT_BAND, _TOE_BAND = (0.10, 0.20), (0.65, 0.75), (0.35, 0.50), (0.88, 1.01)
_PASSES = 6
_BROADER = 1.08
_AROUND_MM = (10.0, 25.0)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Registration:
    """Where the foot's frame (x from the heel, y medial, `engine.model.foot`) lies on a map.

    `start`: the rear end of the contact on the foot's axis, mm along the map's rows and columns; `axis`: the unit vector from heel to
    toes there; `medial`: +1 where y runs with the columns as the axis turned a quarter from rows to columns, else -1; `scale`: foot's mm
    in one of the map's. `residual_mm`: how much longer the contact is on the map than was expected of the foot's length.
    """

    side: Side
    contact: Contact
    start: tuple[float, float]
    axis: tuple[float, float]
    medial: int
    scale: float
    residual_mm: float
    foot_length: float
    half_widths: tuple[float, float]


def register(pressure: PressureMap, foot_length: float, side: Side | None = None) -> Registration:
    """The frame of the one foot of that map, or of the named one of two. `foot_length` mm.

    `side`: as ordered; None: as the arch and the toes tell. InputError: the side cannot be told, or is another one than `side` says;
    heel and forefoot cannot be told apart; the contact is too long or too short for that foot, with the pitch that would fit.
    """
    found = contacts(pressure)
    if len(found) == 2 and side is None:
        raise InputError(pressure.name, "shows two feet: say which one is meant, left or right")
    contact = found[-1] if side == "right" else found[0]
    border = _border(pressure, contact)
    start, axis = _axis(border, _towards_toes(border, pressure.name), pressure.name)
    along, across = _seen(border, start, axis)
    evidence = _middle(along, across, _TOE_BAND) - _middle(along, across, _MIDFOOT_BAND)
    evidence = evidence if math.isfinite(evidence) else 0.0  # a high arch loads no midfoot, and then tells nothing
    medial = 1 if evidence > 0.0 else -1
    # columns run from left to right, across of the axis: with the columns where it runs down the rows, against them where up
    seen: Side = "left" if medial == (1 if axis[0] > 0.0 else -1) else "right"
    if abs(evidence) < SIDE_MM and side is None:
        raise InputError(pressure.name, "does not show which foot it is: say left or right")
    if abs(evidence) >= SIDE_MM and side not in (None, seen):
        raise InputError(
            pressure.name, f"looks like a {seen} foot's, and is given as the {side} one's: another map, or one seen from below?"
        )
    if side not in (None, seen):
        medial = -medial
    length, expected = float(along.max()), CONTACT_SHARE * foot_length
    scale = expected / length
    if not abs(length / expected - 1.0) <= LIMIT:
        raise InputError(
            pressure.name,
            f"is no map of a foot as long as that, within {LIMIT:.0%}: is it the right pitch, and the right person's?",
            message=f"loaded over {length:.0f} mm, expected {expected:.0f} mm; a pitch of {pressure.pitch_mm * scale:.2f} mm would fit",
        )
    sides = (float((across * medial).min()) * scale, float((across * medial).max()) * scale)
    return Registration(side or seen, contact, start, axis, medial, scale, length - expected, foot_length, sides)


def on_foot(pressure: PressureMap, where: Registration, pitch: float = 2.0) -> Grid:
    """The map's pressure (kPa) in the foot's frame, bilinear between the cells' middles, 0 outside of this foot's columns.

    Every value is a weighted mean of cells: more pressure in the map is nowhere less here.
    """
    low, high = where.contact.columns
    rows, columns = pressure.kpa.shape
    cells = np.zeros((rows + 3, columns + 3))  # unloaded all round, and one more for the last place's neighbour
    cells[1:-2, 1 + low : 1 + high] = pressure.kpa[:, low:high]
    around, beside = _AROUND_MM
    first = (math.floor(-around / pitch), math.floor((where.half_widths[0] - beside) / pitch))
    last = (math.ceil((where.foot_length + around) / pitch), math.ceil((where.half_widths[1] + beside) / pitch))
    x, y = ((np.arange(a, b + 1) * pitch) for a, b in zip(first, last, strict=True))
    u = (x - HEEL_SHARE * where.foot_length)[:, None] / where.scale
    v = y[None, :] * where.medial / where.scale
    (a, b), (s, t) = where.axis, where.start
    i = np.clip((s + u * a - v * b) / pressure.pitch_mm + 1.0, 0.0, rows + 1.0)
    j = np.clip((t + u * b + v * a) / pressure.pitch_mm + 1.0, 0.0, columns + 1.0)
    row, column = i.astype(np.int64), j.astype(np.int64)
    p, q = i - row, j - column
    top = cells[row, column] * (1.0 - q) + cells[row, column + 1] * q
    bottom = cells[row + 1, column] * (1.0 - q) + cells[row + 1, column + 1] * q
    return Grid(top * (1.0 - p) + bottom * p, (first[0] * pitch, first[1] * pitch), pitch)


def _border(pressure: PressureMap, contact: Contact) -> Floats:
    """(n, 2) mm along rows and columns: where the load ends on each row and each column of the contact, both ways."""
    (r0, r1), (c0, c1) = contact.rows, contact.columns
    kpa = pressure.kpa[r0:r1, c0:c1]
    kpa = np.where(contact.loaded | (kpa < LOADED_KPA), kpa, 0.0)
    rows = [(float(i + r0), at + c0) for i, line in enumerate(kpa) for at in _ends(line)]
    columns = [(at + r0, float(j + c0)) for j, line in enumerate(kpa.T) for at in _ends(line)]
    return np.array(rows + columns) * pressure.pitch_mm


def _ends(line: Floats) -> list[float]:
    """Where the first and the last loaded stretch of a line of cells begins and ends; nothing where none is loaded."""
    loaded = np.nonzero(line >= LOADED_KPA)[0]
    if not len(loaded):
        return []
    found = []
    for at, step in ((int(loaded[0]), -1), (int(loaded[-1]), 1)):
        here, beyond = float(line[at]), float(line[at + step]) if 0 <= at + step < len(line) else 0.0
        found.append(at + step * (here - LOADED_KPA) / (here - beyond) if here > LOADED_KPA else float(at))
    return found


def _towards_toes(border: Floats, name: str) -> float:
    """+1.0 where the rows run from heel to toes, else -1.0: the forefoot is the broader half."""
    rows = border[:, 0]
    low, high = float(rows.min()), float(rows.max())
    first = rows < 0.5 * (low + high)
    near, far = (_broadest(border[half]) for half in (first, ~first))
    if max(near, far) < _BROADER * min(near, far):
        raise InputError(name, "is as broad at one end as at the other: heel and forefoot cannot be told apart")
    return 1.0 if far > near else -1.0


def _broadest(border: Floats) -> float:
    """The largest distance between two border points of one row."""
    rows = border[:, 0]
    return max(float(border[rows == r, 1].max() - border[rows == r, 1].min()) for r in np.unique(rows))


def _axis(border: Floats, down: float, name: str) -> tuple[tuple[float, float], tuple[float, float]]:
    """The axis through the middle of the heel and the middle of the ball, and its point at the rear end of the border. InputError: one
    of them is not loaded."""
    axis = (down, 0.0)
    start = (0.0, 0.0)
    for _ in range(_PASSES):
        along, across = _seen(border, start, axis)
        rear = float(along.min())
        length = float(along.max()) - rear
        share = (along - rear) / length
        heel, ball = _middle(share, across, _HEEL_BAND), _middle(share, across, _BALL_BAND)
        if not (math.isfinite(heel) and math.isfinite(ball)):
            raise InputError(name, "is not loaded where a foot has its heel or its ball: it is no foot that stands")
        apart = (_mid(_BALL_BAND) - _mid(_HEEL_BAND)) * length
        slope = (ball - heel) / apart
        behind = heel - slope * (_mid(_HEEL_BAND) * length)
        (a, b), (s, t) = axis, start
        start = (s + rear * a - behind * b, t + rear * b + behind * a)
        norm = math.sqrt(1.0 + slope * slope)
        axis = ((a - slope * b) / norm, (b + slope * a) / norm)
    return start, axis


def _seen(border: Floats, start: tuple[float, float], axis: tuple[float, float]) -> tuple[Floats, Floats]:
    """Each point's place along the axis, and across it to its left as rows and columns are drawn (from rows to columns)."""
    i, j = border[:, 0] - start[0], border[:, 1] - start[1]
    return i * axis[0] + j * axis[1], j * axis[0] - i * axis[1]


def _middle(along: Floats, across: Floats, band: tuple[float, float]) -> float:
    """Half way between the border's outermost points within a band of its length; NaN where it has none there. `along`: shares, or
    mm of any start."""
    low, high = float(along.min()), float(along.max())
    within = (along >= low + band[0] * (high - low)) & (along <= low + band[1] * (high - low))
    if not within.any():
        return math.nan
    return 0.5 * (float(across[within].min()) + float(across[within].max()))


def _mid(band: tuple[float, float]) -> float:
    return 0.5 * (band[0] + band[1])
