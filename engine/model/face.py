"""A face as it was read from a scan, or from points that somebody clicked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.french import french
from engine.model.grid import Grid
from engine.model.mesh import Mesh
from engine.model.order import Measurement

Place = tuple[float, float, float]


@dataclass(frozen=True, eq=False)
class Face:
    """In its own frame, mm: the origin midway between the pupils, in the plane that touches both corneas; x to the person's left, y up,
    z forward. From a scan the axes are those of an upright head that looks straight ahead (the fitted model's); so a pupil may be
    above the other. From landmarks x runs through both pupils, and z is level where the ear roots are as high as the pupils.

    `measures`, each with its uncertainty (one standard deviation); what is not told is not there:

    - pd, right_pd, left_pd: between the pupils along x, and from each to the middle of the nose's bridge;
    - bizygomatic: the width of the face over the cheekbones; head_width_at_ears: between the ear roots (where the ear's upper edge
      leaves the head, and a temple rests);
    - right_ear_depth, left_ear_depth: the ear root behind the cornea; right_ear_height, left_ear_height: above the origin;
    - nose_depth: how far before the cornea the nose's crest is, 5 below the pupils; bridge_width: of the nose there, 9 before the
      cornea; nose_width: of the nose 12 below the pupils, 9 before the cornea, where pads bear;
    - nose_frontal_angle: of a flank to the vertical, seen from the front; nose_splay_angle: of a flank to straight ahead, seen from
      above; degrees, the mean of both flanks.

    `landmarks`: by name. `nose`: z of the skin over (x, y), from the scan where `nose_seen`, else filled in; None without a scan.
    `surface`: the scan in this frame; None without one. `misfit`: how far the model that was fitted is from it, mm, as a rule; None
    likewise. `notes`: what was decided on the way.
    """

    measures: Mapping[str, Measurement]
    landmarks: Mapping[str, Place]
    nose: Grid | None = None
    nose_seen: npt.NDArray[np.bool_] | None = None
    surface: Mesh | None = None
    misfit: float | None = None
    notes: tuple[str, ...] = ()

    def said(self) -> list[tuple[str, str]]:
        """The notes, in English and French."""
        return [(note, french(note) or note) for note in self.notes]
