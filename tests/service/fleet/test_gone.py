"""What a real scheduler says of a worker that dies with a chunk: the dispatcher must know it from a chunk that was lost otherwise."""

from __future__ import annotations

import os
import pathlib
import sys
import time
from collections.abc import Callable, Iterator

import pytest

from engine.errors import EnvironmentFault
from service.fleet.client import Fleet
from service.lanes.pool import Died
from tests.fleet import Workers, workers

KEY = bytes(range(32))
PATIENCE_S = 120.0
LANES = """
import os
from service.fleet import worker
worker.Lanes.start = lambda lanes: None
worker.Lanes.run = lambda *_: os.kill(os.getpid(), 9)
"""
"""A worker without a lane: it dies of whatever it is given."""


@pytest.fixture
def there(tmp_path: pathlib.Path) -> Iterator[Workers]:
    (tmp_path / "key").write_bytes(KEY)
    with workers(tmp_path, tmp_path / "key") as made:
        yield made


def begin(there: Workers, fleet: Fleet) -> None:
    """A worker, and wait until it may be given work."""
    there._run("one", [sys.executable, "-c", f"{LANES}worker.run({there.at!r}, 1, {os.fspath(there.key)!r}, 1500)"])
    until = time.monotonic() + PATIENCE_S
    while not fleet.lanes():
        assert time.monotonic() < until and there.processes["one"].poll() is None, there.said("one")
        time.sleep(0.05)


def test_a_chunk_whose_worker_died_is_gone(there: Workers) -> None:
    with Fleet(there.at, KEY) as fleet:
        begin(there, fleet)
        chunk = fleet.submit(None, "dies", b"", "t", ([], "place", "0" * 32), 1.0, ["u"])  # type: ignore[arg-type]
        assert chunk.result(PATIENCE_S) == Died("gone", None)
    assert there.processes["one"].wait(PATIENCE_S) == -9


class Told:
    """What stands for Dask's client: `status`, and what it says of the scheduler."""

    def __init__(self, status: str, info: dict[str, object]) -> None:
        self.status, self.scheduler_info = status, lambda n_workers: info


def knowing(status: str, info: dict[str, object]) -> Fleet:
    fleet = Fleet.__new__(Fleet)
    fleet._client = Told(status, info)
    return fleet


@pytest.mark.parametrize("ask", [Fleet.lanes, Fleet.others, Fleet.lacks])
def test_a_scheduler_that_goes_in_the_middle_of_a_look_is_gone_and_no_fault(ask: Callable[[Fleet], object]) -> None:
    """Dask knows nothing then, while it still says that it runs, and a moment later it says that it does not."""
    for fleet in (knowing("running", {}), knowing("connecting", {"workers": {}})):
        with pytest.raises(EnvironmentFault, match="the scheduler is gone"):
            ask(fleet)
    assert ask(knowing("running", {"workers": {}})) in (0, ["no worker of this code is there"])
