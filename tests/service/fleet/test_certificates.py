"""TLS between the processes of a fleet, with a real scheduler and worker: who has a certificate of its authority is in, and nobody else."""

from __future__ import annotations

import contextlib
import pathlib
import shutil
import socket
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from engine.errors import EnvironmentFault, OrderError
from service.dispatch import working
from service.fleet import certificates, door, worker
from service.fleet.certificates import days_left, make, refuse
from service.fleet.client import Fleet
from service.fleet.door import client
from service.house import CERTIFICATES
from service.lanes.pool import Made
from tests.fleet import Workers, workers

DAY_MS = 86_400_000
KEY = bytes(range(32))
SKEWED = """
import sys, runpy, distributed.versions as versions
real = versions.get_package_info
versions.get_package_info = lambda names: {**real(names), "distributed": "2020.1.0"}
sys.argv = sys.argv[1:]
runpy.run_module("distributed.cli.dask_scheduler", run_name="__main__")
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """Of a good authority; `late` has expired, `foreign` is another authority's."""
    top = tmp_path_factory.mktemp("certificates")
    make(str(top), ["scheduler", "worker", "service", "10.0.0.7", "fd00::7"], 365)
    make(str(top / "other"), ["foreign"], 365)
    shutil.move(top / "other/foreign", top / "foreign")
    with aged(40):
        make(str(top), ["late"], 30)
    return top


@contextlib.contextmanager
def aged(days: int) -> Iterator[None]:
    """Certificates are made so many days ago."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(certificates, "now", lambda: int(1000 * time.time()) - days * DAY_MS)
        yield


@pytest.fixture(scope="module")
def fleet(folder: pathlib.Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Workers]:
    """A scheduler that speaks TLS."""
    room = tmp_path_factory.mktemp("fleet")
    (room / "key").write_bytes(KEY)
    with workers(room, room / "key", folder) as made:
        yield made


def test_with_certificates_a_worker_works(fleet: Workers, folder: pathlib.Path) -> None:
    fleet.worker("one")
    ours = Fleet(fleet.at, KEY, str(folder / "service"))
    try:
        until = time.monotonic() + 60
        while not ours.lanes() and time.monotonic() < until:
            time.sleep(0.2)
        assert ours.lanes() == 1, fleet.said("one")
        told = ours.submit(ours.run, "c", b"body", "service.lanes.work:chunk", ([], "/nowhere", "0" * 32), 5.0, [])
        made = told.result(60)
        assert isinstance(made, Made) and made.answers == []
        assert ours.lacks() == []
    finally:
        ours.shutdown()
    assert fleet.end("one") == 0


@pytest.mark.parametrize(
    ("who", "told"),
    [
        ("foreign", "the scheduler's certificate is of another authority"),
        ("late", "the certificate in --certificates has expired"),
    ],
)
def test_who_has_no_good_certificate_is_told(fleet: Workers, folder: pathlib.Path, who: str, told: str) -> None:
    with pytest.raises(EnvironmentFault, match=told) as error:
        client(fleet.at, 1.0, str(folder / who))
    assert "\n" not in str(error.value)


def test_the_scheduler_says_it_too(fleet: Workers, folder: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ours has expired, and our own clock does not know."""
    monkeypatch.setattr(certificates, "now", lambda: int(1000 * time.time()) - 20 * DAY_MS)
    with pytest.raises(EnvironmentFault, match="does not take our certificate: certificate expired"):
        client(fleet.at, 1.0, str(folder / "late"))


def test_who_comes_without_is_not_let_in(fleet: Workers) -> None:
    with pytest.raises(EnvironmentFault, match="no scheduler answers"):
        client(fleet.at.replace("tls", "tcp"), 1.0)


