"""Packs in an object store that speaks S3: the five verbs of service.packs, for several machines that share no folder.

An object is there whole or not at all; what is uploaded is checked by its SHA-256 there, and what is read by the seal of each file, as
from a folder. The names of bucket and prefix come from `--artifacts`, the keys from the environment (AWS_ACCESS_KEY_ID,
AWS_SECRET_ACCESS_KEY, AWS_REGION; AWS_ENDPOINT_URL for what is not Amazon's). The bucket must keep no old versions: erasing would leave them.
"""

from __future__ import annotations

import contextlib
import functools
import importlib
import os
import pathlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from engine.errors import EngineFault, EnvironmentFault
from service.packs import NAME, SHARED, Lost, Packs, as_named

SCHEME = "s3://"
TRIES = 3
PATIENCE = timedelta(seconds=10)
WIPES = 5
"""So often a wipe begins again because somebody else wiped another part of the same pack meanwhile."""
DENIED = "the bucket does not let us: its keys lack the right to get, put, list or delete"
REFUSED = (" 403 ", "AccessDenied")
"""In what it says of a list, or of a deletion: there it has no class for it."""
PROBE = "00000000000000000000000000000000"


@functools.cache
def _library() -> Any:
    try:
        return importlib.import_module("obstore")
    except ImportError:
        raise EnvironmentFault("s3:// wants the package obstore: install unikat[several]") from None


