"""The chart file: there and back, the same bytes for the same contents, and nothing but BadChart for whatever else there may be."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from engine.chart.chart import Chart
from engine.chart.form import HEAD, MAGIC, MOST_BYTES, BadChart, decoded, encoded, read, write
from engine.errors import EnvironmentFault
from tests.engine.chart.small import data, parts

WHOLE = data()


def sealed(body: bytes) -> bytes:
    """A file of that body whose sha256 is right: what the checks behind it see."""
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def tried(blob: bytes) -> bool:
    """Whether it is taken for a chart; what is taken can be evaluated. Anything but BadChart goes through."""
    try:
        chart = Chart.of(decoded(blob))
    except BadChart:
        return False
    values = [float(v) for v in chart.arrays["origin"]]
    with np.errstate(all="ignore"):
        chart.covers(values)
        chart.at(values)
    return True


def test_there_and_back() -> None:
    about, arrays = parts()
    file = decoded(WHOLE)
    assert dict(file.about) == about and file.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        assert file.arrays[name].dtype == array.dtype and np.array_equal(file.arrays[name], array)
        assert not file.arrays[name].flags.writeable
    assert file.sha256 == hashlib.sha256(WHOLE[HEAD:]).hexdigest()
    assert tried(WHOLE)


def test_the_same_contents_are_the_same_bytes() -> None:
    about, arrays = parts()
    turned = {name: np.asfortranarray(arrays[name]) for name in reversed(arrays)}
    assert encoded(dict(reversed(about.items())), turned) == WHOLE
    swapped = {name: a.astype(a.dtype.newbyteorder(">")) for name, a in arrays.items()}
    assert encoded(about, swapped) == WHOLE
    assert encoded({**about, "bodies": 1}, arrays) != WHOLE


def test_arrays_lie_at_multiples_of_64_bytes() -> None:
    line, _, rest = WHOLE[HEAD:].partition(b"\n")
    placed = json.loads(rest[: int(line)])["arrays"]
    start = HEAD + len(line) + 1 + int(line)
    start += -start % 64
    for one in placed:
        assert (start + one["at"]) % 64 == 0
        found = np.frombuffer(WHOLE, one["dtype"], int(np.prod(one["shape"])), start + one["at"])
        assert np.array_equal(found, parts()[1][one["name"]].reshape(-1))


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1), st.integers(1, 255))
def test_a_byte_that_is_another_is_seen(at: int, by: int) -> None:
    assert not tried(WHOLE[:at] + bytes([WHOLE[at] ^ by]) + WHOLE[at + 1 :])


@settings(deadline=None)
@given(st.integers(0, len(WHOLE) - 1))
def test_a_file_cut_short_is_seen(at: int) -> None:
    assert not tried(WHOLE[:at])
    body = WHOLE[HEAD:]
    assert not tried(sealed(body[: at % len(body)])) or at % len(body) > len(body) - 64


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_foreign_bytes(blob: bytes) -> None:
    assert not tried(blob) and not tried(MAGIC + blob) and not tried(sealed(blob))


@settings(max_examples=300, deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(WHOLE) - HEAD - 1), st.integers(0, 255)), min_size=1, max_size=6))
def test_bytes_changed_behind_a_right_sha256(changes: list[tuple[int, int]]) -> None:
    body = bytearray(WHOLE[HEAD:])
    for at, byte in changes:
        body[at] = byte
    tried(sealed(bytes(body)))


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=4)
    | st.sampled_from([2**31, 2**63, 2**70, -1, 0]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["kind", "at", "axis", "nx", "x"]), inner, max_size=3)
    ),
    max_leaves=6,
)


def headed(header: object) -> bytes:
    """The small chart's arrays under another header."""
    line, _, _ = WHOLE[HEAD:].partition(b"\n")
    start = len(line) + 1 + int(line)
    arrays = WHOLE[HEAD + start + -(HEAD + start) % 64 :]
    head = json.dumps(header).encode()
    body = f"{len(head)}\n".encode() + head
    return sealed(body + b" " * (-(HEAD + len(body)) % 64) + arrays)


def header() -> dict[str, Any]:
    """Its own header."""
    line, _, rest = WHOLE[HEAD:].partition(b"\n")
    told: dict[str, Any] = json.loads(rest[: int(line)])
    return told


