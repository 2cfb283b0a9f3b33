"""The pages of service/docs tell the truth: their tables are the code's, what they name exists, and they are served as they are."""

from __future__ import annotations

import ast
import dataclasses
import html
import inspect
import json
import pathlib
import re
import time

import pytest
from standardwebhooks import Webhook
from starlette.testclient import TestClient

from service import cli_service
from service.api import guides
from service.api.metrics import Figures
from service.app import create
from service.erasures import LINE
from service.house import House
from service.settings import Settings
from service.states import JOB
from service.store import keys, outbox
from tests.service.privacy.made import house_in

ROOT = pathlib.Path(__file__).parents[2]
TEXTS = {name: (guides.FOLDER / f"{name}.md").read_text(encoding="utf-8") for name in guides.PAGES}


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> House:
    return house_in(tmp_path_factory.mktemp("docs") / "house")[0]


@pytest.fixture(scope="module")
def client(house: House) -> TestClient:
    return TestClient(create(house))


def rows(page: str, heading: str) -> dict[str, str]:
    """The table under a heading row: the code in the first cell -> the second cell."""
    found = re.search(rf"^\| {heading} \|.*\n\|[-|]+\|\n((?:\|.*\n)+)", TEXTS[page], re.M)
    assert found, (page, heading)
    return {cells[1].strip().strip("`"): cells[2].strip() for line in found[1].splitlines() for cells in [line.split("|")]}


def test_settings_are_those_of_the_code() -> None:
    told = rows("operations", "setting")
    assert told == {field.name: str(field.default) for field in dataclasses.fields(Settings)}


def test_figures_are_those_of_the_code(house: House) -> None:
    figures = Figures(house)
    figures.request("GET", "/healthz", 200, 0.1)
    made = set(re.findall(r"^# HELP (unikat_\w+)", figures.text().decode(), re.M))
    assert set(rows("operations", "figure")) == {name for name in made if not name.endswith("_created")}


def test_scopes_events_and_states_are_those_of_the_code() -> None:
    assert tuple(rows("keys", "scope")) == keys.SCOPES
    assert tuple(rows("webhooks", "event")) == outbox.EVENTS
    assert list(rows("jobs", "state")) == list(JOB.states)


def test_every_route_that_is_named_is_there(client: TestClient) -> None:
    there = client.get("/openapi.json").json()["paths"]
    patterns = [(m.upper(), re.sub(r"\{\w+\}", "[^/]+", path)) for path, methods in there.items() for m in methods]
    named = {found for text in TEXTS.values() for found in re.findall(r"`(GET|POST|PUT|PATCH|DELETE) (/[^\s?`]*)", text)}
    assert len(named) > 30
    lost = [one for one in named if not any(one[0] == m and re.fullmatch(p, one[1]) for m, p in patterns)]
    assert lost == []
    assert not any(re.fullmatch(p, "/v1/plates") for _, p in patterns), "the patterns are not too wide"


def test_every_command_and_option_that_is_named_is_there() -> None:
    from service.cli import app

    source = inspect.getsource(cli_service) + (ROOT / "service/cli.py").read_text(encoding="utf-8")
    for name, text in TEXTS.items():
        for command, rest in re.findall(r"unikat ([a-z]+)\b([^\n`]*)", "\n".join(re.findall(r"`[^`]+`|^    .*", text, re.M))):
            assert command in app.commands, (name, command)
            for option in re.findall(r"--[a-z-]+", rest):
                assert f'"{option}"' in source or option in ("--data", "--all"), (name, option)


def test_every_file_of_the_pages_is_a_page_or_is_drawn_in_one() -> None:
    assert {p.stem for p in guides.FOLDER.glob("*.md")} == set(guides.PAGES)
    assert {p.name for p in guides.FOLDER.glob("*.svg")} == set(guides.DRAWINGS)
    drawn = {found for text in TEXTS.values() for found in re.findall(r"!\[[^\]]+\]\(([^)]+)\)", text)}
    assert drawn == set(guides.DRAWINGS)


