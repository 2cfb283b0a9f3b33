"""32 clients who post orders, in a process of their own: python -m benchmarks.posting PORT TOKEN REQUESTS CLIENTS

Prints JSON: seconds in all, latencies in milliseconds, and how many answers were no 202.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time

BODY = '{{"template": "phone-case", "parameters": {{"name": "Zoe {0}"}}, "reference": "order-{0}"}}'


async def client(port: int, token: str, numbers: list[int], latencies: list[float]) -> int:
    """Posts one order after the other on one connection; how many were not taken."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    bad = 0
    for number in numbers:
        body = BODY.format(number).encode()
        head = (
            f"POST /v1/jobs HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n"
            f"Idempotency-Key: n{os.getpid()}-{number}-{time.monotonic_ns()}\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        began = time.perf_counter()
        writer.write(head.encode() + body)
        told = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
        length = int(told.partition("content-length:")[2].partition("\r\n")[0])
        await reader.readexactly(length)
        latencies.append((time.perf_counter() - began) * 1000.0)
        bad += not told.startswith("http/1.1 202")
    writer.close()
    return bad


async def post(port: int, token: str, requests: int, clients: int) -> dict[str, object]:
    """All of them."""
    latencies: list[float] = []
    began = time.perf_counter()
    shares = [list(range(first, requests, clients)) for first in range(clients)]
    bad = sum(await asyncio.gather(*(client(port, token, share, latencies) for share in shares)))
    return {"seconds": time.perf_counter() - began, "latencies": latencies, "bad": bad}


def main(port: str, token: str, requests: str, clients: str) -> int:
    """The command."""
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(
            0, range(os.cpu_count() or 1)
        )  # the benchmark's own process may be pinned: this is somebody else's
    print(json.dumps(asyncio.run(post(int(port), token, int(requests), int(clients)))))
    return 0


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
