"""Lens traces as opticians' machines exchange them: OMA, the Data Communication Standard (DCS), format 1. Hostile until read.

Text, one record a line: `KEY=value`, or `KEY=right;left`; `?` and nothing are unknown; records may come more than once. `TRCFMT=format;
radii;E or U;R or L;...` opens a trace, and lines `R=` follow with its radii in 0.01 mm, `A=` with their angles in 0.01 degrees where these
are not equal (U). `ZFMT` and `Z=`, `ZA=` tell heights likewise. The text of the standard was not seen: this is what real files show, and
what makers of tracers publish.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, fields

import numpy as np
import numpy.typing as npt

from engine.errors import InputError
from engine.model.foot import Side
from engine.model.lens import FAR, FEWEST, NEAR, LensPair, ToldLens, Trace, opposite

Floats = npt.NDArray[np.float64]

MAX_BYTES = 4 << 20
MOST = 10_000
"""Radii of one lens: ten times what tracers give."""
LARGEST_STEP = 0.5
"""mm from one radius to the next, a degree apart or less: 0.29 is the most in real traces."""
DBL = (5.0, 45.0)
"""mm between the boxes: of the narrowest and the widest frame."""
UNIT = 100.0
"""Steps a mm, and a degree."""

OTHERS: Mapping[int, str] = {
    2: "binary radii",
    3: "binary differences",
    4: "packed binary differences",
    5: "not known",
    6: "a compressed format, written in hexadecimal",
}
"""What the other formats hold, as far as it is known; all are refused."""

_SIDES: Mapping[str, Side] = {"R": "right", "L": "left"}
_FORMAT = re.compile(rb"(?:^|[\r\n\x1c])[ \t]*(?:TRC|Z)FMT[ \t]*=[ \t]*(\d{1,3})", re.ASCII)
_BREAKS = re.compile("[\r\n\x1c\x1d]+")
_CONTROLS = re.compile("[\0-\x08\x0b\x0c\x0e-\x10\x12\x14-\x19\x1b\x1e\x1f\x7f]")
"""Those that no line has: around packets stand the file and group separators, XON and XOFF, and the end of a file (DOS)."""
_PACKET = "\x11\x13\x1a \t"
_WHOLE = re.compile(r"[+-]?\d{1,7}", re.ASCII)
_NUMBER = re.compile(r"[+-]?(\d{1,9}(\.\d{0,30})?|\.\d{1,30})", re.ASCII)
_UNKNOWN = ("", "?")
_OF_A_LENS = tuple(f.name for f in fields(ToldLens))


@dataclass
class _Block:
    """One side's trace as it comes: `told` radii, at equal angles or not; likewise its heights."""

    side: Side
    told: int
    equal: bool
    radii: list[int] = field(default_factory=list)
    angles: list[int] = field(default_factory=list)
    last: bool = False
    """Does the file end in it?"""


def read(data: bytes, *, name: str = "trace") -> LensPair:
    """Both lenses of a file; where it has one, the other is its mirror image, and the notes say so.

    InputError: it is empty, too large, binary, of another format (which, and what to ask for); a record or number that is none; more or
    fewer radii than it says; a radius no lens has, or a jump; two different traces of one side, or none; a distance between lenses that
    no frame has.
    """
    text = _text(data, name)
    traced: list[_Block] = []
    heights: list[_Block] = []
    told: dict[str, list[str]] = {}
    key = ""
    for key, value in _records(text, name):
        if key in ("TRCFMT", "ZFMT"):
            block = _opened(value, key, name)
            if block is not None:
                (traced if key == "TRCFMT" else heights).append(block)
        elif key in ("R", "A", "Z", "ZA"):
            _take(key, value, traced if key in ("R", "A") else heights, name)
        else:
            told.setdefault(key, []).append(value)
    if key in ("R", "A", "Z", "ZA"):
        (traced if key in ("R", "A") else heights)[-1].last = True
    notes: list[str] = []
    found = _sides(traced, heights, notes, name)
    mirrored = next((side for side in _SIDES.values() if side not in found), None)
    if mirrored is not None:
        found[mirrored] = _mirrored(found[opposite(mirrored)])
        notes.append("one lens was traced: the other is its mirror image")
    dbl = _one(told, "DBL", name)
    if dbl is not None and not DBL[0] <= dbl <= DBL[1]:
        raise InputError(name, "says a distance between the lenses (DBL) that no frame has", message=f"{dbl:g} mm")
    codes = (_one(told, key, name) for key in ("FTYP", "ETYP"))
    ftyp, etyp = (None if code is None else int(code) for code in codes)
    values: dict[Side, ToldLens] = {side: _told(told, side, name) for side in _SIDES.values()}
    return LensPair(found["right"], found["left"], dbl, values, ftyp, etyp, mirrored, tuple(notes))


