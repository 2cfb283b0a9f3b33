"""A napkin ring: a tube with round edges, open at the back if wanted, and a name that runs round its outside."""

from __future__ import annotations

import math
from typing import Any

from engine.authoring import (
    Letters,
    Part,
    Pose,
    Process,
    Relation,
    Template,
    at_least,
    at_most,
    cad,
    choice,
    flag,
    length,
    require,
    rule,
    stage,
    tagged,
    text,
)

SOFT = 0.3
"""Radius of the round edges, in walls."""
FONT = "roboto-bold"
ROOM = 0.8
"""mm that stay free on each side of the letters."""
ROUND = 0.8
"""Share of the way round that a name may take: beyond it, its end comes near its beginning."""
SUNK = 0.05
"""Of the outer radius: letters are sunk no deeper, since the sides of a stroke lean towards each other on their way down."""
TILTED = Pose(((1.0, 0.0, 0.0), (0.0, 0.6, 0.8), (0.0, -0.8, 0.6)), why="the name towards the viewer")
SPACED = 0.12
"""In heights of a capital: the most that is put between letters which would print into each other."""
CHORD = 0.05
"""mm that triangles may thin a curved wall."""


class NapkinRing(Template):
    """A napkin ring with a name round its outside, sunk or raised; closed, or open at the back so that it can be slipped on."""

    key, version = "napkin-ring", 1
    family = "ring"
    french = """Un rond de serviette dont le prénom fait le tour, en creux ou en relief ; fermé, ou ouvert derrière pour l'enfiler."""

    inner = length(42.0, low=30.0, high=60.0, step=1.0, label=("Inner diameter", "Diamètre intérieur"))
    width = length(28.0, low=16.0, high=50.0, step=1.0, label=("Width", "Largeur"))
    wall = length(3.0, low=1.5, high=5.0, step=0.1, label=("Wall thickness", "Épaisseur"))
    opened = flag(False, label=("Open at the back", "Ouvert derrière"))
    opening = length(
        14.0,
        low=8.0,
        high=24.0,
        step=1.0,
        label=("Width of the opening", "Largeur de l'ouverture"),
        help=("Where it is open.", "S'il est ouvert."),
    )
    name = text("", max_graphemes=16, label=("Name", "Prénom"))
    letters = choice(
        "engraved",
        {"engraved": ("Sunk", "En creux"), "embossed": ("Raised", "En relief")},
        label=("Lettering", "Lettrage"),
    )
    letter_height = length(10.0, low=4.0, high=24.0, step=0.5, label=("Height of a capital", "Hauteur d'une capitale"))
    depth = length(
        0.8, low=0.4, high=1.2, step=0.1, label=("Depth or relief of the letters", "Profondeur ou relief des lettres")
    )

    @cad
    def ring(self, cq: Any) -> Any:
        """It stands on z = 0, about z; the name comes in front, at -y, and the opening behind."""
        inner, outer = self.inner / 2, self.inner / 2 + self.wall
        body = cq.Workplane().circle(outer).circle(inner).extrude(self.width)
        if self.opened:
            body = body.cut(cq.Workplane().box(self.opening, 2 * outer, 4 * self.width).translate((0, outer, 0)))
            body = body.edges("|Z").fillet(SOFT * self.wall)
        body = body.faces("<Z or >Z").edges().fillet(SOFT * self.wall / 2)
        outside = body.faces("%CYLINDER").faces(cq.selectors.AreaNthSelector(-1))
        return tagged(body, outside=outside)

    def lettering(self) -> Letters:
        """The name, its capitals in the middle of the width."""
        return self.name.outlines(height=self.letter_height, font=FONT)

    def narrowed(self) -> float:
        """Sunk letters are narrower at their floor than outside, by the two radii."""
        return 1.0 - self.depth / (self.inner / 2 + self.wall) if self.letters == "engraved" else 1.0

    def printable(self) -> Letters:
        """The letters as the process can show them."""
        return self.lettering().printable(self.process, self.letters, self.narrowed())

    @stage
    def product(self) -> Part:
        """The ring with its name, printed upright."""
        solid = self.ring()
        if self.name:
            if self.letters == "embossed":
                solid = solid.emboss(self.printable(), on="outside", height=self.depth)
            else:
                solid = solid.engrave(self.printable(), on="outside", depth=self.depth)
        return solid.part("ring", colour="#c9a03d", shown_pose=TILTED)

    def notes(self) -> list[tuple[str, str]]:
        """What is assumed, and what was done to the name."""
        told = [
            (
                f"a napkin is assumed to roll up to {self.inner:g} mm: roll yours and measure",
                f"la serviette est supposée tenir roulée dans {self.inner:g} mm : roulez la vôtre et mesurez",
            )
        ]
        if self.opened:
            told.append(
                (
                    "how far the open ring can be bent was not tested",
                    "jusqu'où l'anneau ouvert peut être écarté n'a pas été essayé",
                )
            )
        moved = self.printable().largest_move if self.name else 0.0
        if moved:
            told.append(
                (
                    f"thin strokes and spaces of the letters were widened: no edge moved by more than {moved:.2f} mm",
                    f"les traits et les vides trop fins ont été élargis : aucun bord n'a bougé de plus de {moved:.2f} mm",
                )
            )
        return told

    @rule
    def walls(self, process: Process) -> Relation:
        """The wall, less what sunk letters take of it."""
        left = ("the wall, and what sunk letters leave of it", "la paroi, et ce qu'en laissent des lettres en creux")
        sunk = self.depth if self.name and self.letters == "engraved" else 0.0
        return at_least(self.wall - sunk, process.wall + CHORD, change="wall", why=left)

    @rule
    def letters_show(self, process: Process) -> list[Relation]:
        """Strokes that the process can show, deep or high enough to be seen."""
        if not self.name:
            return []
        never = (
            "no height of this font has strokes that the process can show",
            "aucune hauteur de cette police ne convient au procédé",
        )
        low = ("strokes of lower letters are too thin for this process", "les traits de lettres plus basses seraient trop fins")
        flat = ("shallower letters do not show in this process", "des lettres moins profondes ne se verraient pas")
        deep = (
            "strokes sunk deeper into so narrow a ring close up",
            "des traits plus profonds se refermeraient dans un anneau si étroit",
        )
        sunk = self.letters == "engraved"
        least = self.lettering().least_height(process, self.letters, self.narrowed())
        return [
            require(least is not None, change="name", why=never),
            at_least(self.letter_height, least or self.letter_height, change="letter_height", why=low),
            at_least(
                self.depth,
                process.engrave_depth if sunk else process.emboss_height,
                change="depth",
                why=flat,
            ),
            at_most(self.depth if sunk else 0.0, SUNK * (self.inner / 2 + self.wall), change="depth", why=deep),
        ]

    @rule
    def name_fits(self, process: Process) -> list[Relation]:
        """Its letters lie on the flat of the width, and do not run all the way round."""
        if not self.name:
            return []
        across, up = self.name.size(height=1.0, font=FONT)
        across += SPACED * len(str(self.name))
        flat = self.width - SOFT * self.wall - 2 * ROOM
        way = ROUND * (math.pi * (self.inner + 2 * self.wall) - (self.opening if self.opened else 0.0))
        high = ("the letters are higher than the ring is wide", "les lettres sont plus hautes que l'anneau n'est large")
        far = ("the name runs too far round the ring", "le prénom fait trop le tour de l'anneau")
        return [
            at_most(self.letter_height * max(2 * up - 1, 1.0), flat, change="letter_height", why=high),
            at_most(self.letter_height * across, way, change="letter_height", why=far),
        ]
