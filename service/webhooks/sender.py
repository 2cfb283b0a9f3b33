"""Sends what the outbox holds: at least once, each message under one id with one body, signed as Standard Webhooks has it.

A message that was answered with 2xx is sent; any other answer, or none, is tried again after 5 s, 20 s, 80 s and so on, at most
half a day apart, with a jitter that follows from id and try. 410 disables the endpoint. An endpoint whose last answer was none has
one message under way, others a few: who is slow keeps nobody waiting. Source: standardwebhooks.com, specification 1.0.0.
"""

from __future__ import annotations

import datetime
import hashlib
import logging
import ssl
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field

from standardwebhooks import Webhook

from engine.errors import UnikatError
from service.clock import Clock
from service.clock import now as wall
from service.house import House
from service.store import endpoints, outbox
from service.store.outbox import Letter
from service.webhooks.guard import Refused, local_allowed, post

log = logging.getLogger("unikat.webhooks")
TRIES = 12
"""After so many a message is dead, some two days after the first."""
FIRST = 5_000
GROWTH = 4
LONGEST = 43_200_000
THREADS = 32
EACH = 4
"""Messages under way to one endpoint that answers."""
IDLE = 0.2
REWIND_EVERY = 60.0

Post = Callable[[str, bytes, dict[str, str]], int]


def posted(url: str, body: bytes, headers: dict[str, str]) -> int:
    """One try over the network."""
    return post(url, body, headers, local=local_allowed())


def pause(message: str, tries: int) -> int:
    """Milliseconds until a message that failed `tries` times is tried again: 0.75 to 1.25 of the step, the same for the same message."""
    step: int = min(LONGEST, FIRST * GROWTH ** (tries - 1))
    drawn = int.from_bytes(hashlib.sha256(f"{message}/{tries}".encode()).digest()[:4], "big")
    return step * 3 // 4 + step * drawn // (1 << 33)


def signed(letter: Letter, secrets: list[bytes], at: int) -> dict[str, str]:
    """The headers of a try: one signature for each secret that signs now."""
    when = datetime.datetime.fromtimestamp(at // 1000, datetime.UTC)
    signatures = [Webhook(secret).sign(letter.id, when, letter.body) for secret in secrets]
    return {"webhook-id": letter.id, "webhook-timestamp": str(at // 1000), "webhook-signature": " ".join(signatures)}


@dataclass
class Sender:
    """A thread of the dispatcher's process runs it."""

    house: House
    send: Post = posted
    clock: Clock = wall
    threads: int = THREADS
    each: int = EACH
    tries: int = TRIES
    flying: dict[Future[str], Letter] = field(default_factory=dict)
    _silent: set[str] = field(default_factory=set)
    _looked: float = 0.0

    def run(self, stop: threading.Event) -> None:
        """Until `stop`; then what is under way is waited for and settled."""
        with ThreadPoolExecutor(self.threads, "webhooks") as pool:
            while not stop.is_set():
                try:
                    if not self.step(pool, IDLE) and not self.flying:
                        stop.wait(IDLE)
                except (UnikatError, OSError) as error:
                    log.error("webhooks wait", extra={"why": type(error).__name__})
                    stop.wait(5.0)
            while self.flying:
                self._settle(1.0)

    def step(self, pool: ThreadPoolExecutor, seconds: float = 0.0) -> int:
        """Begin what is due, settle what has ended within `seconds`: how many."""
        return self._begin(pool) + self._settle(seconds)

    def _begin(self, pool: ThreadPoolExecutor) -> int:
        at = self.clock()
        if time.monotonic() - self._looked > REWIND_EVERY:
            self._looked = time.monotonic()
            with self.house.database.write() as conn:
                outbox.rewind(conn, at)
        most = self.threads - len(self.flying)
        if most <= 0:
            return 0
        under_way = Counter(letter.endpoint for letter in self.flying.values())
        busy = {letter.id for letter in self.flying.values()}
        with self.house.database.read() as conn:
            letters = outbox.due(conn, at, most, lambda e: (1 if e in self._silent else self.each) - under_way[e], busy)
        for letter in letters:
            self.flying[pool.submit(self._try, letter)] = letter
        return len(letters)

    def _try(self, letter: Letter) -> str:
        """The answer, as it is kept: a status, or a word for what came instead."""
        try:
            secrets = [self.house.vault.unwrap(sealed, letter.endpoint) for sealed in letter.secrets]
            return str(self.send(letter.url, letter.body.encode(), signed(letter, secrets, self.clock())))
        except Refused as refused:
            return f"refused: {refused}"
        except TimeoutError:
            return "timeout"
        except ssl.SSLError:
            return "tls"
        except (OSError, UnikatError) as error:
            return type(error).__name__

    def _settle(self, seconds: float) -> int:
        if not self.flying:
            return 0
        done, _ = wait(self.flying, timeout=seconds, return_when=FIRST_COMPLETED)
        if not done:
            return 0
        at = self.clock()
        with self.house.database.write() as conn:
            for future in done:
                letter, answer = self.flying[future], future.result()
                if answer.startswith("2"):
                    self._silent.discard(letter.endpoint)
                    outbox.sent(conn, letter.id, answer)
                    continue
                self._silent.add(letter.endpoint)
                last = letter.tries + 1 >= self.tries
                outbox.missed(conn, letter.id, answer, None if last else at + pause(letter.id, letter.tries + 1))
                if answer == "410":
                    endpoints.disable(conn, letter.endpoint, answer)
                log.info("a webhook was not taken", extra={"webhook": letter.id, "answer": answer, "tries": letter.tries + 1})
        for future in done:
            del self.flying[future]
        return len(done)
