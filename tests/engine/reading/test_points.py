"""A list of named points: what is read, and what is refused and why."""

from __future__ import annotations

import pytest

from engine.errors import InputError
from engine.french import SENTENCES
from engine.reading import points

GOOD = b"left_pupil,31.25,4,12.5\nright_pupil, -31,4e0, 12.5\n"
TOLD = {"left_pupil": (31.25, 4.0, 12.5), "right_pupil": (-31.0, 4.0, 12.5)}


@pytest.mark.parametrize(
    "data",
    [
        GOOD,
        b"\xef\xbb\xbf" + GOOD,
        b"# clicked by hand\n\n" + GOOD,
        GOOD.replace(b",", b";"),
        GOOD.replace(b".", b"!").replace(b",", b";").replace(b"!", b","),
        GOOD.replace(b",", b"\t"),
        b"left_pupil 31.25 4 12.5\r\nright_pupil -31 4.0 12.5",
    ],
)
def test_read(data: bytes) -> None:
    assert points.read(data, unit="mm") == TOLD


def test_the_unit_is_the_orders() -> None:
    assert points.read(b"chin,1,-2,3", unit="cm") == {"chin": (10.0, -20.0, 30.0)}


BAD = {
    "has a line that is not a name and three numbers": (
        b"name,x,y,z\n" + GOOD, b"left_pupil,1,2", b"left_pupil,1,2,3,4", b"left_pupil,1,nan,3", b"LEFT,1,2,3", b"a,1,2,1e999",
        b"left_pupil,1,2,0x10", b"<b>,1,2,3",
    ),
    "names a point twice": (GOOD + b"left_pupil,1,2,3",),
    "is empty: it names no point": (b"", b"# nothing\n\n"),
    "is no list of points: it is no text (UTF-8)": (b"\x89PNG\r\n\x1a\n", GOOD.decode().encode("utf-16")),
    "is too large for a list of points": (b"a" * (points.MAX_BYTES + 1), b"".join(b"%s,1,2,3\n" % bytes((97 + k // 26, 97 + k % 26)) for k in range(201))),
}  # fmt: skip


@pytest.mark.parametrize(("why", "data"), [(why, data) for why, every in BAD.items() for data in every])
def test_refused(why: str, data: bytes) -> None:
    with pytest.raises(InputError) as told:
        points.read(data, unit="mm", name="landmarks")
    assert told.value.why == why and told.value.what == "landmarks" and why in SENTENCES
