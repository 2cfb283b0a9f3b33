"""The HTTP API under schemathesis, all checks: uv run python -m tests.fuzzing [EXAMPLES]

Starts the web process's application over a fresh house on a free port, its interactive lane replaced by one that answers at once,
and runs schemathesis against its own description with an owner's key.
"""

from __future__ import annotations

import asyncio
import contextlib
import pathlib
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from typing import Any

import uvicorn

from service.app import create
from service.house import House, open_house
from service.interactive import Interactive
from service.settings import Settings
from service.store import keys
from service.web import guarded

CONFIG = """
[checks.negative_data_rejection]
expected-statuses = ["400", "401", "403", "404", "405", "406", "409", "410", "412", "413", "414", "415", "416", "422", "429", "431"]
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "304", "400", "403", "404", "409", "410", "412", "416", "422"]
"""
"""A name or an id that nobody has, an order that a template does not take, a process that no shop's key is granted: a problem, as it
should be."""
QUOTED = {
    "verdict": "printable", "process": "mjf-pa12", "price": 12.5, "currency": "EUR", "mass_g": 21.0, "print_time_s": 60.0,
    "calibrated": False, "estimate_source": "ours", "estimate_error": None, "findings": [],
}  # fmt: skip


class Canned(Interactive):
    """A lane that has it ready."""

    async def ask(self, target: str, *args: Any, patience: float, deadline: float, session: Any = None) -> Any:
        """The same for every order."""
        await asyncio.sleep(0)
        return {**QUOTED, "glb": b"glTF"} if target.endswith("preview") else QUOTED


def owner_of(house: House) -> str:
    """A key that may do all."""
    with house.database.write() as conn:
        one = keys.new_tenant(conn, "fuzzed", 1)
        scopes = ["owner", "metrics", "pickup"]
        return keys.new_key(conn, one, "fuzz", scopes, 1, sellers=[one], processes=["mjf-pa12"])[1]


@contextlib.contextmanager
def served(house: House, settings: Settings, interactive: Interactive | None = None) -> Iterator[str]:
    """The application on a free port, in a thread; its address."""
    app = create(house, settings, interactive=interactive or Canned(8))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    config = uvicorn.Config(app, port=port, http=guarded(settings), log_config=None, access_log=False, server_header=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            time.sleep(0.01)
        yield f"http://127.0.0.1:{port}"
    finally:
        app.state.desk.closing.set()
        server.should_exit = True
        thread.join(20)


def run(folder: pathlib.Path, examples: int, *more: str) -> subprocess.CompletedProcess[str]:
    """schemathesis, all checks, that many examples of each operation in each phase."""
    told = folder / "schemathesis.toml"
    told.write_text(CONFIG, encoding="utf-8")
    house = open_house(folder / "data")
    token = owner_of(house)
    free = Settings(rate=1e6, burst=1e6, failure_rate=1e6, failure_burst=1e6, follow_seconds=0.5, streams=100_000)
    with served(house, free) as address:
        command = [
            str(pathlib.Path(sys.executable).parent / "schemathesis"), "--config-file", str(told), "--no-color", "run",
            f"{address}/openapi.json", "--checks", "all", "-H", f"Authorization: Bearer {token}", "--max-examples", str(examples),
            "--continue-on-failure", "--seed", "1", "--suppress-health-check", "all", *more,
        ]  # fmt: skip
        ended = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    house.database.close()
    return ended


def main(arguments: list[str]) -> int:
    """The command."""
    with tempfile.TemporaryDirectory() as folder:
        ended = run(pathlib.Path(folder), int(arguments[0]) if arguments else 100, *arguments[1:])
    print(ended.stdout + ended.stderr)
    return ended.returncode


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
