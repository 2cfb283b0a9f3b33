"""Kept machine code: used again by whoever has the same sources, never after a callee changed, wherever that one is."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import numba
import pytest

from kernels import compiled

CALLEE = """
from kernels.compiled import inlined

@inlined
def rate():
    return {rate}
"""
BETWEEN = """
from kernels.compiled import inlined

@inlined
def scaled(x):
    return x * rate()

from kernels.callee import rate  # at the end: found wherever it stands
"""
ENTRY = """
from kernels import compiled
from kernels.between import scaled

@compiled.kernel("float64(float64)")
def entry(x):
    return scaled(x)
"""
ALONE = """
from kernels.compiled import kernel

@kernel("float64(float64)")
def alone(x):
    return x + {more}
"""
RUN = """
import json, pathlib, sys
sys.path.insert(0, sys.argv[1])
import kernels.entry, kernels.alone
assert kernels.__path__ == [sys.argv[1] + "/kernels"]
for edited in sys.argv[2:]:
    path = pathlib.Path(sys.argv[1], "kernels", edited)
    path.write_text(path.read_text() + "\\n# edited\\n")
told = {}
for kernel in (kernels.entry.entry, kernels.alone.alone):
    value = kernel(2.0)
    told[kernel.__name__] = [value, bool(kernel._run.stats.cache_hits)]
print(json.dumps(told))
"""
COMPILED, KEPT = False, True


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> pathlib.Path:
    return write(tmp_path / "checkout")


def write(folder: pathlib.Path, rate: int = 3, more: int = 1) -> pathlib.Path:
    """A checkout with four modules, and the kernels package's own `compiled`."""
    package = folder / "kernels"
    package.mkdir(parents=True, exist_ok=True)
    shutil.copy(compiled.__file__, package / "compiled.py")
    texts = {
        "__init__": "",
        "callee": CALLEE.format(rate=rate),
        "between": BETWEEN,
        "entry": ENTRY,
        "alone": ALONE.format(more=more),
    }
    for name, text in texts.items():
        path = package / f"{name}.py"
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
    return folder


def run(folder: pathlib.Path, *edited: str, cache: pathlib.Path | None = None) -> dict[str, list[float | bool]]:
    """What each kernel answers to 2.0 in a new process, and whether its code was kept; `edited` changes after the import."""
    plain = {n: v for n, v in os.environ.items() if not n.startswith(("NUMBA_", "UNIKAT_", "PYTHON"))}
    home = cache or folder.parent / "cache"
    ended = subprocess.run(
        [sys.executable, "-B", "-c", RUN, str(folder), *edited],
        env={**plain, "UNIKAT_CACHE": str(home)},
        capture_output=True,
        text=True,
        cwd=folder,
    )
    assert ended.returncode == 0, ended.stderr
    told: dict[str, list[float | bool]] = json.loads(ended.stdout)
    return told


def test_an_edit_recompiles_what_depends_on_it_and_nothing_else(checkout: pathlib.Path, tmp_path: pathlib.Path) -> None:
    assert run(checkout) == {"entry": [6.0, COMPILED], "alone": [3.0, COMPILED]}
    write(checkout, rate=5)
    assert run(checkout) == {"entry": [10.0, COMPILED], "alone": [3.0, KEPT]}, "the callee's callee changed"
    write(checkout, rate=5, more=7)
    assert run(checkout) == {"entry": [10.0, KEPT], "alone": [9.0, COMPILED]}, "a module of no concern to entry changed"
    other = write(tmp_path / "other", rate=3, more=7)
    assert run(other) == {"entry": [6.0, KEPT], "alone": [9.0, KEPT]}, "another checkout of states compiled before"


MISSING = """
import json, sys
sys.path.insert(0, sys.argv[1])
from kernels import alone, compiled
first = [compiled.compile_missing(), compiled.compile_missing()]
from kernels import entry
print(json.dumps([first, [one.kept for one in compiled.REGISTRY], compiled.compile_missing(), all(one.kept for one in compiled.REGISTRY)]))
"""


