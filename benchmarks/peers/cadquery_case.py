"""The phone case with a name by CadQuery alone: one Boolean cut and CadQuery's own 3MF export. Pinned: see `product.PINNED`.

Tuned, each step measured against what one would write first:
- the body is drawn once and kept, meshed: faces that a cut does not touch keep their triangles, only new ones are meshed;
- letters come from OCCT's builder as they are, from a font that keeps them, without the union and cleaning of `cadquery.text`;
- all letters are one tool of one cut, from faces with their curves (polygons would make hundreds of walls);
- the cut on one thread (there is one core), by oriented boxes, without history and without checking whether its input is inverted;
- no `clean()` afterwards (it costs more than the cut);
- the file is written to memory.
"""

from __future__ import annotations

import io
import math
from dataclasses import dataclass
from typing import Any

TOLERANCE_MM, ANGLE = 0.02, math.radians(15.0)
"""Chord error and turn: those of our own bodies (engine.doors.cad)."""


@dataclass(frozen=True)
class Lettering:
    """Where and how: size of the em and height of a capital (mm), the middle in the model's x and y, depth (mm), the font."""

    em: float
    capital: float
    x: float
    y: float
    depth: float
    font_file: str


def warm_body(solid: Any) -> Any:
    """The drawn body, meshed."""
    solid.mesh(TOLERANCE_MM, ANGLE)
    return solid


def letters(name: str, how: Lettering) -> Any:
    """Flat faces of the name at the origin, as OCCT gives them."""
    from cadquery.occ_impl.shapes import Shape
    from OCP.NCollection import NCollection_Utf8String
    from OCP.StdPrs import StdPrs_BRepFont, StdPrs_BRepTextBuilder

    key = (how.font_file, how.em)
    if key not in _FONTS:
        _FONTS[key] = StdPrs_BRepFont(NCollection_Utf8String(how.font_file), how.em, 0)
    return Shape.cast(StdPrs_BRepTextBuilder().Perform(_FONTS[key], NCollection_Utf8String(name)))


_FONTS: dict[tuple[str, float], Any] = {}


def engraved(body: Any, name: str, how: Lettering) -> Any:
    """The body less the letters, read from behind, `depth` into its face at z = 0."""
    import cadquery as cq

    back = cq.Plane((how.x, how.y, 0), (-1, 0, 0), (0, 0, -1))
    return cut(body, name, how, back)


def cut(body: Any, text: str, how: Lettering, plane: Any) -> Any:
    """The body less the letters, their middle in the plane's origin, `depth` against its normal."""
    return less(body, prism(text, how, plane))


def prism(text: str, how: Lettering, plane: Any, *, out: float = 0.0, under: float = 0.0) -> Any:
    """The letters as a tool: from so far `out` of the plane to so far `under` their depth."""
    import cadquery as cq
    from cadquery.occ_impl.shapes import compound, extrude

    flat = letters(text, how)
    box = flat.BoundingBox()
    middle = cq.Location(cq.Vector(-(box.xmin + box.xmax) / 2, -how.capital / 2, out))
    return extrude(compound(flat.Faces()).moved(middle), cq.Vector(0, 0, -how.depth - out - under)).moved(cq.Location(plane))


def less(body: Any, tool: Any) -> Any:
    """One Boolean cut."""
    from cadquery.occ_impl.shapes import Shape
    from OCP.BRepAlgoAPI import BRepAlgoAPI_Cut
    from OCP.TopTools import TopTools_ListOfShape

    made = BRepAlgoAPI_Cut()
    made.SetToFillHistory(False)
    made.SetCheckInverted(False)
    made.SetUseOBB(True)
    made.SetRunParallel(False)
    bodies, tools = TopTools_ListOfShape(), TopTools_ListOfShape()
    bodies.Append(body.wrapped)
    tools.Append(tool.wrapped)
    made.SetArguments(bodies)
    made.SetTools(tools)
    made.Build()
    return Shape.cast(made.Shape())


def to_3mf(shape: Any) -> bytes:
    """CadQuery's own exporter, to memory."""
    from cadquery.occ_impl.exporters.threemf import ThreeMFWriter

    held = io.BytesIO()
    ThreeMFWriter(shape, TOLERANCE_MM, ANGLE).write3mf(held)
    return held.getvalue()


def order(body: Any, name: str, how: Lettering) -> bytes:
    """A new name on the warm body, to 3MF bytes."""
    return to_3mf(engraved(body, name, how))
