"""A body that a chart made, to be looked at again, and what was found. A leaf: both travel between processes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

NODES_MM = 0.03
"""No vertex of a chart's mesh lies farther from the B-rep, and no corner of that from a vertex: what its certificate promises of all of them."""
SURFACE_MM = 0.1
"""No point of the B-rep lies so much farther from the chart's mesh than the farthest does from the mesh that CAD makes now: both have
a chord error, which a chart has from the body that its triangles were made for."""
_HASH = re.compile(r"[0-9a-f]{64}")
_WORD = re.compile(r"[^/\0]{1,120}")
"""It is part of a file's name."""
PLAIN = (str, int, float, bool, type(None))


@dataclass(frozen=True)
class Body:
    """What must be known to draw it again. `values`: the order's, without those of a person, which no @cad stage may read.

    `chart`: the chart's sha256; `artifact`: what the body is addressed by; `mesh`: sha256 of the mesh that shipped. ValueError where
    they cannot be.
    """

    key: str
    version: int
    stage: str
    chart: str
    artifact: str
    mesh: str
    process: str
    machine: str
    values: Mapping[str, str | int | float | bool | None]

    def __post_init__(self) -> None:
        words = (self.key, self.stage, self.process, self.machine)
        if not all(isinstance(w, str) and _WORD.fullmatch(w) for w in words) or not isinstance(self.version, int):
            raise ValueError("a body of no template")
        if not all(isinstance(h, str) and _HASH.fullmatch(h) for h in (self.chart, self.artifact, self.mesh)):
            raise ValueError("a body of no chart")
        if not isinstance(self.values, Mapping) or not all(
            isinstance(n, str) and isinstance(v, PLAIN) for n, v in self.values.items()
        ):
            raise ValueError("a body of values that are not plain")


@dataclass(frozen=True)
class Looked:
    """A chart's mesh against the B-rep. Lengths mm: `to_brep_mm` from its vertices, `to_mesh_mm` from points on the B-rep, of which
    CAD's own mesh has `chord_mm`; `corners_mm` from the B-rep's corners to the vertices; `tags_mm`: the numbers of its tags against those of CAD's (infinite where those are others).
    `volume_mm3`: the mesh's less that of CAD's, which `allowed_mm3` bounds. `same`: it is the mesh that shipped."""

    to_brep_mm: float
    to_mesh_mm: float
    chord_mm: float
    corners_mm: float
    tags_mm: float
    volume_mm3: float
    allowed_mm3: float
    same: bool

    @property
    def why(self) -> str:
        """In which respect the chart is wrong; empty where it is right."""
        if not self.same:
            return "mesh"
        if not self.to_brep_mm <= NODES_MM:
            return "to-brep"
        if not self.to_mesh_mm <= SURFACE_MM + self.chord_mm:
            return "to-mesh"
        if not self.corners_mm <= NODES_MM:
            return "corners"
        if not self.tags_mm <= NODES_MM:
            return "tags"
        return "" if abs(self.volume_mm3) <= self.allowed_mm3 else "volume"
