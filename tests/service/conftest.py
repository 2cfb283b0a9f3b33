"""A Postgres for all tests of the service in one process, started by the first that wants one."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.postgres import LOOSE, Cluster, cluster


@pytest.fixture(scope="session")
def postgres() -> Iterator[Cluster]:
    """It keeps nothing through a crash: for tests that do not crash it."""
    with cluster(*LOOSE) as made:
        yield made
