"""Orders, measurements, and what comes out: report, record, product. The JSON of each is a contract (see the README)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, ClassVar, Literal

from engine.model.mesh import Settled
from engine.model.process import Process


@dataclass(frozen=True)
class Measurement:
    """A person's measure: value in `unit` (mm or degree once accepted), standard (ISO 8624...), source, uncertainty (1 sd)."""

    value: float
    unit: str
    standard: str | None = None
    source: str = "given"
    uncertainty: float | None = None


@dataclass(frozen=True)
class InputFile:
    """A scan, trace or map by its sha256; `unit` is mandatory, a path is known on the command line only."""

    sha256: str
    unit: str
    side: str | None = None
    file: str | None = None


@dataclass(frozen=True)
class Order:
    """What was asked, before it is checked. Parameters are plain values, or {"value": 1, "unit": "in"}."""

    template: str
    process: str | None = None
    machine: str | None = None
    reference: str | None = None
    quantity: int = 1
    due: str | None = None
    parameters: Mapping[str, Any] = field(default_factory=dict)
    measurements: Mapping[str, Measurement] = field(default_factory=dict)
    inputs: Mapping[str, InputFile] = field(default_factory=dict)
    purpose: str | None = None
    legal_basis: str | None = None
    priority: int = 0


class Origin(StrEnum):
    """Where a parameter's value came from."""

    GIVEN = "given"
    FITTED = "fitted"
    DEFAULT = "default"


class Severity(StrEnum):
    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True)
class Finding:
    """One thing found, with the code of the design's table. `at`: mm in the print pose, or in the pose that the message names."""

    UNTOLD: ClassVar[frozenset[str]] = frozenset(("faces", "beside"))
    """What no report tells."""

    code: str
    severity: Severity
    message: str
    count: int = 1
    value: float | None = None
    limit: float | None = None
    unit: str | None = None
    at: tuple[float, float, float] | None = None
    part: str | None = None
    fix: str | None = None
    message_fr: str | None = None
    """The message in French, where there is one."""
    faces: tuple[int, ...] = field(default=(), compare=False, repr=False)
    """Rows of the part's faces that offend, in rising order, where they are known: for a picture, never in the report."""
    beside: tuple[str, tuple[int, ...]] | None = field(default=None, compare=False, repr=False)
    """The other part, where two are concerned, and the rows of its faces: for a picture too."""


@dataclass(frozen=True)
class CheckRun:
    """One line of `checks`: was it required by the process, did it run, what did it cost."""

    name: str
    required: bool
    ran: bool
    cpu_ms: float = 0.0


@dataclass(frozen=True)
class StageRun:
    """One line of `figures.stages`."""

    name: str
    cpu_ms: float
    hit: bool


Verdict = Literal["printable", "refused", "incomplete"]


@dataclass(frozen=True)
class Report:
    """What was found and measured. `notes`: assumptions that the template stated. `figures`: the contract's names."""

    verdict: Verdict
    checks: tuple[CheckRun, ...]
    findings: tuple[Finding, ...]
    figures: Mapping[str, Any]
    notes: tuple[str, ...] = ()
    notes_fr: tuple[str, ...] = ()
    """The notes in French, one for one; English where a template says no other."""


@dataclass(frozen=True)
class Product:
    """A made order: parts as they ship, its report, and what identifies it."""

    order: Order
    process: Process
    values: Mapping[str, Any]
    origins: Mapping[str, Origin]
    parts: tuple[Settled, ...]
    report: Report
    title: str
    artifacts: Mapping[str, str] = field(default_factory=dict)
    fonts: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, bytes] = field(default_factory=dict)
    hashes: Mapping[str, str] = field(default_factory=dict)
    """The sha256 of each file."""
