"""Sines, arctangents, exponentials and logarithms that give the same bits on every machine.

libm picks other code on other processors (shown with GLIBC_TUNABLES), so nothing that ships may come from it. These use
+ - * / and sqrt alone, which IEEE 754 fixes, with the polynomials of fdlibm (Sun Microsystems, 1993: s_sin, k_sin, k_cos, k_tan,
s_atan, e_asin, e_acos, e_exp, e_log). Below 1 ulp against mpmath in the ranges that each one names.

Two ways in: the short names (`sin`, `cos_degrees`...) are for kernels; the long ones (`sine`, `cosine_degrees`...) are
for Python, and take plain floats.
"""

from __future__ import annotations

import math

from kernels.compiled import inlined, kernel

_SPLIT = 134217729.0  # 2^27 + 1 (Veltkamp)

_INV_PIO2 = 6.36619772367581382433e-01
_PIO2_1, _PIO2_1T = 1.57079632673412561417e00, 6.07710050650619224932e-11  # the first 33 bits, and the rest
_PIO2_2, _PIO2_2T = 6.07710050630396597660e-11, 2.02226624879595063154e-21  # the next 33
_PIO2_3, _PIO2_3T = 2.02226624871116645580e-21, 8.47842766036889956997e-32  # the next 33
_RADIANS_LIMIT = 1.0e6  # n * _PIO2_k stays exact far beyond; angles this large are an error of the caller

_DEG, _DEG_LOW = 0.017453292519943295, 2.9486522708701687e-19  # pi / 180

_S1, _S2, _S3 = -1.66666666666666324348e-01, 8.33333333332248946124e-03, -1.98412698298579493134e-04
_S4, _S5, _S6 = 2.75573137070700676789e-06, -2.50507602534068634195e-08, 1.58969099521155010221e-10
_C1, _C2, _C3 = 4.16666666666666019037e-02, -1.38888888888741095749e-03, 2.48015872894767294178e-05
_C4, _C5, _C6 = -2.75573143513906633035e-07, 2.08757232129817482790e-09, -1.13596475577881948265e-11

_ATAN_HIGH = (4.63647609000806093515e-01, 7.85398163397448278999e-01, 9.82793723247329054082e-01, 1.57079632679489655800e00)
_ATAN_LOW = (2.26987774529616870924e-17, 3.06161699786838301793e-17, 1.39033110312309984516e-17, 6.12323399573676603587e-17)
_A0, _A1, _A2, _A3 = (
    3.33333333333329318027e-01,
    -1.99999999998764832476e-01,
    1.42857142725034663711e-01,
    -1.11111104054623557880e-01,
)
_A4, _A5, _A6, _A7 = (
    9.09088713343650656196e-02,
    -7.69187620504482999495e-02,
    6.66107313738753120669e-02,
    -5.83357013379057348645e-02,
)
_A8, _A9, _A10 = 4.97687799461593236017e-02, -3.65315727442169155270e-02, 1.62858201153657823623e-02

_P0, _P1, _P2 = 1.66666666666666657415e-01, -3.25565818622400915405e-01, 2.01212532134862925881e-01
_P3, _P4, _P5 = -4.00555345006794114027e-02, 7.91534994289814532176e-04, 3.47933107596021167570e-05
_Q1, _Q2, _Q3, _Q4 = (
    -2.40339491173441421878e00,
    2.02094576023350569471e00,
    -6.88283971605453293030e-01,
    7.70381505559019352791e-02,
)

_LN2_HIGH, _LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10
_INV_LN2 = 1.44269504088896338700e00
_E1, _E2, _E3 = 1.66666666666666019037e-01, -2.77777777770155933842e-03, 6.61375632143793436117e-05
_E4, _E5 = -1.65339022054652515390e-06, 4.13813679705723846039e-08
_L1, _L2, _L3, _L4 = 6.666666666666735130e-01, 3.999999999940941908e-01, 2.857142874366239149e-01, 2.222219843214978396e-01
_L5, _L6, _L7 = 1.818357216161805012e-01, 1.531383769920937332e-01, 1.479819860511658591e-01


@inlined
def _kernel_sin(x: float, tail: float) -> float:
    """sin(x + tail) for |x| <= pi/4."""
    z = x * x
    v = z * x
    r = _S2 + z * (_S3 + z * (_S4 + z * (_S5 + z * _S6)))
    return x - ((z * (0.5 * tail - v * r) - tail) - v * _S1)


@inlined
def _kernel_cos(x: float, tail: float) -> float:
    """cos(x + tail) for |x| <= pi/4."""
    z = x * x
    r = z * (_C1 + z * (_C2 + z * (_C3 + z * (_C4 + z * (_C5 + z * _C6)))))
    half = 0.5 * z
    w = 1.0 - half
    return w + (((1.0 - w) - half) + (z * r - x * tail))


