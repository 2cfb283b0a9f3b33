"""Of one service over Postgres two dispatchers stand by: when the one that leads dies the other leads at once, and another is started.

Here it is the only service. A dispatcher that is started anew takes seconds until it could lead.
"""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Callable
from unittest import mock

import sqlalchemy as sa

from service.house import ELSEWHERE
from service.store.database import Database
from tests import chaos
from tests.postgres import LOOSE, cluster

PATIENCE_S = 120.0
STANDING = "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'SELECT pg_try_advisory_lock(%'"


def until(holds: Callable[[], bool]) -> float:
    """Seconds until that holds."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() < begun + PATIENCE_S
        time.sleep(0.02)
    return time.monotonic() - begun


def test_the_other_dispatcher_of_a_service_leads_at_once(tmp_path: pathlib.Path) -> None:
    with cluster(*LOOSE) as database, mock.patch.dict(os.environ, {ELSEWHERE: database.url()}):
        server = chaos.Server(tmp_path / "data", "--lanes", "1", "--template", str(chaos.TEMPLATE))
        store = Database(os.environ[ELSEWHERE])

        def stands_by() -> bool:
            with store.read() as conn:
                return bool(conn.execute(sa.text(STANDING)).scalar_one())

        try:
            until(lambda: server.led()[0] == 1 and stands_by())
            first, both = server.led()[1], server.processes()["dispatcher"]
            assert len(both) == 2 and first in both
            os.kill(first, 9)
            took = until(lambda: server.led()[0] == 2)
            assert server.led()[1] in both and took < 2.0
            until(lambda: len(server.processes()["dispatcher"]) == 2 and stands_by())
            assert first not in server.processes()["dispatcher"]
            server.order({"template": "block", "parameters": {"name": "good"}}, 1)
        finally:
            store.close()
            left = server.end()
        assert left == []
