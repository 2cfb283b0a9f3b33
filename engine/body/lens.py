"""From a tracer's file to a pair of lenses that can be relied on: what it says of them is held against the trace itself."""

from __future__ import annotations

import numpy as np

from engine.errors import InputError
from engine.model.foot import Side
from engine.model.lens import LensPair, Trace
from engine.reading import oma
from engine.shape.lens import box, corners, length_of, smooth

NEAR_CIRC, NEAR_BOX, NEAR_ED = 0.1, 0.05, 0.5
"""mm: what is told may be off by: circumference (0.00 to 0.06 in real files), A and B (as rounded), ED (which many round to a whole)."""


def lenses_of(data: bytes, *, unit: str = "mm", side: Side | None = None, name: str = "trace") -> LensPair:
    """Both lenses in a file, mm. `side`: the eye that the file was sent for, where it holds one alone.

    InputError: as `engine.reading.oma.read`; another unit than mm (a trace has its own, 0.01 mm, and nobody may scale it); the other eye
    than was said; a circumference, A, B or ED that is not that of its trace; radii that no smooth outline follows.
    """
    if unit != "mm":
        raise InputError(
            name, "brings its own unit, hundredths of a millimetre: send an OMA file as mm", message=f"sent as {unit}"
        )
    pair = oma.read(data, name=name)
    if side is not None and pair.mirrored == side:
        raise InputError(name, "holds the other eye's lens alone", message=f"sent for the {side} eye")
    for trace in (pair.right, pair.left):
        _check_told(pair, trace, name)
        _check_smooth(trace, name)
    return pair


def _check_smooth(trace: Trace, name: str) -> None:
    try:
        smooth(trace)
    except ValueError as error:
        raise InputError(
            name,
            "is rough, has corners or too few radii: no smooth outline follows it; ask for the trace again",
            message=f"the {trace.side} lens: {error}",
        ) from None


def _check_told(pair: LensPair, trace: Trace, name: str) -> None:
    told, found = pair.told[trace.side], box(trace)
    lengths = [found.circumference]
    if trace.heights is not None:
        lengths.append(length_of(np.column_stack((corners(trace), trace.heights))))
    if told.circ is not None and min(abs(told.circ - length) for length in lengths) > NEAR_CIRC:
        raise InputError(
            name,
            "says a circumference (CIRC) that its trace has not: one of the two was changed; ask for the trace again",
            message=f"{told.circ:g} mm, and the {trace.side} trace is {lengths[0]:.2f} mm long",
        )
    for said, is_so, near, key in (
        (told.hbox, found.a, NEAR_BOX, "HBOX"),
        (told.vbox, found.b, NEAR_BOX, "VBOX"),
        (told.fed, found.ed, NEAR_ED, "FED"),
    ):
        if said is not None and abs(said - is_so) > near:
            raise InputError(
                name,
                "says a width, height or effective diameter that its trace has not: is the trace turned, or another lens's?",
                message=f"{key} is {said:g} mm, and of the {trace.side} trace {is_so:.2f} mm",
            )
