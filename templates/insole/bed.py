"""The upper face of an insole as heights on a grid: what carries the foot, from numbers alone.

    top = thickness + wall + arches + postings + skive + pad + extension - cover - relief

All in the foot's frame (`templates.insole.plan`), mm. The surface that is made is the C2 bicubic spline through these heights: the
fast stage and its truth evaluate that same definition, each in its own way.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from engine.authoring import Grid, no_steeper
from templates.insole.plan import Plan, Sections

Floats = npt.NDArray[np.float64]
PITCH = 2.0
PADDED = 6
"""Cells of the grid beyond the outline: how a spline ends fades by 0.27 a cell."""
ZONES = (0.34, 0.62)
"""Shares of the foot's length where rear, middle and fore thickness meet, each over BLEND."""
BLEND = 0.10
APEX = 0.38
"""Of the inner arch (0.35 to 0.42, fit.md B1); OUTER_APEX of the outer one (ours)."""
OUTER_APEX = 0.42
ARCH_END = 0.92
"""Both arches end there, in arch lengths: before the metatarsal heads."""
WALL = 18.0
"""mm over which a cup of CUP mm rises from the seat to the rim; a deeper one takes half a mm more for each of its own (ours)."""
CUP = 12.0
ARCH_WIDE = 0.46
"""Of the width, that the inner arch takes to come down (15 mm high 10 in from the border, 6 at 20: two feet, measured)."""
OUTER_WIDE = 14.0
SKIVE = (0.16, 0.25, 0.13, 0.30)
"""Place of the medial skive, in foot lengths and heel widths; its half length and half width likewise (Kirby)."""
PAD_LONG, PAD_WIDE, PAD_OUT = 0.20, 0.14, 0.02
"""The pad, in foot lengths; and how far its middle lies out from the insole's: under the second to the fourth head."""
PAD_BEFORE = 0.36
"""The share of its length before its apex: steeper there, 45 degrees against 30 (JFAR 7:18)."""
SKIVED, THIN = 10.0, 1.2
"""The front edge runs out over so many mm to so thick (mm)."""
TOES = (0.60, 0.72)
"""Shares of the foot's length between which a scanned sole runs out: toes lie level."""
CAPPED = 0.5
"""mm below the cup's depth a sole counts as capped."""
WALL_SLOPE = 1.1
"""A cup's wall rises by no more, mm in a mm: where the side of a foot is steeper, the rule has it lean."""
GENTLE = 0.05
"""mm: by less is the bed lifted for that, and still the scan's."""
WHOLLY = 0.999
"""Of a place between four cells of which the scan shows each."""
BESIDE = 40.0
"""mm: more than any cup is deep."""
TAN = (1.0, 1.0 / 3.0, 2.0 / 15.0)
RADIAN = 0.017453292519943295


@dataclass(frozen=True)
class Bed:
    """One foot's prescription, mm and degrees, as the parameters have it."""

    cup: float
    arch: float
    """Height of the bed at the inner border, at the apex, above the seat: its fill is taken off."""
    lateral: float
    rearfoot: float
    forefoot: float
    skive: float
    pad: float
    extension: float
    thickness: tuple[float, float, float]
    """Rear, middle, fore."""
    cover: float
    pad_back: float = 8.0
    """mm from the heads back to the pad's apex (ours; JFAR 7:18 has 5 to 10)."""


@dataclass(frozen=True, eq=False)
class Scanned:
    """A foot's sole (filled, smoothed, with heights beside it) on a grid, and on the same where the scan shows it: 1, else 0."""

    sole: Grid
    seen: Grid


def heights(plan: Plan, sections: Sections, bed: Bed, scanned: Grid | None = None, relief: Grid | None = None) -> Grid:
    """The upper face. `scanned`: the sole of a foot (filled, smoothed), which then shapes the cup; `relief`: depths to take off."""
    x, y, low, high, origin = _frame(plan, sections)
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    z = _prescribed(plan, bed, x, y, middle, half)
    if scanned is None:
        z = z + _walls(plan, bed, x / plan.length, y, middle, half)
    else:
        z = z + np.maximum(_sole(plan, bed, x, y, scanned), _rule(plan, bed, x, y, middle, half))
    if relief is not None:
        z = z - _relieved(plan, relief, x, y)
    return Grid(z, origin, PITCH)


