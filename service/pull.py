"""Pulls finished units from a service into a folder: a print shop's client, in one file that needs Python 3.11 and nothing else.

    UNIKAT_KEY=... python pull.py --url https://maker.example --process fdm-pla --out DIR --formats 3mf,gcode

Each unit becomes a folder DIR/SERIAL-COPY with its files and unit.json, all at once: what stands there is whole, its hashes are
right, and the service knows that it is here, so nobody else gets it. A journal (DIR/.unikat/journal) says how far it is; killed
at any moment, the same command goes on and pulls nothing twice.

Ends with 0: all there was is here. 1: some could not be had (lost to another lease, erased, damaged, or not sliced). 2: the
service does not take this key or this request. 3: the service does not answer, or the disk takes no files.
130: stopped by Ctrl-C.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import fcntl
import hashlib
import http.client
import json
import os
import pathlib
import re
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

ALL, SOME, REFUSED, UNREACHABLE, STOPPED = 0, 1, 2, 3, 130
BATCH, LEASE, WAIT = 5, 900, 10
"""Units of one lease; its seconds; seconds that the service may wait for G-code before it answers."""
PATIENCE = 300.0
"""Seconds without any answer after which it gives up."""
TIMEOUT, TRIES = 40.0, 3
"""Seconds without a byte; downloads of one file."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,79}")
_ID = re.compile(r"[0-9A-Fa-f-]{8,40}")


class Told(Exception):
    """A refusal: the service's status (0: our own), its words, and after how many seconds it may be asked again."""

    def __init__(self, status: int, words: str, later: float = 0.0) -> None:
        super().__init__(words)
        self.status = status
        self.later = later


class Silent(Exception):
    """The service did not answer for as long as we are patient."""


class Damaged(Exception):
    """A file came with another hash than was told, again and again."""


class _Stay(urllib.request.HTTPRedirectHandler):
    """A key goes to no other place than the one that was named: a redirect is an error."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return


@dataclass
class Line:
    """The service, over connections that may die: what may be said again is said again until it is answered."""

    url: str
    key: str
    patience: float = PATIENCE
    say: Callable[[str], None] = lambda words: None
    _opener: urllib.request.OpenerDirector = field(default_factory=lambda: urllib.request.build_opener(_Stay))

    def ask(self, method: str, path: str, body: dict[str, Any] | None = None, **headers: str) -> bytes:
        """The answer's bytes. Told for a refusal, Silent when there is none in time."""
        until = time.monotonic() + self.patience
        pause = 0.25
        while True:
            try:
                return self._once(method, path, body, headers)
            except Told as told:
                if told.status < 500 and told.status not in (408, 425, 429):
                    raise
                why, later = f"status {told.status}", told.later
            except (OSError, http.client.HTTPException) as error:
                why, later = type(error).__name__, 0.0
            if time.monotonic() + max(pause, later) > until:
                raise Silent(f"{self.url} does not answer ({why})")
            self.say(f"no answer ({why}), again in {max(pause, later):.0f} s")
            time.sleep(max(pause, later))
            pause = min(10.0, pause * 2)

    def _once(self, method: str, path: str, body: dict[str, Any] | None, headers: dict[str, str]) -> bytes:
        data = None if body is None else json.dumps(body).encode()
        told = {"Authorization": f"Bearer {self.key}", **{name.replace("_", "-"): value for name, value in headers.items()}}
        if data is not None:
            told["Content-Type"] = "application/json"
        request = urllib.request.Request(urllib.parse.urljoin(self.url, path), data, told, method=method)
        try:
            with self._opener.open(request, timeout=TIMEOUT) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            with error:
                words = error.read(1 << 16)
            later = error.headers.get("Retry-After") or ""
            raise Told(error.code, _words(words), min(60.0, float(later)) if later.isdecimal() else 0.0) from None

    def post(self, path: str, body: dict[str, Any], **headers: str) -> dict[str, Any]:
        """POST, and the JSON that comes back."""
        answer = self.ask("POST", path, body, **headers)
        return dict(json.loads(answer)) if answer else {}


def _words(body: bytes) -> str:
    """What a problem says, for a person."""
    try:
        problem = json.loads(body)
        return ": ".join(str(problem[name]) for name in ("title", "field", "detail") if problem.get(name))
    except (ValueError, TypeError, AttributeError):
        return "no words"


class Journal:
    """What was asked, got and done, line by line on the disk before the next step is taken. A line cut off by a crash is not there."""

    def __init__(self, folder: pathlib.Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._file = (folder / "journal").open("a+b")
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Told(0, f"another pull is at work in {folder.parent}") from None
        self._file.seek(0)
        read = self._file.read()
        whole = read[: read.rfind(b"\n") + 1]
        self._file.truncate(len(whole))
        self.lines: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]

    def write(self, **line: Any) -> None:
        """One more line, on the disk when this returns."""
        self._file.write(json.dumps(line, sort_keys=True).encode() + b"\n")
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self, *, over: bool) -> None:
        """Let another pull work here; when all is done, the lines are worth nothing more."""
        if over:
            self._file.truncate(0)
        self._file.close()


