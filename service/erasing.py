"""Erasing, from the journal to the disk blocks: by request, when its time has come, and again after a backup was restored."""

from __future__ import annotations

from collections.abc import Sequence

from service.clock import now as wall
from service.erasures import Entry, Journal
from service.house import ERASURES, House
from service.store import campaigns, uploads
from service.store import erase as rows
from service.store.erase import Left

BATCH = 200
"""Jobs in one transaction: others may write between two."""


def erase_jobs(house: House, ids: Sequence[str], why: str, *, tenant: str | None = None, now: int | None = None) -> list[str]:
    """Erase these jobs (of that tenant); which were. Afterwards nothing of them is in the database, its log, or a pack.

    The journal is written first: a process that dies in the middle has the rest done when the next one starts.
    """
    at = wall() if now is None else now
    went: list[str] = []
    for start in range(0, len(ids), BATCH):
        some = ids[start : start + BATCH]
        with house.database.read() as conn:
            there = rows.unerased(conn, some, tenant)
        if not there:
            continue
        Journal(house.folder / ERASURES).write([Entry(job, at, why) for job in there])
        with house.database.write() as conn:
            gone, left = rows.erase(conn, there, why, at, tenant=tenant)
        wipe(house, left)
        went += gone
    if went:
        house.database.settle_down()
    return went


def wipe(house: House, left: Sequence[Left]) -> None:
    """What lay in packs is gone from them; a pack that holds nobody else's goes whole."""
    for one in left:
        if one.alone:
            house.packs.remove(one.pack)
        else:
            house.packs.wipe(one.pack, one.spans)


def erase_expired(house: House, now: int) -> int:
    """Erase a batch of what has outlived its retention; how many."""
    with house.database.read() as conn:
        ids = rows.expired(conn, now, BATCH)
    return len(erase_jobs(house, ids, "retention", now=now)) if ids else 0


def erase_upload(house: House, tenant: str, sha256: str, now: int) -> bool:
    """Erase an upload of that tenant; whether there was one. The journal knows it by its pack, which is nobody else's."""
    with house.database.read() as conn:
        row = uploads.find(conn, tenant, sha256)
    if row is None:
        return False
    Journal(house.folder / ERASURES).write([Entry(row["pack"], now, "upload")])
    _drop_uploads(house, [row["pack"]])
    return True


def note_campaign(house: House, campaign: str, now: int) -> None:
    """Before a campaign begins to be erased the journal has it: a restored backup begins that again."""
    Journal(house.folder / ERASURES).write([Entry(campaign, now, "campaign")])


def _drop_uploads(house: House, packs: Sequence[str]) -> None:
    with house.database.write() as conn:
        uploads.drop(conn, packs)
    for pack in packs:
        house.packs.remove(pack)
    house.database.settle_down()


def erase_again(house: House) -> int:
    """What the journal names and the store still has, erased: after a crash, or after a backup was restored. How many."""
    ids = [entry.job for entry in Journal(house.folder / ERASURES).read()]
    again = 0
    for some in (ids[start : start + BATCH] for start in range(0, len(ids), BATCH)):
        again += len(erase_jobs(house, some, "restored"))
        with house.database.read() as conn:
            packs, begun = uploads.in_packs(conn, some), campaigns.kept(conn, some)
        if begun:  # their units are in the journal, or erased by service.campaigns.sweeping
            with house.database.write() as conn:
                again += sum(campaigns.erase(conn, one, wall()) for one in begun)
        if packs or begun:
            _drop_uploads(house, packs)
            again += len(packs)
    return again
