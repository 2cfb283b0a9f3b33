"""What all tests share: the folder of real data, that nothing is skipped where all that it needs is there, and what is begun first."""

from __future__ import annotations

import os
import pathlib
from collections.abc import Iterator
from typing import Any

import pytest

os.environ["LC_ALL"] = "C.UTF-8"  # what the command line says is looked at in English, whoever runs the tests
SHARED = pathlib.Path(__file__).parents[1].parent / "shared" / "data"
HONEST = ("this processor", "on a processor", "only compiled kernels", "PR_SET_PDEATHSIG")
"""How the reasons begin that no installation cures."""


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """Real people, scans, phones: beside the checkout."""
    if not SHARED.is_dir():
        pytest.skip("../shared/data is absent")
    return SHARED


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Where several processes share the tests."""
    if hasattr(config, "workerinput"):
        from tests.order import longest_first

        items[:] = longest_first(items)


def complete() -> bool:
    """Has this machine all that a test may need? CI has, and so has who has the real data."""
    return bool(os.environ.get("CI")) or SHARED.is_dir()


def refused(skip: Any) -> str | None:
    """Why a skip at (file, line, reason) is none that may pass here."""
    reason = str(skip[2] if isinstance(skip, tuple) else skip).removeprefix("Skipped: ")
    return None if not complete() or reason.startswith(HONEST) else f"skipped, and nothing may be missing here: {reason}"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    """A test that is skipped for missing data or a missing tool fails the build."""
    report = yield
    return _failed(report)


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report(collector: pytest.Collector) -> Iterator[Any]:
    """So does a whole file."""
    report = yield
    return _failed(report)


def _failed(report: Any) -> Any:
    why = refused(report.longrepr) if report.outcome == "skipped" and not hasattr(report, "wasxfail") else None
    if why:
        report.outcome, report.longrepr = "failed", why
    return report
