"""Lenses for the optician: DXF as ezdxf reads it, SVG as an XML parser does, OMA as we read it ourselves; placed as worn."""

from __future__ import annotations

import io
import pathlib
import xml.etree.ElementTree as ET

import ezdxf
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.body.lens import lenses_of
from engine.errors import EngineFault
from engine.export import lens_files, oma
from engine.model.lens import LensPair, ToldLens, Trace
from tests.traces import NAMES, egg, ellipse, real

RIGHT = Trace("right", egg())
PAIR = LensPair(RIGHT, RIGHT.mirrored(), 18.0)
SVG = "{http://www.w3.org/2000/svg}"


def drawn(data: bytes) -> dict[str, np.ndarray]:
    """The points of a DXF's polylines by their layer, y upwards."""
    document = ezdxf.read(io.StringIO(data.decode("ascii"), newline=None))  # type: ignore[attr-defined]  # it is there
    audit = document.audit()
    assert document.dxfversion == "AC1009" and not audit.errors and not audit.fixes
    found = {}
    for entity in document.modelspace():
        assert entity.dxftype() == "POLYLINE" and entity.is_closed
        found[entity.dxf.layer] = np.array([tuple(v.dxf.location)[:2] for v in entity.vertices])
    assert all(document.layers.has_entry(layer) for layer in found)
    return found


def paths(data: bytes) -> dict[str, np.ndarray]:
    """Those of an SVG's paths by their id, y upwards."""
    root = ET.fromstring(data)
    found = {}
    for path in root.iter(f"{SVG}path"):
        words = path.attrib["d"].split()
        assert words[0] == "M" and words[-1] == "Z" and words[3::3] == ["L"] * (len(words[3::3]) - 1) + ["Z"]
        numbers = [float(w) for w in words if w not in "MLZ"]
        found[path.attrib["id"]] = np.array(numbers).reshape(-1, 2) * (1.0, -1.0)
    return found


@pytest.mark.parametrize("pair", [PAIR, LensPair(RIGHT, Trace("left", ellipse()), 20.5)], ids=["alike", "not alike"])
def test_both_are_where_they_are_worn(pair: LensPair) -> None:
    dxf, svg = drawn(lens_files.dxf(pair)), paths(lens_files.svg(pair))
    assert set(dxf) == {"RIGHT", "LEFT"} and set(svg) == {"right", "left"}
    for side in ("right", "left"):
        assert np.allclose(dxf[side.upper()], svg[side], atol=1e-9)
        at = dxf[side.upper()] - dxf[side.upper()].mean(axis=0)
        t = 2.0 * np.pi * np.arange(360) / 360
        wanted = pair.of(side)  # type: ignore[arg-type]  # a side
        points = np.stack((wanted.radii * np.cos(t), wanted.radii * np.sin(t)), axis=1)
        assert np.allclose(at, points - points.mean(axis=0), atol=1.1e-4)
    right, left = dxf["RIGHT"], dxf["LEFT"]
    assert right[:, 0].max() < 0.0 < left[:, 0].min()  # facing the wearer
    assert left[:, 0].min() - right[:, 0].max() == pytest.approx(pair.dbl, abs=2e-4)
    for one in (right, left):
        assert one[:, 1].max() == pytest.approx(-one[:, 1].min(), abs=2e-4)


def test_an_svg_is_in_millimetres_and_shows_all() -> None:
    root = ET.fromstring(lens_files.svg(PAIR))
    x, y, wide, tall = (float(v) for v in root.attrib["viewBox"].split())
    assert root.attrib["width"] == f"{wide:.4f}mm" and root.attrib["height"] == f"{tall:.4f}mm"
    every = np.concatenate(list(paths(lens_files.svg(PAIR)).values())) * (1.0, -1.0)
    assert np.allclose(every.min(axis=0), (x + 5.0, y + 5.0), atol=2e-4)
    assert np.allclose(every.max(axis=0), (x + wide - 5.0, y + tall - 5.0), atol=2e-4)
    titles = [t.text for t in root.iter(f"{SVG}title")]
    assert titles == ["Lenses, facing the wearer, mm", "right lens", "left lens"]


def test_nought_has_no_sign() -> None:
    for data in (lens_files.dxf(PAIR), lens_files.svg(PAIR)):
        assert b"-0.0000" not in data and b"nan" not in data


@pytest.mark.parametrize("write", [lens_files.dxf, lens_files.svg])
def test_without_the_distance_between_them_nothing_is_placed(write: object) -> None:
    with pytest.raises(EngineFault, match="without the distance"):
        write(LensPair(RIGHT, RIGHT.mirrored()))  # type: ignore[operator]  # a writer


@pytest.mark.parametrize("name", NAMES)
def test_a_real_trace_is_written_as_it_was_read(shared_data: pathlib.Path, name: str) -> None:
    pair = lenses_of(real(shared_data, name))
    data = oma.write(pair)
    again = lenses_of(data)
    assert np.array_equal(again.right.radii, pair.right.radii) and np.array_equal(again.left.radii, pair.left.radii)
    assert (again.dbl, again.ftyp, again.etyp) == (pair.dbl, pair.ftyp, pair.etyp)
    for side in ("right", "left"):
        told, now = pair.told[side].known(), again.told[side].known()  # type: ignore[index]  # a side
        assert {key: now[key] for key in told} == told and {"hbox", "vbox", "circ", "fed"} <= set(now)
    assert oma.write(again) == data


def test_what_is_told_of_one_eye_stays_there() -> None:
    told = {"right": ToldLens(ipd=31.5, fcrv=4.25), "left": ToldLens(ipd=32.0, ocht=20.125)}
    text = oma.write(LensPair(RIGHT, RIGHT.mirrored(), 17.5, told)).decode("ascii")  # type: ignore[arg-type]  # sides
    assert "IPD=31.5;32\r\n" in text and "FCRV=4.25;?\r\n" in text and "OCHT=?;20.125\r\n" in text and "DBL=17.5\r\n" in text
    assert "FTYP" not in text and "?;?" not in text and text.endswith("\r\n")


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(36, 420), st.booleans())
def test_what_is_written_is_read(seed: int, n: int, deep: bool) -> None:
    random = np.random.default_rng(seed)
    t = 2.0 * np.pi * np.arange(n) / n
    both = []
    for side in ("right", "left"):
        radii = random.uniform(18, 30) + random.uniform(0, 3) * np.cos(2 * t + random.uniform(0, 6))
        both.append(Trace(side, radii, np.sin(t) - 1.0 if deep else None))  # type: ignore[arg-type]  # a side
    again = lenses_of(oma.write(LensPair(both[0], both[1], 18.0)))
    for one, wanted in zip((again.right, again.left), both, strict=True):
        assert np.array_equal(one.radii, np.round(wanted.radii, 2))
        assert (one.heights is not None) == deep
        if one.heights is not None and wanted.heights is not None:
            assert np.abs(one.heights - wanted.heights).max() <= 0.00501
