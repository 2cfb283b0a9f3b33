"""`unikat worker tcp://SCHEDULER:8786`: lanes of this machine for the dispatcher of another.

It is a worker of Dask that is no child of any other process, so that it may start lanes (a daemonic one may not). What it is given is
sealed; it is opened in memory alone: nothing is spilled to the disk. It is offered work for its own code only, by a resource that is
named after the code's hash. When the scheduler goes, it waits for the next one.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pathlib
import signal
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import EnvironmentFault
from service import logs
from service.artifacts import packs_at
from service.clock import new_id, now
from service.fleet import certificates
from service.fleet.kit import Kit, fetched, furnish, last
from service.fleet.sealed import code, pack, plain, unpack
from service.lanes.pool import Died, Lanes
from service.vault import KEY, of_bodies

log = logging.getLogger("unikat.worker")

LACKING = 1.0
"""Seconds for which a worker keeps a chunk that it cannot work on: others are to take the next ones."""
AGAIN = 1.0
"""Seconds between two tries to reach a scheduler."""
CONNECT = 10.0
CGROUP = pathlib.Path("/sys/fs/cgroup/memory.max")
"""How much memory a container may take, in bytes."""
CONFIG = {
    "distributed.worker.daemon": False,
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": False,
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1 s",
    "distributed.admin.system-monitor.interval": "5 s",
}
"""Of Dask's: nothing of what is worked on touches the disk, and nothing that nobody reads is measured fifty times a second."""


@dataclass
class Hand:
    """The lanes of this process, the key of what they are given, and what they have been furnished with."""

    lanes: Lanes
    key: bytes
    kit: Kit | None = None
    room: pathlib.Path | None = None
    _furnishing: threading.Lock = field(default_factory=threading.Lock)

    def files(self, digest: str, place: str) -> Mapping[str, str]:
        """Where designers' files of that kit are here. Lanes begin anew where their charts or fonts are others than before."""
        with self._furnishing:
            if self.kit is None or self.kit.digest != digest:
                kit = fetched(packs_at(place), digest)
                if kit.room != self.room:
                    furnish(kit.room)
                    old, self.lanes = self.lanes, Lanes(self.lanes.count, memory_mb=self.lanes.memory_mb)
                    old.close()  # what they still work on was asked for by a dispatcher that leads no longer
                    self.lanes.start()
                    self.room = kit.room
                self.kit = kit
            return self.kit.files


_hand: list[Hand] = []


def work(sealed: bytes) -> bytes:
    """A chunk in a lane: what `Lanes.run` takes and answers, both sealed. Dask calls it in a thread of this process.

    Dask may have another worker do the same, where it believes this one is gone; and a report holds times, so that two runs differ in
    length. So each writes a pack of its own, whatever name it was given.
    """
    (hand,) = _hand
    digest, chunk, body, target, (units, place, _), *more = unpack(hand.key, sealed)
    if digest:
        try:
            files = hand.files(digest, place)
        except EnvironmentFault as error:  # this worker's own trouble: others go on, and it tries again with the next chunk
            log.error("what a chunk needs cannot be had", extra={"why": str(error)})
            time.sleep(LACKING)
            return pack(hand.key, {"died": ["cancelled", None, 0.0]})
        units = [{**unit, "source": _here(unit["source"], files)} for unit in units]
    pack_name = new_id(now())
    told = hand.lanes.run(chunk, body, target, (units, place, pack_name, of_bodies(hand.key)), *more)
    if isinstance(told, Died):
        return pack(hand.key, {"died": [told.kind, told.unit, told.seconds]})
    try:
        return pack(hand.key, {"made": [pack_name, plain(told)]})
    except (TypeError, ValueError):  # a lane is not trusted: what it tells is no answer, as the dispatcher will see
        return pack(hand.key, {"made": [pack_name, None]})


def _here(source: Mapping[str, str], files: Mapping[str, str]) -> Mapping[str, str]:
    return {"file": files[source["file"]]} if "file" in source else source


def cancel(chunk: str) -> None:
    """End the lane that works on that chunk, if it is here."""
    for hand in _hand:
        hand.lanes.cancel(chunk)


def forget() -> None:
    """Every lane loses all that it remembers: something was erased."""
    for hand in _hand:
        hand.lanes.forget()


def run(scheduler: str, count: int, key_file: str, lane_mb: int, folder: str | None = None) -> int:
    """Work until SIGTERM. `folder`: this machine's certificates, for tls://."""
    logs.start()
    certificates.refuse(scheduler, folder)
    try:
        key = pathlib.Path(key_file).read_bytes()
    except OSError as error:
        raise EnvironmentFault(f"the fleet's key cannot be read: {error.strerror}") from None
    if len(key) != KEY:
        raise EnvironmentFault(f"the fleet's key must be {KEY} bytes, this one has {len(key)}")
    refuse_small(lane_mb)
    room = last()
    if room is not None:
        furnish(room)
    hand = Hand(Lanes(count, memory_mb=lane_mb), key, room=room)
    hand.lanes.start()
    _hand.append(hand)
    try:
        asyncio.run(_serve(scheduler, count, folder))
    finally:
        _hand.clear()
        hand.lanes.close()
    return 0


def refuse_small(lane_mb: int, pages: int | None = None, group: pathlib.Path = CGROUP) -> None:
    """EnvironmentFault where this machine, or its container, has less memory than one lane may take."""
    has = (os.sysconf("SC_PHYS_PAGES") if pages is None else pages) * os.sysconf("SC_PAGE_SIZE")
    with contextlib.suppress(OSError, ValueError):  # no container, or one without a limit ("max")
        has = min(has, int(group.read_text()))
    if has // 1_000_000 < lane_mb:
        raise EnvironmentFault(
            f"this machine has {has // 1_000_000} MB of memory, and a lane may take {lane_mb}: --lane-mb says how much"
        )


async def _serve(scheduler: str, count: int, folder: str | None) -> None:
    stop = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(name, stop.set)
    while not stop.is_set():
        try:
            await _connected(scheduler, count, stop, folder)
        except (OSError, TimeoutError, RuntimeError) as error:
            told = folder and await asyncio.to_thread(certificates.why, scheduler, folder)
            log.warning("no scheduler", extra={"why": told or type(error).__name__})
        if not stop.is_set():
            await asyncio.sleep(AGAIN)


async def _connected(scheduler: str, count: int, stop: asyncio.Event, folder: str | None) -> None:
    from service.fleet.door import worker

    with tempfile.TemporaryDirectory(prefix="unikat-worker-") as scratch:
        made: Any = worker(scheduler, count, {code(): float(count)}, scratch, CONFIG, folder)
        async with asyncio.timeout(CONNECT):
            await made
        log.info("working", extra={"lanes": count})
        ended, told = asyncio.create_task(made.finished()), asyncio.create_task(stop.wait())
        await asyncio.wait((ended, told), return_when=asyncio.FIRST_COMPLETED)
        told.cancel()
        await made.close()
        await ended
