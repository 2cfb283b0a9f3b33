"""Campaigns with real processes that are killed: complete in the end, nothing lost, nothing twice, every file as the manifest says.

`uv run python -m tests.acceptance.test_campaign 10000` does it with ten thousand names.
"""

from __future__ import annotations

import contextlib
import csv
import hashlib
import http.server
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from engine.language import shelf
from engine.make import make
from engine.model.order import Order
from service.clock import new_id, now
from service.house import open_house
from service.store import tallies
from service.store.database import sqlite_module

ROOT = pathlib.Path(__file__).parents[2]
SHARED = ROOT.parent / "shared" / "data"
UNIKAT = [sys.executable, "-c", "from service.cli import main; main()"]
GIVE_UP = 300.0


def names(count: int) -> list[str]:
    """As people are called: the frequent names again and again."""
    rows = csv.reader((SHARED / "names" / "yob2017.txt").read_text().splitlines())
    known = [(name, int(n)) for name, _, n in rows]
    total, at = sum(n for _, n in known), 0
    found: list[str] = []
    for name, n in known:
        at += n
        found += [name] * (at * count // total - len(found))
    return [found[k * 7919 % len(found)] for k in range(len(found))]  # 7919 is prime: shuffled, the same each time


def wrong_in(
    lines: Sequence[str], first: int, count: int, file: Callable[[dict[str, Any], str], bytes], sample: int = 1
) -> list[str]:
    """What is wrong with a manifest of so many units, none of which may have failed; of each `sample`th unit every file is read."""
    units = [json.loads(line) for line in lines]
    found = []
    if [unit["line"] for unit in units] != list(range(first, first + count)):
        found.append("its lines are not those of the file, each once")
    if len({unit["id"] for unit in units}) != len(units):
        found.append("an id stands twice")
    serials = [serial for unit in units for serial in unit["serials"]]
    if len(set(serials)) != len(serials):
        found.append("a serial stands twice")
    for unit in units:
        good = unit["state"] == "done" and unit["verdict"] == "printable" and unit["serials"]
        if not good and not (unit["state"] == "refused" and unit["reason"]):
            found.append(f"line {unit['line']}: {unit['state']} {unit['verdict']} {unit['reason']}")
        if good and not {"model.3mf", "thumbnail.png", "record.json", "report.json"} <= set(unit["files"]):
            found.append(f"line {unit['line']}: a file is missing")
    for unit in units[::sample]:
        for name, told in unit["files"].items():
            if hashlib.sha256(file(unit, name)).hexdigest() != told["sha256"]:
                found.append(f"line {unit['line']}: {name} is not what the manifest says")
    return found


def test_the_checker_sees_what_is_wrong() -> None:
    digest = hashlib.sha256(b"x").hexdigest()
    files = {name: {"sha256": digest} for name in ("model.3mf", "thumbnail.png", "record.json", "report.json")}
    good = [
        {"line": n, "id": str(n), "state": "done", "verdict": "printable", "reason": None, "serials": [f"s{n}"], "files": files}
        for n in (1, 2)
    ]

    def wrong(change: dict[str, Any], data: bytes = b"x") -> list[str]:
        return wrong_in([json.dumps(good[0]), json.dumps({**good[1], **change})], 1, 2, lambda unit, name: data)

    assert wrong({}) == []
    for change in ({"line": 3}, {"id": "1"}, {"serials": ["s1"]}, {"state": "failed"}, {"files": {}}, {"state": "queued"}):
        assert wrong(change), change
    assert wrong({}, b"y") and wrong_in([json.dumps(good[0])], 1, 2, lambda unit, name: b"x")


class Service:
    """`unikat serve` over a folder. `kill` ends it as a power cut does; its processes follow."""

    def __init__(self, folder: pathlib.Path, key: str = "") -> None:
        self.log = folder.parent / f"serve-{time.monotonic_ns()}.log"
        with self.log.open("wb") as out:
            command = [*UNIKAT, "serve", "--data", str(folder), "--port", "0", "--lanes", "2", "--allow-local-webhooks"]
            self.process = subprocess.Popen(command, cwd=ROOT, stdout=out, stderr=subprocess.STDOUT)
        until = time.monotonic() + GIVE_UP
        while (at := re.search(r"Serving on (http://\S+),", self.log.read_text())) is None:
            assert self.process.poll() is None and time.monotonic() < until, self.log.read_text()
            time.sleep(0.05)
        told = re.search(r"told this once: (unikat_\S+)", self.log.read_text())
        self.at, self.key = at[1], told[1] if told else key

    def call(self, path: str, body: bytes | None = None, **headers: str) -> bytes:
        told = {"Authorization": f"Bearer {self.key}", **{n.replace("_", "-"): v for n, v in headers.items()}}
        with urllib.request.urlopen(urllib.request.Request(self.at + path, body, told), timeout=60) as came:
            return bytes(came.read())

    def until(self, path: str, enough: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        give_up = time.monotonic() + GIVE_UP
        while not enough(told := json.loads(self.call(path))):
            assert time.monotonic() < give_up, told
            time.sleep(0.1)
        return dict(told)

    def dispatcher(self) -> int:
        """Its process's id."""
        for place in pathlib.Path("/proc").glob("[0-9]*"):
            try:
                command, status = (place / "cmdline").read_bytes(), (place / "stat").read_text()
            except OSError:
                continue
            if b"service.dispatch" in command and int(status.rpartition(")")[2].split()[1]) == self.process.pid:
                return int(place.name)
        raise AssertionError("no dispatcher")

    def kill(self, with_: int = signal.SIGKILL) -> None:
        self.process.send_signal(with_)
        self.process.wait(timeout=60)


class Receiver:
    """Where a shop takes webhooks: looks at each signature, keeps every body by its id, and loses the first try of some."""

    def __init__(self) -> None:
        self.secret = ""
        self.bodies: dict[str, set[bytes]] = {}
        self.unsigned = 0
        receiver, lock = self, threading.Lock()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                one = self.headers["webhook-id"]
                with lock:
                    try:
                        Webhook(receiver.secret).verify(body, dict(self.headers))
                    except WebhookVerificationError:
                        receiver.unsigned += 1
                    first = one not in receiver.bodies
                    receiver.bodies.setdefault(one, set()).add(body)
                self.send_response(500 if first and hashlib.sha256(one.encode()).digest()[0] < 8 else 204)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.at = f"http://127.0.0.1:{self.server.server_port}/hook"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def told(self, kind: str) -> list[dict[str, Any]]:
        """What messages of that type said, each id once."""
        bodies = [json.loads(next(iter(found))) for found in list(self.bodies.values())]
        return [body["data"] for body in bodies if body["type"] == kind]

    def wrong(self, campaign: str, units: Sequence[str]) -> list[str]:
        """What is wrong with all that was told of a campaign of these units."""
        told = [unit["id"] for data in self.told("units.ended") if data["campaign"] == campaign for unit in data["units"]]
        found = ["a signature is wrong"] if self.unsigned else []
        found += ["an id had two bodies"] if any(len(bodies) > 1 for bodies in self.bodies.values()) else []
        found += ["a unit was told of twice"] if len(set(told)) != len(told) else []
        found += ["units were not told of, or are nobody's"] if set(told) != set(units) else []
        return found + ([] if len(self.told("campaign.ended")) == 1 else ["the end was not told of once"])


def test_the_receiver_sees_what_is_wrong() -> None:
    receiver = Receiver()

    def body(kind: str, **data: Any) -> bytes:
        return json.dumps({"type": kind, "data": {"campaign": "c", **data}}).encode()

    good = {
        "1": {body("units.ended", units=[{"id": "a"}])},
        "2": {body("units.ended", units=[{"id": "b"}])},
        "3": {body("campaign.ended")},
    }
    receiver.bodies = dict(good)
    assert receiver.wrong("c", ["a", "b"]) == []
    for change in (
        {"1": good["1"] | {body("units.ended", units=[{"id": "a", "line": 1}])}},
        {"2": good["1"]},
        {"3": good["2"]},
        {"4": {body("campaign.ended")}},
        {"4": {body("units.ended", units=[{"id": "z"}])}},
    ):
        receiver.bodies = good | change
        assert receiver.wrong("c", ["a", "b"]), change
    receiver.bodies, receiver.secret = {}, "whsec_" + "A" * 32
    headers = {"webhook-id": "9", "webhook-timestamp": "1", "webhook-signature": "v1,x"}
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(urllib.request.Request(receiver.at, body("campaign.ended"), headers), timeout=10)
    assert receiver.unsigned == 1
    receiver.server.shutdown()


def through_the_api(folder: pathlib.Path, count: int) -> float:
    """A campaign over HTTP; the dispatcher is killed in its first third, the whole service in its second; a receiver hears of every unit. Units a second, kills and all."""
    receiver = Receiver()
    body = "".join(json.dumps({"parameters": {"name": name}}) + "\n" for name in names(count)).encode()
    service = Service(folder)
    try:
        hook = json.dumps({"url": receiver.at, "events": ["units.ended", "campaign.ended"]}).encode()
        receiver.secret = json.loads(service.call("/v1/webhooks", hook, Content_Type="application/json"))["secret"]
        path = "/v1/campaigns?template=phone-case&formats=3mf,png"
        told = json.loads(service.call(path, body, Content_Type="application/x-ndjson", Idempotency_Key="spring"))
        began, where = time.monotonic(), f"/v1/campaigns/{told['id']}"
        assert told["rows"] == count

        def ended(told: dict[str, Any]) -> int:
            return sum(n for state, n in told["counts"].items() if state not in ("queued", "running"))

        service.until(where, lambda told: ended(told) > count // 8)
        os.kill(service.dispatcher(), signal.SIGKILL)
        service.until(where, lambda told: ended(told) > count // 3)
        key = service.key
        service.kill()
        service = Service(folder, key)
        again = service.call(path, body, Content_Type="application/x-ndjson", Idempotency_Key="spring")
        assert json.loads(again)["id"] == told["id"]  # who did not hear the answer asks again
        told = service.until(where, lambda told: told["state"] == "done")
        spent = time.monotonic() - began
        lines = service.call(f"{where}/manifest").decode().splitlines()
        read = lambda unit, name: service.call(f"/v1/jobs/{unit['id']}/files/{name}")  # noqa: E731
        assert wrong_in(lines, 1, count, read, sample=max(1, count // 40)) == []
        units = [json.loads(line)["id"] for line in lines]
        give_up = time.monotonic() + 60
        while receiver.wrong(told["id"], units) and time.monotonic() < give_up:  # what was lost comes again
            time.sleep(0.2)
        assert receiver.wrong(told["id"], units) == []
        service.kill(signal.SIGTERM)
    finally:
        receiver.server.shutdown()
        if service.process.poll() is None:
            service.kill()
    house = open_house(folder)
    with house.database.read() as conn:
        assert tallies.wrong(conn) == []
        pieces = conn.exec_driver_sql("SELECT COUNT(*), COUNT(DISTINCT serial) FROM copies").one()
        assert pieces[0] == pieces[1] == sum(json.loads(line)["state"] == "done" for line in lines)
    house.database.close()
    return count / spent


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is absent")
def test_a_thousand_names_through_the_api_killed_twice(tmp_path: pathlib.Path) -> None:
    assert through_the_api(tmp_path / "data", 1000) > 1


def local(folder: pathlib.Path) -> list[str]:
    command = ["campaign", str(folder / "names.csv"), "--template", "phone-case", "--out", str(folder / "out"), "--json"]
    return [*UNIKAT, *command, "--jobs", "2"]


def done(folder: pathlib.Path) -> dict[str, int]:
    """Units that have ended, with their attempts."""
    place, sqlite = folder / "out" / ".unikat" / "unikat.db", sqlite_module()
    if not place.exists():
        return {}
    with contextlib.closing(sqlite.connect(f"file:{place}?mode=ro", uri=True)) as conn:
        try:
            return dict(conn.execute("SELECT id, attempt FROM jobs WHERE finished IS NOT NULL").fetchall())
        except sqlite.OperationalError:  # it is just being made
            return {}


def stopped(folder: pathlib.Path, more_than: int, with_: int) -> int:
    """Start it, and end it so, once more units than that have ended: its status."""
    process = subprocess.Popen(local(folder), cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + GIVE_UP
    while len(done(folder)) <= more_than:
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(with_)
    return process.wait(timeout=60)


def files_below(folder: pathlib.Path) -> Iterator[pathlib.Path]:
    return (p for p in folder.rglob("*") if p.is_file() and ".unikat" not in p.parts)


@pytest.mark.skipif(not SHARED.is_dir(), reason="../shared/data is absent")
def test_without_a_server_killed_and_stopped_it_goes_on(tmp_path: pathlib.Path) -> None:
    count = 300
    (tmp_path / "names.csv").write_text("name\n" + "".join(f"{name}\n" for name in names(count)), encoding="utf-8")
    assert stopped(tmp_path, 0, signal.SIGKILL) == -signal.SIGKILL
    first = done(tmp_path)
    assert stopped(tmp_path, len(first) + 16, signal.SIGINT) == 130
    second = done(tmp_path)
    assert not (tmp_path / "out" / "manifest.ndjson").exists() and len(first) < len(second) < count
    orphan = (
        tmp_path / "out" / ".unikat" / "packs" / "2f" / f"{new_id(now())[:-2]}2f.pack"
    )  # as a lane leaves it, killed before it told
    orphan.parent.mkdir(exist_ok=True)
    orphan.write_bytes(b"sealed")
    told = subprocess.run(local(tmp_path), cwd=ROOT, stdout=subprocess.PIPE, check=False)
    assert told.returncode in (0, 1), told
    assert json.loads(told.stdout)["made_now"] == count - len(second)
    last = done(tmp_path)
    assert len(last) == count and all(last[one] == attempt for one, attempt in (first | second).items())  # none twice
    out = tmp_path / "out"
    lines = (out / "manifest.ndjson").read_text().splitlines()
    assert wrong_in(lines, 2, count, lambda unit, name: (out / unit["folder"] / name).read_bytes()) == []
    named = {out / unit["folder"] / name for unit in map(json.loads, lines) for name in unit["files"]}
    assert set(files_below(out)) == named | {out / "manifest.ndjson"}
    assert max(len(list(p.iterdir())) for p in out.rglob("*") if p.is_dir()) <= 1000
    assert not list((out / ".unikat" / "packs").rglob("*.pack"))
    unit = json.loads(lines[41])
    order = Order("phone-case", parameters={"name": names(count)[41]}, reference=f"line {unit['line']}")
    alone = make(order, shelf.find("phone-case"), formats=("3mf", "png"))
    for name in ("model.3mf", "thumbnail.png", "record.json"):
        assert alone.files[name] == (out / unit["folder"] / name).read_bytes(), name


def test_bad_rows_are_told_before_anything_is_made(tmp_path: pathlib.Path) -> None:
    (tmp_path / "names.csv").write_text("name,wall\nZoe,99\nBo,2\n\u202e,x\n", encoding="utf-8")
    told = subprocess.run(local(tmp_path), cwd=ROOT, capture_output=True, check=False)
    assert told.returncode == 2
    said = json.loads(told.stdout)
    assert [(p["line"], p["field"]) for p in said["problems"]] == [
        (2, "parameters.wall"),
        (4, "parameters.name"),
        (4, "parameters.wall"),
    ]
    assert not list(files_below(tmp_path / "out"))
    other = subprocess.run([a for a in local(tmp_path) if a != "--json"], cwd=ROOT, capture_output=True, check=False)
    assert other.returncode == 2 and b"line 2: parameters.wall" in other.stderr


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as place:
        print(f"{through_the_api(pathlib.Path(place) / 'data', int(sys.argv[1])):.1f} units a second, two kills among them")
