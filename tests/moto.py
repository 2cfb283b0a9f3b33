"""An S3 that is none: moto's server, in an environment of its own, for what it wants is older than what we pin."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator

from engine.doors.child_server import die_with_parent

MOTO = "moto[s3,server]==5.2.5"
PATIENCE_S = 120.0
"""Its packages may have to be fetched."""


class Moto:
    """`environment`: what a process needs to find it."""

    def __init__(self) -> None:
        with contextlib.closing(socket.create_server(("127.0.0.1", 0))) as door:
            self.port = door.getsockname()[1]
        self.at = f"http://127.0.0.1:{self.port}"
        self.environment = {
            "AWS_ACCESS_KEY_ID": "unikat",
            "AWS_SECRET_ACCESS_KEY": "unikat",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": self.at,
        }
        parent = os.getpid()
        self.process = subprocess.Popen(
            ["uv", "tool", "run", "--quiet", "--from", MOTO, "moto_server", "-H", "127.0.0.1", "-p", str(self.port)],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            preexec_fn=lambda: die_with_parent(parent), process_group=0,
        )  # fmt: skip
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"{self.at}/moto-api/", timeout=5)
                return
            assert self.process.poll() is None, "moto did not start"
            time.sleep(0.1)
        raise AssertionError("moto did not start")

    def bucket(self, name: str) -> str:
        """A new bucket's place."""
        urllib.request.urlopen(urllib.request.Request(f"{self.at}/{name}", method="PUT"), timeout=10)
        return f"s3://{name}"

    def signal(self, which: int) -> None:
        """To it and to what it started."""
        os.killpg(self.process.pid, which)


@contextlib.contextmanager
def moto() -> Iterator[Moto]:
    """For as long as the block lasts."""
    made = Moto()
    try:
        yield made
    finally:
        made.signal(15)
        made.process.wait()
