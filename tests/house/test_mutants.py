"""The table of mutants stays true: each text is there once, each test exists; a share of it is run."""

from __future__ import annotations

import dataclasses
import subprocess
import sys

from tests.mutants import ROOT, edits, judged

EDITS = edits()
CODES = [
    "open-edge",
    "nonmanifold-edge",
    "nonmanifold-vertex",
    "inconsistent-winding",
    "degenerate-face",
    "duplicate-face",
    "self-intersection",
    "coplanar-overlap",
    "contact",
    "inverted-shell",
    "nested-shell",
    "overlapping-shells",
    "cavity",
    "thin-wall",
    "narrow-gap",
    "thin-letter",
    "too-big",
    "off-bed",
    "unstable",
    "parts-cross",
    "parts-close",
    "unused-point",
    "unreadable",
    "not-finite",
    "bad-index",
    "empty",
]


def test_each_text_is_found_once() -> None:
    for edit in EDITS:
        text = (ROOT / edit.file).read_text(encoding="utf-8")
        assert text.count(edit.old) == 1, f"{edit.removed}: {edit.file} has its text {text.count(edit.old)} times"
        compile(text.replace(edit.old, edit.new), edit.file, "exec")
    assert len({(e.file, e.old, e.new) for e in EDITS}) == len(EDITS) > 140


def test_each_code_of_the_report_is_taken_out_once() -> None:
    missing = [code for code in CODES if not any(e.removed.split()[0].rstrip(":") == code for e in EDITS)]
    assert not missing


def test_each_test_exists() -> None:
    tests = sorted({e.red for e in EDITS})
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "--collect-only", "-q", *tests],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr + ended.stdout[-2000:]


def test_a_share_turns_its_tests_red_and_what_is_not_seen_is_said() -> None:
    share = [e for e in EDITS if e.share]
    assert len(share) == 3 and any(e.plain for e in share)
    nothing = dataclasses.replace(share[0], new=share[0].old)
    nowhere = dataclasses.replace(share[0], red=f"{share[0].red}?")
    told = [said for _, said in judged([*share, nothing, nowhere])]
    assert told[:4] == ["red", "red", "red", "green"]
    assert told[4].startswith("without the edit: no answer")
