"""The web process: `python -m service.web DIR SOCKET PARENT READY`, started and restarted by `unikat serve`."""

from __future__ import annotations

import os
import pathlib
import socket
import sys

from engine.doors.child_server import die_with_parent


def main(folder: str, door: str, parent: str, ready: str) -> None:
    """Serve until SIGTERM, which lets what is under way end. `door`: the open port; `ready`: the pipe to say so on."""
    die_with_parent(int(parent))  # before what takes seconds to import
    import uvicorn

    from service.app import create
    from service.house import open_house

    house = open_house(pathlib.Path(folder))
    config = uvicorn.Config(create(house), log_config=None, access_log=False, timeout_graceful_shutdown=10)
    config.load()
    os.write(int(ready), b"1")
    os.close(int(ready))
    uvicorn.Server(config).run(sockets=[socket.socket(fileno=int(door))])


if __name__ == "__main__":
    main(*sys.argv[1:])
