"""What was stamped on a body, so that its exact B-rep can be stamped as well. A leaf.

A stage's solid remembers its stamps, the part that is made of it too. They are told in the order in which they were done, and are
no part of the body: nothing hashes them, and a body from a cache has none. Whoever uses them does them again on the body that they
began with, and sees that the same mesh comes out (`engine.shape.replay`): a record that tells something else is found.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from engine.model.outline import Outline

Kind = Literal["engraved", "embossed", "cut", "filled"]


@dataclass(frozen=True, eq=False, slots=True)
class Stamp:
    """One outline on a patch. `kind`: engraved (a pocket too), embossed, cut through to the patch `behind`; filled: what is left is not
    the body, but what fills the pocket that this outline makes in it. `depth` mm; of what is cut, 0."""

    kind: Kind
    on: str
    outline: Outline
    depth: float = 0.0
    behind: str = ""


@dataclass(frozen=True, eq=False, slots=True)
class Placed:
    """A stamp on a flat patch, with all that is needed to do it on the exact faces of the same names.

    `frame` float64 (4, 3): origin in mm, x, y, normal (outward). `within` int32 (k,): of each loop the one that it lies right within,
    or -1. `names`: of the new patches, as the mesh has them (floor and sides; of a cut its walls; of what fills top, foot, sides).
    """

    stamp: Stamp
    frame: npt.NDArray[np.float64]
    within: npt.NDArray[np.int32]
    names: tuple[str, ...]
