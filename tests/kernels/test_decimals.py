"""Printed coordinates against Python's own decimals; CRCs joined against zlib's."""

from __future__ import annotations

import re
import zlib
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from kernels import crc, decimals

STEPS = st.integers(-(2**31), 2**31 - 1) | st.sampled_from([0, 1, -1, 9999, -9999, 10_000, 123_400, 2**31 - 1, -(2**31)])


def printed(lattice: npt.NDArray[np.int32]) -> str:
    out = np.empty(decimals.VERTEX_BYTES * len(lattice), dtype=np.uint8)
    return bytes(out[: decimals.vertices(lattice, decimals.digits(), out)]).decode()


def listed(faces: npt.NDArray[np.int32], points: int = 2**31 - 1) -> str:
    out = np.empty(decimals.TRIANGLE_BYTES * len(faces), dtype=np.uint8)
    used = decimals.triangles(faces, points, decimals.digits(), out)
    assert used >= 0
    return bytes(out[:used]).decode()


def expected(steps: int) -> str:
    """The shortest exact decimal of steps / 10000, by Python's decimal module."""
    text = f"{Decimal(steps).scaleb(-4):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


@settings(deadline=None)
@given(hnp.arrays(np.int32, st.tuples(st.integers(0, 6), st.just(3)), elements=STEPS))
def test_vertices_print_as_python_does(lattice: npt.NDArray[np.int32]) -> None:
    rows = (f'<vertex x="{expected(x)}" y="{expected(y)}" z="{expected(z)}"/>' for x, y, z in lattice.tolist())
    assert printed(lattice) == "".join(rows)


@settings(deadline=None)
@given(hnp.arrays(np.int32, st.tuples(st.integers(0, 6), st.just(3)), elements=st.integers(0, 2**31 - 2)))
def test_triangles_print_as_python_does(faces: npt.NDArray[np.int32]) -> None:
    assert listed(faces) == "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in faces.tolist())


def test_every_four_digits_and_every_length() -> None:
    around = [s * (10**k) + d for k in range(10) for d in (-1, 0, 1) for s in (1, -1)]
    steps = np.array([*range(-10_000, 10_001), *(v for v in around if abs(v) < 2**31)], dtype=np.int32)
    lattice = np.repeat(steps, 3).reshape(-1, 3)
    found = re.findall(r'x="([^"]*)"', printed(lattice))
    assert found == [expected(int(v)) for v in steps]


def test_what_is_easily_wrong() -> None:
    assert printed(np.array([[-1, 0, -(2**31)]], np.int32)) == '<vertex x="-0.0001" y="0" z="-214748.3648"/>'
    assert printed(np.array([[100_000, 1_050, -10_500]], np.int32)) == '<vertex x="10" y="0.105" z="-1.05"/>'


def test_room_that_is_promised_is_enough() -> None:
    longest = np.full((50, 3), -(2**31), np.int32)
    assert len(printed(longest)) <= 50 * decimals.VERTEX_BYTES
    assert len(listed(np.full((50, 3), 2**31 - 2, np.int32))) <= 50 * decimals.TRIANGLE_BYTES


@pytest.mark.parametrize("bad", [-1, 7, -(2**31), 2**31 - 1])
def test_an_index_outside_the_points_is_named(bad: int) -> None:
    faces = np.array([[0, 1, 6], [0, bad, 2]], np.int32)
    out = np.empty(2 * decimals.TRIANGLE_BYTES, np.uint8)
    assert decimals.triangles(faces, 7, decimals.digits(), out) == -2


@settings(deadline=None)
@given(st.lists(st.binary(max_size=70), max_size=5))
def test_joined_crcs_are_the_whole_s(pieces: list[bytes]) -> None:
    total = 0
    for piece in pieces:
        total = int(crc.combine(total, zlib.crc32(piece), len(piece)))
    assert total == zlib.crc32(b"".join(pieces))


def test_joined_crcs_of_long_pieces() -> None:
    first, second = b"a" * 1_000_003, bytes(range(256)) * 20_000
    joined = int(crc.combine(zlib.crc32(first), zlib.crc32(second), len(second)))
    assert joined == zlib.crc32(first + second)
    assert joined != int(crc.combine(zlib.crc32(first), zlib.crc32(second), len(second) - 1))
