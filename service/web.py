"""The web process: `python -m service.web DIR HOST PORT`, started and restarted by `unikat serve`."""

from __future__ import annotations

import os
import pathlib
import sys

import uvicorn

from engine.doors.child_server import die_with_parent
from service.app import create
from service.house import open_house


def main(folder: str, host: str, port: str) -> None:
    """Serve until SIGTERM, which lets what is under way end."""
    die_with_parent(os.getppid())
    house = open_house(pathlib.Path(folder))
    uvicorn.run(create(house), host=host, port=int(port), log_config=None, access_log=False, timeout_graceful_shutdown=10)


if __name__ == "__main__":
    main(*sys.argv[1:])
