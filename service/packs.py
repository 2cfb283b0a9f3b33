"""Where sealed bytes lie: packs, a file for all that one chunk of work made, in 256 folders; whole on the disk, or not there.

An object store offers the same verbs (service.bucket); nothing else in the service knows that these are files.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import pathlib
import re
from collections.abc import Iterable, Iterator, Sequence

from engine.errors import EngineFault, EnvironmentFault
from service.clock import new_id, now, time_of

SHARED = "shared"
"""Beside the packs: what is nobody's, under its sha256, or lent under a name."""
NAME = re.compile(r"[0-9a-f]{32}")


class Lost(EngineFault):
    """A pack is not there, or shorter than what was written: the disk lost it."""


def as_named(data: bytes, digest: str) -> bytes:
    """The data, if that is their sha256; EnvironmentFault where it is not."""
    if hashlib.sha256(data).hexdigest() != digest:
        raise EnvironmentFault("what a worker needs is not what was put there")
    return data


class Packs:
    """The folder of packs. Names are ids of ours, never words of anybody's."""

    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.place = os.fspath(folder)
        """What `packs_at` takes: so a lane is told of it."""

    def check(self) -> None:
        """EnvironmentFault where packs cannot be written there."""

    def path(self, name: str) -> pathlib.Path:
        """Where a pack lies: by its last two digits, which are random."""
        if not NAME.fullmatch(name):
            raise EngineFault("a pack's name must be 32 hexadecimal digits")
        return self.folder / name[-2:] / f"{name}.pack"

    def put(self, name: str, parts: Iterable[bytes | memoryview]) -> list[int]:
        """Write a pack; the offset of each part. EnvironmentFault when the disk takes no more.

        Whatever is raised, by the parts too: then nothing of it stays.
        """
        place = self.path(name)
        beside = place.with_suffix(".new")
        offsets, at = [], 0
        try:
            made = not place.parent.is_dir()
            if made:
                place.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                for part in parts:
                    offsets.append(at)
                    at += file.write(part)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place)
            _sync(place.parent)
            if made:
                _sync(self.folder)
        except OSError as error:
            full = error.errno in (errno.ENOSPC, errno.EDQUOT)
            raise EnvironmentFault("the disk is full" if full else f"the disk takes no files: {error.strerror}") from None
        finally:
            with contextlib.suppress(OSError):
                beside.unlink()
        return offsets

    def read(self, name: str, offset: int, size: int) -> bytes:
        """That part of a pack; Lost where it is not there."""
        try:
            with self.path(name).open("rb") as file:
                file.seek(offset)
                found = file.read(size)
        except FileNotFoundError:
            raise Lost("a pack is gone from the disk") from None
        if len(found) != size:
            raise Lost("a pack is shorter than it was written")
        return found

    def wipe(self, name: str, spans: Sequence[tuple[int, int]]) -> None:
        """Overwrite (offset, bytes) of a pack with zeros; a pack that is gone is wiped already."""
        with _told(), contextlib.suppress(FileNotFoundError), self.path(name).open("r+b") as file:
            for offset, size in spans:
                file.seek(offset)
                while size > 0:
                    size -= file.write(bytes(min(size, 1 << 20)))
            file.flush()
            os.fsync(file.fileno())

    def remove(self, name: str) -> None:
        """The pack goes; one that is gone has gone."""
        place = self.path(name)
        with _told(), contextlib.suppress(FileNotFoundError):
            place.unlink()
            _sync(place.parent)

    def share(self, data: bytes) -> None:
        """Keep what is nobody's under its sha256, beside the packs."""
        self.lend(hashlib.sha256(data).hexdigest(), data)

    def lend(self, name: str, data: bytes) -> None:
        """Keep it there under a name of ours; what lay there goes, and it is young again."""
        place = self.folder / SHARED / name
        beside = place.with_name(f"{new_id(now())}.new")
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            with beside.open("wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            os.replace(beside, place)
            _sync(place.parent)
        except OSError as error:
            raise EnvironmentFault(f"the disk takes no files: {error.strerror}") from None

    def shared(self, digest: str) -> bytes:
        """What was kept under that sha256; EnvironmentFault where it is not there, or something else is."""
        try:
            return as_named((self.folder / SHARED / digest).read_bytes(), digest)
        except OSError as error:
            raise EnvironmentFault(f"what a worker needs cannot be read: {error.strerror}") from None

    def lent(self, name: str) -> tuple[bytes, int] | None:
        """What was kept under that name, and since when (milliseconds since 1970); None where nothing is."""
        try:
            with (self.folder / SHARED / name).open("rb") as file:
                return file.read(), int(1000 * os.fstat(file.fileno()).st_mtime)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise EnvironmentFault(f"what was drawn elsewhere cannot be read: {error.strerror}") from None

    def kept(self) -> Iterator[tuple[str, int]]:
        """Every name under which something is kept beside the packs, and since when."""
        for place in sorted((self.folder / SHARED).glob("*")):
            with contextlib.suppress(FileNotFoundError):
                yield place.name, int(1000 * place.stat().st_mtime)

    def unshare(self, name: str, before: int) -> bool:
        """What is kept under that name goes, unless it was put there again since that time; whether it went."""
        place = self.folder / SHARED / name
        with _told(), contextlib.suppress(FileNotFoundError):
            if 1000 * place.stat().st_mtime < before:
                place.unlink()
                return True
        return False

    def shares(self, digest: str) -> bool:
        """Whether something was kept under that sha256."""
        return (self.folder / SHARED / digest).is_file()

    def there(self, name: str) -> bool:
        """Whether there is such a pack."""
        return self.path(name).is_file()

    def names(self) -> Iterator[str]:
        """Every pack there is."""
        for place in self._places(".pack"):
            yield place.stem

    def old(self, before: int) -> Iterator[str]:
        """The packs whose names were given before that time (milliseconds since 1970)."""
        return (name for name in self.names() if NAME.fullmatch(name) and time_of(name) < before)

    def sweep(self, before: int) -> int:
        """Remove what writers that died before that time left half-written; how many. What is being written now is younger."""
        went = 0
        for place in self._places(".new"):
            old = not NAME.fullmatch(place.stem) or time_of(place.stem) < before
            if old and 1000 * place.stat().st_mtime < before:  # a long upload may be writing still
                place.unlink(missing_ok=True)
                went += 1
        return went

    def _places(self, suffix: str) -> Iterator[pathlib.Path]:
        for folder in sorted(self.folder.glob("[0-9a-f][0-9a-f]")):
            if folder.is_dir():
                yield from sorted(place for place in folder.iterdir() if place.suffix == suffix)


@contextlib.contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise EnvironmentFault(f"the disk takes no changes: {error.strerror}") from None


def _sync(folder: pathlib.Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
