"""A map laid onto a foot, and the relief it asks for: on the mean of 104 people and on variations of it.

`UNIKAT_SWEEP=1` looks at 100 variations instead of 20.
"""

from __future__ import annotations

import math
import os
import pathlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import ndimage

from engine.body.pressure import LIMIT, Registration, on_foot, register
from engine.errors import InputError
from engine.model.foot import Side
from engine.model.grid import Grid
from engine.model.pressure import PressureMap
from engine.shape.cushion import relief, smoothed

VARIATIONS = 100 if os.environ.get("UNIKAT_SWEEP") else 20
LENGTH = 273.0
CELL = 5.0
Floats = np.ndarray[Any, np.dtype[np.float64]]


@pytest.fixture(scope="module")
def mean(shared_data: pathlib.Path) -> dict[Side, Floats]:
    folder = shared_data / "pressure"
    return {s: np.loadtxt(folder / f"MUN104{s[0].upper()}.csv", delimiter=",") for s in ("left", "right")}


def peaks(values: Floats, apart: float, count: int = 3) -> list[tuple[int, int]]:
    """The highest places, each at least `apart` cells from a higher one."""
    found: list[tuple[int, int]] = []
    for at in np.argsort(values, axis=None)[::-1]:
        i, j = (int(v) for v in np.unravel_index(at, values.shape))
        if all(math.hypot(i - p, j - q) >= apart for p, q in found):
            found.append((i, j))
        if len(found) == count:
            return found
    raise AssertionError("too few peaks")


def place(where: Registration, i: float, j: float) -> tuple[float, float]:
    """The cell's middle in the foot's frame, mm, written from the frame's definition alone."""
    (a, b), (s, t) = where.axis, where.start
    u, v = i * CELL - s, j * CELL - t
    return where.scale * (u * a + v * b) + 0.035 * where.foot_length, where.scale * where.medial * (v * a - u * b)


def at(grid: Grid, x: float, y: float) -> float:
    """The grid's nearest value."""
    return float(grid.z[round((x - grid.origin[0]) / grid.pitch), round((y - grid.origin[1]) / grid.pitch)])


class Variation:
    """The mean map pressed harder or less, its three peaks moved, the foot put elsewhere on a larger plate and turned.

    `told`: where each peak then is, in cells; the truth that the relief is held to.
    """

    def __init__(self, values: Floats, seed: int) -> None:
        chance = np.random.default_rng(seed)
        self.harder = chance.uniform(0.95, 1.5)
        moved = chance.uniform(-1.5, 1.5, (3, 2))
        turn = math.radians(chance.uniform(-12.0, 12.0))
        self.shift = chance.uniform(-4.0, 4.0, 2)
        tops = peaks(values, 8)
        rows, columns = (n + 30 for n in values.shape)
        i, j = (v.astype(float) for v in np.mgrid[:rows, :columns])
        middle = (rows / 2 + self.shift[0], columns / 2 + self.shift[1])
        c, s = math.cos(turn), math.sin(turn)
        u, v = i - middle[0], j - middle[1]
        p, q = c * u + s * v + values.shape[0] / 2, -s * u + c * v + values.shape[1] / 2
        di, dj = np.zeros_like(p), np.zeros_like(p)
        for (k, m), (a, b) in zip(tops, moved, strict=True):
            near = np.exp(-((p - k - a) ** 2 + (q - m - b) ** 2) / (2 * 3.0**2))
            di, dj = di + a * near, dj + b * near
        self.values = self.harder * ndimage.map_coordinates(values, (p - di, q - dj), order=1, cval=0.0)
        ends = [(k + a - values.shape[0] / 2, m + b - values.shape[1] / 2) for (k, m), (a, b) in zip(tops, moved, strict=True)]
        self.told = [(c * y - s * x + middle[0], s * y + c * x + middle[1]) for y, x in ends]


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_mean_foot_lies_in_its_frame(mean: dict[Side, Floats], side: Side) -> None:
    made = register(PressureMap(mean[side], CELL), LENGTH)
    assert made.side == side and made == register(PressureMap(mean[side], CELL), LENGTH, side)
    assert abs(made.residual_mm) < 6.0
    grid = on_foot(PressureMap(mean[side], CELL), made)
    (ball, *_), heel = peaks(grid.z, 20), np.argmax(grid.z[: int(100 / grid.pitch)])
    x, y = (grid.origin[k] + ball[k] * grid.pitch for k in range(2))
    assert 0.66 < x / LENGTH < 0.76 and abs(y) < 15.0, "the heads of the middle metatarsals"
    x, y = (grid.origin[k] + int(v) * grid.pitch for k, v in enumerate(np.unravel_index(heel, grid.z.shape)))
    assert 0.1 < x / LENGTH < 0.2 and abs(y) < 10.0
    toe = grid.z[round((0.9 * LENGTH - grid.origin[0]) / grid.pitch)]
    assert grid.origin[1] + int(np.argmax(toe)) * grid.pitch > 10.0, "the big toe is medial"
    loaded = np.nonzero((grid.z > 10.0).any(axis=1))[0] * grid.pitch + grid.origin[0]
    assert loaded[0] == pytest.approx(0.035 * LENGTH, abs=3.0) and loaded[-1] == pytest.approx(0.977 * LENGTH, abs=3.0)
    assert grid.z.max() == pytest.approx(mean[side].max(), rel=0.03)


