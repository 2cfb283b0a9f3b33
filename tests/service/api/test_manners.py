"""What holds round every request: problems, limits, headers, logs without values, figures, and what the web process never loads."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import pathlib
import subprocess
import sys
from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import pytest
import sqlalchemy as sa

from service import logs
from service.api.limits import Buckets, deeper
from service.api.manners import Manners
from service.settings import Settings, load
from service.store import telling

ORDER = {"template": "phone-case", "parameters": {"name": "Zoé"}}
JSON = {"Content-Type": "application/json"}
ROOT = pathlib.Path(__file__).parents[3]


def is_problem(answer: Any, status: int) -> dict[str, Any]:
    told: dict[str, Any] = answer.json()
    assert answer.status_code == told["status"] == status and told["title"] and told["type"]
    assert answer.headers["content-type"] == "application/problem+json"
    return told


# ---- statuses ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/", "/v1", "/v2/jobs", "/v1/jobs/", "/v1/nothing", "/admin", "/v1/jobs/../../etc/passwd"])
def test_404(shop: Any, path: str) -> None:
    is_problem(shop.ask("GET", path), 404)


@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("PATCH", "/v1/jobs", "GET, OPTIONS, POST"),
        ("PUT", "/v1/jobs/" + "0" * 32, "DELETE, GET, OPTIONS"),
        ("GET", "/v1/jobs/" + "0" * 32 + ":cancel", "OPTIONS, POST"),
        ("TRACE", "/v1/quotes", "OPTIONS, POST"),
        ("HEAD", "/healthz", "GET, OPTIONS"),
    ],
)
def test_405_names_every_method(shop: Any, method: str, path: str, allow: str) -> None:
    answer = shop.ask(method, path)
    assert answer.status_code == 405
    assert set(answer.headers["allow"].split(", ")) >= set(allow.split(", "))
    assert set(shop.ask("OPTIONS", path).headers["allow"].split(", ")) == set(answer.headers["allow"].split(", "))


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "application/xml", "", "application/jsonx"]
)
def test_415(shop: Any, kind: str) -> None:
    answer = shop.ask("POST", "/v1/jobs", content=b"{}", headers={"Content-Type": kind})
    assert is_problem(answer, 415) and answer.headers["accept"] == "application/json"


def test_compressed_bombs_are_not_opened(shop: Any) -> None:
    import gzip

    bomb = gzip.compress(bytes(10_000_000))
    is_problem(shop.ask("POST", "/v1/jobs", content=bomb, headers={**JSON, "Content-Encoding": "gzip"}), 415)


def test_413_by_what_it_says_and_by_what_comes(strict: Any) -> None:
    def drops() -> Iterator[bytes]:
        yield from (b" " * 500 for _ in range(5))

    told = is_problem(strict.ask("POST", "/v1/jobs", content=b" " * 2001, headers=JSON), 413)
    assert told["limit"] == "2000 bytes"
    is_problem(strict.ask("POST", "/v1/jobs", content=drops(), headers=JSON), 413)
    assert strict.ask("POST", "/v1/jobs", json=ORDER).status_code == 202


def test_414_and_431(shop: Any) -> None:
    is_problem(shop.ask("GET", "/v1/jobs?reference=" + "a" * 9000), 414)
    is_problem(shop.ask("GET", "/v1/jobs", headers={"X-Long": "a" * 20_000}), 431)
    is_problem(shop.ask("GET", "/v1/jobs", headers={f"X-{n}": "a" * 50 for n in range(400)}), 431)


@pytest.mark.parametrize(
    "bomb", [b"[" * 100_000, b'{"a":' * 50_000, b'{"template":"phone-case","parameters":{"name":' + b"[" * 40]
)
@pytest.mark.parametrize(
    "route", [("POST", "/v1/jobs"), ("POST", "/v1/quotes"), ("POST", "/v1/keys"), ("PUT", "/v1/refused-words")]
)
def test_json_bombs(shop: Any, bomb: bytes, route: tuple[str, str]) -> None:
    is_problem(shop.ask(*route, content=bomb, headers=JSON), 400)


def test_depth_is_counted_outside_of_texts() -> None:
    assert deeper(b"[" * 33, 32) and not deeper(b"[" * 32, 32)
    assert not deeper(b"[]" * 100, 32) and deeper(b'{"a":[' * 20, 32)
    assert not deeper(b'"' + b"[" * 100 + b'"', 32) and not deeper(b'"\\"' + b"[" * 100 + b'"', 32)
    assert deeper(b'"\\\\"' + b"[" * 100, 32) and deeper(b'"a"' + b"[" * 100, 32)
    assert not deeper(b'\\"' * 300_000 + b"[" * 33, 32)  # one text that does not end: and in a moment


def test_422_says_where_and_repeats_nothing(shop: Any) -> None:
    told = shop.ask("POST", "/v1/keys", json={"name": "canary-1", "scopes": ["canary-2"], "x": {"canary-3": 1}})
    problems = is_problem(told, 422)["problems"]
    assert {one["field"] for one in problems} == {"body.scopes.0", "body.x"} and "canary" not in told.text


@pytest.mark.parametrize("body", [b"{", b"nonsense", b'{"name": NaN,}'])
def test_400_for_what_is_no_json(shop: Any, body: bytes) -> None:
    is_problem(shop.ask("POST", "/v1/keys", content=body, headers=JSON), 400)


def test_429_for_who_asks_too_often(strict: Any) -> None:
    answers = [strict.ask("GET", "/v1/jobs") for _ in range(13)]
    assert [a.status_code for a in answers] == [200] * 12 + [429]
    assert is_problem(answers[-1], 429) and int(answers[-1].headers["retry-after"]) > 1
    assert strict.ask("GET", "/v1/jobs", "orders").status_code == 200  # another key has a bucket of its own


def test_429_for_who_guesses_keys(strict: Any) -> None:
    assert [strict.ask("GET", "/v1/jobs", "wrong").status_code for _ in range(4)] == [401, 401, 401, 429]
    assert strict.ask("GET", "/v1/jobs").status_code == 200  # who has a key is not locked out by it


def test_a_fault_of_ours_tells_nothing(shop: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.store import jobs

    def broken(*_: object, **__: object) -> None:
        raise ValueError("canary-500")

    monkeypatch.setattr(jobs, "listed", broken)
    stream = io.StringIO()
    with logging_to(stream):
        told = shop.ask("GET", "/v1/jobs")
    assert is_problem(told, 500) == {"type": "about:blank", "title": "A fault of ours", "status": 500}
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    (fault,) = [line for line in lines if line["level"] == "error"]
    assert fault["error"] == "ValueError" and any("broken" in place for place in fault["at"])
    assert "canary" not in stream.getvalue()


def test_a_store_that_takes_nothing_is_503_and_readers_go_on(shop: Any) -> None:
    """A page limit is how SQLite says that the disk is full."""
    job = shop.order()["id"]
    with shop.house.database.read() as conn:
        most = [conn.exec_driver_sql("PRAGMA page_count").scalar_one()]

    def limited(conn: sa.Connection) -> None:
        conn.exec_driver_sql(f"PRAGMA max_page_count={most[0]}")

    sa.event.listen(shop.house.database.engine, "begin", limited)
    big = {**ORDER, "reference": "canary"}
    answers = [shop.ask("POST", "/v1/jobs", json=big) for _ in range(60)]
    full = [a for a in answers if a.status_code != 202]
    assert full and all(a.status_code == 503 and "retry-after" in a.headers and "canary" not in a.text for a in full)
    assert shop.ask("GET", f"/v1/jobs/{job}").status_code == 200
    most[0] = 1_000_000
    assert shop.ask("POST", "/v1/jobs", json=ORDER).status_code == 202
    kept = sum(a.status_code == 202 for a in answers) + 2
    assert len(shop.ask("GET", "/v1/jobs", params={"limit": 200}).json()["items"]) == kept


def test_buckets_fill_again() -> None:
    buckets = Buckets(rate=2.0, burst=4.0)
    assert [buckets.take("a", 0.0) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert buckets.take("b", 0.0) == 0 and buckets.take("a", 0.4) > 0 and buckets.take("a", 0.5) == 0
    assert buckets.level("a", 1000.0) == 4.0
    for n in range(10_100):
        buckets.take(str(n), 0.0)
    assert len(buckets._levels) <= 10_001


# ---- slow bodies -------------------------------------------------------------------------------------------------------


async def _slow(path: str, pieces: list[bytes], pause: float, settings: Settings) -> list[dict[str, Any]]:
    """The messages that come back from Manners while a body drips in."""
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        await asyncio.sleep(pause)
        piece = pieces.pop(0) if pieces else b""
        return {"type": "http.request", "body": piece, "more_body": bool(pieces)}

    async def send(message: Any) -> None:
        sent.append(dict(message))

    async def app(scope: Any, receive: Any, send: Any) -> None:
        more = True
        while more:
            more = (await receive()).get("more_body")
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    class Nothing:
        def request(self, *_: object) -> None: ...

    headers = [(b"content-type", b"application/json")]
    scope = {"type": "http", "method": "POST", "path": path, "raw_path": path.encode(), "query_string": b"", "headers": headers}
    await Manners(app, settings, Nothing())(scope, receive, send)  # type: ignore[arg-type]  # figures that count nothing
    return sent


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/uploads", "/v1/campaigns"])
def test_408_for_a_body_that_drips(path: str) -> None:
    settings = Settings(json_seconds=0.15, idle_seconds=0.1)
    sent = asyncio.run(_slow(path, [b"{}"], 0.3, settings))
    assert sent[0]["status"] == 408 and (b"connection", b"close") in sent[0]["headers"]
    assert asyncio.run(_slow(path, [b"{}"], 0.0, settings))[0]["status"] == 204


def test_408_in_all_though_no_piece_is_late() -> None:
    drops = [b" "] * 30
    assert asyncio.run(_slow("/v1/jobs", list(drops), 0.02, Settings(json_seconds=0.2)))[0]["status"] == 408
    assert asyncio.run(_slow("/v1/uploads", list(drops), 0.02, Settings(stream_seconds=0.2)))[0]["status"] == 408
    assert asyncio.run(_slow("/v1/uploads", list(drops), 0.001, Settings(idle_seconds=0.5)))[0]["status"] == 204


# ---- headers -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/nothing", "/docs", "/healthz", "/v1/keys/x"])
def test_headers_that_browsers_heed(shop: Any, path: str) -> None:
    told = shop.ask("GET", path).headers
    assert told["x-content-type-options"] == "nosniff" and told["cache-control"] == "no-store"
    assert "default-src 'none'" in told["content-security-policy"] and told["referrer-policy"] == "no-referrer"
    assert told["x-frame-options"] == "DENY" and "server" not in told


@pytest.mark.parametrize("sent", ["abc-1.2_3", "a" * 64])
def test_a_request_s_own_id_comes_back(shop: Any, sent: str) -> None:
    assert shop.ask("GET", "/healthz", headers={"X-Request-Id": sent}).headers["x-request-id"] == sent


@pytest.mark.parametrize("sent", [b"a b", b"a" * 65, b"", b"a\tb", b"<script>", "é".encode()])
def test_what_is_no_id_does_not(shop: Any, sent: bytes) -> None:
    told = shop.ask("GET", "/healthz", headers={"X-Request-Id": sent}).headers["x-request-id"]
    assert len(told) == 32 and told != sent.decode("latin-1")


@pytest.mark.parametrize("reference", ["a\r\nX-Evil: 1", "a\nb", "a\x00b", "\u2028", "../../x"])
def test_no_header_comes_of_an_order(shop: Any, reference: str) -> None:
    answer = shop.ask("POST", "/v1/jobs", json={**ORDER, "reference": reference})
    assert "x-evil" not in answer.headers and all(reference not in value for value in answer.headers.values())
    assert answer.status_code == (202 if reference.isprintable() else 422)


@pytest.mark.parametrize("key", ["a b", "", "a" * 256, "\u00e9", "a\tb"])
def test_idempotency_keys_that_are_none(shop: Any, key: str) -> None:
    assert shop.ask("POST", "/v1/jobs", json=ORDER, headers={"Idempotency-Key": key.encode()}).status_code == 422


# ---- logs and figures --------------------------------------------------------------------------------------------------


class logging_to:
    """Every log of ours, as the web process writes it."""

    def __init__(self, stream: io.StringIO) -> None:
        self.handler = logging.StreamHandler(stream)
        self.handler.setFormatter(logs.Lines())

    def __enter__(self) -> None:
        self.log = logging.getLogger("unikat")
        self.level = self.log.level
        self.log.addHandler(self.handler)
        self.log.setLevel(logging.INFO)

    def __exit__(self, *_: object) -> None:
        self.log.removeHandler(self.handler)
        self.log.setLevel(self.level)


def test_a_line_for_each_request_with_no_value_in_it(shop: Any) -> None:
    stream = io.StringIO()
    canary = {"template": "phone-case", "parameters": {"name": "Canary"}, "reference": "canary-1", "purpose": "canary-2"}
    with logging_to(stream):
        job = shop.order(order=canary, headers={"Idempotency-Key": "canary-3", "X-Request-Id": "mine"})["id"]
        shop.ask("GET", "/v1/jobs?reference=canary-1")
        shop.ask("GET", "/v1/canary-path?canary-query=1")
        shop.ask("POST", "/v1/jobs", json={**canary, "parameters": {"canary": 1}})
        shop.ask("POST", "/v1/jobs", content=b'{"canary', headers=JSON)
        shop.ask("GET", f"/v1/jobs/{job}/files/canary.stl")
        shop.ask("CANARY", "/v1/jobs")
        shop.lane.says = ValueError("canary-4")
        shop.ask("POST", "/v1/quotes", json=canary)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    requests = [line for line in lines if line["message"] == "request"]
    assert len(requests) == 8 and "anary" not in stream.getvalue().replace("CANARY", "")
    assert requests[0]["request"] == "mine" and requests[0]["route"] == "/v1/jobs" and requests[0]["status"] == 202
    assert requests[0]["tenant"] == shop.tenant and requests[2]["route"] == "-"
    assert all(token not in stream.getvalue() for token in shop.tokens.values())
    text = shop.ask("GET", "/metrics", "metrics").text
    assert "anary" not in text.replace("CANARY", "") and "CANARY" not in text


def test_figures_are_read_when_asked(shop: Any) -> None:
    def jobs(state: str) -> float:
        lines = shop.ask("GET", "/metrics", "metrics").text.splitlines()
        return sum(float(line.split()[1]) for line in lines if line.startswith(f'unikat_jobs{{state="{state}"}}'))

    assert jobs("queued") == 0
    done, _ = shop.order()["id"], shop.order()
    assert jobs("queued") == 2
    shop.finish(done)
    assert (jobs("queued"), jobs("done")) == (1, 1)
    text = shop.ask("GET", "/metrics", "metrics").text
    assert (
        'unikat_requests_total{method="POST",route="/v1/jobs",status="202"} 2.0' in text and "unikat_copies_ready 1.0" in text
    )
    assert shop.tenant not in text and done not in text


def test_a_formatter_writes_ids_and_no_text_of_exceptions() -> None:
    record = logging.makeLogRecord(
        {"name": "unikat.x", "msg": "a %s", "args": ("b",), "levelname": "INFO", "chunk": "c1", "n": 3}
    )
    told = json.loads(logs.Lines().format(record))
    assert (told["message"], told["chunk"], told["n"], told["logger"]) == ("a b", "c1", 3, "unikat.x")
    assert "\n" not in logs.Lines().format(logging.makeLogRecord({"msg": "a\nb"}))


# ---- health, docs, what is loaded --------------------------------------------------------------------------------------


def test_what_orders_wait_for_is_said_by_who_is_ready(shop: Any) -> None:
    def lacks() -> Any:
        answer = shop.client.get("/readyz")
        assert answer.status_code == 200, "orders are taken, and wait"
        return answer.json()["lacks"]

    assert lacks() == []
    with shop.house.database.write() as conn:
        telling.tell(conn, telling.Told(at=shop.clock[0], lacks=("no scheduler answers",)), {})
    assert lacks() == ["no scheduler answers"]
    shop.clock[0] += 31_000
    assert lacks() == ["the dispatcher has said nothing for 31 s"]
    with shop.house.database.write() as conn:
        telling.tell(conn, telling.Told(at=shop.clock[0], lanes=3), {})
    assert lacks() == []


def test_ready_until_told_to_end(shop: Any) -> None:
    assert shop.client.get("/healthz").json() == {"status": "alive"}
    assert shop.client.get("/readyz").json() == {"status": "ready", "lacks": []}
    shop.app.state.desk.closing.set()
    assert is_problem(shop.client.get("/readyz"), 503)
    assert shop.client.get("/healthz").status_code == 200


def test_the_page_needs_nothing_from_elsewhere(shop: Any) -> None:
    answer = shop.client.get("/docs")
    found: list[tuple[str, str | None]] = []

    class Links(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            assert tag not in ("script", "link", "img", "iframe", "object")
            found.extend(one for one in attrs if one[0] in ("src", "href"))

    Links().feed(answer.text)
    assert ("href", "/openapi.json") in found
    assert all(
        name == "href" and str(where).startswith(("/docs", "/openapi.json")) for name, where in found if name != "aria-current"
    )
    assert all(path in answer.text for path in shop.app.openapi()["paths"])
    assert "url(" not in answer.text and "@import" not in answer.text


def test_nothing_heavy_is_loaded() -> None:
    """In a process of its own: here the tests of others have loaded it all."""
    code = (
        "import sys, pathlib, tempfile\n"
        "import service.web\n"
        "from service.app import create\nfrom service.house import open_house\nfrom starlette.testclient import TestClient\n"
        "from service.serve import first_key\n"
        "house = open_house(pathlib.Path(tempfile.mkdtemp()))\nkey = first_key(house)\n"
        "with TestClient(create(house)) as c:\n"
        "    c.headers['Authorization'] = f'Bearer {key}'\n"
        "    assert c.post('/v1/jobs', json={'template': 'phone-case'}).status_code == 202\n"
        "    assert c.get('/v1/templates/phone-case').status_code == 200\n"
        "    assert c.get('/v1/processes').status_code == 200\n"
        "print([m for m in ('numba', 'llvmlite', 'cadquery', 'OCP', 'vtk', 'manifold3d', 'uharfbuzz') if m in sys.modules])"
    )
    ended = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert ended.stdout.strip() == "[]", ended.stdout + ended.stderr


# ---- settings ----------------------------------------------------------------------------------------------------------


def test_settings_of_a_folder(tmp_path: pathlib.Path) -> None:
    assert load(tmp_path) == Settings()
    (tmp_path / "settings.toml").write_text("rate = 5\njson_bytes = 1000\n")
    assert load(tmp_path).rate == 5 and load(tmp_path).json_bytes == 1000
    (tmp_path / "settings.toml").write_text("check_one_in = 0\n")
    assert load(tmp_path).check_one_in == 0


@pytest.mark.parametrize(
    "line",
    [
        "rat = 5",
        "rate = -1",
        "rate = 'x'",
        "json_bytes = 1.5",
        "rate = true",
        "rate =",
        "rate = nan",
        "rate = 0",
        "check_one_in = -1",
        "check_one_in = 0.5",
    ],
)
def test_settings_that_are_none(tmp_path: pathlib.Path, line: str) -> None:
    from engine.errors import EnvironmentFault

    (tmp_path / "settings.toml").write_text(line)
    with pytest.raises(EnvironmentFault, match=r"settings\.toml"):
        load(tmp_path)
