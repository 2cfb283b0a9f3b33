"""The insole's template: a pair, its left and its right each for its own foot."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.authoring import (
    Compared,
    Fitted,
    Measurement,
    Modifier,
    Part,
    Pose,
    Process,
    Relation,
    Solid,
    Template,
    at_least,
    at_most,
    cad,
    choice,
    fit,
    flag,
    length,
    mark,
    measure,
    raised,
    require,
    rule,
    sheet,
    stage,
    text,
)
from templates.insole import fitting, lettering, rules, say, wearer
from templates.insole.acceptance import against_foot, measured
from templates.insole.bed import Bed, Scanned, heights
from templates.insole.exact import solid
from templates.insole.fields import of_side
from templates.insole.last import Last
from templates.insole.plan import COLUMNS, Inside, Plan, sections

Left: Any = of_side("left")
Right: Any = of_side("right")
APART = 3.0
"""mm from the middle of the pair to each of them."""
COLOUR = "#3f7d6e"


def beside(solid: Solid, side: str) -> Pose:
    """The left one to the left, the right one to the right, APART from the middle."""
    y = solid.mesh.points[:, 1]
    aside = APART - float(y.min()) if side == "left" else -APART - float(y.max())
    return Pose(translation=(0.0, aside, 0.0), why="flat on its underside, left and right beside each other")


class Insole(Left, Right, Template):
    """A pair of insoles, each from the measures, the scan and the pressure map of its foot."""

    key, version = "insole", 1
    family = "insole"
    french = """Une paire de semelles, chacune selon les mesures, le scan et la carte des pressions de son pied."""
    default_process = "mjf-tpu"

    feet = choice(
        "both",
        {"both": ("Both", "Les deux"), "left": ("Left", "Gauche"), "right": ("Right", "Droit")},
        label=("Feet", "Pieds"),
    )
    product_class = choice(
        "comfort",
        {"comfort": ("Comfort insole", "Semelle de confort"), "custom-made": ("Custom-made device", "Dispositif sur mesure")},
        label=("Product class", "Classe de produit"),
        help=(
            "A custom-made device is prescribed and answered for by a professional.",
            "Un dispositif sur mesure est prescrit par un professionnel, qui en répond.",
        ),
    )
    sex = choice(
        "unknown",
        {"unknown": ("Not told", "Non dit"), "female": ("Female", "Femme"), "male": ("Male", "Homme")},
        label=("Sex", "Sexe"),
        help=("Only for what is inferred.", "Seulement pour ce qui est déduit."),
    )
    body_mass = measure(low=10.0, high=250.0, unit="kg", label=("Body mass", "Masse du corps"), path="body_mass")
    stature = measure(low=900.0, high=2240.0, label=("Stature", "Taille"), standard="ISO 7250-1", path="stature")
    shoe_system = choice(
        "none",
        {"none": ("Not told", "Non dite"), **fitting.SYSTEMS},
        label=("Shoe size system", "Système de pointure"),
    )
    shoe_size = length(42.0, low=2.0, high=340.0, step=0.5, label=("Shoe size", "Pointure"))
    shoe_length = length(
        0.0,
        low=0.0,
        high=360.0,
        step=0.5,
        label=("Length inside the shoe", "Longueur intérieure de la chaussure"),
        help=("Of its last; 0: not told.", "De sa forme ; 0 : non dite."),
    )
    last_ball = length(
        0.0,
        low=0.0,
        high=140.0,
        step=0.5,
        label=("Width of the last's sole at the ball", "Largeur de la semelle de la forme à l'avant-pied"),
        help=("With it, the outline is cut to the last; 0: not told.", "Avec elle, le contour suit la forme ; 0 : non dite."),
    )
    last_heel = length(
        0.0,
        low=0.0,
        high=105.0,
        step=0.5,
        label=("Width of the last's sole at the heel", "Largeur de la semelle de la forme au talon"),
        help=("Goes with that of the ball.", "Va avec celle de l'avant-pied."),
    )
    loading = choice(
        "standing",
        {
            "standing": ("Standing on a flat floor", "Debout sur un sol plat"),
            "half": ("Half weight", "Demi-charge"),
            "none": ("No weight, or foam", "Sans charge, ou mousse"),
        },
        label=("How the feet were scanned", "Comment les pieds ont été scannés"),
        help=(
            "A flat floor flattens the arch: it then comes from rules.",
            "Un sol plat aplatit la voûte : elle vient alors de règles.",
        ),
    )
    sock = length(0.0, low=0.0, high=4.0, step=0.5, label=("Sock worn for the scan", "Chaussette portée pour le scan"))
    lengths_confirmed = flag(
        False,
        label=("The typed foot lengths are right", "Les longueurs saisies sont justes"),
        help=("Asked where a scan tells another length.", "Demandé quand un scan en dit une autre."),
    )
    pressure_pitch = length(
        0.0,
        low=0.0,
        high=20.0,
        step=0.01,
        label=("Pitch of the pressure map", "Pas de la carte des pressions"),
        help=("Mandatory with a map.", "Obligatoire avec une carte."),
    )
    relief_depth = length(4.0, low=2.0, high=6.0, step=0.5, label=("Deepest relief", "Décharge la plus profonde"))
    heel_height = length(
        0.0,
        low=0.0,
        high=30.0,
        step=0.5,
        label=("Heel of the last over its ball", "Talon de la forme au-dessus de l'avant-pied"),
        help=("0 and 0: a flat underside.", "0 et 0 : dessous plat."),
    )
    toe_spring = length(0.0, low=0.0, high=15.0, step=0.5, label=("Toe spring of the last", "Relevé de la pointe de la forme"))
    bevel = length(0.8, low=0.0, high=1.0, step=0.1, label=("Bevel of the lower edge", "Biseau du bord inférieur"))
    name = text("", max_graphemes=16, label=("Name", "Prénom"))
    side_mark = flag(True, label=("L or R underneath", "L ou R dessous"))

    @fit
    def from_measures(self) -> Mapping[str, object]:
        """What the feet measure, what is inferred of them, and from it the numbers of both insoles."""
        return wearer.numbers(self)

    def _plan(self, side: str) -> Plan:
        numbers = (getattr(self, f"{side}_{name}") for name in ("length", "ball", "heel", "first_head", "extent"))
        return Plan(*numbers, self._inside())

    def _inside(self) -> Inside | None:
        """What the last leaves, where its widths are told: the rules ask for all three numbers."""
        told = bool(self.last_ball or self.last_heel)
        return Inside(self.shoe_length, self.last_ball, self.last_heel) if told else None

    def _last(self) -> Last:
        return Last(self.heel_height, self.toe_spring)

    def _bed(self, side: str) -> Bed:
        def of(name: str) -> float:
            value: float = getattr(self, f"{side}_{name}")
            return value

        thickness = (of("rear"), of("mid"), of("fore"))
        numbers = (of(n) for n in ("heel_cup", "arch", "lateral_arch", "rearfoot", "forefoot", "skive", "pad", "extension"))
        return Bed(*numbers, thickness, of("cover"), of("pad_back"))

    def _truth(self, cq: Any, side: str) -> Any:
        tables = getattr(self, f"{side}_sole"), getattr(self, f"{side}_relief")
        return solid(cq, self._plan(side), self._bed(side), tables, self.bevel, self._last(), mirrored=side == "left")

    @cad
    def left_cad(self, cq: Any) -> Any:
        """The left insole, exact."""
        return self._truth(cq, "left")

    @cad
    def right_cad(self, cq: Any) -> Any:
        """The right insole, exact."""
        return self._truth(cq, "right")

    def _shell(self, side: str) -> Solid:
        plan, bed = self._plan(side), self._bed(side)
        cut = sections(plan.curve())
        top = heights(plan, cut, bed, getattr(self, f"{side}_sole"), getattr(self, f"{side}_relief"))
        last = self._last()
        flat = sheet(
            top,
            stations=cut.stations,
            low=cut.low,
            high=cut.high,
            heel=cut.heel,
            toe=cut.toe,
            across=COLUMNS,
            bevel=self.bevel if last.flat else 0.0,
            mirrored=side == "left",
        )
        return flat if last.flat else raised(flat, last.rise(plan.length, flat.mesh.points[:, 0]))

    @stage(truth="left_cad")
    def left_shell(self) -> Solid:
        """The left insole, from kernels."""
        return self._shell("left")

    @stage(truth="right_cad")
    def right_shell(self) -> Solid:
        """The right insole, from kernels."""
        return self._shell("right")

    @stage
    def product(self) -> list[Part]:
        """Both insoles, beside each other, name and side underneath."""
        made = []
        for side in self.sides():
            solid = self._lettered(self.left_shell() if side == "left" else self.right_shell(), side)
            pose = beside(solid, side)
            zones = self._soft(solid, side)
            made.append(solid.part(side, colour=COLOUR, print_pose=pose, shown_pose=pose, assembled_pose=pose, modifiers=zones))
        return made

    def _soft(self, solid: Solid, side: str) -> tuple[Modifier, ...]:
        """Zones that are printed softer where more presses."""
        pressed = wearer.pressed(self, side, getattr(self, f"{side}_length"))
        if pressed is None:
            return ()
        return pressed.soft_zones(0.0, float(solid.mesh.points[:, 2].max()) + 1.0, mirrored=side == "left")

    def _lettered(self, solid: Solid, side: str) -> Solid:
        """With the name and the side underneath."""
        plan = self._plan(side)
        if not self._last().flat:
            return solid
        said = [lettering.name_letters(self.name, plan, side)] if self.name else []
        if self.side_mark:
            place = lettering.mark_place(plan, side)
            said.append(mark(self, side[0].upper()).outlines(height=lettering.MARK_HEIGHT, font=lettering.FONT, at=place))
        shown = [letters.printable(self.process) for letters in said]
        return lettering.engraved(solid, shown[0].beside(shown[1]) if len(shown) == 2 else shown[0]) if shown else solid

    def acceptance(self, parts: Mapping[str, Part]) -> list[Fitted]:
        """Each insole measured, against what it was asked for."""
        found: list[Fitted] = []
        for side, part in parts.items():
            shaped = self._scanned(side), getattr(self, f"{side}_relief")
            found += measured(side, part, self._plan(side), self._bed(side), self._last(), *shaped)
        return found

    def compared(self, parts: Mapping[str, Part]) -> list[Compared]:
        """Each bed against the foot that was scanned for it."""
        found = []
        for side, part in parts.items():
            scanned, relief = self._scanned(side), getattr(self, f"{side}_relief")
            if scanned is not None:
                found.append(against_foot(side, part, self._plan(side), self._bed(side), self._last(), scanned, relief))
        return [one for one in found if one is not None]

    def _scanned(self, side: str) -> Scanned | None:
        sole, seen = getattr(self, f"{side}_sole"), getattr(self, f"{side}_seen")
        return None if sole is None else Scanned(sole, seen)

    def notes(self) -> list[tuple[str, str]]:
        """What was inferred, and what the product is."""
        return say.notes(self)

    @rule
    def sizes(self, process: Process) -> list[Relation]:
        """A told shoe size is one of its system."""
        if self.shoe_system == "none":
            return []
        low, high = fitting.SIZES[self.shoe_system]
        why = ("there is no such size in this system", "cette pointure n'existe pas dans ce système")
        return [
            at_least(self.shoe_size, low, change="shoe_size", why=why, unit=""),
            at_most(self.shoe_size, high, change="shoe_size", why=why, unit=""),
        ]

    @rule
    def lengths_agree(self, process: Process) -> list[Relation]:
        """A typed foot length and the scan's."""
        why = ("the typed foot length and the scan differ by", "la longueur saisie et le scan diffèrent de")
        found = []
        for side in self.sides():
            foot = wearer.scanned(self, side)
            typed: Measurement | None = getattr(self, f"{side}_foot_length")
            if foot is not None and typed is not None and not self.lengths_confirmed:
                apart = abs(typed.value - foot.measures["foot_length"].value)
                found.append(at_most(apart, rules.LENGTHS_APART, change="lengths_confirmed", why=why))
        return found

    @rule
    def pressure_told(self, process: Process) -> list[Relation]:
        """A pressure map comes with its pitch."""
        why = ("a pressure map needs its pitch", "une carte des pressions demande son pas")
        asked = any(getattr(self, f"{side}_pressure") is not None for side in self.sides())
        return [require(bool(self.pressure_pitch) or not asked, change="pressure_pitch", why=why)]

    @rule
    def floor_under_relief(self, process: Process) -> list[Relation]:
        """What a relief leaves of the shell."""
        return [r for side in self.sides() for r in rules.under_relief(side, self._bed(side), getattr(self, f"{side}_relief"))]

    @rule
    def measures_agree(self, process: Process) -> list[Relation]:
        """The measures are those of one foot."""
        return [r for side in self.sides() for r in rules.plausible(side, self._plan(side))]

    @rule
    def thickness(self, process: Process) -> list[Relation]:
        """Thick enough for the process and the person."""
        mass = None if self.body_mass is None else self.body_mass.value
        last, found = self._last(), []
        for side in self.sides():
            plan = self._plan(side)
            found += rules.thick_enough(side, self._bed(side), mass, process, last.steepest(plan.length))
            found += rules.front_edge(plan, last, process)
        return found

    @rule
    def suits_the_foot(self, process: Process) -> list[Relation]:
        """Cup, arch, skive and pad suit the foot."""
        return [r for side in self.sides() for r in rules.suits_foot(side, self._plan(side), self._bed(side))]

    @rule
    def fits_the_shoe(self, process: Process) -> list[Relation]:
        """Inside the shoe."""
        plans = {side: self._plan(side) for side in self.sides()}
        room = [r for side, plan in plans.items() for r in rules.inside_shoe(side, plan, self.shoe_length)]
        return room + rules.last_suits(list(plans.values()))

    @rule
    def floor_above_letters(self, process: Process) -> list[Relation]:
        """What a name and the side's mark leave of the shell."""
        if not (self._last().flat and (self.name or self.side_mark)):
            return []
        zones = ("rear", "mid") if self.name else ("rear",)
        return [r for side in self.sides() for r in rules.floor_above(side, self._bed(side), lettering.DEPTH, zones)]

    @rule
    def name_shows(self, process: Process) -> list[Relation]:
        """The name fits underneath, in letters that the process can show."""
        if not self.name:
            return []
        curved = ("letters want a flat underside", "les lettres demandent un dessous plat")
        if not self._last().flat:
            shape = {"heel_height": self.heel_height, "toe_spring": self.toe_spring}
            return [at_most(value, 0.0, change=name, why=curved) for name, value in shape.items()]
        long = ("the name is too long for the underside", "le prénom est trop long pour le dessous")
        thin = ("its strokes would be too thin for this process", "ses traits seraient trop fins pour ce procédé")
        found = []
        for side in self.sides():
            height = lettering.capital(self.name, self._plan(side))
            letters = self.name.outlines(height=max(height, lettering.LEAST), font=lettering.FONT)
            least = letters.least_height(process)
            found += [
                at_least(height, lettering.LEAST, change="name", why=long),
                require(least is not None and least <= max(height, lettering.LEAST), change="name", why=thin),
            ]
        return found

    def sides(self) -> tuple[str, ...]:
        """Those that are made."""
        return ("left", "right") if self.feet == "both" else (str(self.feet),)
