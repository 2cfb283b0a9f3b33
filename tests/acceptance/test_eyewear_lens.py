"""A lens that someone wears, in a frame made for it: Giraut's printed frame (../shared/data/eyewear/giraut), its lens and its dimensions.

`uv run python -m tests.acceptance.test_eyewear_lens OUT.png` prints the clearance all round and draws the section at the widest place of both.
"""

from __future__ import annotations

import hashlib
import math
import pathlib
import re
import sys
import zipfile
from dataclasses import dataclass

import numpy as np
import pytest

from engine.export import oma, png
from engine.make import make
from engine.model.lens import LensPair, Trace
from engine.model.order import InputFile, Measurement, Order, Product
from templates.eyewear import Eyewear

LENS = pathlib.Path(__file__).parents[2].parent / "shared/data/eyewear/giraut/lens_example.3mf"
FRAME_PD, RIM, BEVEL = 65.4, 2.0, 0.48
"""mm, measured on Giraut's files: A + DBL, the width of his rims, and the height of the lens's bevel (0.494) less what keeps it off the lips."""
CLEARANCE = (0.0, 0.15)
PLACES = 72
BROKEN = 4.6
"""Degrees to either side of its x axis in which Giraut's lens has no bevel: it stands before the slit of his rim."""
APEX_Y = -0.305160046
"""Of the ring of points that the bevel's apex is, along the lens's axis, in its file."""


@dataclass(frozen=True)
class Body:
    points: np.ndarray
    faces: np.ndarray


def lens(bigger: float = 0.0) -> Body:
    """Facing the wearer, x to her left, y up from the middle of its box, z to the front, the bevel's apex at z = 0; `bigger` mm all round."""
    text = zipfile.ZipFile(LENS).read("3D/3dmodel.model").decode()
    told = [[float(n) for n in m] for m in re.findall(r'<vertex x="([^"]+)" y="([^"]+)" z="([^"]+)"', text)]
    faces = [[int(n) for n in m] for m in re.findall(r'<triangle v1="(\d+)" v2="(\d+)" v3="(\d+)"', text)]
    x, y, z = np.array(told).T
    points = np.stack((x, -z, y - APEX_Y), 1)
    far = np.hypot(points[:, 0], points[:, 1])
    points[:, :2] *= (1.0 + bigger * (far > 18.0) / np.maximum(far, 1.0))[:, None]
    return Body(points - (*centre(Body(points, np.array(faces))), 0.0), np.array(faces))


def centre(body: Body) -> tuple[float, float]:
    """Of the box of the bevel's apex."""
    turns, far = 2.0 * math.pi * np.arange(720) / 720, radii(body)
    return tuple(0.5 * float(v.min() + v.max()) for v in (far * np.cos(turns), far * np.sin(turns)))


def radii(body: Body, n: int = 720) -> np.ndarray:
    """Of the bevel's apex at n equal angles, by the harmonics that its points determine."""
    x, y, z = body.points.T
    there = (np.abs(z) < 1e-3) & (np.hypot(x, y) > 18.0)
    angles, far = np.arctan2(y[there], x[there]), np.hypot(x[there], y[there])

    def basis(a: np.ndarray) -> np.ndarray:
        return np.concatenate([np.ones((1, len(a))), *(np.stack((np.cos(k * a), np.sin(k * a))) for k in range(1, 25))]).T

    return basis(2.0 * math.pi * np.arange(n) / n) @ np.linalg.lstsq(basis(angles), far, rcond=None)[0]


def frame() -> tuple[Product, Eyewear]:
    left = Trace("left", radii(lens()))
    box = float(np.ptp(left.radii * np.cos(2.0 * math.pi * np.arange(720) / 720)))
    data = oma.write(LensPair(left.mirrored(), left, FRAME_PD - box))
    digest = hashlib.sha256(data).hexdigest()
    parameters = {"rim_wide": RIM, "groove": BEVEL, "base": 0.5, "wrap": 2.0}
    order = Order(
        "eyewear",
        parameters=parameters,
        measurements={"pd": Measurement(62.0, "mm")},
        inputs={"trace": InputFile(digest, "mm")},
    )
    made: list[Eyewear] = []

    class Seen(Eyewear):
        """Eyewear whose template is kept: its plan is asked for."""

        def notes(self) -> list[tuple[str, str]]:
            made.append(self)
            return super().notes()

    return make(order, Seen, formats=(), inputs={digest: data}), made[0]


def around(product: Product, template: Eyewear) -> Body:
    """The front in the left lens's own frame: the apex of its groove about z = 0."""
    front, plan = product.parts[0].part, template.plan()
    turn = plan.lens_at("left") / plan.radius
    x, y, z = front.mesh.points.T
    own = np.stack(
        (x * math.cos(turn) - (z + plan.radius) * math.sin(turn), y, x * math.sin(turn) + (z + plan.radius) * math.cos(turn)), 1
    )
    groove = np.unique(front.mesh.faces[front.patches["left_groove"].faces])
    own[:, 2] -= 0.5 * (own[groove, 2].min() + own[groove, 2].max())
    return Body(own, front.mesh.faces)


