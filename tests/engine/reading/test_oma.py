"""OMA files as they come: real ones to the last digit, every way of writing the same, and what is wrong is named."""

from __future__ import annotations

import ast
import pathlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import InputError
from engine.french import SENTENCES
from engine.model.lens import LensPair
from engine.reading import oma
from tests.traces import NAMES, block, egg, ellipse, real, written


def read(data: bytes) -> LensPair:
    return oma.read(data, name="lens.oma")


def refused(data: bytes) -> InputError:
    with pytest.raises(InputError) as caught:
        read(data)
    assert caught.value.what == "lens.oma"
    return caught.value


# ---- real files ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", NAMES)
def test_every_radius_of_a_real_file(shared_data: pathlib.Path, name: str) -> None:
    data = real(shared_data, name)
    pair = read(data)
    whole = [int(w) for line in data.decode().split("\n") if line.startswith("R=") for w in line[2:].split(";")]
    n = len(whole) // 2
    assert n in (360, 1000)
    assert np.array_equal(pair.right.radii, np.array(whole[:n]) / 100)
    assert np.array_equal(pair.left.radii, np.array(whole[n:]) / 100)
    assert np.array_equal(pair.right.mirrored().radii, pair.left.radii)  # so the angles of both eyes are as was understood
    assert pair.mirrored is None and pair.notes == ()


def test_what_real_files_tell(shared_data: pathlib.Path) -> None:
    pairs = {name: read(real(shared_data, name)) for name in NAMES}
    assert [pairs[n].dbl for n in NAMES] == [15.0, 16.0, 19.0, None, None, 20.0]
    assert [pairs[n].told["left"].circ for n in NAMES] == [150.85, 148.74, 136.58, None, None, 150.759]
    assert [(pairs[n].ftyp, pairs[n].etyp) for n in NAMES] == [(1, 3), (1, 3), (3, 2), (None, None), (None, None), (2, 1)]
    assert pairs["R360_3"].told["right"].known() == {
        "hbox": 51.0, "vbox": 44.01, "circ": 150.759, "fed": 52.0, "ipd": 31.0, "ocht": 16.0, "ztilt": 3.0, "panto": 6.0,
        "frnt": 5.46, "bevp": 2.0,
    }  # fmt: skip
    assert pairs["R360_1"].told["right"].known() == {}


# ---- the same in other words -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\n\n\r"])
def test_line_ends(end: str) -> None:
    assert np.array_equal(read(written(end=end)).right.radii, egg())


def test_packets_marks_blanks_and_lower_case() -> None:
    plain = written("DBL = 18.5", "CLNAME=Zo\xeb", "dIa=?;?")
    for data in (
        b"\xef\xbb\xbf" + plain,
        b"\x1c" + plain + b"\x1d",
        b"\x11\x1c" + plain.replace(b"TRCFMT=1;360", b"trcfmt= 1; 360 ") + b"\x1d\x1a",
        plain.replace(b"\r\nR=", b";\r\n R = "),
    ):
        pair = read(data)
        assert pair.dbl == 18.5 and np.array_equal(pair.left.radii, egg()[(180 - np.arange(360)) % 360])


def test_values_of_one_eye_of_both_and_of_none() -> None:
    pair = read(written("HBOX=50.1;50.2", "VBOX=40", "IPD=?;31.5", "OCHT=;", "FED=?", "ZTILT=5;", "FCRV=4.25;?", "DBL=;17"))
    right, left = pair.told["right"], pair.told["left"]
    assert (right.hbox, left.hbox, right.vbox, left.vbox) == (50.1, 50.2, 40.0, 40.0)
    assert (right.ipd, left.ipd, right.ocht, left.fed) == (None, 31.5, None, None)
    assert (right.ztilt, left.ztilt, right.fcrv, left.fcrv, pair.dbl) == (5.0, None, 4.25, None, 17.0)


def test_repeated_records() -> None:
    data = written(
        "DBL=18", "DRILLE=B;C;1;2", "DRILLE=B;C;3;4", "XSTATUS=R;1;x", "XSTATUS=L;1;x", "DBL=18.0", "HBOX=51;", "HBOX=?;50"
    )
    assert read(data).dbl == 18.0
    assert (read(data).told["right"].hbox, read(data).told["left"].hbox) == (51.0, 50.0)
    twice = written("DBL=18").decode() + "\r\n".join(block(egg()))
    assert np.array_equal(read(twice.encode()).right.radii, egg())  # the same trace again


def test_a_trace_that_is_said_not_to_be_there() -> None:
    lines = ["TRCFMT=0;0;E;R;F", "ZFMT=0", *block(egg(), "L"), ""]
    pair = read("\r\n".join(lines).encode())
    assert pair.mirrored == "right" and np.array_equal(pair.left.radii, egg())


