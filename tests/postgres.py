"""A real Postgres for tests: Debian's, its data in a new folder, run by a user of its own where we are root (it refuses root)."""

from __future__ import annotations

import contextlib
import glob
import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator

from engine.doors.child_server import die_with_parent
from service.store.database import Database

SHM = pathlib.Path("/dev/shm")
LOOSE = ("fsync=off", "full_page_writes=off", "synchronous_commit=off")
"""For tests that kill no server: nothing waits for the disk."""


def programs() -> pathlib.Path:
    """The folder of Debian's newest Postgres, which is not on the PATH."""
    found = sorted(glob.glob("/usr/lib/postgresql/*/bin/postgres"), key=lambda p: int(p.split("/")[-3]))
    assert found, "no Postgres: apt-get install postgresql"
    return pathlib.Path(found[-1]).parent


class Cluster:
    """A server on a free port of loopback. `url(name)` is a new, empty database."""

    def __init__(self, *settings: str) -> None:
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="unikat-pg-", dir=SHM if SHM.is_dir() else None))
        self.user = "postgres" if os.geteuid() == 0 else pwd.getpwuid(os.geteuid()).pw_name
        self.settings = settings
        self.process: subprocess.Popen[bytes] | None = None
        self._made = 0
        if os.geteuid() == 0:
            entry = pwd.getpwnam(self.user)
            os.chown(self.folder, entry.pw_uid, entry.pw_gid)
        self._run(
            "initdb", "-D", str(self.folder / "data"), "-U", "unikat", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"
        ).wait()
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as door:
            self.port = door.getsockname()[1]
        self.start()

    def _run(self, program: str, *arguments: str) -> subprocess.Popen[bytes]:
        parent = os.getpid()
        with (self.folder / "log").open("ab") as log:
            return subprocess.Popen(
                [str(programs() / program), *arguments], user=self.user if os.geteuid() == 0 else None, cwd=self.folder,
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=lambda: die_with_parent(parent),
            )  # fmt: skip

    def start(self) -> None:
        """Run it, and wait until it answers."""
        told = ["-c", f"port={self.port}", "-c", "listen_addresses=127.0.0.1", "-c", f"unix_socket_directories={self.folder}"]
        for setting in ("max_connections=300", "shared_buffers=64MB", *self.settings):
            told += ["-c", setting]
        self.process = self._run("postgres", "-D", str(self.folder / "data"), *told)
        ready = [str(programs() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        for _ in range(600):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            assert self.process.poll() is None, (self.folder / "log").read_text()
            time.sleep(0.05)
        raise AssertionError((self.folder / "log").read_text())

    def stop(self, how: signal.Signals = signal.SIGQUIT) -> None:
        """End it: SIGQUIT is a crash that it recovers from, SIGINT a quick end, SIGKILL a crash of its first process."""
        assert self.process is not None
        self.process.send_signal(how)
        self.process.wait()
        self.process = None

    def sessions(self) -> list[int]:
        """The processes that serve connections."""
        assert self.process is not None
        mine = f"/proc/{self.process.pid}/task/{self.process.pid}/children"
        words = {
            pid: pathlib.Path(f"/proc/{pid}/cmdline").read_bytes() for pid in map(int, pathlib.Path(mine).read_text().split())
        }
        return [pid for pid, told in words.items() if told.startswith(b"postgres: unikat ")]

    def root(self) -> str:
        """The URL of the database that is always there."""
        return f"postgresql://unikat@127.0.0.1:{self.port}/postgres"

    def url(self) -> str:
        """The URL of a new database."""
        self._made += 1
        name = f"t{self._made}"
        root = Database(self.root())
        bare = root.engine.raw_connection()
        try:
            bare.driver_connection.autocommit = True  # type: ignore[union-attr]
            bare.cursor().execute(f"CREATE DATABASE {name}")
        finally:
            bare.invalidate()
            root.close()
        return f"postgresql://unikat@127.0.0.1:{self.port}/{name}"

    def close(self) -> None:
        """End it, and let nothing of it stay."""
        if self.process is not None:
            self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


@contextlib.contextmanager
def cluster(*settings: str) -> Iterator[Cluster]:
    """A server for as long as the block lasts."""
    made = Cluster(*settings)
    try:
        yield made
    finally:
        made.close()