def test_left_and_right_look_alike(mean: dict[Side, Floats]) -> None:
    """y is medial for both: the two means differ by what two feet do, a left one and its mirror image by nothing."""
    left = PressureMap(mean["left"], CELL)
    mirror = PressureMap(mean["left"][:, ::-1], CELL)
    one, other = (on_foot(m, register(m, LENGTH)) for m in (left, mirror))
    assert register(mirror, LENGTH).side == "right"
    assert one.origin == other.origin and np.allclose(one.z, other.z, atol=1e-6)


def test_toes_first_is_the_same_foot_turned_over(mean: dict[Side, Floats]) -> None:
    """Rows the other way, columns still from left to right: that mirrors what is drawn, so heel first left is toes first left."""
    made = register(PressureMap(mean["left"], CELL), LENGTH)
    turned = register(PressureMap(mean["left"][::-1], CELL), LENGTH)
    assert made.side == turned.side == "left"
    one, other = (on_foot(PressureMap(v, CELL), w).z for v, w in ((mean["left"], made), (mean["left"][::-1], turned)))
    assert np.allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("seed", range(VARIATIONS))
@pytest.mark.parametrize("side", ["left", "right"])
def test_relief_lies_under_the_peaks_and_nowhere_else(mean: dict[Side, Floats], side: Side, seed: int) -> None:
    varied = Variation(mean[side], seed)
    pressed = PressureMap(varied.values, CELL)
    where = register(pressed, LENGTH)
    assert where.side == side
    grid = on_foot(pressed, where)
    depth = relief(grid)
    for peak in varied.told:
        assert at(depth, *place(where, *peak)) > 0.05, "under each of the three highest peaks"
    top = varied.told[0]
    assert at(depth, *place(where, *top)) > 0.8 * depth.z.max()
    # smoothed by another's hands: none where that is below 200 kPa, some where it is well above
    around = ndimage.gaussian_filter(np.pad(grid.z, 15), 4.0 / grid.pitch, mode="constant")[15:-15, 15:-15]
    assert np.abs(around - smoothed(grid).z).max() < 0.5
    assert not depth.z[around < 200.0 - 1.0].any()
    assert (depth.z[around > 200.0 + 20.0] > 0.0).all()
    assert_smooth_and_bounded(depth)
    base = register(PressureMap(mean[side], CELL), LENGTH)
    moves = [math.dist(place(where, *a), place(base, *b)) for a, b in zip(varied.told, peaks(mean[side], 8), strict=True)]
    assert max(moves) < 1.5 * math.sqrt(2) * CELL + 4.0, "wherever it stood on the plate"


@pytest.mark.parametrize("side", ["left", "right"])
def test_the_mean_s_three_peaks_and_a_light_step(mean: dict[Side, Floats], side: Side) -> None:
    pressed = PressureMap(mean[side], CELL)
    where = register(pressed, LENGTH)
    depth = relief(on_foot(pressed, where))
    ball, heel, toe = (at(depth, *place(where, *peak)) for peak in peaks(mean[side], 8))
    assert 3.5 > ball > heel > toe > 0.7
    assert 20.0 < 0.04 * np.count_nonzero(depth.z) < 32.0, "cm2"
    light = PressureMap(mean[side] * 0.49, CELL)
    assert not relief(on_foot(light, register(light, LENGTH))).z.any(), "no cell reaches 200 kPa"


def assert_smooth_and_bounded(depth: Grid, deepest: float = 4.0) -> None:
    z, pitch = depth.z, depth.pitch
    assert z.min() >= 0.0 and z.max() <= deepest
    for i, j in ((1, 0), (0, 1), (1, 1), (1, -1), (3, 2), (7, 0)):
        if i >= z.shape[0] or abs(j) >= z.shape[1]:
            continue
        there = z[: len(z) - i, max(0, -j) : z.shape[1] - max(0, j)]
        beyond = z[i:, max(0, j) : z.shape[1] - max(0, -j)]
        assert np.abs(there - beyond).max(initial=0.0) <= 0.35 * pitch * math.hypot(i, j) + 1e-9


