"""The list of the notes, one by one: where a webhook may not lead."""

from __future__ import annotations

import contextlib
import datetime
import pathlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from service.webhooks import guard
from service.webhooks.guard import Refused, is_public, look_at, post, taken_apart

REFUSED = {
    "loopback": "127.0.0.1",
    "all of loopback": "127.255.255.254",
    "unspecified": "0.0.0.0",
    "this network": "0.1.2.3",
    "private 10": "10.0.0.1",
    "private 172": "172.16.0.1",
    "private 192": "192.168.1.1",
    "link-local, the cloud's metadata": "169.254.169.254",
    "CGNAT": "100.64.0.1",
    "the cloud's metadata in CGNAT": "100.100.100.200",
    "IETF": "192.0.0.8",
    "documentation": "192.0.2.1",
    "6to4 relay": "192.88.99.1",
    "benchmarks": "198.18.0.1",
    "multicast": "224.0.0.1",
    "multicast that is global": "233.252.0.1",
    "reserved": "240.0.0.1",
    "broadcast": "255.255.255.255",
    "v6 loopback": "::1",
    "v6 unspecified": "::",
    "IPv4-compatible": "::7f00:1",
    "IPv4-mapped": "::ffff:127.0.0.1",
    "IPv4-mapped, public": "::ffff:8.8.8.8",
    "IPv4-translated": "::ffff:0:7f00:1",
    "NAT64": "64:ff9b::7f00:1",
    "NAT64, public": "64:ff9b::808:808",
    "NAT64, local": "64:ff9b:1::1",
    "6to4": "2002:7f00:1::1",
    "Teredo": "2001::1",
    "v6 documentation": "2001:db8::1",
    "v6 documentation, new": "3fff::1",
    "ULA": "fd00::1",
    "ULA, the cloud's metadata": "fd00:ec2::254",
    "v6 link-local": "fe80::1",
    "v6 link-local with its zone": "fe80::1%eth0",
    "v6 site-local": "fec0::1",
    "v6 multicast": "ff02::1",
    "v6 multicast, global scope": "ff0e::1",
    "discard": "100::1",
    "segment routing": "5f00::1",
    "no address": "example.com",
}
PUBLIC = ("8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700:4700::1111", "2a00:1450:4001:81b::200e")


@pytest.mark.parametrize("name", REFUSED)
def test_an_address_that_is_no_public_host_s(name: str) -> None:
    told = REFUSED[name]
    assert not is_public(told)
    with pytest.raises(Refused, match="address"):
        look_at("https://shop.example/hook", resolver=lambda host, port: [told])


@pytest.mark.parametrize("told", PUBLIC)
def test_a_public_host_is_taken(told: str) -> None:
    assert is_public(told)
    target = look_at("https://shop.example/hook?x=1", resolver=lambda host, port: [told])
    assert (target.address, target.host, target.port, target.path) == (told, "shop.example", 443, "/hook?x=1")


def test_one_private_address_among_public_ones_is_enough() -> None:
    with pytest.raises(Refused, match="address"):
        look_at("https://shop.example/", resolver=lambda host, port: ["8.8.8.8", "10.0.0.1"])


@pytest.mark.parametrize(
    "url",
    ["https://2130706433/", "https://0x7f000001/", "https://0177.0.0.1/", "https://127.1/", "https://localhost/", "https://0/"],
)
def test_other_spellings_of_this_machine(url: str) -> None:
    """Whatever the system makes of the name is looked at, not its spelling."""
    with pytest.raises(Refused, match=r"address|name|url"):
        look_at(url)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://shop.example/", "scheme"),
        ("ftp://shop.example/", "scheme"),
        ("file:///etc/passwd", "scheme"),
        ("gopher://shop.example/", "scheme"),
        ("//shop.example/", "scheme"),
        ("https://", "url"),
        ("https:///hook", "url"),
        ("https://user:word@shop.example/", "url"),
        ("https://shop.example@10.0.0.1/", "url"),
        ("https://shop.example/#part", "url"),
        ("https://shop.example/a b", "url"),
        ("https://shop.example/\r\nX-Evil: 1", "url"),
        ("https://shop.example/\x00", "url"),
        ("https://shop.example\\@10.0.0.1/", "url"),
        ("https://shop.example:0/", "url"),
        ("https://shop.example:99999/", "url"),
        ("https://shop.example:x/", "url"),
        ("https://-shop.example/", "url"),
        ("https://shop..example/", "url"),
        ("https://shöp.example/", "url"),
        ("https://[::1]/", "address"),
        ("https://[fe80::1%25eth0]/", "address"),
        ("https://[not-v6]/", "url"),
        ("https://10.0.0.1/", "address"),
        ("https://169.254.169.254/latest/meta-data/", "address"),
        ("https://shop.example/" + "a" * 2000, "url"),
    ],
)
def test_a_url_that_nobody_posts_to(url: str, why: str) -> None:
    with pytest.raises(Refused, match=why):
        taken_apart(url)


def test_http_is_for_tests_alone() -> None:
    assert taken_apart("http://127.0.0.1:81/x", local=True) == (False, "127.0.0.1", 81, "/x")


