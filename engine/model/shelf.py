"""A bounded memory, safe among threads: what was used last stays, as long as all of it is light enough."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

V = TypeVar("V")

ASKED = 1000
"""So many keys are remembered by `asked_before`."""


class Shelf(Generic[V]):
    """Values by key, at most `limit` bytes of them by what `weigh` says; the oldest use is dropped first.

    Values are shared among threads: keep only what nobody changes.
    """

    def __init__(self, limit: int, weigh: Callable[[V], int]) -> None:
        self.limit = limit
        self.held = 0
        self._weigh = weigh
        self._kept: OrderedDict[Hashable, V] = OrderedDict()
        self._asked: OrderedDict[Hashable, int] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: Hashable) -> V | None:
        """The value, now the one used last; None when there is none."""
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
            return found

    def put(self, key: Hashable, value: V) -> None:
        """Keep it in place of what was there; one that is heavier than the limit is not kept."""
        with self._lock:
            self._drop(key)
            weight = self._weigh(value)
            if weight > self.limit:
                return
            self._kept[key] = value
            self.held += weight
            while self.held > self.limit:
                self._drop(next(iter(self._kept)))

    def asked_before(self, key: Hashable) -> bool:
        """Was this asked before, among the last thousand keys? It is noted now.

        What serves a single order is not worth its memory: make it when it is asked for the second time.
        """
        return self.asked(key) > 1

    def asked(self, key: Hashable) -> int:
        """How often this was asked, this time among them, of the last thousand keys."""
        with self._lock:
            times = self._asked[key] = self._asked.get(key, 0) + 1
            self._asked.move_to_end(key)
            if len(self._asked) > ASKED:
                self._asked.popitem(last=False)
            return times

    def unasked(self, key: Hashable) -> None:
        """Count from nothing again."""
        with self._lock:
            self._asked.pop(key, None)

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._kept.clear()
            self._asked.clear()
            self.held = 0

    def __len__(self) -> int:
        return len(self._kept)

    def _drop(self, key: Hashable) -> None:
        gone = self._kept.pop(key, None)
        if gone is not None:
            self.held -= self._weigh(gone)
