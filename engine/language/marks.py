"""Text that is the template's own, not the customer's: a side, a size."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.language.values import Text, accepted_text

if TYPE_CHECKING:
    from engine.language.template import Template

MOST_LETTERS = 60


def mark(template: Template, said: str) -> Text:
    """Words to be set as any text is: `mark(self, "L").outlines(height=12.0)`. OrderError for what no font can set."""
    return Text(accepted_text("mark", said, MOST_LETTERS), "mark", template.run.read)
