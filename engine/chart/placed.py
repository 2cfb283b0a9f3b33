"""The bodies of a chart as one family: where its points lie in the middle of its box, and how each number moves them."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.model.family import Family, Member
from engine.model.mesh import STEPS_PER_MM, Faces
from kernels import chart as kernel

Floats = npt.NDArray[np.float64]

MOST = 12
"""Of more numbers, and products of them, no family is made: what is proved of it would take too long."""
MOST_REACH_MM = 1e6
"""Where sums on the way to a coordinate are greater, no face is said to have an area in all bodies: up to it, errors of floats are far below
a step."""
_SLACK = 1e-6
"""By so much the box is wider than the chart's: what the chart covers lies within."""


@dataclass(frozen=True, eq=False)
class Placed:
    """A chart's family, and where its numbers lie in it: `terms` (t, 4) products of them (-1: none); `centre`, `half` (d + t,);
    `reach_mm`: no sum on the way to a coordinate is greater."""

    family: Family
    terms: list[list[int]]
    centre: Floats
    half: Floats
    reach_mm: float

    @functools.cached_property
    def unsure(self) -> Faces:
        """Those (f, 3) of its faces that may have no area in some body of it."""
        faces, sure = self.family.faces, np.zeros(len(self.family.faces), dtype=bool)
        if self.reach_mm <= MOST_REACH_MM:
            kernel.never_flat(self.family.middle, self.family.motions, faces, sure)
        return np.ascontiguousarray(faces[~sure])

    def numbers(self, z: Floats) -> Floats:
        """The numbers y (b, k) in the family of the bodies at the numbers z (b, d) of the chart."""
        if self.terms:
            z = np.concatenate([z, *(_product(z, term)[:, None] for term in self.terms)], axis=1)
        return (z - self.centre) / self.half

    def member(self, y: Floats, name: str) -> Member:
        """The whole body at the numbers y (k,) of the family."""
        return Member(self.family, y, len(self.family.faces), name)


def _product(z: Floats, term: Sequence[int]) -> Floats:
    """The product (b,) of those of the numbers z (b, d) that a term names."""
    product = np.ones(len(z))
    for k in term:
        if k >= 0:
            product *= z[:, k]
    return product


def placed(
    key: str,
    pivots: Sequence[int],
    watched: Sequence[tuple[Sequence[int], float, float]],
    arrays: Mapping[str, npt.NDArray[Any]],
    faces: Faces,
) -> Placed | None:
    """The family of a chart, by its arrays (`engine.chart.form`); None where a number has no range of its own, or there are too many."""
    terms: list[list[int]] = arrays["terms"].tolist()
    if len(pivots) + len(terms) > MOST:
        return None
    low, high = [], []
    for k, pivot in enumerate(pivots):
        ranges = [(a, b) for (at, less), a, b in watched if at == pivot and less < 0]
        if not ranges:
            return None
        origin, scale = float(arrays["origin"][pivot]), float(arrays["scale"][k])
        ends = [(end - origin) * scale for end in (max(a for a, _ in ranges), min(b for _, b in ranges))]
        low.append(min(ends) - _SLACK)
        high.append(max(ends) + _SLACK)
    for term in terms:
        ends = [1.0]
        for k in term:
            ends = [e * z for e in ends for z in (low[k], high[k])] if k >= 0 else ends
        # of a number that is taken twice, its square between its ends is counted as a product of two
        low.append(min(ends))
        high.append(max(ends))
    centre, half = (np.array(high) + np.array(low)) / 2.0, np.maximum((np.array(high) - np.array(low)) / 2.0, _SLACK)
    columns = np.zeros((len(centre), len(arrays["base"])))
    columns[: len(pivots)] = arrays["linear"]
    columns[len(pivots) :, : arrays["high"].shape[1]] = arrays["high"]
    middle = arrays["base"] + (centre[:, None] * columns).sum(axis=0)
    nodes = arrays["nodes"]
    moved = np.ascontiguousarray((half[:, None] * columns)[:, nodes]) * STEPS_PER_MM
    family = Family(key, np.ascontiguousarray(middle[nodes]) * STEPS_PER_MM, moved, faces)
    reach = np.abs(arrays["base"]).max() + ((np.abs(centre) + half) * np.abs(columns).max(axis=1)).sum()
    return Placed(family, terms, centre, half, float(reach))
