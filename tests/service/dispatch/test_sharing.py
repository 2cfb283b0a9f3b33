"""What nobody names goes after a month, from a folder and from a bucket; what another service, of another version, uses stays."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from engine.errors import EnvironmentFault
from engine.model.places import CHARTS
from service import bucket
from service.artifacts import packs_at
from service.clock import now
from service.dispatch import sharing, working
from service.dispatch.sharing import CLOCK, EVERY, KEEP_MS, PUTTING_MS, Sharing, sweep
from service.dispatch.upkeep import Upkeep
from service.fleet import kit
from service.house import open_house
from service.lanes.lent import Sealed
from service.packs import SHARED, Packs
from tests.moto import Moto, moto

KEY = bytes(range(32))
DAY = 24 * 3_600_000
Age = Callable[..., None]


@pytest.fixture(scope="module")
def server() -> Iterator[Moto]:
    with moto() as made:
        yield made


@pytest.fixture(params=["folder", "bucket"])
def packs(request: pytest.FixtureRequest, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Packs:
    if request.param == "folder":
        return packs_at(str(tmp_path / "packs"))
    server = request.getfixturevalue("server")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    return packs_at(f"{server.bucket(f'b{abs(hash(request.node.name)) % 10**9}')}/some/where")


@pytest.fixture
def age(packs: Packs, monkeypatch: pytest.MonkeyPatch) -> Age:
    """Make these (or all but these) so much older; who puts one there anew makes it young."""
    older: dict[str, int] = {}
    told, lend = bucket._since, packs.lend

    def lent(name: str, data: bytes) -> None:
        lend(name, data)
        older.pop(name, None)

    def act(ms: int, *names: str, but: tuple[str, ...] = ()) -> None:
        for name in names or [name for name, _ in packs.kept() if name not in but]:
            older[name] = older.get(name, 0) + ms
            if isinstance(packs.folder, pathlib.Path) and (path := packs.folder / SHARED / name).is_file():
                at = path.stat().st_mtime - ms / 1000
                os.utime(path, (at, at))

    monkeypatch.setattr(bucket, "_since", lambda meta: told(meta) - older.get(str(meta["path"]).rpartition("/")[2], 0))
    monkeypatch.setattr(packs, "lend", lent)
    return act


@pytest.fixture
def source(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, str]]:
    """A machine with one chart, no fonts, and a designer's file."""
    for name in ("charts/a/x.chart", "designer/block.py"):
        (tmp_path / name).parent.mkdir(parents=True)
        (tmp_path / name).write_text(name)
    monkeypatch.setenv(CHARTS, str(tmp_path / "charts"))
    monkeypatch.setattr(kit.fonts, "available", list)
    return {"block": {"file": str(tmp_path / "designer/block.py")}}


def there(packs: Packs) -> set[str]:
    return {name for name, _ in packs.kept()} - {CLOCK}


def all_of(packs: Packs, digest: str) -> set[str]:
    return {digest, digest + kit.NAMED, *kit.hashes(packs.shared(digest))}


def test_what_nobody_names_any_more_goes_after_a_month_and_no_day_sooner(
    packs: Packs, age: Age, source: dict[str, dict[str, str]]
) -> None:
    assert sweep(packs) == 0 and not list(packs.kept()), "where nothing is, nothing is put"
    digest = kit.put(packs, source)
    Sealed(packs, KEY).put("a", b"body")
    every = there(packs)
    assert len(every) == 5 and all_of(packs, digest) < every
    age(KEEP_MS - DAY)
    assert sweep(packs) == 0 and there(packs) == every
    age(2 * DAY)
    assert sweep(packs) == 5 and there(packs) == set()


