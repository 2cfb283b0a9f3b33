"""The exact surface through heights: it passes through each of them, and is the spline that production evaluates."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from engine.doors import cad
from engine.doors.child import Child
from engine.model.grid import Grid
from engine.shape import heights

DRAWINGS = """
import numpy as np
from engine.doors import cad_heights
from engine.model.grid import Grid
from OCP.BRep import BRep_Tool

def at(z, origin, pitch, places):
    face = cad_heights.spline_face(Grid(z, origin, pitch))
    surface = BRep_Tool.Surface_s(face.wrapped)
    u0, u1, v0, v1 = surface.Bounds()
    (n, m), (x0, y0) = z.shape, origin
    told = []
    for x, y in places.tolist():
        u = u0 + (u1 - u0) * (x - x0) / (pitch * (n - 1))
        v = v0 + (v1 - v0) * (y - y0) / (pitch * (m - 1))
        point = surface.Value(u, v)
        told.append((point.X(), point.Y(), point.Z()))
    return np.array(told), face.isValid()
"""


@pytest.fixture(scope="module")
def child(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    place = tmp_path_factory.mktemp("heights")
    (place / "height_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    sys.path.insert(0, str(place))
    with Child(cad.PRELOAD) as one:
        yield one
    sys.path.remove(str(place))


def grid(pitch: float = 2.0) -> Grid:
    x, y = np.meshgrid(np.arange(31) * 1.0, np.arange(19) * 1.0, indexing="ij")
    return Grid(6.0 + 2.0 * np.sin(x / 3.0) * np.cos(y / 4.0) + 0.05 * y, (-7.0, 3.0), pitch)


def test_it_passes_through_every_height(child: Child) -> None:
    made = grid()
    x, y = (made.origin[k] + made.pitch * np.arange(made.z.shape[k]) for k in (0, 1))
    places = np.stack([np.repeat(x, len(y)), np.tile(y, len(x))], axis=1)
    told, valid = child.call("height_drawings:at", made.z, made.origin, made.pitch, places, deadline=60.0)
    assert valid and np.abs(told[:, :2] - places).max() < 1e-9
    assert np.abs(told[:, 2] - made.z.ravel()).max() < 1e-9


@pytest.mark.parametrize("pitch", [1.0, 2.0])
def test_between_them_it_is_the_spline_of_the_kernels(child: Child, pitch: float) -> None:
    """Away from the border, where the two end differently: what differs there fades by 0.27 a cell."""
    made = grid(pitch)
    random = np.random.default_rng(3)
    inside = np.array([(7.0, 23.0), (7.0, 11.0)]) * pitch
    places = np.array(made.origin) + inside[:, 0] + random.uniform(size=(200, 2)) * (inside[:, 1] - inside[:, 0])
    told, _ = child.call("height_drawings:at", made.z, made.origin, made.pitch, places, deadline=60.0)
    ours: Any = heights.smooth(made).at(places)[:, 0]
    assert np.abs(told[:, 2] - ours).max() < 2e-3
    raised = made.z.copy()
    raised[15, 9] += 0.1
    other, _ = child.call("height_drawings:at", raised, made.origin, made.pitch, places, deadline=60.0)
    assert np.abs(other[:, 2] - ours).max() > 0.01, "a height that differs is seen"
