"""How a product lies on the person that it was made for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.deviation import Deviation, DeviationLimits
from engine.model.mesh import Faces, Mesh, Points, Pose


@dataclass(frozen=True, eq=False)
class Panel:
    """One view of the product in the colours of its distance from the skin. `words`: what it shows, in English and French.

    points (n, 3), mm: x to the right, y up, z to who looks; faces (m, 3); values (n,): signed mm, above 0 in the skin, NaN where nothing
    was compared. `figures`: of the distances that are judged, which may be fewer; None where none is.
    """

    words: tuple[str, str]
    points: Points
    faces: Faces
    values: npt.NDArray[np.float64]
    figures: Deviation | None = None


@dataclass(frozen=True, eq=False)
class Worn:
    """`skin`: as it was scanned, in the person's own frame, mm (origin between the pupils, x to her left, y up, z forward); `pose`: brings
    the assembled parts there; `panels`, coloured by `limits`: farther off than `far` nothing is compared."""

    skin: Mesh
    pose: Pose
    panels: tuple[Panel, ...]
    limits: DeviationLimits
    far: float
