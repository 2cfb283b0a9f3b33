"""The CAD door's solids as bytes: what took CAD seconds to draw is read again in a millisecond.

OCCT's own binary form keeps every number as it is. Bytes of the same drawing differ from run to run by OCCT's noise: they are for a
folder of work, nothing is named by them.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

import numpy as np

from engine.doors.cad_surface import NO_FACE


def kept(solid: Any, named: Mapping[str, list[Any]]) -> dict[str, Any]:
    """A solid and its tagged faces: {"brep": bytes as an array, "named": name -> numbers of faces, in OCCT's order of walking}.
    LookupError: a tag's face is none of the solid's."""
    from OCP.BinTools import BinTools

    from engine.doors.cad import faces_of

    faces = faces_of(solid)
    numbers = {name: [int(faces.FindIndex(shape)) for shape in shapes] for name, shapes in named.items()}
    if not all(found and min(found) > 0 for found in numbers.values()):
        raise LookupError(NO_FACE)
    stream = io.BytesIO()
    BinTools.Write_s(solid, stream)
    return {"brep": np.frombuffer(stream.getvalue(), dtype=np.uint8), "named": numbers}


def again(body: Mapping[str, Any]) -> tuple[Any, dict[str, list[Any]]]:
    """The solid and its tagged faces that `kept` gave."""
    from OCP.BinTools import BinTools
    from OCP.TopoDS import TopoDS, TopoDS_Shape

    from engine.doors.cad import faces_of

    shape = TopoDS_Shape()
    BinTools.Read_s(shape, io.BytesIO(body["brep"].tobytes()))
    if shape.IsNull():
        raise ValueError("this is no solid that was kept")
    solid = TopoDS.Solid_s(shape)
    faces = faces_of(solid)
    return solid, {name: [faces.FindKey(number) for number in numbers] for name, numbers in body["named"].items()}
