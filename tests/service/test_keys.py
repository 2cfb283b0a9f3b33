from __future__ import annotations

import json
import pathlib
import re

import pytest

from engine.errors import OrderError
from service import keys
from service.cli import app
from service.house import House
from service.store import keys as stored
from service.store.schema import keys as table
from service.words import understood
from tests.service.privacy.made import holds, house_in


@pytest.fixture
def shop(tmp_path: pathlib.Path) -> tuple[House, str]:
    return house_in(tmp_path / "house")


def new(house: House, *scopes: str, tenant: str = "shop", **more: object) -> None:
    told = {"weight": None, "origins": [], "sellers": [], "processes": [], **more}
    assert keys.create(str(house.folder), "till", list(scopes), tenant, as_json=True, **told) == 0  # type: ignore[arg-type]


def said(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    told: dict[str, str] = json.loads(capsys.readouterr().out)
    assert told.pop("status") == 0
    return told


def found(house: House, token: str) -> stored.Key | None:
    with house.database.read() as conn:
        return stored.find(conn, token)


def test_a_key_opens_what_its_scopes_say(shop: tuple[House, str], capsys: pytest.CaptureFixture[str]) -> None:
    house, tenant = shop
    new(house, "orders")
    told = said(capsys)
    key = found(house, told["key"])
    assert key is not None and (key.id, key.tenant) == (told["id"], tenant)
    assert [scope for scope in stored.SCOPES if key.may(scope)] == ["orders"]
    assert re.fullmatch(r"unikat_[A-Za-z0-9_-]{43}", told["key"]), "256 bits"
    assert found(house, told["key"][:-1]) is None and found(house, "") is None


def test_an_owner_may_all_but_pull(shop: tuple[House, str], capsys: pytest.CaptureFixture[str]) -> None:
    new(shop[0], "owner")
    key = found(shop[0], said(capsys)["key"])
    assert key is not None and [scope for scope in stored.SCOPES if key.may(scope)] == ["owner", "orders", "preview"]


def test_a_scope_that_is_none_names_the_nearest(shop: tuple[House, str]) -> None:
    with pytest.raises(OrderError) as told:
        new(shop[0], "pikup")
    assert (told.value.field, told.value.nearest) == ("--scope", "pickup")


@pytest.mark.parametrize("more", [{}, {"sellers": ["shop"]}, {"processes": ["mjf-pa12"]}])
def test_a_pickup_key_names_sellers_and_processes(shop: tuple[House, str], more: dict[str, object]) -> None:
    with pytest.raises(OrderError, match="names the shops"):
        new(shop[0], "pickup", **more)


def test_a_pickup_key_of_a_shop_that_is_not_there(shop: tuple[House, str]) -> None:
    with pytest.raises(OrderError, match="no such shop"):
        new(shop[0], "pickup", tenant="printer", sellers=["shoop"], processes=["mjf-pa12"])


def test_a_pickup_key_is_granted_what_it_names(shop: tuple[House, str], capsys: pytest.CaptureFixture[str]) -> None:
    house, tenant = shop
    new(house, "pickup", tenant="printer", sellers=["shop"], processes=["mjf-pa12"])
    key = found(house, said(capsys)["key"])
    assert key is not None and key.tenant != tenant and (key.sellers, key.processes) == ((tenant,), ("mjf-pa12",))


def test_a_revoked_key_opens_nothing_and_is_not_revoked_twice(
    shop: tuple[House, str], capsys: pytest.CaptureFixture[str]
) -> None:
    house, _ = shop
    new(house, "orders")
    told = said(capsys)
    assert keys.revoke(str(house.folder), told["id"], True) == 0
    assert found(house, told["key"]) is None
    for one in (told["id"], "0" * 32):
        with pytest.raises(OrderError, match="no such key, or it was revoked before"):
            keys.revoke(str(house.folder), one, True)


def test_the_token_is_in_no_file_and_in_no_list(shop: tuple[House, str], capsys: pytest.CaptureFixture[str]) -> None:
    house, _ = shop
    new(house, "orders")
    told = said(capsys)
    for as_json in (True, False):
        assert keys.show(str(house.folder), as_json) == 0
        listed = capsys.readouterr().out
        assert told["id"] in listed and told["key"] not in listed and told["key"].removeprefix(stored.PREFIX) not in listed
        assert "hash" not in listed
    assert holds(house.folder, told["key"].removeprefix(stored.PREFIX).encode()) == []
    with house.database.read() as conn:
        digest = conn.execute(table.select()).one().hash
    assert digest == stored.hashed(told["key"]) and holds(house.folder, digest), "its hash is there: the search can find"


def test_the_commands(shop: tuple[House, str], capsys: pytest.CaptureFixture[str]) -> None:
    folder = str(shop[0].folder)

    def run(*words: str) -> str:
        assert understood(app, ["keys", *words, "--data", folder], "en")() == 0
        return capsys.readouterr().out

    made = run("create", "--name", "till", "--scope", "orders", "--weight", "2")
    assert "told this once: unikat_" in made
    one = made.split()[1]
    assert f"{one}  good     owner: till (orders)" in run("list")
    assert "opens nothing any more" in run("revoke", one)
    assert f"{one}  revoked" in run("list")
    with pytest.raises(OrderError, match="no service's folder"):
        keys.show(folder + "x", True)


def test_a_key_s_hash_is_compared_in_constant_time(
    shop: tuple[House, str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    new(shop[0], "orders")
    token = said(capsys)["key"]
    seen: list[tuple[bytes, bytes]] = []

    def noted(one: bytes, other: bytes) -> bool:
        seen.append((one, other))
        return False

    monkeypatch.setattr(stored.hmac, "compare_digest", noted)
    assert found(shop[0], token) is None, "its word is the last"
    assert seen == [(stored.hashed(token), stored.hashed(token))]
