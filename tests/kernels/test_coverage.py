"""The kernels of verdict, charts, height fields and lenses as plain Python, under branch coverage: what is compiled is invisible to it, what is not is the scalar twin.

Of each file at least so many of a hundred branches are taken by the kernels' own tests, with hypothesis' seed fixed. What is left now:

- `exact`, `relief`: what the tests of outlines and of stamps take, in compiled code (segments that meet; loops that a relief's first
  look lets pass and its second does not);
- `cones`, `facing`, `mass`, `topology`, `walls`, `swept`, `ridges`, `superellipse`, `bvh`: loops that end by being exhausted, corners of more than 4096 faces,
  walks round corners of an open surface, hits beyond the room of an array;
- `pairs`, `contacts`: faces without an area, which no caller passes on.

`simd` is not here: its intrinsics are run by the compiler alone, and tests/kernels/test_simd.py asks each of them against its twin.
"""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
FLOORS = {
    "apart": 98, "axes": 100, "bvh": 97, "chart": 100, "collar": 100, "cones": 90, "contacts": 97, "crossings": 98, "drape": 100, "envelope": 100, "exact": 100, "facing": 93,
    "halving": 100, "harmonics": 100, "lattice": 100, "mass": 93, "membrane": 100, "morph": 100, "moving": 100, "nearest": 100, "outlook": 95, "pairs": 93, "parts": 100, "rays": 100, "regress": 100,
    "relief": 88, "ridges": 97, "sheet": 100, "shells": 100, "smoothing": 100, "spline": 100, "superellipse": 97, "swept": 98, "topology": 98, "walls": 96, "wide": 100,
}  # fmt: skip
"""Branches in a hundred. Of crossings a million pairs are left out: too many for plain Python."""


def covered(folder: pathlib.Path, *arguments: str) -> dict[str, dict[str, float]]:
    """Each kernels module's branches, as coverage tells them of a run of pytest in a child."""
    environment = {
        **os.environ,
        "NUMBA_DISABLE_JIT": "1",
        "COVERAGE_FILE": str(folder / "data"),
        "COVERAGE_CORE": "ctrace",
    }
    coverage = [sys.executable, "-m", "coverage"]
    pytest_ = ["-m", "pytest", "-n", "0", "-p", "no:cacheprovider", "--hypothesis-seed=0", *arguments]
    ran = subprocess.run(
        [*coverage, "run", "--branch", "--source=kernels", *pytest_],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout[-3000:]
    told = folder / "told.json"
    subprocess.run([*coverage, "json", "-q", "-o", str(told)], cwd=ROOT, env=environment, check=True)
    files = json.loads(told.read_text(encoding="utf-8"))["files"]
    return {pathlib.Path(name).stem: file["summary"] for name, file in files.items()}


def share(summary: dict[str, float]) -> float:
    """Branches taken, in a hundred."""
    return 100.0 * summary["covered_branches"] / max(1, summary["num_branches"])


def test_plain_kernels_take_their_branches(tmp_path: pathlib.Path) -> None:
    files = [f"tests/kernels/test_{name}.py" for name in sorted(FLOORS) if (ROOT / f"tests/kernels/test_{name}.py").is_file()]
    told = covered(tmp_path, *files)
    found = {name: round(share(told[name]), 1) for name in FLOORS}
    sys.stdout.write("".join(f"{name:10} {found[name]:6.1f} %, at least {FLOORS[name]}\n" for name in sorted(found)))
    assert not {name: at for name, at in found.items() if at < FLOORS[name]}


def test_less_is_seen(tmp_path: pathlib.Path) -> None:
    """One test alone leaves branches out."""
    told = covered(tmp_path, "tests/kernels/test_shells.py")
    assert 0 < share(told["pairs"]) < FLOORS["pairs"] and share(told["mass"]) == 0


@pytest.mark.parametrize("name", sorted(FLOORS))
def test_each_has_a_file(name: str) -> None:
    assert (ROOT / f"kernels/{name}.py").is_file()
