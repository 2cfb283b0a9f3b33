"""A chart as a file: one line of JSON, then arrays, each at a multiple of 64 bytes, little-endian; the file's sha256 stands first.

Nothing in it is run or unpickled. What is read is checked before any of it is used: a file that is cut short, altered, foreign, or
whose numbers point outside its own arrays is refused with the reason.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import os
import pathlib
import stat
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import EnvironmentFault, UnikatError

MAGIC = b"unikat chart 1\n"
SOURCE = 24
"""So many digits of the digest of a stage's source name it."""
ALIGNED = 64
HEAD = len(MAGIC) + 64 + 1
"""So many bytes tell which chart it is."""
MOST_HEADER = 1 << 22
MOST_CHORD_MM = 10.0
MOST_BYTES = 1 << 28
"""No chart is larger: what is, is not read into memory."""
MOST_MM = 1e5
"""No body's node lies farther out: its steps are int32."""
_DTYPES = {"<f8", "<f4", "<i4", "<i2"}
_WANTED = {
    "pivots": ("<i4", 1),
    "scale": ("<f8", 1),
    "origin": ("<f8", 1),
    "relation": ("<f8", 2),
    "watched": ("<i4", 2),
    "low": ("<f8", 1),
    "high_end": ("<f8", 1),
    "base": ("<f8", 1),
    "linear": ("<f4", 2),
    "terms": ("<i2", 2),
    "high": ("<f4", 2),
    "nodes": ("<i4", 2),
    "faces": ("<i4", 2),
    "extra": ("<i4", 1),
}


class BadChart(UnikatError):
    """This file is no chart that can be used; the reason."""


@dataclass(frozen=True, eq=False)
class ChartFile:
    """What is in a chart file. `sha256`: what it is addressed by. `about`: its header, without the list of arrays."""

    sha256: str
    about: Mapping[str, Any]
    arrays: Mapping[str, npt.NDArray[Any]] = field(repr=False)


def encoded(about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> bytes:
    """The bytes of a chart file: the same for the same contents."""
    placed, at, parts = [], 0, []
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        data = array.astype(array.dtype.newbyteorder("<"), copy=False).tobytes()
        placed.append({"name": name, "dtype": array.dtype.newbyteorder("<").str, "shape": list(array.shape), "at": at})
        parts.append(data + bytes(-len(data) % ALIGNED))
        at += len(parts[-1])
    head = json.dumps({"about": dict(about), "arrays": placed}, sort_keys=True, separators=(",", ":")).encode()
    body = f"{len(head)}\n".encode() + head
    body += b" " * (-(HEAD + len(body)) % ALIGNED) + b"".join(parts)
    return MAGIC + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def write(path: pathlib.Path, data: bytes) -> None:
    """Whole on the disk, or not there. EnvironmentFault where the disk takes it not."""
    temporary: pathlib.Path | None = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, suffix=".new")
        temporary = pathlib.Path(name)
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
        temporary = None
    except OSError as error:
        raise EnvironmentFault(f"a chart cannot be written: {error.strerror}") from None
    finally:
        if temporary is not None:
            temporary.unlink(missing_ok=True)


def read(path: pathlib.Path) -> ChartFile:
    """The chart in a file, mapped into memory. BadChart: why it cannot be used."""
    try:
        told = path.stat()
        if not stat.S_ISREG(told.st_mode) or told.st_size > MOST_BYTES:
            raise BadChart("is no file of a chart's size")
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as whole:
            data = bytes(whole)
    except (OSError, ValueError) as error:
        raise BadChart(f"cannot be read: {getattr(error, 'strerror', None) or error}") from None
    return decoded(data)


