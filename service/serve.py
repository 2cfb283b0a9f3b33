"""`unikat serve`: starts the web process and the dispatcher, and starts again whichever dies."""

from __future__ import annotations

import os
import pathlib
import signal
import subprocess
import sys
import threading

from service.clock import now
from service.house import House, open_house
from service.store import keys

RESTART = 0.5
"""Seconds before a process that died is started again."""


def first_key(house: House) -> str | None:
    """An owner's key for a new house: the token, told once; None where there are keys."""
    with house.database.write() as conn:
        if keys.listed(conn):
            return None
        tenant = keys.new_tenant(conn, "owner", now())
        return keys.new_key(conn, tenant, "first key", ["owner", "metrics"], now())[1]


def run(data: str, host: str, port: int, lanes: int) -> int:
    """Serve until SIGTERM or Ctrl-C."""
    house = open_house(pathlib.Path(data))
    token = first_key(house)
    house.database.close()
    if token is not None:
        print(f"The owner's key, told this once: {token}", flush=True)
    print(f"Serving on http://{host}:{port}, its documentation at http://{host}:{port}/docs", flush=True)
    stop = threading.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, lambda *_: stop.set())
    commands = (
        [sys.executable, "-m", "service.dispatch", data, str(lanes)],
        [sys.executable, "-m", "service.web", data, host, str(port)],
    )
    running = [subprocess.Popen(command) for command in commands]
    while not stop.wait(RESTART):
        for at, process in enumerate(running):
            if process.poll() is not None:
                running[at] = subprocess.Popen(commands[at])
    for process in running:
        process.terminate()
    for process in running:
        process.wait()
    return 0


def cores() -> int:
    """How many lanes this machine has room for."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
