"""Which texts can be lettered: normalised, counted, and refused character by character. Loads no kernel, so a web process may.

What is accepted is set rightly: left to right, in the scripts that the catalogue claims for the font, every letter with a
glyph, every mark on a letter. All else is refused by name, before anything is built.
"""

from __future__ import annotations

import functools
import unicodedata

import regex

from engine.errors import OrderError
from engine.shape import fonts

LONGEST = 500
"""Characters in one text, whatever a template allows: what a hostile order may make us shape."""

MOST_MARKS = 3
"""Marks that may follow one letter; no orthography of the catalogue's scripts needs more, and towers of them are no name."""

SCRIPTS = {"Latn": "Latin", "Grek": "Greek", "Cyrl": "Cyrillic"}
"""The scripts that a font of the catalogue may claim: those that one left-to-right line of joined glyphs sets rightly."""

_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
_CONTROLS = {
    "Cs": "a lone surrogate is no character",
    "Co": "a private-use character has no agreed shape",
    "Cn": "an unassigned code point is no character",
    "Zl": "a text is one line",
    "Zp": "a text is one line",
}
_LINE_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85")
_LOST = frozenset("\ufffc\ufffd")
_BIDI = frozenset({"LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI"})
_BIDI_MARKS = frozenset("\u200e\u200f\u061c")
_INVISIBLE = regex.compile(r"\p{Default_Ignorable_Code_Point}")
_GRAPHEME = regex.compile(r"\X")
_COMMON = regex.compile(r"[\p{Script=Common}\p{Script=Inherited}]")


def normal(text: str) -> str:
    """The text as it is set: NFC (Unicode normalisation form C), less white space at both ends."""
    return unicodedata.normalize("NFC", text).strip()


def graphemes(text: str) -> int:
    """How many characters a reader counts in the text as it is set: extended grapheme clusters (UAX 29)."""
    if text.isascii() and text.isprintable():
        return len(text.strip())
    return sum(1 for _ in _GRAPHEME.finditer(normal(text)))


def clusters(text: str) -> list[str]:
    """What a reader counts, each with its marks: the extended grapheme clusters of the text as it is set."""
    return [found.group() for found in _GRAPHEME.finditer(normal(text))]


def named(character: str) -> str:
    """`U+0160 LATIN CAPITAL LETTER S WITH CARON`; without a name, the code point alone."""
    return f"U+{ord(character):04X} {unicodedata.name(character, '')}".rstrip()


def script(character: str) -> str | None:
    """The ISO 15924 code of one of SCRIPTS, "" for what all scripts share (digits, spaces, signs, marks), None for others."""
    for code, pattern in _script_patterns():
        if pattern.match(character):
            return code
    return "" if _COMMON.match(character) else None


@functools.cache
def _script_patterns() -> tuple[tuple[str, regex.Pattern[str]], ...]:
    return tuple((code, regex.compile(rf"\p{{Script={name}}}")) for code, name in SCRIPTS.items())


def accepted(text: str, *, font: str, field: str = "text") -> str:
    """`normal(text)`, or OrderError for the first character that cannot be set; its value names the character.

    Refused: control and bidi-override characters, line breaks, invisible characters, lone surrogates, private use, unassigned,
    the replacement character; letters written right to left; scripts that the font is not known to set; a character without a
    glyph; a mark without a letter, or more than MOST_MARKS on one; more than LONGEST characters. Also OrderError for an unknown
    font, EnvironmentFault when it is not installed.
    """
    if not isinstance(text, str):
        raise OrderError(field, "a text is expected", value=type(text).__name__)
    loaded = fonts.load(font)
    if len(text) > LONGEST:
        raise OrderError(field, "too long a text", value=f"{len(text)} characters", limit=f"{LONGEST} characters")
    plain = loaded.plain.keys()
    if plain >= set(text) and plain >= set(kept := normal(text)):
        return kept
    settable(text, field=field)
    kept = normal(text)
    marks = 0
    base = ""
    for character in kept:
        if character.isascii() and character.isalnum():
            marks, base = 0, character
            continue
        _must_be_in(character, loaded, field)
        if unicodedata.category(character)[0] == "M":
            marks += 1
            if not base or base.isspace():
                raise OrderError(field, "a mark needs a letter to stand on", value=named(character))
            if marks > MOST_MARKS:
                raise OrderError(field, "too many marks on one letter", value=named(character), limit=f"{MOST_MARKS} marks")
        else:
            marks, base = 0, character
    for character in kept:
        if _stands_alone(character):
            loaded.plain[character] = script(character) or ""
    return kept


def _stands_alone(character: str) -> bool:
    """Is a text set that is made of such characters, each of which a font sets? No mark, and its own normal form."""
    return (
        unicodedata.category(character)[0] != "M" and unicodedata.is_normalized("NFC", character) and _reason(character) is None
    )


def settable(text: str, *, field: str = "text") -> None:
    """OrderError for the first character that no font could set, at the ends too: strip() would take a line break silently."""
    if text.isascii() and text.isprintable():
        return
    for character in text:
        why = _reason(character)
        if why:
            raise OrderError(field, why, value=named(character))


@functools.lru_cache(maxsize=8192)
def _reason(character: str) -> str | None:
    """Why no font could set this character; None for one that some font could."""
    category = unicodedata.category(character)
    if category in _CONTROLS:
        return _CONTROLS[category]
    direction = unicodedata.bidirectional(character)
    if direction in _BIDI or character in _BIDI_MARKS:
        return "a character that changes the direction of writing is not taken"
    if character in _LINE_BREAKS:
        return "a text is one line"
    if category == "Cc":
        return "a control character is not taken"
    if category == "Cf" or _INVISIBLE.match(character):
        return "an invisible character is not taken"
    if character in _LOST:
        return "this sign stands for a character that was lost on the way"
    if direction in _RIGHT_TO_LEFT:
        return "letters written from right to left cannot be set yet"
    return None


def _must_be_in(character: str, font: fonts.Font, field: str) -> None:
    """OrderError unless this font sets this character, naming the scripts that it does set."""
    told = ", ".join(SCRIPTS[code] for code in font.info.scripts)
    # a letter without a glyph of its own may still be drawn as its base and marks
    if not font.covers(character) and not all(font.covers(part) for part in _parts(character)):
        why = f"font {font.info.key} has no glyph for this character"
        raise OrderError(field, why, value=named(character), limit=told)
    found = script(character)
    if found is None or (found and found not in font.info.scripts):
        why = f"font {font.info.key} is not known to set this script rightly"
        raise OrderError(field, why, value=named(character), limit=told)


def _parts(character: str) -> str:
    """The canonical decomposition of a character that has one; else a character that no font has."""
    parts = unicodedata.normalize("NFD", character)
    return parts if parts != character else "\uffff"
