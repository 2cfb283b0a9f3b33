"""What the report states of a pair: what it is, what was inferred of the feet, what was assumed."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from templates.insole.insole import Insole

Note = tuple[str, str]


def notes(insole: Insole) -> list[Note]:
    """Sentences for the report, the weightiest first."""
    told: list[Note] = []
    if insole.product_class == "comfort":
        told.append(
            (
                "a comfort insole: no medical effect is claimed or was tested",
                "une semelle de confort : aucun effet médical n'est annoncé ni n'a été vérifié",
            )
        )
    else:
        told.append(
            (
                "a custom-made device: who prescribes it answers for its suitability; nothing here was clinically tested",
                "un dispositif sur mesure : qui le prescrit répond de sa convenance ; rien ici n'a été vérifié cliniquement",
            )
        )
    return told
