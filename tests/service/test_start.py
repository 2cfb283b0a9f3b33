"""A whole `unikat make` with its body on disk: quick from the first line to the last, without CadQuery or VTK."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

LIMIT_S = 2.5
TRIES = 3
HEAVY = ("cadquery", "OCP", "vtk", "vtkmodules")
CHILD = """
import json, resource, sys
from service.cli import main
try:
    main(sys.argv[1:])
except SystemExit as end:
    status = end.code
used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
spent = sum(u.ru_utime + u.ru_stime for u in used)
print(json.dumps({"status": status, "spent": spent, "modules": sorted({m.partition(".")[0] for m in sys.modules})}))
"""


def run(folder: Path, name: str) -> dict[str, object]:
    # an installed product has its bytecode: what an environment says against it would measure Python's compiler
    plain = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    environment = {**plain, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}
    words = ["make", "phone-case", "--process", "fdm-tpu", "--set", f"name={name}", "--out", str(folder / name)]
    done = subprocess.run(
        [sys.executable, "-c", CHILD, *words], env=environment, capture_output=True, text=True, timeout=300, check=True
    )
    told: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return told


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
    modules = run(warm, "Ivana")["modules"]
    assert isinstance(modules, list)
    assert not set(HEAVY) & set(modules)
