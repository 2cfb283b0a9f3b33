"""A small designer's file, as the acceptance tests order it: a lantern whose name stands on its round wall, or goes through it."""

from typing import Any

from engine.authoring import (
    Part,
    Pose,
    Process,
    Relation,
    Solid,
    Template,
    at_least,
    cad,
    choice,
    length,
    rule,
    stage,
    tagged,
    text,
)

FRONT = Pose(((1.0, 0.0, 0.0), (0.0, 0.0, 1.0), (0.0, -1.0, 0.0)), why="its name towards the viewer")


class Lantern(Template):
    """A lantern for a tea light, with a name round its side."""

    key, version = "lantern", 1
    wide = length(60.0, low=50.0, high=90.0, step=1.0, label=("Diameter", "Diamètre"))
    wall = length(2.4, low=1.6, high=4.0, step=0.2, label=("Wall", "Paroi"))
    slope = length(0.0, low=0.0, high=10.0, step=1.0, label=("Wider at the top by", "Évasement"))
    name = text("", max_graphemes=12, label=("Name", "Prénom"))
    letters = choice(
        "cut",
        {"cut": ("Cut through", "Ajouré"), "engraved": ("Engraved", "Gravé"), "embossed": ("Raised", "En relief")},
        label=("Lettering", "Lettrage"),
    )
    letter_height = length(16.0, low=6.0, high=24.0, step=0.5, label=("Height of a capital", "Hauteur d'une capitale"))

    @cad
    def pot(self, cq: Any) -> Any:
        low, high = self.wide / 2, (self.wide + self.slope) / 2
        solid = cq.Solid.makeCone if self.slope else lambda a, b, tall: cq.Solid.makeCylinder(a, tall)
        body = solid(low, high, 45.0).cut(solid(low - self.wall, high - self.wall, 45.0))
        body = body.fuse(cq.Solid.makeCylinder(low - self.wall / 2, 2.0))
        round_ones = sorted((f for f in body.Faces() if f.geomType() != "PLANE" and f.Area() > 3000.0), key=lambda f: f.Area())
        return tagged(body, outside=round_ones[-1], inside=round_ones[-2])

    def named(self) -> Solid:
        pot: Solid = self.pot()
        if not self.name:
            return pot
        through = self.letters == "cut"
        narrowed = 1.0 - 2 * self.wall / self.wide if through else 1.0
        made = self.name.outlines(height=self.letter_height).printable(self.process, self.letters, narrowed)
        if through:
            return pot.cut(made, on="outside", behind="inside")
        if self.letters == "embossed":
            return pot.emboss(made, on="outside", height=0.8)
        return pot.engrave(made, on="outside", depth=0.8)

    @stage
    def lantern(self) -> Part:
        return self.named().part("lantern", shown_pose=FRONT)

    @rule
    def thick(self, process: Process) -> Relation:
        return at_least(
            self.wall - 0.8, process.wall, change="wall", why=("the wall under the letters", "la paroi sous les lettres")
        )
