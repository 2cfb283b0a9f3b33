"""A collector of traces that keeps what it is sent, as it came over the wire."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.answering import answering


class Collector:
    """`environment`: what a process needs to send it everything there is. `came`: (path, body) of each request."""

    def __init__(self) -> None:
        self.came: list[tuple[str, bytes]] = []
        came = self.came

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                came.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.environment = {
            "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{self.server.server_port}",
            "OTEL_BSP_SCHEDULE_DELAY": "200",
            "FASTAPI_OTEL_AUTO_CONFIGURE": "true",  # FastAPI would tell more: it must not
        }


@contextlib.contextmanager
def collecting() -> Iterator[Collector]:
    """For as long as the block lasts."""
    made = Collector()
    with answering(made.server):
        yield made
