"""A wall hook: an outline pulled out to its width, its corners rounded, its side edges broken, two screw holes drilled."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from engine.authoring import Part, Pose, Process, Relation, Template, at_least, cad, choice, length, rule, stage, tagged

BROKEN = 0.6
"""mm that are taken off the edges of both sides: kinder to hands, and to a first layer that spreads."""
SOFT = 0.4
"""Radius of the outer corners, in thicknesses."""
HEAD = 2.0
"""Width of a screw's head, in screws. Near enough to ISO 7046 and 7045; assumed, so the notes say it."""
STRAIGHT = 1.0
"""mm of straight edge that stay between two round corners: OCCT draws no fillet where none is left."""
ON_ITS_SIDE = Pose(
    ((1.0, 0.0, 0.0), (0.0, 0.0, -1.0), (0.0, 1.0, 0.0)),
    why="on its side: the layers run along the arm, and nothing needs supports",
)


class WallHook(Template):
    """A hook for a wall: a plate with two screw holes, and an arm whose tip keeps what hangs there from slipping off."""

    key, version = "wall-hook", 1
    family = "hook"
    french = """Un crochet mural : une platine à deux trous de vis, et un bras dont la pointe retient ce qui y est suspendu."""

    plate = length(80.0, low=60.0, high=140.0, step=1.0, label=("Height of the plate", "Hauteur de la platine"))
    width = length(18.0, low=8.0, high=40.0, step=0.5, label=("Width", "Largeur"))
    thick = length(5.0, low=3.0, high=10.0, step=0.5, label=("Thickness", "Épaisseur"))
    reach = length(30.0, low=15.0, high=60.0, step=1.0, label=("Room behind the tip", "Place derrière la pointe"))
    tip = length(14.0, low=6.0, high=30.0, step=1.0, label=("Height of the tip", "Hauteur de la pointe"))
    root = length(
        6.0,
        low=2.0,
        high=10.0,
        step=0.5,
        label=("Radius of the inner corners", "Rayon des angles rentrants"),
        help=("A wider one makes a stronger arm.", "Un plus grand rayon rend le bras plus solide."),
    )
    screw = length(4.5, low=1.5, high=6.5, step=0.5, label=("Screw hole", "Trou de vis"))
    head = choice(
        "countersunk",
        {"countersunk": ("Countersunk", "Fraisée"), "pan": ("Flat underneath", "Cylindrique")},
        label=("Head of the screws", "Tête des vis"),
    )

    def screw_height(self) -> float:
        """Of the upper screw over the arm's middle, and of the lower one below it: a thickness of plate stays beyond its head."""
        return self.plate / 2 - HEAD * self.screw / 2 - self.thick

    @cad
    def hook(self, cq: Any) -> Any:
        """The wall is at x = 0, z is up, the arm is in the middle of the plate."""
        end, half, thick = self.plate / 2, self.thick / 2, self.thick
        inner, outer = thick + self.reach, 2 * thick + self.reach
        top = half + self.tip
        outline = [(0, -end), (thick, -end), (thick, -half), (outer, -half), (outer, top)]
        outline += [(inner, top), (inner, half), (thick, half), (thick, end), (0, end)]
        body = cq.Workplane("XZ").polyline(outline).close().extrude(self.width / 2, both=True)
        body = body.edges("|Y").filter(at((thick, -half), (thick, half), (inner, half))).fillet(self.root)
        body = body.edges("|Y").filter(at((outer, -half))).fillet(self.root + thick)
        body = body.edges("|Y").filter(at((thick, -end), (thick, end), (inner, top), (outer, top))).fillet(SOFT * thick)
        body = body.faces("<Y or >Y").edges().chamfer(BROKEN)
        screws = body.copyWorkplane(cq.Workplane("YZ", origin=(thick, 0, 0)))
        screws = screws.pushPoints([(0, self.screw_height()), (0, -self.screw_height())])
        if self.head == "countersunk":
            body = screws.cskHole(self.screw, HEAD * self.screw, 90)
        else:
            body = screws.hole(self.screw)
        return tagged(body, back=body.faces("<X"))

    @stage
    def product(self) -> Part:
        """One piece, printed on its side."""
        pose = Pose(ON_ITS_SIDE.rotation, (0.0, 0.0, self.width / 2), ON_ITS_SIDE.why)
        return self.hook().part("hook", colour="#5f8e5c", print_pose=pose)

    def notes(self) -> list[tuple[str, str]]:
        """What nobody has tested or measured."""
        head = HEAD * self.screw
        return [
            (
                "no load was tested: try it before it must hold",
                "aucune charge n'a été essayée : éprouvez-le avant de vous y fier",
            ),
            (
                f"screw heads are assumed to be {head:g} mm wide, and countersunk ones to have a cone of 90 degrees",
                f"les têtes de vis sont supposées larges de {head:g} mm, et fraisées à 90 degrés si elles le sont",
            ),
        ]

    @rule
    def walls(self, process: Process) -> list[Relation]:
        """The plate is a wall under and beside the screws' heads."""
        under = ("the wall left under a screw's head", "la paroi qui reste sous une tête de vis")
        beside = ("the wall left beside a screw's head", "la paroi qui reste à côté d'une tête de vis")
        sunk = (HEAD - 1.0) * self.screw / 2 if self.head == "countersunk" else 0.0
        return [
            at_least(self.thick - sunk, process.wall, change="thick", why=under),
            at_least((self.width - HEAD * self.screw) / 2 - BROKEN, process.wall, change="width", why=beside),
        ]

    @rule
    def holes(self, process: Process) -> Relation:
        """Smaller holes close up."""
        why = ("a smaller hole closes up in this process", "un trou plus petit se boucherait")
        return at_least(self.screw, process.hole, change="screw", why=why)

    @rule
    def round_corners(self, process: Process) -> list[Relation]:
        """Two round corners on one edge leave some of it between them."""
        arm = ("both inner corners need room along the arm", "les deux angles rentrants demandent de la place le long du bras")
        tip = ("the tip is straight above its inner corner", "la pointe est droite au-dessus de son angle rentrant")
        return [
            at_least(self.reach - 2 * self.root, STRAIGHT, change="reach", why=arm),
            at_least(self.tip - self.root - SOFT * self.thick, STRAIGHT, change="tip", why=tip),
        ]

    @rule
    def screwdriver(self, process: Process) -> list[Relation]:
        """It reaches the upper screw over the tip, and both heads lie on flat plate."""
        over = (
            "a screwdriver must reach the upper screw over the tip",
            "un tournevis doit atteindre la vis haute par-dessus la pointe",
        )
        flat = (
            "the heads of the screws need flat plate beyond the arm",
            "les têtes de vis demandent une platine plate au-delà du bras",
        )
        lowest = self.screw_height() - HEAD * self.screw / 2
        return [
            at_least(lowest, self.thick / 2 + self.tip, change="plate", why=over),
            at_least(lowest, self.thick / 2 + self.root + STRAIGHT, change="plate", why=flat),
        ]


def at(*corners: tuple[float, float]) -> Callable[[Any], bool]:
    """For `filter`: edges along y that stand in one of these places (x, z)."""

    def there(edge: Any) -> bool:
        middle = edge.Center()
        return any(math.dist((middle.x, middle.z), corner) < 1e-6 for corner in corners)

    return there