@dataclass
class Lease:
    """Units that are ours. `renew_at`: by our own monotonic clock."""

    token: str
    units: dict[str, dict[str, Any]]
    renew_at: float = 0.0


@dataclass
class Pull:
    """One run. `asked`: the claim's body but for its limit."""

    line: Line
    out: pathlib.Path
    asked: dict[str, Any]
    limit: int | None = None
    say: Callable[[str], None] = lambda words: None
    done: int = 0
    lost: set[str] = field(default_factory=set)
    unsliced: dict[str, int] = field(default_factory=dict)
    journal: Journal = field(init=False)

    @property
    def hidden(self) -> pathlib.Path:
        """Where what is not whole yet lies."""
        return self.out / ".unikat"

    def run(self) -> int:
        """Finish what was begun, then claim until there is no more; the exit status."""
        self.journal = Journal(self.hidden)
        over = False
        try:
            for lease in self._begun():
                self._work(lease)
            while self.limit is None or self.done < self.limit:
                if not self._claim(str(uuid.uuid4())):
                    break
            over = True
        finally:
            self.journal.close(over=over)
        shutil.rmtree(self.hidden / "coming", ignore_errors=True)
        for why, n in self.unsliced.items():
            self.say(f"{n} without G-code: {why}")
        return SOME if self.lost or self.unsliced else ALL

    def _begun(self) -> Iterator[Lease]:
        """What an earlier run left: units of leases that were answered, and a claim that perhaps was."""
        units: dict[str, tuple[str, dict[str, Any]]] = {}
        asking: dict[str, Any] | None = None
        for line in self.journal.lines:
            if "ask" in line:
                asking = line
            elif "lease" in line:
                asking = None
                units.update({unit["id"]: (line["lease"], unit) for unit in line["units"]})
            elif "none" in line:
                asking = None
            else:
                units.pop(line.get("done") or line.get("lost") or "", None)
        by_lease: dict[str, dict[str, dict[str, Any]]] = {}
        for one, (token, unit) in units.items():
            by_lease.setdefault(token, {})[one] = unit
        for token, some in by_lease.items():
            self.say(f"going on with {len(some)} units")
            yield Lease(token, some)
        if asking is not None:
            self._claim(asking["ask"], asking["body"])

    def _claim(self, name: str, body: dict[str, Any] | None = None) -> bool:
        """One claim and its units; False when nothing is there and nothing is being sliced. `name` makes it safe to ask again."""
        if body is None:
            most = BATCH if self.limit is None else min(BATCH, self.limit - self.done)
            body = {**self.asked, "limit": most}
            self.journal.write(ask=name, body=body)
        answer = self.line.post("/v1/pickups:claim", body, Idempotency_Key=name)
        units: dict[str, dict[str, Any]] = {unit["id"]: unit for unit in answer["units"]}
        if not all(_ID.fullmatch(unit[name]) for unit in units.values() for name in ("id", "serial")):
            raise Told(0, "the service names units in a way that this disk shall not see")
        if not units:
            self.journal.write(none=name)
            self.unsliced = answer["slicing"]["failed"]
            if waiting := answer["slicing"]["waiting"]:
                self.say(f"{waiting} units are being sliced")
            return bool(waiting)
        self.journal.write(lease=answer["lease"], units=list(units.values()))
        self._work(Lease(answer["lease"], units, _half(answer["expires"])))
        return True

    def _work(self, lease: Lease) -> None:
        """Fetch, check, acknowledge and show each unit of a lease; a lease that is over loses all that is not acknowledged."""
        for one, unit in list(lease.units.items()):
            try:
                if not self._place(unit).exists():
                    self._renew(lease)
                    self._fetch(unit)
                    self.line.post("/v1/pickups:ack", {"lease": lease.token, "units": [one]})
                    os.replace(self._coming(unit), self._place(unit))
                    _sync(self.out)
            except Told as told:
                if told.status not in (404, 409, 410):
                    raise
                self._lose(unit, str(told))
            except Damaged as damaged:
                self._lose(unit, str(damaged))
                with contextlib.suppress(Told):
                    self.line.post("/v1/pickups:release", {"lease": lease.token, "units": [one]})
            else:
                self.journal.write(done=one)
                self.done += 1
                self.lost.discard(one)
                self.say(f"{self.done}: {unit['serial']}-{unit['copy_number']}")

    def _lose(self, unit: dict[str, Any], why: str) -> None:
        shutil.rmtree(self._coming(unit), ignore_errors=True)
        self.journal.write(lost=unit["id"])
        self.lost.add(unit["id"])
        self.say(f"lost {unit['serial']}-{unit['copy_number']}: {why}")

    def _renew(self, lease: Lease) -> None:
        """The lease runs on, when half of it is over; one of an earlier run at once: it says whether it is ours still."""
        if time.monotonic() >= lease.renew_at:
            try:
                answer = self.line.post("/v1/pickups:renew", {"lease": lease.token, "seconds": LEASE})
            except Told as told:
                if told.status != 409:
                    raise
                lease.renew_at = (
                    time.monotonic() + LEASE / 2
                )  # what was acknowledged may be so again; the rest is told when asked for
            else:
                lease.renew_at = _half(answer["expires"])

    def _fetch(self, unit: dict[str, Any]) -> None:
        """All files of a unit, whole, on the disk."""
        folder = self._coming(unit)
        folder.mkdir(parents=True, exist_ok=True)
        for told in unit["files"]:
            if not _NAME.fullmatch(told["name"]) or not re.match("/v1/", told["href"]):
                raise Damaged("a file has a name that this disk shall not see, or lies elsewhere")
            place = folder / told["name"]
            for _ in range(TRIES):
                if place.is_file() and hashlib.sha256(place.read_bytes()).hexdigest() == told["sha256"]:
                    break
                _write(place, self.line.ask("GET", told["href"]))
            else:
                raise Damaged(f"{told['name']} came damaged {TRIES} times")
        kept = {name: unit[name] for name in unit if name not in ("files", "state")}
        _write(folder / "unit.json", json.dumps(kept, indent=1, sort_keys=True).encode())
        _sync(folder)

    def _place(self, unit: dict[str, Any]) -> pathlib.Path:
        """Where a unit stands when it is here. Two jobs of the very same order have the same serial: the second bears its id, too."""
        place = self.out / f"{unit['serial']}-{int(unit['copy_number'])}"
        told = place / "unit.json"
        ours = not place.exists() or (told.is_file() and json.loads(told.read_bytes())["id"] == unit["id"])
        return place if ours else self.out / f"{place.name}-{unit['id']}"

    def _coming(self, unit: dict[str, Any]) -> pathlib.Path:
        return self.hidden / "coming" / str(unit["id"])