@pytest.mark.parametrize("name", guides.PAGES)
def test_a_page_needs_nothing_from_elsewhere(client: TestClient, name: str) -> None:
    answer = client.get(f"/docs/{name}")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/html")
    assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in answer.text and "<style>" + guides.STYLE + "</style>" in answer.text
    for attribute, where in re.findall(r'(href|src)="([^"]+)"', answer.text):
        if where.startswith("https://"):
            assert attribute == "href"
            continue
        assert client.get(where if where.startswith("/") else f"/docs/{where}").status_code == 200, where
    assert answer.text.count("aria-current") == 2, "in the style, and in the place where one is"


def test_a_page_shows_markup_as_text() -> None:
    assert html.escape("<script>alert(1)</script>") in guides._markdown.render("a <script>alert(1)</script>")
    assert "javascript:" not in re.findall(r'href="([^"]*)"', guides._markdown.render("[x](javascript:alert(1))"))


@pytest.mark.parametrize(
    "name", ["nothing", "..%2F..%2Fpyproject.toml", "start.md", "%2e%2e", "cases.png", "jobs/../../settings"]
)
def test_what_is_no_page_is_not_there(client: TestClient, name: str) -> None:
    answer = client.get(f"/docs/{name}")
    assert answer.status_code == 404 and answer.json()["status"] == 404


def test_the_page_of_the_api_leads_to_the_others(client: TestClient) -> None:
    told = client.get("/docs").text
    assert all(f'href="/docs/{name}"' in told for name in guides.PAGES)


def test_it_serves_this_machine_alone_unless_told() -> None:
    assert inspect.signature(cli_service.serve).parameters["host"].default == "127.0.0.1"


def test_the_signature_check_of_the_page_takes_ours_and_no_other() -> None:
    (source,) = re.findall(r"```python\n(.*?)```", TEXTS["webhooks"], re.S)
    room: dict[str, object] = {}
    exec(source, room)
    ours = room["ours"]
    assert callable(ours)
    secret, body = "whsec_" + "c2VjcmV0" * 4, json.dumps({"type": "erased"})
    now = int(time.time())
    import datetime

    def headers(at: int, key: str = secret) -> dict[str, str]:
        signature = Webhook(key).sign("msg", datetime.datetime.fromtimestamp(at, datetime.UTC), body)
        return {"webhook-id": "msg", "webhook-timestamp": str(at), "webhook-signature": f"v1,bm8= {signature}"}

    assert ours(secret, headers(now), body.encode())
    assert not ours(secret, headers(now), body.encode() + b" ")
    assert not ours(secret, headers(now, "whsec_" + "b3RoZXJz" * 4), body.encode())
    assert not ours(secret, headers(now - 400), body.encode())
    assert not ours(secret, {**headers(now), "webhook-id": "another"}, body.encode())


# ---- the list of security.md -----------------------------------------------------------------------------------------


def missing(text: str) -> list[str]:
    """The tests that a text names and that are not there."""
    lost = []
    for file, name in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", text):
        path = ROOT / file
        tree = ast.parse(path.read_text(encoding="utf-8")) if path.is_file() else ast.Module([], [])
        known = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
        if not path.is_file() or (name and name not in known) or not any(n.startswith("test_") for n in known):
            lost.append(f"{file}::{name}")
    return lost


def test_every_test_that_the_list_names_is_there() -> None:
    assert len(re.findall(r"`tests/", TEXTS["security"])) > 50
    assert missing(TEXTS["security"]) == []


def test_a_test_that_is_not_there_is_missed() -> None:
    here = "tests/service/test_docs.py"
    told = f"`{here}::test_nothing` `tests/service/test_no.py` `{here}::missing_too` `{here}::test_a_test_that_is_not_there_is_missed`"
    assert missing(told) == [f"{here}::test_nothing", "tests/service/test_no.py::", f"{here}::missing_too"]


def test_every_promise_has_a_test() -> None:
    promises = re.findall(r"^\| (?!promise|---)(.+) \| (.+) \|$", TEXTS["security"], re.M)
    assert len(promises) > 40 and all("`tests/" in shown for _, shown in promises)


def test_the_journal_is_as_the_page_on_privacy_says() -> None:
    assert LINE.fullmatch(f"{'0' * 32} 1800000000000 asked") and not LINE.fullmatch(f"{'0' * 32} 1800000000000 Anna Müller")
