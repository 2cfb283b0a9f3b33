"""Every route with every kind of key, and with another tenant's ids: a route that is not in the table fails the walk."""

from __future__ import annotations

import hashlib
import re
from typing import Any

import pytest

from service.store import jobs

OWNER, ORDERS, LOOKING, METRICS, PICKUP, OPEN = (
    {"owner"},
    {"owner", "orders"},
    {"owner", "orders", "preview"},
    {"metrics"},
    {"pickup"},
    {"owner", "orders", "preview", "pickup", "metrics", "other", "revoked", "wrong", None},
)
TABLE: dict[tuple[str, str], set[Any]] = {
    ("POST", "/v1/jobs"): ORDERS,
    ("GET", "/v1/jobs"): ORDERS,
    ("GET", "/v1/jobs/{job}"): ORDERS,
    ("POST", "/v1/jobs/{job}:cancel"): ORDERS,
    ("GET", "/v1/jobs/{job}/files/{name}"): ORDERS,
    ("GET", "/v1/jobs/{job}/report"): ORDERS,
    ("GET", "/v1/jobs/{job}/record"): ORDERS,
    ("GET", "/v1/jobs/{job}/events"): ORDERS,
    ("DELETE", "/v1/jobs/{job}"): ORDERS,
    ("GET", "/v1/erasures/{job}"): ORDERS,
    ("POST", "/v1/quotes"): LOOKING,
    ("POST", "/v1/previews"): LOOKING,
    ("GET", "/v1/templates"): LOOKING,
    ("GET", "/v1/templates/{key}"): LOOKING,
    ("GET", "/v1/templates/{key}/catalogues/{field}"): LOOKING,
    ("GET", "/v1/processes"): ORDERS,
    ("GET", "/v1/processes/{key}"): ORDERS,
    ("POST", "/v1/uploads"): ORDERS,
    ("GET", "/v1/uploads/{sha256}"): ORDERS,
    ("DELETE", "/v1/uploads/{sha256}"): ORDERS,
    ("POST", "/v1/campaigns"): ORDERS,
    ("GET", "/v1/campaigns"): ORDERS,
    ("GET", "/v1/campaigns/{campaign}"): ORDERS,
    ("GET", "/v1/campaigns/{campaign}/manifest"): ORDERS,
    ("POST", "/v1/campaigns/{campaign}:pause"): ORDERS,
    ("POST", "/v1/campaigns/{campaign}:resume"): ORDERS,
    ("POST", "/v1/campaigns/{campaign}:cancel"): ORDERS,
    ("DELETE", "/v1/campaigns/{campaign}"): ORDERS,
    ("POST", "/v1/webhooks"): ORDERS,
    ("GET", "/v1/webhooks"): ORDERS,
    ("GET", "/v1/webhooks/{endpoint}"): ORDERS,
    ("PATCH", "/v1/webhooks/{endpoint}"): ORDERS,
    ("DELETE", "/v1/webhooks/{endpoint}"): ORDERS,
    ("POST", "/v1/webhooks/{endpoint}:rotate"): ORDERS,
    ("POST", "/v1/webhooks/{endpoint}:replay"): ORDERS,
    ("GET", "/v1/webhooks/{endpoint}/messages"): ORDERS,
    ("POST", "/v1/pickups:claim"): PICKUP,
    ("POST", "/v1/pickups:renew"): PICKUP,
    ("POST", "/v1/pickups:ack"): PICKUP,
    ("POST", "/v1/pickups:release"): PICKUP,
    ("POST", "/v1/pickups:reprint"): PICKUP,
    ("GET", "/v1/pickups/{unit}"): PICKUP,
    ("GET", "/v1/pickups/{unit}/files/{name}"): PICKUP,
    ("GET", "/v1/pickups/links/{link}"): OPEN,
    ("GET", "/v1/keys"): OWNER,
    ("POST", "/v1/keys"): OWNER,
    ("DELETE", "/v1/keys/{key_id}"): OWNER,
    ("GET", "/v1/refused-words"): ORDERS,
    ("PUT", "/v1/refused-words"): OWNER,
    ("GET", "/metrics"): METRICS,
    ("GET", "/healthz"): OPEN,
    ("GET", "/readyz"): OPEN,
    ("GET", "/openapi.json"): OPEN,
    ("GET", "/docs"): OPEN,
    ("GET", "/docs/{name}"): OPEN,
}
BODIES: dict[tuple[str, str], dict[str, Any]] = {
    ("POST", "/v1/jobs"): {"json": {"template": "phone-case"}},
    ("POST", "/v1/quotes"): {"json": {"template": "phone-case"}},
    ("POST", "/v1/previews"): {"json": {"template": "phone-case"}},
    ("POST", "/v1/uploads"): {
        "params": {"kind": "scan", "unit": "mm"}, "content": b"solid", "headers": {"Content-Type": "application/octet-stream"},
    },
    ("POST", "/v1/campaigns"): {
        "params": {"template": "phone-case"}, "content": b'{"parameters": {"name": "Zoe"}}\n', "headers": {"Content-Type": "application/x-ndjson"},
    },
    ("POST", "/v1/webhooks"): {"json": {"url": "https://hooks.example/unikat"}},
    ("PATCH", "/v1/webhooks/{endpoint}"): {"json": {"state": "disabled"}},
    ("POST", "/v1/webhooks/{endpoint}:replay"): {"json": {"since": "2026-01-01T00:00:00Z"}},
    ("POST", "/v1/pickups:claim"): {"json": {"process": "mjf-pa12"}},
    ("POST", "/v1/pickups:renew"): {"json": {"lease": "x"}},
    ("POST", "/v1/pickups:ack"): {"json": {"lease": "x"}},
    ("POST", "/v1/pickups:release"): {"json": {"lease": "x"}},
    ("POST", "/v1/pickups:reprint"): {"json": {"lease": "x", "units": ["0" * 32], "reason": "warped"}},
    ("POST", "/v1/keys"): {"json": {"name": "new", "scopes": ["orders"]}},
    ("PUT", "/v1/refused-words"): {"json": {"words": ["rude"]}},
}  # fmt: skip
SHARED = {"/docs/{name}", "/v1/templates/{key}", "/v1/templates/{key}/catalogues/{field}", "/v1/processes/{key}"}
"""What is nobody's own: the same for every tenant."""
EVERYONE = ("owner", "orders", "preview", "pickup", "metrics", "revoked", "wrong", None)


