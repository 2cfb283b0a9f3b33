"""What the report states of a case: what is unknown of the phone, what was assumed, what was left open."""

from __future__ import annotations

from engine.authoring import Letters
from templates.phone_case.extras import MAGNET_AIR, MAGNET_GLUE
from templates.phone_case.facts import Phone
from templates.phone_case.plan import Plan
from templates.phone_case.shell import ASSUMED_RING, BUTTON_DOUBT, FOOT_ALLOWANCE, KEPT_SIDE, WINDOW_DOUBT

PROTECTS = 0.5


Note = tuple[str, str]
"""In English and in French."""
SIDES = {"right": "droit", "left": "gauche"}


def letters(made: Letters, *, through: bool) -> list[Note]:
    """What was done to the name so that the process can show it, and what it costs to cut it through."""
    told = []
    if through:
        held = f", and {made.bridges} bridges hold what would fall out" if made.bridges else ""
        tenu = f", et {made.bridges} ponts tiennent ce qui tomberait" if made.bridges else ""
        told.append(
            (
                f"letters cut through let dust and water in{held}",
                f"des lettres ajourées laissent entrer poussière et eau{tenu}",
            )
        )
    if made.largest_move:
        told.append(
            (
                f"strokes and spaces of the letters too thin for this process were widened: no edge moved by more than {made.largest_move:.2f} mm",
                f"les traits et les vides trop fins pour ce procédé ont été élargis : aucun bord n'a bougé de plus de {made.largest_move:.2f} mm",
            )
        )
    if made.spaced:
        more = made.spaced * made.height
        told.append((f"the letters stand {more:.2f} mm wider apart", f"les lettres sont espacées de {more:.2f} mm de plus"))
    if made.filled:
        told.append((f"counters too small to print were filled: {made.filled}", f"creux trop petits remplis : {made.filled}"))
    return told


def notes(phone: Phone, plan: Plan, *, open_sides: bool, raised: bool) -> list[Note]:
    """Sentences for the report, the weightiest first."""
    told = [_lens(phone, plan, raised)]
    if not phone.foot_known:
        told.append(
            (
                f"how far the camera's slope reaches is unknown: {FOOT_ALLOWANCE:g} mm is allowed round it",
                f"l'étendue de la pente autour de la caméra est inconnue : {FOOT_ALLOWANCE:g} mm y sont laissés",
            )
        )
    if plan.slots:
        told.append(
            (
                "the camera reaches both edges: nothing closes its window at the sides",
                "la caméra atteint les deux bords : rien ne ferme sa fenêtre sur les côtés",
            )
        )
    told += _edges(phone, open_sides)
    told.append(
        (
            f"no source gives a button's place through the thickness: openings leave {KEPT_SIDE:g} mm of side above and below",
            "aucune source ne donne la place d'un bouton dans l'épaisseur : "
            f"les ouvertures laissent {KEPT_SIDE:g} mm de côté au-dessus et au-dessous",
        )
    )
    if not phone.buttons_sure:
        told.append(
            (
                f"buttons come from one source: {BUTTON_DOUBT[False]:g} mm is allowed at each end",
                f"les boutons viennent d'une seule source : {BUTTON_DOUBT[False]:g} mm sont laissés à chaque bout",
            )
        )
    if not phone.camera_sure:
        told.append(
            (
                f"the camera comes from one source: {WINDOW_DOUBT[False]:g} mm is allowed at each edge",
                f"la caméra vient d'une seule source : {WINDOW_DOUBT[False]:g} mm sont laissés à chaque bord",
            )
        )
    told.append(
        (
            "microphones in the top edge are in no source: none is opened for",
            "les micros du bord supérieur ne sont dans aucune source : rien n'est ouvert pour eux",
        )
    )
    told += _bought(plan)
    if plan.ear is not None:
        told.append(
            (
                "the lanyard's hole is in the bottom corner on the left, seen from the front",
                "le trou de la dragonne est dans le coin inférieur gauche, vu de face",
            )
        )
    return told


