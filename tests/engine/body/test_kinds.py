"""What a scan may be beside a clean whole foot: a sole, an imprint, a height field; with a floor, holes, strays, a sock."""

from __future__ import annotations

import numpy as np
import pytest

from engine.body.foot import foot_of
from engine.body.relief import sheet_of
from engine.body.synthetic import SyntheticFoot
from engine.model.foot import Foot
from engine.model.grid import Grid
from engine.model.mesh import Mesh
from engine.shape.heights import from_below
from tests.engine.body.test_scan import turned

FOOT = SyntheticFoot(side="right")
WHOLE = FOOT.mesh(100, 96)
FOAM = 32.0
"""mm: how deep the foot stands in the foam."""


def joined(*meshes: Mesh) -> Mesh:
    firsts = np.cumsum([0] + [len(mesh.points) for mesh in meshes])
    faces = [mesh.faces + first for mesh, first in zip(meshes, firsts, strict=False)]
    return Mesh(np.concatenate([mesh.points for mesh in meshes]), np.concatenate(faces).astype(np.int32))


def some(mesh: Mesh, chosen: np.ndarray) -> Mesh:
    """Those faces; the points stay."""
    return Mesh(mesh.points, mesh.faces[chosen])


def middles(mesh: Mesh) -> np.ndarray:
    return mesh.points[mesh.faces].mean(axis=1)


def looks_down(mesh: Mesh) -> np.ndarray:
    a, b, c = mesh.points[mesh.faces].transpose(1, 0, 2)
    return np.cross(b - a, c - a)[:, 2] < 0.0


def moved(mesh: Mesh, seed: int = 5) -> Mesh:
    return Mesh(turned(mesh.points, np.random.default_rng(seed)), mesh.faces)


def sole() -> Mesh:
    return some(WHOLE, looks_down(WHOLE) & (middles(WHOLE)[:, 2] < 30.0))


def floor(z: float, side: float = 500.0) -> Mesh:
    n = 41
    at = np.linspace(-0.5 * side, 0.5 * side, n)
    x, y = np.meshgrid(at + 130.0, at, indexing="ij")
    row = np.arange(n * (n - 1)).reshape(n - 1, n)[:, :-1].ravel()
    faces = np.concatenate([np.column_stack([row, row + n, row + 1]), np.column_stack([row + 1, row + n, row + n + 1])])
    return Mesh(np.column_stack([x.ravel(), y.ravel(), np.full(n * n, z)]), faces.astype(np.int32))


def imprint(pitch: float = 1.0) -> Mesh:
    """The foam's surface, seen from above: flat at FOAM, a cavity where the foot was."""
    under = some(WHOLE, looks_down(WHOLE))
    pressed = from_below(under.points, under.faces, (-40.0, -90.0), (round(340 / pitch), round(180 / pitch)), pitch)
    foam = Grid(np.fmin(pressed.z, FOAM), pressed.origin, pitch)
    sheet = sheet_of(foam)
    return Mesh(sheet.points, np.ascontiguousarray(sheet.faces[:, ::-1]))


def near(foot: Foot, limit: float, *, by: dict[str, float] | None = None) -> None:
    """Its length and widths are FOOT's, within `limit` mm, less `by`."""
    for name, true in (("foot_length", FOOT.length), ("ball_width", FOOT.ball_width), ("heel_width", FOOT.heel_width)):
        assert foot.measures[name].value == pytest.approx(true - (by or {}).get(name, 0.0), abs=limit), name


def test_a_whole_foot() -> None:
    foot = foot_of(moved(WHOLE))
    near(foot, 0.3)
    assert foot.side == "right" and foot.notes == ()
    assert set(foot.measures) == {
        "foot_length", "ball_width", "ball_girth", "heel_width", "arch_length", "arch_height", "instep_height",
    }  # fmt: skip
    assert all(measure.unit == "mm" and measure.source == "scan" and measure.uncertainty for measure in foot.measures.values())


