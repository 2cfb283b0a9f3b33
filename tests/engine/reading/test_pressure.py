"""Pressure maps as they come: every dialect of a matrix gives the same numbers, and what is wrong is named with its place."""

from __future__ import annotations

import math
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.french import french
from engine.model.pressure import PressureMap
from engine.model.units import PRESSURES
from engine.reading import contact, pressure


def foot(rows: int = 52, columns: int = 18, peak: float = 300.0) -> np.ndarray:
    """A loaded area of that many cells, two cells of nothing around it."""
    made = np.zeros((rows + 4, columns + 4))
    made[2:-2, 2:-2] = peak
    return made


def as_text(values: np.ndarray, separator: str = ",", decimal: str = ".", end: str = "\n") -> bytes:
    return "".join(separator.join(f"{v:g}".replace(".", decimal) for v in row) + end for row in values).encode()


def read(data: bytes, pitch_mm: float = 5.0, unit: str = "kPa") -> PressureMap:
    return pressure.read(data, pitch_mm=pitch_mm, unit=unit, name="left.csv")


@pytest.mark.parametrize(
    ("separator", "decimal"),
    [(",", "."), (";", "."), (";", ","), ("\t", "."), ("\t", ","), (" ", "."), ("   ", "."), (", ", ".")],
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_dialect_gives_the_same_numbers(separator: str, decimal: str, end: str) -> None:
    values = foot()
    values[10, 5:9] = (12.5, 0.25, 1e-5, 400.75)
    made = read(as_text(values, separator, decimal, end))
    assert np.array_equal(made.kpa, values)
    assert (made.pitch_mm, made.name) == (5.0, "left.csv")


def test_a_separator_at_the_end_of_every_row_is_no_cell() -> None:
    assert np.array_equal(read(as_text(foot(), end=",\n")).kpa, foot())
    assert np.array_equal(read(as_text(foot(), ";", ",", ";\r\n")).kpa, foot())


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_spreadsheet_s_encodings(encoding: str) -> None:
    assert np.array_equal(read(as_text(foot(), "\t").decode().encode(encoding)).kpa, foot())


@pytest.mark.parametrize(
    ("unit", "kpa"), [("kPa", 1.0), ("Pa", 0.001), ("N/cm2", 10.0), ("mmHg", 0.1333224), ("bar", 100.0), ("psi", 6.894757)]
)
def test_units(unit: str, kpa: float) -> None:
    assert read(as_text(foot(peak=300.0 / kpa)), unit=unit).kpa.max() == pytest.approx(300.0, rel=1e-5)


def test_the_mean_of_104_people(shared_data: pathlib.Path) -> None:
    for side, peak in (("L", 402.0), ("R", 392.0)):
        made = read((shared_data / f"pressure/MUN104{side}.csv").read_bytes())
        assert made.kpa.shape == (63, 27) and 0.0 <= made.kpa.max() - peak < 1.0
        (only,) = contact.contacts(made)
        assert only.length(5.0) == 260.0
        assert not made.kpa.flags.writeable


def test_two_feet_are_two_contacts_from_left_to_right(shared_data: pathlib.Path) -> None:
    left, right = (np.loadtxt(shared_data / f"pressure/MUN104{side}.csv", delimiter=",") for side in "LR")
    both = np.hstack((left, np.roll(right, 2, axis=0)))
    both[40, 24] = 30.0
    first, second = contact.contacts(PressureMap(both, 5.0))
    assert first.columns[1] < 24 < second.columns[0] and second.rows[0] - first.rows[0] == 2
    assert first.stray == second.stray == 1


def test_noise_is_no_foot(shared_data: pathlib.Path) -> None:
    """Cells that are loaded all alone, before the toes, behind the heel and beside them, in the foot's own columns too."""
    mean = np.pad(np.loadtxt(shared_data / "pressure/MUN104L.csv", delimiter=","), 8)
    noisy = mean.copy()
    noisy[1, 20] = noisy[2, 20] = noisy[-1, 15] = noisy[30, 1] = noisy[-1, -1] = 60.0
    (clean,), (found,) = contact.contacts(PressureMap(mean, 5.0)), contact.contacts(PressureMap(noisy, 5.0))
    assert (found.rows, found.columns, found.stray) == (clean.rows, clean.columns, 5)
    assert np.array_equal(found.loaded, clean.loaded)
    noisy[0, 20] = 60.0
    with_three = contact.contacts(PressureMap(noisy, 5.0))
    assert with_three[0].rows[0] == 0, "three beside each other are no noise"


def test_a_toe_that_prints_alone_is_the_foot_s(shared_data: pathlib.Path) -> None:
    """A high arch leaves heel and ball apart, and bent toes leave theirs."""
    mean = np.loadtxt(shared_data / "pressure/MUN104L.csv", delimiter=",")
    apart = mean.copy()
    apart[20:37] = apart[47:50] = 0.0
    assert contact.contacts(PressureMap(apart, 5.0))[0].rows == contact.contacts(PressureMap(mean, 5.0))[0].rows


def test_nothing_but_noise() -> None:
    lone = np.zeros((60, 30))
    lone[3, 3] = lone[50, 20] = 300.0
    with pytest.raises(InputError, match="no cells beside each other reach 10 kPa"):
        read(as_text(lone))


def put(row: int, column: int, word: str) -> bytes:
    lines = [line.split(",") for line in as_text(foot()).decode().splitlines()]
    lines[row - 1][column - 1] = word
    return "\n".join(",".join(line) for line in lines).encode()


BAD = {
    "text": (put(3, 4, "high"), {}, "row 3, column 4 is no number", "'high'"),
    "a header": (b"a,b,c\n" + as_text(foot()), {}, "row 1, column 1 is no number", "'a'"),
    "an empty cell": (put(7, 2, ""), {}, "row 7, column 2 is empty", ""),
    "a negative": (put(3, 4, "-1.5"), {}, "row 3, column 4 is negative", "'-1.5'"),
    "not a number": (put(56, 22, "NaN"), {}, "row 56, column 22 is no finite number", "'NaN'"),
    "infinite": (put(9, 1, "-inf"), {}, "row 9, column 1 is no finite number", "'-inf'"),
    "beyond all floats": (put(9, 1, "1e999"), {}, "row 9, column 1 is no finite number", "'1e999'"),
    "hexadecimal": (put(9, 1, "0x10"), {}, "row 9, column 1 is no number", "'0x10'"),
    "an underscore": (put(9, 1, "1_0"), {}, "row 9, column 1 is no number", "'1_0'"),
    "another script's digits": (put(9, 1, "٣"), {}, "row 9, column 1 is no number", "'٣'"),
    "thousands": (as_text(foot(), ";") + b"1.234,5" + b";0" * 21, {}, "row 57, column 1 is no number", "'1.234,5'"),
    "ragged": (as_text(foot()) + b"1,2,3\n", {}, "row 57 has 3 cells, the rows before it 22", ""),
    "a hole": (as_text(foot())[:-1] + b"\n\n" + as_text(foot()), {}, "row 57 is empty", ""),
    "nothing": (b"", {}, "is empty", ""),
    "blanks": (b"\xef\xbb\xbf  \r\n \n", {}, "is empty", ""),
    "all zero": (as_text(foot(peak=0.0)), {}, "is zero in every cell", ""),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(100), {}, "is no text: byte 1 is none of UTF-8", ""),
    "zero bytes": (b"1,2\0,3\n", {}, "is no text: it holds zero bytes", ""),
    "too many bytes": (b"0," * (3 << 20), {}, "bytes; 4194304 can be read", ""),
    "too many cells": (b"0,0,0,0,0,0,0,0\n" * 40_000, {}, "more than the 262144 cells", ""),
    "one very long row": (b"0 " * 1_000_000, {}, "more than the 262144 cells", ""),
    "no unit": (as_text(foot()), {"unit": ""}, "needs the unit of its numbers: one of kPa, Pa, MPa, N/cm2", "got ''"),
    "another unit": (as_text(foot()), {"unit": "mm"}, "needs the unit of its numbers", "got 'mm'"),
    "no pitch": (as_text(foot()), {"pitch_mm": math.nan}, "needs its pitch", "got nan mm"),
    "a negative pitch": (as_text(foot()), {"pitch_mm": -5.0}, "needs its pitch, from one cell to the next: 0.5 to 25 mm", "got -5.0 mm"),
    "a pitch too wide": (as_text(foot()), {"pitch_mm": 10.0}, "a pitch of 2.9 to 6.3 mm would fit", "520 mm at a pitch of 10 mm"),
    "a pitch too fine": (as_text(foot()), {"pitch_mm": 2.5}, "a pitch of 2.9 to 6.3 mm would fit", "130 mm at a pitch of 2.5 mm"),
    "Pa for kPa": (as_text(foot(peak=3e5)), {}, "is it the right unit? Pa would fit", "the highest is 3e+05 kPa"),
    "kPa for Pa": (as_text(foot()), {"unit": "Pa"}, "no cells beside each other reach 10 kPa; is it the right unit?", "the highest is 0.3 kPa"),
    "across": (as_text(foot().T), {}, "turn the map by a quarter", ""),
    "two that touch": (as_text(foot(columns=45)), {}, "leave an unloaded column between two feet", ""),
    "three": (as_text(np.hstack([foot()] * 3)), {}, "shows 3 loaded areas side by side", ""),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str) -> None:
    data, how, told, for_sender = BAD[case]
    with pytest.raises(InputError) as caught:
        read(data, **how)  # type: ignore[arg-type]  # floats and words by name
    assert str(caught.value).startswith("left.csv: ") and told in str(caught.value)
    assert for_sender in caught.value.for_sender()
    if for_sender:
        assert for_sender not in str(caught.value), "only the sender reads what was sent"
    said = caught.value.for_sender("fr")
    assert said.startswith("left.csv : ") and french(caught.value.why) is not None and caught.value.why not in said
    english = (" of ", " is ", " got ", " the ", " foot", " would ")
    assert not for_sender or not any(word in f" {said} " for word in english), said


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="0123456789.,;\t\n -+eEnaif", max_size=300).map(str.encode))
def test_any_bytes_are_a_map_or_an_input_error(data: bytes) -> None:
    with pytest.raises(InputError):  # nothing so short is as long as a foot
        read(data, pitch_mm=0.5)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_what_was_written_is_read(data: st.DataObject) -> None:
    values = foot()
    for _ in range(10):
        at = data.draw(st.tuples(st.integers(2, 53), st.integers(2, 19)))
        values[at] = data.draw(st.floats(10.0, 2000.0))
    text = "\n".join(";".join(repr(float(v)) for v in row) for row in values)
    unit = data.draw(st.sampled_from([u for u, one in PRESSURES.items() if 0.5 <= one <= 1.0]))
    assert np.array_equal(read(text.encode(), unit=unit).kpa, values * PRESSURES[unit])


@pytest.mark.parametrize("wrong", [np.zeros((0, 3)), np.zeros(3), np.full((2, 2), -1.0), np.full((2, 2), math.nan)])
def test_a_map_is_sound_by_itself(wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="pressure"):
        PressureMap(wrong, 5.0)
