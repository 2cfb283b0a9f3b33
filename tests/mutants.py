"""Does each check have a test that misses it? `python -m tests.mutants [WORD ...]`: the edits of mutants.toml (those whose line holds
every word; `--share`: the cheap ones), one after the other in a copy of the checkout, each with the one test that must turn red.

Every test is run before without an edit, and must be green. A table goes to stdout; the status is 1 where an edit stays green that
is not marked as unseen, or one that is turns red.
"""

from __future__ import annotations

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[1]
TREES = ("kernels", "engine", "templates", "service", "benchmarks", "tests")
LONGEST = 600
"""Seconds: an edit may make a loop endless."""


@dataclass(frozen=True)
class Edit:
    """What is taken out: `old` becomes `new` in `file`, and the test `red` sees it."""

    removed: str
    file: str
    old: str
    new: str
    red: str
    plain: bool = False
    share: bool = False
    unseen: bool = False


def edits() -> list[Edit]:
    """The table."""
    return [Edit(**row) for row in tomllib.loads((ROOT / "tests/mutants.toml").read_text(encoding="utf-8"))["edit"]]


def copied(folder: pathlib.Path) -> pathlib.Path:
    """The checkout in a folder where it may be spoilt, beside the same real data; what is compiled there stays there."""
    copy = folder / "checkout"
    for tree in TREES:
        shutil.copytree(ROOT / tree, copy / tree, ignore=shutil.ignore_patterns("__pycache__", ".hypothesis"))
    for file in ("pyproject.toml", "README.md"):
        shutil.copy(ROOT / file, copy)
    if (ROOT.parent / "shared").is_dir():
        (folder / "shared").symlink_to(ROOT.parent / "shared")
    kept = pathlib.Path(os.environ.get("UNIKAT_CACHE") or pathlib.Path.home() / ".cache/unikat")
    (folder / "cache/kernels").mkdir(parents=True)
    for known in (kept / "kernels").glob("*"):
        (folder / "cache/kernels" / known.name).symlink_to(known)
    return copy


def ran(copy: pathlib.Path, test: str, plain: bool) -> str:
    """`green`, `red`, or what else became of one test."""
    environment = {**os.environ, "UNIKAT_CACHE": str(copy.parent / "cache"), "PYTHONDONTWRITEBYTECODE": "1"}
    environment.pop("NUMBA_CACHE_DIR", None)
    if plain:
        environment["NUMBA_DISABLE_JIT"] = "1"
    command = [sys.executable, "-m", "pytest", "-n", "0", "-x", "-p", "no:cacheprovider", "--tb=line", test]
    try:
        ended = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True, timeout=LONGEST, check=False)
    except subprocess.TimeoutExpired:
        return "no end"
    if ended.returncode < 0:
        return f"killed by signal {-ended.returncode}"
    last = (ended.stdout.strip().splitlines() or [""])[-1]
    if ended.returncode == 0 and " passed" in last:
        return "green"
    return "red" if ended.returncode == 1 and " failed" in last and " error" not in last else f"no answer: {last}"


def judged(chosen: Sequence[Edit]) -> Iterator[tuple[Edit, str]]:
    """Each edit, and what its test said of it."""
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copy = copied(pathlib.Path(folder))
        before: dict[tuple[str, bool], str] = {}
        for edit in chosen:
            key = (edit.red, edit.plain)
            if key not in before:
                before[key] = ran(copy, *key)
            if before[key] != "green":
                yield edit, f"without the edit: {before[key]}"
                continue
            path = copy / edit.file
            text = path.read_text(encoding="utf-8")
            path.write_text(text.replace(edit.old, edit.new), encoding="utf-8")
            told = ran(copy, *key)
            path.write_text(text, encoding="utf-8")
            yield edit, told


def main(words: Sequence[str]) -> int:
    """Run the edits whose line holds every word, and print the table."""
    share = "--share" in words
    asked = [w for w in words if w != "--share"]
    chosen = [e for e in edits() if (e.share or not share) and all(w in f"{e.removed} {e.file} {e.red}" for w in asked)]
    print("| removed | in | caught by | |\n|---|---|---|---|")
    missed, begin = 0, time.monotonic()
    for edit, told in judged(chosen):
        missed += told != ("green" if edit.unseen else "red")
        print(f"| {edit.removed} | {edit.file} | {edit.red.removeprefix('tests/')} | {told} |", flush=True)
    print(f"\n{len(chosen)} edits, {len(chosen) - missed} as the table says, {missed} not; {time.monotonic() - begin:.0f} s")
    return int(missed > 0 or not chosen)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
