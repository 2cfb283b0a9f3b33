"""Text inside XML 1.0: escaped, or refused. Line breaks and tabs become spaces: lib3mf refuses character references."""

from __future__ import annotations

import re

from engine.errors import EngineFault

_OUTSIDE = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
"""What XML 1.0 has no place for; said the other way round it takes Python 10 ms to understand."""
_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "\t": " ", "\n": " ", "\r": " "}
_SPECIAL = re.compile('[&<>"\t\n\r]')
_REFERENCES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_REFERRED = re.compile("[&<>\t\n\r]")


def escaped(text: str) -> str:
    """`text` for an attribute in double quotes or an element. EngineFault if XML 1.0 cannot hold one of its characters."""
    if _OUTSIDE.search(text):
        raise EngineFault("a text for the 3MF holds a character that XML cannot (a control character or a lone surrogate)")
    return _SPECIAL.sub(lambda found: _ESCAPES[found.group()], text)


def quoted(text: str) -> str:
    """`text` as an attribute with its quotes, line breaks and tabs kept: as xml.sax.saxutils.quoteattr, which brings an HTTP client."""
    told = _REFERRED.sub(lambda found: _REFERENCES[found.group()], text)
    if '"' not in told:
        return f'"{told}"'
    return "'" + told + "'" if "'" not in told else '"' + told.replace('"', "&quot;") + '"'
