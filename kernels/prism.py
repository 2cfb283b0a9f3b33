"""The points and walls of a prism over closed loops: what joins the rim of a pocket, or of raised letters, to their floor."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernels.compiled import inlined, kernel


@kernel(
    "void(int32[:,::1], int32[::1], float64[:,::1], float64, float64, float64, float64[:,::1], int64, int32[:,::1], int64)",
    writes=("points", "faces"),
)
def prism(
    loops: npt.NDArray[np.int32],
    ends: npt.NDArray[np.int32],
    frame: npt.NDArray[np.float64],
    rim: float,
    floor: float,
    unit: float,
    points: npt.NDArray[np.float64],
    first: int,
    faces: npt.NDArray[np.int32],
    row: int,
) -> None:
    """Two levels of points and the walls between them.

    loops (n, 2), ends: in steps of the frame, interior on the left of every edge. frame (4, 3): origin in steps, x, y, normal.
    Fills points[first : first + 2 n] with (origin + x u + y v + normal level) / unit, level `rim` first, then `floor`, and
    faces[row : row + 2 n]; they look away from the loops' interior where the floor lies above the rim, into it where below.
    """
    n = loops.shape[0]
    for k in range(3):
        for i in range(n):
            flat = frame[0, k] + frame[1, k] * loops[i, 0] + frame[2, k] * loops[i, 1]
            points[first + i, k] = (flat + frame[3, k] * rim) / unit
            points[first + n + i, k] = (flat + frame[3, k] * floor) / unit
    _walls(ends, first, n, faces, row)


@inlined
def _walls(ends, first, n, faces, row) -> None:  # type: ignore[no-untyped-def]
    """Two triangles for each edge of the loops, between their points from row `first` and those n rows further on."""
    begin = 0
    for h in range(ends.shape[0]):
        end = ends[h]
        for i in range(begin, end):
            a = first + i
            b = first + (i + 1 if i + 1 < end else begin)
            r = row + 2 * i
            faces[r, 0], faces[r, 1], faces[r, 2] = a, b, b + n
            faces[r + 1, 0], faces[r + 1, 1], faces[r + 1, 2] = a, b + n, a + n
        begin = end


@kernel("void(int32[::1], int64, int64, int32[:,::1], int64)", writes=("faces",))
def fence(ends: npt.NDArray[np.int32], first: int, beyond: int, faces: npt.NDArray[np.int32], row: int) -> None:
    """The walls of `prism` alone, between points that are there: of the rim from row `first`, of the floor `beyond` rows on."""
    _walls(ends, first, beyond, faces, row)


@kernel(
    "void(int32[::1], int32[::1], int32[::1], float64[::1], int32[::1], int32[::1], float64[::1], int32[:,::1], int64)",
    writes=("faces",),
)
def panels(
    ends: npt.NDArray[np.int32],
    rim: npt.NDArray[np.int32],
    rim_start: npt.NDArray[np.int32],
    rim_part: npt.NDArray[np.float64],
    foot: npt.NDArray[np.int32],
    foot_start: npt.NDArray[np.int32],
    foot_part: npt.NDArray[np.float64],
    faces: npt.NDArray[np.int32],
    row: int,
) -> None:
    """The walls of a prism sunk from a rim to a foot whose edges are broken at different places.

    ends: of loops with n corners. Corner i of either side is its point `start[i]`, and the points up to `start[i + 1]` (the last of
    n + 1 is their count) lie on the edge to the next corner, each at `part`, 0 to 1, of it. rim, foot: rows in the mesh. Fills
    faces[row : row + len(rim) + len(foot)]: one triangle for each stretch of either side, in the order of the parts.
    """
    begin, r = 0, row
    for h in range(ends.shape[0]):
        end = ends[h]
        for i in range(begin, end):
            j = i + 1 if i + 1 < end else begin
            a, a_end, b, b_end = rim_start[i], rim_start[i + 1], foot_start[i], foot_start[i + 1]
            p, q = rim[a], foot[b]
            while a < a_end or b < b_end:
                a_part = rim_part[a + 1] if a + 1 < a_end else 1.0
                b_part = foot_part[b + 1] if b + 1 < b_end else 1.0
                if a < a_end and (b >= b_end or a_part < b_part):
                    a += 1
                    following = rim[a] if a < a_end else rim[rim_start[j]]
                    faces[r, 0], faces[r, 1], faces[r, 2] = p, following, q
                    p = following
                else:
                    b += 1
                    following = foot[b] if b < b_end else foot[foot_start[j]]
                    faces[r, 0], faces[r, 1], faces[r, 2] = p, following, q
                    q = following
                r += 1
        begin = end
