"""Where a pressure map is loaded: one foot or two, and how long each is."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.model.pressure import PressureMap

LOADED_KPA = 10.0
"""From here on a cell is loaded: above what sensors tell when nothing stands on them (ours)."""
FOOT_MM = (150.0, 330.0)
"""How long the contact of a foot may be: a small child's (ours) to a little beyond the longest foot of ANSUR II's 4,183 adults, 323."""
_BROAD = 0.75
"""Columns to rows: a foot of 260 x 100 turned out by 20 degrees has 0.67."""
_SHARE = 0.1
"""Columns with less than this share of the most loaded ones' cells are no foot (ours)."""
_ALONE_MM, _COMPANY = 30.0, 3
"""A loaded cell with fewer loaded ones within so many rows and columns, itself included, is noise: a toe has its neighbours (ours)."""

Bools = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Contact:
    """The cells on which one foot stands: rows and columns from, and to (one past the last); `loaded` (rows, columns) of these.

    `stray`: loaded cells of the map that belong to no foot.
    """

    rows: tuple[int, int]
    columns: tuple[int, int]
    stray: int
    loaded: Bools = field(compare=False, repr=False)

    def length(self, pitch_mm: float) -> float:
        """mm, along the rows."""
        return (self.rows[1] - self.rows[0]) * pitch_mm


def contacts(pressure: PressureMap) -> tuple[Contact, ...]:
    """The one foot, or the left and the right one. Feet beside each other have at least one unloaded column between them.

    InputError: nothing is loaded, more than two feet, a foot that lies across the rows, or one whose length is no foot's, with
    the pitch that would fit.
    """
    every = pressure.kpa >= LOADED_KPA
    loaded = every & _in_company(every, max(1, int(_ALONE_MM / pressure.pitch_mm)))
    if not loaded.any():
        peak = float(pressure.kpa.max())
        raise InputError(
            pressure.name,
            f"is not loaded: no cells beside each other reach {LOADED_KPA:g} kPa; is it the right unit?",
            message=f"the highest is {peak:.3g} kPa",
        )
    blocks = _blocks(loaded)
    counts = [int(np.count_nonzero(loaded[:, begin:end])) for begin, end in blocks]
    feet = [block for block, count in zip(blocks, counts, strict=True) if count >= _SHARE * max(counts)]
    if len(feet) > 2:
        raise InputError(
            pressure.name, f"shows {len(feet)} loaded areas side by side: one foot is wanted, or a left and a right one"
        )
    stray = int(np.count_nonzero(every)) - sum(int(np.count_nonzero(loaded[:, begin:end])) for begin, end in feet)
    found = tuple(_contact(loaded, block, stray) for block in feet)
    for contact in found:
        _must_be_a_foot(contact, pressure)
    return found


def _in_company(loaded: Bools, reach: int) -> Bools:
    """Cells with at least _COMPANY loaded ones within so many rows and columns."""
    n, m = loaded.shape
    sums = np.zeros((n + 1, m + 1), np.int64)
    sums[1:, 1:] = loaded.cumsum(axis=0).cumsum(axis=1)
    i, j = (np.clip(np.arange(k)[:, None] + (-reach, reach + 1), 0, k).T for k in (n, m))  # from, to
    (i0, i1), (j0, j1) = i[:, :, None], j[:, None, :]
    company: Bools = sums[i1, j1] - sums[i0, j1] - sums[i1, j0] + sums[i0, j0] >= _COMPANY
    return company


def _blocks(loaded: Bools) -> list[tuple[int, int]]:
    """Runs of columns with a loaded cell."""
    used = np.concatenate(([False], loaded.any(axis=0), [False]))
    edges = np.nonzero(used[1:] != used[:-1])[0].tolist()
    return list(zip(edges[::2], edges[1::2], strict=True))


def _contact(loaded: Bools, block: tuple[int, int], stray: int) -> Contact:
    rows = np.nonzero(loaded[:, block[0] : block[1]].any(axis=1))[0]
    first, last = int(rows[0]), int(rows[-1]) + 1
    return Contact((first, last), block, stray, loaded[first:last, block[0] : block[1]])


def _must_be_a_foot(contact: Contact, pressure: PressureMap) -> None:
    rows, columns = contact.rows[1] - contact.rows[0], contact.columns[1] - contact.columns[0]
    if columns > _BROAD * rows:
        raise InputError(
            pressure.name,
            f"is loaded over {rows} rows and {columns} columns, which is no foot along the rows: turn the map by a quarter, or leave "
            "an unloaded column between two feet",
        )
    length = contact.length(pressure.pitch_mm)
    low, high = FOOT_MM
    if not low <= length <= high:
        raise InputError(
            pressure.name,
            f"is loaded over {rows} rows, which at this pitch is no foot's length: "
            f"a pitch of {low / rows:.1f} to {high / rows:.1f} mm would fit",
            message=f"{length:.0f} mm at a pitch of {pressure.pitch_mm:g} mm; a foot stands on {low:g} to {high:g} mm",
        )