@pytest.mark.parametrize("side", ["R", "L"])
@pytest.mark.parametrize("n", [360, 361])
def test_one_eye(side: str, n: int) -> None:
    pair = read("\n".join(block(egg(n), side)).encode())
    known, made = (pair.right, pair.left) if side == "R" else (pair.left, pair.right)
    assert np.array_equal(known.radii, egg(n)) and pair.mirrored == made.side
    assert pair.notes == ("one lens was traced: the other is its mirror image",)
    t = np.pi - 2.0 * np.pi * np.arange(n) / n
    assert np.allclose(made.radii, 23.0 + 2.0 * np.cos(2 * t) + 0.8 * np.cos(3 * t + 0.4) + 0.5 * np.sin(t), atol=0.008)


def test_the_first_radius_again_at_the_end() -> None:
    radii = egg()
    pair = read("\n".join(block(np.append(radii, radii[0]), told=360)).encode())
    assert np.array_equal(pair.right.radii, radii)
    assert "the first radius of a trace stood at its end again" in pair.notes


@pytest.mark.parametrize("start", [0.0, -3.0, 17.5, 300.0])
def test_unequal_angles(start: float) -> None:
    steps = np.random.default_rng(3).uniform(0.5, 1.5, 400)
    angles = np.round(start + 360.0 * np.cumsum(steps) / steps.sum(), 2)
    t = np.radians(angles)
    radii = 1.0 / np.hypot(np.cos(t) / 25.0, np.sin(t) / 20.0)
    lines = [*block(radii, equal="U"), *(f"A={round(100 * a)}" for a in angles)]
    pair = read("\n".join(lines).encode())
    assert np.allclose(pair.right.radii, ellipse(n=400), atol=0.012)
    assert "the radii of a trace were not at equal angles: those between were interpolated" in pair.notes


def test_heights() -> None:
    z = [round(100 * h) for h in np.cos(2.0 * np.pi * np.arange(360) / 360)]
    heights = ["ZFMT=1;360;E;R;F", f"Z={';'.join(map(str, z))}", "ZFMT=1;180;E;L;F", f"Z={';'.join(map(str, z[::2]))}"]
    pair = read(written() + "\n".join(heights).encode())
    assert pair.right.heights is not None and pair.left.heights is not None
    assert np.array_equal(pair.right.heights, np.array(z) / 100)
    assert np.allclose(pair.left.heights, pair.right.heights, atol=0.012)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(36, 500), st.sampled_from(["\n", "\r\n"]))
def test_what_was_written_is_read(seed: int, n: int, end: str) -> None:
    random = np.random.default_rng(seed)
    t = 2.0 * np.pi * np.arange(n) / n
    right, left = (
        np.round(random.uniform(18, 30) + random.uniform(0, 3) * np.cos(2 * t + random.uniform(0, 6)), 2) for _ in "RL"
    )
    pair = read(written(right=right, left=left, end=end))
    assert np.array_equal(pair.right.radii, right) and np.array_equal(pair.left.radii, left)


# ---- what is wrong ---------------------------------------------------------------------------------------------------