def away(plan: Plan, sections: Sections, bed: Bed, scanned: Scanned, relief: Grid | None, at: Floats) -> tuple[Floats, Floats]:
    """How far points of an upper face (n, 3) lie above where the scan alone would have them, where it shapes the bed and shows the sole:
    mm (k,), and which rows they are of (k,)."""
    x, y, z = at.T
    low, high = (np.interp(_within(plan, x), sections.stations, side) for side in (sections.low, sections.high))
    middle, half = (low + high) / 2.0, (high - low) / 2.0
    sole, rule = _looked_up(_capped(bed, scanned.sole), x, y), _rule(plan, bed, x, y, middle, half)
    gentle = _sole(plan, bed, x, y, scanned.sole) <= sole + GENTLE
    ours = (
        (sole >= rule)
        & gentle
        & (_looked_up(scanned.seen, x, y) > WHOLLY)
        & (sole < bed.cup - CAPPED)
        & (x > 0.0)
        & (x < TOES[0] * plan.length)
    )
    wanted = _prescribed(plan, bed, x, y, middle, half) + sole
    if relief is not None:
        wanted = wanted - _relieved(plan, relief, x, y)
    rows = np.flatnonzero(ours)
    return (z - wanted)[rows], rows


def _prescribed(plan: Plan, bed: Bed, x: Floats, y: Floats, middle: Floats, half: Floats) -> Floats:
    """All of the upper face but what the foot's own shape, or the rule in its place, lifts it by."""
    length, share = plan.length, x / plan.length
    z = shell(plan, bed, x)
    rear = 1.0 - _smooth((share - 0.40) / 0.20)
    fore = _smooth((share - 0.50) / 0.18)
    z = z + (_tan(bed.rearfoot) * rear + _tan(bed.forefoot) * fore) * (y - middle)
    z = z + (abs(_tan(bed.rearfoot)) * rear + abs(_tan(bed.forefoot)) * fore) * half
    z = z + bed.skive * _dome(
        (x - SKIVE[0] * length) / (SKIVE[2] * length), (y - middle - SKIVE[1] * plan.heel) / (SKIVE[3] * plan.heel)
    )
    along = x - (plan.arch_length - bed.pad_back)
    reach = np.where(along > 0.0, PAD_BEFORE * PAD_LONG * length, (1.0 - PAD_BEFORE) * PAD_LONG * length)
    z = z + bed.pad * _dome(along / reach, (y - middle + PAD_OUT * length) / (0.5 * PAD_WIDE * length))
    return z + bed.extension * _smooth((x - plan.arch_length) / 12.0) * _smooth((y - middle - 0.05 * half) / (0.4 * half))


def _frame(plan: Plan, sections: Sections) -> tuple[Floats, Floats, Floats, Floats, tuple[float, float]]:
    """Columns of x (n, 1), rows of y (1, m), the outline's low and high at each x (n, 1), and the grid's first place."""
    span = PADDED * PITCH
    x0, x1 = sections.heel - span, sections.toe + span
    y0, y1 = float(sections.low.min()) - span, float(sections.high.max()) + span
    origin = (PITCH * float(np.floor(x0 / PITCH)), PITCH * float(np.floor(y0 / PITCH)))
    x = origin[0] + PITCH * np.arange(int(np.ceil((x1 - origin[0]) / PITCH)) + 1)[:, None]
    y = origin[1] + PITCH * np.arange(int(np.ceil((y1 - origin[1]) / PITCH)) + 1)[None, :]
    inside = _within(plan, x[:, 0])
    low = np.interp(inside, sections.stations, sections.low)[:, None]
    high = np.interp(inside, sections.stations, sections.high)[:, None]
    return x, y, low, high, origin


def _within(plan: Plan, x: Floats) -> Floats:
    """Where the sides run on beyond both round ends: the nearest station between them."""
    made: Floats = np.clip(x, 0.12 * plan.length, min(0.78 * plan.length, plan.end - 0.1 * plan.length))
    return made


def shell(plan: Plan, bed: Bed, x: Floats) -> Floats:
    """How thick it is at x, less the cover: what all else lies on."""
    rear, mid, fore = bed.thickness
    share = x / plan.length
    z = (
        rear
        + (mid - rear) * _smooth((share - ZONES[0]) / BLEND + 0.5)
        + (fore - mid) * _smooth((share - ZONES[1]) / BLEND + 0.5)
    )
    return THIN + (z - bed.cover - THIN) * _runs_out(plan, x)


def _runs_out(plan: Plan, x: Floats) -> Floats:
    """1, and to 0 over SKIVED at the front edge."""
    return _smooth((plan.end - x) / SKIVED)


def _relieved(plan: Plan, relief: Grid, x: Floats, y: Floats) -> Floats:
    """What a relief takes off; nothing of the front edge, which is thin already."""
    return _looked_up(relief, x, y) * _runs_out(plan, x)


