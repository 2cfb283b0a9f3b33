"""From what is known of a person to a shape that fits: against the libraries that do a part of it."""

from __future__ import annotations

from collections.abc import Sequence

from benchmarks import frames, heights, people, scans
from benchmarks.harness import Case


def cases() -> Sequence[Case]:
    """The subject's cases."""
    return [*heights.cases(), *scans.cases(), people.case(), frames.case()]
