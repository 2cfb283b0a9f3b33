"""Heights on a grid through the engine's door: what is known, what is not, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from engine.errors import EngineFault
from engine.model.grid import Grid
from engine.shape import heights
from engine.shape.heights import filled, from_above, from_below, no_steeper, smooth, smoothed
from tests.machines import printed_on_each

ORIGIN, PITCH = (-3.0, 5.0), 0.5


def grid(seed: int = 0, gone: float = 0.0, shape: tuple[int, int] = (18, 13)) -> Grid:
    rng = np.random.default_rng(seed)
    z = rng.normal(size=shape)
    z[rng.random(shape) < gone] = np.nan
    return Grid(z, ORIGIN, PITCH)


def ball(radius: float = 4.0, many: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """A closed ball round the origin."""
    turn = np.linspace(0.0, np.pi, many)
    round_ = np.linspace(0.0, 2.0 * np.pi, 2 * many)
    t, r = np.meshgrid(turn, round_, indexing="ij")
    points = radius * np.stack((np.sin(t) * np.cos(r), np.sin(t) * np.sin(r), -np.cos(t)), axis=2).reshape(-1, 3)
    a = (np.arange(many - 1)[:, None] * 2 * many + np.arange(2 * many - 1)).ravel()
    return points, np.concatenate((np.stack((a, a + 2 * many, a + 1), 1), np.stack((a + 1, a + 2 * many, a + 2 * many + 1), 1)))


def test_a_ball_from_below_and_from_above() -> None:
    points, faces = ball()
    below = from_below(points, faces, (-5.0, -5.0), (21, 21), 0.5)
    above = from_above(points, faces, (-5.0, -5.0), (21, 21), 0.5)
    x, y = np.meshgrid(-5.0 + 0.5 * np.arange(21), -5.0 + 0.5 * np.arange(21), indexing="ij")
    inside = x * x + y * y < 3.9**2
    depth = np.sqrt(16.0 - (x * x + y * y)[inside])
    assert np.abs(below.z[inside] + depth).max() < 0.05 and np.abs(above.z[inside] - depth).max() < 0.05
    assert np.isnan(below.z[x * x + y * y > 16.0]).all() and (below.origin, below.pitch) == ((-5.0, -5.0), 0.5)


BAD_MESH = [
    ("names a point", lambda p, f: (p, f + 1), {}),
    ("names a point", lambda p, f: (p, f - 1), {}),
    ("faces have corners", lambda p, f: (np.where(p == p[7], np.nan, p), f), {}),
    ("faces have corners", lambda p, f: (p * 1e9, f), {}),
    ("pitch above zero", lambda p, f: (p, f), {"pitch": 0.0}),
    ("pitch above zero", lambda p, f: (p, f), {"pitch": np.inf}),
    ("finite origin", lambda p, f: (p, f), {"origin": (np.nan, 0.0)}),
]


@pytest.mark.parametrize(("why", "spoil", "more"), BAD_MESH)
def test_a_mesh_that_is_none(why: str, spoil: object, more: dict[str, object]) -> None:
    points, faces = spoil(*ball(many=5))
    with pytest.raises(ValueError, match=why):
        from_below(points, faces, **{"origin": (0.0, 0.0), "shape": (3, 3), "pitch": 1.0, **more})


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), sigma=st.floats(0.1, 2.0), gone=st.floats(0.0, 0.9))
def test_smoothing_leaves_out_what_is_not_known(seed: int, sigma: float, gone: float) -> None:
    rough = grid(seed, gone)
    known = ~np.isnan(rough.z)
    told = smoothed(rough, sigma)
    values, weights = (gaussian_filter(a, sigma / PITCH, mode="constant") for a in (np.where(known, rough.z, 0.0), known * 1.0))
    assert np.array_equal(np.isnan(told.z), ~known) and (told.origin, told.pitch) == (ORIGIN, PITCH)
    assert told.z[known] == pytest.approx((values[known] / weights[known]), abs=1e-10)


def test_smoothing_keeps_a_level_and_heeds_weights() -> None:
    level = Grid(np.where(grid(1, 0.3).z > 9, 0.0, np.where(np.isnan(grid(1, 0.3).z), np.nan, 7.0)), ORIGIN, PITCH)
    told = smoothed(level, 1.0).z
    assert told[~np.isnan(told)] == pytest.approx(7.0, abs=1e-12)
    one = np.zeros((18, 13))
    one[9, 6] = 3.0
    alone = smoothed(grid(2), 0.5, one).z
    assert alone[~np.isnan(alone)] == pytest.approx(grid(2).z[9, 6], abs=1e-12)
    assert np.isnan(alone[0, 0]) and not np.isnan(alone[11, 6])  # beyond and within four sigmas


@pytest.mark.parametrize(
    ("sigma", "weights"),
    [
        (0.0, None),
        (-1.0, None),
        (np.nan, None),
        (1.0, np.ones((2, 2))),
        (1.0, -np.ones((18, 13))),
        (1.0, np.full((18, 13), np.nan)),
    ],
)
def test_what_cannot_smooth(sigma: float, weights: np.ndarray | None) -> None:
    with pytest.raises(ValueError, match=r"sigma|weights"):
        smoothed(grid(), sigma, weights)


def test_holes_are_filled_and_told() -> None:
    holed = grid(3, 0.6)
    full, gone = filled(holed)
    known = ~np.isnan(holed.z)
    assert np.array_equal(gone, ~known) and np.array_equal(full.z[known], holed.z[known])
    assert full.z.min() >= holed.z[known].min() and full.z.max() <= holed.z[known].max()
    again, none = filled(full)
    assert np.array_equal(again.z, full.z) and not none.any()


@pytest.mark.parametrize("z", [np.full((4, 4), np.nan), np.ones((1, 5)), np.ones((5, 1))])
def test_what_cannot_be_filled(z: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"no height|two rows"):
        filled(Grid(z, ORIGIN, PITCH))


def test_what_does_not_settle_is_our_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(heights, "_SWEEPS", 2)
    with pytest.raises(EngineFault, match="do not settle"):
        filled(grid(3, 0.6))


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), slope=st.floats(0.1, 3.0), gone=st.floats(0.0, 0.6))
def test_no_steeper_than_asked(seed: int, slope: float, gone: float) -> None:
    steep = grid(seed, gone)
    under, over = no_steeper(steep, slope), no_steeper(steep, slope, above=True)
    known = ~np.isnan(steep.z)
    assert np.array_equal(np.isnan(under.z), ~known) and np.array_equal(np.isnan(over.z), ~known)
    assert np.all(under.z[known] <= steep.z[known]) and np.all(over.z[known] >= steep.z[known])
    places = np.argwhere(known) * PITCH
    for told in (under.z[known], over.z[known]):
        apart = np.sqrt(((places[:, None] - places) ** 2).sum(axis=2))
        assert np.all(np.abs(told[:, None] - told) <= slope * apart + 1e-9)
    turned = no_steeper(Grid(0.0 - steep.z, ORIGIN, PITCH), slope)
    assert np.array_equal(turned.z, 0.0 - over.z, equal_nan=True)


@pytest.mark.parametrize("slope", [0.0, -1.0, np.nan, np.inf])
def test_a_slope_that_is_none(slope: float) -> None:
    with pytest.raises(ValueError, match="slope"):
        no_steeper(grid(), slope)


def test_a_smooth_surface_has_its_heights_and_slopes() -> None:
    rough = grid(5)
    i, j = np.indices(rough.z.shape)
    places = np.stack((ORIGIN[0] + PITCH * i, ORIGIN[1] + PITCH * j), axis=2).reshape(-1, 2)
    made = smooth(rough)
    assert made.at(places)[:, 0] == pytest.approx(rough.z.ravel(), abs=1e-12)
    inner = places[(i.ravel() > 0) & (i.ravel() < 17) & (j.ravel() > 0) & (j.ravel() < 12)] + 0.1
    for axis in (0, 1):
        step = np.eye(2)[axis] * 1e-5
        slope = (made.at(inner + step)[:, 0] - made.at(inner - step)[:, 0]) / 2e-5
        assert made.at(inner)[:, 1 + axis] == pytest.approx(slope, abs=1e-6)


def test_what_has_no_smooth_surface() -> None:
    with pytest.raises(ValueError, match="are not known"):
        smooth(grid(0, 0.2))
    with pytest.raises(ValueError, match="at least 4 heights"):
        smooth(grid(0, 0.0, (9, 3)))
    with pytest.raises(ValueError, match="places are"):
        smooth(grid()).at(np.zeros((4, 3)))


ANOTHER = """
import hashlib
import numpy as np
from engine.authoring import Grid, sheet
from engine.shape.heights import filled, from_below, no_steeper, smooth, smoothed

