"""In the child that reads a person's files: bytes in; out what was found, the CPU milliseconds it took, and what was asked wrongly."""

from __future__ import annotations

import importlib
import inspect
import time
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from engine.doors.child_server import resolve
from engine.errors import InputError
from engine.model.mesh import Mesh
from engine.model.units import LENGTHS
from engine.reading import meshes
from engine.reading.points import read as read_points
from kernels.compiled import compile_missing

Found = tuple[Any, float, str]
FACE = "engine.body.face:face_of"
FOOT = "engine.body.foot:foot_of"
LANDMARKS = "engine.body.face_landmarks:face_of_landmarks"
PRESSURE = "engine.reading.pressure:read"
LENSES = "engine.body.lens:lenses_of"
"""Imported when they are first asked for: a mesh needs none of them."""


_READERS = {"foot": FOOT, "face": FACE, "landmarks": LANDMARKS, "pressure": PRESSURE, "lenses": LENSES}


def ready(errand: str) -> int:
    """Compile what an errand needs, where this machine has not yet: how many kernels. A file has no part in the time that it takes."""
    if errand in _READERS:
        importlib.import_module(_READERS[errand].partition(":")[0])
    return compile_missing()


def mesh(data: bytes, unit: str, name: str, asked: Mapping[str, Any]) -> Found:
    """The scan as one mesh. `name`: the field that the file was given for."""
    started = time.process_time()
    return _mesh(data, unit, name), _since(started), ""


def foot(data: bytes, unit: str, name: str, asked: Mapping[str, Any]) -> Found:
    """The foot in the scan."""
    return _asked(FOOT, lambda: _mesh(data, unit, name), asked, {"unit": unit, "name": name})


def face(data: bytes, unit: str, name: str, asked: Mapping[str, Any]) -> Found:
    """The face in the scan."""
    return _asked(FACE, lambda: _mesh(data, unit, name), asked, {"unit": unit, "name": name})


def landmarks(data: bytes, unit: str, name: str, asked: Mapping[str, Any]) -> Found:
    """The face that named points tell."""
    return _asked(LANDMARKS, lambda: read_points(data, unit=unit, name=name), asked, {"unit": unit, "name": name})


def pressure(data: bytes, unit: str, name: str, asked: Mapping[str, Any]) -> Found:
    """The pressure map."""
    return _asked(PRESSURE, lambda: data, asked, {"unit": unit, "name": name})


def lenses(data: bytes, unit: str, name: str, asked: Mapping[str, Any]) -> Found:
    """Both lenses of a tracer's file."""
    return _asked(LENSES, lambda: data, asked, {"unit": unit, "name": name})


def _asked(reader: str, first: Callable[[], object], asked: Mapping[str, Any], told: Mapping[str, str]) -> Found:
    """The reader on `first`, with what a template asked and what we tell; unless it takes no such arguments."""
    started = time.process_time()
    read = resolve(reader)
    try:
        inspect.signature(read).bind(None, **asked, **told)
    except TypeError as error:
        return None, _since(started), str(error)
    return read(first(), **asked, **told), _since(started), ""


def _since(started: float) -> float:
    return 1000.0 * (time.process_time() - started)


def _mesh(data: bytes, unit: str, name: str) -> Mesh:
    """All meshes of the file as one, in mm. A 3MF says its own unit, and that one holds."""
    kind = meshes.kind_of(data)
    if kind is None:
        raise InputError(name, "is no STL, 3MF, PLY, OBJ or OFF file by what stands in it")
    found = meshes.parse(data, kind, name)
    scale = 1.0 if kind == "3mf" else LENGTHS[unit]
    starts = np.cumsum([0, *(len(points) for _, points, _ in found)])
    for _, points, faces in found:
        if len(faces) and (faces.min() < 0 or faces.max() >= len(points)):
            raise InputError(name, "names a point that is not there")
    points = np.concatenate([np.empty((0, 3)), *(p for _, p, _ in found)])
    faces = np.concatenate([np.empty((0, 3), np.int64), *(f + at for (_, _, f), at in zip(found, starts, strict=False))])
    if not len(faces):
        raise InputError(name, "holds no triangle")
    with np.errstate(over="ignore", invalid="ignore"):
        points = points * scale
    if not np.isfinite(points).all():
        raise InputError(name, "has points that are no finite numbers")
    return Mesh(points, faces.astype(np.int32))
