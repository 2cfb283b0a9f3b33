"""A door before an HTTP server that passes all on, until it is told to answer 500 to everything."""

from __future__ import annotations

import asyncio
import contextlib
import re
import socket
import threading
from collections.abc import Iterator

FAULT = b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
PIECE = 1 << 16


class Faults:
    """`port`: where it listens. `failing`: every answer is 500, and who is being served is cut off. `refused`: so many were."""

    def __init__(self, behind: int) -> None:
        self.behind, self.failing, self.refused = behind, False, 0
        self._door = socket.create_server(("127.0.0.1", 0), backlog=256)
        self.port = self._door.getsockname()[1]
        self._lines: set[asyncio.StreamWriter] = set()
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="faults", daemon=True)
        self._thread.start()
        asyncio.run_coroutine_threadsafe(asyncio.start_server(self._serve, sock=self._door), self._loop).result()

    def fail(self, failing: bool) -> None:
        """From now on, or no longer."""

        def turn() -> None:
            self.failing = failing
            for line in self._lines if failing else ():
                line.transport.abort()

        self._loop.call_soon_threadsafe(turn)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._lines.add(writer)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            if self.failing:
                await self._refuse(reader, writer)
            else:
                theirs, ours = await asyncio.open_connection("127.0.0.1", self.behind)
                self._lines.add(ours)
                await asyncio.gather(_pump(reader, ours), _pump(theirs, writer))
                self._lines.discard(ours)
        self._lines.discard(writer)
        writer.close()

    async def _refuse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        size = re.search(rb"(?i)\r\ncontent-length: *(\d+)", head)
        await reader.readexactly(int(size[1]) if size else 0)
        self.refused += 1
        writer.write(FAULT)
        await writer.drain()

    def close(self) -> None:
        """It listens no longer."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._door.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while piece := await source.read(PIECE):
            target.write(piece)
            await target.drain()
    target.close()


@contextlib.contextmanager
def faults(behind: int) -> Iterator[Faults]:
    """Before that port, for as long as the block lasts."""
    made = Faults(behind)
    try:
        yield made
    finally:
        made.close()
