"""A chart evaluated: every distinct coordinate of a mesh as a polynomial of a few numbers, onto the lattice, in fixed order."""

from __future__ import annotations

from typing import Any

from kernels.compiled import inlined, kernel

BLOCK = 2048
"""Columns at a time: they and their coefficients stay in the nearest cache."""
FINER = 1e6
"""Noise of the coefficients must not decide a tie: a coordinate is first rounded to a millionth of a step."""


@kernel("void(float64[::1], float64[::1], float32[:,::1], int16[:,::1], float32[:,::1], float64[::1])", writes=("columns",))
def columns_at(z: Any, base: Any, linear: Any, terms: Any, high: Any, columns: Any) -> None:
    """columns (u,) mm at z (d,): base (u,) + z times linear (d, u); the first of them, high.shape[1] many, also have products of up
    to four of z, terms (t, 4; -1: none), times high (t, h). O(u d + h t), sums term by term.
    """
    d, u, h = len(z), len(base), high.shape[1]
    for start in range(0, u, BLOCK):
        stop = min(start + BLOCK, u)
        for k in range(start, stop):
            columns[k] = base[k]
        for t in range(d):
            a = z[t]
            if a != 0.0:
                for k in range(start, stop):
                    columns[k] += a * linear[t, k]
    for t in range(len(terms)):
        a = _product(z, terms, t)
        if a != 0.0:
            for k in range(h):
                columns[k] += a * high[t, k]


@inlined
def _product(z: Any, terms: Any, t: int) -> float:
    a = 1.0
    for k in range(4):
        if terms[t, k] >= 0:
            a *= z[terms[t, k]]
    return a


@kernel(
    "int64(float64[::1], int32[:,::1], int32[:,::1], float64, int32[::1], int32[:,::1], float64[:,::1])",
    writes=("columns", "steps", "lattice", "points"),
)
def laid(columns: Any, nodes: Any, faces: Any, steps_per_mm: float, steps: Any, lattice: Any, points: Any) -> int:
    """lattice (n, 3): the columns (u,) that each node (n, 3) has, rounded to steps (u,); points (n, 3): the same in mm, and so are the
    columns then. Returns the first face without an area, or -1. O(u + n + m).

    Coordinates below 100 m: three differences multiply within int64.
    """
    for k in range(len(columns)):
        steps[k] = int(_even(_even(columns[k] * (steps_per_mm * FINER)) / FINER))
    for k in range(len(columns)):
        columns[k] = steps[k] / steps_per_mm
    for i in range(len(nodes)):
        for k in range(3):
            lattice[i, k] = steps[nodes[i, k]]
            points[i, k] = columns[nodes[i, k]]
    for row in range(len(faces)):
        a, b, c = faces[row, 0], faces[row, 1], faces[row, 2]
        if _flat(lattice[a], lattice[b], lattice[c]):
            return row
    return -1


@inlined
def _flat(a: Any, b: Any, c: Any) -> bool:
    """Do three points (3,) lie on one line?"""
    ux, uy, uz = int(b[0]) - a[0], int(b[1]) - a[1], int(b[2]) - a[2]
    vx, vy, vz = int(c[0]) - a[0], int(c[1]) - a[1], int(c[2]) - a[2]
    return bool(uy * vz == uz * vy and uz * vx == ux * vz and ux * vy == uy * vx)


MAGIC = 6755399441055744.0
"""1.5 * 2^52: adding it and taking it away rounds to the nearest integer, to even at a tie, as np.rint does; up to 2^51."""


@inlined
def _even(x: float) -> float:
    return (x + MAGIC) - MAGIC


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
