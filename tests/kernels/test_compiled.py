"""Kept machine code: used again by whoever has the same sources, never after a callee changed, wherever that one is."""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from kernels import machine_code, sources

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
    made = kernel.compile()
    told[kernel.__name__] = [kernel(2.0), not made]
print(json.dumps(told))
"""
COMPILED, KEPT = False, True
BENEATH = ("compiled.py", "compiling.py", "machine_code.py", "sources.py")


@pytest.fixture
def checkout(tmp_path: pathlib.Path) -> pathlib.Path:
    return write(tmp_path / "checkout")


def write(folder: pathlib.Path, rate: int = 3, more: int = 1) -> pathlib.Path:
    """A checkout with four modules, and what the kernels package itself stands on."""
    package = folder / "kernels"
    package.mkdir(parents=True, exist_ok=True)
    for name in BENEATH:
        shutil.copy(sources.FOLDER / name, package / name)
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
    left = [p for p in checkout.rglob("*") if p.suffix in (".nbi", ".nbc", ".code")]
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
    exact = sources.FOLDER / "exact.py"
    beneath = {sources.FOLDER / name for name in BENEATH}
    for number, way in enumerate(ways):
        path = tmp_path / f"way_{number}.py"
        path.write_text(way)
        assert set(sources.sources(path)) == {path, exact, *beneath}, way
    for number, way in enumerate(("from . import exact", "from .exact import orient2d")):
        path = tmp_path / f"near_{number}.py"
        path.write_text(way)
        assert exact in sources.sources(path), way
    path = tmp_path / "none.py"
    path.write_text("import numpy\nfrom engine.kernels import exact")
    assert sources.sources(path) == (path,)
    path = tmp_path / "lanes.py"
    path.write_text("from kernels import simd")
    assert sources.FOLDER / "simd_lowering.py" in sources.sources(path), "what the compiler is taught of it"


def test_the_key_holds_numbas_version(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "some.py"
    path.write_text("from kernels.exact import orient2d")
    sources.key.cache_clear()
    before = sources.key(path)
    sources.key.cache_clear()
    assert sources.key(path) == before
    monkeypatch.setattr(sources, "compiler", lambda: "another")
    sources.key.cache_clear()
    assert sources.key(path) != before
    sources.key.cache_clear()


def test_what_imports_what_is_parsed_once(checkout: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Kept under a hash of all texts; a damaged file is made again, and changes nothing."""
    for wrong in (b"", b"{", b"[]", b"{}", None):
        told = run(checkout)
        kept = list((tmp_path / "cache" / "kernels").glob("imports-*.json"))
        assert len(kept) == 1 and json.loads(kept[0].read_bytes())["entry.py"] == ["between", "compiled"]
        if wrong is not None:
            kept[0].write_bytes(wrong)
    assert told == {"entry": [6.0, KEPT], "alone": [3.0, KEPT]}


WITHOUT = """
import sys
from kernels import compiled, lattice
made = compiled.REGISTRY[0].compile()
print(made, [m for m in ("numba", "numba.np.arraymath", "scipy.linalg") if m in sys.modules])
"""


def test_a_kept_kernel_loads_no_numba_and_a_new_one_not_scipys_blas(tmp_path: pathlib.Path) -> None:
    """No kernel may use BLAS; numba would be half of a start."""
    plain = {n: v for n, v in os.environ.items() if not n.startswith("NUMBA_")}
    for told in ("True ['numba', 'numba.np.arraymath']\n", "False []\n"):
        environment = {**plain, "NUMBA_CACHE_DIR": str(tmp_path)}
        ended = subprocess.run(
            [sys.executable, "-c", WITHOUT], env=environment, capture_output=True, text=True, cwd=sources.FOLDER.parent
        )
        assert ended.stdout == told, ended.stderr


