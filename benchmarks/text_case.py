"""Text to outlines: ours against OCCT's, as CadQuery offers it, on the same names in the same font.

Ours is timed on a text that it has not seen, with the font's letters in memory: what an order for a new name costs. OCCT's is
`cadquery.occ_impl.shapes.text`, the plain faces: the cheapest that CadQuery has (its `Workplane.text` extrudes and cuts too).
`kept` is OCCT at its best: below CadQuery, its font and letters kept from call to call as ours are, no union, its curves to chords.
OCCT keeps no kerning of the font's GPOS table, so widths are not compared; the height and the area of the ink are.
"""

from __future__ import annotations

import functools
from typing import Any

from benchmarks.peers import cadquery_case

FONT = "roboto-bold"
HEIGHT = 9.0
NAMES = ("Maximilian", "Zoë", "Łukasz", "Владимир", "Ελένη", "Charlotte", "Sébastien", "José")
GOAL = 30.0


def warm() -> None:
    """Compile, load the font, and keep its letters."""
    for name in NAMES:
        ours(name)


def ours(name: str) -> Any:
    """The outline of a name that was not shaped before."""
    from engine.shape import characters, text

    text.shape.cache_clear()
    characters.items.cache_clear()
    return text.outline(name, font=FONT, height=HEIGHT)


def occt(name: str) -> Any:
    """OCCT's faces for the name; its size is the em, ours the height of capitals."""
    from cadquery.occ_impl.shapes import text

    from engine.shape import fonts

    font = fonts.load(FONT)
    return text(name, HEIGHT * fonts.EM / font.cap_height, font.info.name, str(fonts.path(font.info)))


def kept(name: str) -> list[list[tuple[float, float]]]:
    """Each edge of the name as points (mm), within our own chord error, from a font object that keeps its letters."""
    from OCP.BRepAdaptor import BRepAdaptor_Curve
    from OCP.GCPnts import GCPnts_QuasiUniformDeflection
    from OCP.GeomAbs import GeomAbs_CurveType
    from OCP.TopAbs import TopAbs_ShapeEnum
    from OCP.TopExp import TopExp_Explorer
    from OCP.TopoDS import TopoDS

    from engine.shape.glyphs import FINE

    line, made = GeomAbs_CurveType.GeomAbs_Line, []
    walk = TopExp_Explorer(cadquery_case.letters(name, lettering()).wrapped, TopAbs_ShapeEnum.TopAbs_EDGE)
    while walk.More():
        curve = BRepAdaptor_Curve(TopoDS.Edge_s(walk.Current()))
        if curve.GetType() == line:
            ends = (curve.Value(curve.FirstParameter()), curve.Value(curve.LastParameter()))
            made.append([(p.X(), p.Y()) for p in ends])
        else:
            cut = GCPnts_QuasiUniformDeflection(curve, FINE)
            made.append([(p.X(), p.Y()) for p in (cut.Value(i) for i in range(1, cut.NbPoints() + 1))])
        walk.Next()
    return made


@functools.cache
def lettering(
    key: str = FONT, height: float = HEIGHT, at: tuple[float, float] = (0.0, 0.0), depth: float = 0.6
) -> cadquery_case.Lettering:
    """How OCCT sets the same letters: its size is the em, ours the height of capitals."""
    from engine.shape import fonts

    font = fonts.load(key)
    return cadquery_case.Lettering(height * fonts.EM / font.cap_height, height, *at, depth, str(fonts.path(font.info)))


def agree(name: str) -> bool:
    """Do both have the same ink: its height within 0.01 mm, its area within 0.5 % (ours is chords, theirs curves)?"""
    from kernels import outlines

    made, theirs = ours(name), occt(name)
    box = theirs.BoundingBox()
    _, low, _, high = made.bounds
    area = sum(face.Area() for face in theirs.Faces())
    heights = [y for edge in kept(name) for _, y in edge]
    if abs(max(heights) - min(heights) - (high - low)) > 0.01:
        return False
    return abs(box.ylen - (high - low)) < 0.01 and abs(outlines.area(made.points, made.ends) / 1e8 / area - 1.0) < 0.005