def decoded(data: bytes) -> ChartFile:
    """The chart in these bytes. BadChart: why it cannot be used."""
    if not data.startswith(MAGIC):
        raise BadChart("is no chart of this format")
    told, body = data[len(MAGIC) : HEAD - 1], memoryview(data)[HEAD:]
    if data[HEAD - 1 : HEAD] != b"\n" or hashlib.sha256(body).hexdigest().encode() != told:
        raise BadChart("is damaged: its sha256 is not the one that it names")
    try:
        line = bytes(body[:16]).split(b"\n", 1)[0]
        size = int(line)
        if not 2 <= size <= MOST_HEADER:
            raise ValueError
        first = len(line) + 1
        header = json.loads(bytes(body[first : first + size]))
        about, placed = header["about"], header["arrays"]
        start = first + size
        start += -(HEAD + start) % ALIGNED
        arrays = {str(one["name"]): _array(body, start, one) for one in placed}
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError) as error:
        raise BadChart(f"has a header that cannot be used ({type(error).__name__})") from None
    if not isinstance(about, dict):
        raise BadChart("has a header that cannot be used")
    _check(about, arrays)
    return ChartFile(told.decode(), about, arrays)


def _array(body: memoryview, start: int, told: Mapping[str, Any]) -> npt.NDArray[Any]:
    dtype, shape, at = str(told["dtype"]), [int(n) for n in told["shape"]], int(told["at"])
    if dtype not in _DTYPES or at < 0 or at % ALIGNED or not 1 <= len(shape) <= 4 or min(shape) < 0:
        raise ValueError("an array of another kind")
    count = 1
    for n in shape:
        count *= n
    if count > len(body) or start + at + count * np.dtype(dtype).itemsize > len(body):
        raise ValueError("an array beyond the end")
    return np.frombuffer(body, dtype, count, start + at).reshape(shape)


def _check(about: Mapping[str, Any], arrays: Mapping[str, npt.NDArray[Any]]) -> None:
    """Do all arrays fit together, and do their numbers stay within one another?"""
    for name, (dtype, dimensions) in _WANTED.items():
        if name not in arrays or arrays[name].dtype.str != dtype or arrays[name].ndim != dimensions:
            raise BadChart(f"lacks its {name}")
    a = arrays
    q, d, u, n, m = len(a["origin"]), len(a["pivots"]), len(a["base"]), len(a["nodes"]), len(a["faces"])
    shapes = {
        "scale": (d,),
        "relation": (q, d),
        "watched": (len(a["watched"]), 2),
        "low": (len(a["watched"]),),
        "high_end": (len(a["watched"]),),
        "linear": (d, u),
        "terms": (len(a["high"]), 4),
        "nodes": (n, 3),
        "faces": (m, 3),
    }
    if any(a[name].shape != shape for name, shape in shapes.items()) or a["high"].shape[1] > u or not n or not m:
        raise BadChart("has arrays that do not fit together")
    ranges = {"pivots": (0, q), "watched": (-1, q), "terms": (-1, d), "nodes": (0, u), "faces": (0, n), "extra": (0, u)}
    for name, (low, end) in ranges.items():
        if a[name].size and not (a[name].min() >= low and a[name].max() < end):
            raise BadChart(f"has {name} that point outside it")
    if a["watched"].size and a["watched"][:, 0].min() < 0:
        raise BadChart("has watched that point outside it")
    for name in ("scale", "origin", "relation", "low", "high_end", "base", "linear", "high"):
        if not np.isfinite(a[name]).all():
            raise BadChart(f"has {name} that are no numbers")
    chord = about.get("chord_mm")
    if isinstance(chord, bool) or not isinstance(chord, int | float) or not 0.0 <= chord <= MOST_CHORD_MM:
        raise BadChart("does not say how far its triangles come from the surface")
    tags = about.get("tags")
    if not isinstance(tags, dict) or not all(isinstance(t, dict) for t in tags.values()):
        raise BadChart("has no tags")
    for name, told in tags.items():
        rows = arrays.get(f"rows.{name}")
        if rows is None or rows.dtype.str != "<i4" or rows.ndim != 1 or not rows.size or rows.min() < 0 or rows.max() >= m:
            raise BadChart("has tags on faces that are not there")
        if told.get("kind") not in ("level", "plane", "surface"):
            raise BadChart("has a tag of another kind")