i, j = np.indices((40, 30))
z = 8.0 + (i * 7919 + j * 104729) % 997 / 499.0
points = np.stack((i * 1.01, j * 0.99, z), axis=2).reshape(-1, 3)
at = (np.arange(39)[:, None] * 30 + np.arange(29)).ravel()
faces = np.concatenate((np.stack((at, at + 30, at + 1), 1), np.stack((at + 1, at + 30, at + 31), 1))).astype(np.int32)
draped = from_below(points, faces, (0.3, 0.2), (36, 26), 1.0)
full = filled(Grid(np.where((i * j) % 5 > 2, np.nan, z), (0.0, 0.0), 1.0))[0]
soft = no_steeper(smoothed(full, 1.7), 0.35)
stations = 2.0 + np.arange(30) * 1.1
half = 9.0 - (stations - 18.0) ** 2 / 40.0
body = sheet(soft, stations=stations, low=14.0 - half, high=14.0 + half, heel=1.0, toe=36.0, bevel=0.5)
told = hashlib.sha256()
for array in (draped.z, full.z, soft.z, smooth(soft).at(points[:300, :2] * 0.9), body.mesh.points, body.mesh.faces):
    told.update(np.ascontiguousarray(array).tobytes())
print(told.hexdigest())
"""


def test_the_same_bits_on_other_machines() -> None:
    told = printed_on_each(ANOTHER)
    assert len(told[0]) == 65 and told[0] == told[1] == told[2]
