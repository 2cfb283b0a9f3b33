"""`unikat serve`: starts the web process and the dispatcher, and starts again whichever dies.

Where several services share a store, a second dispatcher stands by beside the first: a new one takes seconds to start, on a slow machine many,
and meanwhile the others' might die, too.

The port is opened here, so that who calls while the web process starts again waits for it and is not turned away.
"""

from __future__ import annotations

import contextlib
import logging
import os
import pathlib
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from engine.errors import EnvironmentFault
from service import logs, served, tracing
from service.clock import now
from service.ending import on_signals
from service.house import ARTIFACTS, CERTIFICATES, ELSEWHERE, ENGINE, FLEET_KEY, House, alone, open_house
from service.store import keys
from service.store.watching import refuse_clock
from service.webhooks.guard import LOCAL

log = logging.getLogger("unikat.serve")

LOOK = 0.05
"""Seconds between two looks at the processes."""
FIRST, LONGEST = 0.1, 30.0
"""Seconds before a process that died is started again: doubled for each one that ended before it was ready."""
LEAVE = 15.0
"""Seconds that processes have to end what is under way, once they are asked to."""
BACKLOG = 1024


@dataclass
class Kept:
    """A process that is started again whenever it ends. Its last argument is the pipe on which it says that it is ready."""

    command: Sequence[str]
    fds: tuple[int, ...] = ()
    environment: Mapping[str, str] | None = None
    process: subprocess.Popen[bytes] | None = None
    ready: bool = False
    pause: float = FIRST / 2
    due: float = 0.0
    _told: int = -1

    def look(self, at: float) -> None:
        """Start it where it is not there; note that it is ready, or that it has ended. `at`: seconds that only go on."""
        if self.process is None:
            if at >= self.due:
                self._start()
            return
        if not self.ready:
            with contextlib.suppress(BlockingIOError):
                self.ready = os.read(self._told, 1) != b""
        if self.process.poll() is not None:
            self.pause = FIRST if self.ready else min(2 * self.pause, LONGEST)
            log.warning("a process ended", extra={"status": self.process.returncode, "again_in_s": self.pause})
            os.close(self._told)
            self.process, self.ready, self.due = None, False, at + self.pause

    def _start(self) -> None:
        self._told, tell = os.pipe()
        os.set_blocking(self._told, False)
        try:
            self.process = subprocess.Popen(
                [*self.command, str(os.getpid()), str(tell)],
                pass_fds=(*self.fds, tell),
                stdin=subprocess.DEVNULL,
                env=self.environment,
                process_group=0,  # Ctrl-C is ours to handle
            )
        finally:
            os.close(tell)

    def end(self) -> None:
        """Ask it to end."""
        if self.process is not None:
            self.process.terminate()

    def wait(self, until: float) -> None:
        """Until it has ended; it is killed when it takes longer than `until`."""
        if self.process is None:
            return
        try:
            self.process.wait(max(until - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        os.close(self._told)


def first_key(house: House) -> str | None:
    """An owner's key for a new house: the token, told once; None where there are keys."""
    with house.database.write() as conn:
        if keys.listed(conn):
            return None
        tenant = keys.new_tenant(conn, "owner", now())
        return keys.new_key(conn, tenant, "first key", ["owner", "metrics"], now())[1]


def write_key(place: pathlib.Path, key: bytes) -> None:
    """The key of what travels to workers, for their machines; its owner's alone."""
    place.unlink(missing_ok=True)
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(key)


def listen(host: str, port: int) -> socket.socket:
    """The port, open; EnvironmentFault where it is taken. Port 0 is any that is free."""
    try:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise EnvironmentFault(f"port {port} of {host} cannot be opened: {error.strerror}") from None


def run(
    data: str,
    host: str,
    port: int,
    lanes: int,
    local_webhooks: bool = False,
    templates: Sequence[str] = (),
    database: str | None = None,
    artifacts: str | None = None,
    engine: str | None = None,
    certificates: str | None = None,
) -> int:
    """Serve until SIGTERM or Ctrl-C. `templates`: designers' files, served beside what is installed. `database`: a Postgres's URL.

    `artifacts`: the folder or bucket of the packs. `engine`: the scheduler whose workers have the lanes. `certificates`: the folder
    of those that tls:// wants.
    """
    places = {ELSEWHERE: database, ARTIFACTS: artifacts, ENGINE: engine, CERTIFICATES: certificates}
    os.environ.update({name: place for name, place in places.items() if place is not None})
    stop = threading.Event()
    on_signals(stop, signal.SIGTERM, signal.SIGINT)
    logs.start()
    folder = pathlib.Path(data)
    tracing.refuse()
    if scheduler := os.environ.get(ENGINE):
        from service.fleet.certificates import refuse

        refuse(scheduler, os.environ.get(CERTIFICATES))
    house = open_house(folder)
    refuse_clock(house.database)
    house.packs.check()
    if scheduler:
        write_key(folder / FLEET_KEY, house.vault.fleet())
    with alone(folder, "serve.lock"), listen(host, port) as door:
        served.serve_files(folder, templates)
        token = first_key(house)
        house.database.close()
        if token is not None:
            print(f"The owner's key, told this once: {token}", flush=True)
        environment = {**os.environ, LOCAL: "1" if local_webhooks else "0"}
        commands = [
            Kept([sys.executable, "-m", "service.dispatch", data, str(lanes)], environment=environment),
            Kept([sys.executable, "-m", "service.web", data, str(door.fileno())], (door.fileno(),), environment),
        ]
        spare = [Kept(commands[0].command, environment=environment)] if os.environ.get(ELSEWHERE) else []
        told = False
        while not stop.is_set():
            for one in commands + spare * told:  # it delays no start
                one.look(time.monotonic())
            if not told and all(one.ready for one in commands):
                where = f"http://{host}:{door.getsockname()[1]}"
                print(f"Serving on {where}, its documentation at {where}/docs", flush=True)
                told = True
            stop.wait(LOOK)
        commands += spare
        for one in commands:
            one.end()
        until = time.monotonic() + LEAVE
        for one in commands:
            one.wait(until)
    return 0


def cores() -> int:
    """How many lanes this machine has room for."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
