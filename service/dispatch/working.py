"""Lanes, dispatcher and upkeep of one data folder, together in one process."""

from __future__ import annotations

import contextlib
import logging
import os
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor

from engine.errors import EnvironmentFault
from service import served, tracing
from service.dispatch.dispatcher import Dispatcher
from service.dispatch.drifting import PRELOAD, Drift
from service.dispatch.remaking import Remaking
from service.dispatch.sharing import Sharing
from service.dispatch.slicing import Slicing
from service.dispatch.telling import Telling
from service.dispatch.upkeep import Upkeep
from service.fleet import kit
from service.fleet.certificates import SOON_DAYS, days_left
from service.fleet.client import Fleet
from service.house import CERTIFICATES, ENGINE, House
from service.lanes.pool import Lanes
from service.settings import load
from service.vault import of_bodies
from service.webhooks.sender import Sender

log = logging.getLogger("unikat.dispatch")

LOOK = 1.0
"""Seconds between two looks at which workers there are."""
WAITING, BESIDE = 4, 4
"""Behind the chunks at work elsewhere that many wait, one a lane, and in larger fleets one for so many lanes. A chunk stays with the lane that
it was given to: one that waited for three lanes left two of them idle for the way there and back."""


def work(house: House, count: int, stop: threading.Event, ready: Callable[[], None], hand: AtHand | None = None) -> None:
    """Work with `count` lanes, or those of a fleet, until `stop`, then settle what is under way. `ready` is called once orders are taken."""
    settings, sources = load(house.folder), served.files_of(house.folder)
    telling = Telling(house.database)
    teller = threading.Thread(target=telling.run, args=(stop,), daemon=True, name="telling")
    teller.start()
    tracing.start("dispatcher")
    fleet = fleet_of(house, stop, telling, hand)
    lanes, slicers = Lanes(count if fleet is None else 1, memory_mb=settings.lane_mb), Lanes(max(1, count // 2))
    looking = Lanes(1, PRELOAD, settings.lane_mb)
    drift = Drift(house, looking.run, close=looking.close)
    looker = threading.Thread(target=drift.run, args=(stop,), daemon=True, name="drift")
    try:
        if fleet is None:
            lanes.start()  # those beside a fleet begin when they are wanted: who takes over does not wait for them
        with ThreadPoolExecutor(lanes.count, "lane") if fleet is None else fleet as executor:
            dispatcher = Dispatcher(
                house.database,
                house.vault,
                house.packs,
                executor,
                lanes.run,
                lanes.count + 1,
                sources=sources,
                unit_seconds=settings.unit_seconds,
                cancel=lanes.cancel if fleet is None else fleet.cancel,
                check_one_in=settings.check_one_in,
                offer=drift.offer,
                made=telling.made,
            )
            telling.flying = lambda: len(dispatcher.flying)
            if fleet is None:
                telling.fleet(lanes.count)
            else:
                dispatcher.inflight = 0
                fleet.kit = furnished(house, sources, stop)
                threading.Thread(target=keep_full, args=(dispatcher, fleet, stop, telling), daemon=True, name="fleet").start()
            drift.idle = lambda: fleet is not None or not dispatcher.flying
            drift.marked = lambda: _furnish(house, fleet, sources)
            forget = lanes.forget if fleet is None else _both(lanes.forget, fleet.forget)
            upkeep = Upkeep(house, forget, sharing=Sharing(house.packs, lambda: _name(house, fleet, sources)))
            slicing = Slicing(house, slicers.run, slicers.count, sources=sources)
            lent = None if fleet is None else of_bodies(house.vault.fleet())
            again = Remaking(house, lanes.run, sources, seconds=settings.unit_seconds, bodies=lent)
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
                teller.join()
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
        tracing.end()


class AtHand:
    """The lanes of other machines, for who may have to take over. A thread of its own reaches for them: a scheduler that does not answer
    holds up nobody who waits for the lead."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._found: list[Fleet] = []
        self._thread = threading.Thread(target=self._reach, daemon=True, name="at hand")
        self._thread.start()

    def _reach(self) -> None:
        scheduler = os.environ.get(ENGINE)
        with contextlib.suppress(EnvironmentFault):
            if scheduler:
                self._found.append(Fleet(scheduler, self._house.vault.fleet(), os.environ.get(CERTIFICATES)))

    def ready(self) -> bool:
        """Whether it reaches for them no longer."""
        return not self._thread.is_alive()

    def taken(self, stop: threading.Event) -> Fleet | None:
        """They; none where no scheduler answered, or there is none, or it is gone. One that is being reached for is waited for."""
        while self._thread.is_alive() and not stop.is_set():
            self._thread.join(0.1)
        return next((fleet for fleet in self._found if fleet.well()), None)

    def leave(self) -> None:
        """Nobody takes them."""
        for fleet in self._found:
            fleet.shutdown()


def fleet_of(house: House, stop: threading.Event, telling: Telling, hand: AtHand | None = None) -> Fleet | None:
    """The lanes of other machines, where `--engine` names a scheduler; one that does not answer is waited for."""
    if hand is not None and (there := hand.taken(stop)) is not None:
        return there
    scheduler = os.environ.get(ENGINE)
    while scheduler and not stop.is_set():
        try:
            return Fleet(scheduler, house.vault.fleet(), os.environ.get(CERTIFICATES))
        except EnvironmentFault as error:
            log.error("no fleet", extra={"why": str(error)})
            telling.fleet(0, lacks=[str(error)])
            stop.wait(LOOK)
    return None


def furnished(house: House, sources: Mapping[str, Mapping[str, str]], stop: threading.Event) -> str:
    """What workers need beside their code lies with the packs: its list. A place that takes nothing is waited for."""
    while not stop.is_set():
        try:
            return kit.put(house.packs, sources)
        except EnvironmentFault as error:
            log.error("what workers need cannot be kept", extra={"why": str(error)})
            stop.wait(LOOK)
    return ""


def _furnish(house: House, fleet: Fleet | None, sources: Mapping[str, Mapping[str, str]]) -> None:
    """Workers are to have what we have now: a chart was set aside."""
    if fleet is not None:
        fleet.kit = kit.put(house.packs, sources)


def _name(house: House, fleet: Fleet | None, sources: Mapping[str, Mapping[str, str]]) -> None:
    """What our workers need stays where it is."""
    had = "" if fleet is None else fleet.kit
    found = had and kit.again(house.packs, had, sources)
    if fleet is not None and found != had:
        fleet.kit = found


def under_way(lanes: int) -> int:
    """How many chunks so many lanes elsewhere have at once, at work and waiting: never two that wait for one lane, in a small fleet."""
    return lanes + max(min(lanes, WAITING), -(-lanes // BESIDE))


def keep_full(dispatcher: Dispatcher, fleet: Fleet, stop: threading.Event, telling: Telling) -> None:
    """As many chunks are under way as the lanes that there are take; without a scheduler this process ends, and begins anew."""
    seen = -1
    while not stop.is_set():
        try:
            lanes, others, lacks = fleet.lanes(), fleet.others(), [*fleet.lacks(), *_ending()]
        except (EnvironmentFault, OSError, TimeoutError) as error:
            log.error("the fleet is gone", extra={"why": type(error).__name__})
            telling.fleet(0, lacks=["the scheduler is gone"])
            stop.set()
            return
        dispatcher.inflight = under_way(lanes)
        telling.fleet(lanes, others, lacks)
        if lanes != seen:
            log.info("lanes", extra={"lanes": lanes, "workers_of_other_code": others})
            seen = lanes
        stop.wait(LOOK)


def _ending() -> list[str]:
    """Our own certificate's end, where it is near."""
    folder = os.environ.get(CERTIFICATES)
    try:
        left = days_left(folder) if folder else SOON_DAYS
    except EnvironmentFault as error:
        return [str(error)]
    when = "has expired" if left < 0 else f"expires in {left} days"
    return [f"the certificate in --certificates {when}"] if left < SOON_DAYS else []


def _both(*acts: Callable[[], None]) -> Callable[[], None]:
    def act() -> None:
        for one in acts:
            one()

    return act
