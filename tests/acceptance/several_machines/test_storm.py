"""Two services over one Postgres and one bucket, killed, stopped and cut off from them: nothing is lost or doubled. `python -m tests.several` does more of it."""

from __future__ import annotations

import pathlib

from tests import several

KILLS = 30


def test_thirty_kills_of_every_kind(tmp_path: pathlib.Path) -> None:
    assert several.storm(tmp_path, KILLS, seed=1) == []
