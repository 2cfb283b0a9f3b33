"""Sheets: closed, nowhere crossing, on the surface that was asked for; what cannot be is refused with its place."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring import Grid, Solid, sheet
from engine.model.mesh import STEPS_PER_MM
from engine.process.limits import load_process
from engine.shape.heights import smooth
from engine.shape.text import outline
from engine.verify.checks import verify
from engine.verify.settle import settle

PITCH = 2.0
X = -30.0 + PITCH * np.arange(166)
Y = -70.0 + PITCH * np.arange(71)
MESH_FAULTS = {"open-edge", "nonmanifold-edge", "nonmanifold-vertex", "inconsistent-winding", "degenerate-face", "duplicate-face"} | {
    "self-intersection", "coplanar-overlap", "contact", "inverted-shell", "overlapping-shells", "unused-point",
}  # fmt: skip


def hills(steepness: float = 0.3, base: float = 12.0) -> Grid:
    """Waves of `steepness` (the tangent of their slope) either way."""
    x, y = np.meshgrid(X, Y, indexing="ij")
    return Grid(base + steepness * 8.0 * (np.sin(x / 8.0) + np.sin(y / 8.0 + 1.0)), (float(X[0]), float(Y[0])), PITCH)


def sole(n: int = 60, length: float = 270.0, width: float = 80.0, bend: float = 12.0) -> dict[str, Any]:
    """An outline as a foot's: rounder at the toes, its middle line bent."""
    angle = np.pi * np.arange(1, n + 1) / (n + 1)
    half = 0.5 * width * np.sin(angle) * (0.85 + 0.15 * np.cos(angle + 2.5))
    middle = bend * np.sin(angle) ** 2
    return {
        "stations": 0.5 * length * (1.0 - np.cos(angle)),
        "low": middle - half,
        "high": middle + half,
        "heel": 0.0,
        "toe": length,
    }


def faults(solid: Solid) -> set[str]:
    found = verify([settle(solid.part("sheet"))], load_process("mjf-tpu"))[1]
    return {f.code for f in found} & MESH_FAULTS


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize("bevel", [0.0, 1.0, 4.0])
def test_it_is_a_solid(bevel: float, mirrored: bool) -> None:
    made = sheet(hills(), **sole(), bevel=bevel, mirrored=mirrored)
    assert faults(made) == set()
    assert np.array_equal(np.rint(made.mesh.points * STEPS_PER_MM) / STEPS_PER_MM, made.mesh.points)


def test_a_slope_of_sixty_degrees() -> None:
    assert faults(sheet(hills(1.74 / 2**0.5, 22.0), **sole(160), bevel=1.0)) == set()


@settings(max_examples=15, deadline=None)
@given(
    n=st.integers(2, 90), across=st.integers(2, 60), bevel=st.floats(0.01, 3.0), width=st.floats(40.0, 110.0),
    bend=st.floats(-15.0, 15.0), steepness=st.floats(0.0, 0.3),
)  # fmt: skip
def test_what_is_not_refused_is_a_solid(n: int, across: int, bevel: float, width: float, bend: float, steepness: float) -> None:
    asked = sole(n, width=width, bend=bend)
    try:
        made = sheet(hills(steepness), **asked, across=across, bevel=bevel)
    except ValueError as refused:
        assert (n < 4 or width < 80.0) and "crosses itself" in str(refused)
        return
    assert faults(made) == set()


def test_its_top_is_the_spline() -> None:
    top, asked = hills(), sole()
    made = sheet(top, **asked, across=20)
    upper = made.mesh.points[np.unique(made.mesh.faces[made.patches["top"].faces])]
    assert np.abs(smooth(top).at(upper[:, :2])[:, 0] - upper[:, 2]).max() < 1.5e-4  # a step up, a step aside
    assert len(upper) == 60 * 21 + 2


def test_its_edge_and_underside() -> None:
    asked = sole(160)
    made = sheet(hills(), **asked, bevel=2.0, bevel_height=1.5)
    edge = made.mesh.points[np.unique(made.mesh.faces[made.patches["edge"].faces])]
    bottom = made.mesh.points[np.unique(made.mesh.faces[made.patches["bottom"].faces])]
    border = edge[edge[:, 2] == 1.5][:, :2]
    assert len(border) == len(bottom) == 322 and np.all(bottom[:, 2] == 0.0)
    across = np.linalg.norm(bottom[:, None, :2] - border[None], axis=2)
    assert np.abs(across.min(axis=1) - 2.0).max() < 0.01  # by the bevel, along the normal
    assert len(made.patches["bottom"].faces) == 320


def test_it_is_mirrored() -> None:
    one, other = (sheet(hills(), **sole(), bevel=1.0, mirrored=m) for m in (False, True))
    assert np.array_equal(one.mesh.points * (1.0, -1.0, 1.0), other.mesh.points)
    assert np.array_equal(one.mesh.faces[:, ::-1], other.mesh.faces)
    assert not np.any(np.signbit(other.mesh.points[other.mesh.points == 0.0]))


