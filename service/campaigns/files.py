"""Input files that a local campaign's rows name by path: sealed into packs as uploads are, so that lanes and a second start find them."""

from __future__ import annotations

import os
import pathlib
from dataclasses import replace

from engine.model.order import InputFile, Order
from engine.reading.taking import taken
from service.clock import new_id, now
from service.house import House
from service.sealing import Sealer
from service.settings import Settings
from service.store import uploads

DAY = 86_400_000


def keep_files(house: House, tenant: str, folder: pathlib.Path, order: Order) -> Order:
    """The order with its files known by their sha256. A path begins in `folder`. OrderError as `engine.reading.taking.taken` says.

    The same file again is the one that is there; whether it is told alike is the intake's to check.
    """
    beside = {n: replace(told, file=told.file and os.fspath(folder / told.file)) for n, told in order.inputs.items()}
    hashed, files = taken(replace(order, inputs=beside))
    with house.database.read() as conn:
        there = uploads.known(conn, tenant, sorted(files))
    for told in hashed.inputs.values():
        if told.sha256 in files and told.sha256 not in there:
            there[told.sha256] = _kept(house, tenant, told, files[told.sha256])
    return hashed


def _kept(house: House, tenant: str, told: InputFile, data: bytes) -> uploads.Row:
    at = now()
    pack = new_id(at)
    sealing = Sealer(*house.vault.new_key(pack), pack)
    house.packs.put(pack, sealing.sealed([data]))
    row = {
        "tenant": tenant,
        "sha256": told.sha256,
        "kind": "file",
        "unit": told.unit,
        "side": told.side,
        "bytes": sealing.plain,
        "wrapped": sealing.wrapped,
        "pack": pack,
        "created": at,
        "expires": at + Settings.upload_days * DAY,
    }
    with house.database.write() as conn:
        return uploads.add(conn, row)
