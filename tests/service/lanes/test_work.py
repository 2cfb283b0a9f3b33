"""What a lane makes of a chunk: every fault of an order or its template is that unit's answer, and the neighbours are made."""

from __future__ import annotations

import errno
import hashlib
import json
import pathlib
from dataclasses import asdict
from typing import Any

import pytest

from engine.errors import ChildFault, EngineFault, EnvironmentFault
from service.clock import new_id
from service.lanes import work
from service.lanes.unit import Unit
from service.packs import Packs
from service.store.telling import HITS
from service.vault import seal, unseal
from tests.chaos import TEMPLATE

KEY = bytes(range(32))
BROKEN = {"raises": "raise ValueError('hers')", "is no Python": "def (", "has none": "x = 1", "ends": "raise SystemExit"}


def told(name: str, file: pathlib.Path = TEMPLATE, **more: Any) -> dict[str, Any]:
    one = new_id(1_700_000_000_000)
    order = json.dumps({"template": "block", "parameters": {"name": name}}).encode()
    unit = Unit(one, "t", seal(KEY, order, one.encode()), KEY, {"file": str(file)}, "mjf-pa12", None, ("stl",), 10.0)
    return {**asdict(unit), **more}


def chunk(folder: pathlib.Path, *units: dict[str, Any]) -> list[dict[str, Any]]:
    return work.chunk(units, str(folder), "0" * 32)


@pytest.mark.parametrize("how", list(BROKEN)[:3])
def test_a_template_that_cannot_be_imported_is_that_units_fault(tmp_path: pathlib.Path, how: str) -> None:
    file = tmp_path / "broken.py"
    file.write_text(BROKEN[how], encoding="utf-8")
    bad, good = chunk(tmp_path / "packs", told("x", file), told("good"))
    assert (bad["state"], bad["reason"]) == ("failed", "template") and b"hers" not in bad["told"]
    assert good["state"] == "done" and good["ms"] > 0 and good["cpu_ms"] > 0
    offset, size, plain, digest = good["files"]["model.stl"]
    opened = unseal(KEY, Packs(tmp_path / "packs").read("0" * 32, offset, size), f"{good['id']}/model.stl".encode())
    assert len(opened) == plain and hashlib.sha256(opened).hexdigest() == digest


def test_an_order_that_does_not_open_is_that_units_fault(tmp_path: pathlib.Path) -> None:
    bad, good = chunk(tmp_path, told("x", sealed=bytes(40)), told("good"))
    assert (bad["state"], bad["reason"], good["state"]) == ("failed", "unreadable", "done")


@pytest.mark.parametrize(
    ("error", "reason"), [(EngineFault("a promise"), "error"), (ChildFault("lost", "killed"), "lost"), (ChildFault("crash", "x"), "crash")]
)  # fmt: skip
def test_a_fault_of_ours_is_tried_again(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, error: Exception, reason: str
) -> None:
    made = work.make
    monkeypatch.setattr(work, "make", lambda order, *a, **k: made(order, *a, **k) if "good" in str(order) else raising(error))
    bad, good = chunk(tmp_path, told("x"), told("good"))
    assert (bad["state"], bad["reason"], good["state"]) == ("struck", reason, "done")


def raising(error: Exception) -> Any:
    raise error


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EMFILE])
def test_what_the_machine_lacks_is_no_units_fault(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, number: int) -> None:
    monkeypatch.setattr(work, "make", lambda *a, **k: raising(OSError(number, "no")))
    with pytest.raises(EnvironmentFault):
        chunk(tmp_path, told("x"))
    monkeypatch.setattr(work, "make", lambda *a, **k: raising(OSError(errno.EINVAL, "no")))
    with pytest.raises(OSError, match="no"):
        chunk(tmp_path, told("x"))


def test_a_disk_that_takes_no_pack_is_no_units_fault(tmp_path: pathlib.Path) -> None:
    (tmp_path / "packs").mkdir()
    (tmp_path / "packs" / "00").write_bytes(b"")  # where the pack's folder would be
    with pytest.raises(EnvironmentFault, match="disk"):
        chunk(tmp_path / "packs", told("good"))


def test_what_was_at_hand_is_counted(tmp_path: pathlib.Path) -> None:
    first, equal, other = chunk(tmp_path, told("a", same=b"1" * 16), told("a", same=b"1" * 16), told("b", same=b"2" * 16))
    assert [one["hits"]["equals"] for one in (first, equal, other)] == [0, 1, 0]
    assert not [n for n in equal["hits"] if n.startswith("bodies")] and set(first["hits"]) <= set(HITS)
    for name, drawn in (("Qŵx", True), ("xQŵ", False)):  # no other test's: a line that was laid asks for no glyph
        one = told("x")
        order = json.dumps({"template": "phone-case", "parameters": {"name": name}}).encode()
        (made,) = chunk(tmp_path, {**one, "sealed": seal(KEY, order, one["id"].encode()), "source": {"key": "phone-case"}})
        hits = made["hits"]
        assert made["state"] == "done" and sum(n for of, n in hits.items() if of.startswith("bodies")) == 1
        assert hits["glyphs_kept"] + hits["glyphs_drawn"] == 3 and (drawn or not hits["glyphs_drawn"])
