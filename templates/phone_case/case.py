"""The template: what a customer may choose, the stages, and what the report must say. Numbers are in plan, shapes in body."""

from __future__ import annotations

from typing import Any

from engine.authoring import (
    AS_DRAWN,
    Part,
    Pose,
    Process,
    Relation,
    Solid,
    Template,
    angle,
    cad,
    catalogue,
    choice,
    flag,
    length,
    rule,
    stage,
    tagged,
    text,
)
from templates.phone_case import body, rules, say
from templates.phone_case.facts import Phone, read_phone
from templates.phone_case.plan import Making, Plan, Wishes, make_plan

COLOURS = {
    "blue": ("#5b8ba8", ("Blue", "Bleu")),
    "red": ("#cc5b4a", ("Red", "Rouge")),
    "charcoal": ("#42454e", ("Charcoal", "Anthracite")),
    "sand": ("#bdb9ac", ("Sand", "Sable")),
    "green": ("#5f8e5c", ("Green", "Vert")),
    "ochre": ("#c9a03d", ("Ochre", "Ocre")),
}
ABOUT_Y = ((-1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, -1.0))
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
        high=3.0,
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
    name = text("", max_graphemes=24, label=("Name", "Prénom"))
    letters = choice(
        "engraved", {"engraved": ("Engraved", "Gravé"), "embossed": ("Raised", "En relief")}, label=("Lettering", "Lettrage")
    )
    font = choice(
        "roboto-bold",
        {
            "roboto-regular": "Roboto Regular",
            "roboto-medium": "Roboto Medium",
            "roboto-bold": "Roboto Bold",
            "roboto-black": "Roboto Black",
        },
        label=("Font", "Police"),
    )
    letter_height = length(9.0, low=3.0, high=40.0, step=0.1, label=("Height of a capital", "Hauteur d'une capitale"))
    depth = length(
        0.6, low=0.2, high=1.6, step=0.1, label=("Depth or relief of the letters", "Profondeur ou relief des lettres")
    )
    text_x = length(
        0.0,
        low=-35.0,
        high=35.0,
        step=0.5,
        label=("Letters to the right", "Lettres vers la droite"),
        help=("From the middle of the free back, seen from behind.", "Depuis le milieu du dos libre, vu de dos."),
    )
    text_y = length(0.0, low=-70.0, high=70.0, step=0.5, label=("Letters upwards", "Lettres vers le haut"))
    text_angle = angle(0.0, low=-90.0, high=90.0, step=1.0, label=("Turned by", "Inclinaison"))
    colour = choice("blue", {key: words for key, (_, words) in COLOURS.items()}, label=("Colour", "Couleur"))

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
            return self.process.method != "FDM" or self.letters == "embossed"
        return self.ring == "raised"

    @stage
    def plan(self) -> Plan:
        """Every number of the body. It reads nothing personal: the body is the same for every name."""
        wishes = Wishes(
            wall=self.wall,
            lip=self.lip,
            fit=self.fit,
            grip=self.grip,
            raised=self.raised(),
            membranes=self.buttons == "membranes",
            lanyard=self.lanyard,
            open_sides=self.unknown_edges == "open",
        )
        return make_plan(self.known(), self.making(), wishes)

    @cad
    def shell(self, cq: Any) -> Any:
        """The case without its name."""
        solid, back = body.build(cq, self.plan())
        return tagged(solid, back=back)

    @stage
    def case(self) -> Part:
        """The case with its name, and how it is printed."""
        solid: Solid = self.shell()
        embossed = self.letters == "embossed"
        if self.name:
            letters = self.name.outlines(
                height=self.letter_height,
                font=self.font,
                at=rules.text_centre(self.plan(), self.text_x, self.text_y),
                angle=self.text_angle,
            )
            solid = (
                solid.emboss(letters, on="back", height=self.depth)
                if embossed
                else solid.engrave(letters, on="back", depth=self.depth)
            )
        return solid.part(
            "case", colour=COLOURS[self.colour][0], print_pose=self.print_pose(), shown_pose=SHOWN, assembled_pose=SHOWN
        )

    def print_pose(self) -> Pose:
        """Back down where the back is flat; on its rim where a ring or letters stand over it."""
        over = [
            what
            for what, there in (("ring", self.raised()), ("letters", self.letters == "embossed" and bool(self.name)))
            if there
        ]
        if not over:
            return Pose(AS_DRAWN.rotation, AS_DRAWN.translation, "back down: it is flat, and needs no supports under it")
        why = f"open side down, on its rim: {' and '.join(over)} stand over the back; on a bed the inside wants supports"
        return Pose(ABOUT_Y, (0.0, 0.0, self.plan().rim), why)

    def notes(self) -> list[tuple[str, str]]:
        """What is assumed, unknown, or left open."""
        return say.notes(self.known(), self.plan(), open_sides=self.unknown_edges == "open", raised=self.raised())

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
    def lanyard_corner(self, process: Process) -> Relation | None:
        """The drawn-out corner keeps clear of openings."""
        return rules.lanyard_corner(self.plan(), process)

    @rule
    def letters_as_the_process_can(self, process: Process) -> list[Relation]:
        """Strokes wide enough, deep enough, and a wall left under them."""
        if not self.name:
            return []
        return rules.strokes(
            process,
            font=self.font,
            height=self.letter_height,
            depth=self.depth,
            wall=self.wall,
            raised=self.letters == "embossed",
        )

    @rule
    def text_fits(self, process: Process) -> list[Relation]:
        """The name lies on the flat back below the camera."""
        if not self.name:
            return []
        ink = self.name.size(height=1.0, font=self.font)
        least = rules.least_capital(process, self.font, self.letters == "embossed")
        return rules.text_fits(self.plan(), ink, self.letter_height, self.text_x, self.text_y, self.text_angle, least)
