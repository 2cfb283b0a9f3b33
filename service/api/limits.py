"""Limits that hold before anything is read: how often one may ask, and how deep JSON may be nested."""

from __future__ import annotations

import re
from collections import OrderedDict
from dataclasses import dataclass, field

MOST_KNOWN = 10_000
_STRINGS = re.compile(
    rb'"(?:[^"\\]|\\.)*"?', re.DOTALL
)  # one that is not closed ends with the data: each byte is looked at once
_BRACKETS = re.compile(rb"[\[\]{}]")


@dataclass
class Buckets:
    """A bucket of tokens for each name: `rate` a second flow in, up to `burst`."""

    rate: float
    burst: float
    _levels: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, name: str, now: float, cost: float = 1.0) -> float:
        """0 where there was enough, which is taken; else the seconds until there is, and nothing is taken."""
        level = self.level(name, now)
        wait = max(0.0, (cost - level) / self.rate)
        self._levels[name] = (level - cost if not wait else level, now)
        self._levels.move_to_end(name)
        if len(self._levels) > MOST_KNOWN:
            self._levels.popitem(last=False)
        return wait

    def level(self, name: str, now: float) -> float:
        """How much is in it."""
        level, then = self._levels.get(name, (self.burst, now))
        return min(self.burst, level + max(0.0, now - then) * self.rate)


def deeper(data: bytes, most: int) -> bool:
    """Whether JSON is nested deeper than that: told without parsing it, which is what deep nesting would break."""
    if data.count(b"[") + data.count(b"{") <= most:
        return False
    depth = 0
    for bracket in _BRACKETS.finditer(_STRINGS.sub(b"", data)):
        depth += 1 if bracket[0] in b"[{" else -1
        if depth > most:
            return True
    return False
