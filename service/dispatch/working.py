"""Lanes, dispatcher and upkeep of one data folder, together in one process."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from service import served
from service.dispatch.dispatcher import Dispatcher
from service.dispatch.drifting import PRELOAD, Drift
from service.dispatch.remaking import Remaking
from service.dispatch.slicing import Slicing
from service.dispatch.upkeep import Upkeep
from service.house import House
from service.lanes.pool import Lanes
from service.settings import load
from service.webhooks.sender import Sender


def work(house: House, count: int, stop: threading.Event, ready: Callable[[], None]) -> None:
    """Work with `count` lanes until `stop`, then settle what is under way. `ready` is called once orders are taken."""
    settings, sources = load(house.folder), served.files_of(house.folder)
    lanes, slicers = Lanes(count, memory_mb=settings.lane_mb), Lanes(max(1, count // 2))
    looking = Lanes(1, PRELOAD, settings.lane_mb)
    drift = Drift(house, looking.run, close=looking.close)
    looker = threading.Thread(target=drift.run, args=(stop,), daemon=True, name="drift")
    try:
        lanes.start()
        with ThreadPoolExecutor(lanes.count, "lane") as executor:
            dispatcher = Dispatcher(
                house.database,
                house.vault,
                house.packs,
                executor,
                lanes.run,
                lanes.count + 1,
                sources=sources,
                unit_seconds=settings.unit_seconds,
                cancel=lanes.cancel,
                check_one_in=settings.check_one_in,
                offer=drift.offer,
            )
            drift.idle = lambda: not dispatcher.flying
            upkeep = Upkeep(house, lanes.forget)
            slicing = Slicing(house, slicers.run, slicers.count, sources=sources)
            again = Remaking(house, lanes.run, sources, seconds=settings.unit_seconds)
            dispatcher.start()
            upkeep.start()
            slicing.start()
            drift.start()
            besides = [
                threading.Thread(target=upkeep.run, args=(stop,), name="upkeep"),
                threading.Thread(target=again.run, args=(stop,), name="remaking"),
                threading.Thread(target=Sender(house).run, args=(stop,), name="webhooks"),
            ]
            for thread in besides:
                thread.start()
            slicing.threads(stop)
            looker.start()
            ready()
            try:
                dispatcher.run(stop)
            finally:
                stop.set()
                lanes.close()  # whatever still runs after the drain is made again
                for thread in besides:
                    thread.join()
    finally:
        stop.set()
        while looker.is_alive():  # a lane that is just being started is ended when it has
            looking.abandon()
            looker.join(0.05)
        looking.close()
        slicers.close()
        lanes.close()