def test_what_is_damaged_on_disk_is_compiled_again(checkout: pathlib.Path, tmp_path: pathlib.Path) -> None:
    run(checkout)
    (kept,) = (tmp_path / "cache" / "kernels").glob("entry-*/entry-*.code")
    whole = kept.read_bytes()
    for damaged in (
        b"",
        whole[:-1],
        whole + b"x",
        whole[:200] + bytes([whole[200] ^ 1]) + whole[201:],
        whole.replace(b"kernel 1", b"kernel 0"),
    ):
        kept.write_bytes(damaged)
        assert run(checkout) == {"entry": [6.0, COMPILED], "alone": [3.0, KEPT]}
        assert machine_code.read(kept) is not None, "and is whole again"
    kept.write_bytes(whole)
    assert run(checkout)["entry"] == [6.0, KEPT]


GATE = """
from kernels.compiled import kernel

@kernel("float64(float64[:,::1], int32[::1], int64[::1], boolean[::1], int64, float64, boolean)", writes=("rows",))
def entry(points, rows, many, mask, count, width, doubled):
    rows[0] = count
    if rows[0] < 0:
        raise ValueError("less than nothing")
    return points[0, 0] * width * (2.0 if doubled else 1.0) + many[0] + mask[0]
"""
GATED = """
import json, sys
sys.path.insert(0, sys.argv[1])
import numpy as np
from kernels.entry import entry

def good():
    return {"points": np.ones((2, 3)), "rows": np.zeros(3, np.int32), "many": np.ones(2, np.int64), "mask": np.ones(2, bool), "count": 7, "width": 2.5, "doubled": True}

def frozen(array):
    array.flags.writeable = False
    return array

class Mine(np.ndarray):
    pass

told = {"good": entry(**good()), "by place": entry(*good().values()), "rows": None}
kept = good()
entry(**kept)
told["rows"] = kept["rows"].tolist()
fine = {"points": frozen(np.ones((2, 3))), "many": np.ones(2, np.longlong), "count": np.int16(7), "width": 2, "doubled": 1}
for name, value in fine.items():
    told[f"fine {name}"] = entry(**{**good(), name: value})
told["fine bool"] = entry(**{**good(), "count": True, "doubled": np.bool_(True), "width": np.float32(2.5)})
wrong = [("points", v) for v in (None, [[1.0]], 1.0, np.ones(3), np.ones((2, 3), np.float32), np.ones((3, 2)).T, np.ones((2, 3), ">f8"), np.ones((2, 3)).view(Mine), "1")]
wrong += [("points", np.ones((2, 6))[:, ::2]), ("points", np.frombuffer(bytes(49), np.uint8)[1:].view(np.float64).reshape(2, 3)), ("mask", np.ones(2, np.uint8))]
wrong += [("rows", frozen(np.zeros(3, np.int32))), ("many", np.ones(2, np.uint64)), ("many", np.ones(2, np.float64)), ("many", np.ones(2, "m8[s]"))]
wrong += [("count", v) for v in (1.0, "1", None, np.ones(1, np.int64), np.float64(3.0))] + [("width", v) for v in ("2.5", None, np.ones(1), b"1")] + [("doubled", "yes")]
told["wrong"] = []
for name, value in wrong:
    try:
        entry(**{**good(), name: value})
    except TypeError as error:
        told["wrong"].append([name, str(error)])
    else:
        told["wrong"].append([name, f"{value!r} was taken"])
for words, some in (("few", [*good().values()][:-1]), ("many", [*good().values(), 1]), ("none", [])):
    try:
        told[words] = entry(*some)
    except TypeError as error:
        told[words] = str(error)
try:
    entry(**{**good(), "other": 1})
except TypeError as error:
    told["other"] = str(error)
before = "numba" in sys.modules
try:
    entry(**{**good(), "count": -1})
except ValueError as error:
    told["raised"] = [str(error), before]
try:
    entry(**{**good(), "count": 1 << 70})
except OverflowError as error:
    told["large"] = str(error)
import numba
told["beside"] = [numba.njit(lambda x: x + 1)(2), entry(**good())]
print(json.dumps(told))
"""