class Bucket(Packs):
    """`place`: s3://BUCKET/PREFIX. Nothing is opened yet: a lane is forked from who has it."""

    def __init__(self, place: str) -> None:
        super().__init__(pathlib.Path())
        self.place = place
        bucket, _, prefix = place.removeprefix(SCHEME).partition("/")
        if not place.startswith(SCHEME) or not bucket:
            raise EnvironmentFault("--artifacts is a folder, or s3://BUCKET/PREFIX")
        self._bucket, self._prefix = bucket, prefix.strip("/")

    @functools.cached_property
    def _store(self) -> Any:
        _library()
        made = importlib.import_module("obstore.store").S3Store
        endpoint = os.environ.get("AWS_ENDPOINT_URL", "")
        return made(
            self._bucket,
            prefix=self._prefix or None,
            checksum_algorithm="SHA256",
            conditional_put="etag",
            client_options={"timeout": PATIENCE, "allow_http": endpoint.startswith("http://")},
            retry_config={"max_retries": TRIES, "retry_timeout": PATIENCE},
        )

    def key(self, name: str) -> str:
        """Where a pack lies below the prefix."""
        if not NAME.fullmatch(name):
            raise EngineFault("a pack's name must be 32 hexadecimal digits")
        return f"{name[-2:]}/{name}.pack"

    def path(self, name: str) -> pathlib.Path:
        """It has none on this machine."""
        raise EngineFault("a pack in a bucket has no path")

    def check(self) -> None:
        """EnvironmentFault where objects cannot be written, read, listed and removed there."""
        self.put(PROBE, [b"unikat"])
        self.read(PROBE, 0, 6)
        next(self.names(), None)
        self.remove(PROBE)

    def put(self, name: str, parts: Iterable[bytes | memoryview]) -> list[int]:
        """Write a pack; the offset of each part. Whatever is raised, by the parts too: then nothing of it stays."""
        offsets: list[int] = []

        def counted() -> Iterator[bytes | memoryview]:
            at = 0
            for part in parts:
                offsets.append(at)
                at += len(part)
                yield part

        data = b"".join(counted()) if isinstance(parts, Sequence) else counted()
        try:
            with _told():
                _library().put(self._store, self.key(name), data)
        except Lost:
            raise EnvironmentFault("there is no such bucket") from None
        return offsets

    def read(self, name: str, offset: int, size: int) -> bytes:
        """That part of a pack; Lost where it is not there."""
        if size == 0:
            return b""
        with _told():
            found = bytes(_library().get_range(self._store, self.key(name), start=offset, length=size))
        if len(found) != size:
            raise Lost("a pack is shorter than it was written")
        return found

    def wipe(self, name: str, spans: Sequence[tuple[int, int]]) -> None:
        """The pack is written again with zeros at (offset, bytes); a pack that is gone is wiped already."""
        changed = importlib.import_module("obstore.exceptions").PreconditionError
        for _ in range(WIPES):
            with contextlib.suppress(changed):
                try:
                    with _told():
                        self._wipe(name, spans)
                except Lost:
                    return
                return
        raise EnvironmentFault("a pack is changed by others all the time")

    def _wipe(self, name: str, spans: Sequence[tuple[int, int]]) -> None:
        found = _library().get(self._store, self.key(name))
        data = bytearray(found.bytes())
        for offset, size in spans:
            data[offset : offset + size] = bytes(size)
        _library().put(self._store, self.key(name), bytes(data), mode={"e_tag": found.meta["e_tag"]}, use_multipart=False)

    def remove(self, name: str) -> None:
        """The pack goes; one that is gone has gone."""
        with contextlib.suppress(Lost), _told():
            _library().delete(self._store, self.key(name))

    def lend(self, name: str, data: bytes) -> None:
        """Keep it there under a name of ours; what lay there goes, and it is young again."""
        with _told():
            _library().put(self._store, f"{SHARED}/{name}", data)

    def lent(self, name: str) -> tuple[bytes, int] | None:
        """What was kept under that name, and since when (milliseconds since 1970); None where nothing is."""
        try:
            with _told():
                found = _library().get(self._store, f"{SHARED}/{name}")
                return bytes(found.bytes()), _since(found.meta)
        except Lost:
            return None

    def kept(self) -> Iterator[tuple[str, int]]:
        """Every name under which something is kept beside the packs, and since when."""
        with _told():
            for page in _library().list(self._store, prefix=SHARED):
                for entry in page:
                    yield str(entry["path"]).rpartition("/")[2], _since(entry)

    def unshare(self, name: str, before: int) -> bool:
        """What is kept under that name goes, unless it was put there again since that time; whether it went."""
        with contextlib.suppress(Lost), _told():
            if _since(_library().head(self._store, f"{SHARED}/{name}")) < before:
                _library().delete(self._store, f"{SHARED}/{name}")
                return True
        return False

    def shared(self, digest: str) -> bytes:
        """What was kept under that sha256; EnvironmentFault where it is not there, or something else is."""
        try:
            with _told():
                return as_named(bytes(_library().get(self._store, f"{SHARED}/{digest}").bytes()), digest)
        except Lost:
            raise EnvironmentFault("what a worker needs is not in the bucket") from None

    def shares(self, digest: str) -> bool:
        """Whether something was kept under that sha256."""
        try:
            with _told():
                _library().head(self._store, f"{SHARED}/{digest}")
        except Lost:
            return False
        return True

    def there(self, name: str) -> bool:
        """Whether there is such a pack."""
        try:
            with _told():
                _library().head(self._store, self.key(name))
        except Lost:
            return False
        return True

    def names(self) -> Iterator[str]:
        """Every pack there is."""
        with _told():
            for page in _library().list(self._store):
                for entry in page:
                    name = str(entry["path"]).rpartition("/")[2]
                    if name.endswith(".pack"):
                        yield name.removesuffix(".pack")

    def sweep(self, before: int) -> int:
        """Nothing is ever half there. (Uploads in parts that were given up are the bucket's own to forget.)"""
        return 0


def _since(meta: Mapping[str, Any]) -> int:
    """When an object was put there: by the bucket's clock, in whole seconds."""
    return int(1000 * meta["last_modified"].timestamp())


@contextlib.contextmanager
def _told() -> Iterator[None]:
    """What the store refuses, in our words: its own name addresses, and what was asked for."""
    known = importlib.import_module("obstore.exceptions")
    try:
        yield
    except (known.NotFoundError, FileNotFoundError):
        raise Lost("a pack is gone from the bucket") from None
    except known.PreconditionError:
        raise
    except (known.PermissionDeniedError, known.UnauthenticatedError, PermissionError):
        raise EnvironmentFault(DENIED) from None
    except known.BaseError as error:
        if any(word in str(error) for word in REFUSED):
            raise EnvironmentFault(DENIED) from None
        raise EnvironmentFault(f"the bucket does not answer: {type(error).__name__}") from None