def some(draw: st.DrawFn, rows: int, columns: int, high: float) -> Floats:
    """Nothing, with a few patches of any pressure."""
    made = np.zeros((rows, columns))
    for _ in range(draw(st.integers(0, 6))):
        i, j = draw(st.integers(0, rows - 1)), draw(st.integers(0, columns - 1))
        made[i : i + draw(st.integers(1, 20)), j : j + draw(st.integers(1, 20))] += draw(st.floats(0.0, high))
    return made


@st.composite
def two_maps(draw: st.DrawFn) -> tuple[Grid, Grid]:
    """Two fields, the second nowhere less than the first."""
    rows, columns = draw(st.integers(1, 40)), draw(st.integers(1, 40))
    less = some(draw, rows, columns, 1500.0)
    grid = Grid(less, (0.0, 0.0), draw(st.sampled_from([1.0, 2.0, 5.0])))
    return grid, replace(grid, z=less + some(draw, rows, columns, 300.0))


@settings(max_examples=100, deadline=None)
@given(two_maps(), st.floats(2.0, 6.0))
def test_more_pressure_never_gives_less_relief(maps: tuple[Grid, Grid], deepest: float) -> None:
    less, more = (relief(g, deepest) for g in maps)
    assert (less.z <= more.z).all(), "exactly: rounding keeps order too"
    assert_smooth_and_bounded(less, deepest)
    assert_smooth_and_bounded(more, deepest)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_nor_does_it_on_the_foot(mean: dict[Side, Floats], data: st.DataObject) -> None:
    """More pressure in any cells but those of the border, which say where the foot is: the frame stays, no place is relieved less."""
    side: Side = data.draw(st.sampled_from(["left", "right"]))
    more = mean[side].copy()
    loaded = more >= 10.0
    border = {(i, e(np.nonzero(loaded[i])[0])) for i in range(len(more)) if loaded[i].any() for e in (min, max)}
    border |= {(e(np.nonzero(loaded[:, j])[0]), j) for j in range(more.shape[1]) if loaded[:, j].any() for e in (min, max)}
    inside = [(int(i), int(j)) for i, j in np.argwhere(loaded) if (i, j) not in border]
    for cell in data.draw(st.lists(st.sampled_from(inside), min_size=1, max_size=20)):
        more[cell] += data.draw(st.floats(0.0, 500.0))
    before, after = (PressureMap(v, CELL) for v in (mean[side], more))
    where = register(before, LENGTH)
    assert register(after, LENGTH) == where
    assert (relief(on_foot(before, where)).z <= relief(on_foot(after, where)).z).all()


def test_relief_by_hand() -> None:
    """A wide field of 300 kPa is half way from 200 to 400: 2 of 4 mm; towards its edge no steeper than 0.35."""
    field = np.zeros((121, 121))
    field[20:101, 20:101] = 300.0
    made = relief(Grid(field, (0.0, 0.0), 1.0))
    assert made.z[60, 60] == pytest.approx(2.0)
    assert not made.z[:20].any() and not relief(replace(made, z=np.full((50, 50), 199.0))).z.any()
    assert relief(replace(made, z=np.full((50, 50), 5000.0)), 6.0).z[25, 25] == 6.0


def test_a_lone_peak_is_a_cone() -> None:
    field = np.zeros((41, 41))
    field[20, 20] = 1e6
    made = relief(Grid(field, (0.0, 0.0), 5.0))
    assert made.z.max() == made.z[20, 20] > 0.0
    assert_smooth_and_bounded(made)


@pytest.mark.parametrize("deepest", [1.9, 6.1, math.nan])
def test_the_depth_has_a_range(deepest: float) -> None:
    with pytest.raises(ValueError, match="relief is 2 to 6 mm deep"):
        relief(Grid(np.zeros((3, 3)), (0.0, 0.0), 1.0), deepest)


def test_two_feet_in_one_map(mean: dict[Side, Floats]) -> None:
    both = PressureMap(np.hstack((mean["left"], mean["right"])), CELL)
    for side in ("left", "right"):
        alone = PressureMap(mean[side], CELL)
        one, other = register(both, LENGTH, side), register(alone, LENGTH)
        assert np.allclose(on_foot(both, one).z, on_foot(alone, other).z, atol=1e-6), side
    with pytest.raises(InputError, match="shows two feet: say which one is meant"):
        register(both, LENGTH)
    crossed = PressureMap(np.hstack((mean["right"], mean["left"])), CELL)
    with pytest.raises(InputError, match="looks like a right foot's, and is given as the left one's"):
        register(crossed, LENGTH, "left")


