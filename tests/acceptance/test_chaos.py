"""The service as a user starts it, killed at random: nothing is lost, doubled, or left over. `python -m tests.chaos` does more of it."""

from __future__ import annotations

import pathlib
import signal
import subprocess
import sys
import time

import pytest

from tests import chaos

KILLS = 60


def test_sixty_kills_under_load_with_poison(tmp_path: pathlib.Path) -> None:
    assert chaos.storm(tmp_path / "data", KILLS, seed=1, lanes=1) == []


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> chaos.Server:
    return chaos.Server(tmp_path_factory.mktemp("serve") / "data", "--lanes", "1", "--template", str(chaos.TEMPLATE))


def test_a_second_service_on_the_same_folder_refuses(server: chaos.Server) -> None:
    again = [sys.executable, "-m", "service.cli", "serve", "--data", str(server.folder), "--port", "0"]
    ended = subprocess.run(again, cwd=chaos.ROOT, capture_output=True, timeout=60, check=False)
    assert ended.returncode == 3 and b"another process works on this data folder" in ended.stderr


def test_nothing_outlives_a_killed_dispatcher(server: chaos.Server) -> None:
    there = server.processes()
    assert there["server"] and there["lane"]
    begun = time.monotonic()
    subprocess.run(["kill", "-9", str(there["dispatcher"][0])], check=True)
    while any(map(chaos.alive, there["server"] + there["lane"])):
        assert time.monotonic() - begun < 1.0, "lanes outlive their dispatcher"
        time.sleep(0.01)


@pytest.mark.skipif(sys.platform != "linux", reason="PR_SET_PDEATHSIG is Linux's")
def test_nothing_outlives_a_killed_service(server: chaos.Server) -> None:
    """Last of this file: the server is gone afterwards."""
    assert server.end(signal.SIGKILL) == []
