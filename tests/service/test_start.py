"""A whole `unikat make` with its body on disk, and a `unikat verify`: quick from the first line to the last, without CadQuery, VTK or numba."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

LIMIT_S = 2.5
VERDICT_S = 1.2
TRIES = 3
HEAVY = ("cadquery", "OCP", "vtk", "vtkmodules", "numba", "scipy")
CHILD = """
import json, resource, sys
from service.cli import main
try:
    main()
except SystemExit as end:
    status = end.code
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
spent = sum(u.ru_utime + u.ru_stime for u in used)
print(json.dumps({"status": status, "spent": spent, "modules": sorted(sys.modules)}))
"""
TETRAHEDRON = "OFF\n4 4 0\n0 0 0\n10 0 0\n0 10 0\n0 0 10\n3 0 2 1\n3 0 1 3\n3 1 2 3\n3 2 0 3\n"
NEEDLESS = (
    *("engine.language", "engine.export", "engine.shape", "engine.make", "templates", "manifold3d", "PIL", "scipy.linalg"),
    *("typer", "pydantic", "subprocess"),
)
"""What a verdict has no use for."""


def start(folder: Path, *words: str) -> dict[str, Any]:
    """One command in a process of its own: what CHILD tells, and `all`: its CPU with that of all that it started, s."""
    # an installed product has its bytecode: what an environment says against it would measure Python's compiler
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment = {**plain, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    with subprocess.Popen([sys.executable, "-c", CHILD, *words], env=environment, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        lines = process.stdout.read().splitlines()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    assert process.returncode == 0
    return {**json.loads(lines[-1]), "all": used.ru_utime + used.ru_stime}


def run(folder: Path, name: str) -> dict[str, Any]:
    return start(folder, "make", "phone-case", "--process", "fdm-tpu", "--set", f"name={name}", "--out", str(folder / name))


@pytest.fixture(scope="module")
def warm(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Bytecode, kernels and the body are on disk after one run."""
    folder = tmp_path_factory.mktemp("start")
    run(folder, "Anna")
    return folder


def test_one_product_from_start_to_end(warm: Path) -> None:
    tries = [run(warm, f"Zo{n}") for n in range(TRIES)]
    assert all(t["status"] == 0 for t in tries)
    assert min(float(str(t["spent"])) for t in tries) <= LIMIT_S


def test_a_body_on_disk_needs_no_cadquery(warm: Path) -> None:
    assert not set(HEAVY) & set(run(warm, "Ivana")["modules"])


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file; bytecode and kernels are on disk after one verdict."""
    path = tmp_path_factory.mktemp("verdict") / "small.off"
    path.write_text(TETRAHEDRON)
    for more in ((), ("--process", "fdm-pla")):
        start(path.parent, "verify", str(path), "--unit", "mm", *more)
    return path


@pytest.mark.parametrize("more", [(), ("--process", "fdm-pla")], ids=["geometry", "process"])
def test_one_verdict_from_start_to_end(small: Path, more: tuple[str, ...]) -> None:
    """Import, reading in a child, loading kernels, verdict."""
    tries = [start(small.parent, "verify", str(small), "--unit", "mm", *more) for _ in range(TRIES)]
    assert all(t["status"] == 0 for t in tries)
    assert min(t["all"] for t in tries) <= VERDICT_S
    loaded = tries[0]["modules"]
    assert not [m for m in loaded if m in HEAVY or m.startswith(NEEDLESS)]