def test_what_was_cut_off_is_not_measured() -> None:
    """With the leg goes the instep; with that the ball's girth."""
    for top, left in ((90.0, {"ball_girth", "instep_height"}), (60.0, {"ball_girth"}), (38.0, set())):
        points = WHOLE.points.copy()
        points[:, 2] = np.minimum(points[:, 2], top)
        assert {"ball_girth", "instep_height"} & set(foot_of(moved(Mesh(points, WHOLE.faces))).measures) == left
    for top, left in ((95.0, {"ball_girth", "instep_height"}), (66.0, {"ball_girth"}), (38.0, set())):
        opened = some(WHOLE, middles(WHOLE)[:, 2] < top)
        assert {"ball_girth", "instep_height"} & set(foot_of(moved(opened)).measures) == left


def test_its_frame() -> None:
    """The heel at x = 0, medial at y > 0, the ground at z = 0, the outline round all of it, counter-clockwise."""
    for side in ("left", "right"):
        foot = foot_of(moved(SyntheticFoot(side=side).mesh(100, 96)))
        x, y = foot.outline.T
        assert abs(x.min()) < 0.1 and x.max() == pytest.approx(FOOT.length, abs=0.3)
        assert 0.5 * float(np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y)) > 0.6 * FOOT.length * FOOT.ball_width
        middle = foot.sole.z[round(0.4 * FOOT.length - foot.sole.origin[0])]
        half = len(middle) // 2
        assert np.nanmax(middle[half:]) > np.nanmax(middle[:half]) + 3.0
        heel = foot.sole.z[round(0.15 * FOOT.length - foot.sole.origin[0]), round(-foot.sole.origin[1])]
        assert abs(heel) < 0.4
        assert foot.seen.shape == foot.sole.z.shape and foot.seen.sum() > 0.97 * np.count_nonzero(~np.isnan(foot.sole.z))


def test_the_sole_is_where_the_formula_has_it() -> None:
    foot = foot_of(moved(WHOLE))
    off = []
    for i, x in enumerate(foot.sole.origin[0] + np.arange(foot.sole.z.shape[0])):
        share = x / FOOT.length
        if not 0.05 < share < 0.8:  # before the toes
            continue
        low, high = FOOT.borders(share)
        for j, y in enumerate(foot.sole.origin[1] + np.arange(foot.sole.z.shape[1])):
            across = (y - 0.5 * (low + high)) / (0.5 * (high - low))
            if abs(across) < 0.7:
                off.append(foot.sole.z[i, j] - FOOT.sole(share, across))
    assert np.percentile(np.abs(off), 95) < 0.5


def test_a_sole_alone() -> None:
    foot = foot_of(moved(sole()))
    near(foot, 1.5)
    assert foot.side == "right"
    assert "instep_height" not in foot.measures and "ball_girth" not in foot.measures


@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("high", [8.0, 14.0, 30.0])
def test_a_sole_that_ends_low(side: str, high: float) -> None:
    """Which foot it is shows still; how long it is the less, the lower the sheet ends, and that is told."""
    whole = SyntheticFoot(side="left" if side == "left" else "right").mesh(100, 96)
    foot = foot_of(moved(some(whole, looks_down(whole) & (middles(whole)[:, 2] < high))))
    assert foot.side == side
    length = foot.measures["foot_length"]
    assert length.uncertainty is not None and abs(length.value - FOOT.length) < 2.0 * length.uncertainty
    assert (length.uncertainty > 2.0) == (high < 10.0) == any("ends" in note for note in foot.notes)


def test_an_imprint() -> None:
    foot = foot_of(moved(imprint()), length_mm=FOOT.length)
    near(foot, 2.5)
    assert foot.side == "right"
    assert any("foam's top" in note for note in foot.notes) and any("imprint" in note for note in foot.notes)
    told = foot.measures["foot_length"].uncertainty
    assert told is not None and told > 2.0


@pytest.mark.parametrize("pitch", [1.0, 2.0])
def test_an_imprint_s_walls_are_not_taken_for_the_sole(pitch: float) -> None:
    """Its foam is scanned from above: where its wall is too steep for that no height is said to be seen, and what is said is right."""
    foot = foot_of(moved(imprint(pitch)), length_mm=FOOT.length)
    off, within = [], []
    for i, j in np.argwhere(~np.isnan(foot.sole.z)):
        x, y = (o + foot.sole.pitch * k for o, k in zip(foot.sole.origin, (i, j), strict=True))
        share = x / FOOT.length
        if 0.02 < share < 0.8:  # before the toes
            low, high = FOOT.borders(share)
            across = (y - 0.5 * (low + high)) / (0.5 * (high - low))
            if abs(across) < 0.999:
                off.append(abs(foot.sole.z[i, j] - FOOT.sole(share, across)))
                within.append((min(y - low, high - y), foot.seen[i, j]))
    error, (inside, seen) = np.array(off), np.array(within).T
    rim = inside < 6.0
    assert seen[inside < 1.0].mean() < 0.05 and seen[inside > 6.0].mean() > 0.99
    assert np.percentile(error[rim & (seen == 1.0)], 95) < 1.2
    assert np.percentile(error[rim & (seen == 0.0)], 95) > 2.0, "what the mask is for"


