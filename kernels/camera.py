"""A fixed three-quarter view with mild perspective: the object lies on the ground, turned and tipped towards the viewer.

World: mm, z up, the ground at the lowest point. Seen: x to the right and y down in subpixels, z towards the viewer in the
same unit. With the eye at distance D, x' = x/w, y' = y/w, z' = z/w for w = 1 - z/D: planes stay planes, so depth is affine
over a triangle on the screen (the usual homogeneous argument; z' stands for -1/w up to scale and shift).
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]

# Turned 22 degrees clockwise in the picture, tipped 26 degrees: literals, so that no library's sine decides.
_COS_TURN, _SIN_TURN = 0.9271838545667874, -0.374606593415912
_COS_TIP, _SIN_TIP = 0.898794046299167, 0.4383711467890774
_STEPS = 10000.0
_EYE = 4.2  # the eye's distance, in half diagonals of the object
_FILL = 0.885  # of the picture, for the longer side
_SHIFT_X, _SHIFT_Y = -0.012, 0.0  # room for the shadow, in pictures


@kernel("void(float64[:,::1], float64[:,::1], float64[:,::1])", writes=("world",))
def place(points: Floats, pose: Floats, world: Floats) -> None:
    """world (n, 3) = pose (3, 4: rotation, translation) applied to points (n, 3) mm, each first rounded to the lattice."""
    for i in range(points.shape[0]):
        x = np.floor(points[i, 0] * _STEPS + 0.5) / _STEPS
        y = np.floor(points[i, 1] * _STEPS + 0.5) / _STEPS
        z = np.floor(points[i, 2] * _STEPS + 0.5) / _STEPS
        for k in range(3):
            world[i, k] = pose[k, 0] * x + pose[k, 1] * y + pose[k, 2] * z + pose[k, 3]


@inlined
def _turned(x: float, y: float, z: float) -> tuple[float, float, float]:
    """Right, up and towards the viewer, of a direction in the world."""
    right = _COS_TURN * x - _SIN_TURN * y
    ahead = _SIN_TURN * x + _COS_TURN * y
    return right, _COS_TIP * ahead + _SIN_TIP * z, _COS_TIP * z - _SIN_TIP * ahead


@inlined
def _seen(x: float, y: float, z: float, camera: Floats) -> tuple[float, float, float]:
    right, up, near = _turned(x - camera[0], y - camera[1], z - camera[2])
    w = 1.0 - near / camera[3]
    return camera[4] * (right / w) + camera[5], camera[6] - camera[4] * (up / w), camera[4] * (near / w)


@kernel("void(float64[:,::1], int64, float64[::1])", writes=("camera",))
def aim(world: Floats, side: int, camera: Floats) -> None:
    """camera (8,): centre (3), eye distance, scale, x0, y0, ground z; so that world (n, 3) fills a picture of `side` subpixels.

    No point, or none that is finite: a camera that looks at the origin.
    """
    low = np.full(3, np.inf)
    high = np.full(3, -np.inf)
    for i in range(world.shape[0]):
        for k in range(3):
            low[k] = min(low[k], world[i, k])
            high[k] = max(high[k], world[i, k])
    half = 0.0
    for k in range(3):
        if not (-1e9 < low[k] <= high[k] < 1e9):
            low[k] = high[k] = 0.0
        camera[k] = 0.5 * (low[k] + high[k])
        half += 0.25 * (high[k] - low[k]) * (high[k] - low[k])
    camera[3] = _EYE * max(math.sqrt(half), 1e-3)
    camera[4], camera[5], camera[6], camera[7] = 1.0, 0.0, 0.0, low[2]
    left = top = np.inf
    right = bottom = -np.inf
    for i in range(world.shape[0]):
        x, y, _ = _seen(world[i, 0], world[i, 1], world[i, 2], camera)
        left, right = min(left, x), max(right, x)
        top, bottom = min(top, y), max(bottom, y)
    span = max(right - left, bottom - top)
    scale = _FILL * side / span if 1e-6 < span < 1e12 else 1.0
    camera[4] = scale
    camera[5] = (0.5 + _SHIFT_X) * side - (0.5 * (left + right) * scale if span > 1e-6 else 0.0)
    camera[6] = (0.5 + _SHIFT_Y) * side - (0.5 * (top + bottom) * scale if span > 1e-6 else 0.0)


@kernel("void(float64[:,::1], float64[::1], float64[:,::1])", writes=("seen",))
def project(world: Floats, camera: Floats, seen: Floats) -> None:
    """seen (n, 3): where each point of world (n, 3) is in the picture."""
    for i in range(world.shape[0]):
        seen[i, 0], seen[i, 1], seen[i, 2] = _seen(world[i, 0], world[i, 1], world[i, 2], camera)


@kernel("void(float64[:,::1], float64[::1], float64[::1], float64[:,::1])", writes=("seen",))
def cast(world: Floats, camera: Floats, light: Floats, seen: Floats) -> None:
    """seen (n, 3): where the shadow of each point falls on the ground, `light` (3,) pointing towards the light, light[2] > 0."""
    for i in range(world.shape[0]):
        run = (world[i, 2] - camera[7]) / light[2]
        seen[i, 0], seen[i, 1], seen[i, 2] = _seen(
            world[i, 0] - run * light[0], world[i, 1] - run * light[1], camera[7], camera
        )


@kernel("void(float64[::1], float64[::1], float64[::1])", writes=("plane", "slope"))
def ground(camera: Floats, plane: Floats, slope: Floats) -> None:
    """plane (3,): the ground's depth is plane[0] + plane[1] x + plane[2] y.  slope (3,): the world's up (0, 0, 1) as seen."""
    right, up, near = _turned(0.0, 0.0, 1.0)
    slope[0], slope[1], slope[2] = right, -up, near
    # (p - c) . n = d with n = (right, up, near); in seen coordinates: right x' + up y' + (near - d/D) z' = d
    d = camera[7] - camera[2]
    bottom = near - d / camera[3]
    s = camera[4]
    plane[1] = -right / bottom
    plane[2] = up / bottom
    plane[0] = s * d / bottom - plane[1] * camera[5] - plane[2] * camera[6]


@kernel("void(float64[::1], float64[::1])", writes=("seen",))
def direction(world: Floats, seen: Floats) -> None:
    """seen (3,): the direction `world` (3,) on the screen (x right, y down, z towards the viewer), perspective left out."""
    right, up, near = _turned(world[0], world[1], world[2])
    seen[0], seen[1], seen[2] = right, -up, near
