"""What a case may carry beyond its shell, as the customer chooses it: fields of the template, in their order."""

from __future__ import annotations

from engine.authoring import choice, flag, length
from templates.phone_case.extras import ASSUMED_MM

PATTERN = choice(
    "none",
    {
        "none": ("None", "Aucun"),
        "hexagon": ("Hexagons", "Hexagones"),
        "stripes": ("Stripes", "Rayures"),
        "waves": ("Waves", "Vagues"),
    },
    label=("Pattern of the back", "Motif du dos"),
)
PATTERN_STYLE = choice(
    "cut",
    {"cut": ("Cut through", "Ajouré"), "raised": ("Raised", "En relief")},
    label=("Cells of the pattern", "Alvéoles du motif"),
)
CELL = length(7.0, low=1.5, high=14.0, step=0.5, label=("Width of a cell", "Largeur d'une alvéole"))
BAR = length(2.0, low=0.6, high=6.0, step=0.1, label=("Bar between cells", "Barre entre les alvéoles"))
NAME_PANEL = flag(
    True,
    label=("The pattern leaves a band for the name", "Le motif laisse une bande pour le prénom"),
)
MAGNETS = flag(
    False,
    label=("Recess for a magnet ring", "Logement pour un anneau d'aimants"),
    help=(
        "Inside the back. The sizes are assumptions: measure your ring.",
        "À l'intérieur du dos. Les cotes sont des hypothèses : mesurez votre anneau.",
    ),
)
MAGNET_OUTER = length(
    ASSUMED_MM["magnet_outer"][0],
    low=40.0,
    high=70.0,
    step=0.5,
    label=("Magnet ring: outside", "Anneau d'aimants : extérieur"),
)
MAGNET_INNER = length(
    ASSUMED_MM["magnet_inner"][0],
    low=20.0,
    high=60.0,
    step=0.5,
    label=("Magnet ring: inside", "Anneau d'aimants : intérieur"),
)
MAGNET_THICKNESS = length(
    ASSUMED_MM["magnet_thickness"][0],
    low=0.4,
    high=1.6,
    step=0.1,
    label=("Magnet ring: thickness", "Anneau d'aimants : épaisseur"),
)
MAGNET_Y = length(
    0.0,
    low=-40.0,
    high=40.0,
    step=0.5,
    label=("Magnet ring: upwards", "Anneau d'aimants : vers le haut"),
    help=("From the middle of the phone.", "Depuis le milieu du téléphone."),
)
SEAT = choice(
    "none",
    {
        "none": ("None", "Aucun"),
        "disc": ("For an adhesive ring", "Pour un anneau adhésif"),
        "stand": ("For a fold-out stand", "Pour un pied repliable"),
    },
    label=("Seat on the back", "Logement au dos"),
    help=("A flat recess to stick it in.", "Un creux plat pour l'y coller."),
)
SEAT_SIZE = length(
    ASSUMED_MM["seat_size"][0],
    low=20.0,
    high=70.0,
    step=0.5,
    label=("Seat: diameter or length", "Logement : diamètre ou longueur"),
)
SEAT_DEPTH = length(ASSUMED_MM["seat_depth"][0], low=0.2, high=1.0, step=0.1, label=("Seat: depth", "Logement : profondeur"))
SEAT_Y = length(
    0.0,
    low=0.0,
    high=60.0,
    step=0.5,
    label=("Seat: upwards", "Logement : vers le haut"),
    help=("From the lowest place.", "Depuis la place la plus basse."),
)
BUMPERS = length(
    0.0,
    low=0.0,
    high=2.5,
    step=0.5,
    label=("Corner bumpers", "Renforts de coin"),
    help=("How much thicker the corners are.", "De combien les coins sont plus épais."),
)
