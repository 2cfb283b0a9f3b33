"""`unikat warm`: every kernel compiled ahead, by several children at once.

A child takes one module after the other, the largest first: kernels of a module share what is inlined into them, and a child compiles that once.
"""

from __future__ import annotations

import importlib
import pathlib
import pkgutil
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import SimpleQueue

import kernels
from engine.doors.child import Child
from engine.errors import UnikatError
from kernels.compiled import REGISTRY
from kernels.sources import FOLDER

DEADLINE = 3600.0
"""Seconds that a child may take for one module: a minute of CPU at most, and a machine may be crowded."""


def run(jobs: int) -> int:
    """Compile every kernel, or load what was compiled before; says how many, and how much CPU it took. `jobs`: children at work.

    What a child could not compile is told, and compiled here, where the kernel's own fault is raised.
    """
    started = time.process_time()
    for found in pkgutil.iter_modules(kernels.__path__):
        importlib.import_module(f"kernels.{found.name}")
    names = missing(FOLDER)
    jobs = min(jobs, len(names))
    spent = by_children(names, jobs) if jobs > 1 else 0.0
    for one in REGISTRY:
        one.compile()
    print(f"{len(REGISTRY)} kernels ready after {spent + time.process_time() - started:.1f} s CPU")
    return 0


def missing(folder: pathlib.Path) -> list[str]:
    """Modules of kernels that the disk has no machine code of, the largest file first: what takes longest is not begun last."""
    names = {one.python.__module__ for one in REGISTRY if not one.kept}
    sizes = {f"kernels.{path.stem}": path.stat().st_size for path in folder.glob("*.py")}
    return sorted(names & sizes.keys(), key=lambda name: (-sizes[name], name))


def by_children(names: Sequence[str], jobs: int) -> float:
    """Have `jobs` children compile these modules, begun in that order; their seconds of CPU. A module that did not succeed is told."""
    children = [Child((__name__,)) for _ in range(jobs)]
    idle: SimpleQueue[Child] = SimpleQueue()
    for child in children:
        idle.put(child)

    def ask(name: str) -> float:
        child = idle.get()
        try:
            return float(child.call(f"{__name__}:compile_module", name, deadline=DEADLINE))
        except (UnikatError, OSError) as error:
            print(f"{name} was not compiled by a child: {error}", file=sys.stderr)
            return 0.0
        finally:
            idle.put(child)

    threads = ThreadPoolExecutor(jobs, "warm")
    try:
        return sum(threads.map(ask, names))
    finally:  # all have ended; or Ctrl-C: what is under way is not waited for
        threads.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.abandon()
            child.close()


def compile_module(name: str) -> float:
    """In a child: keep the machine code that the disk lacks of that module's kernels; seconds of CPU."""
    started = time.process_time()
    importlib.import_module(name)
    for one in REGISTRY:
        if one.python.__module__ == name and not one.kept:
            one.compile()
    return time.process_time() - started
