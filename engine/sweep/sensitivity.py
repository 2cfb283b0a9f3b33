"""How far what is fitted moves with what is measured: for each measure of a person, every parameter that follows it.

`uv run python -m engine.sweep.sensitivity KEY` prints the table of a template's defaults, per 0.1 of each measure.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, replace

from engine.language.judge import run_fits
from engine.language.orders import accept
from engine.language.parameters import Number
from engine.language.person import Measure
from engine.language.shelf import find
from engine.language.template import Home, Run, Template
from engine.model.order import Measurement, Order, Origin
from engine.process.limits import load_process

REACH = 2.0
"""mm or degrees to either side: parameters lie on steps of up to 0.5, which a smaller reach would show and not the slope."""
PER = 0.1


@dataclass(frozen=True)
class Moved:
    """A parameter moves by `by` of its unit where a measure grows by PER of its own."""

    measure: str
    parameter: str
    by: float
    unit: str


def sensitivity(cls: type[Template], order: Order) -> list[Moved]:
    """All that move by more than the steps of the parameters explain, by measure, the farthest first.

    The measures of the order, and what its template infers of them, are the middle; each is then given REACH less and more (as far as
    its range goes), and the rest stays as it is. OrderError: an order that cannot be accepted.
    """
    known = {name: value for name, value in _fitted(cls, order).items() if isinstance(value, Measurement)}
    told = {cls.fields[name].path.partition(".")[2]: value for name, value in known.items()}
    found: list[Moved] = []
    for name, value in known.items():
        field = cls.fields[name]
        if not isinstance(field, Measure):
            continue
        ends = [min(max(value.value + way, field.low), field.high) for way in (-REACH, REACH)]
        dotted = field.path.partition(".")[2]
        low, high = (_fitted(cls, replace(order, measurements={**told, dotted: replace(value, value=end)})) for end in ends)
        found += sorted(_moved(cls, name, low, high, ends[1] - ends[0]), key=lambda one: (-abs(one.by), one.parameter))
    return found


def _moved(cls: type[Template], measure: str, low: dict[str, object], high: dict[str, object], apart: float) -> list[Moved]:
    found = []
    for name, field in cls.fields.items():
        before, after = low.get(name), high.get(name)
        if not (isinstance(field, Number) and isinstance(before, float) and isinstance(after, float)):
            continue
        if abs(after - before) > field.step + 1e-9:
            found.append(Moved(measure, name, (after - before) * PER / apart, field.unit))
    return found


def _fitted(cls: type[Template], order: Order) -> dict[str, object]:
    """Every value that is given or fitted."""
    values, origins = accept(order, cls)
    process = load_process(order.process or cls.default_process).flat()
    template = cls(Run(cls, values, origins, process, home=Home(None)))
    run_fits(template)
    run = template.run
    return {name: value for name, value in run.values.items() if run.origins[name] is not Origin.DEFAULT or value is not None}


def main(key: str) -> int:
    """Print the table."""
    measure = ""
    for one in sensitivity(find(key), Order(key)):
        if one.measure != measure:
            measure = one.measure
            sys.stdout.write(f"{measure} + {PER:g}:\n")
        sys.stdout.write(f"    {one.parameter:16} {one.by:+.3f} {one.unit}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
