"""A chart at work: within its box, a body's mesh from a few numbers, the same bytes on any machine."""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
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
TOGETHER = 8
"""So many bodies at a time: their columns stay in a near cache."""
AFTER = 8
"""So many bodies must a chart have been asked for before it is told which of its faces can be flat: that costs as much as looking at all faces
of so many, and of many charts that serve one order each none would be paid for."""


@dataclass(frozen=True, eq=False)
class Made:
    """A body from a chart. `artifact`: what it is addressed by. `extra` (e,): numbers of its planes and surfaces, as the chart lists them."""

    mesh: Mesh
    artifact: str
    chart: Chart = field(repr=False)
    extra: Floats = field(repr=False)

    @functools.cached_property
    def patches(self) -> Mapping[str, Patch]:
        """What is tagged on it, by name."""
        tags = self.chart.about["tags"].items()
        return MappingProxyType({name: self._patch(name, told) for name, told in tags})

    def _patch(self, name: str, told: Mapping[str, Any]) -> Patch:
        rows = self.chart.arrays[f"rows.{name}"]
        if told["kind"] == "level":
            node, axis, plane = self.chart.levels[name]
            origin = [0.0, 0.0, 0.0]
            origin[axis] = float(self.mesh.points[node, axis])
            return Patch(name, rows, Plane((origin[0], origin[1], origin[2]), plane.x, plane.y))
        numbers = self.extra[int(told["at"]) :]
        if told["kind"] == "plane":
            o = [float(n) for n in numbers[:9]]
            return Patch(name, rows, Plane((o[0], o[1], o[2]), (o[3], o[4], o[5]), (o[6], o[7], o[8])))
        pieces, nx, ny = int(told["pieces"]), int(told["nx"]), int(told["ny"])
        net = numbers[pieces * PIECE : pieces * PIECE + nx * ny * 12].reshape(nx, ny, 4, 3)
        owner = self.chart.arrays[f"owner.{name}"]
        return Patch(
            name, rows, None, surface=Surface(numbers[: pieces * PIECE].reshape(pieces, PIECE), owner, net, told["why"])
        )


@dataclass(frozen=True, eq=False)
class Chart:
    """One structure of bodies of one @cad stage, ready to be evaluated. Arrays as `engine.chart.form` lists them."""

    sha256: str
    about: Mapping[str, Any]
    pivots: list[int]
    watched: list[tuple[list[int], float, float]]
    faces: Faces
    arrays: Mapping[str, npt.NDArray[Any]]
    asked: list[int] = field(default_factory=lambda: [0], repr=False)
    """For how many bodies it was asked."""

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

    @functools.cached_property
    def levels(self) -> Mapping[str, tuple[int, int, Plane]]:
        """Of each tag on level faces a node of theirs, the axis that they lie across, and their plane, were it through the origin."""
        found = {}
        for name, told in self.about["tags"].items():
            if told["kind"] == "level":
                axis, normal = int(told["axis"]), [0.0, 0.0, 0.0]
                normal[axis] = float(told["sign"])
                plane = frame((0.0, 0.0, 0.0), (normal[0], normal[1], normal[2]))
                found[name] = int(self.faces[self.arrays[f"rows.{name}"][0], 0]), axis, plane
        return found

    def at(self, values: Sequence[float]) -> Made | None:
        """The body at these coordinates, which it covers; None where a face comes out flat on the lattice, or a node beyond it."""
        return self.at_all([values])[0]

    def at_all(self, values: Sequence[Sequence[float]] | Floats) -> list[Made | None]:
        """The bodies at many coordinates (b, q), each as `at` makes it. Their points share memory: it is free when no body is kept."""
        if not len(values):
            return []
        self.asked[0] += len(values)
        q = np.array(values, dtype="<f8", order="C")
        z = (q.take(self.pivots, axis=1) - self._origin) * self.arrays["scale"]
        points = np.empty((len(q), len(self.arrays["nodes"]), 3))
        found: list[Made | None] = []
        for k in range(0, len(q), TOGETHER):
            some = slice(k, k + TOGETHER)
            found += self._made(q[some], z[some], points[some])
        return found

    @functools.cached_property
    def _origin(self) -> Floats:
        return np.asarray(self.arrays["origin"][self.pivots])

    def _made(self, q: Floats, z: Floats, points: Floats) -> list[Made | None]:
        a, family = self.arrays, self.family
        faces, members = self.faces, None if family is None else family.numbers(z)
        if family is not None and members is not None and self.asked[0] > AFTER and np.abs(members).max(initial=0.0) <= 1.0:
            faces = family.unsure
        columns = np.empty((len(q), len(a["base"])))
        kernel.columns_at(z, a["base"], a["linear"], a["terms"], a["high"], columns)
        extra = columns[:, a["extra"]]
        sound = np.empty(len(q), dtype=bool)
        kernel.laid(columns, a["nodes"], faces, float(STEPS_PER_MM), MOST_MM, points, sound)
        points.flags.writeable = False
        found: list[Made | None] = []
        for k, whole in enumerate(sound.tolist()):
            if not whole:
                found.append(None)
                continue
            artifact = hashlib.sha256(self.sha256.encode() + q[k].tobytes()).hexdigest()
            member = None if family is None or members is None else family.member(members[k], artifact)
            found.append(Made(Mesh(points[k], self.faces, member=member), artifact, self, extra[k]))
        return found
