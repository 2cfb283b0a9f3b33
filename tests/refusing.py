"""A bucket of one object that refuses one right as S3 does where a key's policy lacks it: with 403, of objects to delete in a list's answer."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from tests.answering import answering

DENIED = b"<Error><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
LISTED = b"<ListBucketResult><Name>packs</Name><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>"


DELETED = b"<DeleteResult>%s</DeleteResult>"
KEPT = b"<Error><Key>%s</Key><Code>AccessDenied</Code><Message>Access Denied</Message></Error>"
GONE = b"<Deleted><Key>%s</Key></Deleted>"


class Refusing:
    """`asked`, `refused`: what came, in words as `GET object`. `environment`: what a process needs to find it."""

    def __init__(self, right: str) -> None:
        self.asked: list[str] = []
        self.refused: list[str] = []
        self.kept = b""
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                told = f"{self.command} {'list' if 'list-type' in self.path else 'object'}".replace("POST", "DELETE")
                stub.asked.append(told)
                if self.command == "POST":
                    keys = re.findall(rb"<Key>(.*?)</Key>", body)
                    stub.refused += [told] * (told == right)
                    self.say(200, DELETED % b"".join((KEPT if told == right else GONE) % key for key in keys))
                elif told == right:
                    stub.refused.append(told)
                    self.say(403, DENIED)
                elif told == "GET list":
                    self.say(200, LISTED)
                elif told == "GET object":
                    first, last = map(int, re.findall(r"\d+", self.headers["Range"]))
                    self.say(206, stub.kept[first : last + 1], ("Content-Range", f"bytes {first}-{last}/{len(stub.kept)}"))
                else:
                    stub.kept = body
                    self.say(200, b"")

            do_GET = do_PUT = do_POST = answer

            def say(self, status: int, body: bytes, *headers: tuple[str, str]) -> None:
                self.send_response(status)
                for name, value in (("ETag", '"e"'), ("Last-Modified", "Wed, 21 Oct 2026 07:28:00 GMT"), *headers):
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: object) -> None:
                """Nothing."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.environment = {
            "AWS_ACCESS_KEY_ID": "unikat",
            "AWS_SECRET_ACCESS_KEY": "unikat",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{self.server.server_port}",
        }


@contextlib.contextmanager
def refusing(right: str) -> Iterator[Refusing]:
    """For as long as the block lasts."""
    made = Refusing(right)
    with answering(made.server):
        yield made
