"""A scan of a face, in any pose, with or without the rest of the head, to a `Face` in its own frame.

The road: weld, thin, leave out strays, take off noise (`face_scan`), lay the model on it (`face_fit`), refuse what is no face or half of
one, put it upright, take the nose's heights from the scan, measure (`face_measures`, `face_nose`). Everything that was decided is told
in the face's notes; nothing is guessed in silence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.body import face_fit, face_measures, face_nose, face_scan, face_table
from engine.body.face_fit import Fit, Laid, Part
from engine.body.face_scan import FaceScan
from engine.body.face_table import NAMES, PUPILS, Table
from engine.body.standing import along
from engine.body.surface import Surface
from engine.errors import InputError
from engine.model.face import Face
from engine.model.mesh import Mesh
from engine.model.units import LENGTHS
from kernels import register

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]

STRANGE = 230.0
"""The square of the amounts: 90 on average for faces, at most so much (M: 160 of 120 faces, above 290 for wrong poses of them)."""
LEAST_SCORE = 0.30
"""How much of the model lies on a scan of a face's front at least (M: 0.55 and more, 0.40 where it has 900 triangles)."""
SEEN = {"nose": 0.45, "left eye": 0.4, "right eye": 0.4}
"""Of the model's points there: a scan that shows less is of half a face."""
EAR = 0.3
"""Likewise, of an ear: what shows less shows none."""


@dataclass(frozen=True, eq=False)
class _Read:
    scan: FaceScan
    fit: Fit
    laid: Laid
    factor: Floats
    seen: dict[str, float]

    @property
    def no_face(self) -> bool:
        return self.fit.strange > STRANGE or self.fit.score < LEAST_SCORE


def face_of(mesh: Mesh, *, pd_mm: float | None = None, unit: str = "mm", name: str = "scan") -> Face:
    """What the scan shows of a face.

    `pd_mm`: the pupillary distance, where it was measured otherwise: the scan's is held against it and told, nothing takes its place;
    `unit`: what the mesh was read in, and `name` the field of the order, both for what is said. InputError: whatever is no scan of a
    face with its nose and both eyes.
    """
    notes: list[str] = []
    surface = face_scan.prepared(mesh, name, unit)
    model = face_table.table()
    read = _read(surface, model)
    if read.no_face:
        other = _read(surface.turned_over(), model)
        if other.no_face:
            face_scan.refuse(name, unit, _fitting_unit(surface, model, unit))
        notes.append("the scan was wrong side out")
        read = other
    _check_whole(read, name)
    return _face(read, model, pd_mm, name, notes)


def _read(surface: Surface, model: Table) -> _Read:
    scan = face_scan.ready(surface)
    fit = face_fit.found(scan, model)
    every = Part(model, face_fit.ALL)
    laid = every.laid(scan, fit.motion, fit.amounts)
    factor, _ = every.equations(laid, fit.motion, fit.amounts, laid.places[0])
    shown = laid.weights > 0.0
    seen = {region: _share(shown[there[len(PUPILS) :]]) for region, there in face_table.regions(model).items()}
    return _Read(scan, fit, laid, factor, seen)


def _share(shown: Bools) -> float:
    return int(np.count_nonzero(shown)) / len(shown)


def _fitting_unit(surface: Surface, model: Table, unit: str) -> str | None:
    """The unit in which it would be a face, if there is one."""
    for other, mm in LENGTHS.items():
        scaled = surface.moved(surface.points * (mm / LENGTHS[unit]))
        if other != unit and face_scan.may_be(scaled) and not _read(scaled, model).no_face:
            return other
    return None


def _check_whole(read: _Read, name: str) -> None:
    missing = [region for region, least in SEEN.items() if read.seen[region] < least]
    if missing:
        told = ", ".join(f"{region} {100.0 * read.seen[region]:.0f} %" for region in missing)
        raise InputError(name, "does not show a whole face: nose and both eyes must be seen", message=f"seen of it: {told}")


def _face(read: _Read, model: Table, pd_mm: float | None, name: str, notes: list[str]) -> Face:
    marks = face_measures.landmarks(read.fit, model, read.laid)
    measures = face_measures.from_model(marks, model, read.factor)
    origin = 0.5 * (marks[0] + marks[1])
    surface = _in_frame(read.scan.surface, read.fit.motion, origin)
    marks = marks - origin
    nose, shown = face_nose.heights_of(surface, face_measures.skin(read.fit, model, face_table.regions(model)["nose"]) - origin)
    seen = face_nose.seen(shown)
    told = face_nose.measured(nose)
    measures |= face_measures.from_nose(told, seen)
    if "middle" in told:
        measures |= face_measures.monocular(marks, told["middle"], measures["pd"])
    if seen < 1.0:
        notes.append(f"the scan does not show the whole nose: {100.0 * (1.0 - seen):.0f} % is filled in")
    if "nose_width" not in told or "bridge_width" not in told:
        notes.append("the nose is too flat for its width to be measured where it is asked for")
    for side in ("right", "left"):
        if read.seen[f"{side} ear"] < EAR:
            notes.append(f"the scan does not show the {side} ear: where its root is was inferred from the face")
    if pd_mm is not None:
        notes += face_measures.against_given(pd_mm, measures["pd"], name)
    misfit = sorted(abs(o) for o, w in zip(read.laid.offs.tolist(), read.laid.weights.tolist(), strict=True) if w > 0.0)
    places = {mark: (float(p[0]), float(p[1]), float(p[2])) for mark, p in zip(NAMES, marks, strict=True)}
    skin = Mesh(surface.points, surface.faces)
    return Face(measures, places, nose, shown, skin, misfit[len(misfit) // 2], tuple(notes))


def _in_frame(surface: Surface, motion: Floats, origin: Floats) -> Surface:
    """With the origin there, upright."""
    columns, placed = np.empty((3, 3)), np.empty((1, 3))
    register.move(np.eye(3), np.concatenate([motion[:4], np.zeros(3)]), columns)
    register.move(origin[None], motion, placed)
    return surface.moved(along(surface.points - placed[0], columns))
