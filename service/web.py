"""The web process: `python -m service.web DIR SOCKET PARENT READY`, started and restarted by `unikat serve`."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import pathlib
import signal
import socket
import sys
import threading
from types import FrameType
from typing import Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from engine.doors.child_server import die_with_parent
from service import logs, served, tracing
from service.app import create
from service.house import open_patiently
from service.settings import Settings, load

SELDOM = (100_000, 50, 100)
"""How often garbage is looked for: what a request makes is gone with it, and a file of a million rows is a tenth faster."""
SWITCH = 0.0005
"""Seconds after which the writer's thread lets the event loop go on: it answers everybody, the writer some."""
MOST_HEAD = 65_536
"""Bytes of a head that are read at all; what is above `header_bytes` gets its 431."""
GRACE = 10
"""Seconds that what is under way has to end, once the process is told to."""


def guarded(settings: Settings) -> type[asyncio.Protocol]:
    """uvicorn's protocol, with limits on a request's head: neither large nor slow ones are waited for."""

    class Guarded(HttpToolsProtocol):
        def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
            super().connection_made(transport)
            self._waiting: asyncio.TimerHandle | None = None
            self._begin()

        def _begin(self) -> None:
            """From now on a head must come, whole and in time."""
            self._came = self._named = 0
            self._waiting = self.loop.call_later(settings.header_seconds, self._leave)

        def _leave(self) -> None:
            if not self.transport.is_closing():
                self.transport.close()

        def data_received(self, data: bytes) -> None:
            if self._waiting is not None:
                self._came += len(data)  # the last piece of a head may hold the first of a body
                if self._came - len(data) > MOST_HEAD:
                    self._leave()
                    return
            super().data_received(data)

        def on_message_begin(self) -> None:
            if self._waiting is None:
                self._begin()
            super().on_message_begin()

        def on_header(self, name: bytes, value: bytes) -> None:
            self._named += len(name) + len(value)
            if self._named > MOST_HEAD:
                self._leave()
            else:
                super().on_header(name, value)

        def on_headers_complete(self) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
            self._waiting = None
            super().on_headers_complete()

        def connection_lost(self, exc: Exception | None) -> None:
            if self._waiting is not None:
                self._waiting.cancel()
            super().connection_lost(exc)

    return Guarded


class Server(uvicorn.Server):
    """Tells those who follow events that it ends, so that it need not wait for them."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """SIGTERM or SIGINT."""
        app: Any = self.config.app
        app.state.desk.closing.set()
        super().handle_exit(sig, frame)


def main(folder: str, door: str, parent: str, ready: str) -> None:
    """Serve until SIGTERM, which lets what is under way end. `door`: the open port; `ready`: the pipe to say so on."""
    die_with_parent(int(parent))
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches `unikat serve`, and from there us
    logs.start()
    logs.catch()
    tracing.start("web")
    sys.setswitchinterval(SWITCH)
    gc.set_threshold(*SELDOM)
    place = pathlib.Path(folder)
    settings = load(place)
    served.use(place)
    house = open_patiently(place, threading.Event())
    assert house is not None
    config = uvicorn.Config(
        create(house, settings),
        http=guarded(settings),
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=GRACE,
        timeout_keep_alive=30,
    )
    config.load()
    os.write(int(ready), b"1")
    os.close(int(ready))
    with contextlib.suppress(KeyboardInterrupt):
        Server(config).run(sockets=[socket.socket(fileno=int(door))])
    tracing.end()


if __name__ == "__main__":
    main(*sys.argv[1:])
