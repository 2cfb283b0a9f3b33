"""The dispatcher's process: `python -m service.dispatch DIR LANES PARENT READY`, started and restarted by `unikat serve`."""

from __future__ import annotations

import os
import pathlib
import signal
import sys
import threading

from engine.doors.child_server import die_with_parent
from service.ending import on_signals

LOST = 75
"""The status of one that led and leads no longer."""


def main(folder: str, count: str, parent: str, ready: str) -> None:
    """Work until SIGTERM; then what is under way is settled first. `ready`: the pipe to say on that orders are taken."""
    die_with_parent(int(parent))  # before what takes seconds to import
    from service import logs
    from service.dispatch.working import AtHand, work
    from service.house import alone, open_patiently, store_of
    from service.store.leading import Leader

    logs.start()
    stop = threading.Event()
    logs.catch(stop.set)  # whose thread has died ends, and is started again
    on_signals(stop, signal.SIGTERM)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches `unikat serve`, and from there us

    def tell() -> None:
        os.write(int(ready), b"1")
        os.close(int(ready))

    with alone(pathlib.Path(folder), several=isinstance(store_of(pathlib.Path(folder)), str)):
        house = open_patiently(pathlib.Path(folder), stop)
        if house is None:
            return
        if house.database.file is not None:
            work(house, int(count), stop, tell)
            return
        fleet = AtHand(house)  # who takes over has the workers at hand
        # who has lost the lead ends at once: whatever it does is the next one's, or is made again
        leader = Leader(house.database, lambda: os._exit(LOST), fleet.ready)
        tell()
        if leader.wait(stop):
            try:
                work(house, int(count), stop, lambda: None, fleet)
            finally:
                leader.leave()
        else:
            fleet.leave()


if __name__ == "__main__":
    main(*sys.argv[1:])
