"""Uploads: streamed, sealed in pieces, by their sha256; nothing stays of one that breaks off or is too large."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from typing import Any

import pytest

from service.sealing import PIECE, SEALED, Sealer, opened
from service.store import uploads
from service.vault import Unreadable, Vault

OCTETS = {"Content-Type": "application/octet-stream"}


def send(shop: Any, data: Any, kind: str = "owner", **params: str) -> Any:
    return shop.ask("POST", "/v1/uploads", kind, params={"kind": "scan", "unit": "mm", **params}, content=data, headers=OCTETS)


def packs(shop: Any) -> list[str]:
    return [str(p) for p in shop.house.packs.folder.rglob("*") if p.is_file()]


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 2 * PIECE, 2 * PIECE + 7])
def test_what_is_sent_can_be_opened_again(shop: Any, size: int) -> None:
    data = os.urandom(size)
    answer = send(shop, data, side="left")
    told = answer.json()
    assert answer.status_code == 201 and told["sha256"] == hashlib.sha256(data).hexdigest() and told["bytes"] == size
    assert answer.headers["location"] == f"/v1/uploads/{told['sha256']}"
    assert shop.ask("GET", answer.headers["location"]).json() == told
    with shop.house.database.read() as conn:
        row = uploads.find(conn, shop.tenant, told["sha256"])
    key = shop.house.vault.unwrap(row["wrapped"], row["pack"])
    assert b"".join(opened(shop.house.packs, row["pack"], key, size)) == data
    sealed = shop.house.packs.path(row["pack"]).read_bytes()
    assert size < 16 or data[:16] not in sealed


@pytest.mark.parametrize("unit", ["kPa", "Pa", "N/cm2"])
def test_a_pressure_map_has_a_unit_of_its_own(shop: Any, unit: str) -> None:
    assert send(shop, b"1,2", kind="owner", unit=unit).json()["unit"] == unit


def test_it_comes_in_any_parts(shop: Any) -> None:
    def parts() -> Iterator[bytes]:
        for n in range(300):
            yield bytes([n % 256]) * (n * 37 % 9001)

    whole = b"".join(parts())
    assert send(shop, parts()).json()["sha256"] == hashlib.sha256(whole).hexdigest()


def test_the_same_file_is_there_once_for_each_tenant(shop: Any) -> None:
    first, again = send(shop, b"solid"), send(shop, b"solid")
    assert (first.status_code, again.status_code) == (201, 200) and first.json() == again.json()
    assert len(packs(shop)) == 1
    assert send(shop, b"solid", unit="m").status_code == 409 and len(packs(shop)) == 1
    assert send(shop, b"solid", "other").status_code == 201 and len(packs(shop)) == 2


def test_erasing_one(shop: Any) -> None:
    told = send(shop, b"solid").json()
    send(shop, b"solid", "other")
    assert shop.ask("DELETE", f"/v1/uploads/{told['sha256']}").status_code == 204
    assert len(packs(shop)) == 1
    for method in ("GET", "DELETE"):
        assert shop.ask(method, f"/v1/uploads/{told['sha256']}").status_code == 404
    assert shop.ask("GET", f"/v1/uploads/{told['sha256']}", "other").status_code == 200


def test_their_time_is_over(shop: Any) -> None:
    from service.api.upkeep import NAMED, tidy

    told = send(shop, b"solid").json()
    desk = shop.app.state.desk
    shop.order(headers={"Idempotency-Key": "a"})
    shop.clock[0] += 30 * 86_400_000 - 1
    assert tidy(desk) == (1, 0) and len(packs(shop)) == 1 and NAMED < 30 * 86_400_000
    shop.clock[0] += 1
    assert tidy(desk) == (0, 1) and packs(shop) == []
    assert shop.ask("GET", f"/v1/uploads/{told['sha256']}").status_code == 404


@pytest.mark.parametrize(
    ("params", "headers", "status"),
    [
        ({"kind": "scan"}, OCTETS, 422),
        ({"kind": "virus", "unit": "mm"}, OCTETS, 422),
        ({"kind": "scan", "unit": "furlong"}, OCTETS, 422),
        ({"kind": "scan", "unit": "mm", "side": "top"}, OCTETS, 422),
        ({"kind": "scan", "unit": "mm"}, {"Content-Type": "multipart/form-data; boundary=x"}, 415),
        ({"kind": "scan", "unit": "mm"}, {**OCTETS, "Content-Encoding": "gzip"}, 415),
    ],
)
def test_what_is_not_taken(shop: Any, params: dict[str, str], headers: dict[str, str], status: int) -> None:
    answer = shop.ask("POST", "/v1/uploads", params=params, content=b"solid", headers=headers)
    assert answer.status_code == status and answer.headers["content-type"] == "application/problem+json"
    assert packs(shop) == []


def test_too_large(strict: Any) -> None:
    assert send(strict, bytes(5000)).status_code == 201
    before = packs(strict)
    assert send(strict, bytes(5001)).status_code == 413  # by what it says
    assert send(strict, (bytes(1000) for _ in range(6))).status_code == 413  # by what comes
    assert packs(strict) == before


def test_a_full_disk_keeps_nothing(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    import errno

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, "no space")

    monkeypatch.setattr(os, "fsync", full)
    answer = send(shop, b"solid")
    monkeypatch.undo()
    assert answer.status_code == 503 and "retry-after" in answer.headers
    assert packs(shop) == [] and send(shop, b"solid").status_code == 201


# ---- the pieces --------------------------------------------------------------------------------------------------------


class Kept:
    """Packs in memory."""

    def __init__(self, data: bytes) -> None:
        self.data = data

    def read(self, _: str, offset: int, size: int) -> bytes:
        return self.data[offset : offset + size]


def test_pieces_that_were_changed_do_not_open() -> None:
    vault = Vault.of(b"k" * 32)
    plain = os.urandom(2 * PIECE + 5)
    sealer = Sealer(*vault.new_key("a" * 32), "a" * 32)
    sealed = b"".join(sealer.sealed([plain]))
    assert b"".join(opened(Kept(sealed), "a" * 32, sealer.key, sealer.plain)) == plain  # type: ignore[arg-type]  # its read alone
    one, two, last = sealed[:SEALED], sealed[SEALED : 2 * SEALED], sealed[2 * SEALED :]
    for wrong, size in (
        (two + one + last, len(plain)),
        (one + one + last, len(plain)),
        (one + two, 2 * PIECE),
        (one + last, PIECE + 5),
        (sealed[:-1] + bytes([sealed[-1] ^ 1]), len(plain)),
    ):
        with pytest.raises(Unreadable):
            list(opened(Kept(wrong), "a" * 32, sealer.key, size))  # type: ignore[arg-type]  # as above
    with pytest.raises(Unreadable):
        list(opened(Kept(sealed), "b" * 32, sealer.key, sealer.plain))  # type: ignore[arg-type]  # as above
