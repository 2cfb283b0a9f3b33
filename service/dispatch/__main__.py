"""The dispatcher's process: `python -m service.dispatch DIR LANES`, started and restarted by `unikat serve`."""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

from engine.doors.child_server import die_with_parent
from service.dispatch.dispatcher import Dispatcher
from service.dispatch.slicing import Slicing
from service.dispatch.upkeep import Upkeep
from service.house import open_house
from service.lanes.pool import Lanes
from service.webhooks.sender import Sender


def main(folder: str, count: str) -> None:
    """Work until SIGTERM; then what is under way is settled first."""
    die_with_parent(os.getppid())
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    house = open_house(pathlib.Path(folder))
    lanes = Lanes(int(count))
    lanes.start()
    with ThreadPoolExecutor(lanes.count) as executor:
        dispatcher = Dispatcher(
            house.database,
            house.vault,
            house.packs,
            executor,
            lanes.run,
            lanes.count + 1,
            cancel=lanes.cancel,
            forget=lanes.forget,
        )
        dispatcher.start()
        upkeep = Upkeep(house, lanes.forget)
        upkeep.start()
        keeping = threading.Thread(target=upkeep.run, args=(stop,), name="upkeep")
        keeping.start()
        telling = threading.Thread(target=Sender(house).run, args=(stop,), name="webhooks")
        telling.start()
        slicers = Lanes(max(1, lanes.count // 2))
        slicing = Slicing(house, slicers.run, slicers.count)
        slicing.start()
        slicing.threads(stop)
        dispatcher.run(stop)
        keeping.join()
        telling.join()
    slicers.close()
    lanes.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
