"""A word that nobody else says goes through the whole service, by every door and every failure, and is then erased.

While it is there it is in no log, no figure, no webhook and no answer to anybody but its sender; afterwards it is nowhere at all.
"""

from __future__ import annotations

import io
import json
import os
import pathlib
import re
import shutil
import textwrap
import time
import urllib.parse
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
import sqlalchemy as sa

from engine.model.places import cache_folder
from service.backup import back_up, restore
from service.clock import now
from service.house import DATABASE, ERASURES, KEY, PACKS
from service.packs import Packs
from service.store import keys
from service.store.database import Database
from service.store.schema import campaigns, jobs, outbox, uploads
from tests.acceptance.canary import CANARY, REFERENCE, forms, keepers, said, traces
from tests.acceptance.serving import PATIENCE_S, Answer, Served, serving
from tests.collector import collecting

BOMB = '''
import os, sys
from engine.authoring import Template, choice, scan, stage, text

class Bomb(Template):
    """Fails in every way that a designer's template can."""
    key, version = "bomb", 1
    how = choice("say", dict.fromkeys(("say", "raise", "die", "abort", "read"), ("How", "Comment")), label=("How", "Comment"))
    name = text("", max_graphemes=24, label=("Name", "Prénom"))
    foot = scan(label=("Foot", "Pied"))

    @stage
    def body(self):
        said = f"I am {self.name}"
        if self.how == "read":
            said += f" {self.foot} {self.foot.mesh().points}"
        print(said), print(said, file=sys.stderr)
        if self.how == "die":
            os._exit(3)
        if self.how == "abort":
            os.abort()
        raise ValueError(said)
'''
ESCAPED = urllib.parse.quote(CANARY)
SCAN = f"# {CANARY}\nv 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n".encode()


@dataclass
class Story:
    """What was done, and what is to be looked at."""

    served: Served
    room: pathlib.Path
    keys: dict[str, str]
    jobs: list[str] = field(default_factory=list)
    others: list[tuple[str, Answer]] = field(default_factory=list)
    sealed: list[bytes] = field(default_factory=list)
    before: dict[str, list[str]] = field(default_factory=dict)
    messages: list[str] = field(default_factory=list)
    ends: dict[str, str] = field(default_factory=dict)
    links: list[str] = field(default_factory=list)
    traces: list[tuple[str, bytes]] = field(default_factory=list)

    @property
    def house(self) -> pathlib.Path:
        return self.served.folder


def order(template: str = "phone-case", **parameters: object) -> dict[str, Any]:
    told = {"template": template, "parameters": {"name": CANARY, **parameters}, "reference": f"no {REFERENCE}"}
    return {**told, "purpose": f"make it for {CANARY}", "legal_basis": f"{CANARY} agreed"}


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    room = tmp_path_factory.mktemp("canary")
    designer = room / "designer"
    about = designer / "bomb-1.dist-info"
    about.mkdir(parents=True)
    (designer / "bomb.py").write_text(textwrap.dedent(BOMB), encoding="utf-8")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: bomb\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[unikat.templates]\nbomb = bomb:Bomb\n")
    for name in ("cache", "temporary"):
        (room / name).mkdir()
    environment = {
        "UNIKAT_CACHE": str(room / "cache"),
        "NUMBA_CACHE_DIR": str(cache_folder() / "kernels"),
        "TMPDIR": str(room / "temporary"),
        "PYTHONPATH": str(designer),
    }
    with (
        collecting() as collector,
        serving(room / "house", "--allow-local-webhooks", **environment, **collector.environment) as served,
    ):
        told = Story(served, room, new_keys(served), traces=collector.came)
        served.call("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/hook", "events": ["job.ended", "erased"]})
        sent(told)
        asked_wrongly(told)
        asked_by_others(told)
        looked_at_before(told)
        back_up(str(told.house), str(room / "backup"), True)
        erased(told)
    yield told


