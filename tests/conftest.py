"""What all tests share: the folder of real data, and a cache of their own."""

from __future__ import annotations

import os
import pathlib

import pytest

SHARED = pathlib.Path(__file__).parents[1].parent / "shared" / "data"


@pytest.fixture(scope="session")
def shared_data() -> pathlib.Path:
    """Real people, scans, phones: beside the checkout. Absent: a skip at home, a failure in CI."""
    if not SHARED.is_dir():
        if os.environ.get("CI"):
            pytest.fail("../shared/data is absent, and CI has it")
        pytest.skip("../shared/data is absent")
    return SHARED