def section(body: Body, degrees: float) -> np.ndarray:
    """(k, 2, 2): where the half plane from the axis in that direction cuts it: (how far from the axis, z)."""
    c, s = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    off, far = body.points[:, 1] * c - body.points[:, 0] * s + 1e-7, body.points[:, 0] * c + body.points[:, 1] * s
    flat, signs = np.stack((far, body.points[:, 2]), 1), off[body.faces] > 0.0
    cut = body.faces[(signs.any(axis=1) & ~signs.all(axis=1)) & (far[body.faces].min(axis=1) > 10.0)]
    made = []
    for face in cut.tolist():
        ends = []
        for a, b in ((0, 1), (1, 2), (2, 0)):
            p, q = face[a], face[b]
            if (off[p] > 0.0) != (off[q] > 0.0):
                ends.append(flat[p] + (flat[q] - flat[p]) * off[p] / (off[p] - off[q]))
        made.append(ends)
    return np.array(made)


def across(cut: np.ndarray, z: float, outermost: bool, most: float) -> float:
    """Of a section, how far from the axis its outermost, or innermost, place lies at a height, within `most`."""
    found = []
    for (a, u), (b, v) in cut:
        if (u - z) * (v - z) <= 0.0 and u != v:
            r = a + (b - a) * (z - u) / (v - u)
            if r < most:
                found.append(r)
    return (max if outermost else min)(found) if found else math.nan


def clearances(held: Body, front: Body) -> np.ndarray:
    """(PLACES, 2): mm between lens and groove, the least and the greatest along the bevel, square to its sides, at places all round."""
    made = []
    for degrees in np.linspace(BROKEN, 360.0 - BROKEN, PLACES).tolist():
        inside, outside = section(held, degrees), section(front, degrees)
        apex = across(inside, 0.0, True, 25.0)
        gaps = []
        for z in np.arange(-0.8, 0.81, 0.1).tolist():
            radial = across(outside, z, False, apex + 1.5) - across(inside, z, True, 25.0)
            gaps.append(radial if abs(z) < 0.05 else radial * 0.5)  # a side of 120 degrees leans by 60
        made.append((min(gaps), max(gaps)))
    return np.array(made)


@pytest.fixture(scope="module")
def made(shared_data: None) -> tuple[Product, Body]:
    product, template = frame()
    return product, around(product, template)


def test_the_frame_holds_the_worn_lens(made: tuple[Product, Body]) -> None:
    product, front = made
    assert product.report.verdict == "printable", [f.message for f in product.report.findings]
    fits = {f["name"]: f["value"] for f in product.report.figures["fit"]}
    assert 40.0 < fits["a"] < 41.2 and fits["b"] == pytest.approx(39.0, abs=0.1)
    found = clearances(lens(), front)
    assert np.isfinite(found).all()
    assert CLEARANCE[0] <= found[:, 0].min() and found[:, 1].max() <= CLEARANCE[1], found


@pytest.mark.parametrize("bigger", [0.3, -0.3])
def test_a_lens_of_another_size_is_seen(made: tuple[Product, Body], bigger: float) -> None:
    found = clearances(lens(bigger), made[1])
    assert found[:, 0].max() < 0.0 if bigger > 0.0 else found[:, 1].min() > CLEARANCE[1]


SHOWN = 30.0


def picture(held: Body, front: Body, size: int = 900, shown: float = 4.5) -> np.ndarray:
    """Both sections at the temporal side, `shown` mm across: the lens light, the frame dark."""
    drawn = np.full((size, size, 3), 255, np.uint8)
    inside, outside = section(held, SHOWN), section(front, SHOWN)
    apex = across(inside, 0.0, True, 25.0)
    xs = apex - 0.62 * shown + shown * (np.arange(size) + 0.5) / size
    for row, z in enumerate((shown / 2 - shown * (np.arange(size) + 0.5) / size).tolist()):
        for cut, colour in ((inside, (150, 205, 235)), (outside, (45, 93, 123))):
            there = sorted(a + (b - a) * (z - u) / (v - u) for (a, u), (b, v) in cut if (u > z) != (v > z))
            filled = np.searchsorted(there, xs) % 2 == 1 if cut is outside else xs < max(there, default=0.0)
            drawn[row, filled] = colour
    return drawn


def main(out: str) -> int:
    product, template = frame()
    front = around(product, template)
    found = clearances(lens(), front)
    print(
        f"{PLACES} places: the bevel's clearance is {found[:, 0].min():.3f} to {found[:, 1].max():.3f} mm; {product.report.verdict}"
    )
    pathlib.Path(out).write_bytes(png.write(picture(lens(), front)))
    return int(not (CLEARANCE[0] <= found[:, 0].min() and found[:, 1].max() <= CLEARANCE[1]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
