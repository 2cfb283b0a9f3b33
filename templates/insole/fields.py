"""What an order may tell of one foot and of its insole: the same fields twice, one set for each side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.authoring import Side, angle, choice, length, measure, pressure, scan, table

SIDES: Mapping[Side, tuple[str, str]] = {"left": ("left", "gauche"), "right": ("right", "droit")}
STANDARD = "ISO 7250-1"

MEASURES: tuple[tuple[str, float, float, str, str], ...] = (
    ("foot_length", 140.0, 340.0, "foot length", "longueur du pied"),
    ("ball_width", 50.0, 140.0, "width of the ball", "largeur de l'avant-pied"),
    ("ball_girth", 120.0, 340.0, "girth of the ball", "tour de l'avant-pied"),
    ("heel_width", 34.0, 105.0, "width of the heel", "largeur du talon"),
    ("arch_length", 100.0, 260.0, "heel to first metatarsal head", "du talon à la tête du premier métatarsien"),
    ("navicular_height", 10.0, 75.0, "height of the navicular", "hauteur de l'os naviculaire"),
    ("instep_height", 25.0, 110.0, "height of the instep", "hauteur du cou-de-pied"),
)
"""Name, least and greatest mm, in English and in French."""

LENGTHS: tuple[tuple[str, float, float, float, float, str, str, str, str], ...] = (
    ("length", 255.0, 140.0, 340.0, 0.1, "foot length", "longueur du pied", "fitted", "calculée"),
    ("ball", 98.0, 50.0, 140.0, 0.1, "width of the ball", "largeur de l'avant-pied", "fitted", "calculée"),
    ("heel", 69.0, 34.0, 105.0, 0.1, "width of the heel", "largeur du talon", "fitted", "calculée"),
    ("first_head", 188.0, 100.0, 260.0, 0.1, "heel to first head", "du talon à la première tête", "fitted", "calculée"),
    ("arch", 15.0, 4.0, 45.0, 0.1, "height of the arch", "hauteur de la voûte", "fitted", "calculée"),
    ("heel_cup", 12.0, 6.0, 30.0, 0.5, "depth of the heel cup", "profondeur de la coque", "12 is usual", "12 est usuel"),
    ("lateral_arch", 4.0, 0.0, 8.0, 0.5, "outer arch", "voûte externe", "3 to 5 is usual", "3 à 5 est usuel"),
    ("skive", 0.0, 0.0, 8.0, 0.5, "medial heel skive", "biseau médial du talon", "2 to 6, Kirby", "2 à 6, Kirby"),
    ("pad", 0.0, 0.0, 8.0, 0.5, "metatarsal pad", "appui métatarsien", "3 to 8, or none", "3 à 8, ou aucun"),
    (
        "pad_back",
        8.0,
        0.0,
        15.0,
        0.5,
        "pad behind the heads",
        "appui derrière les têtes",
        "5 to 10, JFAR 7:18",
        "5 à 10, JFAR 7:18",
    ),
    ("extension", 0.0, 0.0, 3.0, 0.5, "extension under the hallux", "prolongement sous l'hallux", "Morton", "Morton"),
    ("rear", 4.0, 2.0, 8.0, 0.1, "thickness, rear", "épaisseur arrière", "of the shell", "de la coque"),
    ("mid", 3.0, 2.0, 8.0, 0.1, "thickness, middle", "épaisseur au milieu", "of the shell", "de la coque"),
    ("fore", 3.0, 2.0, 8.0, 0.1, "thickness, fore", "épaisseur avant", "of the shell", "de la coque"),
    ("cover", 0.0, 0.0, 4.0, 0.5, "cover laid on later", "recouvrement posé après", "taken off", "retiré"),
)
"""Name, default, least, greatest, step (mm), label and help in English and in French."""

EXTENTS = {
    "full": ("Full length", "Pleine longueur"),
    "three_quarter": ("Three quarters", "Trois quarts"),
    "sulcus": ("To the sulcus", "Jusqu'au sillon"),
}
FILLINGS = {
    "none": ("none", "aucun"),
    "minimum": ("minimum, 1.6 mm", "minimal, 1,6 mm"),
    "standard": ("standard, 3.2 mm", "normal, 3,2 mm"),
    "maximum": ("maximum, 6.4 mm", "maximal, 6,4 mm"),
}


def of_side(side: Side) -> type:
    """A class that only holds the fields of that side, for Insole to inherit."""
    english, french = SIDES[side]

    def label(en: str, fr: str) -> tuple[str, str]:
        return f"{en[0].upper()}{en[1:]}, {english}", f"{fr[0].upper()}{fr[1:]}, {french}"

    made: dict[str, Any] = {}
    for name, low, high, en, fr in MEASURES:
        made[f"{side}_{name}"] = measure(low=low, high=high, label=label(en, fr), standard=STANDARD, path=f"{side}.{name}")
    made[f"{side}_scan"] = scan(label=label("scan of the foot", "scan du pied"), side=side)
    made[f"{side}_pressure"] = pressure(label=label("pressure map", "carte des pressions"), side=side)
    for name, default, low, high, step, en, fr, help_en, help_fr in LENGTHS:
        made[f"{side}_{name}"] = length(default, low=low, high=high, step=step, label=label(en, fr), help=(help_en, help_fr))
    made[f"{side}_extent"] = choice("full", EXTENTS, label=label("extent", "étendue"))
    made[f"{side}_fill"] = choice("standard", FILLINGS, label=label("arch fill", "comblement de la voûte"))
    for name, most, en, fr in (
        ("rearfoot", 6.0, "rearfoot post", "cale arrière"),
        ("forefoot", 4.0, "forefoot post", "cale avant"),
    ):
        help_ = ("Degrees; above 0 the inner side is raised.", "En degrés ; au-dessus de 0 le côté interne est relevé.")
        made[f"{side}_{name}"] = angle(0.0, low=-most, high=most, step=0.5, label=label(en, fr), help=help_)
    sole, relief = ("sole, heights", "voûte plantaire, hauteurs"), ("relief, depths", "décharge, profondeurs")
    found = (
        ("Found in the scan.", "Trouvées dans le scan."),
        ("Found in the pressure map.", "Trouvées dans la carte des pressions."),
    )
    made[f"{side}_sole"] = table(low=-5.0, high=80.0, label=label(*sole), help=found[0])
    shown = label("where the scan shows the sole", "où le scan montre la plante")
    made[f"{side}_seen"] = table(low=0.0, high=1.0, label=shown, help=found[0])
    made[f"{side}_relief"] = table(low=0.0, high=6.0, label=label(*relief), help=found[1])
    return type(f"Of{side.capitalize()}", (), made)
