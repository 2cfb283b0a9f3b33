"""Two services over one Postgres, one bucket and one fleet, killed, stopped and cut off from all of them: nothing is lost or doubled.

`python -m tests.several` does more of it.
"""

from __future__ import annotations

import pathlib

from tests import several

KILLS, UNITS = 30, 400


def test_thirty_acts_of_every_kind(tmp_path: pathlib.Path) -> None:
    wrong, figures = several.storm(tmp_path, KILLS, UNITS, seed=1)
    print(several.table(figures))
    assert wrong == []
