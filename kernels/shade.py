"""How bright a surface is by its direction: a soft key light, the sky, light from the ground, a faint sheen.

A face that looks straight up has brightness 1: the product's own colour.
"""

from __future__ import annotations

import math

from kernels.compiled import inlined, kernel

KEY = (-0.4, 0.3, 0.8660254037844386)
"""Towards the key light, world axes of the shown pose: from the left, behind, above. Unit."""

CAST = (-0.3, 0.22, 0.94)
"""Where shadows on the ground come from: steeper than the key light, as under a large lamp, so that they stay near."""

_FILL = (0.36, -0.6, 0.7144228439796702)  # from the right, in front
_HALF = (-0.21303, -0.07355, 0.97427)  # between the key light and the eye: where the sheen sits
_KEY_POWER, _FILL_POWER, _SKY, _GROUND, _SHEEN = 0.56, 0.28, 0.30, 0.16, 0.26
_WRAP = 0.25  # the lights are windows, not points: they reach a little round the edge
_UP = _KEY_POWER * (KEY[2] + _WRAP) / (1.0 + _WRAP) + _FILL_POWER * (_FILL[2] + _WRAP) / (1.0 + _WRAP) + _SKY
_KEY_SHARE, _FILL_SHARE = _KEY_POWER / (1.0 + _WRAP) / _UP, _FILL_POWER / (1.0 + _WRAP) / _UP
_SKY_SHARE, _GROUND_SHARE = _SKY / _UP, _GROUND / _UP
_UP_SHEEN = 0.66  # of a face that looks straight up


@inlined
def brightness(x: float, y: float, z: float) -> float:
    """Of the unit normal (x, y, z) in the world of the shown pose; about 0.2 to 1.25."""
    key = max(0.0, x * KEY[0] + y * KEY[1] + z * KEY[2] + _WRAP)
    fill = max(0.0, x * _FILL[0] + y * _FILL[1] + z * _FILL[2] + _WRAP)
    sky = 0.5 + 0.5 * z
    sheen = max(0.0, x * _HALF[0] + y * _HALF[1] + z * _HALF[2])
    for _ in range(4):
        sheen = sheen * sheen
    lit = _KEY_SHARE * key + _FILL_SHARE * fill + _SKY_SHARE * sky * math.sqrt(sky) + _GROUND_SHARE * (0.5 - 0.5 * z)
    return lit + _SHEEN * (sheen - _UP_SHEEN)


@kernel("float64(float64, float64, float64)")
def brightness_of(x: float, y: float, z: float) -> float:
    """The same, for who has one normal alone."""
    return brightness(x, y, z)
