"""Where a body's edges should be, from those of the bodies drawn before: what a match is looked for by. Nothing of it is kept."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

NEW = 1e-6
"""A body that lies so near the span of those before it says nothing new."""


def slope(z: Floats, middles: Floats) -> Floats:
    """The least change of edges' middles (n, e, 3) with z (n, d) that meets the bodies in turn: (1 + d, 3 e), constant first."""
    flat = middles.reshape(len(middles), -1)
    made = np.zeros((1 + z.shape[1], flat.shape[1]))
    units: list[Floats] = []
    gains: list[Floats] = []
    for own, there in zip(z[1:] - z[0], flat[1:] - flat[0], strict=True):
        rest, gain = own.copy(), there.copy()
        for unit, known in zip(units, gains, strict=True):
            along = float((rest * unit).sum())
            rest -= along * unit
            gain -= along * known
        size = float(np.sqrt((rest * rest).sum()))
        if size > NEW:
            units.append(rest / size)
            gains.append(gain / size)
            made[1:] += units[-1][:, None] * gains[-1][None]
    made[0] = flat[0] - (made[1:] * z[0][:, None]).sum(axis=0)
    return made


def middles(slope_of: Floats, z: Floats) -> Floats:
    """Where they are (e, 3) at z (d,)."""
    return np.asarray(slope_of[0] + (slope_of[1:] * z[:, None]).sum(axis=0)).reshape(-1, 3)
