"""kernels/portable.py against mpmath, and its exact values."""

from __future__ import annotations

import hashlib
import math
import random
import struct
from collections.abc import Callable

import mpmath
import pytest

from kernels import portable


def _worst_ulp(ours: Callable[[float], float], truth: Callable[[mpmath.mpf], mpmath.mpf], inputs: list[float]) -> float:
    with mpmath.workprec(200):
        worst = 0.0
        for x in inputs:
            expected = truth(mpmath.mpf(x))
            worst = max(worst, float(abs(mpmath.mpf(ours(x)) - expected) / math.ulp(float(expected))))
    return worst


def _uniform(low: float, high: float, n: int = 1500) -> list[float]:
    draw = random.Random(f"{low}{high}")
    return [draw.uniform(low, high) for _ in range(n)]


NEAR_QUARTERS = [k * math.pi / 2 * (1 + e) for k in range(-200, 201) if k for e in (0, 2.3e-16, -2.3e-16)]
RADIANS = _uniform(-10, 10) + _uniform(-1e6, 1e6) + NEAR_QUARTERS + [10.0**-k for k in range(1, 300, 7)]
DEGREES = _uniform(-720, 720) + [float(k) for k in range(-720, 721) if k % 90] + [k + 1e-9 for k in range(360)]
RATIOS = _uniform(-1, 1) + [1 - 10.0**-k for k in range(1, 16)] + [10.0**-k - 1 for k in range(1, 16)] + [1e-12, 0.5, -0.5]


@pytest.mark.parametrize(
    ("ours", "truth", "inputs", "limit"),
    [
        (portable.sine, mpmath.sin, RADIANS, 0.9),
        (portable.cosine, mpmath.cos, RADIANS, 0.9),
        (portable.tangent, mpmath.tan, RADIANS, 2.5),
        (portable.sine_degrees, lambda d: mpmath.sin(d * mpmath.pi / 180), DEGREES, 0.9),
        (portable.cosine_degrees, lambda d: mpmath.cos(d * mpmath.pi / 180), DEGREES, 0.9),
        (portable.arctangent, mpmath.atan, _uniform(-6, 6) + [10.0**k for k in range(-30, 30)], 0.9),
        (portable.arcsine, mpmath.asin, RATIOS, 0.9),
        (portable.arccosine, mpmath.acos, RATIOS, 0.9),
        (portable.exponential, mpmath.exp, _uniform(-700, 700) + _uniform(-1, 1), 0.9),
        (portable.logarithm, mpmath.log, _uniform(0.3, 3) + [10.0**k for k in range(-300, 300, 3) if k], 0.9),
    ],
    ids=["sin", "cos", "tan", "sin_degrees", "cos_degrees", "atan", "asin", "acos", "exp", "log"],
)
def test_against_mpmath(
    ours: Callable[[float], float], truth: Callable[[mpmath.mpf], mpmath.mpf], inputs: list[float], limit: float
) -> None:
    assert _worst_ulp(ours, truth, inputs) < limit


def test_arctangent2_against_mpmath() -> None:
    draw = random.Random(7)
    with mpmath.workprec(200):
        for _ in range(3000):
            y, x = (draw.uniform(-1, 1) * 10 ** draw.uniform(-3, 3) for _ in range(2))
            expected = mpmath.atan2(y, x)
            assert abs(portable.arctangent2(y, x) - expected) < 1.3 * math.ulp(float(expected))


def test_quarter_turns_are_exact() -> None:
    for k in range(-40, 41):
        assert portable.sine_degrees(90.0 * k) == (0, 1, 0, -1)[k % 4]
        assert portable.cosine_degrees(90.0 * k) == (1, 0, -1, 0)[k % 4]
    assert portable.sine_degrees(30.0) == portable.cosine_degrees(60.0) == 0.5


def test_special_values_are_libm_s() -> None:
    inf, nan = math.inf, math.nan
    for y in (0.0, -0.0, 1.0, -1.0, inf, -inf):
        for x in (1.0, -1.0, inf, -inf) if y == 0.0 else (0.0, -0.0, 1.0, -1.0, inf, -inf):
            assert abs(portable.arctangent2(y, x) - math.atan2(y, x)) < 1e-15
            assert math.copysign(1, portable.arctangent2(y, x)) == math.copysign(1, math.atan2(y, x))
    assert portable.exponential(1000.0) == inf and portable.exponential(-1000.0) == 0.0 and portable.exponential(0.0) == 1.0
    assert portable.logarithm(0.0) == -inf and portable.logarithm(1.0) == 0.0 and portable.logarithm(inf) == inf
    assert portable.arccosine(1.0) == 0.0 and portable.arccosine(-1.0) == math.pi and portable.arcsine(1.0) == math.pi / 2
    for name in [
        "sine",
        "cosine",
        "sine_degrees",
        "cosine_degrees",
        "arctangent",
        "arcsine",
        "arccosine",
        "exponential",
        "logarithm",
    ]:
        assert math.isnan(getattr(portable, name)(nan)), name
    for out_of_range in (
        portable.arcsine(1.1),
        portable.arccosine(-1.1),
        portable.logarithm(-1.0),
        portable.sine(1e7),
        portable.cosine(inf),
    ):
        assert math.isnan(out_of_range)


def test_a_wrong_part_of_half_pi_would_be_seen() -> None:
    """The check is worth something: pi/2 in one part alone is far off near its multiples."""
    naive = _worst_ulp(lambda x: math.sin(x - round(x / (math.pi / 2)) * (math.pi / 2)), lambda x: abs(mpmath.sin(x)), [355.0])
    assert naive > 100
    assert _worst_ulp(portable.sine, mpmath.sin, [355.0]) < 0.9


def test_the_bits_are_these_on_every_machine() -> None:
    """A digest over all functions: it must not change with processor, compiler or interpreter."""
    digest = hashlib.sha256()
    for i in range(2000):
        x = (i - 1000) * 0.37
        for value in (
            portable.sine(x), portable.cosine(x), portable.sine_degrees(x), portable.cosine_degrees(x), portable.arctangent(x),
            portable.arctangent2(x, 3.7), portable.arcsine(x / 370), portable.arccosine(x / 370), portable.exponential(x),
            portable.logarithm(abs(x) + 0.01),
        ):  # fmt: skip
            digest.update(struct.pack("<d", value))
    assert digest.hexdigest() == DIGEST


DIGEST = "c8f6115fb136ae1764c75995270b76c58fd392d80c69373bdd2e4e210a14912b"