def test_noise_moves_nothing(mean: dict[Side, Floats]) -> None:
    clean = np.pad(mean["left"], 8)
    noisy = clean.copy()
    noisy[1, 20] = noisy[-1, 15] = noisy[30, 1] = 300.0
    one, other = (register(PressureMap(v, CELL), LENGTH) for v in (clean, noisy))
    assert replace(other, contact=one.contact) == one and (one.contact.stray, other.contact.stray) == (0, 3)


def test_left_sent_as_right(mean: dict[Side, Floats]) -> None:
    with pytest.raises(InputError, match="looks like a left foot's, and is given as the right one's"):
        register(PressureMap(mean["left"], CELL), LENGTH, "right")


def flat(curve: float = 0.0) -> Floats:
    """A foot without arch or big toe: broader before the middle, its midfoot `curve` cells aside."""
    i, j = np.mgrid[:62, :31]
    wide = np.where(i < 34, 6.0, 9.0)
    aside = curve * np.exp(-(((i - 26) / 6.0) ** 2))
    return np.where((i >= 5) & (i < 57) & (np.abs(j - 15 - aside) <= wide), 150.0, 0.0)


def test_a_foot_that_shows_no_side() -> None:
    with pytest.raises(InputError, match="does not show which foot it is: say left or right"):
        register(PressureMap(flat(), CELL), LENGTH)
    for side, medial in (("left", 1), ("right", -1)):
        made = register(PressureMap(flat(), CELL), LENGTH, side)
        assert (made.side, made.medial) == (side, medial)
    assert register(PressureMap(flat(-4.0), CELL), LENGTH).side == "left"
    assert register(PressureMap(flat(4.0), CELL), LENGTH).side == "right"


def test_a_plate_that_is_loaded_evenly_is_no_foot() -> None:
    even = np.zeros((60, 30))
    even[4:56, 6:24] = 100.0
    with pytest.raises(InputError, match="heel and forefoot cannot be told apart"):
        register(PressureMap(even, CELL), LENGTH)


@pytest.mark.parametrize(
    ("share", "taken"), [(1 - 0.9 * LIMIT, True), (1 + 0.9 * LIMIT, True), (1 - 1.2 * LIMIT, False), (1.15, False)]
)
def test_a_map_of_another_length(mean: dict[Side, Floats], share: float, taken: bool) -> None:
    """The pitch says how large the foot is: a little off it is stretched and told, more is refused with what would fit."""
    exact = register(PressureMap(mean["left"], CELL), LENGTH)
    fits = CELL * exact.scale
    other = PressureMap(mean["left"], fits * share)
    if taken:
        made = register(other, LENGTH)
        assert made.residual_mm == pytest.approx((share - 1.0) * 0.942 * LENGTH, abs=0.01)
        assert np.allclose(on_foot(other, made).z, on_foot(PressureMap(mean["left"], CELL), exact).z, atol=1e-6)
    else:
        with pytest.raises(InputError, match="is no map of a foot as long as that, within 8%") as caught:
            register(other, LENGTH)
        assert f"a pitch of {fits:.2f} mm would fit" in caught.value.for_sender()


def test_a_high_arch_loads_no_midfoot(mean: dict[Side, Floats]) -> None:
    """It tells no side by it: it is asked for, and taken as said."""
    values = mean["left"].copy()
    loaded = np.flatnonzero((values >= 10.0).any(axis=1))
    first, last = int(loaded[0]), int(loaded[-1])
    values[first + round(0.3 * (last - first)) : first + round(0.58 * (last - first))] = 0.0
    whole, apart = (register(PressureMap(v, CELL), LENGTH, "left") for v in (mean["left"], values))
    assert apart.side == "left" and apart.medial == whole.medial
    assert np.allclose(apart.start, whole.start, atol=0.5) and np.allclose(apart.axis, whole.axis, atol=0.01)
    with pytest.raises(InputError, match="say left or right"):
        register(PressureMap(values, CELL), LENGTH)


def test_a_foot_whose_heel_is_not_loaded_does_not_stand(mean: dict[Side, Floats]) -> None:
    values = mean["left"].copy()
    loaded = np.flatnonzero((values >= 10.0).any(axis=1))
    first, last = int(loaded[0]), int(loaded[-1])
    values[first + 3 : first + round(0.3 * (last - first))] = 0.0
    with pytest.raises(InputError, match="not loaded where a foot has its heel"):
        register(PressureMap(values, CELL), LENGTH, "left")
