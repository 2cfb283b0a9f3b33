"""What is told of a pressure map that cannot be used, in French: a part of `engine.french`, whose {} stand for the same."""

from __future__ import annotations

from collections.abc import Mapping

SENTENCES: Mapping[str, str] = {
    "cannot be used": "ne peut être utilisé",
    "does not show which foot it is: say left or right": "ne montre pas de quel pied il s'agit : dites left ou right",
    "has more than the {} cells that can be read": "a plus de {} cellules, le plus qui puisse être lu",
    "is as broad at one end as at the other: heel and forefoot cannot be told apart": (
        "est aussi large à un bout qu'à l'autre : le talon et l'avant-pied ne se distinguent pas"
    ),
    "is empty": "est vide",
    "is loaded over {} rows and {} columns, which is no foot along the rows: turn the map by a quarter, or leave an unloaded column between two feet": (
        "est chargée sur {} lignes et {} colonnes, ce qui n'est pas un pied le long des lignes : tournez la carte d'un quart de tour, ou "
        "laissez une colonne sans charge entre deux pieds"
    ),
    "is loaded over {} rows, which at this pitch is no foot's length: a pitch of {} to {} mm would fit": (
        "est chargée sur {} lignes, ce qui à ce pas n'est la longueur d'aucun pied : un pas de {} à {} mm conviendrait"
    ),
    "is no map of a foot as long as that, within {}: is it the right pitch, and the right person's?": (
        "n'est pas la carte d'un pied de cette longueur, à {} près : est-ce le bon pas, et la bonne personne ?"
    ),
    "is no text: byte {} is none of {}": "n'est pas un texte : l'octet {} n'en est pas un en {}",
    "is no text: it holds zero bytes": "n'est pas un texte : elle contient des octets nuls",
    "is not loaded where a foot has its heel or its ball: it is no foot that stands": (
        "n'est pas chargée là où un pied a son talon ou son avant-pied : ce n'est pas un pied debout"
    ),
    "is not loaded: no cells beside each other reach {} kPa; is it the right unit?": (
        "n'est pas chargée : aucune cellule avec ses voisines n'atteint {} kPa ; est-ce la bonne unité ?"
    ),
    "is zero in every cell: nothing stands on it": "est nulle dans chaque cellule : rien n'appuie dessus",
    "is {} bytes; {} can be read": "fait {} octets ; {} peuvent être lus",
    "looks like a {} foot's, and is given as the {} one's: another map, or one seen from below?": (
        "semble celle d'un pied {}, et est donnée pour le pied {} : une autre carte, ou une carte vue d'en dessous ?"
    ),
    "needs its pitch, from one cell to the next: {} to {} mm": "a besoin de son pas, d'une cellule à la suivante : {} à {} mm",
    "needs the unit of its numbers: one of {}": "a besoin de l'unité de ses nombres : l'une de {}",
    "peaks above {} kPa, which no foot does: is it the right unit? {} would fit": (
        "dépasse {} kPa, ce que ne fait aucun pied : est-ce la bonne unité ? {} conviendrait"
    ),
    "peaks above {} kPa, which no foot does: is it the right unit?": "dépasse {} kPa, ce que ne fait aucun pied : est-ce la bonne unité ?",
    "row {} has {} cells, the rows before it {}": "la ligne {} a {} cellules, les lignes précédentes {}",
    "row {}, column {} is empty": "ligne {}, colonne {} : vide",
    "row {} is empty": "la ligne {} est vide",
    "row {}, column {} is negative: a pressure never is": "ligne {}, colonne {} : négative, ce qu'une pression n'est jamais",
    "row {}, column {} is no finite number": "ligne {}, colonne {} : pas un nombre fini",
    "row {}, column {} is no number": "ligne {}, colonne {} : pas un nombre",
    "shows two feet: say which one is meant, left or right": "montre deux pieds : dites lequel est voulu, left ou right",
    "shows {} loaded areas side by side: one foot is wanted, or a left and a right one": (
        "montre {} zones chargées côte à côte : il faut un pied, ou un gauche et un droit"
    ),
    "got {}": "reçu {}",
    "loaded over {} mm, expected {} mm; a pitch of {} mm would fit": "chargée sur {} mm, {} mm attendus ; un pas de {} mm conviendrait",
    "the highest is {} kPa": "la plus forte est de {} kPa",
    "{} mm at a pitch of {} mm; a foot stands on {} to {} mm": "{} mm à un pas de {} mm ; un pied se tient sur {} à {} mm",
}
"""A sentence with more holes stands before one that would swallow them."""
