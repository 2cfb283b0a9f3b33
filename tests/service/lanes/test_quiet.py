from __future__ import annotations

import pytest

from engine.doors.child import Child
from service.interactive import PRELOAD as LOOKING
from service.lanes.pool import PRELOAD
from service.served import PRELOAD as FITTING

SAID = "a customer's name"


def shout(said: str) -> str:
    """Runs in the child."""
    import os

    for stream in (1, 2):
        os.write(stream, said.encode())
    print(said)
    return said


@pytest.mark.parametrize("hushed", [True, False])
def test_what_a_lane_prints_is_heard_by_nobody_and_what_it_answers_is(capfd: pytest.CaptureFixture[str], hushed: bool) -> None:
    child = Child(("service.lanes.quiet:hush",) if hushed else ())
    try:
        assert child.call("tests.service.lanes.test_quiet:shout", SAID, deadline=30.0) == SAID
    finally:
        child.close()
    out, err = capfd.readouterr()
    assert (SAID in out + err) is not hushed


def test_every_lane_is_hushed_before_it_imports_anything() -> None:
    assert PRELOAD[0] == LOOKING[0] == FITTING[0] == "service.lanes.quiet:hush"
