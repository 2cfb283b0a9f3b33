"""Bodies that were drawn of one region, against one reference: what is fitted of each, and whether its tags are the reference's."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(eq=False)
class Drawn:
    """What was drawn of one region against one reference: rows of the region, nodes, middles, patches of each."""

    reference: dict[str, Any]
    rows: list[int] = field(default_factory=list)
    points: list[Floats] = field(default_factory=list)
    middles: list[Floats] = field(default_factory=list)
    numbers: list[dict[str, Floats]] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    """Which of each body's edges are of another kind than the reference's."""
    wrong: dict[int, str] = field(default_factory=dict)
    """Rows that are other bodies, or none: why."""
    again: set[int] = field(default_factory=set)
    """Rows that were looked at twice."""

    def drop(self, at: int) -> None:
        """Forget one."""
        for kept in (self.rows, self.points, self.middles, self.numbers, self.kinds):
            del kept[at]


def sent(reference: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if reference is None else {"map": reference["map"], "net": reference["net"]}


def add(drawn: Drawn, row: int, told: Mapping[str, Any]) -> None:
    drawn.rows.append(row)
    drawn.points.append(told["points"])
    drawn.middles.append(told["middles"])
    drawn.kinds.append(told["kinds"])
    drawn.numbers.append({name: patch["numbers"] for name, patch in told["patches"].items()})


def other_patches(reference: Mapping[str, Any], told: Mapping[str, Any]) -> str | None:
    """Why the tags of a body are not those of the reference."""
    for name, patch in reference["patches"].items():
        own = told["patches"].get(name)
        if own is None or own["same"] != patch["same"] or not np.array_equal(own["rows"], patch["rows"]):
            return f"{name} is another surface, or lies on other faces, than in the reference"
        if "owner" in patch and not np.array_equal(own["owner"], patch["owner"]):
            return f"{name} has its faces in another order than in the reference"
    return None if len(told["patches"]) == len(reference["patches"]) else "its tags are others than the reference's"


def column(drawn: Drawn, k: int) -> Floats:
    """All that is fitted of one body: its nodes' coordinates, then the numbers of its tags."""
    return np.concatenate([drawn.points[k].reshape(-1), *(drawn.numbers[k][name] for name in sorted(drawn.numbers[k]))])


def told_of(drawn: Drawn, name: str) -> tuple[str, dict[str, Any], list[Floats]]:
    return name, drawn.reference["patches"][name], [numbers[name] for numbers in drawn.numbers]