def _text(data: bytes, name: str) -> str:
    if len(data) > MAX_BYTES:
        raise InputError(name, "is too large for a lens trace", message=f"{len(data)} bytes; {MAX_BYTES} can be read")
    if not data.strip():
        raise InputError(name, "is empty")
    for told in _FORMAT.findall(data):
        kind = int(told)
        if kind > 1:
            raise InputError(
                name,
                "is no OMA file of format 1: ask who traced the lens for format 1, ASCII radii",
                message=f"it is of format {kind}: {OTHERS.get(kind, 'not known')}",
            )
    text = data.removeprefix(b"\xef\xbb\xbf").decode("latin-1")
    if _CONTROLS.search(text):
        raise InputError(name, "is binary: an OMA file of format 1 is text")
    return text


def _records(text: str, name: str) -> Iterator[tuple[str, str]]:
    lines = [line for whole in _BREAKS.split(text) if (line := whole.strip(_PACKET))]
    if not any(line.startswith(("TRCFMT", "R=")) for line in lines):
        raise InputError(name, "holds no lens trace: no record TRCFMT stands in it")
    for line in lines:
        key, equals, value = line.partition("=")
        if not equals:
            raise InputError(name, "holds a line that is no record (KEY=value)", message=repr(line[:40]))
        yield key.strip().upper(), value.strip()


def _opened(value: str, key: str, name: str) -> _Block | None:
    """The trace that a TRCFMT or ZFMT opens; None where it says that there is none (0)."""
    words = [word.strip().upper() for word in value.split(";")]
    if words[0] in ("0", *_UNKNOWN):
        return None
    fits = len(words) >= 4 and words[0] == "1" and re.fullmatch(r"\d{1,6}", words[1]) and words[2] in ("E", "U")
    if not fits or words[3] not in _SIDES:
        raise InputError(name, "opens a trace in words that it cannot be read by", message=repr(f"{key}={value}"[:60]))
    told = int(words[1])
    if not FEWEST <= told <= MOST:
        raise InputError(
            name, "has too few radii for a lens, or too many", message=f"{key} says {told}; {FEWEST} to {MOST} can be read"
        )
    return _Block(_SIDES[words[3]], told, words[2] == "E")


def _take(key: str, value: str, blocks: list[_Block], name: str) -> None:
    """The numbers of one line, for the trace that was opened last."""
    if not blocks:
        raise InputError(name, "has radii or heights before it says whose they are", message=f"a record {key}")
    taken = blocks[-1].radii if key in ("R", "Z") else blocks[-1].angles
    for word in (word.strip() for word in value.removesuffix(";").split(";")):
        if not _WHOLE.fullmatch(word):
            raise InputError(name, "holds a radius, angle or height that is no whole number", message=f"{key}: {word[:40]!r}")
        if len(taken) > MOST:
            raise InputError(name, "has too few radii for a lens, or too many", message=f"more than {MOST}")
        taken.append(int(word))


def _sides(traced: list[_Block], heights: list[_Block], notes: list[str], name: str) -> dict[Side, Trace]:
    """The traces by side, at equal angles."""
    found: dict[Side, Trace] = {}
    for block in traced:
        radii = _values(block, "radii", notes, name)
        _check_radii(radii, block.side, name)
        made = Trace(block.side, radii)
        if block.side in found and not np.array_equal(found[block.side].radii, made.radii):
            raise InputError(name, "holds two different traces of one lens", message=f"of the {block.side} one")
        found[block.side] = made
    if not found:
        raise InputError(name, "holds no lens trace: no record TRCFMT stands in it")
    for block in heights:
        of = found.get(block.side)
        if of is not None and block.radii:
            z = _values(block, "heights", notes, name)
            n = len(of.radii)
            if len(z) != n:
                z = _resampled(360.0 * np.arange(len(z)) / len(z), z, n)
            found[block.side] = Trace(block.side, of.radii, z)
    return found


