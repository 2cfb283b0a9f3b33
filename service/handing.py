"""How a person's files reach a lane: which uploads a sealed order names, and what opens them. They are opened in the lane's memory alone."""

from __future__ import annotations

from collections.abc import Mapping

from engine.language.orders import parse_order
from engine.model.order import InputFile
from service.packs import Lost, Packs
from service.sealing import opened
from service.store import uploads
from service.store.database import Database
from service.vault import Unreadable, Vault, unseal

Handed = Mapping[str, tuple[str, bytes, int]]
"""sha256 -> the pack that it lies sealed in, the key that opens it, and how many bytes it then has."""
_INPUTS = b'"inputs":'
"""In an order's JSON as it is kept; within a text its quotes would be escaped."""


def of_job(database: Database, vault: Vault, tenant: str, job: str, sealed: bytes, key: bytes) -> Handed:
    """Of the order of a job. An upload that is gone is not among them, and an order that does not open names none: the lane says so."""
    try:
        plain = unseal(key, sealed, job.encode())
    except Unreadable:
        return {}
    return of_inputs(database, vault, tenant, parse_order(plain).inputs) if _INPUTS in plain else {}


def of_inputs(database: Database, vault: Vault, tenant: str, inputs: Mapping[str, InputFile]) -> Handed:
    """Of an order that is read already."""
    if not inputs:
        return {}
    with database.read() as conn:
        there = uploads.known(conn, tenant, sorted({told.sha256 for told in inputs.values()}))
    return {one: (row["pack"], vault.unwrap(row["wrapped"], row["pack"]), row["bytes"]) for one, row in there.items()}


def taken(handed: Handed, packs: Packs) -> dict[str, bytes]:
    """In the lane: the plain bytes by their sha256. One whose pack is gone, erased a moment ago, is left out."""
    files = {}
    for one, (pack, key, size) in handed.items():
        try:
            files[one] = b"".join(opened(packs, pack, key, size))
        except Lost:
            continue
    return files
