from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from service.lanes import room
from service.lanes.room import Room
from service.vault import KEY, Unreadable, unseal

ONE = bytes(KEY)


@given(st.lists(st.lists(st.binary(max_size=300), max_size=6), max_size=4))
def test_what_is_sealed_lies_one_after_the_other_and_opens(chunks: list[list[bytes]]) -> None:
    kept = Room()
    for files in chunks:
        kept.clear()
        where = [kept.seal(ONE, plain, b"%d" % n) for n, plain in enumerate(files)]
        with kept.sealed() as told:
            sealed = bytes(told)
        assert [at for at, _ in where] == [sum(size for _, size in where[:n]) for n in range(len(where))]
        assert len(sealed) == sum(size for _, size in where)
        for n, ((at, size), plain) in enumerate(zip(where, files, strict=True)):
            assert unseal(ONE, sealed[at : at + size], b"%d" % n) == plain
            with pytest.raises(Unreadable):
                unseal(ONE, sealed[at : at + size], b"another")


def test_what_a_large_chunk_took_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "KEPT", 1000)
    kept = Room()
    kept.seal(ONE, bytes(900), b"")
    held = len(kept._held)
    kept.clear()
    assert (len(kept._held), kept.used) == (held, 0), "it is kept for the next"
    kept.seal(ONE, bytes(5000), b"")
    kept.clear()
    assert len(kept._held) == 0
