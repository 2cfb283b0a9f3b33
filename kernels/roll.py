"""A flat body rolled onto a cylinder, and back.

Flat: x along, y up, z to the front, mm. Rolled: the plane z = 0 lies on the cylinder of `radius` about the upright line through
(0, -radius) of x and z, lengths along x kept; z stays the height over it. What lies at x = 0 stays where it is.

    rolled: ((radius + z) sin(x / radius), y, (radius + z) cos(x / radius) - radius)

+ - * /, sqrt and `kernels.portable` alone: the same bits on every machine.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import kernel
from kernels.portable import atan2, cos, sin

Floats = npt.NDArray[np.float64]


@kernel("void(float64[:,::1], float64, float64[:,::1])", writes=("out",))
def roll(flat: Floats, radius: float, out: Floats) -> None:
    """out (n, 3): the places of flat (n, 3), mm; not rounded. radius > 0, -z < radius, |x| below half the round."""
    for i in range(flat.shape[0]):
        turn = flat[i, 0] / radius
        far = radius + flat[i, 2]
        s = sin(turn)
        # 1 - cos as sin^2 / (1 + cos): no digits are lost near x = 0
        out[i, 0] = far * s
        out[i, 1] = flat[i, 1]
        out[i, 2] = flat[i, 2] - far * (s * s / (1.0 + cos(turn)))


@kernel("void(float64[:,::1], float64, float64[:,::1])", writes=("flat",))
def unroll(rolled: Floats, radius: float, flat: Floats) -> None:
    """flat (n, 3): where rolled (n, 3) came from, mm."""
    for i in range(rolled.shape[0]):
        x, z = rolled[i, 0], rolled[i, 2] + radius
        flat[i, 0] = radius * atan2(x, z)
        flat[i, 1] = rolled[i, 1]
        # hypot - radius, without losing digits
        far = math.sqrt(x * x + z * z)
        flat[i, 2] = (x * x + rolled[i, 2] * (rolled[i, 2] + 2.0 * radius)) / (far + radius)
