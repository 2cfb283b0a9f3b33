"""A house with two tenants and a key of every kind, and the application over it; no lane, no dispatcher, no network."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from service.app import create
from service.clock import new_id
from service.house import House, open_house
from service.interactive import Interactive
from service.settings import Settings
from service.store import jobs, keys, queue
from service.vault import seal

NOW = 1_800_000_000_000
ORIGIN = "https://shop.example"
ORDER = {"template": "phone-case", "parameters": {"name": "Zoé"}}
FILES = {"model.3mf": b"PK" + bytes(range(256)) * 4, "report.json": b'{"verdict":"printable"}', "record.json": b'{"order":{}}'}


class FakeLane(Interactive):
    """Answers what it is told to, in the event loop."""

    def __init__(self) -> None:
        super().__init__(4)
        self.asked: list[tuple[str, bytes]] = []
        self.forgotten = 0
        self.says: Any = {
            "verdict": "printable", "process": "mjf-pa12", "price": 12.5, "currency": "EUR", "mass_g": 21.0, "print_time_s": 60.0,
            "calibrated": False, "estimate_source": "ours", "estimate_error": None, "findings": [], "glb": b"glTF",
        }  # fmt: skip

    async def ask(self, target: str, *args: Any, patience: float, deadline: float, session: Any = None) -> Any:
        self.asked.append((target, args[0]))
        if isinstance(self.says, Exception):
            raise self.says
        return {n: v for n, v in self.says.items() if n != "glb" or target.endswith("preview")}

    def forget(self) -> None:
        self.forgotten += 1


@dataclass
class Shop:
    """All that a test needs of one house."""

    house: House
    app: FastAPI
    client: TestClient
    lane: FakeLane
    tenant: str
    tokens: dict[str, str]
    clock: list[int] = field(default_factory=lambda: [NOW])

    def ask(self, method: str, path: str, kind: str | None = "owner", **more: Any) -> Any:
        """The answer to a request with the key of that kind."""
        headers = {**({} if kind is None else {"Authorization": f"Bearer {self.tokens[kind]}"}), **more.pop("headers", {})}
        return self.client.request(method, path, headers=headers, **more)

    def order(self, kind: str = "owner", order: Any = ORDER, **more: Any) -> Any:
        """Post an order; the job's body."""
        answer = self.ask("POST", "/v1/jobs", kind, json=order, **more)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def finish(self, job: str, files: dict[str, bytes] = FILES, **more: Any) -> None:
        """End a job as a lane and the dispatcher would."""
        at = self.clock[0]
        with self.house.database.write() as conn:
            found = jobs.find(conn, self.tenant, job)
            assert found is not None
            head = queue.Head(*(found[name] for name in queue.Head.__dataclass_fields__ if name in found))
            (row,) = queue.claim(conn, head, 1, at)
        key = self.house.vault.unwrap(row["wrapped"], job)
        blobs = {name: seal(key, data, f"{job}/{name}".encode()) for name, data in files.items()}
        pack = new_id(at)
        offsets = self.house.packs.put(pack, blobs.values()) if files else []
        told = {
            name: [offset, len(blob), len(files[name]), hashlib.sha256(files[name]).hexdigest()]
            for offset, (name, blob) in zip(offsets, blobs.items(), strict=True)
        }
        if "told" in more:
            more["told"] = seal(key, more["told"], b"told")
        made = {"state": "done", "verdict": "printable", "serials": [f"s-{job}"], "pack": pack, "files": told, **more}
        with self.house.database.write() as conn:
            settled = queue.settle(conn, [queue.Ended(job, row["attempt"], **made)], at)
        assert len(settled.ended) == 1


def shop_in(folder: pathlib.Path, settings: Settings | None = None) -> Iterator[Shop]:
    """A fresh one; closed afterwards."""
    house = open_house(folder)
    tokens = {}
    with house.database.write() as conn:
        tenant, other = keys.new_tenant(conn, "shop", NOW), keys.new_tenant(conn, "other", NOW)
        for kind in ("owner", "orders", "pickup", "metrics"):
            tokens[kind] = keys.new_key(conn, tenant, kind, [kind], NOW, sellers=[tenant] if kind == "pickup" else [])[1]
        tokens["preview"] = keys.new_key(conn, tenant, "page", ["preview"], NOW, origins=[ORIGIN])[1]
        tokens["other"] = keys.new_key(conn, other, "other", ["owner"], NOW)[1]
        gone, tokens["revoked"] = keys.new_key(conn, tenant, "gone", ["owner"], NOW)
        assert keys.revoke(conn, gone, NOW)
        tokens["wrong"] = keys.PREFIX + "A" * 43
    lane = FakeLane()
    clock = [NOW]
    app = create(house, settings, lambda: clock[0], lane)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield Shop(house, app, client, lane, tenant, tokens, clock)
    house.database.close()


@pytest.fixture
def shop(tmp_path: pathlib.Path) -> Iterator[Shop]:
    """A house with its application."""
    yield from shop_in(tmp_path / "data", Settings(failure_burst=1000.0, preview_burst=1000.0, follow_seconds=5.0))


@pytest.fixture
def strict(tmp_path: pathlib.Path) -> Iterator[Shop]:
    """The same with narrow limits."""
    yield from shop_in(
        tmp_path / "data",
        Settings(json_bytes=2000, json_seconds=0.2, upload_bytes=5000, idle_seconds=0.2, rate=0.001, burst=12, failure_burst=3,
                 failure_rate=0.001, streams=1),
    )  # fmt: skip