def test_only_what_the_signature_says_reaches_a_kernel(checkout: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """Compiled and kept alike: every wrong argument is named and nothing runs; what Python holds for the same number is taken."""
    (checkout / "kernels" / "entry.py").write_text(GATE)
    plain = {n: v for n, v in os.environ.items() if not n.startswith(("NUMBA_", "UNIKAT_", "PYTHON"))}
    for kept in (False, True):
        words = [sys.executable, "-B", "-c", GATED, str(checkout)]
        ended = subprocess.run(
            words, env={**plain, "UNIKAT_CACHE": str(tmp_path / "cache")}, capture_output=True, text=True, cwd=checkout
        )
        assert ended.returncode == 0, ended.stderr
        told = json.loads(ended.stdout)
        assert told["good"] == told["by place"] == 7.0 and told["rows"] == [7, 0, 0]
        assert {n: v for n, v in told.items() if n.startswith("fine")} == {
            "fine points": 7.0,
            "fine many": 7.0,
            "fine count": 7.0,
            "fine width": 6.0,
            "fine doubled": 7.0,
            "fine bool": 7.0,
        }
        assert len(told["wrong"]) == 26 and all(text.startswith(f"entry: {name} must be a") for name, text in told["wrong"]), (
            told["wrong"]
        )
        assert told["wrong"][0][1] == "entry: points must be a C-contiguous array of float64, 2 dimensions"
        assert ["rows", "entry: rows must be a C-contiguous writable array of int32, 1 dimensions"] in told["wrong"]
        assert all(
            told[words] == "entry takes 7 arguments by place: points, rows, many, mask, count, width, doubled"
            for words in ("few", "many", "none")
        )
        assert "other" in told["other"] and "int too big" in told["large"]
        assert told["raised"] == ["less than nothing", not kept]
        assert told["beside"] == [3, 7.0], "numba, imported after it, works beside it"


def test_arrays_laid_out_otherwise_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    machine_code._check_layout()
    for name in ("COUNT", "ITEMS", "KIND", "DIMENSIONS", "DTYPE", "FLAGS", "ORDER", "NUMBER"):
        with monkeypatch.context() as moved, pytest.raises(RuntimeError, match=f"numpy {np.__version__} are not laid out"):
            moved.setattr(machine_code, name, getattr(machine_code, name) + 8)
            machine_code._check_layout()


def test_what_depends_on_the_machine_and_what_the_environment_says(monkeypatch: pytest.MonkeyPatch) -> None:
    told = set()
    for name, value in (
        ("NUMBA_CPU_NAME", "generic"),
        ("NUMBA_CPU_NAME", "sandybridge"),
        ("NUMBA_BOUNDSCHECK", "1"),
        ("UNIKAT_X", "1"),
        ("NUMBA_CACHE_DIR", "x"),
    ):
        with monkeypatch.context() as other:
            other.setenv(name, value)
            machine_code.machine.cache_clear()
            told.add(machine_code.machine())
    machine_code.machine.cache_clear()
    assert len(told) == 4 and machine_code.machine() in told, "where machine code lies, and what is ours, changes none"
    monkeypatch.setenv("NUMBA_CPU_NAME", "sandybridge")
    monkeypatch.setenv("NUMBA_CPU_FEATURES", "")
    machine_code.machine.cache_clear()
    made_here = machine_code.machine()
    monkeypatch.setattr(machine_code.llvm, "get_host_cpu_name", lambda: "another")
    machine_code.machine.cache_clear()
    assert machine_code.machine() == made_here, "code for another processor is the same wherever it is made"
    monkeypatch.delenv("NUMBA_CPU_NAME")
    machine_code.machine.cache_clear()
    assert machine_code.machine() != made_here
    machine_code.machine.cache_clear()


def test_a_function_and_its_signature_must_fit() -> None:
    from kernels import compiling

    def two(a: float, b: float) -> float:
        return a + b

    for signature, writes in (("float64(float64)", ()), ("float64(float64, float64)", ("c",))):
        with pytest.raises(TypeError, match="does not fit"):
            compiling.compiled(two, signature, writes)
    with pytest.raises(TypeError, match=r"returns array\(int32.*writes the rest into an argument"):
        compiling.compiled(two, "int32[::1](float64, float64)", ())


def test_a_constant_that_no_file_can_hold() -> None:
    """What machine code would hold must be such that a file can hold it."""
    from kernels import compiling

    assert compiling._name_of(np.dtype("<f4"), run) == "<f4"
    with pytest.raises(TypeError, match="would hold a tuple"):
        compiling._name_of((1, 2), run)