def _lens(phone: Phone, plan: Plan, raised: bool) -> Note:
    if phone.bump is None:
        stands, reste = (
            (f"a ring of {ASSUMED_RING:g} mm is an assumption", f"une bague de {ASSUMED_RING:g} mm est une hypothèse")
            if raised
            else ("the back is flush", "le dos est à fleur")
        )
        return (
            f"the camera's height is unknown: {stands}, and no protection of the lens is claimed",
            f"la hauteur de la caméra est inconnue : {reste}, et aucune protection de l'objectif n'est promise",
        )
    over = plan.floor + plan.ring_height - phone.bump
    if over >= PROTECTS:
        return (
            f"face up on a table the lens stays {over:.1f} mm clear of it",
            f"posé écran vers le haut, l'objectif reste à {over:.1f} mm de la table",
        )
    if over >= 0:
        return (
            f"face up on a table the lens stays {over:.1f} mm clear, less than {PROTECTS:g}: "
            "no protection of the lens is claimed",
            f"posé écran vers le haut, l'objectif reste à {over:.1f} mm de la table, moins de {PROTECTS:g} : "
            "aucune protection de l'objectif n'est promise",
        )
    return (
        f"the lens stands {-over:.1f} mm out of the back: it is not protected",
        f"l'objectif dépasse du dos de {-over:.1f} mm : il n'est pas protégé",
    )


def _edges(phone: Phone, open_sides: bool) -> list[Note]:
    told: list[Note] = []
    unknown = [side for side, spans in (("right", phone.right), ("left", phone.left)) if spans is None]
    for side in unknown:
        english = f"the {side} edge (seen from the front) is unknown"
        french = f"le bord {SIDES[side]} (vu de face) est inconnu"
        told.append(
            (f"{english}: it is left open", f"{french} : il est laissé ouvert")
            if open_sides
            else (f"{english}, and closed at the customer's word", f"{french}, et fermé sur la parole du client")
        )
    if phone.open_right:
        told.append(
            (
                "a control on the right edge has no known place: the edge is left open from the lowest button down",
                "une commande du bord droit n'a pas de place connue : le bord est laissé ouvert à partir du bouton le plus bas",
            )
            if open_sides
            else (
                "a control on the right edge has no known place, and the edge is closed at the customer's word",
                "une commande du bord droit n'a pas de place connue, et le bord est fermé sur la parole du client",
            )
        )
    if phone.bottom is None:
        told.append(
            (
                "speakers and microphones of the bottom edge are unknown: its middle is left open",
                "les haut-parleurs et micros du bord inférieur sont inconnus : son milieu est laissé ouvert",
            )
        )
    return told


def _bought(plan: Plan) -> list[Note]:
    """What the case is to hold is measured by nobody here."""
    told: list[Note] = []
    if plan.magnets is not None:
        ring = plan.magnets
        size = f"{ring.outer - MAGNET_AIR:g} x {ring.inner + MAGNET_AIR:g} x {ring.deep - MAGNET_GLUE:g}"
        told.append(
            (
                f"the recess takes a magnet ring of {size} mm about a point {ring.y:+g} mm from the phone's middle; no maker's "
                "size and no place on this phone was found: all are assumptions, measure before you print",
                f"le logement prend un anneau d'aimants de {size} mm, centré à {ring.y:+g} mm du milieu du téléphone ; ni cote de "
                "fabricant ni place sur ce téléphone n'ont été trouvées : ce sont des hypothèses, mesurez avant d'imprimer",
            )
        )
    if plan.seat is not None:
        box = plan.seat.box
        told.append(
            (
                f"the seat is {box.w:g} x {box.h:g} mm and {plan.seat.deep:g} deep, an assumed size: measure what you stick in",
                f"le logement fait {box.w:g} x {box.h:g} mm et {plan.seat.deep:g} de profondeur, une cote supposée : "
                "mesurez ce que vous y collez",
            )
        )
    if plan.bumper:
        but, sauf = (
            ("; the lanyard's corner has none", " ; le coin de la dragonne n'en a pas") if plan.ear is not None else ("", "")
        )
        told.append(
            (
                f"the corners stand out by {plan.bumper:g} mm: no drop was tested{but}",
                f"les coins dépassent de {plan.bumper:g} mm : aucune chute n'a été essayée{sauf}",
            )
        )
    return told


def cut_cells(share: float) -> list[Note]:
    """What a pattern that is cut through costs. `share`: of the back."""
    return [
        (
            f"cells cut through open {share:.0%} of the back: it is weaker there, and lets dust and water in",
            f"les alvéoles ajourent {share:.0%} du dos : il y est moins solide, et laisse entrer poussière et eau",
        )
    ]


def two_colours(method: str) -> list[Note]:
    """How two colours are made."""
    if method == "FDM":
        return [
            (
                "print model.prusa.3mf: it gives case and letters a tool each; nothing is purged between them",
                "imprimez model.prusa.3mf : l'étui et les lettres y ont chacun leur outil ; rien n'est purgé entre eux",
            )
        ]
    return [
        (
            "case and letters are two parts without a gap: made at once in this process they come out as one, in one colour",
            "l'étui et les lettres sont deux pièces sans jeu : faites ensemble par ce procédé, elles n'en font qu'une, d'une couleur",
        )
    ]
