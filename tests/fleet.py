"""A Dask scheduler and workers for tests, on loopback."""

from __future__ import annotations

import contextlib
import os
import pathlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator

from engine.doors.child_server import die_with_parent
from tests import chaos

ROOT = pathlib.Path(__file__).parents[1]
SCHEDULER = {
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10 s",
    "DASK_DISTRIBUTED__ADMIN__TICK__INTERVAL": "1 s",
}
"""As service/docs tells operators to set it."""
PATIENCE_S = 120.0


class Workers:
    """A scheduler and its workers, which are started, killed and started again. `log`: what they all say."""

    def __init__(self, folder: pathlib.Path, key: pathlib.Path, certificates: pathlib.Path | None = None) -> None:
        """`certificates`: what `unikat certificates` made for the machines `scheduler` and `worker`."""
        self.folder, self.key, self.certificates = folder, key, certificates
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as door:
            self.port = door.getsockname()[1]
        self.at = f"{'tls' if certificates else 'tcp'}://127.0.0.1:{self.port}"
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def _run(self, name: str, command: list[str], **environment: str) -> None:
        parent = os.getpid()
        with (self.folder / f"{name}.log").open("ab") as log:
            self.processes[name] = subprocess.Popen(
                command, cwd=ROOT, env={**os.environ, **environment}, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                preexec_fn=lambda: die_with_parent(parent),
            )  # fmt: skip

    def scheduler(self, **environment: str) -> None:
        """Start it, and wait until it listens."""
        told = ["-m", "distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", str(self.port), "--no-dashboard"]
        if self.certificates is not None:  # as service/docs tells operators to
            own = str(self.certificates / "scheduler/own.pem")
            told += ["--protocol", "tls", "--tls-cert", own, "--tls-key", own]
            told += ["--tls-ca-file", str(self.certificates / "scheduler/authority.pem")]
        self._run("scheduler", [sys.executable, *told], **SCHEDULER, **environment)
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1.0):
                return
            assert self.processes["scheduler"].poll() is None, (self.folder / "scheduler.log").read_text()
            time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    def worker(self, name: str, **environment: str) -> None:
        """Start one with one lane."""
        told = ["worker", self.at, "--key-file", str(self.key), "--lanes", "1", "--lane-mb", "1500"]
        if self.certificates is not None:
            told += ["--certificates", str(self.certificates / "worker")]
        self._run(name, [sys.executable, "-m", "service.cli", *told], **environment)

    def stranger(self, name: str) -> None:
        """Start one whose code is another. It has no lane, for it is given nothing."""
        other = "worker.code = lambda: 'unikat-other'; worker.Lanes.start = lambda _: None"
        told = f"worker.run({self.at!r}, 1, {os.fspath(self.key)!r}, 1500)"
        self._run(name, [sys.executable, "-c", f"from service.fleet import worker; {other}; {told}"])

    def lanes(self) -> list[int]:
        """The pids of all lanes: a worker forks them from a child of its own."""
        parents = {pid: parent for pid, parent, _ in chaos.table()}
        mine = {process.pid for process in self.processes.values()}
        return [pid for pid, parent in parents.items() if parents.get(parent) in mine]

    def said(self, name: str) -> str:
        """All that it has said so far."""
        return (self.folder / f"{name}.log").read_text()

    def end(self, name: str, how: int = 15) -> int:
        """Send it a signal, and wait."""
        process = self.processes.pop(name)
        process.send_signal(how)
        return process.wait(30)


@contextlib.contextmanager
def workers(folder: pathlib.Path, key: pathlib.Path, certificates: pathlib.Path | None = None) -> Iterator[Workers]:
    """A scheduler, for as long as the block lasts."""
    made = Workers(folder, key, certificates)
    try:
        made.scheduler()
        yield made
    finally:
        for process in made.processes.values():
            process.kill()
            process.wait()
