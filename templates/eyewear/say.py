"""What the report states of a frame: what was inferred of the face, what the optician wants to know, what is still to be done by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.authoring import Measurement
from templates.eyewear import acceptance, face
from templates.eyewear.fields import MEASURES
from templates.eyewear.hinge import Made

if TYPE_CHECKING:
    from templates.eyewear.eyewear import Eyewear

Note = tuple[str, str]
SIDES = {"right": "droit", "left": "gauche"}


def notes(frame: Eyewear) -> list[Note]:
    """Sentences for the report, the weightiest first."""
    return [*_pupils(frame), *_seen(frame), *_inferred(frame), *_lenses(frame), *_hands(frame)]


def _pupils(frame: Eyewear) -> list[Note]:
    told = frame.told()
    if told["pd"].source == "inferred":
        doubt = told["pd"].uncertainty or 0.0
        return [
            (
                f"the pupillary distance was not given but inferred (+-{doubt:g} mm): lenses must not be made by it; have it measured",
                f"l'écart pupillaire n'a pas été donné mais déduit (+-{doubt:g} mm) : ne faites pas tailler de verres dessus ; faites-le mesurer",
            )
        ]
    if told["pd"].source in face.SEEN:
        doubt = told["pd"].uncertainty or 0.0
        return [
            (
                f"the pupillary distance was not given but seen in the scan ({told['pd'].value:.1f} +-{doubt:.1f} mm): lenses must not be made by it; have it measured",
                f"l'écart pupillaire n'a pas été donné mais vu dans le scan ({told['pd'].value:.1f} +-{doubt:.1f} mm) : ne faites pas tailler de verres dessus ; faites-le mesurer",
            )
        ]
    if told["right_pd"].source == "inferred" and told["left_pd"].source == "inferred":
        return [
            (
                "the pupillary distance was halved: eyes are rarely so even; give the right and the left half for strong lenses",
                "l'écart pupillaire a été partagé en deux : les yeux sont rarement si égaux ; donnez les demi-écarts pour des verres forts",
            )
        ]
    return []


def _seen(frame: Eyewear) -> list[Note]:
    """What the reading of the face says, and its measures with their doubts."""
    shown = face.seen(frame)
    if shown is None:
        return []
    told = frame.told()
    rows = [(en, fr, told[name]) for name, _, _, _, _, en, fr in MEASURES if name in told and told[name].source in face.SEEN]
    en, fr = ("; ".join(f"{row[k]} {row[2].value:.1f} (+-{row[2].uncertainty:.1f})" for row in rows) for k in (0, 1))
    found = [
        (
            f"seen on the face, with one standard deviation, in mm and degrees: {en}",
            f"vu sur le visage, avec un écart type, en mm et degrés : {fr}",
        )
    ]
    return [*shown.said(), *(found if rows else [])]


def _inferred(frame: Eyewear) -> list[Note]:
    told = frame.told()
    guessed: list[tuple[str, str, Measurement]] = [
        (en, fr, told[name]) for name, _, _, _, _, en, fr in MEASURES if name in told and told[name].source == "inferred"
    ]
    if not guessed:
        return []
    en = "; ".join(f"{name} {m.value:.1f} (+-{m.uncertainty:g})" for name, _, m in guessed)
    fr = "; ".join(f"{name} {m.value:.1f} (+-{m.uncertainty:g})" for _, name, m in guessed)
    found = [
        (
            f"inferred and not measured, with one standard deviation, in mm and degrees: {en}",
            f"déduit et non mesuré, avec un écart type, en mm et degrés : {fr}",
        )
    ]
    if told["nose_width"].source == "inferred":
        found.append(
            (
                "a nose cannot be inferred from a face: its bearing is a usual one, and may sit too high or too low; measure it, or scan the face",
                "un nez ne se déduit pas d'un visage : son appui est usuel et peut porter trop haut ou trop bas ; mesurez-le, ou scannez le visage",
            )
        )
    return found


def _lenses(frame: Eyewear) -> list[Note]:
    told, plan, found = frame.told(), frame.plan(), []
    for side, lens in frame.pair().items():
        inwards = plan.half_pd(side) - told[f"{side}_pd"].value
        blank = acceptance.blank(plan, lens, told, side, frame.pupil_height)
        found.append(
            (
                f"{side} lens: optical centre {abs(inwards):.1f} mm {'inwards' if inwards >= 0.0 else 'outwards'} of the box's middle, blank of {blank:.1f} mm at least",
                f"verre {SIDES[side]} : centre optique à {abs(inwards):.1f} mm {'en dedans' if inwards >= 0.0 else 'en dehors'} du milieu du boîtier, palet d'au moins {blank:.1f} mm",
            )
        )
    found.append(
        (
            f"the groove lies on base {frame.base:g}: the lab decides the lenses' base; where it is another one, order the front again for it",
            f"le drageoir suit la base {frame.base:g} : le laboratoire décide de la base ; si c'est une autre, commandez de nouveau la face pour elle",
        )
    )
    return found


def _hands(frame: Eyewear) -> list[Note]:
    made = frame.hinge_made()
    coarse = [
        (
            "the size is not engraved: this process shows no letters so small; write it inside a temple",
            "la taille n'est pas gravée : ce procédé ne montre pas de lettres si petites ; écrivez-la dans une branche",
        )
    ]
    return [
        *([] if frame.said("left") else coarse),
        _hinges(made),
        (
            "the rims are closed: lenses are snapped in from the front, over a lip of 0.6 mm; this was not tried with PA12",
            "les cercles sont fermés : les verres s'encliquettent par l'avant, par-dessus une lèvre de 0,6 mm ; cela n'a pas été essayé en PA12",
        ),
    ]


def _hinges(made: Made) -> Note:
    if made.leaves is None:
        return (
            f"the hinges want two pins, {made.pin:g} mm across and 10 mm long, which are not printed",
            f"les charnières demandent deux axes de {made.pin:g} mm de diamètre et 10 mm de long, qui ne sont pas imprimés",
        )
    return (
        "the hinges are bought and glued into their pockets; their sizes in the catalogue are an example of ours: compare yours before printing. "
        "No screw holes are made: their places differ from maker to maker",
        "les charnières s'achètent et se collent dans leurs creux ; leurs cotes au catalogue sont un exemple de notre part : comparez-les aux "
        "vôtres avant d'imprimer. Aucun trou de vis n'est fait : leur place change d'un fabricant à l'autre",
    )
