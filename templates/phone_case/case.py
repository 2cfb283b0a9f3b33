"""The template: what a customer may choose, the stages, and what the report must say. Numbers are in plan, shapes in body."""

from __future__ import annotations

from typing import Any

from engine.authoring import (
    AS_DRAWN,
    Letters,
    Outline,
    Part,
    Pose,
    Process,
    Relation,
    Rounded,
    Solid,
    Template,
    cad,
    catalogue,
    choice,
    direction,
    filled,
    flag,
    length,
    pattern,
    rule,
    stage,
    tagged,
)
from templates.phone_case import body, carried, inscription, rules, rules_extras, say
from templates.phone_case.extras import PANEL, THICKEST, Bought, SeatWish, area_mm2, laid, ring_recess
from templates.phone_case.facts import Phone, read_phone
from templates.phone_case.plan import Plan, kept_whole, make_plan
from templates.phone_case.shell import Making, Shell, Wishes, make_shell

ABOUT_Y = ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
BAND = 400.0
"""mm: longer than any back, however the name is turned."""
ROUNDED_OTHERWISE = 0.1
SHOWN = Pose(ABOUT_Y, why="back towards the viewer, camera at the top")


class PhoneCase(Template):
    """A snug case for any phone of the catalogue: a lip over the screen's edge, a ring round the camera, openings or membranes
    for the buttons, a name on its back, and a corner for a lanyard if wanted."""

    key, version = "phone-case", 1
    family = "case"
    french = """Un étui ajusté pour tout téléphone du catalogue : un rebord autour de l'écran, une bague autour de la caméra,
    des ouvertures ou des membranes pour les boutons, un prénom au dos, et un coin pour une dragonne si on le souhaite."""

    phone = catalogue(
        "phones.csv",
        default="apple-iphone-15-pro-max",
        label=("Phone", "Téléphone"),
        name_columns=("brand", "model"),
    )
    wall = length(
        1.6,
        low=1.0,
        high=THICKEST,
        step=0.1,
        label=("Wall thickness", "Épaisseur"),
        help=("Of the back and of the sides.", "Du dos et des côtés."),
    )
    lip = length(
        1.2,
        low=0.6,
        high=2.0,
        step=0.1,
        label=("Lip over the screen", "Rebord au-dessus de l'écran"),
        help=("How far the rim stands over the glass.", "De combien le bord dépasse la vitre."),
    )
    fit = length(
        0.0,
        low=-0.1,
        high=0.2,
        step=0.05,
        label=("Looser or tighter", "Plus lâche ou plus serré"),
        help=("Added to the clearance a side of the process.", "S'ajoute au jeu par côté du procédé."),
    )
    grip = length(
        0.0,
        low=-0.2,
        high=0.5,
        step=0.1,
        label=("More or less grip", "Plus ou moins de retenue"),
        help=("Added to how far the lip reaches over the glass.", "S'ajoute à l'avancée du rebord sur la vitre."),
    )
    buttons = choice(
        "openings",
        {"openings": ("Openings", "Ouvertures"), "membranes": ("Soft membranes", "Membranes souples")},
        label=("Buttons", "Boutons"),
    )
    ring = choice(
        "auto",
        {
            "auto": ("As the process allows", "Selon le procédé"),
            "raised": ("Raised", "En relief"),
            "flush": ("Flush", "À fleur"),
        },
        label=("Ring round the camera", "Bague autour de la caméra"),
        help=(
            "Raised, it stands over the lens; the case is then printed on its rim. Flush prints flat on its back.",
            "En relief, elle dépasse l'objectif ; l'étui s'imprime alors sur son bord. À fleur, il s'imprime à plat.",
        ),
    )
    unknown_edges = choice(
        "open",
        {"open": ("Left open", "Laissés ouverts"), "closed": ("Closed, I have checked", "Fermés, j'ai vérifié")},
        label=("Side edges that nobody has measured", "Côtés que personne n'a mesurés"),
    )
    lanyard = flag(False, label=("Lanyard hole", "Trou pour dragonne"))
    name = inscription.NAME
    letters = inscription.LETTERS
    font = inscription.FONT
    letter_height = inscription.LETTER_HEIGHT
    depth = inscription.DEPTH
    text_x = inscription.TEXT_X
    text_y = inscription.TEXT_Y
    text_angle = inscription.TEXT_ANGLE
    pattern = carried.PATTERN
    pattern_style = carried.PATTERN_STYLE
    cell = carried.CELL
    bar = carried.BAR
    name_panel = carried.NAME_PANEL
    magnets = carried.MAGNETS
    magnet_outer = carried.MAGNET_OUTER
    magnet_inner = carried.MAGNET_INNER
    magnet_thickness = carried.MAGNET_THICKNESS
    magnet_y = carried.MAGNET_Y
    seat = carried.SEAT
    seat_size = carried.SEAT_SIZE
    seat_depth = carried.SEAT_DEPTH
    seat_y = carried.SEAT_Y
    bumpers = carried.BUMPERS
    colour = inscription.COLOUR
    letter_colour = inscription.LETTER_COLOUR

    @stage
    def known(self) -> Phone:
        """The facts of the chosen phone."""
        return read_phone(self.phone)

    def making(self) -> Making:
        """What the process says."""
        p = self.process
        return Making(p.wall, p.clearance, p.lip_overhang, p.hole, p.flexible)

    def raised(self) -> bool:
        """Whether the ring stands over the back: on a bed that wants the back down, only where letters do so anyway."""
        if self.ring == "auto":
            return self.process.method != "FDM" or self.letters == "embossed" or self.raised_cells()
        return self.ring == "raised"

    def lettered(self) -> Plan:
        """The plan, with what of the back is free for letters."""
        plan: Plan = self.plan()
        return plan.for_letters(sunken=self.letters != "embossed")

    def raised_cells(self) -> bool:
        """Whether a pattern stands over the back."""
        return self.pattern != "none" and self.pattern_style == "raised"

    def bought(self) -> Bought:
        """What the case is to hold and carry."""
        ring = ring_recess(self.magnet_outer, self.magnet_inner, self.magnet_thickness, self.magnet_y) if self.magnets else None
        seat = SeatWish(self.seat, self.seat_size, self.seat_depth, self.seat_y) if self.seat != "none" else None
        return Bought(ring, seat)

    def wishes(self) -> Wishes:
        """What the customer says that changes the body."""
        return Wishes(
            wall=self.wall,
            lip=self.lip,
            fit=self.fit,
            grip=self.grip,
            raised=self.raised(),
            membranes=self.buttons == "membranes",
            lanyard=self.lanyard,
            open_sides=self.unknown_edges == "open",
            bumper=self.bumpers,
        )

    @stage
    def drawn(self) -> Shell:
        """Every number of the body. It reads nothing personal: the body is the same for every name, and for whatever it is to hold."""
        return make_shell(self.known(), self.making(), self.wishes())

    @stage
    def plan(self) -> Plan:
        """These and what the rules, the letters and the notes read."""
        return make_plan(self.drawn(), self.known(), self.making(), self.wishes(), self.bought())

    @cad
    def shell(self, cq: Any) -> Any:
        """The case without what it holds and without its name."""
        solid, back, floor = body.build(cq, self.drawn())
        return tagged(solid, back=back, floor=floor)

    @stage
    def holding(self) -> Solid:
        """The case with the pockets for the magnets, inside, and for what is stuck on its back."""
        plan, solid = self.plan(), self.shell()
        if plan.magnets is not None:
            ring = filled(plan.magnets.disc(), less=[plan.magnets.hub()])
            solid = solid.pocket(ring, on="floor", depth=plan.magnets.deep)
        if plan.seat is not None:
            solid = solid.pocket(filled(plan.seat.shape()), on="back", depth=plan.seat.deep)
        return solid

    def lettering(self) -> Letters:
        """The name as it was asked for, where it stands."""
        at = rules.text_centre(self.lettered(), self.text_x, self.text_y)
        return self.name.outlines(height=self.letter_height, font=self.font, at=at, angle=self.text_angle)

    def lowest(self, process: Process) -> float | None:
        """The lowest capitals of this name that the process shows, wherever they stand: turned and moved, they are rounded otherwise."""
        least = self.name.outlines(height=rules.LEAST_CAPITAL, font=self.font).least_height(process, self.letters)
        return None if least is None else least + ROUNDED_OTHERWISE

    def spaced(self, spacing: float) -> rules.Size:
        """The ink with so much between its letters."""
        return self.name.size(height=1.0, font=self.font, spacing=spacing)

    def ink(self, process: Process, height: float) -> rules.Size:
        """The ink as wide as the process needs it spaced; as the font has it where no spacing would do."""
        letters = self.name.outlines(height=height, font=self.font)
        shown = letters.least_height(process, self.letters) == height
        return self.spaced(letters.printable(process, self.letters).spaced if shown else 0.0)

    @stage
    def cells(self) -> Outline:
        """The pattern's cells. It reads nothing personal: the band for the name is as long as the back."""
        plan, bar = self.plan(), self.bar
        keep = kept_whole(plan, cut=self.pattern_style == "cut")
        if self.name_panel:
            x, y = rules.text_centre(self.lettered(), self.text_x, self.text_y)
            keep = (*keep, Rounded(-x, y, BAND, 2 * PANEL * self.letter_height, 0.0, direction(-self.text_angle)))
        within, clear = laid(plan.outer, edge=plan.edge, wall=plan.wall, bar=bar, keep=keep, cavity=self.pattern_style == "cut")
        return pattern(self.pattern, within=within, clear=clear, cell=self.cell, bar=bar)

    @stage
    def patterned(self) -> Solid:
        """The case with its pattern."""
        solid: Solid = self.holding()
        if self.pattern == "none":
            return solid
        if self.pattern_style == "cut":
            return solid.cut(self.cells(), on="back", behind="floor")
        return solid.emboss(self.cells(), on="back", height=self.depth)

    @stage
    def case(self) -> list[Part]:
        """The case with its name, in one or two colours, and how it is printed."""
        solid: Solid = self.patterned()
        inlay: Solid | None = None
        if self.name:
            letters = self.lettering().printable(self.process, self.letters)
            if self.letters == "embossed":
                solid = solid.emboss(letters, on="back", height=self.depth)
            elif self.letters == "cut":
                solid = solid.cut(letters, on="back", behind="floor")
            elif self.two_colours():
                solid, inlay = solid.inlay(letters, on="back", depth=self.depth)
            else:
                solid = solid.engrave(letters, on="back", depth=self.depth)
        pose = self.print_pose()
        case = solid.part(
            "case", colour=inscription.COLOURS[self.colour][0], print_pose=pose, shown_pose=SHOWN, assembled_pose=SHOWN
        )
        if inlay is None:
            return [case]
        second = inscription.COLOURS[self.letter_colour][0]
        return [
            case,
            inlay.part("letters", colour=second, print_pose=pose, shown_pose=SHOWN, assembled_pose=SHOWN, bonded="case"),
        ]

    def two_colours(self) -> bool:
        """Whether the letters are a part of their own."""
        return bool(self.name) and self.letter_colour != "same"

    def print_pose(self) -> Pose:
        """Back down where the back is flat; on its rim where a ring or letters stand over it."""
        over = [
            what
            for what, there in (
                ("ring", self.raised()),
                ("letters", self.letters == "embossed" and bool(self.name)),
                ("cells", self.raised_cells()),
            )
            if there
        ]
        if not over:
            return Pose(AS_DRAWN.rotation, AS_DRAWN.translation, "back down: it is flat, and needs no supports under it")
        why = f"open side down, on its rim: {' and '.join(over)} stand over the back; on a bed the inside wants supports"
        return Pose(ABOUT_Y, (0.0, 0.0, self.plan().rim), why)

    def notes(self) -> list[tuple[str, str]]:
        """What is assumed, unknown, or left open."""
        plan = self.plan()
        told = say.notes(self.known(), plan, open_sides=self.unknown_edges == "open", raised=self.raised())
        if self.pattern != "none" and self.pattern_style == "cut":
            told += say.cut_cells(area_mm2(self.cells()) / (plan.outer.w * plan.outer.h))
        if self.two_colours():
            told += say.two_colours(self.process.method)
        if self.name:
            told += say.letters(self.lettering().printable(self.process, self.letters), through=self.letters == "cut")
        return told

    @rule
    def walls(self, process: Process) -> list[Relation]:
        """Walls, lip and membranes are no thinner than the process makes them."""
        return rules.walls(self.wall, self.lip, process)

    @rule
    def holds_the_phone(self, process: Process) -> list[Relation]:
        """A rigid case needs air and a short lip, a flexible one must stretch."""
        return rules.hold(process.clearance + self.fit, process.lip_overhang + self.grip, process)

    @rule
    def soft_buttons(self, process: Process) -> list[Relation]:
        """Only a flexible wall gives under a finger."""
        return rules.soft_buttons(self.buttons == "membranes", self.wall, self.making(), process)

    @rule
    def room_by_the_camera(self, process: Process) -> Relation:
        """The ring needs its width between the camera and the rounded edge."""
        return rules.room_by_the_camera(self.plan().room)

    @rule
    def letters_as_the_process_can(self, process: Process) -> list[Relation]:
        """Strokes wide enough, deep enough, and a wall left under them."""
        if not self.name:
            return []
        return rules.strokes(
            process,
            least=self.lettering().least_height(process, self.letters),
            height=self.letter_height,
            depth=self.depth,
            wall=self.wall,
            letters=self.letters,
        )

    @rule
    def cells_as_the_process_can(self, process: Process) -> list[Relation]:
        """Cells wide enough, bars thick enough."""
        if self.pattern == "none":
            return []
        return rules_extras.pattern(process, cut=self.pattern_style == "cut", cell=self.cell, bar=self.bar, depth=self.depth)

    @rule
    def magnets_fit(self, process: Process) -> list[Relation]:
        """The recess leaves a wall that holds and that magnets reach through, clear of the camera."""
        return rules_extras.magnets(self.plan(), process)

    @rule
    def seat_fits(self, process: Process) -> list[Relation]:
        """The seat lies on the flat back, and leaves a wall."""
        return rules_extras.seat(self.plan(), process)

    @rule
    def bumpers_clear(self, process: Process) -> list[Relation]:
        """No bumper over a soft button."""
        return rules_extras.bumpers(self.plan())

    @rule
    def second_colour(self, process: Process) -> list[Relation]:
        """Letters of a second colour lie flush in the back, and can be told from it."""
        if not self.two_colours():
            return []
        return rules.second_colour(
            process, flush=self.letters == "engraved", alike=self.letter_colour == self.colour, depth=self.depth
        )

    @rule
    def text_fits(self, process: Process) -> list[Relation]:
        """The name lies on the flat back below the camera."""
        if not self.name:
            return []
        plain = self.spaced(0.0)
        widest = (plain[0] + rules.WIDEST * len(str(self.name)), plain[1])
        ink = rules.Ink(plain, widest, lambda height: self.ink(process, height))
        panel = rules_extras.panel(self.name_panel, plain[1]) if self.pattern != "none" else []
        asked = rules.Inscribed(self.letter_height, self.text_x, self.text_y, self.text_angle)
        plan, over = self.lettered(), list[Relation]()
        if self.magnets and self.letters != "embossed":
            box = rules.text_box(rules.text_centre(plan, asked.x, asked.y), ink.shown(asked.height), asked.height, asked.turn)
            over = rules_extras.over_magnets(plan, process, box, None if self.letters == "cut" else self.depth)
        return panel + over + rules.text_fits(plan, ink, asked, lambda: self.lowest(process))