def test_a_height_field() -> None:
    under = sole()
    grid = from_below(under.points, under.faces, (-5.0, -60.0), (275, 121), 1.0)
    foot = foot_of(moved(sheet_of(grid)))
    near(foot, 2.0)
    assert foot.side == "right"


def test_a_floor_is_cut_away() -> None:
    foot = foot_of(moved(joined(WHOLE, floor(0.0))))
    near(foot, 0.5)
    assert any("floor" in note for note in foot.notes)


def test_a_foot_on_a_floor_whose_sole_was_not_seen() -> None:
    above = some(WHOLE, ~(looks_down(WHOLE) & (middles(WHOLE)[:, 2] < 6.0)))
    foot = foot_of(moved(joined(above, floor(0.0))), side="right")
    near(foot, 1.0)
    assert "arch_height" not in foot.measures
    assert any("hardly shows the sole" in note for note in foot.notes)


def test_holes_are_filled_and_told() -> None:
    at = middles(WHOLE)
    hole = (np.hypot(at[:, 0] - 60.0, at[:, 1]) < 15.0) & looks_down(WHOLE)
    foot, plain = foot_of(moved(some(WHOLE, ~hole))), foot_of(moved(WHOLE))
    near(foot, 0.5)
    row, column = round(60.0 - foot.sole.origin[0]), round(-foot.sole.origin[1])
    assert not foot.seen[row, column] and not np.isnan(foot.sole.z[row, column])
    assert abs(foot.sole.z[row, column]) < 1.0
    assert plain.seen[row, column]


def test_strays_are_left_out_and_told() -> None:
    stray = SyntheticFoot(length=40.0, ball_width=15.0, heel_width=10.0, arch=3.0, instep=9.0, cut=12.0).mesh(20, 20)
    away = Mesh(stray.points + np.array([100.0, 300.0, 50.0]), stray.faces)
    foot = foot_of(moved(joined(WHOLE, away)))
    near(foot, 0.3)
    assert foot.notes == ("stray pieces were left out: 1",)


def test_two_halves_of_one_scan_are_one_foot() -> None:
    low = middles(WHOLE)[:, 2] < 25.0
    one, two = some(WHOLE, low), some(WHOLE, ~low)
    apart = joined(one, Mesh(two.points + 1e-3, two.faces))
    foot = foot_of(moved(apart))
    near(foot, 0.5)
    assert any("2 pieces" in note for note in foot.notes)


def test_inside_out() -> None:
    foot = foot_of(moved(Mesh(WHOLE.points, np.ascontiguousarray(WHOLE.faces[:, ::-1]))))
    near(foot, 0.3)
    assert foot.side == "right" and foot.notes == ("the scan was wrong side out",)


def test_a_sock_is_taken_off() -> None:
    foot = foot_of(moved(WHOLE), sock_mm=1.0)
    near(foot, 0.4, by={"foot_length": 2.0, "ball_width": 2.0, "heel_width": 2.0})
    bare = foot_of(moved(WHOLE))
    assert (foot.measures["foot_length"].uncertainty or 0.0) > (bare.measures["foot_length"].uncertainty or 0.0)


def test_points_that_no_two_faces_share() -> None:
    """As an STL has them before it is welded."""
    soup = Mesh(WHOLE.points[WHOLE.faces].reshape(-1, 3), np.arange(3 * len(WHOLE.faces), dtype=np.int32).reshape(-1, 3))
    near(foot_of(moved(soup)), 0.3)


def test_the_same_mesh_gives_the_same_bits() -> None:
    mesh = moved(WHOLE)
    one, two = foot_of(mesh), foot_of(mesh)
    assert one.sole.z.tobytes() == two.sole.z.tobytes() and one.outline.tobytes() == two.outline.tobytes()
    assert one.measures == two.measures