def test_its_own_header_over_its_own_arrays_is_itself() -> None:
    assert tried(headed(header()))


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_a_header_of_nonsense(drawn: st.DataObject) -> None:
    told = header()
    nonsense = drawn.draw(JSON)
    where = drawn.draw(st.sampled_from(["all", "about", "arrays", "array", "shape", "dtype", "at", "tags", "tag", "in a tag"]))
    one = drawn.draw(st.sampled_from(told["arrays"]))
    tag = drawn.draw(st.sampled_from(sorted(told["about"]["tags"])))
    if where == "all":
        told = nonsense  # type: ignore[assignment]
    elif where in ("about", "arrays"):
        told[where] = nonsense
    elif where == "array":
        told["arrays"][told["arrays"].index(one)] = nonsense
    elif where in ("shape", "dtype", "at"):
        one[where] = nonsense
    elif where == "tags":
        told["about"]["tags"] = nonsense
    elif where == "tag":
        told["about"]["tags"][tag] = nonsense
    else:
        fields = told["about"]["tags"][tag]
        fields[drawn.draw(st.sampled_from(sorted(fields)))] = nonsense
    tried(headed(told))


@settings(max_examples=300, deadline=None)
@given(st.data())
@example(None)
def test_arrays_of_other_numbers_and_sizes(drawn: st.DataObject | None) -> None:
    about, arrays = parts()
    if drawn is None:
        del arrays["owner.right"]
        assert not tried(encoded(about, arrays))
        return
    name = drawn.draw(st.sampled_from(sorted(arrays)))
    array = arrays[name].copy()
    how = drawn.draw(st.sampled_from(["value", "gone", "shorter", "longer", "flat", "kind", "empty"]))
    if how == "value":
        flat = array.reshape(-1)
        numbers = [np.nan, np.inf, -1e308, 1e308, 1e30] if array.dtype.kind == "f" else [-(2**15), -2, -1, 2**15 - 1, 5, 12]
        with np.errstate(over="ignore"):
            flat[drawn.draw(st.integers(0, len(flat) - 1))] = drawn.draw(st.sampled_from(numbers))
    elif how == "shorter":
        array = array[:-1]
    elif how == "longer":
        array = np.concatenate([array, array[-1:]])
    elif how == "flat":
        array = array.reshape(-1, 1, 1)
    elif how == "kind":
        array = array.astype(drawn.draw(st.sampled_from(["<f8", "<f4", "<i4", "<i2"])))
    elif how == "empty":
        array = array[:0]
    arrays[name] = array
    if how == "gone":
        del arrays[name]
        assert not tried(encoded(about, arrays))
    tried(encoded(about, arrays))


def _without(name: str) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda about, arrays: arrays.pop(name)


def _put(name: str, value: Any, at: Any = 0) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    def change(about: dict[str, Any], arrays: dict[str, Any]) -> None:
        arrays[name][at] = value

    return change


def _tag(name: str, **told: Any) -> Callable[[dict[str, Any], dict[str, Any]], None]:
    return lambda about, arrays: about["tags"][name].update(told)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        pytest.param(_without("base"), "lacks its base", id="an array"),
        pytest.param(lambda about, arrays: arrays.update(low=arrays["low"][:2]), "do not fit together", id="sizes"),
        pytest.param(_put("nodes", 5, (0, 0)), "nodes that point", id="node"),
        pytest.param(_put("faces", 8, (0, 0)), "faces that point", id="face"),
        pytest.param(_put("faces", -1, (0, 0)), "faces that point", id="face below"),
        pytest.param(_put("terms", 2, (0, 0)), "terms that point", id="term"),
        pytest.param(_put("pivots", 3), "pivots that point", id="pivot"),
        pytest.param(_put("watched", -1, (0, 0)), "watched that point", id="watched"),
        pytest.param(_put("extra", 5), "extra that point", id="extra"),
        pytest.param(_put("linear", np.nan, (0, 0)), "linear that are no numbers", id="NaN"),
        pytest.param(_put("high_end", np.inf), "high_end that are no numbers", id="endless"),
        pytest.param(_put("rows.floor", 12), "faces that are not there", id="tag's face"),
        pytest.param(_without("rows.front"), "faces that are not there", id="tag without faces"),
        pytest.param(_tag("front", at=70), "a tag that cannot be used", id="tag beyond the numbers"),
        pytest.param(_tag("front", at=float("inf")), "a tag that cannot be used", id="endless tag"),
        pytest.param(_tag("front", kind="sphere"), "a tag of another kind", id="kind of tag"),
        pytest.param(_tag("floor", axis=3), "a tag that cannot be used", id="axis"),
        pytest.param(_tag("right", pieces=-1), "a tag that cannot be used", id="pieces"),
        pytest.param(_tag("right", nx=0), "a tag that cannot be used", id="net"),
        pytest.param(_tag("right", why=None), "a tag that cannot be used", id="why"),
        pytest.param(_without("owner.right"), "a tag that cannot be used", id="no owner"),
        pytest.param(_put("owner.right", 1), "a tag that cannot be used", id="owner"),
        pytest.param(lambda about, arrays: about.pop("tags"), "no tags", id="no tags"),
    ],
)
def test_each_check_behind_the_sha256(change: Callable[[dict[str, Any], dict[str, Any]], None], why: str) -> None:
    about, arrays = parts()
    change(about, arrays)
    with pytest.raises(BadChart, match=why):
        Chart.of(decoded(encoded(about, arrays)))


