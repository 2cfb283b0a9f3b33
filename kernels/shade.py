"""How bright a surface is by its direction: a soft key light, the sky, light from the ground, a faint sheen.

A face that looks straight up has brightness 1: the product's own colour.
"""

from __future__ import annotations

import math

from kernels.compiled import inlined

KEY = (-0.4364357804719847, 0.4364357804719847, 0.7867957924694432)
"""Towards the key light, world axes of the shown pose: from the left, behind, above. Unit."""

_HALF = (-0.15811, -0.02887, 0.98700)  # between the key light and the eye: where the sheen sits
_KEY, _SKY, _GROUND, _SHEEN = 0.66, 0.40, 0.10, 0.10
_WRAP = 0.25  # the key light is a window, not a point: it reaches a little round the edge
_UP = _KEY * (KEY[2] + _WRAP) / (1.0 + _WRAP) + _SKY


@inlined
def brightness(x: float, y: float, z: float) -> float:
    """Of the unit normal (x, y, z) in the world of the shown pose; about 0.2 to 1.25."""
    key = max(0.0, (x * KEY[0] + y * KEY[1] + z * KEY[2] + _WRAP) / (1.0 + _WRAP))
    sky = 0.5 + 0.5 * z
    sheen = max(0.0, x * _HALF[0] + y * _HALF[1] + z * _HALF[2])
    for _ in range(4):
        sheen = sheen * sheen
    lit = _KEY * key + _SKY * sky * math.sqrt(sky) + _GROUND * (0.5 - 0.5 * z)
    return lit / _UP + _SHEEN * (sheen - 0.8)
