"""What the page on several machines says of the storm has the shape that the storm writes; and its tools do what they are for."""

from __future__ import annotations

import http.server
import random
import re
import urllib.error
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest

from tests import several
from tests.answering import answering
from tests.calling import Seen
from tests.faults import Faults, faults


@pytest.fixture
def behind() -> Iterator[int]:
    """A server that answers GET and PUT."""

    class Answers(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(self.path.encode())

        do_PUT = do_GET

        def log_message(self, *_: Any) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers)
    with answering(server):
        yield server.server_port


def asked(door: Faults, path: str, data: bytes | None = None) -> int:
    told = urllib.request.Request(f"http://127.0.0.1:{door.port}/{path}", data, method="GET" if data is None else "PUT")
    try:
        with urllib.request.urlopen(told, timeout=10) as answer:
            assert answer.read() == f"/{path}".encode()
            return int(answer.status)
    except urllib.error.HTTPError as error:
        return error.code


def test_a_door_passes_all_on_or_answers_500(behind: int) -> None:
    with faults(behind) as door:
        assert asked(door, "a") == asked(door, "b", bytes(1 << 20)) == 200
        door.fail(True)
        assert asked(door, "a") == asked(door, "b", bytes(1 << 20)) == 500
        assert door.refused == 2
        door.fail(False)
        assert asked(door, "a") == 200


class Played:
    """A service that answers as it is told to."""

    def __init__(self, status: int, **headers: str) -> None:
        self.answer = status, b"{}", headers

    def asked(self, *_: Any, **__: Any) -> Any:
        if self.answer[0] == 0:
            raise ConnectionResetError
        return self.answer


@pytest.mark.parametrize("status, headers, fair", [
    (200, {}, True), (503, {"Retry-After": "5"}, True), (0, {}, True),
    (503, {}, False), (503, {"Retry-After": "soon"}, False), (500, {"Retry-After": "5"}, False), (404, {}, False), (429, {"Retry-After": "1"}, False),
])  # fmt: skip
def test_every_answer_but_success_and_503_with_retry_after_is_wrong(status: int, headers: dict[str, str], fair: bool) -> None:
    seen = Seen()
    seen.call(Played(status, **headers), "GET", "/readyz")  # type: ignore[arg-type]
    assert (seen.wrong == []) is fair and seen.answers[status] == 1


def test_thirty_acts_are_of_every_kind() -> None:
    kinds = [several.kind_of(n) for n in range(several.ROUND)]
    assert set(kinds) == set(several.KINDS)
    assert all(kinds.count(kind) == 1 for kind in several.AWAY_S)


def test_the_page_has_the_table_that_the_storm_writes() -> None:
    told = several.Storm([], None, None, None, None, random.Random(1))  # type: ignore[arg-type]
    shape = several.table(told.figures(0, 0.0, 0)).splitlines()
    found = re.search(r"\| what was done, or counted \|.*\n(?:\|.*\n)+", several.PAGE.read_text(encoding="utf-8"))
    assert found
    page = found[0].splitlines()
    assert [line.split("|")[1] for line in page] == [line.split("|")[1] for line in shape]
    figures = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in page[2:]}
    assert figures["units lost, finished twice, or otherwise wrong"] == "0"
    assert all(int(figures[words.format(round(several.AWAY_S.get(k, 0)))]) > 0 for k, words in several.KINDS.items())
