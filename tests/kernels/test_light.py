"""Camera, normals, hollows, shadows and colours, each against what it should be by hand."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pytest

from kernels import camera, normals, occlusion, resolve, shade, shadow
from kernels.raster import FILLED

NO_RIM = np.empty((0, 2), np.int32)
UP = np.array((0.0, 0.0, 1.0))
CUBE = np.array([(x, y, z) for z in (0.0, 1.0) for y in (0.0, 1.0) for x in (0.0, 1.0)])
QUADS = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
FACES = np.array([t for a, b, c, d in QUADS for t in ((a, b, c), (a, c, d))], np.int32)


def view_of(world: npt.NDArray[np.float64], side: int = 512) -> npt.NDArray[np.float64]:
    view = np.empty(8)
    camera.aim(world, side, view)
    return view


def project(world: npt.NDArray[np.float64], view: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    seen = np.empty_like(world)
    camera.project(world, view, seen)
    return seen


def corners(
    world: npt.NDArray[np.float64],
    faces: npt.NDArray[np.int32],
    rim: npt.NDArray[np.int32] = NO_RIM,
    tone: npt.NDArray[np.float64] | None = None,
) -> npt.NDArray[np.float32]:
    light = np.full((len(faces), 3), -9.0, np.float32)
    tone = np.ones(len(faces)) if tone is None else tone
    normals.corner_light(world, project(world, view_of(world)), faces, 0, len(faces), tone, rim, UP, light)
    return light


def test_points_are_rounded_to_the_lattice_and_posed() -> None:
    pose = np.array([(-1.0, 0, 0, 5), (0, 1, 0, 0), (0, 0, -1, 0)])
    world = np.empty((1, 3))
    camera.place(np.array([(1.00004999, 2.0, 3.00005001)]), pose, world)
    assert world.tolist() == [[4.0, 2.0, -3.0001]]


def test_the_object_fills_the_picture() -> None:
    rng = np.random.default_rng(1)
    for scale in (0.01, 1.0, 5000.0):
        seen = project(world := rng.uniform(-1, 1, (50, 3)) * (scale, 2 * scale, scale), view_of(world))
        low, high = seen[:, :2].min(axis=0), seen[:, :2].max(axis=0)
        assert (high - low).max() == pytest.approx(0.885 * 512) and (low > 0).all() and (high < 512).all()


def test_planes_stay_planes_and_the_near_edge_looks_larger() -> None:
    rng = np.random.default_rng(2)
    world = rng.uniform(-50, 50, (30, 3))
    view = view_of(world)
    world[:, 2] = view[7]
    plane, up = np.empty(3), np.empty(3)
    camera.ground(view, plane, up)
    seen = project(world, view)
    assert np.abs(plane[0] + plane[1] * seen[:, 0] + plane[2] * seen[:, 1] - seen[:, 2]).max() < 1e-9
    edges = project(np.array([(0, -50, 0), (1, -50, 0), (0, 50, 0), (1, 50, 0)], np.float64), view)
    assert 1.05 < math.dist(edges[0, :2], edges[1, :2]) / math.dist(edges[2, :2], edges[3, :2]) < 2.0
    assert edges[0, 1] > edges[2, 1]  # the near edge is below


@pytest.mark.parametrize("world", [np.empty((0, 3)), np.zeros((2, 3)), np.full((2, 3), math.nan), np.full((2, 3), math.inf)])
def test_nothing_to_aim_at_is_no_fault(world: npt.NDArray[np.float64]) -> None:
    assert np.isfinite(view_of(world)).all()


def test_a_shadow_falls_on_the_ground_away_from_the_light() -> None:
    view = view_of(CUBE)
    fallen, straight = np.empty_like(CUBE), project(CUBE * (1, 1, 0), view)
    camera.cast(CUBE, view, np.array(shade.CAST), fallen)
    assert np.allclose(fallen[:4], straight[:4])
    assert (fallen[4:, 0] > straight[4:, 0]).all() and (fallen[4:, 1] > straight[4:, 1]).all()


def test_a_cube_is_crisp() -> None:
    light = corners(CUBE, FACES)
    for f, normal in ((2, (0, 0, 1)), (4, (0, -1, 0))):
        assert light[f : f + 2] == pytest.approx(shade.brightness_of(*normal), abs=1e-6)
    assert (light[FACES == 1] > -9.0).all() and (light[FACES == 2] == -9.0).all()  # the corner behind is left out
    assert shade.brightness_of(0.0, 0.0, 1.0) == pytest.approx(1.0, abs=0.05)


def test_a_sphere_is_smooth() -> None:
    around, down = 48, 24
    theta = np.pi * np.arange(1, down) / down
    phi = 2 * np.pi * np.arange(around) / around
    grid = np.stack(
        [np.outer(np.sin(theta), np.cos(phi)), np.outer(np.sin(theta), np.sin(phi)), np.outer(np.cos(theta), phi * 0 + 1)], -1
    )
    points = np.vstack([grid.reshape(-1, 3), (0, 0, 1), (0, 0, -1)])
    faces = []
    for i in range(down - 2):
        for j in range(around):
            a, b = i * around + j, i * around + (j + 1) % around
            faces += [(a, a + around, b + around), (a, b + around, b)]
    top = len(points) - 2
    faces += [(top, j, (j + 1) % around) for j in range(around)]
    rows = np.array(faces, np.int32)
    light = corners(points, rows)
    shown = (light > -9).all(axis=1)
    expected = np.array([[shade.brightness_of(*points[v]) for v in row] for row in rows[shown]])
    assert np.abs(light[shown] - expected).max() < 0.03


def test_a_face_beside_the_missing_patch_runs_into_it() -> None:
    """A bevel 25 degrees off the plane: its corners on the rim take the plane's normal, the others their own."""
    world = np.array([(0, 0, 0), (10, 0, 0), (10, -1, -0.466), (0, -1, -0.466)])
    faces = np.array([(0, 3, 2), (0, 2, 1)], np.int32)
    rim = np.array([(0, 1)], np.int32)
    plain, joined = corners(world, faces), corners(world, faces, rim)
    flat = shade.brightness_of(0.0, 0.0, 1.0)
    assert joined[0, 0] == pytest.approx(flat, abs=1e-5) and joined[1, 2] == pytest.approx(flat, abs=1e-5)
    assert joined[0, 1] == plain[0, 1] != pytest.approx(flat, abs=1e-3)


