"""Triangles and one planar polygon onto a depth buffer, by spans: a sliver costs its rows, never its bounding box.

A buffer covers the samples [y0, y1) x [x0, x1) of the picture, `window` = (y0, x0, y1, x1); sample (i, j) sits at
(j + 0.5, i + 0.5). Seen coordinates: x right, y down, z towards the viewer. A sample belongs to a face when its edges' x at
that row, computed from the upper end, enclose it (half open), so faces that share an edge leave no gap and no overlap.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel

Floats = npt.NDArray[np.float64]
Singles = npt.NDArray[np.float32]
Faces = npt.NDArray[np.int32]
Bytes = npt.NDArray[np.uint8]
Window = npt.NDArray[np.int64]

_LONG = 24  # samples: a span of these is drawn by vector code, and needs no clamp: its slope is the sum of many samples
FILLED = 128
"""Set in the owner of a sample that `rasterise_plane` drew."""


@inlined
def _within(value: float, low: int, high: int) -> int:
    """ceil(value - 0.5) clipped to low..high, safe for what no integer holds."""
    return math.ceil(min(max(value - 0.5, float(low)), float(high)))


@inlined
def _long_span(
    z0: np.float32,
    zx: np.float32,
    l0: np.float32,
    lx: np.float32,
    who: int,
    count: int,
    depth: Singles,
    light: Singles,
    owner: Bytes,
) -> None:
    """The first `count` samples of these rows: all are written, so that vector code can be made of it."""
    for j in range(count):
        z = z0 + zx * np.float32(j)
        nearer = z > depth[j]
        depth[j] = z if nearer else depth[j]
        light[j] = l0 + lx * np.float32(j) if nearer else light[j]
        owner[j] = who if nearer else owner[j]


@kernel(
    "void(float64[:,::1], int32[:,::1], int64, int64, float32[:,::1], uint8, int64[::1],"
    " float32[:,::1], float32[:,::1], uint8[:,::1])",
    writes=("depth", "light", "owner"),
)
def rasterise(
    seen: Floats,
    faces: Faces,
    first: int,
    last: int,
    corner: Singles,
    who: int,
    window: Window,
    depth: Singles,
    light: Singles,
    owner: Bytes,
) -> None:
    """Draw faces[first:last] that look at the viewer where they are nearer than `depth`.

    seen (n, 3), faces (m, 3), corner (m, 3) brightness of the corners; depth, light, owner: the window's samples.
    """
    y0, x0, y1, x1 = window[0], window[1], window[2], window[3]
    least, most = float(x0), float(x1)
    starts, ends = np.empty(max(y1 - y0, 0), np.int32), np.empty(max(y1 - y0, 0), np.int32)
    for f in range(first, last):
        a, b, c = faces[f, 0], faces[f, 1], faces[f, 2]
        ax, ay, az = seen[a, 0], seen[a, 1], seen[a, 2]
        bx, by, bz = seen[b, 0], seen[b, 1], seen[b, 2]
        cx, cy, cz = seen[c, 0], seen[c, 1], seen[c, 2]
        area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax)
        if not (-1e15 < area < 0.0):  # away from the viewer, edge-on, or no number
            continue
        i0 = _within(min(ay, by, cy), y0, y1)
        i1 = _within(max(ay, by, cy), y0, y1)
        if i0 >= i1 or _within(min(ax, bx, cx), x0, x1) >= _within(max(ax, bx, cx), x0, x1):
            continue  # no row, or no column, has its centre in the face
        la, lb, lc = corner[f, 0], corner[f, 1], corner[f, 2]
        share = 1.0 / area
        zx = ((bz - az) * (cy - ay) - (by - ay) * (cz - az)) * share
        zy = ((bx - ax) * (cz - az) - (bz - az) * (cx - ax)) * share
        lx = ((lb - la) * (cy - ay) - (by - ay) * (lc - la)) * share
        ly = ((bx - ax) * (lc - la) - (lb - la) * (cx - ax)) * share
        z_low, z_high = min(az, bz, cz), max(az, bz, cz)
        l_low, l_high = min(la, lb, lc), max(la, lb, lc)
        # top, middle, bottom
        tx, ty, mx, my, ux, uy = ax, ay, bx, by, cx, cy
        if my < ty:
            tx, ty, mx, my = mx, my, tx, ty
        if uy < my:
            mx, my, ux, uy = ux, uy, mx, my
            if my < ty:
                tx, ty, mx, my = mx, my, tx, ty
        slope = (ux - tx) / (uy - ty)
        upper = (mx - tx) / (my - ty) if my > ty else 0.0
        lower = (ux - mx) / (uy - my) if uy > my else 0.0
        z_start = az + zx * (0.5 - ax) - zy * ay
        l_start = la + lx * (0.5 - ax) - ly * ay
        # Most faces are tall slivers that meet few samples: their rows' ends first, in vector code.
        for k in range(i1 - i0):
            y = i0 + 0.5 + k
            one = tx + (y - ty) * slope
            above, below = tx + (y - ty) * upper, mx + (y - my) * lower
            two = above if y < my else below
            starts[k] = np.int32(math.ceil(min(max(min(one, two) - 0.5, least), most)))
            ends[k] = np.int32(math.ceil(min(max(max(one, two) - 0.5, least), most)))
        for i in range(i0, i1):
            j0, j1 = int(starts[i - i0]), int(ends[i - i0])
            if j0 >= j1:
                continue
            y = i + 0.5
            z_row = z_start + zy * y
            l_row = l_start + ly * y
            if j1 - j0 < _LONG:
                for j in range(j0, j1):
                    z = np.float32(min(max(z_row + zx * j, z_low), z_high))
                    if z > depth[i - y0, j - x0]:
                        depth[i - y0, j - x0] = z
                        light[i - y0, j - x0] = np.float32(min(max(l_row + lx * j, l_low), l_high))
                        owner[i - y0, j - x0] = who
            else:
                _long_span(
                    np.float32(z_row + zx * j0), np.float32(zx), np.float32(l_row + lx * j0), np.float32(lx), who, j1 - j0,
                    depth[i - y0, j0 - x0 :], light[i - y0, j0 - x0 :], owner[i - y0, j0 - x0 :],
                )  # fmt: skip


@kernel(
    "void(float64[:,::1], int32[:,::1], float64[::1], float32, uint8, int64[::1], float32[:,::1], float32[:,::1], uint8[:,::1])",
    writes=("depth", "light", "owner"),
)
def rasterise_plane(
    seen: Floats,
    rim: Faces,
    plane: Floats,
    bright: np.float32,
    who: int,
    window: Window,
    depth: Singles,
    light: Singles,
    owner: Bytes,
) -> None:
    """Draw the planar polygon that the edges rim (k, 2) bound (holes too, in any order), in one brightness.

    Its samples' owner is who | FILLED. plane (3,): its depth is plane[0] + plane[1] x + plane[2] y. Inside is where an odd number of edges lies to the left.
    """
    y0, x0, y1, x1 = window[0], window[1], window[2], window[3]
    first, last, left, right = y1, y0, x1, x0
    for e in range(rim.shape[0]):
        i, j = _within(seen[rim[e, 0], 1], y0, y1), _within(seen[rim[e, 0], 0], x0, x1)
        first, last = min(first, i), max(last, i)
        left, right = min(left, j), max(right, j)
    if first >= last or left >= right:
        return
    start = np.zeros(last - first + 1, np.int64)
    for e in range(rim.shape[0]):
        ty, uy = seen[rim[e, 0], 1], seen[rim[e, 1], 1]
        for i in range(_within(min(ty, uy), first, last), _within(max(ty, uy), first, last)):
            start[i - first + 1] += 1
    for i in range(last - first):
        start[i + 1] += start[i]
    crossed = np.empty(start[last - first], np.int64)
    fill = start.copy()
    for e in range(rim.shape[0]):
        tx, ty = seen[rim[e, 0], 0], seen[rim[e, 0], 1]
        ux, uy = seen[rim[e, 1], 0], seen[rim[e, 1], 1]
        if uy < ty:
            tx, ty, ux, uy = ux, uy, tx, ty
        for i in range(_within(ty, first, last), _within(uy, first, last)):
            crossed[fill[i - first]] = _within(tx + (i + 0.5 - ty) * ((ux - tx) / (uy - ty)), left, right)
            fill[i - first] += 1
    for i in range(first, last):
        low, high = start[i - first], start[i - first + 1]
        for k in range(low + 1, high):  # a handful: sorted by insertion
            j, at = crossed[k], k
            while at > low and crossed[at - 1] > j:
                crossed[at] = crossed[at - 1]
                at -= 1
            crossed[at] = j
        row = plane[0] + plane[2] * (i + 0.5) + plane[1] * 0.5
        for k in range(low, high - 1, 2):
            j0, j1 = crossed[k], crossed[k + 1]
            if j0 < j1:
                _long_span(
                    np.float32(row + plane[1] * j0), np.float32(plane[1]), bright, np.float32(0.0), who | FILLED, j1 - j0,
                    depth[i - y0, j0 - x0 :], light[i - y0, j0 - x0 :], owner[i - y0, j0 - x0 :],
                )  # fmt: skip


@kernel("void(uint8[:,::1], float32[:,::1])", writes=("depth",))
def open_filled(owner: Bytes, depth: Singles) -> None:
    """Put what `rasterise_plane` drew out of reach, so that the real faces show, before or behind its plane."""
    for i in range(owner.shape[0]):
        for j in range(owner.shape[1]):
            if owner[i, j] & FILLED:
                depth[i, j] = np.float32(-1e30)


@kernel("void(float32[:,::1], float64[::1], int64[::1])", writes=("depth",))
def clear(depth: Singles, plane: Floats, window: Window) -> None:
    """depth of the window's samples = that of the ground, plane[0] + plane[1] x + plane[2] y."""
    for i in range(depth.shape[0]):
        row = plane[0] + plane[2] * (window[0] + i + 0.5) + plane[1] * (window[1] + 0.5)
        for j in range(depth.shape[1]):
            depth[i, j] = np.float32(row + plane[1] * j)
