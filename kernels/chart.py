"""A chart evaluated: every distinct coordinate of a mesh as a polynomial of a few numbers, onto the lattice, in fixed order.

Bodies are made one or many at a time: what is read for one is at hand for the next, and each is the same to the last bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from kernels.compiled import inlined, kernel

BLOCK = 1024
"""Columns at a time: they and their coefficients stay in the nearest cache."""
FINER = 1e6
"""Noise of the coefficients must not decide a tie: a coordinate is first rounded to a millionth of a step."""


@kernel("void(float64[:,::1], float64[::1], float32[:,::1], int16[:,::1], float32[:,::1], float64[:,::1])", writes=("columns",))
def columns_at(z: Any, base: Any, linear: Any, terms: Any, high: Any, columns: Any) -> None:
    """columns (b, u) mm of the bodies at z (b, d): base (u,) + z times linear (d, u); the first of them, high.shape[1] many, also have
    products of up to four of z, terms (t, 4; -1: none), times high (t, h). O(b (u d + h t)), sums term by term.
    """
    for start in range(0, len(base), BLOCK):
        stop = min(start + BLOCK, len(base))
        first = base[start:stop]
        for body in range(len(z)):
            row = columns[body, start:stop]
            for k in range(len(row)):
                row[k] = first[k]
            for t in range(z.shape[1]):
                if z[body, t] != 0.0:
                    _add(z[body, t], linear[t, start:stop], row)
    for body in range(len(z)):
        for t in range(len(terms)):
            a = _product(z[body], terms[t])
            if a != 0.0:
                _add(a, high[t], columns[body])


@inlined
def _add(a: float, more: Any, row: Any) -> None:
    """a times more (h,) onto the first of row."""
    for k in range(len(more)):
        row[k] += a * more[k]


@inlined
def _product(z: Any, term: Any) -> float:
    a = 1.0
    for k in range(4):
        if term[k] >= 0:
            a *= z[term[k]]
    return a


@kernel(
    "void(float64[:,::1], int32[:,::1], int32[:,::1], float64, float64, float64[:,:,::1], boolean[::1])",
    writes=("columns", "points", "sound"),
)
def laid(columns: Any, nodes: Any, faces: Any, steps_per_mm: float, most: float, points: Any, sound: Any) -> None:
    """points (b, n, 3) mm: the columns (b, u) that each node (n, 3) has, on the nearest step; and so are the columns then.

    sound (b,): is no column farther out than `most` mm, and has each of these faces (f, 3) an area? Else the points are of no use.
    O(b (u + n + f)). `most` below 100 m, so that differences of steps multiply within int64; at most 2^14 steps a mm, a whole number.
    """
    coarse = _leading(1.0 / steps_per_mm)
    fine = (1.0 - coarse * steps_per_mm) / steps_per_mm
    for body in range(len(columns)):
        row = columns[body]
        beyond = 0
        for k in range(len(row)):
            beyond += not abs(row[k]) <= most
            row[k] = _step(row[k], steps_per_mm * FINER)
        sound[body] = beyond == 0 and not _any_flat(row, nodes, faces)
        for k in range(len(row)):
            row[k] = row[k] * coarse + row[k] * fine
    last = len(columns) - 1
    for body in range(0, last, 2):
        one, two = columns[body], columns[body + 1]
        for i in range(len(nodes)):  # two at a time: where their columns stand is read once
            for k in range(3):
                points[body, i, k] = _at(one, nodes, i, k)
                points[body + 1, i, k] = _at(two, nodes, i, k)
    if last % 2 == 0:
        one = columns[last]
        for i in range(len(nodes)):
            for k in range(3):
                points[last, i, k] = _at(one, nodes, i, k)


MAGIC = 6755399441055744.0
"""1.5 * 2^52: adding it and taking it away rounds to the nearest integer, to even at a tie, as np.rint does; up to 2^51."""
SPLIT = 1073741825.0
"""2^30 + 1: of a product with it, what leaves a number's leading 23 bits."""


@inlined
def _even(x: float) -> float:
    return (x + MAGIC) - MAGIC


@inlined
def _step(x: float, finer: float) -> float:
    """The step nearest to x mm, of which `finer` / FINER make one mm; up to 10^9.

    A division is most of what this would cost. As a float, 1 / FINER errs by less than 2^-54 of itself: a quotient that is a float, as a
    tie is, comes out exact, and any other is off by less than a fifth of a millionth, while it is a millionth away from a tie.
    """
    return _even(_even(x * finer) * (1.0 / FINER))


