"""Who is next: priority before all, then the tenant that had least for its weight, then what is due first, then the oldest.

Weighted fair queueing by virtual time: a tenant's time runs on by what its work cost, divided by its weight; one that comes back
after idling starts at the present, with no claim on the past (Demers, Keshav, Shenker 1989; Goyal, Vin, Cheng 1996).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from service.store.queue import Head


@dataclass
class Fairness:
    """The virtual time of each tenant."""

    times: dict[str, float] = field(default_factory=dict)
    present: float = 0.0

    def choose(self, heads: Sequence[Head]) -> Head | None:
        """The head whose turn it is; none where none waits."""
        self._enter({head.tenant for head in heads})
        if not heads:
            return None
        most = max(head.priority for head in heads)
        urgent = [head for head in heads if head.priority == most]
        return min(urgent, key=lambda h: (self.times[h.tenant], h.due, h.id))

    def charge(self, tenant: str, cost: float, weight: float) -> None:
        """A tenant's work cost so much (any unit, the same for all), or as much less than it was charged before."""
        self.times[tenant] = self.times.get(tenant, self.present) + cost / max(weight, 1e-6)

    def _enter(self, waiting: Collection[str]) -> None:
        known = [self.times[tenant] for tenant in waiting if tenant in self.times]
        self.present = max(self.present, min(known, default=self.present))
        for tenant in sorted(waiting):
            self.times[tenant] = max(self.times.get(tenant, self.present), self.present)


@dataclass
class Costs:
    """What a unit of a template and process costs, in seconds of a lane: measured, the last ones weighing most."""

    aim: float = 0.3
    """Seconds that a chunk should take: short enough that what is urgent does not wait, long enough that a message costs nothing."""
    most: int = 16
    known: dict[tuple[str, str], float] = field(default_factory=dict)

    def size(self, template: str, process: str) -> int:
        """How many units go into a chunk: one, until it is known what they cost."""
        cost = self.known.get((template, process))
        return 1 if cost is None else max(1, min(self.most, int(self.aim / max(cost, 1e-6))))

    def seconds(self, template: str, process: str) -> float:
        """What one is expected to cost."""
        return self.known.get((template, process), self.aim)

    def learn(self, template: str, process: str, seconds: float) -> None:
        """A unit took so long."""
        old = self.known.get((template, process))
        self.known[template, process] = seconds if old is None else 0.7 * old + 0.3 * seconds
