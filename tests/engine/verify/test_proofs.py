"""engine/verify/proofs.py: a second process need not prove again; a file that cannot be used is passed by, and written anew."""

from __future__ import annotations

import hashlib
import logging
import pathlib

import numpy as np
import pytest

from engine.model.family import Family
from engine.verify import families, proofs
from engine.verify.families import Known, prove
from engine.verify.proofs import Proofs

LIMITS = (25_000.0, 25_000.0)


def slab() -> Family:
    """Two boards joined at one end, cut into strips; the gap between them moves with a number."""
    outline = [(0.0, 0.0), (40.0, 0.0), (40.0, 4.0), (4.0, 4.0), (4.0, 6.0), (40.0, 6.0), (40.0, 10.0), (0.0, 10.0)]
    points = [(x, 3.0 * k, z) for k in range(4) for x, z in outline]
    n, faces = len(outline), []
    for k in range(3):
        for i in range(n):
            a, b = k * n + i, k * n + (i + 1) % n
            faces += [(a, b, a + n), (b, b + n, a + n)]
    caps = [(0, 1, 2), (0, 2, 3), (0, 3, 4), (0, 4, 7), (4, 5, 6), (4, 6, 7)]
    faces += [(a, c, b) for a, b, c in caps] + [(3 * n + a, 3 * n + b, 3 * n + c) for a, b, c in caps]
    middle = np.array(points) * 10_000.0
    motion = np.zeros_like(middle)
    motion[middle[:, 2] > 50_000.0, 2] = 3_000.0
    return Family("slab", middle, motion[None], np.array(faces, np.int32)[:, ::-1].copy())


FAMILY = slab()


def proved(folder: pathlib.Path) -> tuple[Known, tuple[np.ndarray, bool]]:
    known = prove(FAMILY, FAMILY.faces, folder)
    assert known is not None
    return known, known.active(*LIMITS)


def files(folder: pathlib.Path) -> list[pathlib.Path]:
    return sorted(folder.iterdir())


def refuse(*_: object) -> None:
    raise AssertionError("it was proved again")


def test_what_was_proved_is_not_proved_again(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = prove(FAMILY, FAMILY.faces)
    assert plain is not None
    known, (rows, lost) = proved(tmp_path)
    assert len(files(tmp_path)) == 2 and np.array_equal(known.pairs, plain.pairs)
    assert np.array_equal(rows, plain.active(*LIMITS)[0]) and not lost
    monkeypatch.setattr(families, "_pairs", refuse)
    monkeypatch.setattr(families, "active", refuse)
    again, (rows_again, _) = proved(tmp_path)
    assert np.array_equal(again.pairs, plain.pairs) and np.array_equal(rows_again, rows)
    with pytest.raises(AssertionError, match="again"):
        again.active(9_000.0, 9_000.0)  # nobody has asked that yet


@pytest.mark.parametrize("what", ["motions", "middle", "faces", "code"])
def test_what_follows_from_something_else_is_another_proof(
    what: str, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proved(tmp_path)
    other, some = FAMILY, FAMILY.faces
    if what == "code":
        monkeypatch.setattr(proofs, "code", lambda: "other")
    elif what == "faces":
        some = np.ascontiguousarray(some[:-1])
    else:
        moved = getattr(FAMILY, what) + 1.0
        other = Family(FAMILY.key, **{"middle": FAMILY.middle, "motions": FAMILY.motions, "faces": FAMILY.faces, what: moved})
    assert Proofs.of(tmp_path, other, some).pairs() is None
    assert Proofs.of(tmp_path, other, some).active(*LIMITS) is None


def resummed(data: bytes) -> bytes:
    """With a sha256 that fits: only what it says can give it away."""
    body = data[len(proofs.MAGIC) + 65 :]
    return proofs.MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def faced(data: bytes, number: int) -> bytes:
    return resummed(data[:-4] + np.array(number, "<i4").tobytes())


@pytest.mark.parametrize(
    "spoilt",
    [
        lambda data: b"",
        lambda data: data[:40],
        lambda data: data[:-4],
        lambda data: data[:-1],
        lambda data: b"PK" + data[2:],
        lambda data: data[:-2] + bytes([data[-2] ^ 1]) + data[-1:],
        lambda data: resummed(data[: len(proofs.MAGIC) + 65] + b"0" * 64 + data[len(proofs.MAGIC) + 129 :]),
        lambda data: faced(data, len(FAMILY.faces)),
        lambda data: faced(data, -1),
        lambda data: faced(data, 0),
    ],
    ids=["empty", "head", "short", "odd", "other", "bit", "foreign", "beyond", "below", "unordered"],
)
def test_a_file_that_cannot_be_used_is_passed_by_and_written_anew(
    spoilt: object, tmp_path: pathlib.Path, caplog: pytest.LogCaptureFixture
) -> None:
    known, (rows, _) = proved(tmp_path)
    kept = {path: path.read_bytes() for path in files(tmp_path)}
    assert len(known.pairs) and len(rows)
    for path, data in kept.items():
        path.write_bytes(spoilt(data))  # type: ignore[operator]  # one of the above
    with caplog.at_level(logging.WARNING):
        again, (rows_again, _) = proved(tmp_path)
    assert len(caplog.records) == 2 and all(record.why for record in caplog.records)  # type: ignore[attr-defined]  # as logged
    assert np.array_equal(again.pairs, known.pairs) and np.array_equal(rows_again, rows)
    assert {path: path.read_bytes() for path in files(tmp_path)} == kept


def test_where_nothing_can_be_kept_it_is_proved_all_the_same(tmp_path: pathlib.Path) -> None:
    stands = tmp_path / "file"
    stands.write_text("a file where the folder should be")
    known, _ = proved(stands)
    assert len(known.pairs)
    folder = tmp_path / "kept"
    proved(folder)
    for path in files(folder):  # a folder where the file should be
        path.unlink()
        path.mkdir()
    again, _ = proved(folder)
    assert np.array_equal(again.pairs, known.pairs)