def _half(expires: str) -> float:
    """When half of what is left of a lease is over, by our monotonic clock; a service's clock that is wrong makes it renew often."""
    left = datetime.datetime.fromisoformat(expires).timestamp() - time.time()
    return time.monotonic() + max(0.0, min(left, LEASE)) / 2


def _write(place: pathlib.Path, data: bytes) -> None:
    with place.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: pathlib.Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def pull(
    url: str,
    process: str,
    out: str,
    *,
    machine: str | None = None,
    formats: str = "3mf",
    limit: int | None = None,
    key_file: str | None = None,
    patience: float = PATIENCE,
) -> int:
    """The command; its exit status."""

    def say(words: str) -> None:
        print(words, file=sys.stderr, flush=True)

    try:
        key = os.environ.get("UNIKAT_KEY") if key_file is None else pathlib.Path(key_file).read_text("ascii").strip()
    except (OSError, ValueError) as error:
        print(f"the key cannot be read: {error}", file=sys.stderr)
        return REFUSED
    if not key or not re.match(r"https?://", url):
        print("a key is needed (--key-file or UNIKAT_KEY), and a URL with http or https", file=sys.stderr)
        return REFUSED
    asked = {"process": process, "machine": machine, "formats": formats.split(","), "seconds": LEASE, "wait": WAIT}
    run = Pull(Line(url, key, patience, say), pathlib.Path(out), asked, limit, say)
    try:
        status = run.run()
    except Told as told:
        print(f"the service refuses ({told.status}): {told}" if told.status else str(told), file=sys.stderr)
        return REFUSED
    except Silent as silent:
        print(str(silent), file=sys.stderr)
        return UNREACHABLE
    except OSError as error:
        print(f"the disk takes no files: {error}", file=sys.stderr)
        return UNREACHABLE
    except KeyboardInterrupt:
        return STOPPED
    say(f"{run.done} units pulled, {len(run.lost)} lost")
    return status


def main(arguments: list[str] | None = None) -> int:
    """For a shop that has this file alone."""
    parser = argparse.ArgumentParser(description="Pull finished units from a service into a folder.")
    for name in ("url", "process", "out"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--machine")
    parser.add_argument("--formats", default="3mf")
    parser.add_argument("--limit", type=int)
    parser.add_argument("--key-file")
    parser.add_argument("--patience", type=float, default=PATIENCE)
    return pull(**vars(parser.parse_args(arguments)))


if __name__ == "__main__":
    raise SystemExit(main())