def _walls(plan: Plan, bed: Bed, share: Floats, y: Floats, middle: Floats, half: Floats) -> Floats:
    """The cup's wall, which runs on into the arches on both sides: so high at the border, and falling from there inwards."""
    ball = ARCH_END * plan.arch_length / plan.length
    wall = WALL + 0.5 * max(bed.cup - CUP, 0.0)
    centre = 0.5 * plan.heel / plan.length
    behind = np.minimum((share - centre) * plan.length, 0.0)
    inner, outer = np.maximum(y - middle, 0.0), np.maximum(middle - y, 0.0)
    radius = centre * plan.length + 1.5
    squeeze = half / radius

    def side(across: Floats, edge: Floats, wide: Floats) -> Floats:
        away = half - np.sqrt(across * across + (behind * squeeze) * (behind * squeeze))
        return edge * (1.0 - _smooth(away / wide))

    medial = _along(share, (0.15, APEX, ball), (bed.cup, bed.arch, 0.0))
    lateral = _along(share, (0.15, OUTER_APEX, ball), (bed.cup, bed.lateral, 0.0))
    wide_in = np.minimum(_along(share, (0.15, APEX, ball), (wall, ARCH_WIDE * plan.width(APEX), 20.0)), half)
    wide_out = np.minimum(_along(share, (0.15, OUTER_APEX), (wall, OUTER_WIDE)), half)
    return np.where(y >= middle, side(inner, medial, wide_in), side(outer, lateral, wide_out))


def _sole(plan: Plan, bed: Bed, x: Floats, y: Floats, scanned: Grid) -> Floats:
    """The sole as it was scanned, capped as deep as the cup, its side nowhere steeper than WALL_SLOPE, and level under the toes."""
    level = 1.0 - _smooth((x / plan.length - TOES[0]) / (TOES[1] - TOES[0]))
    made: Floats = _looked_up(no_steeper(_capped(bed, scanned), WALL_SLOPE, above=True), x, y) * level
    return made


def _capped(bed: Bed, scanned: Grid) -> Grid:
    return Grid(np.clip(scanned.z, 0.0, bed.cup), scanned.origin, scanned.pitch)


def _rule(plan: Plan, bed: Bed, x: Floats, y: Floats, middle: Floats, half: Floats) -> Floats:
    """Both arches without a cup: where a flat floor tells nothing."""
    return _walls(plan, replace(bed, cup=0.0), x / plan.length, y, middle, half)


def everywhere(sole: Grid) -> Grid:
    """A scanned sole with heights beside the foot, too: they go on rising by WALL_SLOPE from its border, as far as BESIDE.

    The border of its cells is a staircase. A wall that stood upright on it would have the rim of the cup rise and fall with the steps.
    """
    known = np.isfinite(sole.z)
    risen = no_steeper(Grid(np.where(known, sole.z, BESIDE), sole.origin, sole.pitch), WALL_SLOPE)
    return Grid(np.where(known, sole.z, risen.z), sole.origin, sole.pitch)


def _along(share: Floats, at: Sequence[float], values: Sequence[float]) -> Floats:
    """From value to value, level at each place."""
    z = np.full(share.shape, values[0])
    for k in range(1, len(at)):
        z = z + (values[k] - values[k - 1]) * _smooth((share - at[k - 1]) / (at[k] - at[k - 1]))
    return z


def _smooth(u: Floats) -> Floats:
    u = np.clip(u, 0.0, 1.0)
    return u * u * (3.0 - 2.0 * u)


def _dome(u: Floats, v: Floats) -> Floats:
    """1 in the middle, 0 from 1 on, level at both."""
    w = 1.0 - np.minimum(u * u + v * v, 1.0)
    return w * w


def _tan(degrees: float) -> float:
    """Of up to 10 degrees, to 1e-7."""
    u = degrees * RADIAN
    return u * (TAN[0] + u * u * (TAN[1] + u * u * TAN[2]))


def _looked_up(grid: Grid, x: Floats, y: Floats) -> Floats:
    """Bilinear; beyond the grid its border goes on."""
    i = np.clip((x - grid.origin[0]) / grid.pitch, 0.0, grid.z.shape[0] - 1.000001)
    j = np.clip((y - grid.origin[1]) / grid.pitch, 0.0, grid.z.shape[1] - 1.000001)
    a, b = np.floor(i).astype(np.intp), np.floor(j).astype(np.intp)
    u, v = i - a, j - b
    z = grid.z
    below = z[a, b] + (z[a, b + 1] - z[a, b]) * v
    above = z[a + 1, b] + (z[a + 1, b + 1] - z[a + 1, b]) * v
    return np.asarray(below + (above - below) * u)