def test_tone_dims_its_face_alone() -> None:
    tone = np.ones(12)
    tone[2] = 0.5
    light = corners(CUBE, FACES, tone=tone)
    assert light[2] == pytest.approx(0.5 * light[3], abs=1e-6)


def test_a_point_with_a_thousand_faces_and_flat_faces_end_well() -> None:
    rng = np.random.default_rng(5)
    world = rng.normal(size=(1001, 3))
    faces = np.array([(0, 1 + k, 1 + (k + 1) % 1000) for k in range(1000)] + [(7, 7, 7), (1, 2, 1)], np.int32)
    assert np.isfinite(corners(world, faces)).all()


def left_of(depth: npt.NDArray[np.float32], owner: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
    towards = np.empty(3)
    camera.direction(np.array(shade.KEY), towards)
    left = np.full([n - 2 * occlusion.MARGIN for n in depth.shape], -1.0, np.float32)
    occlusion.light_left(depth, np.full_like(depth, 0.9), owner, towards, left)
    return left


def test_what_light_is_left_does_not_depend_on_the_window_or_on_who_stands_beside() -> None:
    """Windows of any width, rows that begin and end anywhere, tiles without an owner: sample by sample the same."""
    rng, m = np.random.default_rng(11), occlusion.MARGIN
    depth = rng.uniform(-6.0, 6.0, (40 + 2 * m, 150 + 2 * m)).astype(np.float32)
    whole = left_of(depth, np.ones(depth.shape, np.uint8))
    assert 0.0 < whole.min() < 0.5 < whole.max() <= 1.0
    for wide in (1, 2, 6, 7, 8, 9, 30, 33, 64):
        part = np.ascontiguousarray(depth[:, 50 : 50 + wide + 2 * m])
        assert np.array_equal(left_of(part, np.ones(part.shape, np.uint8)), whole[:, 50 : 50 + wide])
    for first, last in ((0, 1), (37, 38), (40, 49), (97, 150), (149, 150), (0, 150)):
        owner = np.zeros(depth.shape, np.uint8)
        owner[m:-m, m + first : m + last] = 1
        owner[:, m + first : m + last][rng.random((len(owner), last - first)) < 0.5] = 0
        left, there = left_of(depth, owner), owner[m:-m, m:-m] != 0
        assert np.array_equal(left[there], whole[there])


def shares(depth: npt.NDArray[np.float32], light: float = 1.0) -> npt.NDArray[np.float32]:
    towards = np.empty(3)
    camera.direction(np.array(shade.KEY), towards)
    m = occlusion.MARGIN
    left = np.full((depth.shape[0] - 2 * m, depth.shape[1] - 2 * m), -1.0, np.float32)
    occlusion.light_left(depth, np.full_like(depth, light), np.ones(depth.shape, np.uint8), towards, left)
    return left


@pytest.mark.parametrize("slopes", [(0.0, 0.0), (0.4, -0.3), (-0.2, 0.5)])
def test_a_plane_is_clean_however_it_is_tilted(slopes: tuple[float, float]) -> None:
    i, j = np.mgrid[0:90, 0:96]
    assert shares((slopes[0] * i + slopes[1] * j).astype(np.float32)) == pytest.approx(1.0, abs=1e-4)


def test_a_pocket_is_dark_and_a_boss_throws_its_shadow_away_from_the_light() -> None:
    depth = np.zeros((120, 120), np.float32)
    depth[55:65, 55:65] = -4.0
    left = shares(depth)
    low = 55 - occlusion.MARGIN
    high = low + 10
    pocket = left[low:high, low:high]
    assert pocket.max() < 0.95 and pocket.mean() < 0.75 and left[0, 0] == 1.0
    boss = shares(-depth)
    assert (
        boss[high : high + 3, high : high + 3].mean() < boss[low - 3 : low, low - 3 : low].mean()
    )  # right below, and left above
    dark = shares(-depth, light=0.3)  # by itself: takes no shadow
    assert (dark >= boss).all() and dark[high, high] > boss[high, high] + 0.2


def test_inside_a_filled_plane_nothing_is_looked_for_and_near_its_edge_all_is() -> None:
    i, j = np.mgrid[0:220, 0:240]
    depth = (0.3 * i - 0.2 * j).astype(np.float32)
    owner = np.full(depth.shape, 1 | FILLED, np.uint8)
    depth[100:110, 20:30] -= 4.0  # a pocket, and a boss that throws a shadow
    depth[40:60, 200:210] += 6.0
    owner[100:110, 20:30] = owner[40:60, 200:210] = 1
    towards = np.empty(3)
    camera.direction(np.array(shade.KEY), towards)
    m = occlusion.MARGIN
    filled, looked = (np.full((220 - 2 * m, 240 - 2 * m), -1.0, np.float32) for _ in range(2))
    occlusion.light_left(depth, np.ones_like(depth), owner, towards, filled)
    occlusion.light_left(depth, np.ones_like(depth), np.ones_like(owner), towards, looked)
    assert np.abs(filled - looked).max() < 1e-4 and looked.min() < 0.8
    far = np.full_like(depth, -7.0) + 100.0 * (i % 3 == 0) * (abs(i - 110) < 12) * (
        abs(j - 130) < 20
    )  # never so: seen not to be read
    occlusion.light_left(far.astype(np.float32), np.ones_like(depth), owner, towards, filled)
    assert (filled[110 - m, 120 - m : 140 - m] == 1.0).all()


def test_ground_is_left_alone() -> None:
    depth = np.zeros((80, 80), np.float32)
    left = np.full((32, 32), -1.0, np.float32)
    occlusion.light_left(depth, depth, np.zeros((80, 80), np.uint8), np.array((0.0, 0.0, 1.0)), left)
    assert (left == -1.0).all()


def test_cover_takes_cells_whose_centre_is_under_a_face() -> None:
    seen = np.array([(0, 0, 0), (0, 40, 0), (40, 0, 0)], np.float64)
    i, j = np.mgrid[0:14, 0:14]
    expected = (i >= 2) & (j >= 2) & ((i - 2 + 0.5) + (j - 2 + 0.5) < 10)
    for face in ((0, 1, 2), (0, 2, 1)):
        mask = np.zeros((14, 14), np.float32)
        shadow.cover(seen, np.array([face], np.int32), 0, 1, 3, 4.0, 2, mask)
        assert (mask == expected).all()
    mask[:] = 0
    shadow.cover(seen, np.array([(0, 2, 1)], np.int32), 0, 1, 1, 4.0, 2, mask)  # away from the light: not of this half
    assert not mask.any()


@pytest.mark.parametrize("bad", [math.nan, math.inf, -math.inf, 1e300])
def test_cover_leaves_out_what_is_no_place(bad: float) -> None:
    for axis in range(2):
        seen = np.array([(0, 0, 0), (0, 40, 0), (40, 0, 0)], np.float64)
        seen[1, axis] = bad
        mask = np.zeros((10, 10), np.float32)
        shadow.cover(seen, np.array([(0, 1, 2)], np.int32), 0, 1, 3, 4.0, 0, mask)
        assert not mask.any()


@pytest.mark.parametrize("radius", [1, 3, 40])
def test_blur_is_three_running_means_along_each_axis(radius: int) -> None:
    mask = (np.random.default_rng(radius).random((30, 30)) < 0.4).astype(np.float32)
    expected = mask.astype(np.float64)
    for axis in (0, 0, 0, 1, 1, 1):
        expected = np.apply_along_axis(
            lambda line: np.convolve(line, np.ones(2 * radius + 1) / (2 * radius + 1))[radius:-radius], axis, expected
        )
    soft = np.empty_like(mask)
    shadow.blur(mask, radius, soft)
    assert np.abs(soft - expected).max() < 1e-4


def test_colours_are_averaged_over_four_samples() -> None:
    ramps = np.zeros((2, resolve.LEVELS), np.uint32)
    ramps[0, :] = 200 | 100 << 10 | 40 << 20
    ramps[1, 0], ramps[1, -1] = 0, 255 | 255 << 10 | 255 << 20
    owner = np.array([[1, 1, 0, 0], [1, 1, 1, 2]], np.uint8)
    light = np.array([[1, 1, 1, 1], [1, 1, 1, 99]], np.float32)
    ground = np.array([[1.0, 0.8]], np.float32)
    picture = np.empty((1, 2, 3), np.uint8)
    resolve.resolve(light, owner, np.ones((2, 4), np.float32), ground, ramps, np.array((0, 0, 1, 2)), 0, picture)
    assert picture[0, 0].tolist() == [200, 100, 40]
    assert picture[0, 1].tolist() == [
        (204 + 204 + 200 + 255 + 2) // 4,
        (204 + 204 + 100 + 255 + 2) // 4,
        (204 + 204 + 40 + 255 + 2) // 4,
    ]
    light[1, 3] = -5.0  # below the ramp
    resolve.resolve(light, owner, np.ones((2, 4), np.float32), ground, ramps, np.array((0, 0, 1, 2)), 0, picture)
    assert picture[0, 1, 0] == (204 + 204 + 200 + 0 + 2) // 4


def test_ground_light_is_bilinear() -> None:
    i, j = np.mgrid[0:20, 0:20]
    dark = ((i + 2 * j) / 100.0).astype(np.float32)
    ground = np.empty((16, 16), np.float32)
    resolve.ground_light(dark, 4, 0.5, ground)
    y, x = (np.mgrid[0:16, 0:16] + 0.5) * 0.5 + 4 - 0.5
    assert np.abs(ground - (1 - (y + 2 * x) / 100)).max() < 1e-6
