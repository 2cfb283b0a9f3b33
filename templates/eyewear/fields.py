"""What an order may tell of a face, and of a frame."""

from __future__ import annotations

from typing import Any

from engine.authoring import (
    LENS_SHAPES,
    angle,
    catalogue,
    choice,
    curvature,
    length,
    measure,
    outline,
    points,
    scan,
    table,
    text,
)

BOXING, HEADS = "ISO 8624", "ISO 7250-1"
SIDES = {"left": ("left", "gauche"), "right": ("right", "droite")}
SHAPES = {
    "round": ("Round", "Ronde"),
    "panto": ("Panto", "Pantos"),
    "rectangle": ("Rectangle", "Rectangulaire"),
    "square": ("Square", "Carrée"),
    "aviator": ("Aviator", "Aviateur"),
    "cat-eye": ("Cat-eye", "Œil-de-chat"),
}
BRIDGES = {
    "saddle": ("Saddle", "Selle"),
    "keyhole": ("Keyhole", "Trou de serrure"),
    "pads": ("Pads, of one piece", "Plaquettes intégrées"),
}

MEASURES: tuple[tuple[str, float, float, str, str | None, str, str], ...] = (
    ("pd", 40.0, 85.0, "mm", BOXING, "pupillary distance", "écart pupillaire"),
    ("right_pd", 18.0, 45.0, "mm", BOXING, "pupillary distance, right", "écart pupillaire, droit"),
    ("left_pd", 18.0, 45.0, "mm", BOXING, "pupillary distance, left", "écart pupillaire, gauche"),
    ("face_width", 90.0, 180.0, "mm", HEADS, "width of the face (between the cheekbones)", "largeur du visage (bizygomatique)"),
    ("ear_width", 90.0, 190.0, "mm", None, "width of the head at the ears", "largeur de la tête aux oreilles"),
    ("head_breadth", 100.0, 190.0, "mm", HEADS, "breadth of the head", "largeur de la tête"),
    ("head_length", 120.0, 240.0, "mm", HEADS, "length of the head", "longueur de la tête"),
    ("head_circumference", 400.0, 680.0, "mm", HEADS, "circumference of the head", "tour de tête"),
    ("left_ear_depth", 55.0, 125.0, "mm", None, "cornea to the root of the ear, left", "de la cornée à la racine de l'oreille, gauche"),
    ("right_ear_depth", 55.0, 125.0, "mm", None, "cornea to the root of the ear, right", "de la cornée à la racine de l'oreille, droite"),
    ("left_ear_height", -20.0, 20.0, "mm", None, "root of the ear over the pupil, left", "racine de l'oreille au-dessus de la pupille, gauche"),
    ("right_ear_height", -20.0, 20.0, "mm", None, "root of the ear over the pupil, right", "racine de l'oreille au-dessus de la pupille, droite"),
    ("ear_aside", -12.0, 12.0, "mm", None, "middle of the ears to the left of the nose's", "milieu des oreilles à gauche de celui du nez"),
    ("nose_width", 10.0, 40.0, "mm", None, "width of the nose, 12 below the pupils and 9 before the corneas", "largeur du nez, 12 sous les pupilles et 9 devant les cornées"),
    ("nose_frontal", 5.0, 50.0, "deg", None, "frontal half angle of the nose", "demi-angle frontal du nez"),
    ("nose_splay", 5.0, 50.0, "deg", None, "splay half angle of the nose", "demi-angle d'ouverture du nez"),
    ("nose_crest", 3.0, 30.0, "mm", None, "crest of the nose before the corneas, 5 below the pupils", "arête du nez devant les cornées, 5 sous les pupilles"),
)  # fmt: skip
"""Name, least and greatest, unit, standard, in English and in French."""

FITTED = ("Fitted to the person.", "Calculé pour la personne.")
LENGTHS: tuple[tuple[str, float, float, float, float, str, str, tuple[str, str] | str], ...] = (
    ("a", 48.74, 32.0, 62.0, 0.01, "A: width of a lens's box", "A : largeur du boîtier d'un verre", FITTED),
    ("b", 43.87, 20.0, 58.0, 0.01, "B: height of a lens's box", "B : hauteur du boîtier d'un verre", FITTED),
    ("dbl", 19.55, 10.0, 30.0, 0.01, "DBL: distance between the boxes", "DBL : distance entre les boîtiers", FITTED),
    ("width", 136.2, 92.0, 176.0, 0.1, "width of the front", "largeur de la face", FITTED),
    ("vertex", 12.5, 11.0, 15.0, 0.5, "vertex distance", "distance verre-œil", ("12 to 15 is usual.", "12 à 15 est usuel.")),
    ("pupil_height", 3.0, -4.0, 10.0, 0.5, "pupils over the boxes' middle", "pupilles au-dessus du milieu des boîtiers", ""),
    ("rim_wide", 3.2, 2.0, 6.0, 0.1, "width of the rims", "largeur des cercles", ("Groove included.", "Drageoir compris.")),
    ("rim_deep", 4.6, 2.0, 9.0, 0.1, "depth of the rims, front to back", "profondeur des cercles, d'avant en arrière", FITTED),
    ("bridge_height", 5.2, -8.0, 14.0, 0.1, "underside of the bridge over the boxes' middle", "dessous du pont au-dessus du milieu des boîtiers", FITTED),
    ("bridge_high", 5.0, 2.6, 10.0, 0.1, "height of the bridge", "hauteur du pont", ("A worn one has 2.6.", "2,6 sur une monture portée.")),
    ("bearing", 19.6, 6.0, 34.0, 0.1, "between the nose bearings, at their back", "entre les appuis du nez, à l'arrière", FITTED),
    ("bearing_deep", 2.5, 0.0, 6.0, 0.1, "how far the nose bearings stand out behind the front", "saillie des appuis du nez derrière la face", FITTED),
    ("groove", 0.6, 0.4, 1.0, 0.01, "depth of the groove", "profondeur du drageoir", ("As high as the lenses' bevel.", "Haute comme le biseau des verres.")),
    ("hinge_height", 11.0, -6.0, 18.0, 0.1, "hinges over the boxes' middle", "charnières au-dessus du milieu des boîtiers", FITTED),
    ("temple_deep", 3.0, 2.0, 6.0, 0.1, "thickness of the temples", "épaisseur des branches", ""),
    ("curve", 600.0, 300.0, 1200.0, 10.0, "radius that the temples are bent to", "rayon de courbure des branches", ""),
    ("left_to_bend", 98.5, 55.0, 130.0, 0.5, "hinge to bend, left", "de la charnière au coude, gauche", FITTED),
    ("right_to_bend", 98.5, 55.0, 130.0, 0.5, "hinge to bend, right", "de la charnière au coude, droite", FITTED),
    ("drop", 40.0, 30.0, 45.0, 0.5, "bend to tip", "du coude à l'embout", ("30 to 45 is usual.", "30 à 45 est usuel.")),
)  # fmt: skip
"""Name, default, least, greatest, step (mm), label in English and in French, help."""

