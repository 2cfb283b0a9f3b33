"""In the child that reads a person's files: bytes in; out what was found, the CPU milliseconds it took, and what was asked wrongly."""

from __future__ import annotations

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

Found = tuple[Any, float, str]
FOOT = "engine.body.foot:foot_of"
PRESSURE = "engine.reading.pressure:read"
"""Imported when they are first asked for: a mesh needs neither."""


def mesh(data: bytes, unit: str, asked: Mapping[str, Any]) -> Found:
    """The scan as one mesh."""
    started = time.process_time()
    return _mesh(data, unit), _since(started), ""


def foot(data: bytes, unit: str, asked: Mapping[str, Any]) -> Found:
    """The foot in the scan."""
    started = time.process_time()
    read = resolve(FOOT)
    misused = _misused(read, asked, "a mesh")
    return (None if misused else read(_mesh(data, unit), **asked)), _since(started), misused


def pressure(data: bytes, unit: str, asked: Mapping[str, Any]) -> Found:
    """The pressure map."""
    started = time.process_time()
    read = resolve(PRESSURE)
    misused = _misused(read, {**asked, "unit": unit}, data)
    return (None if misused else read(data, **asked, unit=unit)), _since(started), misused


def _since(started: float) -> float:
    return 1000.0 * (time.process_time() - started)


def _misused(read: Callable[..., Any], asked: Mapping[str, Any], first: object) -> str:
    """Why it cannot be called so; empty where it can."""
    try:
        inspect.signature(read).bind(first, **asked)
    except TypeError as error:
        return str(error)
    return ""


def _mesh(data: bytes, unit: str) -> Mesh:
    """All meshes of the file as one, in mm. A 3MF says its own unit, and that one holds."""
    kind = meshes.kind_of(data)
    if kind is None:
        raise InputError("scan", "is no STL, 3MF, PLY, OBJ or OFF file by what stands in it")
    found = meshes.parse(data, kind, "scan")
    scale = 1.0 if kind == "3mf" else LENGTHS[unit]
    starts = np.cumsum([0, *(len(points) for _, points, _ in found)])
    for _, points, faces in found:
        if len(faces) and (faces.min() < 0 or faces.max() >= len(points)):
            raise InputError("scan", "names a point that is not there")
    points = np.concatenate([np.empty((0, 3)), *(p for _, p, _ in found)])
    faces = np.concatenate([np.empty((0, 3), np.int64), *(f + at for (_, _, f), at in zip(found, starts, strict=False))])
    if not len(faces):
        raise InputError("scan", "holds no triangle")
    with np.errstate(over="ignore", invalid="ignore"):
        points = points * scale
    if not np.isfinite(points).all():
        raise InputError("scan", "has points that are no finite numbers")
    return Mesh(points, faces.astype(np.int32))