def ids_of(shop: Any) -> dict[str, str]:
    """Of the shop's own things."""
    done = shop.order()["id"]
    shop.finish(done)
    made = shop.ask("POST", "/v1/uploads", **BODIES["POST", "/v1/uploads"])
    spare = shop.ask("POST", "/v1/keys", json={"name": "spare", "scopes": ["orders"]}).json()
    campaign = shop.ask("POST", "/v1/campaigns", **BODIES["POST", "/v1/campaigns"])
    endpoint = shop.ask("POST", "/v1/webhooks", **BODIES["POST", "/v1/webhooks"])
    assert (campaign.status_code, endpoint.status_code) == (202, 201), campaign.text + endpoint.text
    with shop.house.database.read() as conn:
        (piece,) = jobs.copies_of(conn, done)
    return {
        "job": done, "name": "model.3mf", "sha256": made.json()["sha256"], "key_id": spare["id"], "field": "phone",
        "campaign": campaign.json()["id"], "endpoint": endpoint.json()["id"], "unit": piece["id"],
    }  # fmt: skip


def path_of(route: str, ids: dict[str, str]) -> str:
    key = "mjf-pa12" if "processes" in route else "phone-case"
    ids = {**ids, "name": "jobs"} if route.startswith("/docs/") else ids
    return re.sub(r"\{(\w+)\}", lambda m: ids.get(m[1], key), route)


def sent(shop: Any, method: str, route: str, kind: str | None, ids: dict[str, str]) -> Any:
    more = dict(BODIES.get((method, route), {}))
    headers = {**more.pop("headers", {}), **({"Origin": "https://shop.example"} if kind == "preview" else {})}
    return shop.ask(method, path_of(route, ids), kind, headers=headers, **more)


