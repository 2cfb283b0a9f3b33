"""Two services over one Postgres, killed, stopped and cut off from it: nothing is lost or doubled. `python -m tests.several` does more of it."""

from __future__ import annotations

import pathlib

from tests import several

KILLS = 30


def test_thirty_kills_of_every_kind(tmp_path: pathlib.Path) -> None:
    assert several.storm(tmp_path, KILLS, seed=1) == []
