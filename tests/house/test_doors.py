"""Who may import what, read from every source file there is: a new module is in the list the day it is written.

import-linter's contracts name their sources, and a forgotten one goes unseen; here a heavy or dangerous module names the files
that may import it, at the head or inside a function, and every other file of the four packages, tests' and benchmarks' oracles
included, may not.
"""

from __future__ import annotations

import ast
import pathlib
import sys
import tomllib
from collections.abc import Iterator

import pytest

ROOT = pathlib.Path(__file__).parents[2]
TREES = ("kernels", "engine", "templates", "service")
DOORS: dict[str, tuple[str, ...]] = {
    "cadquery": ("engine/doors/cad.py",),
    "OCP": (
        "engine/doors/cad.py",
        "engine/doors/cad_map.py",
        "engine/doors/cad_net.py",
        "engine/doors/cad_stamp.py",
        "engine/doors/cad_step.py",
        "engine/doors/cad_heights.py",
        "engine/doors/cad_kept.py",
        "engine/doors/cad_near.py",
        "engine/doors/cad_plate.py",
        "engine/doors/cad_surface.py",
        "engine/doors/cad_triangles.py",
    ),
    "manifold3d": ("engine/doors/solid.py",),
    "uharfbuzz": ("engine/shape/fonts.py", "engine/shape/glyphs.py", "engine/shape/text.py"),
    "fontTools": ("engine/shape/bidi.py", "engine/shape/characters.py"),
    "regex": ("engine/shape/characters.py",),
    "isal": ("engine/export/png.py", "engine/export/zipped.py"),
    "PIL": ("engine/export/contact_sheet.py",),
    "orjson": ("engine/export/papers.py", "engine/rebuild.py"),
    "click": ("service/words.py",),
    "fastapi": ("service/app.py", "service/api/"),
    "markdown_it": ("service/api/guides.py",),
    "pydantic": ("service/api/",),
    "starlette": ("service/api/",),
    "anyio": ("service/api/campaigns.py",),
    "prometheus_client": ("service/api/metrics.py",),
    "uvicorn": ("service/web.py",),
    "sqlalchemy": ("service/store/",),
    "alembic": ("service/store/migrate.py", "service/store/migrations/"),
    "pg8000": ("service/store/wire.py",),
    "pysqlite3": ("service/store/database.py",),
    "opentelemetry": ("service/tracing.py",),
    "distributed": ("service/fleet/door.py",),
    "dask": ("service/fleet/door.py",),
    "obstore": ("service/bucket.py",),
    "cryptography": ("service/vault.py", "service/fleet/certificates.py"),
    "numba": ("kernels/compiling.py", "kernels/simd_lowering.py"),
    "llvmlite": ("kernels/compiling.py", "kernels/machine_code.py", "kernels/simd_lowering.py"),
    "subprocess": ("engine/doors/child.py", "engine/doors/slicer.py", "service/serve.py"),
    "socket": (
        "engine/doors/child.py",
        "engine/doors/child_server.py",
        "service/serve.py",
        "service/web.py",
        "service/webhooks/guard.py",
        "service/fleet/certificates.py",
    ),
    "ssl": ("service/webhooks/", "service/store/postgres.py", "service/fleet/certificates.py"),
    "standardwebhooks": ("service/webhooks/sender.py",),
    "ctypes": ("engine/doors/child_server.py", "service/health.py", "kernels/machine_code.py"),
    "resource": ("engine/doors/child_server.py",),
    "pickle": ("engine/doors/child_replies.py", "engine/doors/child_server.py"),
    "multiprocessing": (),
    "random": (),
    "secrets": (),
}
"""Module -> the only files, and folders (with a slash at the end), that import it. What is in no standard library, is none of ours, and is not here, nobody imports."""
ANYWHERE = ("numpy", *TREES)
"""numpy.linalg apart: no BLAS or LAPACK where bytes depend on it (below)."""
KERNELS = ("__future__", "collections", "functools", "math", "numpy", "types", "typing", "kernels")
BENEATH = {
    "kernels/compiled.py": (*KERNELS, "contextlib", "inspect", "os", "pathlib", "sys"),
    "kernels/sources.py": (*KERNELS, "ast", "contextlib", "hashlib", "importlib", "json", "os", "pathlib", "threading"),
    "kernels/machine_code.py": (
        *(*KERNELS, "builtins", "ctypes", "dataclasses", "hashlib", "importlib", "itertools"),
        *("json", "llvmlite", "os", "pathlib", "sys"),
    ),
    "kernels/compiling.py": (*KERNELS, "importlib", "inspect", "llvmlite", "numba", "pathlib"),
    "kernels/simd_lowering.py": (*KERNELS, "llvmlite", "numba", "operator"),
}
"""The files on which all kernels stand."""
TEMPLATES = ("__future__", "collections", "dataclasses", "functools", "math", "numpy", "typing", "engine", "templates")
STARTERS = ("system", "popen", "fork", "forkpty", "posix_spawn", "posix_spawnp")
STARTS = ("engine/doors/child_near.py", "engine/doors/child_server.py")


def imported(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and full name of every import of a module, in whatever function or branch, `__import__` with a literal included."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names if not node.level)
        elif isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] in ("import_module", "__import__"):
            yield from ((node.lineno, str(named.value)) for named in node.args[:1] if isinstance(named, ast.Constant))