@pytest.mark.parametrize(
    "shape", [[2**40, 2**40], [0, 2**70], [0, 2**62, 2**62], [float("inf")], [-1, -5], [1] * 5, [], "9", [None]]
)
def test_shapes_that_no_memory_holds(shape: object) -> None:
    told = header()
    told["arrays"][0]["shape"] = shape
    blob = headed(told)
    tracemalloc.start()
    try:
        assert not tried(blob)
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"\n",
        b"9999999999\n{}",
        b"-3\n{}",
        b"2\n[]",
        b"4\nnull",
        b"1e3\n{}",
        b"100000\n" + b"[" * 100_000,
        b"9\n\xff\xfe{}00000",
    ],
    ids=["nothing", "no size", "huge", "negative", "a list", "null", "no integer", "deep", "no text"],
)
def test_headers_that_are_none(head: bytes) -> None:
    with pytest.raises(BadChart, match="header"):
        decoded(sealed(head))


def test_a_body_beyond_the_lattice_is_none() -> None:
    about, arrays = parts()
    arrays["base"][2] = 1e300
    chart = Chart.of(decoded(encoded(about, arrays)))
    assert chart.at([20.0, 7.0, 14.0]) is None


# ---- files


def test_a_file_there_and_back(tmp_path: pathlib.Path) -> None:
    write(tmp_path / "deep" / "a.chart", WHOLE)
    assert read(tmp_path / "deep" / "a.chart").sha256 == decoded(WHOLE).sha256
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["a.chart"]


def absent(path: pathlib.Path) -> None:
    """Nothing there."""


def sparse(path: pathlib.Path) -> None:
    """A file that says it is a chart, and has more bytes than memory."""
    path.write_bytes(MAGIC)
    os.truncate(path, 1 << 42)


@pytest.mark.parametrize(
    ("put", "why"),
    [
        pytest.param(absent, "cannot be read: No such file", id="absent"),
        pytest.param(lambda p: p.write_bytes(b""), "cannot be read", id="empty"),
        pytest.param(lambda p: p.mkdir(), "no file of a chart's size", id="folder"),
        pytest.param(lambda p: os.mkfifo(p), "no file of a chart's size", id="pipe"),
        pytest.param(sparse, "no file of a chart's size", id="huge"),
        pytest.param(lambda p: p.write_bytes(b"PK\x03\x04" + bytes(400)), "no chart of this format", id="foreign"),
    ],
)
def test_a_file_that_is_none(tmp_path: pathlib.Path, put: Callable[[pathlib.Path], None], why: str) -> None:
    put(tmp_path / "a.chart")
    with pytest.raises(BadChart, match=why):
        read(tmp_path / "a.chart")
    assert MOST_BYTES < 1 << 42


def test_a_file_that_may_not_be_read(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path / "a.chart", WHOLE)

    def refused(self: pathlib.Path, *_: Any, **__: Any) -> Any:
        raise PermissionError(errno.EACCES, "Permission denied", os.fspath(self))

    monkeypatch.setattr(pathlib.Path, "open", refused)
    with pytest.raises(BadChart, match="cannot be read: Permission denied") as bad:
        read(tmp_path / "a.chart")
    assert os.fspath(tmp_path) not in str(bad.value)


FULL = """
import pathlib, resource, signal, sys
from engine.chart.form import write
from engine.errors import EnvironmentFault
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))
try:
    write(pathlib.Path(sys.argv[1]), bytes(5000))
except EnvironmentFault as fault:
    print(fault)
"""


@pytest.mark.parametrize("there", [b"", WHOLE])
def test_a_full_disk_leaves_nothing_half_written(tmp_path: pathlib.Path, there: bytes) -> None:
    path = tmp_path / "a.chart"
    if there:
        path.write_bytes(there)
    ended = subprocess.run([sys.executable, "-c", FULL, str(path)], capture_output=True, text=True, check=True)
    assert "a chart cannot be written: File too large" in ended.stdout
    assert [p.read_bytes() for p in tmp_path.iterdir()] == ([there] if there else [])


@pytest.fixture
def no_space(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    yield


@pytest.mark.usefixtures("no_space")
def test_a_disk_that_is_full_at_the_end(tmp_path: pathlib.Path) -> None:
    with pytest.raises(EnvironmentFault, match="No space left"):
        write(tmp_path / "a.chart", WHOLE)
    assert not list(tmp_path.iterdir())
