"""A knob for a shaft: a revolved foot, a grip lofted through three sections, a round dish on top, a bore from below."""

from __future__ import annotations

from typing import Any

from engine.authoring import Part, Process, Relation, Template, at_least, cad, choice, direction, length, rule, stage, tagged

SIDES = {"square": 4, "hexagon": 6, "octagon": 8}
WAIST = 0.86
"""Width of the grip half way up, of what it is at both ends."""
LEDGE = 1.0
"""mm of flat foot round the grip."""
RIM = 1.5
"""mm that the foot stands upright before it curves in."""
TOP_EDGE = 0.8
"""Radius of the grip's upper edge."""
DISH = 0.7
"""Width of the dish, of the circle that fits into the grip."""
FLAT = 0.75
"""What is left of a flatted shaft: 4.5 mm of 6 mm. Usual, not measured: the notes say it."""
LEAD = 0.5
"""mm that the bore is wider at its mouth, so that a spread first layer does not stop the shaft."""


class ShaftKnob(Template):
    """A knob that is pushed on a shaft, round or flatted: a wide foot, a waisted grip with corners, a dish for a finger tip."""

    key, version = "shaft-knob", 1
    family = "knob"
    french = """Un bouton à enfoncer sur un axe rond ou à méplat : un pied large, une prise cintrée à pans, un creux pour le doigt."""

    grip = length(
        24.0, low=14.0, high=40.0, step=0.5, label=("Width of the grip, over corners", "Largeur de la prise, sur angles")
    )
    shape = choice(
        "hexagon",
        {"square": ("Square", "Carrée"), "hexagon": ("Hexagon", "Hexagonale"), "octagon": ("Octagon", "Octogonale")},
        label=("Shape of the grip", "Forme de la prise"),
    )
    corner = length(3.0, low=1.5, high=5.0, step=0.5, label=("Radius of its corners", "Rayon de ses angles"))
    foot = length(34.0, low=20.0, high=60.0, step=0.5, label=("Diameter of the foot", "Diamètre du pied"))
    foot_height = length(5.0, low=3.0, high=8.0, step=0.5, label=("Height of the foot", "Hauteur du pied"))
    height = length(22.0, low=16.0, high=40.0, step=0.5, label=("Height", "Hauteur"))
    dish = length(1.0, low=0.4, high=2.0, step=0.1, label=("Depth of the dish", "Profondeur du creux"))
    shaft = length(6.0, low=3.0, high=10.0, step=0.1, label=("Diameter of the shaft", "Diamètre de l'axe"))
    bore = length(12.0, low=6.0, high=30.0, step=0.5, label=("Depth of the bore", "Profondeur du perçage"))
    fit = length(
        0.0,
        low=-0.3,
        high=0.2,
        step=0.05,
        label=("Looser or tighter", "Plus lâche ou plus serré"),
        help=("Added to the clearance a side of the process.", "S'ajoute au jeu par côté du procédé."),
    )
    end = choice(
        "flatted",
        {"round": ("Round", "Rond"), "flatted": ("With a flat", "À méplat")},
        label=("End of the shaft", "Bout de l'axe"),
    )

    def inner_radius(self) -> float:
        """Of the circle that fits into the grip at its ends."""
        return self.grip / 2 * direction(180.0 / SIDES[self.shape])[0]

    def play(self) -> float:
        """Air a side between bore and shaft: negative where the material is stretched over it."""
        return self.process.clearance + self.fit

    def bore_radius(self) -> float:
        """The shaft's, and the play."""
        return self.shaft / 2 + self.play()

    @cad
    def knob(self, cq: Any) -> Any:
        """It stands on z = 0, about z. The grip begins within the foot: no face of one lies in a face of the other."""
        ledge = self.grip / 2 + LEDGE
        profile = cq.Workplane("XZ").lineTo(self.foot / 2, 0).lineTo(self.foot / 2, RIM)
        profile = profile.spline([(ledge, self.foot_height)], tangents=[(0, 1), (-1, 0)], includeCurrent=True)
        foot = profile.lineTo(0, self.foot_height).close().revolve(360, (0, 0, 0), (0, 1, 0))

        start = self.foot_height / 2
        widths = ((start, 1.0), ((start + self.height) / 2, WAIST), (self.height, 1.0))
        sections = [self.section(cq, share).moved(cq.Location((0, 0, z))) for z, share in widths]
        grip = cq.Workplane().placeSketch(*sections).loft().faces(">Z").edges().fillet(TOP_EDGE)

        half = DISH * self.inner_radius()
        ball = (half * half + self.dish * self.dish) / (2 * self.dish)
        dish = cq.Workplane(origin=(0, 0, self.height - self.dish + ball)).sphere(ball)

        radius = self.bore_radius()
        shaft = cq.Workplane().circle(radius).extrude(self.bore)
        if self.end == "flatted":
            flat = FLAT * self.shaft - self.shaft / 2 + self.play()
            shaft = shaft.intersect(
                cq.Workplane().box(4 * radius, 4 * radius, 4 * self.bore).translate((flat - 2 * radius, 0, 0))
            )
        mouth = cq.Workplane(cq.Solid.makeCone(radius + LEAD, 0, radius + LEAD))
        body = foot.union(grip).cut(dish).cut(shaft).cut(mouth)
        return tagged(body, foot=body.faces("<Z"))

    def section(self, cq: Any, share: float) -> Any:
        """The grip's outline, its corners equally round at every height."""
        return cq.Sketch().regularPolygon(share * self.grip / 2, SIDES[self.shape]).vertices().fillet(self.corner)

    @stage
    def product(self) -> Part:
        """One piece, printed as it stands."""
        return self.knob().part("knob", colour="#42454e")

    def notes(self) -> list[tuple[str, str]]:
        """What is assumed of a shaft that nobody here has measured."""
        play = 2 * self.play()
        told = [
            (
                f"bore and shaft differ by {play:+.2f} mm in diameter, and nothing else holds the knob: measure your shaft, and try",
                f"perçage et axe diffèrent de {play:+.2f} mm en diamètre, et rien d'autre ne tient le bouton : mesurez, et essayez",
            )
        ]
        if self.end == "flatted":
            left = FLAT * self.shaft
            told.append(
                (
                    f"a flatted shaft is assumed to be {left:.2f} mm thick at its flat",
                    f"un axe à méplat est supposé épais de {left:.2f} mm au méplat",
                )
            )
        return told

    @rule
    def walls(self, process: Process) -> list[Relation]:
        """A wall is left round the bore at the waist, and over it under the dish."""
        beside = ("the wall left between the bore and the waist", "la paroi qui reste entre le perçage et la taille")
        over = ("the wall left between the bore and the dish", "la paroi qui reste entre le perçage et le creux")
        return [
            at_least(WAIST * self.inner_radius() - self.bore_radius(), process.wall, change="grip", why=beside),
            at_least(self.height - self.dish - self.bore, process.wall, change="bore", why=over),
        ]

    @rule
    def proportions(self, process: Process) -> list[Relation]:
        """The foot is wider than the grip, and the grip has sides between its corners."""
        wide = (
            "the foot curves in round the grip: it needs to be wider by",
            "le pied s'incurve autour de la prise : il doit la dépasser de",
        )
        round_ = ("corners as round as that leave no sides", "des angles aussi ronds ne laissent pas de pans")
        return [
            at_least((self.foot - self.grip) / 2 - LEDGE, 2.0, change="foot", why=wide),
            at_least(WAIST * self.inner_radius() - self.corner, 1.0, change="corner", why=round_),
        ]
