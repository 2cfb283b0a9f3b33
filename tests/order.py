"""In which order files are handed to the processes that run the tests: what takes long is not begun last, when nobody is left to work beside it.

xdist would begin with the files of the most tests, and the longest tests of all stand alone in theirs.
"""

from __future__ import annotations

import pathlib
from collections import Counter
from collections.abc import Sequence
from typing import Protocol, TypeVar

ROOT = pathlib.Path(__file__).parents[1]
FIRST = (
    "tests/acceptance/several_machines/test_storm.py",
    "tests/templates/test_phone_case_body.py",
    "tests/acceptance/several_machines/test_poison.py",
    "tests/templates/test_examples.py",
    "tests/acceptance/several_machines/test_simulation.py",
    "tests/engine/doors/test_cad_stamp.py",
    "tests/acceptance/several_machines/test_bodies.py",
    "tests/engine/export/test_thumbnail.py",
    "tests/acceptance/several_machines/test_deploy.py",
    "tests/engine/language/test_inputs.py",
    "tests/acceptance/test_chaos.py",
    "tests/engine/shape/test_bend.py",
    "tests/house/test_contracts.py",
    "tests/house/test_mutants.py",
    "tests/acceptance",
    "tests/engine/shape/test_scripts_drawn.py",
    "tests/templates",
    "tests/benchmarks",
)
"""Files that take a minute or more, and folders of such files, as they were measured; the others follow, those of the most tests first.
What starts many processes alternates with what is one, so that two such files seldom share the cores."""


class Item(Protocol):
    """What pytest knows of a test."""

    path: pathlib.Path


AnItem = TypeVar("AnItem", bound=Item)


def longest_first(items: Sequence[AnItem], root: pathlib.Path = ROOT) -> list[AnItem]:
    """The tests, those of a file together and in their own order."""
    sizes = Counter(item.path for item in items)

    def place(item: AnItem) -> tuple[int, int, str]:
        name = item.path.relative_to(root).as_posix()
        rank = next((n for n, first in enumerate(FIRST) if name == first or name.startswith(f"{first}/")), len(FIRST))
        return rank, -sizes[item.path], name

    return sorted(items, key=place)
