"""Campaigns over HTTP: taken whole or not at all, followed, paused, cancelled, listed."""

from __future__ import annotations

import json
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.testclient import TestClient

from service.app import create
from service.clock import now
from service.house import House, open_house
from service.store import keys, tallies

NAMES = ("Zoé", "Łukasz", "Bo")


@pytest.fixture
def house(tmp_path: pathlib.Path) -> Iterator[House]:
    found = open_house(tmp_path)
    yield found
    found.database.close()


@pytest.fixture
def client(house: House) -> TestClient:
    with house.database.write() as conn:
        tenant = keys.new_tenant(conn, "shop", now())
        token = keys.new_key(conn, tenant, "k", ["owner"], now())[1]
    return TestClient(create(house), headers={"Authorization": f"Bearer {token}"})


def post(client: TestClient, rows: list[object], **query: str) -> Any:
    body = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    return client.post(
        "/v1/campaigns",
        params={"template": "phone-case", **query},
        content=body,
        headers={"Content-Type": "application/x-ndjson"},
    )


def test_every_row_becomes_a_job(client: TestClient, house: House) -> None:
    told = post(client, [{"parameters": {"name": name}} for name in NAMES])
    assert told.status_code == 202, told.text
    body = told.json()
    assert told.headers["location"] == f"/v1/campaigns/{body['id']}"
    assert (body["state"], body["rows"], body["counts"]) == ("running", 3, {"queued": 3})
    manifest = client.get(body["manifest"]).text.splitlines()
    assert [json.loads(line)["line"] for line in manifest] == [1, 2, 3]
    with house.database.read() as conn:
        assert tallies.wrong(conn) == []
