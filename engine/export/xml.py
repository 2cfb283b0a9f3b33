"""Text inside XML 1.0: escaped, or refused. Line breaks and tabs become spaces: lib3mf refuses character references."""

from __future__ import annotations

import re

from engine.errors import EngineFault

_OUTSIDE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": " ", "\n": " ", "\r": " "}
_SPECIAL = re.compile('[&<>"\t\n\r]')


def escaped(text: str) -> str:
    """`text` for an attribute in double quotes or an element. EngineFault if XML 1.0 cannot hold one of its characters."""
    if _OUTSIDE.search(text):
        raise EngineFault("a text for the 3MF holds a character that XML cannot (a control character or a lone surrogate)")
    return _SPECIAL.sub(lambda found: _ESCAPES[found.group()], text)
