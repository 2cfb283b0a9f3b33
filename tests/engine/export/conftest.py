"""Stand-in solids for the writers: no template, no CAD."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from engine.export.identity import Identity, order_uuid
from engine.model.mesh import Kept, Mesh, Part, Pose, Settled

Rows = npt.NDArray[np.int32]
_OCTAHEDRON = (
    [[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]],
    [[0, 2, 4], [2, 1, 4], [1, 3, 4], [3, 0, 4]],
)


def ball_rows(times: int, radius_mm: float = 20.0) -> tuple[Rows, Rows]:
    """A sphere standing on z = 0: an octahedron split `times` times, 8 * 4^times faces."""
    points = [tuple(float(v) for v in p) for p in _OCTAHEDRON[0]]
    faces = [tuple(f) for f in _OCTAHEDRON[1]] + [(b, a, 5) for a, b, _ in _OCTAHEDRON[1]]
    for _ in range(times):
        middle: dict[tuple[int, int], int] = {}

        def between(a: int, b: int, middle: dict[tuple[int, int], int] = middle) -> int:
            edge = (min(a, b), max(a, b))
            if edge not in middle:
                middle[edge] = len(points)
                points.append(tuple((points[a][k] + points[b][k]) / 2 for k in range(3)))
            return middle[edge]

        split = []
        for a, b, c in faces:
            ab, bc, ca = between(a, b), between(b, c), between(c, a)
            split += [(a, ab, ca), (ab, b, bc), (ca, bc, c), (ab, bc, ca)]
        faces = split
    unit = np.array(points)
    unit /= np.sqrt((unit**2).sum(axis=1))[:, None]
    lattice = np.round(unit * radius_mm * 10_000).astype(np.int32)
    lattice[:, 2] += round(radius_mm * 10_000)
    return lattice, np.array(faces, dtype=np.int32)


def cube_rows(side_mm: float = 10.0) -> tuple[Rows, Rows]:
    """A cube on z = 0, twelve faces."""
    lattice = np.array([[x, y, z] for z in (0, 1) for y in (0, 1) for x in (0, 1)]) * round(side_mm * 10_000)
    quads = [(0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (2, 6, 7, 3), (0, 4, 6, 2), (1, 3, 7, 5)]
    faces = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    return lattice.astype(np.int32), np.array(faces, dtype=np.int32)


def settle(rows: tuple[Rows, Rows], name: str = "body", kept: Kept | None = None, **part: object) -> Settled:
    """A settled part of these rows, as it is."""
    lattice, faces = (np.ascontiguousarray(r, dtype=np.int32) for r in rows)
    lattice.flags.writeable = False
    faces.flags.writeable = False
    pose = part.pop("pose", Pose())
    assert isinstance(pose, Pose)
    return Settled(Part(name, Mesh(lattice / 1e4, faces)).changed(**part), pose, lattice, faces, kept)


@pytest.fixture(scope="session")
def stand_in() -> Callable[..., Settled]:
    """settle(rows, name, kept, **fields of Part, pose)."""
    return settle


@pytest.fixture(scope="session")
def ball() -> Callable[..., tuple[Rows, Rows]]:
    """ball_rows(times, radius_mm)."""
    return ball_rows


@pytest.fixture(scope="session")
def cube() -> Callable[..., tuple[Rows, Rows]]:
    """cube_rows(side_mm)."""
    return cube_rows


@pytest.fixture(scope="session")
def identity() -> Identity:
    """One with every field, and characters that XML and JSON must escape."""
    return Identity(
        title='Case for <Zoé> & "Ю"',
        uuid=order_uuid(b"{}"),
        application="unikat 0",
        designer="unikat",
        description="Line one\nline two",
        licence="CC BY 4.0",
        part_number="case-1-0001",
        reference="order-1001/2",
        template="case",
        version=1,
    )
