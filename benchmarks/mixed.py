"""Random orders over all that shapes a phone case's body, each with a name: how many come from charts, and what one costs, those that
CAD must draw among them.

uv run python -m benchmarks.mixed 2000                                             # all phones
uv run python -m benchmarks.mixed 2000 --phone google-pixel-6 --phone apple-iphone-15

The charts are those of the template's package and of this installation (UNIKAT_CHARTS, else the cache folder). No body is remembered.
Orders that the rules refuse are drawn anew, and counted. Of those that no chart covers so many are drawn by CAD as --by-cad says; the
mean is over all, the others at what these cost.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks.product import NAMES
from engine.chart.coordinates import taken
from engine.chart.shelf import STRUCTURE
from engine.compiling.crew import Crew
from engine.compiling.drawing import Orders
from engine.doors import cad
from engine.language.charted import folders_of, from_chart
from engine.language.template import Home, Template
from engine.make import Workshop, make
from engine.model.order import Order
from engine.model.places import charts_folder
from templates.phone_case import PhoneCase

MOST_MEAN_MS, LEAST_SHARE = 50.0, 0.99
STAGE = "shell"
GIVE_UP = 60
"""So many orders are drawn for one that the rules take, at most."""


@dataclass
class Told:
    """Milliseconds of CPU of each order, by what its body came from; orders that the rules refused, verdicts."""

    charted: list[float] = field(default_factory=list)
    by_cad: list[float] = field(default_factory=list)
    uncovered: int = 0
    ended: int = 0
    beyond: int = 0
    """Orders of structures that were compiled to their end, and those of them that no chart covers."""
    refused: int = 0
    verdicts: Counter[str] = field(default_factory=Counter)

    @property
    def share(self) -> float:
        """Of the orders that the rules take, those that a chart covers."""
        return len(self.charted) / max(len(self.charted) + self.uncovered, 1)

    @property
    def compiled(self) -> float:
        """The same of the orders of structures that were compiled: all that can be said where a compile was not run to its end."""
        return (self.ended - self.beyond) / max(self.ended, 1)

    @property
    def mean(self) -> float:
        """Of an order, those that CAD draws among them."""
        fallback = statistics.mean(self.by_cad or [0.0])
        return self.share * statistics.mean(self.charted or [0.0]) + (1.0 - self.share) * fallback


def drawn(orders: Orders, count: int, seed: int, phones: Sequence[str], told: Told) -> Iterator[dict[str, Any]]:
    """So many orders' changes that the rules take, any value of any choice as likely as another."""
    chance = random.Random(seed)
    processes = list(orders.processes)
    with Crew({"key": PhoneCase.key}, 1) as crew:
        trace = crew.ask("drawing:reads", STAGE, {}, {"direct": [], "stages": []})["trace"]
    shaping = {name.partition(".")[0] for name in trace}
    axes = [a for a in orders.axes if a.name in shaping]
    for _ in range(count):
        for _ in range(GIVE_UP):
            changes = {a.name: a.at(chance.random()) for a in axes}
            changes |= {"process": chance.choice(processes), "name": chance.choice(NAMES)}
            if phones:
                changes["phone"] = chance.choice(phones)
            if orders.template(changes) is not None:
                yield changes
                break
            told.refused += 1


def is_compiled(template: Template) -> bool:
    """Whether the structure of this order's body is one that was compiled to its end: of one that was not, some charts may lie there."""
    run = template.run
    for folder in folders_of(run, STAGE):
        given = [(n, run.read(n)) for n in folder.direct] + [(n, getattr(template, n)()) for n in folder.stages]
        if (folder.path / f"{taken(given)[1][:STRUCTURE]}.json").is_file():
            return True
    return False


def mixed(count: int, seed: int, phones: Sequence[str], most_by_cad: int) -> Told:
    """Make them."""
    told, orders = Told(), Orders(PhoneCase)
    shop = Workshop(Home(None, charts_folder()))
    children = [0.0]
    build = cad.build

    def counted(*args: Any, **how: Any) -> Any:
        built = build(*args, **how)
        children[0] += built.cpu_ms
        return built

    cad.build = counted  # type: ignore[assignment]
    try:
        for k, changes in enumerate(drawn(orders, count, seed, phones, told)):
            order = Order(
                PhoneCase.key,
                process=changes["process"],
                parameters={n: v for n, v in changes.items() if n != "process"},
            )
            template = orders.template(changes)
            assert template is not None
            template.run.home = shop.home
            covered = from_chart(PhoneCase.stages[STAGE], template) is not None  # type: ignore[arg-type]
            told.uncovered += not covered
            ended = is_compiled(template)
            told.ended += ended
            told.beyond += ended and not covered
            if not covered and len(told.by_cad) >= most_by_cad:
                continue
            begun, children[0] = time.process_time(), 0.0
            made = make(order, PhoneCase, formats=("3mf", "png"), workshop=shop, keep_refused=True)
            spent = 1000.0 * (time.process_time() - begun) + children[0]
            told.verdicts[made.report.verdict] += 1
            (told.charted if covered else told.by_cad).append(spent)
            assert (made.report.figures["tier"] != "cad") == covered
            if sys.stderr.isatty():
                print(f"\r{k + 1} of {count}", end="", file=sys.stderr)
    finally:
        cad.build = build
    return told


def main(arguments: Sequence[str] | None = None) -> int:
    """The command: 0 where both figures are met."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mixed")
    parser.add_argument("count", type=int)
    parser.add_argument("--phone", action="append", default=[])
    parser.add_argument("--seed", type=int, default=11)
    parser.add_argument("--by-cad", type=int, default=60)
    given = parser.parse_args(arguments)
    told = mixed(given.count, given.seed, given.phone, given.by_cad)
    taken = len(told.charted) + told.uncovered
    print(f"{taken} orders that the rules take (seed {given.seed}), {told.refused} refused on the way")
    print(
        f"from charts: {len(told.charted)}, {100.0 * told.share:.1f} % ({100.0 * LEAST_SHARE:g} asked); by CAD: {told.uncovered}"
    )
    if told.beyond < told.uncovered:
        print(f"of {told.ended} orders whose structure was compiled: {100.0 * told.compiled:.1f} % from charts")
    if told.charted:
        print(
            f"an order from a chart: median {statistics.median(told.charted):.1f} ms of CPU, mean {statistics.mean(told.charted):.1f}"
        )
    if told.by_cad:
        print(f"an order by CAD: median {statistics.median(told.by_cad):.0f} ms, of {len(told.by_cad)} that were drawn")
    print(f"an order, those by CAD among them: {told.mean:.1f} ms in the mean ({MOST_MEAN_MS:g} asked)")
    print("verdicts: " + ", ".join(f"{v} {n}" for v, n in sorted(told.verdicts.items())))
    return 0 if told.share >= LEAST_SHARE and told.mean <= MOST_MEAN_MS else 1


if __name__ == "__main__":
    sys.exit(main())
