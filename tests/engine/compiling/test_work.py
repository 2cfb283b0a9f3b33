"""Bodies that were drawn, as files: there and back, and whatever else lies there is drawn again."""

from __future__ import annotations

import pathlib
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.compiling.work import Kept

FOUND = {
    "points": np.arange(12.0).reshape(4, 3),
    "net": {"weights": [np.ones((2, 3)), np.zeros((0, 4))], "ends": np.arange(3, dtype=np.int32)},
    "patches": {"floor.one": {"rows": np.array([1, 2]), "same": "plane", "surface": {"pieces": 1, "why": ""}}},
    "failed": ["CRASH", "it died"],
    "none": None,
}


def same(one: object, other: object) -> bool:
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and np.array_equal(one, other)
    if isinstance(one, dict):
        return isinstance(other, dict) and one.keys() == other.keys() and all(same(v, other[k]) for k, v in one.items())
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(same, one, other))
    return one == other


def test_there_and_back(tmp_path: pathlib.Path) -> None:
    kept = Kept(tmp_path / "work" / "a.npz")
    assert kept.read() is None
    kept.write(FOUND)
    assert same(kept.read(), FOUND) and [p.name for p in kept.path.parent.iterdir()] == ["a.npz"]
    kept.write({"other": "kind"})
    assert kept.read() == {"other": "kind"}


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_whatever_else_lies_there_is_none(tmp_path: pathlib.Path, drawn: st.DataObject) -> None:
    """Cut short, altered, foreign: drawn again, never an error."""
    kept = Kept(tmp_path / "a.npz")
    kept.write(FOUND)
    whole = kept.path.read_bytes()
    how = drawn.draw(st.sampled_from(["cut", "flip", "foreign"]))
    if how == "cut":
        kept.path.write_bytes(whole[: drawn.draw(st.integers(0, len(whole) - 1))])
        assert kept.read() is None
    elif how == "flip":
        at = drawn.draw(st.integers(0, len(whole) - 1))
        kept.path.write_bytes(whole[:at] + bytes([whole[at] ^ drawn.draw(st.integers(1, 255))]) + whole[at + 1 :])
        kept.read()
    else:
        kept.path.write_bytes(
            drawn.draw(st.sampled_from([b"PK\x03\x04", b"\x93NUMPY", b""])) + drawn.draw(st.binary(max_size=60))
        )
        assert kept.read() is None


@pytest.mark.parametrize(
    "told", [b"[]", b"3", b'{"map": 3}', b'{"array": "gone"}', b'{"map": {"a": {"array": "gone"}}}', b"\xff", b'{"list": []}']
)
def test_a_table_of_contents_that_is_none(tmp_path: pathlib.Path, told: bytes) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, told=np.frombuffer(told, np.uint8))
    assert Kept(path).read() is None


FULL = """
import pathlib, resource, signal, sys
import numpy as np
from engine.compiling.work import Kept
from engine.errors import EnvironmentFault
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    Kept(pathlib.Path(sys.argv[1])).write({"points": np.zeros(5000)})
except EnvironmentFault as fault:
    print(fault)
"""


def test_a_full_disk_leaves_nothing_half_written(tmp_path: pathlib.Path) -> None:
    ended = subprocess.run([sys.executable, "-c", FULL, str(tmp_path / "a.npz")], capture_output=True, text=True, check=True)
    assert "a body that was drawn cannot be kept: File too large" in ended.stdout
    assert not list(tmp_path.iterdir())
