"""What comes back from the CAD child: a mesh with patches, its promises checked, or what was wrong with the body."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Literal

import numpy as np

from engine.errors import EngineFault, TemplateError
from engine.model.mesh import STEPS_PER_MM, Mesh, Patch, Plane
from engine.model.surface import PIECE, Surface

Code = Literal["BUILDING", "NOT_SOLID", "TAG"]


class CadInvalid(TemplateError):
    """What a @cad function gave is no solid that could be made. `code`: BUILDING (it raised), NOT_SOLID, TAG (no such face)."""

    def __init__(
        self,
        code: Code,
        why: str,
        template: str,
        stage: str,
        *,
        message: str = "",
        line: int | None = None,
        file: str | None = None,
    ) -> None:
        super().__init__(template, stage, f"{code}: {why}", message=message, line=line, file=file)
        self.code = code


@dataclass(frozen=True, eq=False)
class Built:
    """What `build` gives. `cpu_ms`: what drawing and meshing cost in the child. `volume_mm3`: of the mesh."""

    mesh: Mesh
    patches: Mapping[str, Patch]
    told: Any
    volume_mm3: float
    cpu_ms: float


def accepted(made: Any) -> Built:
    """What the child sent, with its promises checked: it is not trusted."""
    lattice, faces = made["lattice"], made["faces"]
    for array in (lattice, faces):
        if not (isinstance(array, np.ndarray) and array.dtype == np.int32 and array.ndim == 2 and array.shape[1] == 3):
            raise EngineFault("CAD: the child's mesh has not the promised shape")
    if faces.size and (faces.min() < 0 or faces.max() >= len(lattice)):
        raise EngineFault("CAD: the child's mesh names points that are not there")
    patches = {}
    for name, (rows, plane, surface) in made["patches"].items():
        if (
            not isinstance(rows, np.ndarray)
            or rows.dtype != np.int32
            or (rows.size and not 0 <= rows.min() <= rows.max() < len(faces))
        ):
            raise EngineFault("CAD: the child's patches name faces that are not there")
        if isinstance(surface, Surface) and not _sound(surface, len(rows)):
            raise EngineFault("CAD: the child's surface of a patch has not the promised shape")
        known = surface if isinstance(surface, Surface) else None
        patches[str(name)] = Patch(str(name), rows, plane if isinstance(plane, Plane) else None, surface=known)
    mesh = Mesh(lattice / STEPS_PER_MM, faces)
    return Built(mesh, MappingProxyType(patches), made["told"], float(made["volume"]), float(made["cpu_ms"]))


def _sound(surface: Surface, faces: int) -> bool:
    """Have its arrays the shapes that they should, and do its faces name pieces that are there?"""
    pieces, owner, net = surface.pieces, surface.owner, surface.net
    shapes = (
        pieces.ndim == 2 and pieces.shape[1] == PIECE and owner.shape == (faces,) and net.ndim == 4 and net.shape[2:] == (4, 3)
    )
    return bool(
        shapes
        and min(net.shape[:2]) >= 2
        and np.isfinite(pieces).all()
        and np.isfinite(net).all()
        and (not faces or 0 <= owner.min() <= owner.max() < len(pieces))
    )