def complaints(file: str, source: str) -> list[str]:
    """What `file` (its path in the project) imports or starts and may not."""
    tree = ast.parse(source)
    found = []
    for line, name in imported(tree):
        head = name.split(".")[0]
        if head in DOORS and not any(file == door or (door.endswith("/") and file.startswith(door)) for door in DOORS[head]):
            found.append(f"{file}:{line} imports {head}: only {', '.join(DOORS[head]) or 'nobody'} may")
        elif head not in DOORS and head not in ANYWHERE and head not in sys.stdlib_module_names:
            found.append(f"{file}:{line} imports {head}, which has no door")
        if name.startswith("numpy.linalg"):
            found.append(f"{file}:{line} imports numpy.linalg: LAPACK's results differ between machines")
        if file.startswith("kernels/") and head not in BENEATH.get(file, KERNELS):
            found.append(f"{file}:{line} imports {head}: kernels know math, numpy and numba alone")
        if file.startswith("templates/") and head not in TEMPLATES:
            found.append(f"{file}:{line} imports {head}: templates know engine.authoring, math and numpy alone")
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and node.attr == "linalg":
            found.append(f"{file}:{node.lineno} uses numpy.linalg: LAPACK's results differ between machines")
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "os":
            starts = node.attr in STARTERS or node.attr.startswith(("exec", "spawn"))
            if starts and file not in STARTS:
                found.append(f"{file}:{node.lineno} calls os.{node.attr}: only {', '.join(STARTS)} may")
    return found


def rooms() -> list[pathlib.Path]:
    return [p for tree in TREES for p in sorted((ROOT / tree).rglob("*.py"))]


def test_every_file_keeps_to_its_doors() -> None:
    files = rooms()
    assert len(files) > 80
    assert not [c for p in files for c in complaints(p.relative_to(ROOT).as_posix(), p.read_text(encoding="utf-8"))]


def test_every_door_is_in_use() -> None:
    """A file that no longer imports what it is a door to, or is gone, loses the right."""
    used = {
        (head, p.relative_to(ROOT).as_posix())
        for p in rooms()
        for _, name in imported(ast.parse(p.read_text(encoding="utf-8")))
        if (head := name.split(".")[0]) in DOORS
    }
    for head, doors in DOORS.items():
        for door in doors:
            assert any(h == head and (file == door or (door.endswith("/") and file.startswith(door))) for h, file in used), (
                head,
                door,
            )


@pytest.mark.parametrize(
    ("file", "line", "told"),
    [
        ("engine/reading/meshes.py", "import trimesh", "no door"),
        ("engine/reading/new.py", "from lib3mf import get_wrapper", "no door"),
        ("engine/errands.py", "import cadquery as cq", "imports cadquery: only engine/doors/cad.py"),
        ("engine/doors/cad_lattice.py", "from OCP.gp import gp_Pnt", "imports OCP: only engine/doors/cad.py"),
        ("engine/rebuild.py", "def f():\n    import manifold3d", "imports manifold3d: only engine/doors/solid.py"),
        ("engine/doors/child_replies.py", "import importlib\nimportlib.import_module('OCP.gp')", "imports OCP"),
        ("engine/doors/child_server.py", "__import__('cadquery')", "imports cadquery"),
        ("engine/language/new.py", "import uharfbuzz", "imports uharfbuzz"),
        ("engine/export/threemf.py", "from isal import igzip_lib", "imports isal"),
        ("engine/export/gcode.py", "import subprocess", "imports subprocess: only engine/doors/child.py"),
        ("service/cli.py", "from socket import socket", "imports socket"),
        ("service/cli.py", "import os\nos.system('prusa-slicer')", "calls os.system"),
        ("engine/make.py", "import os\nos.execvp('prusa-slicer', [])", "calls os.execvp"),
        ("engine/make.py", "import random", "only nobody may"),
        ("engine/verify/new.py", "from numpy.linalg import svd", "LAPACK"),
        ("engine/verify/new.py", "import numpy as np\nx = np.linalg.norm", "LAPACK"),
        ("engine/verify/new.py", "import numba", "imports numba: only kernels/compiling.py"),
        ("kernels/lattice.py", "import os", "kernels know"),
        ("kernels/lattice.py", "from numba import njit", "imports numba"),
        ("templates/phone_case/say.py", "import os", "templates know"),
        ("templates/new.py", "from pathlib import Path", "templates know"),
    ],
)
def test_what_is_planted_is_named(file: str, line: str, told: str) -> None:
    path = ROOT / file
    before = path.read_text(encoding="utf-8") if path.is_file() else '"""A new room."""\n'
    assert complaints(file, before) == []
    after = complaints(file, f"{before}\n\n{line}\n")
    assert after
    assert any(told in c for c in after), after


@pytest.mark.parametrize(
    ("contract", "doors"),
    [
        (
            "One door to CadQuery",
            (
                "engine.doors.cad",
                "engine.doors.cad_map",
                "engine.doors.cad_net",
                "engine.doors.cad_stamp",
                "engine.doors.cad_step",
                "engine.doors.cad_heights",
                "engine.doors.cad_kept",
                "engine.doors.cad_near",
                "engine.doors.cad_plate",
                "engine.doors.cad_surface",
                "engine.doors.cad_triangles",
            ),
        ),
        ("One door to manifold3d", ("engine.doors.solid",)),
    ],
)
def test_the_contracts_name_every_other_module(contract: str, doors: tuple[str, ...]) -> None:
    """import-linter follows what this file's reading of the sources does not; its list of sources forgets nothing either."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]["contracts"]
    (sources,) = (c["source_modules"] for c in told if c["name"] == contract)
    for path in rooms():
        if path.name != "__init__.py":
            module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
            covered = any(module == s or module.startswith(f"{s}.") for s in sources)
            assert covered != (module in doors), module


def test_the_oracles_are_no_dependency() -> None:
    """What only tests and benchmarks import is in no door, and is not installed with the product."""
    told = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    needed = {name.split("==")[0] for name in told["project"]["dependencies"]}
    for oracle in told["dependency-groups"]["oracle"]:
        assert oracle not in needed
        assert oracle not in DOORS