def test_connectivity_depends_on_counts_alone() -> None:
    one, other = sheet(hills(), **sole(40)), sheet(hills(0.1), **sole(40, 250.0, 70.0, 3.0))
    assert one.mesh.faces is other.mesh.faces
    assert one.patches["top"] is other.patches["top"]


@pytest.mark.parametrize("mirrored", [False, True])
def test_letters_on_the_underside(mirrored: bool) -> None:
    made = sheet(hills(), **sole(), bevel=1.0, mirrored=mirrored)
    letters = outline("Zoé", font="roboto-bold", height=9.0, at=(135.0, 0.0))
    carved = made.engrave(letters, on="bottom", depth=0.6)
    assert faults(carved) == set()
    floor = carved.mesh.points[np.unique(carved.mesh.faces[carved.patches["bottom.floor"].faces])]
    assert np.all(floor[:, 2] == 0.6) and 120.0 < floor[:, 0].mean() < 150.0


def without(top: Grid) -> Grid:
    z = top.z.copy()
    z[3, 4] = np.nan
    return Grid(z, top.origin, top.pitch)


def pinched() -> dict[str, Any]:
    """A waist of 1 mm."""
    asked = sole()
    middle = 0.5 * (asked["low"][30] + asked["high"][30])
    asked["low"][30], asked["high"][30] = middle - 0.5, middle + 0.5
    return asked


def waisted() -> dict[str, Any]:
    """A long waist of 5 mm."""
    asked = sole(160)
    middle, half = 0.5 * (asked["low"] + asked["high"]), 0.5 * (asked["high"] - asked["low"])
    half -= (half - 2.5) * np.exp(-(((asked["stations"] - 135.0) / 30.0) ** 2))
    return {**asked, "low": middle - half, "high": middle + half}


def crossed() -> dict[str, Any]:
    asked = sole()
    asked["low"][7] = asked["high"][7]
    return asked


def back() -> dict[str, Any]:
    asked = sole()
    asked["stations"][9] = asked["stations"][8]
    return asked


REFUSED = [
    ("does not reach", hills(), {**sole(), "toe": 400.0}, {}),
    ("does not reach", hills(), sole(width=200.0), {}),
    ("1 are not known", without(hills()), sole(), {}),
    ("not above the bevel", hills(base=3.0, steepness=0.2), sole(), {}),
    ("not above the bevel", hills(), sole(), {"bevel": 1.0, "bevel_height": 8.0}),
    (r"x 1[34]\d\..*crosses itself", hills(), pinched(), {"bevel": 3.0}),
    (r"x 1[234]\d\..*crosses itself", hills(), waisted(), {"bevel": 3.0}),
    ("not apart", hills(), crossed(), {}),
    ("not apart", hills(), back(), {}),
    ("not apart", hills(), {**sole(), "heel": 1.0}, {}),
    ("not apart", hills(), {**sole(), "toe": 269.0}, {}),
    ("at least 4 heights", Grid(np.ones((3, 9)), (0.0, 0.0), 1.0), sole(), {}),
    ("2 columns", hills(), sole(), {"across": 1}),
    ("both above zero", hills(), sole(), {"bevel": 1.0, "bevel_height": 0.0}),
    ("both above zero", hills(), sole(), {"bevel_height": 1.0}),
    ("both above zero", hills(), sole(), {"bevel": float("nan")}),
    ("one step", hills(), sole(), {"bevel": 1e-5}),
    ("is finite", hills(), {**sole(), "heel": float("nan")}, {}),
    ("as many lows", hills(), {**sole(), "low": sole()["low"][1:]}, {}),
    ("two stations", hills(), {k: v[:1] if np.ndim(v) else v for k, v in sole().items()}, {}),
]


@pytest.mark.parametrize(("why", "top", "asked", "more"), REFUSED, ids=[f"{k}: {r[0]}" for k, r in enumerate(REFUSED)])
def test_it_is_refused(why: str, top: Grid, asked: dict[str, Any], more: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=why):
        sheet(top, **asked, **more)


def test_the_place_is_told() -> None:
    with pytest.raises(ValueError, match=r"at x 400.00, y"):
        sheet(hills(), **{**sole(), "toe": 400.0})
    z = hills().z.copy()
    z[np.abs(X[:, None] - 100.0) + np.abs(Y[None, :] - 10.0) < 9.0] = -1.0
    with pytest.raises(ValueError, match=r"at x (9\d|10\d)\.\d+, y (\d|1\d)\.\d+ mm: the top is not above"):
        sheet(Grid(z, (float(X[0]), float(Y[0])), PITCH), **sole(160))
