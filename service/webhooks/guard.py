"""Posts to an address that a stranger chose, without lending him this machine's place in its network.

The name is resolved once; every address that it has must be a public one, and the connection goes to the address that was looked
at, while certificate, SNI and Host are the name's. No redirect is followed, no proxy is asked, time and size of the answer are
limited. Sources: OWASP, Server-Side Request Forgery Prevention; RFC 6890 and the IANA special-purpose registries; RFC 9112.
"""

from __future__ import annotations

import ipaddress
import os
import re
import socket
import ssl
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

LOCAL = "UNIKAT_LOCAL_WEBHOOKS"
"""Set by `unikat serve --allow-local-webhooks`, for tests: http, and addresses of this machine and its network, too."""
SECONDS = 10.0
ANSWER = 16_384
"""Bytes of an answer's status and headers; nothing of its body is read."""
LONGEST_URL = 2000

_TUNNELS = tuple(
    ipaddress.ip_network(told)
    for told in (
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "::ffff:0:0:0/96",  # IPv4-translated, RFC 2765
        "64:ff9b::/96",  # NAT64, RFC 6052
        "64:ff9b:1::/48",  # NAT64 of a network's own, RFC 8215
        "2001::/23",  # IETF protocol assignments, Teredo among them
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fec0::/10",  # site-local
        "192.0.0.0/24",  # IETF protocol assignments
        "192.88.99.0/24",  # 6to4 relays
    )
)
"""What leads to other addresses, or is no host's: refused whole, whatever lies behind."""
_HOST = re.compile(
    r"(?=.{1,253}$)[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?)*\.?"
)
_PRINTED = re.compile(r"[\x21-\x7e]+")
_STATUS = re.compile(rb"HTTP/1\.[01] ([1-5]\d\d)[ \r\n]")

Resolver = Callable[[str, int], list[str]]


class Refused(Exception):
    """This URL is not posted to. Its words are a code: `scheme`, `url`, `address`, `name`."""


@dataclass(frozen=True)
class Target:
    """Where a URL leads: `address` is one of the name's own."""

    tls: bool
    host: str
    port: int
    path: str
    address: str


def local_allowed() -> bool:
    """Whether this service may post to its own network."""
    return os.environ.get(LOCAL) == "1"


def is_public(told: str) -> bool:
    """Whether an address is a host's in the open internet, and leads to no other network."""
    try:
        address = ipaddress.ip_address(told.partition("%")[0])
    except ValueError:
        return False
    if "%" in told or any(address in network for network in _TUNNELS if network.version == address.version):
        return False
    closed = address.is_private or address.is_loopback or address.is_link_local or address.is_reserved
    return address.is_global and not closed and not address.is_multicast and not address.is_unspecified


def taken_apart(url: str, *, local: bool = False) -> tuple[bool, str, int, str]:
    """TLS, host, port and path of a URL that may be posted to, as far as its text says. Refused with a code."""
    if len(url) > LONGEST_URL or not _PRINTED.fullmatch(url) or "\\" in url:
        raise Refused("url")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise Refused("url") from None
    if parts.scheme != "https" and not (local and parts.scheme == "http"):
        raise Refused("scheme")
    host = parts.hostname or ""
    if parts.username is not None or parts.password is not None or parts.fragment or "#" in url or port == 0:
        raise Refused("url")
    literal = parts.netloc.startswith("[")
    if not (literal or _HOST.fullmatch(host)):
        raise Refused("url")
    if literal or re.fullmatch(r"[0-9.]+", host):
        try:
            ipaddress.ip_address(host)
        except ValueError:
            raise Refused("url") from None
        if not local and not is_public(host):
            raise Refused("address")
    tls = parts.scheme == "https"
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return tls, host, port or (443 if tls else 80), path


def resolve(host: str, port: int) -> list[str]:
    """All addresses of a name, as the system knows them."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise Refused("name") from None
    return [str(place[4][0]) for place in found]


def look_at(url: str, *, local: bool = False, resolver: Resolver = resolve) -> Target:
    """Where the URL leads, resolved this once. Refused when any address of the name is not public."""
    tls, host, port, path = taken_apart(url, local=local)
    addresses = resolver(host, port)
    if not addresses:
        raise Refused("name")
    if not local and not all(is_public(address) for address in addresses):
        raise Refused("address")
    return Target(tls, host, port, path, addresses[0])


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    *,
    local: bool = False,
    seconds: float = SECONDS,
    resolver: Resolver = resolve,
    context: ssl.SSLContext | None = None,
) -> int:
    """POST once; the status that was answered. Refused, or OSError (TimeoutError, ssl.SSLError among them) for no answer."""
    until = time.monotonic() + seconds
    target = look_at(url, local=local, resolver=resolver)
    raw = socket.create_connection((target.address, target.port), timeout=_left(until))
    try:
        if target.tls:
            raw.settimeout(_left(until))
            raw = (context or ssl.create_default_context()).wrap_socket(raw, server_hostname=target.host)
        raw.settimeout(_left(until))
        raw.sendall(_request(target, body, headers))
        return _status(raw, until)
    finally:
        raw.close()


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError("the answer took too long")
    return left


def _request(target: Target, body: bytes, headers: Mapping[str, str]) -> bytes:
    host = f"[{target.host}]" if ":" in target.host else target.host
    usual = target.port == (443 if target.tls else 80)
    told = {
        "Host": host if usual else f"{host}:{target.port}",
        "User-Agent": "unikat-webhooks/1",
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Connection": "close",
        **headers,
    }
    lines = [f"POST {target.path} HTTP/1.1", *(f"{name}: {value}" for name, value in told.items())]
    if any("\r" in line or "\n" in line for line in lines):
        raise Refused("url")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1") + body


def _status(connection: socket.socket, until: float) -> int:
    """The final status: what is only informational (1xx) is read over."""
    read = b""
    while len(read) <= ANSWER:
        told = _STATUS.match(read)
        if told is not None and int(told[1]) >= 200:
            return int(told[1])
        if told is None and len(read) >= len(b"HTTP/1.1 200 "):
            break
        _, ended, rest = read.partition(b"\r\n\r\n")
        if ended:
            read = rest
            continue
        connection.settimeout(_left(until))
        some = connection.recv(4096)
        if not some:
            break
        read += some
    raise ConnectionError("the answer is no HTTP")
