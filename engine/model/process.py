"""Processes: method + material + machine, as data with a source for every figure. Filled by engine.process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

CHECKS = (
    "mesh", "topology", "degenerate", "orientation", "volume", "machine", "bed", "crossings", "walls", "gaps", "shells", "parts"
)  # fmt: skip
"""Every check by name, in the order of the report; a process says of each whether it is required."""


@dataclass(frozen=True)
class Limit:
    """One figure of a process: value, unit, and where it comes from."""

    value: float
    unit: str
    source: str


@dataclass(frozen=True)
class Machine:
    """Build volume in mm. `bed`: parts stand on a plate (FDM, SLA); a powder bed has none."""

    key: str
    name: str
    size: tuple[float, float, float]
    bed: bool
    source: str


@dataclass(frozen=True)
class Process:
    """What a template, a check and an exporter may know of how a part is made.

    `limits` (mm unless said): wall, gap, hole, emboss_width, emboss_height, engrave_width, engrave_depth, tolerance, clearance
    (per side, for a rigid part that a body slides into; negative for a flexible one that stretches). `checks`: name -> required.
    `flexible`: the material stretches. `settings`: the slicer's, FDM only. `costs`: data of the estimate and the price.
    """

    key: str
    name: str
    method: str
    material: str
    machine: Machine
    flexible: bool
    density: float
    limits: Mapping[str, Limit]
    checks: Mapping[str, bool]
    layer: float
    settings: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    costs: Mapping[str, Limit] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def sliced(self) -> bool:
        """Whether a slicer's settings exist for it: FDM alone."""
        return self.method == "FDM"

    def flat(self) -> dict[str, object]:
        """What a stage may read, by name: key, method, material, flexible, layer, and the value of every limit."""
        told: dict[str, object] = {n: limit.value for n, limit in sorted(self.limits.items())}
        return {
            **told,
            "key": self.key,
            "method": self.method,
            "material": self.material,
            "flexible": self.flexible,
            "layer": self.layer,
        }

    def __getattr__(self, name: str) -> float:
        """`process.wall`: the value of a limit."""
        limits = self.__dict__.get("limits", {})
        if name in limits:
            return float(limits[name].value)
        raise AttributeError(f"process {self.__dict__.get('key')} has no limit {name!r}; it has {', '.join(sorted(limits))}")
