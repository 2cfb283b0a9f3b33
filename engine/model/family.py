"""Bodies of one connectivity whose points move together, as a chart makes them: what was proved of all needs no proof of one. A leaf."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Family:
    """Point i of a body lies at middle[i] + the sum over k of y[k] * motions[k, i], but for the rounding to the lattice; -1 <= y[k] <= 1.

    `key`: sha256 of what it was made from. `middle` (n, 3), `motions` (k, n, 3): steps of the lattice that ships. `faces` (m, 3):
    of a whole body.
    """

    key: str
    middle: Floats
    motions: Floats
    faces: npt.NDArray[np.int32]

    @property
    def nbytes(self) -> int:
        """What it weighs."""
        return self.middle.nbytes + self.motions.nbytes + self.faces.nbytes


@dataclass(frozen=True, eq=False)
class Member:
    """A body of a family: `at` (k,) its numbers y; `name`: what all of it is addressed by. The first points of a mesh are all of the body's,
    its first `faces` faces are faces of the body, in rising order. It is a claim: who builds on it compares them."""

    family: Family
    at: Floats
    faces: int
    name: str = ""
