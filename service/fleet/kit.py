"""What workers need beyond the packages that are installed with them: charts, fonts and designers' files.

The dispatcher puts each of them into the place of the packs under its sha256, once, and a list of them beside; the list's sha256 travels
sealed with every chunk. A worker fetches what it lacks, looks at the hashes, and keeps it in its cache folder. Nothing of it is anybody's
but the operator's: it is not sealed. Bodies are not among it: a worker draws what no chart covers, as the dispatcher's machine would.
"""

from __future__ import annotations

import hashlib
import json
import logging
import os
import pathlib
import re
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from engine.errors import EnvironmentFault
from engine.model.places import CHARTS, cache_folder, charts_folder
from engine.shape import fonts
from service.clock import new_id, now
from service.fleet.sealed import code
from service.packs import Packs

log = logging.getLogger("unikat.fleet")

FOLDER = "fleet"
"""Of the cache folder."""
LAST = "last"
"""Beside the rooms: the name of the one that was used last."""
NAMED = ".named"
"""What follows a list's sha256 where a dispatcher says that it uses it (service.dispatch.sharing)."""
AGED_MS = 10 * 24 * 3_600_000
"""What was put there longer ago is put there again by who begins to use it."""
Files = Mapping[str, str]
"""Path -> sha256."""


@dataclass(frozen=True)
class Kit:
    """As a worker has it. `room`: the folder with the charts and fonts; `files`: a designer's file, as the dispatcher calls it -> where it is."""

    digest: str
    room: pathlib.Path
    files: Mapping[str, str]


def put(packs: Packs, sources: Mapping[str, Mapping[str, str]]) -> str:
    """All that workers need of this machine, in the place of the packs: the sha256 of the list. `sources`: as engine.errands names templates."""
    told, there = _listed(sources)
    listed = json.dumps(told, sort_keys=True).encode()
    digest = hashlib.sha256(listed).hexdigest()
    kept = _named(packs, digest)
    young = kept[digest + NAMED] - AGED_MS
    for one, path in there.items():
        if kept.get(one, 0) < young:  # what is there, and old, may be about to be removed
            packs.share(path.read_bytes())
    if kept.get(digest, 0) < young:  # the list comes last: where it is, all of it is
        packs.share(listed)
    return digest


def again(packs: Packs, digest: str, sources: Mapping[str, Mapping[str, str]]) -> str:
    """Name that list anew, so that nobody removes it. Where it, or what it names, is gone: all is put there again, by the list that is returned."""
    kept = _named(packs, digest)
    if digest in kept and hashes(packs.shared(digest)) <= kept.keys():
        return digest
    log.warning("what workers need was gone")
    return put(packs, sources)


def hashes(listed: bytes) -> set[str]:
    """What a list names, whichever version of us wrote it."""
    return set(re.findall("[0-9a-f]{64}", listed.decode()))


def _named(packs: Packs, digest: str) -> dict[str, int]:
    """Name it, before anything of it is put there; then all that is kept there, and since when."""
    packs.lend(digest + NAMED, b"")
    return dict(packs.kept())


def _listed(sources: Mapping[str, Mapping[str, str]]) -> tuple[dict[str, Any], dict[str, pathlib.Path]]:
    there: dict[str, pathlib.Path] = {}

    def hashed(path: pathlib.Path) -> str:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        there[digest] = path
        return digest

    root = charts_folder()
    charts = {p.relative_to(root).as_posix(): hashed(p) for p in sorted(root.rglob("*")) if p.is_file()}
    ready = (fonts.path(info) for info in fonts.available() if info.ready and not info.module)
    letters = {path.name: hashed(path) for path in ready if path is not None}
    files = {}
    for source in sources.values():
        if "file" in source:  # and what it reads: engine.language.shelf counts both
            path = pathlib.Path(source["file"])
            files[source["file"]] = {p.name: hashed(p) for p in (path, *sorted(path.parent.glob("*.csv")))}
    room = {f"charts/{n}": h for n, h in charts.items()} | {f"fonts/{n}": h for n, h in letters.items()}
    return {"code": code(), "room": room, "files": files}, there


def fetched(packs: Packs, digest: str) -> Kit:
    """What that list names, here. EnvironmentFault: it is for other code, or cannot be had, or is not what it should be."""
    told = json.loads(packs.shared(digest))
    if told["code"] != code():
        raise EnvironmentFault("what the dispatcher sends is for other code than this worker's")
    room = _laid(packs, told["room"])
    return Kit(
        digest, room, {path: str(_laid(packs, files) / pathlib.Path(path).name) for path, files in told["files"].items()}
    )


def _laid(packs: Packs, files: Files) -> pathlib.Path:
    """A folder of the cache with these files; whole, or not there."""
    name = hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
    place = cache_folder() / FOLDER / name
    if place.is_dir():
        return place
    beside = place.with_name(f"{new_id(now())}.new")
    try:
        beside.mkdir(parents=True)
        for path, digest in files.items():
            if not (beside / path).resolve().is_relative_to(beside.resolve()):
                raise EnvironmentFault("the dispatcher names a file outside its folder")
            (beside / path).parent.mkdir(parents=True, exist_ok=True)
            (beside / path).write_bytes(packs.shared(digest))
        if not place.is_dir():
            os.rename(beside, place)
    except OSError as error:
        if not place.is_dir():  # another worker of this machine was first
            raise EnvironmentFault(f"the cache folder takes nothing: {error.strerror}") from None
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return place


def furnish(room: pathlib.Path) -> None:
    """Lanes that start from now on use that room."""
    os.environ[CHARTS], os.environ[fonts.VARIABLE] = str(room / "charts"), str(room / "fonts")
    (room.parent / LAST).write_text(room.name, encoding="utf-8")


def last() -> pathlib.Path | None:
    """The room that a worker of this machine used last: most likely the next one's, too."""
    base = cache_folder() / FOLDER
    try:
        room = base / (base / LAST).read_text(encoding="utf-8")
    except OSError:
        return None
    return room if room.is_dir() and room != base else None