ANGLES: tuple[tuple[str, float, float, float, float, str, str], ...] = (
    ("wrap", 5.0, 2.0, 20.0, 0.5, "face-form angle", "angle de galbe"),
    ("tilt", 8.0, 0.0, 15.0, 0.5, "pantoscopic angle, as worn", "angle pantoscopique, porté"),
    ("bearing_frontal", 29.0, 5.0, 50.0, 0.5, "frontal angle of the nose bearing", "angle frontal de l'appui nasal"),
    ("bearing_splay", 24.0, 0.0, 50.0, 0.5, "splay angle of the nose bearing", "angle d'ouverture de l'appui nasal"),
    ("left_splay", 8.9, 0.0, 20.0, 0.1, "splay of the temple, left", "ouverture de la branche, gauche"),
    ("right_splay", 8.9, 0.0, 20.0, 0.1, "splay of the temple, right", "ouverture de la branche, droite"),
    ("left_pitch", 11.3, -6.0, 20.0, 0.1, "temple to the front, left", "branche à la face, gauche"),
    ("right_pitch", 11.3, -6.0, 20.0, 0.1, "temple to the front, right", "branche à la face, droite"),
    ("groove_angle", 120.0, 90.0, 130.0, 1.0, "angle of the groove", "angle du drageoir"),
    ("turn", 42.0, 25.0, 60.0, 1.0, "bend behind the ear", "coude derrière l'oreille"),
)
"""Name, default, least, greatest, step (degrees), label in English and in French."""


def _first(words: str) -> str:
    return f"{words[0].upper()}{words[1:]}"


def all_fields() -> type:
    """A class that only holds them, for Eyewear to inherit."""
    made: dict[str, Any] = {}
    for name, low, high, unit, standard, en, fr in MEASURES:
        made[name] = measure(low=low, high=high, unit=unit, standard=standard, label=(_first(en), _first(fr)), path=_path(name))
    made["face_scan"] = scan(
        label=("Scan of the face", "Scan du visage"),
        help=("With nose and both eyes, without glasses.", "Avec le nez et les deux yeux, sans lunettes."),
    )
    made["landmarks"] = points(
        label=("Points on the face, in place of a scan", "Points du visage, au lieu d'un scan"),
        help=("A name and three numbers a line, left_pupil first.", "Un nom et trois nombres par ligne, left_pupil d'abord."),
    )
    made["sex"] = choice(
        "unknown",
        {"unknown": ("Not told", "Non dit"), "female": ("Female", "Femme"), "male": ("Male", "Homme")},
        label=("Sex", "Sexe"),
        help=("Only for what is inferred.", "Seulement pour ce qui est déduit."),
    )
    made["shape"] = choice("panto", {name: SHAPES[name] for name in LENS_SHAPES}, label=("Lens shape", "Forme des verres"))
    made["trace"] = outline(label=("Trace of the lenses, in place of a shape", "Tracé des verres, au lieu d'une forme"))
    for side, (en, fr) in SIDES.items():
        label = (f"Radii of the lens, {en}", f"Rayons du verre, {fr}")
        found = ("At equal angles, one a row: found in the trace.", "À angles égaux, un par rang : trouvés dans le tracé.")
        made[f"{side}_radii"] = table(low=10.0, high=45.0, label=label, help=found)
    made["bridge"] = choice("saddle", BRIDGES, label=("Bridge", "Pont"))
    made["hinge"] = catalogue(
        "hinges.csv",
        default="printed",
        label=("Hinges", "Charnières"),
        help=("Bought ones lie in pockets of their size.", "Celles qu'on achète se logent dans des creux à leur taille."),
        name_columns=("english",),
    )
    for name, default, low, high, step, en, fr, told in LENGTHS:
        made[name] = length(default, low=low, high=high, step=step, label=(_first(en), _first(fr)), help=told)
    for name, default, low, high, step, en, fr in ANGLES:
        made[name] = angle(default, low=low, high=high, step=step, label=(_first(en), _first(fr)))
    base = ("Base curve of the lenses", "Base des verres")
    made["base"] = curvature(
        4.0, low=0.5, high=8.0, step=0.25, label=base, help=("The lab decides.", "Le laboratoire en décide.")
    )
    made["name"] = text("", max_graphemes=16, label=("Name", "Prénom"))
    return type("EyewearFields", (), made)


def _path(name: str) -> str:
    side, _, rest = name.partition("_")
    return f"{side}.{rest}" if side in SIDES else name
