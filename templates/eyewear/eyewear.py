"""The template of eyewear: a front, two temples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.authoring import (
    Part,
    Process,
    Relation,
    Solid,
    Template,
    angle,
    at_least,
    at_most,
    choice,
    curvature,
    length,
    mark,
    plate,
    rule,
    stage,
    text,
)
from templates.eyewear import pairing, temple
from templates.eyewear.lenses import Lens, shaped
from templates.eyewear.pairing import Placed
from templates.eyewear.plan import Plan, border, opening, seats

COLOUR = "#2d5d7b"
INSIDE = "#2d5d7b"


class Eyewear(Template):
    """A spectacle frame for one face and one pair of lenses: a front, two temples, hinges on a pin."""

    key, version = "eyewear", 1
    family = "eyewear"
    french = """Une monture pour un visage et une paire de verres : une face, deux branches, charnières sur un axe."""
    default_process = "mjf-pa12"

    shape = choice(
        "panto",
        {"round": ("Round", "Ronde"), "panto": ("Panto", "Pantos"), "rectangle": ("Rectangle", "Rectangulaire"), "square": ("Square", "Carrée")},
        label=("Lens shape", "Forme des verres"),
    )
    a = length(50.0, low=34.0, high=62.0, step=0.01, label=("A: width of the lens's box", "A : largeur du boîtier du verre"))
    b = length(40.0, low=26.0, high=56.0, step=0.01, label=("B: height of the lens's box", "B : hauteur du boîtier du verre"))
    dbl = length(18.0, low=12.0, high=28.0, step=0.01, label=("DBL: between the boxes", "DBL : distance entre les boîtiers"))
    width = length(138.0, low=96.0, high=170.0, step=0.1, label=("Width of the front", "Largeur de la face"))
    wrap = angle(5.0, low=2.0, high=20.0, step=0.5, label=("Face-form angle", "Angle de galbe"))
    tilt = angle(8.0, low=0.0, high=15.0, step=0.5, label=("Pantoscopic angle", "Angle pantoscopique"))
    base = curvature(4.0, low=0.5, high=8.0, step=0.25, label=("Base curve", "Base"))
    rim_wide = length(3.2, low=2.0, high=6.0, step=0.1, label=("Width of the rim", "Largeur du cercle"))
    rim_deep = length(4.0, low=2.0, high=8.0, step=0.1, label=("Depth of the rim", "Profondeur du cercle"))
    bridge_height = length(3.0, low=-4.0, high=12.0, step=0.1, label=("Height of the bridge", "Hauteur du pont"))
    bridge_high = length(5.0, low=2.6, high=10.0, step=0.1, label=("Thickness of the bridge", "Épaisseur du pont"))
    nose_width = length(16.5, low=8.0, high=30.0, step=0.1, label=("Width of the nose bearing", "Largeur de l'appui nasal"))
    frontal = angle(26.0, low=8.0, high=45.0, step=0.5, label=("Frontal angle of the nose", "Angle frontal du nez"))
    nose_splay = angle(27.0, low=0.0, high=45.0, step=0.5, label=("Splay angle of the nose", "Angle d'ouverture du nez"))
    hinge_height = length(7.0, low=-5.0, high=18.0, step=0.1, label=("Height of the hinges", "Hauteur des charnières"))
    temple_deep = length(3.2, low=2.0, high=6.0, step=0.1, label=("Thickness of the temples", "Épaisseur des branches"))
    curve = length(600.0, low=250.0, high=1000.0, step=10.0, label=("Radius that the temples are bent to", "Rayon de courbure des branches"))
    splay = angle(4.0, low=0.0, high=14.0, step=0.1, label=("Splay of the temples", "Ouverture des branches"))
    left_to_bend = length(92.0, low=60.0, high=125.0, step=0.5, label=("To the bend, left", "Jusqu'au coude, gauche"))
    right_to_bend = length(92.0, low=60.0, high=125.0, step=0.5, label=("To the bend, right", "Jusqu'au coude, droite"))
    drop = length(40.0, low=30.0, high=45.0, step=0.5, label=("From the bend to the tip", "Du coude à l'embout"))
    name = text("", max_graphemes=16, label=("Name", "Prénom"))

    def _plan(self) -> Plan:
        height = (self.hinge_height, self.hinge_height)
        return Plan(
            self.dbl, self.width, self.wrap, self.base, self.rim_wide, self.rim_deep, height, 11.6, self.bridge_height,
            self.bridge_high, self.nose_width, self.bridge_height - 11.0, self.frontal, self.nose_splay, self.a,
        )  # fmt: skip

    def _lenses(self) -> tuple[Lens, Lens]:
        left = shaped(self.shape, self.a, self.b)
        return left.mirrored(), left

    def _placed(self) -> Placed:
        return pairing.placed(self._plan(), self.splay, 0.3, 1.6, self.temple_deep)

    @stage
    def front(self) -> Solid:
        """The front, from kernels."""
        plan, one = self._plan(), self._placed()
        right, left = seats(plan, *self._lenses())
        knuckles = [k for side in (-1.0, 1.0) for k in one.hinge.fronts(side * one.at, self.hinge_height)]
        return plate(
            border(plan, right, left),
            holes=(opening(right, "right"), opening(left, "left")),
            knuckles=knuckles,
            thickness=self.rim_deep,
            radius=plan.radius,
        )

    def _bar(self, side: str) -> temple.Bar:
        to_bend: float = getattr(self, f"{side}_to_bend")
        return temple.Bar(to_bend, self.drop, 42.0, self.tilt, 11.6, 5.6, 7.0, self._placed().hinge)

    def _temple(self, side: str) -> Solid:
        bar, mirrored = self._bar(side), side == "right"
        knuckles = bar.hinge.temples(mirrored)
        return plate(temple.border(bar, mirrored=mirrored), knuckles=knuckles, thickness=self.temple_deep, radius=self.curve)

    @stage
    def left_temple(self) -> Solid:
        """The left temple, from kernels."""
        return self._temple("left")

    @stage
    def right_temple(self) -> Solid:
        """The right temple, from kernels."""
        return self._temple("right")

    @stage
    def product(self) -> list[Part]:
        """Front and temples, as they are printed, open and closed."""
        plan, one = self._plan(), self._placed()
        solids = {"front": self.front(), "left_temple": self.left_temple(), "right_temple": self.right_temple()}
        made, above = [], 0.0
        for name, solid in solids.items():
            printed, above = pairing.flat(solid, above)
            opened = closed = pairing.Pose()
            if name != "front":
                side = name.split("_")[0]
                to_bend: float = getattr(self, f"{side}_to_bend")
                opened = pairing.temple_pose(plan, one, side, self.hinge_height, self.splay, "open")
                shut = pairing.folded(to_bend, self.curve, side == "right")
                closed = pairing.temple_pose(plan, one, side, self.hinge_height, shut, "closed")
            made.append(
                solid.part(
                    name,
                    colour=COLOUR,
                    print_pose=printed,
                    shown_pose=pairing.worn(opened),
                    assembled_pose=opened,
                    poses={"closed": closed},
                )
            )
        return made

    @rule
    def end_pieces(self, process: Process) -> list[Relation]:
        """Room for a hinge beside the lens."""
        why = ("the end piece is too short for its hinge", "le tenon est trop court pour sa charnière")
        return [at_least((self.width - self.dbl) / 2 - self.a, 8.5, change="width", why=why)]
