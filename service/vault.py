"""Seals what a person said: AES-256-GCM under a key of the job's own, which is kept wrapped by a key outside the database.

Erasing is dropping the wrapped key: what is left in a file, a log or an old disk block cannot be read by anybody.
Sources: NIST SP 800-38D (GCM), RFC 5869 (HKDF), RFC 7693 (keyed BLAKE2b).
"""

from __future__ import annotations

import functools
import hashlib
import os
import pathlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from engine.errors import EnvironmentFault
from service.chance import drawn

NONCE, TAG = 12, 16
AROUND = NONCE + TAG
"""Bytes that what is sealed has more."""
KEY = 32


class Unreadable(EnvironmentFault):
    """What was sealed does not open: another master key, or damaged bytes."""


def seal(key: bytes, plain: bytes, label: bytes = b"") -> bytes:
    """Nonce, ciphertext and tag. `label` must be the same when it is opened."""
    nonce = drawn(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, plain, label)


def seal_into(room: memoryview, key: bytes, plain: bytes, label: bytes = b"") -> None:
    """The same, into memory that there is already: AROUND bytes more than `plain` has."""
    nonce = drawn(NONCE)
    room[:NONCE] = nonce
    AESGCM(key).encrypt_into(nonce, plain, label, room[NONCE:])


def unseal(key: bytes, sealed: bytes, label: bytes = b"") -> bytes:
    """The plain bytes; Unreadable when key, bytes or label are not those of the sealing."""
    try:
        return AESGCM(key).decrypt(bytes(sealed[:NONCE]), bytes(sealed[NONCE:]), label)
    except (InvalidTag, ValueError):  # ValueError: shorter than a nonce
        raise Unreadable("what was sealed does not open: another master key, or damaged bytes") from None


def of_bodies(fleet: bytes) -> bytes:
    """The key of the bodies that a fleet shares, from the fleet's. A designer's template runs where it is known: it opens nothing else."""
    return HKDF(hashes.SHA256(), KEY, None, b"unikat bodies").derive(fleet)


@dataclass(frozen=True)
class Vault:
    """The master key's two uses: wrapping the keys of jobs, and keyed hashes by which equal things are found."""

    wrapping: bytes
    indexing: bytes

    @classmethod
    def open(cls, place: pathlib.Path, *, make: bool = False) -> Vault:
        """The master key of that file (32 bytes, for its owner alone); made where there is none and `make` says so."""
        if make and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(os.urandom(KEY))
                file.flush()
                os.fsync(handle)
        try:
            master = place.read_bytes()
            loose = place.stat().st_mode & 0o077
        except OSError as error:
            raise EnvironmentFault(f"the master key cannot be read: {error.strerror}") from None
        if len(master) != KEY:
            raise EnvironmentFault(f"the master key must be {KEY} bytes, this one has {len(master)}")
        if loose:
            raise EnvironmentFault("the master key's file may be read by others: chmod 600")
        return cls.of(master)

    @classmethod
    def of(cls, master: bytes) -> Vault:
        """The two keys that a master key gives."""
        return cls(*(HKDF(hashes.SHA256(), KEY, None, use).derive(master) for use in (b"unikat wrap", b"unikat index")))

    def fleet(self) -> bytes:
        """The key of what travels to workers on other machines, which never have the master key."""
        return HKDF(hashes.SHA256(), KEY, None, b"unikat fleet").derive(self.wrapping)

    def new_key(self, owner: str) -> tuple[bytes, bytes]:
        """A key for `owner` (an id), and the same wrapped, to be kept."""
        key = drawn(KEY)
        return key, self.wrap(key, owner)

    def wrap(self, key: bytes, owner: str) -> bytes:
        """The key as it may be kept: it opens for that owner alone."""
        nonce = drawn(NONCE)
        return nonce + self._cipher.encrypt(nonce, key, owner.encode())

    @functools.cached_property
    def _cipher(self) -> AESGCM:
        """Of the one key that all others are wrapped by: making it costs as much as using it."""
        return AESGCM(self.wrapping)

    def unwrap(self, wrapped: bytes, owner: str) -> bytes:
        """The key of a job."""
        return unseal(self.wrapping, wrapped, owner.encode())

    def mark(self, *words: bytes) -> bytes:
        """16 bytes that are equal for equal words, and tell nothing of them without the master key."""
        told = b"".join([len(word).to_bytes(8, "big") + word for word in words])
        return hashlib.blake2b(told, digest_size=16, key=self.indexing).digest()
