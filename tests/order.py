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
    "tests/acceptance/several_machines",
    "tests/acceptance/test_chaos.py",
    "tests/acceptance",
    "tests/house",
    "tests/templates",
    "tests/engine/doors/test_cad_stamp.py",
    "tests/engine/export/test_thumbnail.py",
    "tests/engine/language/test_inputs.py",
    "tests/service/test_cli.py",
    "tests/engine/shape",
    "tests/service/test_start.py",
    "tests/service/privacy",
    "tests/benchmarks",
)
"""Files that take a minute or more, and folders of such files, as they were measured; the others follow, those of the most tests first."""


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