def test_the_table_has_every_route(shop: Any) -> None:
    """And every route that the application serves is among those that were walked."""
    told = {(method, route.path_format) for route in shop.app.state.routes for method in route.methods}
    assert told == set(TABLE)
    described = {(m.upper(), path) for path, ops in shop.app.openapi()["paths"].items() for m in ops}
    assert described == {(m, p) for m, p in TABLE if not p.startswith(("/docs", "/openapi.json"))}


def test_every_key_opens_what_it_should_and_no_more(shop: Any) -> None:
    ids = ids_of(shop)
    late = [("GET", "/v1/erasures/{job}")]  # erased by then
    walk = sorted(TABLE, key=lambda one: (one in late, one[0] == "DELETE", one[1]))
    for method, route in walk:
        for kind in sorted(EVERYONE, key=lambda k: (k in TABLE[method, route], str(k))):  # who must not, goes first
            answer = sent(shop, method, route, kind, ids)
            what = (method, route, kind, answer.status_code, answer.text[:200])
            if kind in TABLE[method, route]:
                again = method == "DELETE" or ":" in route or (method, route) in late or "pickups" in route
                assert answer.status_code < 300 or (again and answer.status_code in (404, 409, 410)), what
            elif kind in ("revoked", "wrong", None):
                assert answer.status_code == 401 and answer.headers["www-authenticate"] == "Bearer", what
            else:
                assert answer.status_code == 403, what
            if answer.status_code >= 400:
                assert answer.headers["content-type"] == "application/problem+json", what


def test_another_tenant_s_ids_are_not_there(shop: Any) -> None:
    """Nor does the answer say that they are somebody's: it is the one for ids that nobody has."""
    ids = ids_of(shop)
    gone = shop.order()["id"]
    assert shop.ask("DELETE", f"/v1/jobs/{gone}").status_code == 200
    none = dict.fromkeys(("campaign", "endpoint", "unit"), "0" * 32)
    nobody = none | {"job": "0" * 32, "name": "model.3mf", "sha256": hashlib.sha256(b"nothing").hexdigest(), "key_id": "0" * 32}
    for method, route in TABLE:
        if "{" not in route or route in SHARED or "pickups" in route:  # a print shop's key is walked where pieces are tested
            continue
        theirs = {**ids, "job": gone if "erasures" in route else ids["job"]}
        answer = sent(shop, method, route, "other", theirs)
        assert answer.status_code == 404, (method, route, answer.text)
        assert answer.content == sent(shop, method, route, "other", nobody).content
    assert shop.ask("GET", f"/v1/jobs/{ids['job']}").json()["state"] == "done"
    assert shop.ask("GET", "/v1/jobs", "other").json()["items"] == []
    assert shop.ask("GET", f"/v1/jobs/{ids['job']}/files/model.3mf").status_code == 200
    assert shop.ask("GET", f"/v1/uploads/{ids['sha256']}").status_code == 200


@pytest.mark.parametrize(
    "told", ["Bearer", "Bearer ", "Basic abc", "Token x", "Bearer " + "é" * 10, "bearer unikat_" + "A" * 3000]
)
def test_what_is_no_key_opens_nothing(shop: Any, told: str) -> None:
    answer = shop.client.get("/v1/jobs", headers={"Authorization": told.encode("latin-1")})
    assert answer.status_code == 401
    assert told.split()[-1] not in answer.text or len(told) < 8


def test_a_key_in_the_address_is_none(shop: Any) -> None:
    assert shop.client.get(f"/v1/jobs?key={shop.tokens['owner']}&access_token={shop.tokens['owner']}").status_code == 401


def test_only_its_hash_is_kept(shop: Any) -> None:
    token = shop.ask("POST", "/v1/keys", json={"name": "k", "scopes": ["orders"]}).json()["token"]
    shop.house.database.settle_down()
    kept = (shop.house.folder / "unikat.db").read_bytes()
    assert token.encode() not in kept and hashlib.sha256(token.encode()).digest() in kept
