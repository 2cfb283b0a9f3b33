"""What takes long is begun first where two processes share the tests, and the list of it names what is there."""

from __future__ import annotations

import pathlib
import shutil
import subprocess
import sys
from dataclasses import dataclass

import pytest

from tests.order import FIRST, ROOT, longest_first


@dataclass(frozen=True)
class One:
    """A test of that file."""

    path: pathlib.Path
    name: str = ""


def files(*files: str) -> list[One]:
    return [One(ROOT / file, f"{n}") for n, file in enumerate(files)]


@pytest.mark.parametrize("first", FIRST)
def test_what_the_list_names_is_there(first: str) -> None:
    assert (ROOT / first).is_file() or list((ROOT / first).glob("test_*.py"))


def test_what_is_listed_comes_first_and_then_the_files_of_the_most_tests() -> None:
    few, many = "tests/kernels/test_a.py", "tests/kernels/test_b.py"
    storm, other = "tests/acceptance/several_machines/test_storm.py", "tests/acceptance/test_names.py"
    mixed = files(few, many, other, many, storm)
    assert longest_first(mixed) == [mixed[4], mixed[2], mixed[1], mixed[3], mixed[0]]


def test_a_name_that_only_begins_alike_is_not_listed() -> None:
    mixed = files("tests/kernels/test_a.py", "tests/housekeeping/test_b.py", "tests/house/test_c.py")
    assert [one.name for one in longest_first(mixed)] == ["2", "1", "0"]


@pytest.mark.parametrize("ours", [True, False])
def test_it_is_what_xdist_hands_out(tmp_path: pathlib.Path, ours: bool) -> None:
    """With the options of tests/run. Without them the file of the most tests is begun first."""
    command = (ROOT / "tests/run").read_text(encoding="utf-8").splitlines()[-1].split()
    options = command[command.index("-n") : command.index('"$@"')]
    assert options == ["-n", "2", "--dist", "loadfile", "--no-loadscope-reorder"]
    place, begun = tmp_path / "tests", tmp_path / "begun"
    (place / "acceptance").mkdir(parents=True)
    for count, file in ((3, "test_many.py"), (1, "acceptance/test_alone.py")):
        said = f"def test(n): open({str(begun)!r}, 'a').write({file + ' '!r})"
        (place / file).write_text(f"import pytest\n@pytest.mark.parametrize('n', range({count}))\n{said}\n", encoding="utf-8")
    for name in ("order.py", "conftest.py"):
        shutil.copy(ROOT / "tests" / name, place)
    by_one = ["-n", "1", *options[2 : None if ours else -1]]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "--import-mode=importlib", "-o", "pythonpath=.", *by_one, "tests"],
        cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 0, ended.stdout
    alone, many = ["acceptance/test_alone.py"], 3 * ["test_many.py"]
    assert begun.read_text(encoding="utf-8").split() == (alone + many if ours else many + alone)
