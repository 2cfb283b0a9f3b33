"""What workers need travels by its hash: what is not what its name says, or is for other code, or lies outside, is not taken."""

from __future__ import annotations

import hashlib
import json
import os
import pathlib
import shutil
from typing import Any

import pytest

from engine.errors import EnvironmentFault
from engine.model.places import CHARTS, cache_folder, charts_folder
from engine.shape import fonts
from service.fleet import kit, worker
from service.fleet.sealed import pack, unpack
from service.packs import SHARED, Packs

KEY = bytes(range(32))


@pytest.fixture
def packs(tmp_path: pathlib.Path) -> Packs:
    return Packs(tmp_path / "packs")


@pytest.fixture
def source(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A designer's file with a table beside it; and this machine's charts are one."""
    for name, text in (
        ("charts/a-1-body/0f/x-0.chart", "chart"),
        ("designer/block.py", "x = 1"),
        ("designer/sizes.csv", "a,b"),
    ):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    monkeypatch.setenv(CHARTS, str(tmp_path / "charts"))
    return {"file": str(tmp_path / "designer/block.py")}


@pytest.fixture
def elsewhere(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    """A worker's cache folder; what its environment is told goes with the test."""
    for name in (CHARTS, fonts.VARIABLE):
        monkeypatch.setenv(name, os.environ.get(name, ""))
    monkeypatch.setenv("UNIKAT_CACHE", str(tmp_path / "worker"))
    return tmp_path / "worker"


def changed(packs: Packs, digest: str, **more: Any) -> str:
    """Another list, put there as well."""
    data = json.dumps({**json.loads(packs.shared(digest)), **more}, sort_keys=True).encode()
    packs.share(data)
    return hashlib.sha256(data).hexdigest()


def test_a_worker_has_what_the_dispatcher_has(packs: Packs, source: dict[str, str], elsewhere: pathlib.Path) -> None:
    digest = kit.put(packs, {"block": source, "phone-case": {"key": "phone-case"}})
    assert kit.put(packs, {"block": source}) == digest
    pathlib.Path(source["file"]).write_text("x = 2")
    assert kit.put(packs, {"block": source}) != digest
    ours = {info.key for info in fonts.available() if info.ready}
    found = kit.fetched(packs, digest)
    here = pathlib.Path(found.files[source["file"]])
    assert here.is_relative_to(elsewhere) and here.read_text() == "x = 1" and (here.parent / "sizes.csv").read_text() == "a,b"
    assert kit.last() is None
    kit.furnish(found.room)
    assert kit.last() == found.room == charts_folder().parent
    assert (charts_folder() / "a-1-body/0f/x-0.chart").read_text() == "chart"
    assert fonts.folder() == found.room / "fonts" and {info.key for info in fonts.available() if info.ready} == ours
    shutil.rmtree(packs.folder / SHARED)
    with pytest.raises(EnvironmentFault, match="cannot be read"):
        kit.fetched(packs, digest)


def test_what_is_there_is_not_fetched_again(packs: Packs, source: dict[str, str], elsewhere: pathlib.Path) -> None:
    digest = kit.put(packs, {"block": source})
    first = kit.fetched(packs, digest)
    for place in (packs.folder / SHARED).iterdir():
        if place.name != digest:
            place.unlink()
    assert kit.fetched(packs, digest) == first
    assert not list((elsewhere / kit.FOLDER).glob("*.new"))


def test_other_bytes_other_code_and_paths_outside_are_refused(
    packs: Packs, source: dict[str, str], elsewhere: pathlib.Path
) -> None:
    digest = kit.put(packs, {"block": source})
    with pytest.raises(EnvironmentFault, match="other code"):
        kit.fetched(packs, changed(packs, digest, code="unikat-other"))
    files = json.loads(packs.shared(digest))["files"][source["file"]]
    outside = changed(packs, digest, files={source["file"]: {"../../outside.py": files["block.py"]}})
    with pytest.raises(EnvironmentFault, match="outside its folder"):
        kit.fetched(packs, outside)
    assert not (elsewhere / "outside.py").exists()
    (packs.folder / SHARED / files["block.py"]).write_text("x = 3")
    with pytest.raises(EnvironmentFault, match="not what was put there"):
        kit.fetched(packs, digest)
    assert not list((elsewhere / kit.FOLDER).glob("*.new"))


def test_a_chunk_brings_its_kit_and_lanes_begin_anew_once(
    packs: Packs, source: dict[str, str], elsewhere: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    acts: list[str] = []

    class Played:
        memory_mb = count = 1

        def __init__(self, *_: Any, **__: Any) -> None:
            acts.append("made")

        def start(self) -> None:
            acts.append("started")

        def close(self) -> None:
            acts.append("closed")

        def run(self, chunk: str, body: bytes, target: str, args: Any, seconds: float, units: Any) -> Any:
            return [unit["source"] for unit in args[0]]

    monkeypatch.setattr(worker, "Lanes", Played)
    monkeypatch.setattr(worker, "_hand", [worker.Hand(Played(), KEY)])  # type: ignore[arg-type]
    digest = kit.put(packs, {"block": source})
    units = [{"source": source}, {"source": {"key": "phone-case"}}]

    def told(one: str) -> Any:
        return unpack(KEY, worker.work(pack(KEY, [one, "c", b"", "t", (units, packs.place, "0" * 32), 1.0, ["u", "v"]])))[
            "made"
        ][1]

    here, ours = told(digest)
    assert pathlib.Path(here["file"]).is_relative_to(elsewhere) and ours == {"key": "phone-case"}
    assert told(digest) == [here, ours] and acts == ["made", "made", "closed", "started"]
    pathlib.Path(source["file"]).write_text("x = 2")
    assert told(kit.put(packs, {"block": source}))[0] != here, "another file"
    assert acts.count("started") == 1, "and the same room"
    assert told("")[0] == source
    assert cache_folder() == elsewhere


def test_a_worker_that_cannot_have_it_gives_the_chunk_back_and_blames_nobody(
    packs: Packs, source: dict[str, str], elsewhere: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "LACKING", 0.0)
    monkeypatch.setattr(worker, "_hand", [worker.Hand(None, KEY)])  # type: ignore[arg-type]  # no lane is asked
    digest = changed(packs, kit.put(packs, {"block": source}), code="unikat-other")
    told = worker.work(pack(KEY, [digest, "c", b"", "t", ([], packs.place, "0" * 32), 1.0, ["u"]]))
    assert unpack(KEY, told) == {"died": ["cancelled", None, 0.0]}
