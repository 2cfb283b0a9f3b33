"""The states of a job, of a piece to print and of a campaign, and why each goes over into the next: the one table.

The drawings in service/docs are made from it (service.drawings). Tests install it as triggers in the databases that they use, so that
no statement anywhere changes a state in a way that is not written here.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass

Moves = Mapping[tuple[str | None, str], str]
"""(state before, state after) -> why. Before: None for what is new."""


@dataclass(frozen=True)
class Life:
    """What may become of one kind of thing. `table`: where its rows lie; `states`: state -> what it means."""

    table: str
    states: Mapping[str, str]
    moves: Moves

    def ends(self) -> list[str]:
        """States that nothing but erasing leads out of."""
        left = {old for old, new in self.moves if new not in ("erased", "erasing")}
        return [state for state in self.states if state not in left]


JOB = Life(
    "jobs",
    {
        "queued": "waits for its turn",
        "running": "a lane makes it",
        "done": "printable, with its files",
        "refused": "made, and not printable",
        "failed": "not made: reason says why",
        "cancelled": "nobody wants it any more",
        "erased": "only the production record stays",
    },
    {
        (None, "queued"): "ordered",
        ("queued", "running"): "claimed: one more attempt",
        ("running", "queued"): "given back: its lane, the dispatcher or the disk failed",
        ("running", "done"): "every check that the process requires found nothing",
        ("running", "refused"): "a rule or a check says no",
        ("running", "failed"): "bad input, or two strikes",
        ("queued", "cancelled"): "asked, or its campaign was cancelled",
        ("running", "cancelled"): "asked: its lane is ended",
        ("queued", "erased"): "asked, or its time is over",
        ("running", "erased"): "asked, or its time is over",
        ("done", "erased"): "asked, or its time is over",
        ("refused", "erased"): "asked, or its time is over",
        ("failed", "erased"): "asked, or its time is over",
        ("cancelled", "erased"): "asked, or its time is over",
    },
)

PIECE = Life(
    "copies",
    {
        "ready": "waits for a print shop",
        "held": "under one lease",
        "printed": "a piece of plastic",
        "gone": "never to be printed",
    },
    {
        (None, "ready"): "its job is done; or the copy before it is to be printed again",
        ("ready", "held"): "claimed",
        ("held", "ready"): "released, or the lease ran out",
        ("held", "printed"): "acknowledged",
        ("held", "gone"): "spoiled, or erased",
        ("ready", "gone"): "its job was erased",
    },
)

CAMPAIGN = Life(
    "campaigns",
    {
        "receiving": "rows arrive, unseen",
        "dropped": "all its rows go",
        "running": "its units wait, are made, end",
        "paused": "no new unit begins",
        "done": "every unit has ended",
        "cancelled": "what waited is cancelled",
        "erasing": "unit by unit",
        "erased": "only production records stay",
    },
    {
        (None, "receiving"): "its upload begins",
        ("receiving", "dropped"): "a bad row, or the sender went",
        ("receiving", "running"): "the last row was good",
        ("running", "paused"): "asked",
        ("paused", "running"): "asked",
        ("running", "done"): "its last unit ended",
        ("paused", "done"): "its last unit ended",
        ("running", "cancelled"): "asked",
        ("paused", "cancelled"): "asked",
        ("done", "erasing"): "asked",
        ("cancelled", "erasing"): "asked",
        ("erasing", "erased"): "its last unit is erased",
    },
)

LIVES = (JOB, PIECE, CAMPAIGN)


def wrong(life: Life, walk: list[str | None]) -> list[tuple[str | None, str | None]]:
    """The steps of a walk (None, then each state in turn) that are in no table; staying where one is is no step."""
    return [(old, new) for old, new in itertools.pairwise(walk) if old != new and (old, new) not in life.moves]
