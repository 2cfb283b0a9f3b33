"""Orders that differ in nothing that is made: geometry, verdict and picture of one serve the others; identity and papers never."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace

from engine.model.deviation import Compared
from engine.model.lens import LensPair
from engine.model.order import Order, Product
from engine.model.process import Process
from engine.model.worn import Worn

HELD = 64
"""Products of one workshop: a case with its tree and picture takes about 1 MB."""


@dataclass
class Judged:
    """A product before its files; one that a rule refused has no parts. `compared`: with what was scanned. `picture`: made when a
    format first asks for it. `lenses`: those that it takes. `worn`: on whoever was scanned."""

    product: Product
    compared: tuple[Compared, ...] = ()
    picture: bytes | None = None
    lenses: LensPair | None = None
    worn: Worn | None = None

    def of(self, order: Order, spent: Mapping[str, float]) -> Judged:
        """The same for an equal order: its report says that no stage and no check ran again, and what was `spent` on it."""
        report = self.product.report
        figures = {**report.figures, "road_cpu_ms": spent}
        if "stages" in figures:
            figures |= {"stages": [{**s, "cpu_ms": 0.0, "hit": True} for s in figures["stages"]], "tier": "kernel"}
        checks = tuple(replace(check, cpu_ms=0.0) for check in report.checks)
        told = replace(report, figures=figures, checks=checks)
        return Judged(replace(self.product, order=order, report=told), self.compared, self.picture, self.lenses, self.worn)


@dataclass
class Equals:
    """The last products by a name that equal orders share: who calls vouches for it."""

    held: int = HELD
    served: int = 0
    """How many orders one of them served."""
    _kept: OrderedDict[Hashable, Judged] = field(default_factory=OrderedDict)

    def find(self, name: Hashable | None, process: Process) -> Judged | None:
        """What was made under that name, with the process as it is now."""
        found = self._kept.get(name)
        if found is None or found.product.process is not process:
            return None
        self._kept.move_to_end(name)
        self.served += 1
        return found

    def keep(self, name: Hashable | None, made: Judged) -> None:
        """Remember it, and forget what was asked for longest ago."""
        if name is None or not self.held:
            return
        self._kept[name] = made
        while len(self._kept) > self.held:
            self._kept.popitem(last=False)