def new_keys(served: Served) -> dict[str, str]:
    """Everybody who is not the sender: another shop, a print shop, the sender's web page, who watches the figures."""
    database = Database(served.folder / DATABASE)
    with database.write() as conn:
        seller = keys.tenant_named(conn, "owner")
        assert seller is not None
        shop, printer = (keys.new_tenant(conn, name, now()) for name in ("another shop", "printer"))
        granted = {"sellers": [seller], "processes": ["mjf-pa12", "fdm-pla", "fdm-tpu", "fdm-petg"]}
        told = {
            "another shop": keys.new_key(conn, shop, "till", ["owner"], now())[1],
            "print shop": keys.new_key(conn, printer, "press", ["pickup"], now(), **granted)[1],
            "web page": keys.new_key(conn, seller, "page", ["preview"], now())[1],
            "watcher": keys.new_key(conn, printer, "watch", ["metrics"], now())[1],
            "nobody": "",
        }
    database.close()
    return told


def sent(story: Story) -> None:
    """Orders that are made, refused and failed in every way; a campaign, an upload, a quote, a preview."""
    call = story.served.call
    upload = call("POST", "/v1/uploads?kind=scan&unit=mm", SCAN, Content_Type="application/octet-stream")
    assert upload.status == 201
    orders = {
        "made": order(),
        "sliced": {**order(), "process": "fdm-tpu"},
        "refused": order(wall=1.0),
        "raised": order("bomb", how="raise"),
        "died": order("bomb", how="die"),
        "aborted": order("bomb", how="abort"),
        "read": {**order("bomb", how="read"), "inputs": {"foot": {"sha256": upload.json["sha256"], "unit": "mm"}}},
    }
    waiting = {}
    for name, body in orders.items():
        answer = call("POST", "/v1/jobs", body, Idempotency_Key=f"{name}-1")
        assert answer.status == 202, (name, answer.body)
        waiting[name] = answer.json["id"]
    story.jobs += waiting.values()
    for name, job in waiting.items():
        ended = story.served.ended(job)
        story.ends[name] = f"{ended['state']} {ended['reason'] or ''}".strip()
    assert call("POST", "/v1/quotes", order()).status == 200
    assert call("POST", "/v1/previews", order()).status in (200, 503)
    rows = "".join(json.dumps({"parameters": {"name": CANARY}, "reference": f"{REFERENCE}{n}"}) + "\n" for n in range(3))
    where = f"/v1/campaigns?template=phone-case&formats=3mf&name={ESCAPED}"
    assert call("POST", where, rows.encode(), Content_Type="application/x-ndjson").status == 202
    bad = f'{{"parameters": {{"name": "{CANARY}", "{CANARY}": 1}}}}\n'
    assert call("POST", where, bad.encode(), Content_Type="application/x-ndjson").status == 422
    (one,) = call("GET", "/v1/campaigns").json["items"]
    until = time.monotonic() + PATIENCE_S
    while call("GET", f"/v1/campaigns/{one['id']}").json["state"] == "running" and time.monotonic() < until:
        time.sleep(0.1)


