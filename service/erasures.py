"""The journal of erasures: ids alone, on the disk before anything is erased, and never taken back by a restored backup.

A backup is older than what was erased after it. Whoever restores one has this file beside it (or a copy: it holds nothing personal), and
all that it names is erased again.
"""

from __future__ import annotations

import os
import pathlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LINE = re.compile(r"([0-9a-f]{32}) (\d{1,15}) ([a-z]{1,20})")


@dataclass(frozen=True)
class Entry:
    """A job, when it was erased (ms since 1970) and why: asked, retention; or a campaign, or the pack of an upload."""

    job: str
    at: int
    why: str


class Journal:
    """One line an erasure."""

    def __init__(self, place: pathlib.Path) -> None:
        self.place = place

    def write(self, entries: Sequence[Entry]) -> None:
        """Add them; they are on the disk when this returns. What a power cut left half-written before stays a line of its own."""
        if not entries:
            return
        handle = os.open(self.place, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        try:
            size = os.fstat(handle).st_size
            torn = size > 0 and os.pread(handle, 1, size - 1) != b"\n"
            lines = "".join(f"{e.job} {e.at} {e.why}\n" for e in entries)
            os.write(handle, (("\n" if torn else "") + lines).encode())
            os.fsync(handle)
        finally:
            os.close(handle)

    def read(self) -> list[Entry]:
        """All of them, the first of each job; a torn line is no entry: what it began had not happened."""
        if not self.place.exists():
            return []
        found = (LINE.fullmatch(line) for line in self.place.read_text(encoding="ascii", errors="replace").splitlines())
        return once(Entry(m[1], int(m[2]), m[3]) for m in found if m)


def once(entries: Iterable[Entry]) -> list[Entry]:
    """The first entry of each job."""
    seen: dict[str, Entry] = {}
    for entry in entries:
        seen.setdefault(entry.job, entry)
    return list(seen.values())