# ---- over the wire


class Receiver:
    """Answers each connection with the bytes, or by what a function does."""

    def __init__(self, answer: bytes | Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> None:
        self.answer, self.context, self.read = answer, context, b""
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.socket.getsockname()[1]
        self.named: list[str | None] = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self.socket.accept()
                with contextlib.suppress(OSError), connection:
                    if self.context is not None:
                        connection = self.context.wrap_socket(connection, server_side=True)
                    self.read = connection.recv(65536)
                    if callable(self.answer):
                        self.answer(connection)
                    else:
                        connection.sendall(self.answer)
                    connection.close()


def drip(connection: socket.socket) -> None:
    for byte in b"HTTP/1.1 200 OK\r\n" * 100:
        connection.sendall(bytes([byte]))
        time.sleep(0.2)


def flood(connection: socket.socket) -> None:
    connection.sendall(b"HTTP/1.1 100 " + b"x" * 10_000_000)


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204),
        (b"HTTP/1.0 200 OK\r\n\r\n" + b"body" * 100_000, 200),
        (b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\n\r\n", 302),
        (b"HTTP/1.1 103 Early\r\nLink: x\r\n\r\nHTTP/1.1 410 Gone\r\n\r\n", 410),
    ],
)
def test_the_status_is_told_and_no_redirect_followed(answer: bytes, status: int) -> None:
    receiver = Receiver(answer)
    url = f"http://localhost:{receiver.port}/hook?a=b"
    assert post(url, b"{}", {"webhook-id": "1"}, local=True, resolver=lambda host, port: ["127.0.0.1"]) == status
    head = receiver.read.split(b"\r\n\r\n")[0].split(b"\r\n")
    assert head[0] == b"POST /hook?a=b HTTP/1.1" and f"Host: localhost:{receiver.port}".encode() in head


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 999 Odd\r\n\r\n", flood])
def test_what_is_no_answer(answer: bytes) -> None:
    with pytest.raises(OSError):
        post(f"http://127.0.0.1:{Receiver(answer).port}/", b"{}", {}, local=True, seconds=2)


@pytest.mark.parametrize("answer", [drip, lambda connection: time.sleep(3)], ids=["byte by byte", "never"])
def test_a_slow_answer_has_its_time_in_all(answer: Callable[[socket.socket], None]) -> None:
    begun = time.monotonic()
    with pytest.raises(TimeoutError):
        post(f"http://127.0.0.1:{Receiver(answer).port}/", b"{}", {}, local=True, seconds=0.5)
    assert time.monotonic() - begun < 2


def test_no_proxy_of_the_environment_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    receiver = Receiver(b"HTTP/1.1 200 OK\r\n\r\n")
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert post(f"http://127.0.0.1:{receiver.port}/", b"{}", {}, local=True) == 200


def test_a_header_with_a_line_of_its_own_is_never_sent() -> None:
    receiver = Receiver(b"HTTP/1.1 200 OK\r\n\r\n")
    with pytest.raises(Refused):
        post(f"http://127.0.0.1:{receiver.port}/", b"{}", {"webhook-id": "1\r\nX-Evil: 1"}, local=True)
    assert receiver.read == b""


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[pathlib.Path, pathlib.Path]:
    """Of shop.example, signed by itself."""
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "shop.example")])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("shop.example")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem, private = folder / "cert.pem", folder / "key.pem"
    pem.write_bytes(built.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return pem, private


@pytest.fixture
def secure(certificate: tuple[pathlib.Path, pathlib.Path]) -> Iterator[tuple[Receiver, ssl.SSLContext]]:
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(*certificate)
    receiver = Receiver(b"HTTP/1.1 200 OK\r\n\r\n", server)
    server.sni_callback = lambda sock, name, context: receiver.named.append(name)
    yield receiver, ssl.create_default_context(cafile=str(certificate[0]))


def test_the_address_is_pinned_and_the_name_is_the_certificate_s(secure: tuple[Receiver, ssl.SSLContext]) -> None:
    receiver, trusted = secure
    asked = []

    def resolver(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    url = f"https://shop.example:{receiver.port}/hook"
    assert post(url, b"{}", {}, local=True, resolver=resolver, context=trusted) == 200
    assert asked == ["shop.example"], "resolved once: a name that changes its mind changes nothing"
    assert receiver.named == ["shop.example"]
    assert f"Host: shop.example:{receiver.port}".encode() in receiver.read


@pytest.mark.parametrize("host", ["other.example", "shop.example"])
def test_another_name_or_a_certificate_of_nobody_is_refused(secure: tuple[Receiver, ssl.SSLContext], host: str) -> None:
    receiver, trusted = secure
    context = trusted if host == "other.example" else None
    with pytest.raises(ssl.SSLError):
        post(f"https://{host}:{receiver.port}/", b"{}", {}, local=True, resolver=lambda h, p: ["127.0.0.1"], context=context)
    assert receiver.read == b""


def test_only_the_switch_opens_the_local_network(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(guard.LOCAL, raising=False)
    assert not guard.local_allowed()
    monkeypatch.setenv(guard.LOCAL, "1")
    assert guard.local_allowed()
