"""Deflate segments that were made once for a known body: a bounded cache. It changes when bytes are made, never which."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable

import numpy as np
import numpy.typing as npt

from engine.export.zipped import Segment

Rows = npt.NDArray[np.int32]


class KeptSegments:
    """The segments of bodies used last, at most `limit` bytes of them (rows and packed text). Safe among threads.

    A hit compares the rows themselves, so a wrong key costs time and never a wrong file.
    """

    def __init__(self, limit: int = 64 << 20) -> None:
        self.limit = limit
        self.held = 0
        self.hits = 0
        self.misses = 0
        self._kept: OrderedDict[tuple[str, Hashable, int], tuple[Rows, Segment]] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, kind: str, key: Hashable, rows: Rows, make: Callable[[], Segment]) -> Segment:
        """The segment of these rows (int32 (n, 3)), known by `key`; `kind` tells vertices from triangles."""
        name = (kind, key, len(rows))
        with self._lock:
            found = self._kept.get(name)
            if found is not None:
                self._kept.move_to_end(name)
        if found is not None and np.array_equal(found[0], rows):
            self.hits += 1
            return found[1]
        self.misses += 1
        made = make()
        with self._lock:
            self._drop(name)
            self._kept[name] = (rows.copy(), made)
            self.held += _weight(rows, made)
            while self.held > self.limit:
                self._drop(next(iter(self._kept)))
        return made

    def _drop(self, name: tuple[str, Hashable, int]) -> None:
        gone = self._kept.pop(name, None)
        if gone is not None:
            self.held -= _weight(*gone)


def _weight(rows: Rows, segment: Segment) -> int:
    return rows.nbytes + sum(len(piece) for piece in segment.packed)
