from __future__ import annotations

import os
import pathlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import EnvironmentFault
from service.vault import KEY, NONCE, Unreadable, Vault, seal, unseal

ONE, OTHER = bytes(KEY), bytes([1] * KEY)


@given(st.binary(max_size=300), st.binary(max_size=20), st.data())
def test_what_was_sealed_opens_with_its_key_and_label_alone(plain: bytes, label: bytes, data: st.DataObject) -> None:
    sealed = seal(ONE, plain, label)
    assert unseal(ONE, sealed, label) == plain and len(sealed) == NONCE + len(plain) + 16
    at = data.draw(st.integers(0, len(sealed) - 1))
    changed = bytes([*sealed[:at], sealed[at] ^ data.draw(st.integers(1, 255)), *sealed[at + 1 :]])
    for key, blob, said in (
        (OTHER, sealed, label),
        (ONE, changed, label),
        (ONE, sealed[:-1], label),
        (ONE, sealed, label + b"x"),
    ):
        with pytest.raises(Unreadable):
            unseal(key, blob, said)


def test_equal_words_are_sealed_differently() -> None:
    many = {seal(ONE, b"Anna") for _ in range(500)}
    assert len(many) == len({sealed[:NONCE] for sealed in many}) == 500 and not any(b"Anna" in sealed for sealed in many)


def test_a_wrapped_key_is_its_owner_s_alone() -> None:
    vault = Vault.of(ONE)
    key, wrapped = vault.new_key("first")
    assert vault.unwrap(wrapped, "first") == key and key not in wrapped
    for whose, owner in ((vault, "second"), (Vault.of(OTHER), "first")):
        with pytest.raises(Unreadable):
            whose.unwrap(wrapped, owner)


def test_marks_are_equal_for_equal_words_under_one_master_key() -> None:
    vault = Vault.of(ONE)
    assert vault.mark(b"shop", b"1001") == vault.mark(b"shop", b"1001")
    others = (vault.mark(b"shop1", b"001"), vault.mark(b"other", b"1001"), Vault.of(OTHER).mark(b"shop", b"1001"))
    assert vault.mark(b"shop", b"1001") not in others
    assert vault.wrapping != vault.indexing != ONE


@pytest.mark.parametrize("how", ["gone", "short", "open to all", "open to its group"])
def test_a_master_key_that_is_gone_or_open_is_refused(tmp_path: pathlib.Path, how: str) -> None:
    place = tmp_path / "secrets" / "master.key"
    made = Vault.open(place, make=True)
    assert place.stat().st_mode & 0o777 == 0o600 and Vault.open(place, make=True) == made
    if how == "gone":
        place.unlink()
    if how == "short":
        place.write_bytes(os.urandom(KEY - 1))
    if how.startswith("open"):
        place.chmod(0o604 if how == "open to all" else 0o640)
    with pytest.raises(EnvironmentFault):
        Vault.open(place)


@pytest.mark.parametrize("size", [0, 1, 11, 12, 27])
def test_what_is_too_short_to_be_sealed_does_not_open(size: int) -> None:
    with pytest.raises(Unreadable):
        unseal(bytes(32), bytes(size))
