"""A designer's file that takes lenses: a plate as wide as the pair, and the pair itself for the optician."""

from engine.authoring import (
    LENS_SHAPES,
    LensPair,
    Part,
    Solid,
    Template,
    choice,
    length,
    lens_aspect,
    lens_blank,
    lens_box,
    lens_curve,
    lens_moved,
    lens_outline,
    lens_room,
    lens_shape,
    outline,
    stage,
)
from engine.model.mesh import Mesh
from tests.scanned_template import BOX, FACES


class Plate(Template):
    """A plate as wide as both lenses and the bridge."""

    key, version = "lens-plate", 1
    trace = outline(label=("Trace", "Relevé"))
    shape = choice("panto", options=dict.fromkeys(LENS_SHAPES, ("A shape", "Une forme")), label=("Shape", "Forme"))
    wide = length(50.0, low=40.0, high=60.0, step=0.5, label=("A", "A"))
    bridge = length(18.0, low=14.0, high=24.0, step=0.5, label=("DBL", "DBL"))

    def pair(self):
        if self.trace:
            told = self.trace.lenses()
            return LensPair(told.right, told.left, told.dbl or self.bridge, told.told, told.ftyp, told.etyp)
        right = lens_shape(self.shape, self.wide, self.wide * lens_aspect(self.shape))
        return LensPair(right, right.mirrored(), self.bridge)

    def lenses(self, parts):
        return self.pair()

    @stage
    def plate(self):
        right = self.pair().right
        smooth = lens_outline(right)
        line = lens_moved(lens_curve(smooth, 360, even=True), max(-0.5, lens_room(lens_curve(smooth, 360))[0]))
        tall = lens_blank(smooth, (2.0, 0.0)) - lens_box(right).ed + line.circumference / 1000.0
        return Part("plate", Solid(Mesh(BOX * (2.0 * lens_box(right).a + self.bridge, tall, 4.0), FACES), {}).mesh)
