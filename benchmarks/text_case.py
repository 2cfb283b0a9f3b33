"""Text to outlines: ours against OCCT's, as CadQuery offers it, on the same names in the same font.

Ours is timed on a text that it has not seen, with the font's letters in memory: what an order for a new name costs. OCCT's is
`cadquery.occ_impl.shapes.text`, the plain faces: the cheapest that CadQuery has (its `Workplane.text` extrudes and cuts too).
OCCT keeps no kerning of the font's GPOS table, so widths are not compared; the height and the area of the ink are.
"""

from __future__ import annotations

from typing import Any

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
    from engine.shape import text

    text.shape.cache_clear()
    return text.outline(name, font=FONT, height=HEIGHT)


def occt(name: str) -> Any:
    """OCCT's faces for the name; its size is the em, ours the height of capitals."""
    from cadquery.occ_impl.shapes import text

    from engine.shape import fonts

    font = fonts.load(FONT)
    return text(name, HEIGHT * font.upem / font.cap_height, font.info.name, str(fonts.path(font.info)))


def agree(name: str) -> bool:
    """Do both have the same ink: its height within 0.01 mm, its area within 0.5 % (ours is chords, theirs curves)?"""
    from kernels import outlines

    made, theirs = ours(name), occt(name)
    box = theirs.BoundingBox()
    _, low, _, high = made.bounds
    area = sum(face.Area() for face in theirs.Faces())
    return abs(box.ylen - (high - low)) < 0.01 and abs(outlines.area(made.points, made.ends) / 1e8 / area - 1.0) < 0.005
