"""Whether an order suits its template, as far as that can be said without making it: in the process that may run the template."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from engine.errands import template_of
from engine.errors import OrderError
from engine.language.orders import accept
from engine.language.parameters import TextField
from engine.language.template import Template
from engine.model.order import Order


def fit(order: Order, cls: type[Template], words: Sequence[str]) -> dict[str, Any]:
    """What intake must know of the template; OrderError where a value does not suit it, or a text holds one of the words."""
    values, _ = accept(order, cls)
    refuse_words(cls, values, words)
    return {
        "process": cls.default_process,
        "retention_days": cls.retention_days,
        "impersonal": [n for n in sorted(order.parameters) if not cls.fields[n].personal],
    }


def key_here(source: Mapping[str, str]) -> str:
    """The key of a template that is named by its source."""
    return template_of(source).key


def fit_here(source: Mapping[str, str], order: Order, words: list[str]) -> dict[str, Any]:
    """`fit`, of a template that is named by its source."""
    return fit(order, template_of(source), words)


def refuse_words(cls: type[Template], values: Mapping[str, Any], words: Sequence[str]) -> None:
    """OrderError naming the first of the shop's refused words that stands in a text of the order."""
    if not words:
        return
    for name, field in cls.fields.items():
        if isinstance(field, TextField) and values.get(name):
            plain = folded(str(values[name]))
            for word in words:
                if re.search(rf"(?<!\w){re.escape(folded(word))}(?!\w)", plain):
                    raise OrderError(
                        field.path, "holds a word that this shop prints on nothing", limit=word, rule="refused-words"
                    )


def folded(text: str) -> str:
    """As words are compared: without case, marks and width."""
    split = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in split if not unicodedata.combining(c))