def asked_wrongly(story: Story) -> None:
    """The word where it does not belong."""
    call = story.served.call
    assert call("PUT", "/v1/refused-words", {"words": ["forbidden"]}).status == 200
    wrong: list[Answer] = [
        call("POST", "/v1/jobs", order(wall=CANARY)),
        call("POST", "/v1/jobs", {**order(), CANARY: 1}),
        call("POST", "/v1/jobs", order(**{CANARY: 1})),
        call("POST", "/v1/jobs", order(CANARY)),
        call("POST", "/v1/jobs", order(name=f"{CANARY} forbidden")),
        call("POST", "/v1/jobs", order(name=CANARY * 40)),
        call("POST", "/v1/jobs", {**order(), "process": CANARY}),
        call("POST", "/v1/jobs", f'{{"{CANARY}'.encode(), Content_Type="application/json"),
        call("POST", "/v1/jobs", CANARY.encode(), Content_Type="text/plain"),
        call("POST", "/v1/quotes", order(wall=CANARY)),
        call("POST", "/v1/quotes", order("bomb", how="raise")),
        call("POST", "/v1/previews", order("bomb", how="die")),
        call("POST", "/v1/webhooks", {"url": f"ftp://{CANARY}/", "events": ["erased"], CANARY: 1}),
        call("POST", "/v1/keys", {"name": "x", "scopes": [CANARY]}),
        call("POST", f"/v1/uploads?kind={ESCAPED}&unit=mm", b"x", Content_Type="application/octet-stream"),
        call("GET", f"/v1/jobs/{ESCAPED}"),
        call("GET", f"/{ESCAPED}"),
        call("DELETE", f"/v1/uploads/{ESCAPED}"),
        call("GET", f"/v1/jobs?cursor={ESCAPED}&state={ESCAPED}"),
        call("GET", "/v1/jobs", key=f"unikat_{ESCAPED}"),
        call("GET", "/v1/jobs", key="unikat", Cookie=CANARY, User_Agent=CANARY, X_Request_Id=CANARY, Origin=CANARY),
        call("POST", "/v1/jobs", order(), Idempotency_Key=CANARY),
        call(
            "GET",
            f"/v1/jobs?reference={urllib.parse.quote(REFERENCE)}",
            If_None_Match=CANARY,
            User_Agent=CANARY,
            X_Request_Id=CANARY,
        ),
    ]
    assert [answer.status for answer in wrong[:-1] if not 400 <= answer.status <= 504] == []
    assert wrong[-1].status == 200
    assert "forbidden" in wrong[4].json["limit"]


def asked_by_others(story: Story) -> None:
    """Every route, with every id that there is, by everybody but the sender; and a print shop pulls what was made."""
    call, press = story.served.call, story.keys["print shop"]
    process = call("GET", f"/v1/jobs/{story.jobs[0]}").json["process"]
    claim = call("POST", "/v1/pickups:claim", {"process": process, "limit": 100, "formats": ["3mf"], "links": True}, press)
    assert claim.json["units"], claim.body
    story.others.append(("claim", claim))
    for unit in claim.json["units"]:
        story.others += [(f["href"], call("GET", f["href"], key=press)) for f in unit["files"]]
        story.links += [f["link"] for f in unit["files"]]
        story.others += [(f"a link to {f['href']}", call("GET", f["link"], key="")) for f in unit["files"]]
    assert [where for where, answer in story.others if where.startswith("a link") and answer.status != 200] == []
    wanted = {"process": "fdm-tpu", "formats": ["3mf", "gcode"], "wait": 20}
    until = time.monotonic() + PATIENCE_S
    while not (sliced := call("POST", "/v1/pickups:claim", wanted, press)).json["units"]:
        assert sliced.json["slicing"]["waiting"] and time.monotonic() < until, sliced.body
    story.others.append(("claim of G-code", sliced))
    for file in [f for unit in sliced.json["units"] for f in unit["files"]]:
        story.others.append((file["href"], call("GET", file["href"], key=press)))
    (upload,) = [
        a.json["sha256"] for where, a in story.served.answers if where.startswith("POST /v1/uploads") and a.status == 201
    ]
    ids = {
        "job": story.jobs[0],
        "unit": claim.json["units"][0]["id"],
        "endpoint": call("GET", "/v1/webhooks").json["items"][0]["id"],
        "key_id": call("GET", "/v1/keys").json["items"][0]["id"],
        "sha256": upload,
        "key": "phone-case",
        "field": "phone",
        "campaign": call("GET", "/v1/campaigns").json["items"][0]["id"],
        "process": process,
        "link": "A" * 80,
    }
    known: dict[str, Any] = call("GET", "/openapi.json").json["paths"]
    for path, methods in sorted(known.items()):
        for name in ("record.json", "model.3mf") if "{name}" in path else ("",):
            where = path.format_map({**ids, "name": name})
            for method in sorted({"get", "post", "put", "patch", "delete"} & set(methods)):
                for whose, key in story.keys.items():
                    if (whose, path) == ("another shop", "/v1/refused-words"):
                        continue  # its own list
                    body = {} if method in ("post", "put", "patch") else None
                    story.others.append((f"{whose}: {method} {where}", call(method.upper(), where, body, key)))