@inlined
def _reduced(x: float) -> tuple[int, float, float]:
    """n, high, low with x = n * pi/2 + high + low, |high| <= pi/4; pi/2 in three parts of 33 bits and a tail."""
    n = math.floor(x * _INV_PIO2 + 0.5)
    f = float(n)
    first = x - f * _PIO2_1  # exact: 33 + 20 bits
    second = first - f * _PIO2_2
    lost = (first - second) - f * _PIO2_2
    third = second - f * _PIO2_3
    tail = f * _PIO2_3T - ((second - third) - f * _PIO2_3) - lost
    high = third - tail
    return int(n), high, (third - high) - tail


@inlined
def _two_product(a: float, b: float) -> tuple[float, float]:
    """a * b as an unevaluated sum of two floats (Dekker), without fused operations."""
    p = a * b
    t = _SPLIT * a
    a_high = t - (t - a)
    a_low = a - a_high
    t = _SPLIT * b
    b_high = t - (t - b)
    b_low = b - b_high
    return p, ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low


@inlined
def _reduced_degrees(x: float) -> tuple[int, float, float]:
    """n, high, low with x degrees = n * 90 degrees + (high + low) radians; the quarter turns are taken off exactly."""
    n = math.floor(x / 90.0 + 0.5)
    r = x - 90.0 * float(n)
    high, low = _two_product(r, _DEG)
    low += r * _DEG_LOW
    return int(n), high, low


@inlined
def _sin_quarter(n: int, high: float, low: float) -> float:
    quarter = n & 3
    if quarter == 0:
        return _kernel_sin(high, low)
    if quarter == 1:
        return _kernel_cos(high, low)
    if quarter == 2:
        return 0.0 - _kernel_sin(high, low)
    return 0.0 - _kernel_cos(high, low)


@inlined
def sin(x: float) -> float:
    """Sine of x radians; |x| <= 1e6, NaN beyond."""
    if not abs(x) <= _RADIANS_LIMIT:
        return math.nan
    n, high, low = _reduced(x)
    return _sin_quarter(n, high, low)


@inlined
def cos(x: float) -> float:
    """Cosine of x radians; |x| <= 1e6, NaN beyond."""
    if not abs(x) <= _RADIANS_LIMIT:
        return math.nan
    n, high, low = _reduced(x)
    return _sin_quarter(n + 1, high, low)


@inlined
def tan(x: float) -> float:
    """Tangent of x radians as sin / cos (below 2 ulp); |x| <= 1e6, NaN beyond."""
    return sin(x) / cos(x)


@inlined
def sin_degrees(x: float) -> float:
    """Sine of x degrees: exactly 0, 1, 0, -1 at multiples of 90; |x| <= 1e9, NaN beyond."""
    if not abs(x) <= 1.0e9:
        return math.nan
    n, high, low = _reduced_degrees(x)
    return _sin_quarter(n, high, low)


@inlined
def cos_degrees(x: float) -> float:
    """Cosine of x degrees: exactly 1, 0, -1, 0 at multiples of 90; |x| <= 1e9, NaN beyond."""
    if not abs(x) <= 1.0e9:
        return math.nan
    n, high, low = _reduced_degrees(x)
    return _sin_quarter(n + 1, high, low)


@inlined
def atan(x: float) -> float:
    """Arctangent, radians; NaN for NaN."""
    if math.isnan(x):
        return x
    a = abs(x)
    if a >= 1.0e19:
        return math.copysign(_ATAN_HIGH[3] + _ATAN_LOW[3], x)
    part = -1
    if a >= 2.4375:
        part, a = 3, -1.0 / a
    elif a >= 1.1875:
        part, a = 2, (a - 1.5) / (1.0 + 1.5 * a)
    elif a >= 0.6875:
        part, a = 1, (a - 1.0) / (a + 1.0)
    elif a >= 0.4375:
        part, a = 0, (2.0 * a - 1.0) / (2.0 + a)
    z = a * a
    w = z * z
    odd = z * (_A0 + w * (_A2 + w * (_A4 + w * (_A6 + w * (_A8 + w * _A10)))))
    even = w * (_A1 + w * (_A3 + w * (_A5 + w * (_A7 + w * _A9))))
    if part < 0:
        result = a - a * (odd + even)
    else:
        result = _ATAN_HIGH[part] - ((a * (odd + even) - _ATAN_LOW[part]) - a)
    return math.copysign(result, x)


@inlined
def atan2(y: float, x: float) -> float:
    """The angle of (x, y) in radians, in [-pi, pi]; 0 at the origin. Quarter turns are exact constants."""
    if math.isnan(x) or math.isnan(y):
        return math.nan
    if y == 0.0:
        return math.copysign(0.0, y) if x >= 0.0 else math.copysign(math.pi, y)
    if x == 0.0:
        return math.copysign(0.5 * math.pi, y)
    if math.isinf(x):
        if math.isinf(y):
            return math.copysign(0.25 * math.pi if x > 0.0 else 0.75 * math.pi, y)
        return math.copysign(0.0 if x > 0.0 else math.pi, y)
    z = atan(abs(y / x))
    if x < 0.0:
        z = math.pi - (z - 2.0 * _ATAN_LOW[3])
    return math.copysign(z, y)


