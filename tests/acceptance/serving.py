"""A real `unikat serve` of a temporary folder: three processes and more, their logs in a file."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

ROOT = pathlib.Path(__file__).parents[2]
UNIKAT = [sys.executable, "-m", "service.cli"]
PATIENCE_S = 120.0
"""Of a machine that is busy with other tests."""


@dataclass
class Answer:
    """What came back, whatever its status."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass
class Served:
    """`at`: its address. `key`: the owner's. `log`: all that its processes print, on stdout and stderr."""

    at: str
    key: str
    folder: pathlib.Path
    log: pathlib.Path
    answers: list[tuple[str, Answer]] = field(default_factory=list)

    def call(
        self, method: str, path: str, body: bytes | Mapping[str, Any] | None = None, key: str | None = None, **headers: str
    ) -> Answer:
        """One request, with the owner's key unless another is given ("" is none)."""
        data = json.dumps(body).encode() if isinstance(body, Mapping) else body
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        if key != "":
            told["Authorization"] = f"Bearer {key or self.key}"
        if isinstance(body, Mapping):
            told.setdefault("Content-Type", "application/json")
        request = urllib.request.Request(self.at + path, data, told, method=method)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE_S) as came:
                answer = Answer(came.status, dict(came.headers), came.read())
        except urllib.error.HTTPError as error:
            answer = Answer(error.code, dict(error.headers), error.read())
        self.answers.append((f"{method} {path}", answer))
        return answer

    def ended(self, job: str, seconds: float = PATIENCE_S) -> dict[str, Any]:
        """The job, once it has ended."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            told: dict[str, Any] = self.call("GET", f"/v1/jobs/{job}").json
            if told["state"] not in ("queued", "running"):
                return told
            time.sleep(0.1)
        raise AssertionError(f"not ended: {told}")


@contextlib.contextmanager
def serving(folder: pathlib.Path, *more: str, key: str = "", **environment: str) -> Iterator[Served]:
    """The service of that folder, until the block ends; then SIGTERM, which it obeys. `key`: the owner's, where it was told before."""
    log = folder.parent / f"{folder.name}-{time.monotonic_ns()}.log"
    command = [*UNIKAT, "serve", "--data", str(folder), "--port", "0", "--lanes", "1", *more]
    with log.open("wb") as out:
        process = subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **environment}, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL
        )
    try:
        until = time.monotonic() + PATIENCE_S
        while (found := re.search(r"Serving on (http://\S+),", log.read_text())) is None:
            assert process.poll() is None and time.monotonic() < until, log.read_text()
            time.sleep(0.05)
        told = re.search(r"told this once: (unikat_\S+)", log.read_text())
        yield Served(found[1], told[1] if told else key, folder, log)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=30) == 0
    finally:
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=20)
        if process.poll() is None:
            process.kill()
