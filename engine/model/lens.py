"""A spectacle lens as an optician's tracer gives it, and its measures by the boxing system (ISO 8624).

One frame for both eyes, facing the wearer, mm: x to the right of the picture, which is the wearer's left, y up. So the nose is at
larger x for the right lens and at smaller x for the left one, and a mirrored lens has its points at (-x, y).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from engine.model.foot import Side

Floats = npt.NDArray[np.float64]

NEAR, FAR = 10.0, 45.0
"""mm: no lens has its border nearer to its middle, or farther from it."""
FEWEST = 36
"""Radii of a trace, at least: one every ten degrees."""


def opposite(side: Side) -> Side:
    """The other eye."""
    return "left" if side == "right" else "right"


@dataclass(frozen=True, eq=False)
class Trace:
    """One eye's lens: `radii` (n,), mm from the tracer's centre, at the angles i * 360 / n, counter-clockwise facing the wearer
    (OMA's order: 0 degrees is nasal for the right eye, temporal for the left). `heights` (n,): z along the way from the wearer, mm.

    The tracer's centre is near that of the box, not at it. Radii above 0 at rising angles: the outline cannot cross itself.
    """

    side: Side
    radii: Floats
    heights: Floats | None = None

    def __post_init__(self) -> None:
        for name in ("radii", "heights"):
            if getattr(self, name) is not None:
                made = np.array(getattr(self, name), dtype=np.float64, order="C")
                made.flags.writeable = False
                object.__setattr__(self, name, made)
        if self.side not in ("left", "right") or self.radii.ndim != 1 or len(self.radii) < FEWEST:
            raise ValueError(f"a trace has a side, and {FEWEST} radii or more")
        if not (np.isfinite(self.radii).all() and (self.radii > 0.0).all()):
            raise ValueError("a radius is finite and above zero")
        if self.heights is not None and not (self.heights.shape == self.radii.shape and np.isfinite(self.heights).all()):
            raise ValueError("a trace has a finite height for every radius, or none")

    def mirrored(self) -> Trace:
        """The same lens for the other eye: radius i is that at 180 degrees less its angle. An odd count has none at 180 degrees.

        ValueError: an odd number of radii.
        """
        n = len(self.radii)
        if n % 2:
            raise ValueError("an odd number of radii cannot be mirrored")
        order = (n // 2 - np.arange(n)) % n
        return Trace(opposite(self.side), self.radii[order], None if self.heights is None else self.heights[order])


@dataclass(frozen=True)
class ToldLens:
    """What a file says of one lens; None where it does not. The names are those of the records, in lower case.

    mm: hbox (A), vbox (B), circ (circumference), fed (effective diameter), ipd (monocular PD), ocht (height of the optical centre over
    the box's lowest). Degrees: ztilt (face-form angle of the frame), panto (pantoscopic angle). Dioptres at 530: fcrv (the frame's base
    curve), frnt (the lens's front). bevp: how the bevel is placed, a code.
    """

    hbox: float | None = None
    vbox: float | None = None
    circ: float | None = None
    fed: float | None = None
    ipd: float | None = None
    ocht: float | None = None
    ztilt: float | None = None
    panto: float | None = None
    fcrv: float | None = None
    frnt: float | None = None
    bevp: float | None = None

    @property
    def base_curve(self) -> float | None:
        """The frame's curve, else the lens's front."""
        return self.fcrv if self.fcrv is not None else self.frnt

    def known(self) -> dict[str, float]:
        """What is told, by its record's name."""
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


@dataclass(frozen=True, eq=False)
class LensPair:
    """Both lenses of a pair. `mirrored`: the eye that was not traced and is the other one's mirror image.

    `dbl`: distance between the boxes, mm. `ftyp`, `etyp`: the codes of the frame's material and of the lens's edge. `told`: by side.
    `notes`: what was decided on reading (English, as it stands in `engine.french`).
    """

    right: Trace
    left: Trace
    dbl: float | None = None
    told: Mapping[Side, ToldLens] = field(default_factory=lambda: {"right": ToldLens(), "left": ToldLens()})
    ftyp: int | None = None
    etyp: int | None = None
    mirrored: Side | None = None
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.right.side != "right" or self.left.side != "left" or set(self.told) != {"right", "left"}:
            raise ValueError("a pair has a right lens and a left one, and what is told of either")
        object.__setattr__(self, "told", MappingProxyType(dict(self.told)))

    def of(self, side: Side) -> Trace:
        """One eye's."""
        return self.right if side == "right" else self.left


@dataclass(frozen=True)
class Boxed:
    """A lens by the boxing system, mm. `centre`: of the box, from where radii are measured. `ed`: twice the longest radius from the
    box's centre. `circumference`: of the flat outline."""

    a: float
    b: float
    ed: float
    circumference: float
    centre: tuple[float, float]


@dataclass(frozen=True, eq=False)
class LensOutline:
    """A smooth closed outline: radius = cosines[0] + sum of cosines[k] cos k t + sines[k] sin k t at the angle t, from `boxed.centre`.

    cosines, sines (k + 1,), mm. `off`: how far it is from the radii that it was fitted to, mm at most.
    """

    side: Side
    cosines: Floats
    sines: Floats
    boxed: Boxed
    off: float = 0.0

    def __post_init__(self) -> None:
        for name in ("cosines", "sines"):
            made = np.array(getattr(self, name), dtype=np.float64, order="C")
            made.flags.writeable = False
            object.__setattr__(self, name, made)
        if self.cosines.ndim != 1 or not len(self.cosines) or self.cosines.shape != self.sines.shape:
            raise ValueError("an outline has as many cosines as sines, one at least")


@dataclass(frozen=True, eq=False)
class LensCurve:
    """Points along an outline, counter-clockwise facing the wearer, about its box's centre.

    points (n, 2) mm; normals (n, 2), outwards, of length 1; curvatures (n,), 1/mm, above 0 where it is convex; lengths (n,), mm along
    the outline from the first point; `circumference` of all of it.
    """

    points: Floats
    normals: Floats
    curvatures: Floats
    lengths: Floats
    circumference: float
