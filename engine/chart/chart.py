"""A chart at work: within its box, a body's mesh from a few numbers, the same bytes on any machine."""

from __future__ import annotations

import functools
import hashlib
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.chart.form import MOST_MM, BadChart, ChartFile
from engine.chart.placed import Placed, placed
from engine.doors.cad_lattice import frame
from engine.model.mesh import STEPS_PER_MM, Faces, Mesh, Patch, Plane
from engine.model.surface import PIECE, Surface
from kernels import chart as kernel

Floats = npt.NDArray[np.float64]

SLACK_MM = 1e-9
OFF_MM = 1e-6
"""A coordinate that lies farther from where the others put it belongs to no body of this chart."""


@dataclass(frozen=True, eq=False)
class Made:
    """A body from a chart. `artifact`: what it is addressed by."""

    mesh: Mesh
    patches: Mapping[str, Patch]
    artifact: str


@dataclass(frozen=True, eq=False)
class Chart:
    """One structure of bodies of one @cad stage, ready to be evaluated. Arrays as `engine.chart.form` lists them."""

    sha256: str
    about: Mapping[str, Any]
    pivots: list[int]
    watched: list[tuple[list[int], float, float]]
    faces: Faces
    arrays: Mapping[str, npt.NDArray[Any]]

    @classmethod
    def of(cls, file: ChartFile) -> Chart:
        """From what a file holds; BadChart where its tags cannot be."""
        arrays = file.arrays
        ends = zip(arrays["watched"].tolist(), arrays["low"].tolist(), arrays["high_end"].tolist(), strict=True)
        faces = np.ascontiguousarray(arrays["faces"], dtype=np.int32)
        faces.flags.writeable = False
        made = cls(file.sha256, file.about, arrays["pivots"].tolist(), list(ends), faces, arrays)
        made._check_tags()
        return made

    def _check_tags(self) -> None:
        room = len(self.arrays["extra"])
        for name, told in self.about["tags"].items():
            try:
                if told["kind"] == "level":
                    if told["axis"] not in (0, 1, 2) or told["sign"] not in (-1, 1):
                        raise ValueError
                    continue
                count = 9 if told["kind"] == "plane" else self._size_of(name, told)
                if not 0 <= int(told["at"]) <= int(told["at"]) + count <= room:
                    raise ValueError
            except (KeyError, TypeError, ValueError, OverflowError):
                raise BadChart("has a tag that cannot be used") from None

    def _size_of(self, name: str, told: Mapping[str, Any]) -> int:
        """How many numbers a curved tag's surface has; ValueError where it can be none."""
        pieces, nx, ny = int(told["pieces"]), int(told["nx"]), int(told["ny"])
        owner = self.arrays[f"owner.{name}"]
        if pieces < 1 or min(nx, ny) < 2 or not isinstance(told["why"], str):
            raise ValueError
        if owner.dtype.str != "<i4" or owner.shape != self.arrays[f"rows.{name}"].shape:
            raise ValueError
        if owner.min() < 0 or owner.max() >= pieces:
            raise ValueError
        return pieces * PIECE + nx * ny * 12

    def covers(self, values: Sequence[float]) -> bool:
        """Whether the body of these coordinates is one that was certified."""
        if len(values) != len(self.arrays["origin"]):
            return False
        for (at, less), low, high in self.watched:
            found = values[at] if less < 0 else values[at] - values[less]
            if not low - SLACK_MM <= found <= high + SLACK_MM:
                return False
        q = np.array(values, dtype=np.float64) - self.arrays["origin"]
        away = kernel.away(q, self.arrays["pivots"], self.arrays["relation"])
        return bool(away <= OFF_MM)

    @functools.cached_property
    def family(self) -> Placed | None:
        """All bodies of this chart as one family; None where its box is not told number by number, or has too many."""
        return placed(self.sha256, self.pivots, self.watched, self.arrays, self.faces)

    def at(self, values: Sequence[float]) -> Made | None:
        """The body at these coordinates, which it covers; None where a face comes out flat on the lattice, or a node beyond it."""
        a = self.arrays
        q = np.array(values, dtype=np.float64)
        z = (q[a["pivots"]] - a["origin"][a["pivots"]]) * a["scale"]
        columns = np.empty(len(a["base"]))
        kernel.columns_at(z, a["base"], a["linear"], a["terms"], a["high"], columns)
        if not np.abs(columns).max() <= MOST_MM:
            return None
        extra = columns[a["extra"]]
        points, lattice = np.empty((len(a["nodes"]), 3)), np.empty((len(a["nodes"]), 3), dtype=np.int32)
        steps = np.empty(len(columns), dtype=np.int32)
        if kernel.laid(columns, a["nodes"], self.faces, float(STEPS_PER_MM), steps, lattice, points) >= 0:
            return None
        return self._made(values, z, extra, lattice, points)

    def _made(self, values: Sequence[float], z: Floats, extra: Floats, lattice: npt.NDArray[np.int32], points: Floats) -> Made:
        patches = {name: self._patch(name, told, lattice, extra) for name, told in self.about["tags"].items()}
        points.flags.writeable = False
        artifact = hashlib.sha256(self.sha256.encode() + struct.pack(f"<{len(values)}d", *values)).hexdigest()
        member = None if self.family is None else self.family.member(z, artifact)
        return Made(Mesh(points, self.faces, member=member), MappingProxyType(patches), artifact)

    def _patch(self, name: str, told: Mapping[str, Any], lattice: npt.NDArray[np.int32], extra: Floats) -> Patch:
        rows = self.arrays[f"rows.{name}"]
        if told["kind"] == "level":
            at, normal = [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]
            axis = int(told["axis"])
            at[axis] = float(lattice[self.faces[rows[0], 0], axis]) / STEPS_PER_MM
            normal[axis] = float(told["sign"])
            return Patch(name, rows, frame((at[0], at[1], at[2]), (normal[0], normal[1], normal[2])))
        numbers = extra[int(told["at"]) :]
        if told["kind"] == "plane":
            o = [float(n) for n in numbers[:9]]
            return Patch(name, rows, Plane((o[0], o[1], o[2]), (o[3], o[4], o[5]), (o[6], o[7], o[8])))
        pieces, nx, ny = int(told["pieces"]), int(told["nx"]), int(told["ny"])
        net = numbers[pieces * PIECE : pieces * PIECE + nx * ny * 12].reshape(nx, ny, 4, 3)
        owner = self.arrays[f"owner.{name}"]
        return Patch(
            name, rows, None, surface=Surface(numbers[: pieces * PIECE].reshape(pieces, PIECE), owner, net, told["why"])
        )