@inlined
def _leading(x: float) -> float:
    """The leading 23 bits of x: with a number below 2^30 they multiply exactly.

    And then step * leading + step * rest is step * x correctly rounded, where x is 1 over a whole number n up to 2^14: it errs by 2^-75 of
    itself before its one rounding, and no step / n lies within 2^-68 of halfway between two floats.
    """
    much = x * SPLIT
    return much - (much - x)


@inlined
def _at(columns: Any, nodes: Any, node: Any, axis: int) -> float:
    """A node's coordinate. Unsigned places: what might be negative is looked at once more, each time."""
    found: float = columns[np.uint32(nodes[node, axis])]
    return found


@inlined
def _any_flat(steps: Any, nodes: Any, faces: Any) -> bool:
    """Has one of these faces no area, where the columns are these steps (u,)?"""
    for face in range(len(faces)):
        a, b, c = np.uint32(faces[face, 0]), np.uint32(faces[face, 1]), np.uint32(faces[face, 2])
        x, y, z = _at(steps, nodes, a, 0), _at(steps, nodes, a, 1), _at(steps, nodes, a, 2)
        ux, uy, uz = _at(steps, nodes, b, 0) - x, _at(steps, nodes, b, 1) - y, _at(steps, nodes, b, 2) - z
        vx, vy, vz = _at(steps, nodes, c, 0) - x, _at(steps, nodes, c, 1) - y, _at(steps, nodes, c, 2) - z
        if _aligned(ux, uy, uz, vx, vy, vz):
            return True
    return False


@inlined
def _aligned(ux: float, uy: float, uz: float, vx: float, vy: float, vz: float) -> bool:
    """Are two vectors parallel? Differences of steps are exact floats, and where their rounded products differ, so do the exact ones: only
    where none differs must integers tell."""
    if uy * vz != uz * vy or uz * vx != ux * vz or ux * vy != uy * vx:
        return False
    i, j, k, p, q, r = int(ux), int(uy), int(uz), int(vx), int(vy), int(vz)
    return j * r == k * q and k * p == i * r and i * q == j * p


NOISE = 1.01
"""Steps: by so much the difference of two coordinates of a body may be off what its family says. A step for the rounding of both; the rest
is for the errors of floats on the way, here and there."""


@kernel("void(float64[:,::1], float64[:,:,::1], int32[:,::1], boolean[::1])", writes=("sure",))
def never_flat(middle: Any, motions: Any, faces: Any, sure: Any) -> None:
    """sure (m,): has a face (m, 3) an area on the lattice in each body of a family, whose points lie within middle (n, 3) steps and as
    far to both sides as all motions (k, n, 3) together? No sum of such sizes is greater than 10^10. O(m k).

    Seen from one corner or another, one component of its normal is always above 0, or always below, by the intervals of its factors.
    """
    ends = np.empty((2, 3, 2))
    for face in range(len(faces)):
        sure[face] = False
        for corner in range(3):
            at = faces[face, corner]
            for side in range(2):
                to = faces[face, (corner + 1 + side) % 3]
                for axis in range(3):
                    wide = NOISE
                    for k in range(len(motions)):
                        wide += abs(motions[k, to, axis] - motions[k, at, axis])
                    ends[side, axis, 0] = middle[to, axis] - middle[at, axis] - wide
                    ends[side, axis, 1] = middle[to, axis] - middle[at, axis] + wide
            for axis in range(3):
                i, j = (axis + 1) % 3, (axis + 2) % 3
                least, most = _product_of(ends[0, i], ends[1, j])
                low, high = _product_of(ends[0, j], ends[1, i])
                if least > high or most < low:
                    sure[face] = True
            if sure[face]:
                break


@inlined
def _product_of(a: Any, b: Any) -> tuple[float, float]:
    """Between which ends the product of two intervals (2,) lies."""
    p, q, r, s = a[0] * b[0], a[0] * b[1], a[1] * b[0], a[1] * b[1]
    return min(min(p, q), min(r, s)), max(max(p, q), max(r, s))


@kernel("float64(float64[::1], int32[::1], float64[:,::1])")
def away(q: Any, pivots: Any, relation: Any) -> float:
    """How far the worst of q (n,) lies from where its pivots (d,) put it by relation (n, d); NaN where one is none. O(n d)."""
    worst = 0.0
    for i in range(len(q)):
        at = 0.0
        for k in range(len(pivots)):
            at += relation[i, k] * q[pivots[k]]
        off: float = abs(q[i] - at)
        if off != off:
            return off
        worst = max(worst, off)
    return worst