def looked_at_before(story: Story) -> None:
    """What can be found while it is there, and what must not be."""
    database = Database(story.house / DATABASE)
    with database.read() as conn:
        rows = [row._mapping for row in conn.execute(sa.select(jobs))]
        story.messages = list(conn.execute(sa.select(outbox.c.body)).scalars())
        kept = [row._mapping for row in conn.execute(sa.select(uploads))]
    database.close()
    packs = Packs(story.house / PACKS)
    for row in rows:
        story.sealed += [bytes(row[name]) for name in ("sealed", "wrapped", "told") if row[name]]
        story.sealed += [packs.read(row["pack"], at, size) for at, size, *_ in (row["files"] or {}).values()]
    story.sealed += [bytes(row["wrapped"]) for row in kept] + [packs.path(row["pack"]).read_bytes() for row in kept]
    story.before = {
        "database": traces(story.house),
        "sealed": keepers(story.sealed, story.house),
        "record": said(story.served.call("GET", f"/v1/jobs/{story.jobs[0]}/record").body),
    }


def erased(story: Story) -> None:
    """All of it, as its sender would."""
    call = story.served.call
    for one in call("GET", "/v1/jobs?limit=200").json["items"]:
        if one["state"] != "erased" and one["campaign"] is None:
            assert call("DELETE", f"/v1/jobs/{one['id']}").status == 200
    for where, answer in list(story.served.answers):
        if where.startswith("POST /v1/uploads") and answer.status == 201:
            assert call("DELETE", f"/v1/uploads/{answer.json['sha256']}").status == 204
    for one in call("GET", "/v1/campaigns").json["items"]:
        assert call("DELETE", f"/v1/campaigns/{one['id']}").status == 202
    database = Database(story.house / DATABASE)
    left, until = 1, time.monotonic() + PATIENCE_S
    while left and time.monotonic() < until:
        with database.read() as conn:
            left = conn.execute(sa.select(sa.func.count()).select_from(jobs).where(jobs.c.state != "erased")).scalar_one()
            left += conn.execute(
                sa.select(sa.func.count()).select_from(campaigns).where(campaigns.c.name.is_not(None))
            ).scalar_one()
        time.sleep(0.2 if left else 0)
    database.close()
    assert not left
    assert story.links and {patiently(story.served, link) for link in story.links} == {404}


def patiently(served: Served, link: str) -> int:
    """What a link that opens nothing answers. So many failed attempts before may be told to come again: then so they do."""
    while (answer := served.call("GET", link, key="")).status == 429:
        time.sleep(float(answer.headers["Retry-After"]))
    return answer.status


# ---- while it is there -----------------------------------------------------------------------------------------------


def test_the_story_went_everywhere(story: Story) -> None:
    """Made, refused, failed by words and by death; otherwise the tests below would look at little."""
    ends = {name: end.split()[0] for name, end in story.ends.items()}
    assert ends == {
        "made": "done",
        "sliced": "done",
        "refused": "refused",
        "raised": "failed",
        "died": "failed",
        "aborted": "failed",
        "read": "failed",
    }, story.ends
    assert story.ends["read"] == "failed template", "its scan was read, and then its stage raised"
    assert len(story.others) > 150 and len(story.messages) >= 5
    made = [answer for where, answer in story.others if where.endswith("/model.gcode")]
    assert made and made[0].status == 200 and b"G1 " in made[0].body


def test_what_is_there_is_found(story: Story) -> None:
    """The searches can find: the word in the sender's own record and in the store, what is sealed in the packs and the backup."""
    assert "UTF-8" in story.before["record"]
    assert any(DATABASE in place for place in story.before["database"])
    assert {pathlib.Path(place).suffix for place in story.before["sealed"]} >= {".pack"}
    assert keepers(story.sealed, story.room / "backup") and traces(story.room / "backup")


