"""The service's time and names: milliseconds since 1970, and UUIDs that sort by it."""

from __future__ import annotations

import time
from collections.abc import Callable

from service.chance import drawn

Clock = Callable[[], int]
"""The wall's: what is written down. It may jump."""
Ticks = Callable[[], float]
"""Seconds that only go on: how long something takes, or may take."""


def now() -> int:
    """Milliseconds since 1970."""
    return time.time_ns() // 1_000_000


def new_id(at: int) -> str:
    """A UUID of version 7 (RFC 9562) as 32 hexadecimal digits: sorted by time, else random."""
    made = (at & ((1 << 48) - 1)) << 80 | int.from_bytes(drawn(10))
    return f"{made & ~(0xF << 76) & ~(0x3 << 62) | 0x7 << 76 | 0x2 << 62:032x}"


def time_of(one: str) -> int:
    """When an id was given, as its maker's clock had it."""
    return int(one[:12], 16)


def text_of(at: int | None) -> str | None:
    """RFC 3339, in UTC, to the millisecond."""
    if at is None:
        return None
    whole = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at // 1000))
    return f"{whole}.{at % 1000:03d}Z"
