"""A skip for something missing fails where nothing is missing."""

from __future__ import annotations

import pathlib

import pytest

pytest_plugins = ["pytester"]

CONFTEST = pathlib.Path(__file__).parents[1] / "conftest.py"
TESTS = """
import pytest
def test_tool(): pytest.skip("prusa-slicer is not installed")
def test_machine(): pytest.skip("this processor has no such unit")
def test_fine(): pass
"""
FILE = """
import pytest
pytest.importorskip("no_such_package_at_all")
"""


@pytest.mark.parametrize(
    ("ci", "outcomes"), [("1", {"failed": 1, "skipped": 1, "passed": 1}), ("", {"skipped": 2, "passed": 1})]
)
def test_missing_tool(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, ci: str, outcomes: dict[str, int]) -> None:
    monkeypatch.setenv("CI", ci)
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(TESTS)
    pytester.runpytest_subprocess("-p", "no:cacheprovider").assert_outcomes(**outcomes)


def test_missing_package_fails_the_whole_file(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "1")
    pytester.makeconftest(CONFTEST.read_text())
    pytester.makepyfile(FILE)
    ran = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    ran.assert_outcomes(errors=1)
    assert "no_such_package_at_all" in ran.stdout.str()
