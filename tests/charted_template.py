"""A designer's file whose @cad stage is so simple that its chart can be written by hand: tests/charted.py does."""

from typing import Any

from engine.authoring import Part, Template, cad, length, stage, tagged, text


class Slab(Template):
    """A slab with a name on it that nobody sees."""

    key, version = "slab", 1
    width = length(30.0, low=10.0, high=50.0, step=0.5, label=("Width", "Largeur"))
    depth = length(20.0, low=10.0, high=50.0, step=0.5, label=("Depth", "Profondeur"))
    height = length(5.0, low=2.0, high=20.0, step=0.5, label=("Height", "Hauteur"))
    name = text("", max_graphemes=20, label=("Name", "Prénom"))

    @cad
    def body(self, cq: Any) -> Any:
        """It lies on z = 0."""
        drawn = cq.Workplane().box(self.width, self.depth, self.height, centered=(True, True, False))
        return tagged(drawn, top=drawn.faces(">Z"))

    @stage
    def product(self) -> Part:
        """As it is drawn."""
        return self.body().part("slab", colour="#808080" if self.name else "#c0c0c0")