EIGHT = egg(800)
JUMP = np.where(np.arange(360) == 100, egg() + 0.6, egg())
BAD = {
    "nothing": (b"", "is empty", ""),
    "blanks": (b" \r\n ", "is empty", ""),
    "too large": (b"A=1\n" * (2 << 20), "is too large for a lens trace", "8388608 bytes; 4194304 can be read"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is binary: an OMA file of format 1 is text", ""),
    "another text": (b"solid block\nfacet normal 0 0 1\n", "holds no lens trace", ""),
    "records alone": (b"DBL=18\nHBOX=50;50\n", "holds no lens trace: no record TRCFMT stands in it", ""),
    "traces that are said to be none": (b"TRCFMT=0\nTRCFMT=?;;\n", "holds no lens trace", ""),
    "radii before all": (b"R=2400;2400\n", "has radii or heights before it says whose they are", "a record R"),
    "no record": (written("DBL 18"), "holds a line that is no record (KEY=value)", "'DBL 18'"),
    "797 of 800": (written(right=EIGHT[:797], left=EIGHT).replace(b"=1;797", b"=1;800"), "does not hold as many radii as it says",
        "the right lens has 797 of 800 radii"),
    "803 of 800": (written(right=EIGHT, left=egg(803)).replace(b"=1;803", b"=1;800"), "does not hold as many radii as it says",
        "the left lens has 803 of 800 radii"),
    "truncated": (written()[:2500], "it is cut short, or was changed", "radii, and the file ends there"),
    "none at all": (b"\n".join([written(), b"TRCFMT=1;360;E;L;P"]), "does not hold as many radii", "the left lens has 0 of 360 radii"),
    "a number cut in two": (written()[:-8] + b"2\r\n", "does not hold as many|has a radius that no lens has", ""),
    "a word": (written().replace(b"R=", b"R=x;", 1), "that is no whole number", "R: 'x'"),
    "an unknown radius": (written().replace(b"R=", b"R=?;", 1), "that is no whole number", "R: '?'"),
    "a decimal": (written().replace(b"R=", b"R=24.1;", 1), "that is no whole number", "R: '24.1'"),
    "another script's digits": (written(right=egg()).replace(b"R=", b"R=\xb2;", 1), "that is no whole number", ""),
    "radii without end": (written() + b"R=" + b"2400;" * 20_000, "has too few radii for a lens, or too many", "more than 10000"),
    "a few radii": ("\n".join(block(egg(36)[:35])).encode(), "has too few radii for a lens, or too many", "TRCFMT says 35"),
    "too many told": (written().replace(b"1;360;E;R", b"1;99999;E;R"), "has too few radii for a lens, or too many", "says 99999"),
    "no side": (written().replace(b";E;R;F", b";E;B;F"), "opens a trace in words that it cannot be read by", "'TRCFMT=1;360;E;B;F'"),
    "half a TRCFMT": (b"TRCFMT=1;360\nR=1\n", "opens a trace in words that it cannot be read by", "'TRCFMT=1;360'"),
    "in tenths": ("\n".join(block(egg() / 10)).encode(), "has a radius that no lens has", "2.0"),
    "negative": ("\n".join(block(-egg())).encode(), "has a radius that no lens has", "-25.74 to"),
    "nought": ("\n".join(block(np.where(np.arange(360) == 9, 0.0, egg()))).encode(), "has a radius that no lens has", "0.00 to"),
    "a jump": (written(right=JUMP), "has a jump from one radius to the next, which no lens has", "after radius 100"),
    "open": (written(right=egg() + np.linspace(0.0, 0.7, 360)), "has a jump from one radius to the next", "after radius 360"),
    "of a saucer": ("\n".join(block(egg() + 20.0)).encode(), "has a radius that no lens has", "39.99 to 45.74 mm, and 10 to 45"),
    "two lenses of one side": (written() + "\n".join(block(egg() + 0.01)).encode(), "holds two different traces of one lens", "right"),
    "two distances": (written("DBL=18", "DBL=19"), "says one thing twice, and not the same", "DBL"),
    "a distance for each side": (written("DBL=18;19"), "says one thing twice, and not the same", "DBL"),
    "a distance that is none": (written("DBL=182"), "says a distance between the lenses (DBL) that no frame has", "182 mm"),
    "no number": (written("CIRC=150,8"), "holds a value that is no number", "CIRC: '150,8'"),
    "angles too few": ("\n".join([*block(egg(), equal="U"), "A=1;2;3"]).encode(), "has angles that do not rise through one turn", "right"),
    "angles that fall": ("\n".join([*block(egg(), equal="U"), *(f"A={a}" for a in range(36000, 0, -100))]).encode(),
        "has angles that do not rise", "right"),
    "more than a turn": ("\n".join([*block(egg(), equal="U"), *(f"A={a}" for a in range(0, 360 * 101, 101))]).encode(),
        "has angles that do not rise through one turn", "right"),
    "heights too few": (written() + b"ZFMT=1;360;E;R;F\nZ=" + b"1;" * 300, "does not hold as many radii", "300 of 360 heights, and the file ends there"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_what_is_wrong_is_named(case: str) -> None:
    data, told, for_sender = BAD[case]
    error = refused(data)
    assert any(word in str(error) for word in told.split("|")), str(error)
    assert for_sender in error.message
    assert not any(c.isdigit() for c in str(error).removeprefix("lens.oma: ").replace("format 1", "")), (
        "a value is the sender's"
    )


@pytest.mark.parametrize("kind", [*oma.OTHERS, 7])
def test_other_formats_are_refused_by_name(kind: int) -> None:
    packed = b"R=]\x09\x00\x80\x09\x80\x1f\xf1\x01\xff/\x01\xe1\r\n\x00\xff"
    for opened in (f"TRCFMT= {kind};512 ;E; R;F", f"ZFMT={kind};512;E;R;F"):
        error = refused(b"DBL=18\r\n" + opened.encode() + b"\r\n" + packed)
        assert "ask who traced the lens for format 1, ASCII radii" in str(error)
        assert error.message == f"it is of format {kind}: {oma.OTHERS.get(kind, 'not known')}"


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=200) | st.text(alphabet="TRCFMTZA=1;0E?RL \n\r2", max_size=200).map(lambda t: f"TRCFMT={t}".encode()))
def test_any_bytes_are_no_fault_of_ours(data: bytes) -> None:
    refused(data)  # nothing so short is a lens


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 4000))
def test_wherever_it_is_cut(at: int) -> None:
    """A file cut anywhere is refused, or was cut between its lenses: then the second one is said to be a mirror image."""
    whole = written("DBL=18")
    try:
        pair = read(whole[: min(at, len(whole) - 5)])
    except InputError:
        return
    assert pair.mirrored == "left" and np.array_equal(pair.right.radii, egg())


def test_every_sentence_has_its_french() -> None:
    tree = ast.parse(pathlib.Path(str(oma.__file__)).read_text(encoding="utf-8"))
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) in ("InputError", "notes.append")]
    told = [c.args[1 if ast.unparse(c.func) == "InputError" else 0] for c in calls]
    assert len(told) > 18 and all(isinstance(t, ast.Constant) and t.value in SENTENCES for t in told)
