"""What the report states of a pair: what it is, what was inferred of the feet, what was assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.authoring import Measurement
from templates.insole.fields import MEASURES, SIDES
from templates.insole.fitting import FILLS, SIZES, USUAL_ARCH, size_of
from templates.insole.plan import BEHIND, FULL, MARGIN

if TYPE_CHECKING:
    from templates.insole.insole import Insole

Note = tuple[str, str]
WORDS = {"mondopoint": "Mondopoint", "eu": "EU", "uk": "UK", "us-men": "US men", "us-women": "US women"}
MOTS = {"mondopoint": "Mondopoint", "eu": "UE", "uk": "Royaume-Uni", "us-men": "US homme", "us-women": "US femme"}


def notes(insole: Insole) -> list[Note]:
    """Sentences for the report, the weightiest first."""
    told = [_class(insole.product_class)]
    for side in insole.sides():
        told += _foot(insole, side)
    told += _shoe(insole)
    return told


def _class(product_class: str) -> Note:
    if product_class == "comfort":
        return (
            "a comfort insole: no medical effect is claimed or was tested",
            "une semelle de confort : aucun effet médical n'est annoncé ni n'a été vérifié",
        )
    return (
        "a custom-made device: who prescribes it answers for its suitability; nothing here was clinically tested",
        "un dispositif sur mesure : qui le prescrit répond de sa convenance ; rien ici n'a été vérifié cliniquement",
    )


def _foot(insole: Insole, side: str) -> list[Note]:
    english, french = SIDES[side]
    length = getattr(insole, f"{side}_length")
    sizes = ", ".join(f"{WORDS[system]} {size_of(system, length):g}" for system in SIZES)
    tailles = ", ".join(f"{MOTS[system]} {size_of(system, length):g}".replace(".", ",") for system in SIZES)
    told: list[Note] = [
        (
            f"{english} foot: {sizes}; brands differ by a size",
            f"pied {french} : {tailles} ; les marques varient d'une pointure",
        )
    ]
    guessed: list[tuple[str, str, Measurement]] = []
    for name, _, _, en, fr in MEASURES:
        value: Measurement | None = getattr(insole, f"{side}_{name}")
        if value is not None and value.source == "inferred":
            guessed.append((en, fr, value))
    if guessed:
        en = ", ".join(f"{name} (+-{m.uncertainty:g})" for name, _, m in guessed)
        fr = ", ".join(f"{name} (+-{m.uncertainty:g})" for _, name, m in guessed)
        told.append(
            (
                f"{english} foot, inferred and not measured, with one standard deviation in mm: {en}",
                f"pied {french}, déduit et non mesuré, avec un écart type en mm : {fr}",
            )
        )
    usual = USUAL_ARCH - FILLS[getattr(insole, f"{side}_fill")]
    if getattr(insole, f"{side}_navicular_height") is None and abs(getattr(insole, f"{side}_arch") - usual) < 0.05:
        told.append(
            (
                f"{english} foot: the arch's height was not measured; a usual one is assumed, which foot length does not tell",
                f"pied {french} : la hauteur de la voûte n'a pas été mesurée ; une valeur usuelle est supposée",
            )
        )
    if getattr(insole, f"{side}_sole") is not None:
        told.append(
            (
                f"{english} foot: a scan on a flat floor flattens the sole, so the arches come from rules, and not from it",
                f"pied {french} : un scan sur un sol plat aplatit la plante ; les voûtes viennent de règles, non du scan",
            )
        )
    if getattr(insole, f"{side}_pad"):
        back = getattr(insole, f"{side}_pad_back")
        told.append(
            (
                f"{english} foot: the pad's apex lies {back:g} mm behind the line of the heads, which is inferred: try it before wearing it long",
                f"pied {french} : le sommet de l'appui est {back:g} mm derrière la ligne des têtes, qui est déduite : essayez-le d'abord",
            )
        )
    return told


def _shoe(insole: Insole) -> list[Note]:
    told: list[Note] = []
    if insole.heel_height or insole.toe_spring:
        told.append(
            (
                "the underside follows a last: it is not flat, so it carries no letters, and its lower edge is not broken",
                "le dessous suit une forme : il n'est pas plat, ne porte donc pas de lettres, et son bord inférieur n'est pas biseauté",
            )
        )
    if insole.last_ball:
        told.append(
            (
                f"the outline is cut to the last, {MARGIN:g} mm inside of it all round, and not to the foot",
                f"le contour suit la forme, {MARGIN:g} mm en retrait tout autour, et non le pied".replace("1.25", "1,25"),
            )
        )
    if insole.shoe_length:
        return told
    return [
        *told,
        (
            f"the shoe's inside was not told: a full insole is {FULL:g} mm longer than the foot, {BEHIND:g} of them behind the heel",
            f"l'intérieur de la chaussure n'est pas dit : une semelle entière dépasse le pied de {FULL:g} mm, dont {BEHIND:g} derrière le talon",
        ),
    ]
