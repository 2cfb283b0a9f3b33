"""A stage's bodies: from the work folder where they lie there, else drawn in a child; and laid on a chart's triangles."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.compiling.bodies import sent
from engine.compiling.crew import Crew, Undrawn
from engine.compiling.outcome import Asked, MoreInputs
from engine.compiling.work import Kept
from engine.doors.cad import ANGLE_DEGREES, TOLERANCE_MM
from engine.doors.cad_map import Drawn as Map

Floats = npt.NDArray[np.float64]
Changes = Mapping[str, Any]

FORM = 2
"""Of what is kept of a body: files of another are not looked at."""


def solid_of(body: Mapping[str, Any]) -> dict[str, Any]:
    """What a child reads of a body."""
    return {"brep": body["brep"], "named": body["named"]}


class Bodies:
    """Draws for one structure of a stage. `work`: a folder where bodies wait for the next start, should this one be killed. `drawn`: how many were."""

    def __init__(self, crew: Crew, asked: Asked, work: pathlib.Path) -> None:
        self.crew, self.asked, self.work = crew, asked, work
        self.drawn = 0
        self._known: dict[str, Map | Undrawn] = {}

    def known(self, changes: Changes) -> Map | Undrawn | None:
        """The map of a body that this structure's charts have asked for before, or why it has none; never from an earlier start, or what
        is cut where would depend on when that was killed."""
        return self._known.get(self._name(changes))

    def body(self, changes: Changes) -> dict[str, Any] | Undrawn:
        """The B-rep of one order, and its map."""
        name = self._name(changes)
        kept = Kept(self.work / f"{name}.npz")
        found = kept.read()
        if found is None:
            self.drawn += 1
            try:
                found, took = self.crew.timed("solids:body", self.asked.stage, self.asked.inputs, dict(changes))
                found["seconds"] = took
            except Undrawn as failed:
                found = {"failed": [failed.cause, failed.why]}
            kept.write(found)
        elif name not in self._known and "seconds" in found:
            self.crew.count("solids:body", found["seconds"])  # an earlier start paid for it
        if "more" in found:
            raise MoreInputs(found["more"])
        if "failed" in found:
            why = Undrawn(*found["failed"])
            self._known[name] = why
            return why
        self._known[name] = Map(**found["map"])
        return found

    def map(self, changes: Changes) -> Map | Undrawn:
        """Its map alone."""
        found = self.body(changes)
        return found if isinstance(found, Undrawn) else Map(**found["map"])

    def reference(self, changes: Changes, finer: int) -> dict[str, Any] | Undrawn:
        """A body with triangles of its own, so many times nearer to its surface than CAD's are; its map and net, and where they lie."""
        return self._placed(changes, None, None, finer)

    def laid(self, changes: Changes, reference: Mapping[str, Any], middles: Floats, finer: int) -> dict[str, Any] | Undrawn:
        """A body whose edges' middles are these (e, 3), on a reference's triangles."""
        return self._placed(changes, sent(reference), middles, finer)

    def _placed(
        self, changes: Changes, reference: dict[str, Any] | None, middles: Floats | None, finer: int
    ) -> dict[str, Any] | Undrawn:
        body = self.body(changes)
        if isinstance(body, Undrawn):
            return body
        arguments = (TOLERANCE_MM / finer, np.radians(ANGLE_DEGREES).item())
        try:
            return dict(self.crew.ask("solids:place", solid_of(body), reference, middles, *arguments))
        except Undrawn as failed:
            return failed

    def _name(self, changes: Changes) -> str:
        asked = json.dumps([FORM, self.asked.source, self.asked.inputs, dict(changes)], sort_keys=True)
        return hashlib.sha256(asked.encode()).hexdigest()[:32]
