"""One job as a lane gets it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from service.handing import Handed

PACKING = 30.0
"""Seconds that writing a chunk's pack may take."""
PACK = "pack"
"""The stage in which that is done; every other stage of a lane is a unit's id."""


@dataclass(frozen=True)
class Unit:
    """`key` opens `sealed` (the order's JSON), and seals what is made. `source`: as engine.errands names a template.

    `same`: equal for units of a tenant that differ in nothing that is made. `check_one_in`: of so many bodies that charts make, one is
    to be looked at again. `inputs`: how the files that the order names are opened."""

    id: str
    tenant: str
    sealed: bytes
    key: bytes
    source: Mapping[str, str]
    process: str
    machine: str | None
    formats: tuple[str, ...]
    seconds: float
    same: bytes | None = None
    check_one_in: int = 0
    inputs: Handed = field(default_factory=dict)