def _values(block: _Block, what: str, notes: list[str], name: str) -> Floats:
    """mm, at equal angles. InputError: not as many as were told, or angles that do not rise through one turn."""
    found, told = block.radii, block.told
    if len(found) == told + 1 and found[-1] == found[0]:
        found = found[:-1]
        notes.append("the first radius of a trace stood at its end again")
    if len(found) != told:
        ends = ", and the file ends there" if block.last and len(found) < told else ""
        raise InputError(
            name,
            "does not hold as many radii as it says: it is cut short, or was changed; ask for the trace again",
            message=f"the {block.side} lens has {len(found)} of {told} {what}{ends}",
        )
    values = np.array(found, np.float64) / UNIT
    if block.equal:
        return values
    angles = np.array(block.angles[:told], np.float64) / UNIT
    if len(block.angles) not in (told, told + 1) or not (np.diff(angles) > 0.0).all() or not angles[-1] < angles[0] + 360.0:
        raise InputError(
            name, "has angles that do not rise through one turn, one for each radius", message=f"of the {block.side} lens"
        )
    notes.append("the radii of a trace were not at equal angles: those between were interpolated")
    return _resampled(angles, values, told)


def _resampled(angles: Floats, values: Floats, n: int) -> Floats:
    """What lies at n equal angles, by the cubic through the four neighbours (Lagrange). angles rise within one turn."""
    count = len(angles)
    made = np.empty(n)
    around = np.concatenate((angles[-2:] - 360.0, angles, angles[:3] + 360.0)).tolist()
    known = np.concatenate((values[-2:], values, values[:3])).tolist()
    at = 1
    for i in range(n):
        angle = 360.0 * i / n
        while angle < around[1]:
            angle += 360.0
        while angle >= around[count + 2]:
            angle -= 360.0
        at = at if angle >= around[at] else 1
        while angle >= around[at + 1]:
            at += 1
        four = range(at - 1, at + 3)
        made[i] = math.fsum(
            known[k] * math.prod((angle - around[j]) / (around[k] - around[j]) for j in four if j != k) for k in four
        )
    return made


def _mirrored(trace: Trace) -> Trace:
    """The other eye's; an odd number of radii has none at 180 degrees, so they are interpolated."""
    n = len(trace.radii)
    if n % 2 == 0:
        return trace.mirrored()
    back = (180.0 - 360.0 * np.arange(n) / n) % 360.0
    order = np.argsort(back, kind="stable")
    heights = None if trace.heights is None else _resampled(back[order], trace.heights[order], n)
    return Trace(opposite(trace.side), _resampled(back[order], trace.radii[order], n), heights)


def _check_radii(radii: Floats, side: Side, name: str) -> None:
    least, most = float(radii.min()), float(radii.max())
    if least < NEAR or most > FAR:
        raise InputError(
            name,
            "has a radius that no lens has: they are in hundredths of a millimetre",
            message=f"the {side} lens has {least:.2f} to {most:.2f} mm, and {NEAR:g} to {FAR:g} can be",
        )
    steps = np.abs(np.diff(radii, append=radii[0]))
    if float(steps.max()) >= LARGEST_STEP * max(1.0, 360.0 / len(radii)):
        at = int(np.argmax(steps))
        raise InputError(
            name,
            "has a jump from one radius to the next, which no lens has",
            message=f"the {side} lens jumps by {steps[at]:.2f} mm after radius {at + 1}",
        )


def _pair(value: str, key: str, name: str) -> tuple[float | None, float | None]:
    """`right;left`, or one for both."""
    words = [word.strip() for word in value.split(";")]
    for word in words[:2]:
        if word not in _UNKNOWN and not _NUMBER.fullmatch(word):
            raise InputError(name, "holds a value that is no number", message=f"{key}: {word[:40]!r}")
    right, *rest = (None if word in _UNKNOWN else float(word) for word in words[:2])
    return right, rest[0] if rest else right


def _side_value(told: Mapping[str, list[str]], key: str, side: Side, name: str) -> float | None:
    """What the records of that name say of the side: once, or the same each time."""
    said = {_pair(value, key, name)[0 if side == "right" else 1] for value in told.get(key, [])} - {None}
    if len(said) > 1:
        raise InputError(name, "says one thing twice, and not the same", message=f"{key} of the {side} lens")
    return said.pop() if said else None


def _one(told: Mapping[str, list[str]], key: str, name: str) -> float | None:
    """What is said of the pair: of either side, or the same of both."""
    right, left = (_side_value(told, key, side, name) for side in _SIDES.values())
    if None not in (right, left) and right != left:
        raise InputError(name, "says one thing twice, and not the same", message=key)
    return right if right is not None else left


def _told(told: Mapping[str, list[str]], side: Side, name: str) -> ToldLens:
    return ToldLens(**{key: _side_value(told, key.upper(), side, name) for key in _OF_A_LENS})
