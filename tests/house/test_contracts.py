"""The house's contracts hold, and each is seen to fail on a planted violation in a copy."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).parents[2]
TREES = ("kernels", "engine", "templates", "service")


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    folder = tmp_path_factory.mktemp("house")
    for tree in TREES:
        shutil.copytree(ROOT / tree, folder / tree, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def run(folder: pathlib.Path, *command: str) -> subprocess.CompletedProcess[str]:
    path = str(pathlib.Path(sys.executable).parent)
    return subprocess.run(
        [f"{path}/{command[0]}", *command[1:]],
        cwd=folder,
        capture_output=True,
        text=True,
        env={"PATH": path, "PYTHONPATH": str(folder), "HOME": str(folder)},
        check=False,
    )


def lint_imports(folder: pathlib.Path) -> subprocess.CompletedProcess[str]:
    return run(folder, "lint-imports", "--no-cache")


PLANTED = [
    ("kernels/lattice.py", "import engine.errors", "One way through the house"),
    ("engine/make.py", "import service.cli", "One way through the house"),
    ("templates/phone_case/say.py", "import engine.doors.cad", "Templates see engine.authoring alone"),
    ("engine/model/mesh.py", "import engine.verify.settle", "Downwards inside the engine"),
    ("kernels/lattice.py", "import orjson", "Kernels know numpy and numba alone"),
    ("engine/verify/settle.py", "import cadquery", "One door to CadQuery"),
    ("engine/doors/cad_lattice.py", "import OCP", "One door to CadQuery"),
    ("engine/shape/text.py", "import manifold3d", "One door to manifold3d"),
    ("engine/doors/child_replies.py", "import manifold3d", "One door to manifold3d"),
]


def test_the_house_stands(copy: pathlib.Path) -> None:
    ended = lint_imports(copy)
    assert ended.returncode == 0, ended.stdout[-2000:]


@pytest.mark.parametrize(("file", "line", "contract"), PLANTED, ids=[f"{c[2]}: {c[0]}" for c in PLANTED])
def test_a_planted_import_is_named(copy: pathlib.Path, file: str, line: str, contract: str) -> None:
    path = copy / file
    before = path.read_text(encoding="utf-8")
    path.write_text(f"{before}\n\ndef planted() -> None:\n    {line}\n", encoding="utf-8")
    try:
        ended = lint_imports(copy)
    finally:
        path.write_text(before, encoding="utf-8")
    assert ended.returncode == 1
    broken = [row for row in ended.stdout.splitlines() if row.endswith("BROKEN")]
    assert any(row.startswith(contract) for row in broken), ended.stdout[-2000:]


def test_a_new_room_must_be_placed(copy: pathlib.Path) -> None:
    room = copy / "engine" / "attic.py"
    room.write_text('"""A room nobody planned."""\n', encoding="utf-8")
    try:
        ended = lint_imports(copy)
    finally:
        room.unlink()
    assert ended.returncode == 1
    assert "attic" in ended.stdout


def test_ruff_is_clean() -> None:
    ended = run(ROOT, "ruff", "check", "--no-cache", ".")
    assert ended.returncode == 0, ended.stdout[-3000:]


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("import cadquery", "TID253"),
        ("import random", "TID251"),
        ("try:\n    pass\nexcept Exception:\n    pass", "BLE001"),
        ("print('x')", "T201"),
    ],
)
def test_ruff_names_what_is_planted(copy: pathlib.Path, line: str, code: str) -> None:
    path = copy / "engine" / "planted.py"
    path.write_text(f'"""Planted."""\n\n{line}\n', encoding="utf-8")
    try:
        ended = run(copy, "ruff", "check", "--no-cache", "engine/planted.py")
    finally:
        path.unlink()
    assert ended.returncode == 1
    assert code in ended.stdout


def test_types_are_strict(copy: pathlib.Path) -> None:
    ended = run(ROOT, "mypy", "--cache-dir", str(copy / ".mypy"))
    assert ended.returncode == 0, ended.stdout[-3000:]
    planted = copy / "engine" / "planted.py"
    planted.write_text('"""Planted."""\n\n\ndef half(x):\n    return x / 2\n', encoding="utf-8")
    try:
        ended = run(copy, "mypy", "--cache-dir", str(copy / ".mypy"), "engine/planted.py")
    finally:
        planted.unlink()
    assert ended.returncode == 1
    assert "no-untyped-def" in ended.stdout


def test_versions_are_pinned_and_installed() -> None:
    import importlib.metadata as metadata
    import re

    from packaging.requirements import Requirement

    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    pins = [Requirement(p) for p in re.findall(r'^    "(.+==.+)",$', text.split("# pins:")[1].split("# end of pins")[0], re.M)]
    assert len(pins) > 50
    here = {p.name.lower(): str(p.specifier) for p in pins if p.marker is None or p.marker.evaluate()}
    for name, pinned in here.items():
        assert f"=={metadata.version(name)}" == pinned, name
    wanted, seen = ["unikat"], set()
    while wanted:
        name = wanted.pop()
        for told in metadata.requires(name) or []:
            needed = Requirement(told)
            if needed.marker is not None and not needed.marker.evaluate({"extra": ""}):
                continue
            key = re.sub(r"[-_.]+", "-", needed.name).lower()
            assert key in here, f"{key}, which {name} needs, is not pinned"
            if key not in seen:
                seen.add(key)
                wanted.append(key)


def test_the_lock_stays_local() -> None:
    ended = subprocess.run(["git", "ls-files", "uv.lock"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert ended.stdout == ""


def test_rooms_are_not_too_large() -> None:
    large = {
        str(p.relative_to(ROOT)): n
        for t in TREES
        for p in (ROOT / t).rglob("*.py")
        if (n := len(p.read_text().splitlines())) > 400
    }
    assert not large
