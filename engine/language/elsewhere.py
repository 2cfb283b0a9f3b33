"""Bodies that another machine has drawn: a place that several machines share, asked where no chart covers an order and nothing is kept here.

A body lies there by template, stage, code and trace, as the disk cache has it. Beside the bodies of a stage lie the names that its runs read:
whoever looks knows by them which trace to ask for. Two machines that write these names at once may lose one of them: that body is drawn again.
What depends on a person, or on what was fitted to one, is neither asked for nor put there.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from engine.language.memory import Told, Trace

MOST = 32
"""So many tuples of names of one stage are known, those that were met last."""


class Elsewhere(Protocol):
    """Bytes by an address. What was put may be lost; what is taken is what was put under that address, or None."""

    def take(self, address: str) -> bytes | None:
        """What lies there."""

    def put(self, address: str, data: bytes) -> None:
        """Let it lie there; what cannot be is not told."""


@dataclass(frozen=True)
class Lent:
    """The bodies of one stage under one code. `personal`: whether any of these names is a person's, in the order that asks."""

    place: Elsewhere
    folder: str

    def find(self, told: Told, personal: Callable[[tuple[str, ...]], bool]) -> tuple[Trace, bytes] | None:
        """The body of a trace that holds for what is told now, as it was put."""
        from engine.language.memory import Trace

        for names in self._shapes():
            if personal(names):
                continue
            try:
                trace = Trace.of(names, told(names))
            except LookupError:  # it read what this order does not have
                continue
            data = self.place.take(self._at(trace))
            if data is not None:
                return trace, data
        return None

    def keep(self, trace: Trace, data: bytes) -> None:
        """Put a body there, and then the names by which it is found."""
        self.place.put(self._at(trace), data)
        known = self._shapes()
        if trace.names not in known:
            self.place.put(self._names, json.dumps([trace.names, *known[: MOST - 1]]).encode())

    @property
    def _names(self) -> str:
        return f"{self.folder}/names"

    def _at(self, trace: Trace) -> str:
        return f"{self.folder}/{trace.digest()}"

    def _shapes(self) -> list[tuple[str, ...]]:
        data = self.place.take(self._names)
        return [tuple(map(str, names)) for names in json.loads(data)] if data is not None else []
