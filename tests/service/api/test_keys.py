"""Keys and refused words over HTTP; and the key that lies open in a web page: its origins, and what CORS lets it do."""

from __future__ import annotations

from typing import Any

import pytest

from service.store import keys

ORIGIN = "https://shop.example"
ORDER = {"template": "phone-case"}


def test_a_key_is_made_used_listed_and_revoked(shop: Any) -> None:
    made = shop.ask("POST", "/v1/keys", json={"name": "Zoé's shop", "scopes": ["orders", "orders"]})
    told = made.json()
    assert made.status_code == 201 and told["scopes"] == ["orders"] and told["token"].startswith(keys.PREFIX)
    shop.tokens["new"] = told.pop("token")
    assert shop.ask("GET", "/v1/jobs", "new").status_code == 200
    assert told in shop.ask("GET", "/v1/keys").json()["items"]
    assert shop.ask("DELETE", f"/v1/keys/{told['id']}").status_code == 204
    assert shop.ask("GET", "/v1/jobs", "new").status_code == 401
    assert shop.ask("DELETE", f"/v1/keys/{told['id']}").status_code == 404
    assert [k["revoked"] is None for k in shop.ask("GET", "/v1/keys").json()["items"] if k["id"] == told["id"]] == [False]


def test_nobody_locks_herself_out(shop: Any) -> None:
    (own,) = [k["id"] for k in shop.ask("GET", "/v1/keys").json()["items"] if k["name"] == "owner"]
    assert shop.ask("DELETE", f"/v1/keys/{own}").status_code == 409
    assert shop.ask("GET", "/v1/keys").status_code == 200


def test_a_key_revoked_elsewhere_is_shut_soon(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.api import callers

    made = shop.ask("POST", "/v1/keys", json={"name": "k", "scopes": ["orders"]}).json()
    shop.tokens["new"] = made["token"]
    assert shop.ask("GET", "/v1/jobs", "new").status_code == 200
    with shop.house.database.write() as conn:
        keys.revoke(conn, made["id"], 1)
    now = callers.time.monotonic()
    monkeypatch.setattr(callers.time, "monotonic", lambda: now + callers.KEPT + 0.1)
    assert shop.ask("GET", "/v1/jobs", "new").status_code == 401


def test_a_print_shop_s_key_pulls_from_its_maker_alone(shop: Any) -> None:
    made = shop.ask("POST", "/v1/keys", json={"name": "print", "scopes": ["pickup"], "processes": ["mjf-pa12"]}).json()
    with shop.house.database.read() as conn:
        key = keys.find(conn, made["token"])
    assert key is not None and key.sellers == (shop.tenant,) and key.processes == ("mjf-pa12",)


@pytest.mark.parametrize(
    "body",
    [
        {"name": "", "scopes": ["orders"]},
        {"name": "a\nb", "scopes": ["orders"]},
        {"name": "k", "scopes": []},
        {"name": "k", "scopes": ["metrics"]},
        {"name": "k", "scopes": ["root"]},
        {"name": "k", "scopes": ["orders"], "sellers": ["0" * 32]},
        {"name": "k", "scopes": ["orders"], "tenant": "0" * 32},
        {"name": "k", "scopes": ["preview"], "origins": ["https://a.example/path"]},
        {"name": "k", "scopes": ["preview"], "origins": ["*"]},
        {"name": "k", "scopes": ["preview", "owner"], "origins": [ORIGIN]},
        {"name": "k", "scopes": "orders"},
        {"name": 7, "scopes": ["orders"]},
    ],
)
def test_keys_that_are_not_made(shop: Any, body: dict[str, Any]) -> None:
    before = len(shop.ask("GET", "/v1/keys").json()["items"])
    answer = shop.ask("POST", "/v1/keys", json=body)
    assert answer.status_code == 422 and answer.json()["field"]
    assert len(shop.ask("GET", "/v1/keys").json()["items"]) == before


@pytest.mark.parametrize("words", [[""], [" "], ["x" * 81], ["a\x00b"], "rude", [1], ["x"] * 1001, None])
def test_words_that_are_not_taken(shop: Any, words: Any) -> None:
    assert shop.ask("PUT", "/v1/refused-words", json={"words": words}).status_code == 422
    assert shop.ask("GET", "/v1/refused-words").json() == {"words": []}


def test_words_are_each_tenant_s_own(shop: Any) -> None:
    assert shop.ask("PUT", "/v1/refused-words", json={"words": ["b", "a"]}).json() == {"words": ["b", "a"]}
    assert shop.ask("GET", "/v1/refused-words", "orders").json() == {"words": ["b", "a"]}
    assert shop.ask("GET", "/v1/refused-words", "other").json() == {"words": []}


# ---- a key in a web page -----------------------------------------------------------------------------------------------


def preflight(shop: Any, path: str, origin: str = ORIGIN, **more: str) -> Any:
    headers = {"Origin": origin, "Access-Control-Request-Method": "POST", **more}
    return shop.client.request("OPTIONS", path, headers=headers)


def allowed(answer: Any) -> str | None:
    return answer.headers.get("access-control-allow-origin")


@pytest.mark.parametrize("path", ["/v1/quotes", "/v1/previews", "/v1/templates", "/v1/templates/phone-case"])
def test_a_page_of_the_shop_may_ask(shop: Any, path: str) -> None:
    asked = preflight(shop, path)
    assert asked.status_code == 204 and allowed(asked) == ORIGIN and asked.headers["vary"] == "Origin"
    assert "Authorization" in asked.headers["access-control-allow-headers"]
    method, more = ("POST", {"json": ORDER}) if "templates" not in path else ("GET", {})
    answer = shop.ask(method, path, "preview", headers={"Origin": ORIGIN}, **more)
    assert answer.status_code == 200 and allowed(answer) == ORIGIN and answer.headers["vary"] == "Origin"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.parametrize("origin", ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"])
def test_no_other_page_may(shop: Any, origin: str) -> None:
    assert preflight(shop, "/v1/quotes", origin).status_code == 403
    answer = shop.ask("POST", "/v1/quotes", "preview", json=ORDER, headers={"Origin": origin})
    assert answer.status_code == 403 and allowed(answer) is None
    assert shop.lane.asked == []


def test_nor_anybody_without_a_page(shop: Any) -> None:
    assert shop.ask("POST", "/v1/quotes", "preview", json=ORDER).status_code == 403


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/keys", "/v1/uploads", "/metrics", "/v1/processes"])
def test_nothing_else_is_open_to_pages(shop: Any, path: str) -> None:
    asked = preflight(shop, path)
    assert asked.status_code == 403 and allowed(asked) is None
    assert allowed(shop.ask("GET", path, "owner", headers={"Origin": ORIGIN})) is None
    assert allowed(shop.ask("GET", path, "preview", headers={"Origin": ORIGIN})) is None


def test_a_strong_key_is_of_no_use_in_a_page(shop: Any) -> None:
    answer = shop.ask("GET", "/v1/templates", "owner", headers={"Origin": ORIGIN})
    assert answer.status_code == 200 and allowed(answer) is None


def test_a_revoked_key_s_pages_may_not(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.api import options

    assert preflight(shop, "/v1/quotes").status_code == 204
    (page,) = [k["id"] for k in shop.ask("GET", "/v1/keys").json()["items"] if k["origins"]]
    assert shop.ask("DELETE", f"/v1/keys/{page}").status_code == 204
    now = options.time.monotonic()
    monkeypatch.setattr(options.time, "monotonic", lambda: now + options.KEPT + 0.1)
    assert preflight(shop, "/v1/quotes").status_code == 403