@pytest.mark.parametrize("form", forms())
def test_a_leak_is_found_in_every_form(tmp_path: pathlib.Path, form: str) -> None:
    (tmp_path / "some.log").write_bytes(b"before " + forms()[form] + b" after")
    assert any(found.endswith(f": {form}") for found in traces(tmp_path))


def test_it_is_in_no_log(story: Story) -> None:
    lines = [json.loads(line) for line in story.served.log.read_text(encoding="utf-8").splitlines()[2:]]
    assert len(lines) > 200 and all({"time", "level", "logger", "message"} <= line.keys() for line in lines)
    assert {line["logger"] for line in lines} >= {"unikat.web", "unikat.dispatch"}
    assert traces(story.served.log) == []
    assert [whose for whose, key in story.keys.items() if key and key.encode() in story.served.log.read_bytes()] == []


def test_it_is_in_no_trace(story: Story) -> None:
    """Of requests, and of the roads of chunks, as they went over the wire."""
    sent = b"".join(body for _, body in story.traces)
    assert {path for path, _ in story.traces} == {"/v1/traces"}, "no logs, no metrics of anybody's"
    assert all(name in sent for name in (b"request", b"claim", b"handing", b"make", b"unit", b"settle", b"/v1/jobs/{job}"))
    assert sent.count(b"http.route") > 200 and all(job.encode() in sent for job in story.jobs)
    assert said(sent) == []
    assert [whose for whose, key in story.keys.items() if key and key.encode() in sent] == []


def test_it_is_in_no_figure(story: Story) -> None:
    (told,) = [a for where, a in story.others if where == "watcher: get /metrics"]
    assert told.status == 200 and b"unikat_requests" in told.body and said(told.body) == []


def test_it_is_in_no_webhook(story: Story) -> None:
    assert [body for body in story.messages if said(body.encode())] == []
    assert {json.loads(body)["type"] for body in story.messages} == {"job.ended"}


def test_it_is_in_no_answer_to_anybody_else(story: Story) -> None:
    leaks = []
    for where, answer in story.others:
        told = [answer.body, repr(answer.headers).encode()]
        if answer.body.startswith(b"PK"):
            told += [zipped.read(name) for zipped in [zipfile.ZipFile(io.BytesIO(answer.body))] for name in zipped.namelist()]
        words = (CANARY,) if re.search(r"/v1/pickups/.*/model\.3mf$", where) else ()
        leaks += [where for data in told if said(data, *words)]
    assert leaks == []
    assert {answer.status for _, answer in story.others} >= {200, 401, 403, 404}


# ---- once it is erased -----------------------------------------------------------------------------------------------


def test_it_is_nowhere(story: Story) -> None:
    places = [story.room / name for name in ("house", "cache", "temporary")]
    assert traces(*places, story.served.log) == []
    assert keepers(story.sealed, *places, story.served.log) == []


def test_the_journal_and_the_receipts_say_nothing_of_it(story: Story) -> None:
    journal = story.house / ERASURES
    assert len(journal.read_text().split("\n")) > len(story.jobs) and traces(journal) == []


@pytest.mark.parametrize("journal", [True, False])
def test_a_backup_that_is_restored_forgets_it_too(story: Story, tmp_path: pathlib.Path, journal: bool) -> None:
    """With the journal nothing is left; without it, what the backup holds comes back, so that the search is no empty one."""
    fresh = tmp_path / "fresh"
    saved = [str(shutil.copy(story.house / ERASURES, tmp_path / "saved.log"))] if journal else []
    assert restore(str(story.room / "backup"), str(fresh), str(story.house / KEY), saved, True) == 0
    found = traces(fresh) + keepers(story.sealed, fresh)
    assert bool(found) is not journal, found
    assert os.stat(fresh / DATABASE).st_size > 0