def test_what_is_named_every_hour_stays_however_old_it_is(packs: Packs, age: Age, source: dict[str, dict[str, str]]) -> None:
    """Two services over one place: one works for months, the other, of another version, was given up."""
    ours = kit.put(packs, source)
    before = all_of(packs, ours)
    pathlib.Path(source["block"]["file"]).write_text("changed")
    theirs = kit.put(packs, source)
    assert len(all_of(packs, theirs) - before) == 3, "the chart is the same"
    for _ in range(5):
        age(KEEP_MS // 3)
        assert kit.again(packs, ours, source) == ours
        sweep(packs)
    assert there(packs) == before
    room = json.loads(packs.shared(ours))["room"]
    assert packs.shared(room["charts/a/x.chart"]) == b"charts/a/x.chart"


def test_a_body_that_is_taken_stays(packs: Packs, age: Age) -> None:
    place = Sealed(packs, KEY)
    for address in ("asked for", "forgotten"):
        place.put(address, b"body")
    for _ in range(4):
        age(KEEP_MS // 2)
        assert place.take("asked for") == b"body"
        sweep(packs)
    assert there(packs) == {place.name("asked for")}


def test_who_begins_to_use_what_is_old_puts_it_there_anew(
    packs: Packs, age: Age, source: dict[str, dict[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another dispatcher has looked at what is old a moment ago, and is about to remove it."""
    digest = kit.put(packs, source)
    every = all_of(packs, digest)
    age(KEEP_MS + DAY)
    listed = packs.kept

    def and_then() -> Iterator[tuple[str, int]]:
        found = list(listed())
        monkeypatch.setattr(packs, "kept", listed)
        if any(name == CLOCK for name, _ in found):
            assert kit.put(packs, source) == digest
        else:
            monkeypatch.setattr(packs, "kept", and_then)
        return iter(found)

    monkeypatch.setattr(packs, "kept", and_then)
    assert sweep(packs) == 0 and there(packs) == every


def test_while_a_list_is_on_its_way_nothing_goes(packs: Packs, age: Age) -> None:
    packs.share(b"old")
    age(KEEP_MS + DAY)
    name = "0" * 64 + kit.NAMED
    packs.lend(name, b"")
    assert sweep(packs) == 0 and len(there(packs)) == 2
    age(PUTTING_MS + 60_000, name)
    assert sweep(packs) == 1 and there(packs) == {name}, "it never came"


def test_where_a_list_cannot_be_read_nothing_goes(packs: Packs, age: Age, source: dict[str, dict[str, str]]) -> None:
    digest = kit.put(packs, source)
    age(KEEP_MS + DAY, but=(digest + kit.NAMED,))
    packs.lend(digest, b"something else")
    age(KEEP_MS + DAY, digest)
    before = there(packs)
    with pytest.raises(EnvironmentFault, match="not what was put there"):
        sweep(packs)
    assert there(packs) == before


@pytest.mark.parametrize("what", ["list", "file"])
def test_what_somebody_removed_is_put_there_again(packs: Packs, source: dict[str, dict[str, str]], what: str) -> None:
    digest = kit.put(packs, source)
    every = there(packs)
    gone = digest if what == "list" else hashlib.sha256(b"designer/block.py").hexdigest()
    assert packs.unshare(gone, now() + DAY)
    assert kit.again(packs, digest, source) == digest and there(packs) == every


def test_it_is_done_every_hour_and_tried_again_after_a_minute(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    at, named, swept = [0.0], [0], [0]

    def name() -> None:
        named[0] += 1
        if named[0] == 1:
            raise EnvironmentFault("the bucket does not answer")

    def counted(packs: Packs) -> int:
        swept[0] += 1
        return 3

    monkeypatch.setattr(sharing, "sweep", counted)
    part = Sharing(Packs(tmp_path), name, lambda: at[0])
    with pytest.raises(EnvironmentFault):
        part.step()
    told: list[Any] = []
    for seconds in (0.0, 59.0, 61.0, 62.0, 61.0 + EVERY - 1, 61.0 + EVERY):
        at[0] = seconds
        told.append((part.step(), named[0], swept[0]))
    assert told == [(0, 1, 0), (0, 1, 0), (3, 2, 1), (0, 2, 1), (0, 2, 1), (3, 3, 2)]


def test_the_dispatcher_that_leads_does_it_in_its_upkeep(tmp_path: pathlib.Path, source: dict[str, dict[str, str]]) -> None:
    house = open_house(tmp_path / "data")
    fleet = SimpleNamespace(kit=kit.put(house.packs, source))
    house.packs.unshare(fleet.kit, now() + DAY)
    pathlib.Path(source["block"]["file"]).write_text("changed")
    before = fleet.kit
    part = Sharing(house.packs, lambda: working._name(house, fleet, source))  # type: ignore[arg-type]
    assert Upkeep(house, lambda: None, sharing=part).step() == 0
    assert fleet.kit != before and all_of(house.packs, fleet.kit) < there(house.packs), (
        "what it had is gone: what it has now serves"
    )
    before = fleet.kit
    (tmp_path / "charts/aside").mkdir()
    (tmp_path / "charts/aside/mark.json").write_text("{}")
    working._furnish(house, fleet, source)  # type: ignore[arg-type]
    assert "charts/aside/mark.json" in json.loads(house.packs.shared(fleet.kit))["room"] and fleet.kit != before
    fleet.kit = ""
    part = Sharing(house.packs, lambda: working._name(house, fleet, source))  # type: ignore[arg-type]
    assert part.step() == 0 and fleet.kit == "", "nothing was put there yet"
    house.database.close()
