"""Vector loads and stores check no bounds: every kernel that has them runs on arrays that end, and begin, at forbidden pages.

By hand, for every other index of the same kernels on the same meshes (other machine code, compiled in minutes, so in a folder of its own):

    NUMBA_BOUNDSCHECK=1 NUMBA_CACHE_DIR=$(mktemp -d) uv run python -m tests.kernels.guarded end
"""

from __future__ import annotations

import importlib
import json
import pathlib
import re
import signal
import subprocess
import sys

import numba
import pytest

from kernels.compiled import REGISTRY
from kernels.sources import FOLDER, LOWERED

ROOT = pathlib.Path(__file__).parents[2]
READS = re.compile(r"simd import .*\b(load|store)\b")
SIMD = sorted(p.stem for p in FOLDER.glob("*.py") if READS.search(p.read_text("utf-8")) and not p.stem.endswith(LOWERED))
"""Modules with raw loads."""

pytestmark = pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="only compiled kernels read without a check")


def child(side: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.kernels.guarded", side]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("side", ["end", "start"])
def test_no_kernel_reads_or_writes_a_byte_outside(side: str) -> None:
    ended = child(side)
    assert ended.returncode == 0, (ended.returncode, ended.stderr[-2000:])
    ran = set(json.loads(ended.stdout.splitlines()[-1]))
    for name in SIMD:
        importlib.import_module(f"kernels.{name}")
    modules = {f"kernels.{name}" for name in SIMD}
    asked = {f"{k.python.__module__}.{k.python.__qualname__}" for k in REGISTRY if k.python.__module__ in modules}
    assert len(SIMD) >= 9
    assert sorted(asked - ran) == []


def test_a_load_a_lane_too_far_is_the_end() -> None:
    assert child("beyond").returncode == -signal.SIGSEGV
