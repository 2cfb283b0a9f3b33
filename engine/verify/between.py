"""What is said of two parts that share room, touch, or come too near: see `words` for the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import Pose
from engine.model.order import Finding, Severity
from engine.verify.anatomy import Int32s, Place
from engine.verify.crossings import Pairs
from engine.verify.two import Two
from engine.verify.words import near, rows_of, some

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Met:
    """Pairs of faces, one of each part, that meet; what `kernels.contacts` calls each."""

    pairs: Pairs
    told: npt.NDArray[np.int8]
    shared: int


@dataclass(frozen=True, eq=False)
class Said:
    """What is said of two parts; `where`: the pose, in words."""

    two: Two
    frame: Pose
    where: str

    @property
    def steps(self) -> float:
        """Of a mm."""
        return self.two.one.body.steps

    def crossing(self, pairs: Pairs, deepest: tuple[float, Floats] | None) -> Finding:
        """They share room. `deepest`: how deep the one lies in the other, and where, in steps."""
        depth, at = self._deep(deepest, self._common(pairs[0]))
        how = "" if depth is None else f", at least {depth:g} mm deep"
        said = f"parts {self._names} pass through each other{self.where}{how} {near(at)}: {some(len(pairs), 'pair', 'pairs')} of faces"
        fix = "move them apart, or cut the one out of the other"
        return self._finding("parts-cross", said, pairs, at, fix, count=len(pairs), value=depth, limit=0.0)

    def within(self, rows: Int32s, deepest: tuple[float, Floats] | None) -> Finding:
        """One lies in the other, without passing through it."""
        two = self.two
        inner, outer = (two.one, two.other) if rows[0] < two.split else (two.other, two.one)
        depth, at = self._deep(deepest, two.lattice[two.faces[rows[0], 0]].astype(np.float64))
        what = f"part {inner.name}" if inner.shape.shells == 1 else f"a closed surface of part {inner.name}"
        how = "" if depth is None else f", at least {depth:g} mm deep"
        said = f"{what} lies within the material of part {outer.name}{self.where}{how} {near(at)}"
        fix = "move it out, or cut its room out of the other"
        return self._finding("parts-cross", said, rows, at, fix, value=depth, limit=0.0)

    def _deep(self, deepest: tuple[float, Floats] | None, otherwise: Floats) -> tuple[float | None, Place]:
        """mm and the place."""
        if deepest is None:
            return None, self._at(otherwise)
        return round(deepest[0] / self.steps, self.two.one.body.digits), self._at(deepest[1])

    def touching(self, met: Met, limit: float) -> Finding:
        """They touch, and are not bonded."""
        rank = int(np.argmax(met.told))  # where they lie on each other, sooner than along a line or at a point
        at = self._at(self._common(met.pairs[rank]))
        said = f"parts {self._names} touch{self.where} {near(at)}: the process needs {limit:g} mm between them"
        fix = "move them apart, or declare them bonded if they are to be one piece"
        return self._finding("parts-close", said, met.pairs, at, fix, count=len(met.pairs), value=0.0, limit=limit)

    def close(self, places: Floats, rows: Int32s, limit: float) -> Finding:
        """They are too near."""
        value = round(float(places[0]) / self.steps, self.two.one.body.digits)
        at = self._at((places[1:4] + places[4:7]) / 2.0)
        but = "are bonded but do not touch: there are only" if self.two.bonded else "come too near: there are only"
        said = f"parts {self._names} {but} {value:g} mm between them{self.where} {near(at)}; the process needs {limit:g} mm"
        fix = "make them touch, or move them apart" if self.two.bonded else "move them apart there"
        return self._finding("parts-close", said, rows, at, fix, value=value, limit=limit)

    @property
    def _names(self) -> str:
        return f"{self.two.one.name} and {self.two.other.name}"

    def _common(self, pair: Int32s) -> Floats:
        """The middle of what the boxes of two faces have in common, steps."""
        corners = self.two.lattice[self.two.faces[pair]].astype(np.float64)
        middle: Floats = (corners.min(axis=1).max(axis=0) + corners.max(axis=1).min(axis=0)) / 2.0
        return middle

    def _at(self, steps: Floats) -> Place:
        """mm in the pose."""
        body, turned = self.two.one.body, self.frame.rotation
        p = [v / self.steps + o for v, o in zip(steps.tolist(), body.origin, strict=True)]
        x, y, z = (
            round(turned[k][0] * p[0] + turned[k][1] * p[1] + turned[k][2] * p[2] + self.frame.translation[k], body.digits)
            + 0.0
            for k in range(3)
        )
        return x, y, z

    def _finding(
        self,
        code: str,
        message: str,
        rows: npt.NDArray[np.int32],
        at: Place,
        fix: str,
        *,
        count: int = 1,
        value: float | None = None,
        limit: float | None = None,
    ) -> Finding:
        split, one, other = self.two.split, self.two.one.name, self.two.other.name
        mine, theirs = rows_of(rows[rows < split]), rows_of(rows[rows >= split] - split)
        if not mine:
            mine, theirs, one, other = theirs, mine, other, one
        return Finding(
            code,
            Severity.ERROR,
            message,
            count=count,
            value=value,
            limit=limit,
            unit="mm",
            at=at,
            part=one,
            fix=fix,
            faces=mine,
            beside=(other, theirs),
        )