@inlined
def _asin_ratio(t: float) -> float:
    p = t * (_P0 + t * (_P1 + t * (_P2 + t * (_P3 + t * (_P4 + t * _P5)))))
    q = 1.0 + t * (_Q1 + t * (_Q2 + t * (_Q3 + t * _Q4)))
    return p / q


@inlined
def _high_half(x: float) -> float:
    t = _SPLIT * x
    return t - (t - x)


@inlined
def asin(x: float) -> float:
    """Arcsine, radians; NaN outside [-1, 1]."""
    a = abs(x)
    if not a <= 1.0:
        return math.nan
    if a < 0.5:
        return x if a < 1.0e-9 else x + x * _asin_ratio(x * x)
    t = (1.0 - a) * 0.5
    s = math.sqrt(t)
    if a == 1.0:
        return math.copysign(0.5 * math.pi, x)
    r = _asin_ratio(t)
    w = _high_half(s)
    c = (t - w * w) / (s + w)
    p = 2.0 * s * r - (2.0 * _ATAN_LOW[3] * 0.5 - 2.0 * c)
    q = _ATAN_HIGH[1] - 2.0 * w
    return math.copysign(_ATAN_HIGH[1] - (p - q), x)


@inlined
def acos(x: float) -> float:
    """Arccosine, radians; NaN outside [-1, 1]."""
    if not abs(x) <= 1.0:
        return math.nan
    if x == 1.0:
        return 0.0
    if x == -1.0:
        return math.pi
    if abs(x) < 0.5:
        return _ATAN_HIGH[3] - (x - (_ATAN_LOW[3] - x * _asin_ratio(x * x)))
    if x < 0.0:
        z = (1.0 + x) * 0.5
        s = math.sqrt(z)
        return math.pi - 2.0 * (s + (_asin_ratio(z) * s - _ATAN_LOW[3]))
    z = (1.0 - x) * 0.5
    s = math.sqrt(z)
    w = _high_half(s)
    c = (z - w * w) / (s + w)
    return 2.0 * (w + (_asin_ratio(z) * s + c))


@inlined
def exp(x: float) -> float:
    """e to the x; inf above 709.78, 0 below -745.13."""
    if math.isnan(x):
        return x
    if x > 709.782712893383973096:
        return math.inf
    if x < -745.13321910194110842:
        return 0.0
    k = math.floor(x * _INV_LN2 + 0.5)
    high = x - float(k) * _LN2_HIGH
    low = float(k) * _LN2_LOW
    r = high - low
    t = r * r
    c = r - t * (_E1 + t * (_E2 + t * (_E3 + t * (_E4 + t * _E5))))
    return math.ldexp(1.0 - ((low - (r * c) / (2.0 - c)) - high), int(k))


@inlined
def log(x: float) -> float:
    """Natural logarithm; -inf at 0, NaN below."""
    if math.isnan(x) or x < 0.0:
        return math.nan
    if x == 0.0:
        return -math.inf
    if math.isinf(x):
        return x
    m, k = math.frexp(x)
    if m < 0.70710678118654752440:
        m *= 2.0
        k -= 1
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    w = z * z
    r = w * (_L2 + w * (_L4 + w * _L6)) + z * (_L1 + w * (_L3 + w * (_L5 + w * _L7)))
    half = 0.5 * f * f
    e = float(k)
    return e * _LN2_HIGH - ((half - (s * (half + r) + e * _LN2_LOW)) - f)


@kernel("float64(float64)")
def sine(x: float) -> float:
    """`sin` for Python: x in radians."""
    return sin(x)


@kernel("float64(float64)")
def cosine(x: float) -> float:
    """`cos` for Python: x in radians."""
    return cos(x)


@kernel("float64(float64)")
def tangent(x: float) -> float:
    """`tan` for Python: x in radians."""
    return tan(x)


@kernel("float64(float64)")
def sine_degrees(x: float) -> float:
    """`sin_degrees` for Python."""
    return sin_degrees(x)


@kernel("float64(float64)")
def cosine_degrees(x: float) -> float:
    """`cos_degrees` for Python."""
    return cos_degrees(x)


@kernel("float64(float64)")
def arctangent(x: float) -> float:
    """`atan` for Python."""
    return atan(x)


@kernel("float64(float64, float64)")
def arctangent2(y: float, x: float) -> float:
    """`atan2` for Python: y first."""
    return atan2(y, x)


@kernel("float64(float64)")
def arcsine(x: float) -> float:
    """`asin` for Python."""
    return asin(x)


@kernel("float64(float64)")
def arccosine(x: float) -> float:
    """`acos` for Python."""
    return acos(x)


@kernel("float64(float64)")
def exponential(x: float) -> float:
    """`exp` for Python."""
    return exp(x)


@kernel("float64(float64)")
def logarithm(x: float) -> float:
    """`log` for Python."""
    return log(x)
