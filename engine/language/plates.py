"""Plates with shaped borders, rolled onto a cylinder: fronts and temples of spectacles. They load the engine late."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.language.values import Solid
from engine.model.plate import Knuckle, Rings, Seat

_Numbers = npt.NDArray[np.float64]


def plate(
    border: Rings,
    *,
    holes: Sequence[Rings] = (),
    knuckles: Sequence[Knuckle] = (),
    bosses: Sequence[Rings] = (),
    thickness: float,
    radius: float,
) -> Solid:
    """The body between a front face and a back face `thickness` mm apart, within a border, less holes, rolled onto a cylinder.

    All is told flat: x along, y up, z to the front, the faces at z = +- thickness / 2. Then the middle surface z = 0 lies on the upright
    cylinder of `radius` whose axis is behind it; lengths along it are kept, and x = 0 stays where it is. Knuckles stand on the back;
    so do bosses: the first of their rings lies in the back face, the last one, which is closed, at one depth behind it.
    No chord of a face is 0.03 mm off its cylinder, and few are 0.015; those of a wall come as near as its rings ask (`Rings.within`).

    Patches: front and back, curved, to be stamped on; the walls by their rings' names (a name that ends in "groove" has that role);
    hinge. ValueError: rings that meet each other on a face, or a knuckle or boss that stands beside the back face.
    """
    from engine.shape.plate import plate as made

    mesh, patches = made(border, holes, knuckles, bosses, thickness=thickness, radius=radius)
    return Solid(mesh, patches)


def seat(
    outline: _Numbers,
    normals: _Numbers,
    *,
    at: float,
    base_radius: float,
    radius: float,
    thickness: float,
    depth: float,
    mouth: float,
    chamfer: float,
) -> Seat:
    """The rings of a lens's opening in a plate rolled to `radius`: chamfer, bore, groove, bore, chamfer, from front to back.

    outline (n, 2): the groove's bottom, mm about the lens's box, counter-clockwise; normals (n, 2), outwards. `at`: where along the plate the
    lens's axis meets it. The groove is `depth` deep, reaches `mouth` to either side of the sphere of `base_radius` that the bevel lies on,
    and the lens is moved along its axis until what it needs lies in the middle of the thickness. ValueError: it is larger than its sphere.
    """
    from engine.shape.seat import seat as made

    return made(
        outline,
        normals,
        at=at,
        base_radius=base_radius,
        radius=radius,
        thickness=thickness,
        depth=depth,
        mouth=mouth,
        chamfer=chamfer,
    )


def along(chord: float, radius: float) -> float:
    """The length along a cylinder from its front to what lies `chord` mm aside of it, mm."""
    from kernels.portable import arcsine

    return radius * arcsine(chord / radius)


def aside(length: float, radius: float) -> float:
    """How far aside lies what is `length` mm along a cylinder, mm; `along` the other way round."""
    from kernels.portable import sine

    return radius * sine(length / radius)


def lain(place: tuple[float, float, float], radius: float) -> tuple[float, float, float]:
    """Where a place (mm) of a flat plate lies once it is rolled."""
    from kernels.roll import roll

    out = np.empty((1, 3))
    roll(np.array([place]), radius, out)
    x, y, z = out[0].tolist()
    return x, y, z


def plate_body(
    cq: Any,
    border: Rings,
    *,
    holes: Sequence[Rings] = (),
    knuckles: Sequence[Knuckle] = (),
    bosses: Sequence[Rings] = (),
    thickness: float,
    radius: float,
) -> Any:
    """For a @cad method: the CadQuery solid that OCCT draws of the same numbers as `plate`, its faces on exact cylinders."""
    from engine.doors.cad_plate import plate_body as made

    return made(cq, border, holes, knuckles, bosses, thickness, radius)
