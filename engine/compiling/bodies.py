"""Bodies that were drawn of one region, each matched to the first of them; and, once that is known to be a chart's, laid on its triangles:
what is fitted of each, and whether its tags are the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.compiling.matching import match
from engine.doors.cad_map import Drawn as Map

Floats = npt.NDArray[np.float64]


@dataclass(eq=False)
class Drawn:
    """Bodies of one region. `map`: the first one's, which the others are matched to. `rows` of the region; of each where its edges'
    middles are (e, 3), and which of its edges are of another kind than the first one's.

    `reference`: the first body's triangles, and where they lie on it; `points`, `numbers`: of rows that were laid on them, their nodes
    and the numbers of their tags.
    """

    map: Map
    rows: list[int] = field(default_factory=list)
    middles: list[Floats] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    reference: dict[str, Any] = field(default_factory=dict)
    points: dict[int, Floats] = field(default_factory=dict)
    numbers: dict[int, dict[str, Floats]] = field(default_factory=dict)
    wrong: dict[int, str] = field(default_factory=dict)
    """Rows that are other bodies, or none: why."""
    again: set[int] = field(default_factory=set)
    """Rows that were looked at twice."""
    misplaced: set[int] = field(default_factory=set)
    """Rows whose edges meet as the first one's, but that do not lie on its triangles."""

    def meet(self, row: int, its: Map, predicted: Floats) -> None:
        """One more body, by its map: it joins, or is wrong. `predicted` (e, 3): where its edges' middles should be."""
        found = match(self.map, its, predicted)
        if isinstance(found, str):
            self.wrong[row] = found
            return
        self.rows.append(row)
        self.middles.append(its.middles[found.edge])
        self.kinds.append(",".join(map(str, np.flatnonzero(its.curves[found.edge] != self.map.curves).tolist())))

    def lay(self, row: int, told: Mapping[str, Any]) -> None:
        """One of them, laid on the reference's triangles."""
        self.points[row] = told["points"]
        self.numbers[row] = {name: patch["numbers"] for name, patch in told["patches"].items()}

    def misplace(self, row: int, why: str) -> None:
        """One that cannot be laid there."""
        self.drop(row, why)
        self.misplaced.add(row)

    @property
    def by_laying(self) -> bool:
        """Is something wrong that only laying told?"""
        return not self.misplaced.isdisjoint(self.wrong)

    @property
    def known(self) -> dict[int, str]:
        """Of the rows of which it is known why they are wrong, or "". Where laying has told some apart, it is not known of those not laid."""
        rows = self.points if self.by_laying else self.rows
        return dict.fromkeys(rows, "") | self.wrong

    def drop(self, row: int, why: str) -> None:
        """One that is wrong after all."""
        at = self.rows.index(row)
        for kept in (self.rows, self.middles, self.kinds):
            del kept[at]
        for laid in (self.points, self.numbers):
            laid.pop(row, None)
        self.wrong[row] = why

    def column(self, row: int) -> Floats:
        """All that is fitted of one body: its nodes' coordinates, then the numbers of its tags."""
        numbers = self.numbers[row]
        return np.concatenate([self.points[row].reshape(-1), *(numbers[name] for name in sorted(numbers))])

    def columns(self) -> Floats:
        """Of all of them, a row each."""
        return np.array([self.column(row) for row in self.rows])

    def tag(self, name: str) -> tuple[str, dict[str, Any], list[Floats]]:
        """A tag's name, what the reference has of it, and its numbers in each body."""
        return name, self.reference["patches"][name], [self.numbers[row][name] for row in self.rows]


def sent(reference: Mapping[str, Any]) -> dict[str, Any]:
    """What of a reference a child needs to lay a body on it."""
    return {"map": reference["map"], "net": reference["net"]}


def other_patches(reference: Mapping[str, Any], told: Mapping[str, Any]) -> str | None:
    """Why the tags of a body are not those of the reference."""
    for name, patch in reference["patches"].items():
        own = told["patches"].get(name)
        if own is None or own["same"] != patch["same"] or not np.array_equal(own["rows"], patch["rows"]):
            return f"{name} is another surface, or lies on other faces, than in the reference"
        if "owner" in patch and not np.array_equal(own["owner"], patch["owner"]):
            return f"{name} has its faces in another order than in the reference"
    return None if len(told["patches"]) == len(reference["patches"]) else "its tags are others than the reference's"
