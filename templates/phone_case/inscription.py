"""The name on the back, its place and its colours, as the customer chooses them: fields of the template, in their order."""

from __future__ import annotations

from engine.authoring import angle, choice, length, text

COLOURS = {
    "blue": ("#5b8ba8", ("Blue", "Bleu")),
    "red": ("#cc5b4a", ("Red", "Rouge")),
    "charcoal": ("#42454e", ("Charcoal", "Anthracite")),
    "sand": ("#bdb9ac", ("Sand", "Sable")),
    "green": ("#5f8e5c", ("Green", "Vert")),
    "ochre": ("#c9a03d", ("Ochre", "Ocre")),
}
NAME = text("", max_graphemes=24, label=("Name", "Prénom"))
LETTERS = choice(
    "engraved",
    {"engraved": ("Engraved", "Gravé"), "embossed": ("Raised", "En relief"), "cut": ("Cut through", "Ajouré")},
    label=("Lettering", "Lettrage"),
    help=(
        "Cut through, the phone shows; bridges hold the middles of O, A, B.",
        "Ajouré, le téléphone se voit ; des ponts tiennent le milieu des O, A, B.",
    ),
)
FONT = choice(
    "roboto-bold",
    {
        "roboto-regular": "Roboto Regular",
        "roboto-medium": "Roboto Medium",
        "roboto-bold": "Roboto Bold",
        "roboto-black": "Roboto Black",
    },
    label=("Font", "Police"),
)
LETTER_HEIGHT = length(9.0, low=3.0, high=40.0, step=0.1, label=("Height of a capital", "Hauteur d'une capitale"))
DEPTH = length(0.6, low=0.2, high=1.6, step=0.1, label=("Depth or relief of the letters", "Profondeur ou relief des lettres"))
TEXT_X = length(
    0.0,
    low=-35.0,
    high=35.0,
    step=0.5,
    label=("Letters to the right", "Lettres vers la droite"),
    help=("From the middle of the free back, seen from behind.", "Depuis le milieu du dos libre, vu de dos."),
)
TEXT_Y = length(0.0, low=-70.0, high=70.0, step=0.5, label=("Letters upwards", "Lettres vers le haut"))
TEXT_ANGLE = angle(0.0, low=-90.0, high=90.0, step=1.0, label=("Turned by", "Inclinaison"))
COLOUR = choice("blue", {key: words for key, (_, words) in COLOURS.items()}, label=("Colour", "Couleur"))
LETTER_COLOUR = choice(
    "same",
    {"same": ("As the case", "Comme l'étui"), **{key: words for key, (_, words) in COLOURS.items()}},
    label=("Colour of the letters", "Couleur des lettres"),
    help=(
        "Another colour lets the letters into the back, flush, as a part of their own.",
        "Une autre couleur loge les lettres dans le dos, à fleur, comme une pièce à part.",
    ),
)