def test_a_worker_says_why_it_waits(fleet: Workers, folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    (tmp_path / "key").write_bytes(KEY)
    shutil.copytree(folder / "foreign", tmp_path / "worker")
    lone = Workers(tmp_path, tmp_path / "key", tmp_path)
    lone.at = fleet.at
    lone.worker("one")
    until = time.monotonic() + 60
    while "no scheduler" not in lone.said("one") and time.monotonic() < until:
        time.sleep(0.2)
    assert "the scheduler's certificate is of another authority" in lone.said("one")
    assert lone.end("one") == 0


def test_a_scheduler_whose_certificate_has_expired(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    for name, which in (("scheduler", "late"), ("worker", "worker")):
        shutil.copytree(folder / which, tmp_path / name)
    with (
        workers(tmp_path, tmp_path / "key", tmp_path) as made,
        pytest.raises(EnvironmentFault, match=r"^the scheduler's certificate has expired$"),
    ):
        client(made.at, 1.0, str(folder / "service"))


def test_a_scheduler_that_speaks_no_tls_or_is_not_there(folder: pathlib.Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listening:
        at = f"tls://127.0.0.1:{listening.getsockname()[1]}"

        def answer() -> None:
            while True:
                with contextlib.suppress(OSError):
                    line, _ = listening.accept()
                    line.recv(10)
                    line.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    line.close()
                    continue
                return

        threading.Thread(target=answer, daemon=True).start()
        with pytest.raises(EnvironmentFault, match="does not speak TLS"):
            client(at, 0.5, str(folder / "service"))
        listening.shutdown(socket.SHUT_RDWR)
    with pytest.raises(EnvironmentFault, match="no scheduler answers"):
        client(at, 0.5, str(folder / "service"))


def test_a_scheduler_of_another_version_is_said(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = Workers._run

    def skewed(self: Workers, name: str, command: list[str], **environment: str) -> None:
        real(self, name, [sys.executable, "-c", SKEWED, "dask-scheduler", *command[3:]], **environment)

    monkeypatch.setattr(Workers, "_run", skewed)
    with workers(tmp_path, tmp_path / "key") as made:
        with pytest.raises(EnvironmentFault, match=r"^the scheduler has distributed 2020\.1\.0, and this is ") as told:
            client(made.at, 5.0)
        monkeypatch.setattr(door, "SAME", ("python",))
        client(made.at, 5.0).close()
    assert "\n" not in str(told.value)


# ---- without a scheduler ----------------------------------------------------------------------------------------------


def test_the_command_makes_folders_that_others_cannot_read(folder: pathlib.Path) -> None:
    made = sorted(p.relative_to(folder).as_posix() for p in folder.rglob("*.pem"))
    assert "10.0.0.7/own.pem" in made and "fd00--7/own.pem" in made and "authority.pem" in made
    secret = [folder / "authority.key", *folder.rglob("own.pem")]
    assert len(secret) > 5 and all(p.stat().st_mode & 0o077 == 0 for p in secret)
    assert not (folder / "worker/authority.key").exists(), "its key is on no machine"
    assert days_left(str(folder / "worker")) in (364, 365)


def test_made_again_it_is_of_the_same_authority_and_new(tmp_path: pathlib.Path) -> None:
    make(str(tmp_path), ["one", "two"], 10)
    before = (tmp_path / "one/own.pem").read_bytes()
    make(str(tmp_path), ["one"], 90)
    assert (tmp_path / "one/own.pem").read_bytes() != before and days_left(str(tmp_path / "one")) in (89, 90)
    shutil.copy(tmp_path / "one/own.pem", tmp_path / "two/own.pem")
    assert days_left(str(tmp_path / "two")) in (89, 90)


def test_what_cannot_be_made_is_said(tmp_path: pathlib.Path) -> None:
    for host in ("../x", "", "a b", "-x"):
        with pytest.raises(OrderError, match="--host"):
            make(str(tmp_path / "a"), [host], 10)
    (tmp_path / "file").write_text("x")
    with pytest.raises(OrderError, match="cannot be written"):
        make(str(tmp_path / "file"), ["a"], 10)
    for name in ("one", "two"):
        make(str(tmp_path / name), ["a"], 10)
    shutil.copy(tmp_path / "one/authority.key", tmp_path / "two/authority.key")
    with pytest.raises(EnvironmentFault, match="the key of another"):
        make(str(tmp_path / "two"), ["a"], 10)
    (tmp_path / "two/authority.key").write_text("nothing")
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        make(str(tmp_path / "two"), ["a"], 10)
    with aged(4000):
        make(str(tmp_path / "old"), ["a"], 10)
    with pytest.raises(EnvironmentFault, match="has expired: begin a new folder"):
        make(str(tmp_path / "old"), ["a"], 10)


def test_what_is_wrong_with_them_is_said_at_start(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    refuse("tcp://x:1", None)
    refuse("tls://x:1", str(folder / "service"))
    for name, told in (
        (None, "wants --certificates"),
        ("nowhere", "cannot be read: No such file"),
        ("late", "the certificate in --certificates has expired"),
        ("mixed", "of another authority"),
        ("torn", "holds no certificate"),
        ("swapped", "the key in own.pem is not that"),
    ):
        place = tmp_path / str(name)
        if name in ("mixed", "torn", "swapped"):
            shutil.copytree(folder / "service", place)
            own = (folder / "service/own.pem").read_text()
            split = own.index("-----BEGIN PRIVATE")
            other = (folder / "worker/own.pem").read_text()
            texts = {"mixed": (folder / "foreign/own.pem").read_text(), "torn": own[:100]}
            (place / "own.pem").write_text(texts.get(str(name), own[:split] + other[other.index("-----BEGIN PRIVATE") :]))
        given = str(folder / "late") if name == "late" else str(place)
        with pytest.raises(EnvironmentFault, match=told) as error:
            refuse("tls://x:1", given if name else None)
        assert "\n" not in str(error.value)
        with pytest.raises(EnvironmentFault, match=told):
            worker.run("tls://x:1", 1, str(tmp_path / "key"), 1000, given if name else None)
    with pytest.raises(EnvironmentFault, match="is for tls://"):
        refuse("tcp://x:1", str(folder / "service"))
    with aged(-40), pytest.MonkeyPatch.context():
        make(str(tmp_path / "early"), ["a"], 90)
    with pytest.raises(EnvironmentFault, match="is not good yet"):
        refuse("tls://x:1", str(tmp_path / "early/a"))


def test_that_it_ends_soon_is_said_before(
    folder: pathlib.Path, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert working._ending() == []
    make(str(tmp_path), ["a"], 5)
    for place, told in ((folder / "service", []), (folder / "late", ["the certificate in --certificates has expired"])):
        monkeypatch.setenv(CERTIFICATES, str(place))
        assert working._ending() == told
    monkeypatch.setenv(CERTIFICATES, str(tmp_path / "a"))
    assert working._ending()[0].startswith("the certificate in --certificates expires in ")
    monkeypatch.setenv(CERTIFICATES, str(tmp_path / "gone"))
    assert "cannot be read" in working._ending()[0]
