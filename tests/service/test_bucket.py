"""Packs in a bucket do what packs in a folder do; and what is wrong with a bucket is said in one line."""

from __future__ import annotations

import hashlib
import pathlib
import signal
from collections.abc import Iterator

import pytest

from engine.errors import EngineFault, EnvironmentFault
from service import bucket
from service.artifacts import packs_at
from service.bucket import Bucket
from service.clock import new_id, now
from service.packs import Lost, Packs, as_named
from tests.moto import Moto, moto
from tests.refusing import refusing

NOW = 1_700_000_000_000


@pytest.fixture(scope="module")
def server() -> Iterator[Moto]:
    with moto() as made:
        yield made


@pytest.fixture
def place(server: Moto, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(bucket, "TRIES", 1)
    return server.bucket(f"b{abs(hash(request.node.name)) % 10**9}")


@pytest.fixture(params=["folder", "bucket"])
def packs(request: pytest.FixtureRequest, tmp_path: pathlib.Path) -> Packs:
    if request.param == "folder":
        return packs_at(str(tmp_path))
    return packs_at(f"{request.getfixturevalue('place')}/some/where")


def test_what_is_shared_is_had_by_its_hash_and_is_no_pack(packs: Packs) -> None:
    packs.share(b"one")
    packs.share(b"one")
    name = hashlib.sha256(b"one").hexdigest()
    assert packs.shares(name) and packs.shared(name) == b"one" and list(packs.names()) == []
    other = hashlib.sha256(b"two").hexdigest()
    assert not packs.shares(other)
    with pytest.raises(EnvironmentFault, match="what a worker needs"):
        packs.shared(other)
    with pytest.raises(EnvironmentFault, match="not what was put there"):
        as_named(b"one", other)


def test_what_is_lent_has_a_name_and_an_age(packs: Packs) -> None:
    assert packs.lent("a.body") is None and list(packs.kept()) == []
    begun = now() - 2000  # a bucket counts seconds
    packs.lend("a.body", b"one")
    packs.lend("a.body", b"two")
    packs.share(b"x")
    found = packs.lent("a.body")
    assert found is not None and found[0] == b"two" and begun < found[1] <= now() + 1000
    kept = dict(packs.kept())
    assert kept == {"a.body": found[1], hashlib.sha256(b"x").hexdigest(): max(kept.values())} and list(packs.names()) == []
    assert not packs.unshare("a.body", found[1]) and packs.lent("a.body") == found, "not older than that"
    assert packs.unshare("a.body", found[1] + 1) and packs.lent("a.body") is None
    assert not packs.unshare("a.body", found[1] + 1), "it has gone"


def test_what_is_put_is_read_wiped_and_removed(packs: Packs) -> None:
    name, other = new_id(NOW), new_id(NOW)
    packs.check()
    assert packs.put(name, [b"one", b"", b"three"]) == [0, 3, 3]
    assert packs.put(other, iter([b"a" * 3_000_000, b"b" * 4_000_000])) == [0, 3_000_000]
    assert (packs.read(name, 0, 3), packs.read(name, 3, 5), packs.read(name, 3, 0)) == (b"one", b"three", b"")
    assert packs.read(other, 2_999_999, 2) == b"ab"
    assert sorted(packs.names()) == sorted([name, other]) and packs.there(name)
    packs.wipe(name, [(0, 3)])
    assert packs.read(name, 0, 8) == b"\0\0\0three"
    packs.remove(name)
    packs.remove(name)
    packs.wipe(name, [(0, 3)])
    assert not packs.there(name) and list(packs.names()) == [other]
    with pytest.raises(Lost):
        packs.read(name, 0, 3)
    with pytest.raises(Lost):
        packs.read(other, 6_999_999, 2)
    assert packs.sweep(NOW + 1) == 0 and list(packs.old(NOW)) == [] and list(packs.old(NOW + 1)) == [other]


def test_of_a_pack_whose_parts_fail_nothing_stays(packs: Packs) -> None:
    def parts() -> Iterator[bytes]:
        yield b"x" * 6_000_000
        raise EnvironmentFault("the sender is gone")

    name = new_id(NOW)
    with pytest.raises(EnvironmentFault, match="sender is gone"):
        packs.put(name, parts())
    assert not packs.there(name) and list(packs.names()) == []


def test_a_name_is_an_id_of_ours(packs: Packs) -> None:
    with pytest.raises(EngineFault, match="hexadecimal"):
        packs.read("../secret", 0, 1)


def test_two_that_wipe_one_pack_undo_nothing(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    one, two, name = Bucket(place), Bucket(place), new_id(NOW)
    one.put(name, [b"aaa", b"bbb", b"ccc"])
    real = one._wipe
    between = iter([lambda: two.wipe(name, [(3, 3)])])

    def slow(told: str, spans: object) -> None:
        found = bucket._library().get

        def get(*args: object) -> object:
            answer = found(*args)
            next(between, lambda: None)()
            return answer

        with monkeypatch.context() as patch:
            patch.setattr(bucket._library(), "get", get)
            real(told, spans)  # type: ignore[arg-type]

    monkeypatch.setattr(one, "_wipe", slow)
    one.wipe(name, [(0, 3)])
    assert one.read(name, 0, 9) == b"\0" * 6 + b"ccc"


RIGHTS = ("GET object", "GET list", "PUT object", "DELETE object")


@pytest.mark.parametrize("right", RIGHTS)
def test_a_right_that_is_lacking_is_said_at_start(right: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bucket, "TRIES", 1)
    with refusing(right) as stub:
        for name, value in stub.environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(EnvironmentFault, match=r"^the bucket does not let us: its keys lack the right to") as told:
            Bucket("s3://packs/some/where").check()
    assert "\n" not in str(told.value) and "127.0.0.1" not in str(told.value)
    assert stub.refused == [right], "the others are granted"


def test_a_bucket_that_grants_them_all_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    with refusing("nothing") as stub:
        for name, value in stub.environment.items():
            monkeypatch.setenv(name, value)
        Bucket("s3://packs/some/where").check()
    assert stub.refused == [] and set(stub.asked) == set(RIGHTS)


def test_what_is_wrong_with_a_bucket_is_said_in_one_line(place: str, server: Moto, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(EnvironmentFault, match="no such bucket"):
        Bucket("s3://nowhere/at-all").check()
    for wrong in ("s3://", "s3:///x"):
        with pytest.raises(EnvironmentFault, match="s3://BUCKET"):
            Bucket(wrong)
    server.signal(signal.SIGSTOP)
    try:
        monkeypatch.setattr(bucket, "PATIENCE", bucket.PATIENCE / 20)
        with pytest.raises(EnvironmentFault, match="does not answer") as told:
            Bucket(place).check()
        assert "\n" not in str(told.value) and "127.0.0.1" not in str(told.value)
    finally:
        server.signal(signal.SIGCONT)
    Bucket(place).check()
