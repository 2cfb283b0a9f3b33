"""Lens traces for an optician's machines: OMA/DCS, format 1 (ASCII radii). What `engine.reading.oma` reads."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from engine.model.lens import LensPair, Trace
from engine.shape.lens import box

Floats = npt.NDArray[np.float64]

UNIT = 100.0
"""Steps a mm."""
_A_LINE = 10
_ENDS = "\r\n"
_TOLD = ("circ", "fcrv", "fed", "frnt", "hbox", "ipd", "ocht", "panto", "vbox", "ztilt", "bevp")


def write(pair: LensPair) -> bytes:
    """The file: both traces to 0.01 mm, what is told of them, and by their own box what is not (HBOX, VBOX, FED, CIRC)."""
    rounded = [Trace(t.side, _steps(t.radii) / UNIT) for t in (pair.right, pair.left)]
    rows: dict[str, str] = {}
    if pair.dbl is not None:
        rows["DBL"] = _number(pair.dbl)
    for key, code in (("FTYP", pair.ftyp), ("ETYP", pair.etyp)):
        if code is not None:
            rows[key] = str(code)
    values = []
    for trace in rounded:
        found = box(trace)
        own = {"hbox": found.a, "vbox": found.b, "fed": found.ed, "circ": found.circumference}
        told = {**{key: round(value, 2) for key, value in own.items()}, **pair.told[trace.side].known()}
        values.append({key: _number(value) for key, value in told.items()})
    for key in _TOLD:
        right, left = (one.get(key, "?") for one in values)
        if (right, left) != ("?", "?"):
            rows[key.upper()] = f"{right};{left}"
    lines = [f"{key}={value}" for key, value in sorted(rows.items())]
    for trace in (pair.right, pair.left):
        lines += _trace("TRCFMT", "R", trace, trace.radii)
        if trace.heights is not None:
            lines += _trace("ZFMT", "Z", trace, trace.heights)
    return "".join(line + _ENDS for line in lines).encode("ascii")


def _trace(opens: str, key: str, trace: Trace, values: Floats) -> list[str]:
    steps = _steps(values).astype(np.int64).tolist()
    lines = [f"{opens}=1;{len(steps)};E;{trace.side[0].upper()};F"]
    return lines + [f"{key}={';'.join(map(str, steps[i : i + _A_LINE]))}" for i in range(0, len(steps), _A_LINE)]


def _steps(values: Floats) -> Floats:
    return np.rint(values * UNIT)


def _number(value: float) -> str:
    return f"{value:.4f}".rstrip("0").rstrip(".")