def test_what_the_disk_has_no_code_of_is_compiled_and_nothing_twice(checkout: pathlib.Path, tmp_path: pathlib.Path) -> None:
    plain = {n: v for n, v in os.environ.items() if not n.startswith(("NUMBA_", "UNIKAT_", "PYTHON"))}

    def told() -> Any:
        words = [sys.executable, "-B", "-c", MISSING, str(checkout)]
        return json.loads(subprocess.check_output(words, env={**plain, "UNIKAT_CACHE": str(tmp_path / "cache")}, cwd=checkout))

    first, kept, more, all_ = told()
    assert first[0] == sum(kept) > 0 == first[1] and more == len(kept) - sum(kept) > 0 and all_
    assert told() == [[0, 0], [True] * len(kept), 0, True], "another process finds all of it"
    write(checkout, more=9)
    assert told()[0] == first, "what was edited is missing"


def test_what_was_edited_after_the_import_is_not_kept_as_the_new_text(checkout: pathlib.Path) -> None:
    assert run(checkout, "callee.py") == {"entry": [6.0, COMPILED], "alone": [3.0, COMPILED]}
    assert run(checkout) == {"entry": [6.0, COMPILED], "alone": [3.0, KEPT]}
    assert run(checkout) == {"entry": [6.0, KEPT], "alone": [3.0, KEPT]}


def test_nowhere_to_keep_it(checkout: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """A file where the folder should be: a write fails for root too."""
    (tmp_path / "no-folder").write_text("")
    answer = {"entry": [6.0, COMPILED], "alone": [3.0, COMPILED]}
    for _ in range(2):
        assert run(checkout, cache=tmp_path / "no-folder") == answer
    left = [p for p in checkout.rglob("*") if p.suffix in (".nbi", ".nbc")]
    assert not left, "numba's own folders, blind to callees, must not be used instead"


def test_every_way_to_import_is_followed(tmp_path: pathlib.Path) -> None:
    ways = [
        "from kernels.exact import orient2d",
        "import kernels.exact",
        "import numpy, kernels.exact as e",
        "from kernels import exact",
        "from kernels import (compiled,\n    exact)",
        "def f():\n    from kernels.exact import orient2d",
        "class A:\n    def f(self):\n        with x:\n            import kernels.exact",
        "if x:\n    pass\nelse:\n    import kernels.exact",
        "try:\n    pass\nexcept ImportError:\n    import kernels.exact",
        "for _ in x:\n    pass\nelse:\n    import kernels.exact",
        "try:\n    pass\nfinally:\n    import kernels.exact",
        "match x:\n    case 1:\n        import kernels.exact",
    ]
    exact = compiled.FOLDER / "exact.py"
    for number, way in enumerate(ways):
        path = tmp_path / f"way_{number}.py"
        path.write_text(way)
        assert set(compiled.sources(path)) == {path, exact, compiled.FOLDER / "compiled.py"}, way
    for number, way in enumerate(("from . import exact", "from .exact import orient2d")):
        path = tmp_path / f"near_{number}.py"
        path.write_text(way)
        assert exact in compiled.sources(path), way
    path = tmp_path / "none.py"
    path.write_text("import numpy\nfrom engine.kernels import exact")
    assert compiled.sources(path) == (path,)


def test_the_key_holds_numbas_version(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some.py"
    path.write_text("from kernels.exact import orient2d")
    compiled.key.cache_clear()
    before = compiled.key(path)
    compiled.key.cache_clear()
    assert compiled.key(path) == before
    monkeypatch.setattr(numba, "__version__", "0.0.0")
    compiled.key.cache_clear()
    assert compiled.key(path) != before
    compiled.key.cache_clear()


def test_the_first_kernel_does_not_load_scipys_blas() -> None:
    """No kernel may use it, and it would be a quarter of a start."""
    told = """
import sys
from kernels import compiled, lattice
compiled.REGISTRY[0].compile()
print("scipy.linalg" in sys.modules, "numba.np.arraymath" in sys.modules)
"""
    plain = {n: v for n, v in os.environ.items() if not n.startswith("NUMBA_")}
    ended = subprocess.run([sys.executable, "-c", told], env=plain, capture_output=True, text=True, cwd=compiled.FOLDER.parent)
    assert ended.stdout == "False True\n", ended.stderr
