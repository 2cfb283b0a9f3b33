"""Which texts can be lettered, and in which fonts: normalised, counted, cut, and refused character by character. Loads no kernel,
so a web process may.

What is accepted is set rightly: in the scripts that the catalogue claims, every letter with a glyph, every mark on a letter of
its own script. All else is refused by name, before anything is built. A letter comes from the font that was asked for where that
one claims its script and has it, else from the font of the catalogue that claims it (see fonts.face). Decided here:

- Joiners (ZWJ, ZWNJ) are taken between letters of one script that joins or stacks letters, and ZWJ between emoji.
- Variation selectors are taken after emoji, where they say nothing that outlines show, and after Han where the font has the
  variant.
- Fixed forms of Arabic letters (U+FB50 to U+FDFF, U+FE70 to U+FEFF) are refused, naming the letters: they come from programs that
  reversed and joined the text themselves, and normalised silently such a name would be engraved backwards.
"""

from __future__ import annotations

import functools
import unicodedata
from dataclasses import dataclass

import regex
from fontTools.unicodedata import script as script_of

from engine.errors import OrderError
from engine.shape import bidi, fonts

LONGEST = 500
"""Characters in one text, whatever a template allows: what a hostile order may make us shape."""

MOST_MARKS = 3
"""Marks that may follow one letter of ALPHABETS; no orthography needs more, and towers of them are no name."""

MOST_SIGNS = 8
"""Marks that may follow one letter of another script: vowels, medials and tones are marks there."""

SCRIPTS = {
    "Latn": "Latin",
    "Grek": "Greek",
    "Cyrl": "Cyrillic",
    "Armn": "Armenian",
    "Geor": "Georgian",
    "Arab": "Arabic",
    "Hebr": "Hebrew",
    "Deva": "Devanagari",
    "Beng": "Bengali",
    "Guru": "Gurmukhi",
    "Gujr": "Gujarati",
    "Orya": "Oriya",
    "Taml": "Tamil",
    "Telu": "Telugu",
    "Knda": "Kannada",
    "Mlym": "Malayalam",
    "Sinh": "Sinhala",
    "Thai": "Thai",
    "Laoo": "Lao",
    "Khmr": "Khmer",
    "Mymr": "Myanmar",
    "Ethi": "Ethiopic",
    "Hani": "Han",
    "Hira": "Hiragana",
    "Kana": "Katakana",
    "Hang": "Hangul",
    "Bopo": "Bopomofo",
    "Syrc": "Syriac",
    "Thaa": "Thaana",
    "Tibt": "Tibetan",
    "Cher": "Cherokee",
    "Tfng": "Tifinagh",
    "Nkoo": "N'Ko",
    "Cans": "Canadian syllabics",
    "Zsym": "signs",
    "Zsye": "emoji",
}
"""The scripts that a font of the catalogue may claim, by their ISO 15924 codes."""

ALPHABETS = frozenset({"Latn", "Grek", "Cyrl", "Armn", "Geor"})
"""Scripts whose letters stand side by side, each with its marks, from left to right."""

_SIGNS = ("Zsym", "Hani", "Zsye")
"""Where signs that all scripts share are looked for: Han fonts have stars and hearts too, in plain outlines."""

_JOINED = frozenset(
    ("Arab", "Syrc", "Nkoo", "Deva", "Beng", "Guru", "Gujr", "Orya", "Taml", "Telu", "Knda", "Mlym", "Sinh", "Khmr", "Mymr")
)
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
_HANGERS_ON = regex.compile(r"[\u200c\u200d\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_GRAPHEME = regex.compile(r"\X")
_EMOJI = regex.compile(r"\p{Emoji}")
_PICTURE = regex.compile(r"\p{Extended_Pictographic}")
_EMOJI_CLUSTER = regex.compile(r"\p{Emoji_Presentation}|\p{Regional_Indicator}|.\ufe0f|\p{Extended_Pictographic}.*\u200d")
_FIXED_FORM = regex.compile(r"[\ufb50-\ufdcf\ufdf0-\ufdff\ufe70-\ufefe]")

TEXT_STYLE, EMOJI_STYLE, JOINER = "\ufe0e", "\ufe0f", "\u200d"


@dataclass(frozen=True)
class Item:
    """Characters `first` to before `end` of a text, of one script (ISO 15924), in one face; an emoji is an item of its own."""

    first: int
    end: int
    script: str
    face: str


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


@functools.lru_cache(maxsize=8192)
def script(character: str) -> str:
    """The ISO 15924 code of a character's script; "" for what scripts share (digits, spaces, signs, marks)."""
    found: str = script_of(character)
    return "" if found in ("Zyyy", "Zinh", "Zzzz") else found


def hangs_on(character: str) -> bool:
    """Is it a joiner or a variation selector, which has no ink?"""
    return bool(_HANGERS_ON.match(character))


def scripts(text: str, otherwise: str = "Latn") -> list[str]:
    """The script of each character: what scripts share goes with what stands before it, at the start with what follows."""
    own = [script(character) for character in text]
    first = next((code for code in own if code), otherwise)
    found = []
    for code in own:
        first = code or first
        found.append(first)
    return found


def accepted(text: str, *, font: str, field: str = "text") -> str:
    """`normal(text)`, or OrderError for the first character that cannot be set; its value names the character.

    Refused: control and bidi characters, line breaks, invisible characters, lone surrogates, private use, unassigned, the
    replacement character; fixed forms; scripts that no font is known to set; a character without a glyph, or whose font is not
    installed; a mark without a letter of its script, or too many on one; more than LONGEST characters. Also OrderError for an
    unknown font, EnvironmentFault when it is not installed.
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
    _marks_must_stand(kept, field)
    for item in items(kept, font=font, field=field):
        if item.face == font:
            for character in kept[item.first : item.end]:
                if unicodedata.category(character)[0] != "M" and not bidi.mixed(character):
                    loaded.plain[character] = script(character)
    return kept


def _marks_must_stand(text: str, field: str) -> None:
    """OrderError for a mark without a letter of its script to stand on, and for one too many."""
    marks = 0
    base = ""
    for character in text:
        if _HANGERS_ON.match(character):
            continue
        if unicodedata.category(character)[0] != "M":
            marks, base = 0, character
            continue
        marks += 1
        own = script(character)
        if not base or base.isspace() or (own and own != script(base)):
            raise OrderError(field, "a mark needs a letter to stand on", value=named(character))
        most = MOST_MARKS if script(base) in ("", *ALPHABETS) else MOST_SIGNS
        if marks > most:
            raise OrderError(field, "too many marks on one letter", value=named(character), limit=most)


@functools.lru_cache(maxsize=256)
def items(text: str, *, font: str, field: str = "text") -> tuple[Item, ...]:
    """A normal text cut where its script or its font changes. OrderError for what no font sets."""
    primary = fonts.load(font)
    found: list[Item] = []
    codes = scripts(text, next(iter(primary.info.scripts)))
    for match in _GRAPHEME.finditer(text):
        first, end = match.span()
        cluster = match.group()
        code = "Zsye" if _EMOJI_CLUSTER.match(cluster) and TEXT_STYLE not in cluster else codes[first]
        face = _face(cluster, code, font, field)
        if found and (found[-1].script, found[-1].face) == (code, face) and code != "Zsye":
            found[-1] = Item(found[-1].first, end, code, face)
        else:
            found.append(Item(first, end, code, face))
    return tuple(found)


@functools.lru_cache(maxsize=8192)
def _face(cluster: str, code: str, font: str, field: str) -> str:
    """The face that sets a grapheme: the one that was asked for, that of its script, and for shared signs those of signs."""
    primary = fonts.load(font)
    tried = [font] if code in primary.info.scripts else []
    own = fonts.face(code, primary.weight)
    if own is not None:
        tried.append(own)
    if code != "Zsye" and not any(script(character) for character in cluster):
        tried += [font, *(face for face in (fonts.face(signs, primary.weight) for signs in _SIGNS) if face)]
    lacking = next((c for c in cluster if not _HANGERS_ON.match(c)), cluster[0])
    for key in tried:
        row = fonts.info(key)
        if key != font and fonts.path(row) is None:
            why = "the font that sets this script is not installed"
            raise OrderError(field, why, value=named(lacking), limit=f"{row.key}: run {fonts.install(row)}")
        lacks = _lacking(cluster, fonts.load(key))
        if lacks is None:
            return key
        lacking = lacks
    if not tried:
        why = "no font of the catalogue is known to set this script rightly"
        raise OrderError(field, why, value=named(lacking), limit="see unikat fonts")
    raise OrderError(
        field, "no font of the catalogue has a glyph for this character", value=named(lacking), limit="see unikat fonts"
    )


def _lacking(cluster: str, font: fonts.Font) -> str | None:
    """The first character of a grapheme that a font cannot draw; a variant of a Han character counts with its selector."""
    for i, character in enumerate(cluster):
        if _HANGERS_ON.match(character):
            if character not in (TEXT_STYLE, EMOJI_STYLE) and i and not font.has_variant(cluster[i - 1], character):
                return character
        # a letter without a glyph of its own may still be drawn as its base and marks
        elif not font.covers(character) and not all(font.covers(part) for part in _parts(character)):
            return character
    return None


def settable(text: str, *, field: str = "text") -> None:
    """OrderError for the first character that no font could set, at the ends too: strip() would take a line break silently."""
    if text.isascii() and text.isprintable():
        return
    for i, character in enumerate(text):
        why = _reason(character)
        if why == _UNSEEN and _hangs_on(text, i):
            continue
        if why == _FIXED:
            letters = unicodedata.normalize("NFKC", character).strip()
            raise OrderError(field, why, value=named(character), nearest=letters or None)
        if why:
            raise OrderError(field, why, value=named(character))


_UNSEEN = "an invisible character is not taken"
_FIXED = "a letter in one fixed form is not taken: send the letter itself"


def _hangs_on(text: str, i: int) -> bool:
    """Does a joiner or a variation selector stand where it belongs (see above)?"""
    character = text[i]
    if not i > 0 or not _HANGERS_ON.match(character):
        return False
    before = text[i - 1]
    if character in "\u200c\u200d":
        after = text[i + 1] if i + 1 < len(text) else " "
        codes = scripts(text[:i])
        joined = codes[-1] in _JOINED and not before.isspace() and script(after) == codes[-1]
        if joined or character != JOINER:
            return joined
        # between the two may stand a style or a tone of skin
        earlier = [c for c in text[max(0, i - 3) : i] if not regex.match(r"[\ufe0e\ufe0f]|\p{Emoji_Modifier}", c)]
        return bool(earlier) and bool(_PICTURE.match(earlier[-1])) and bool(_PICTURE.match(after))
    if character in (TEXT_STYLE, EMOJI_STYLE) and _EMOJI.match(before):
        return True
    return script(before) == "Hani"


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
        return _UNSEEN
    if character in _LOST:
        return "this sign stands for a character that was lost on the way"
    if _FIXED_FORM.match(character):
        return _FIXED
    return None


def _parts(character: str) -> str:
    """The canonical decomposition of a character that has one; else a character that no font has."""
    parts = unicodedata.normalize("NFD", character)
    return parts if parts != character else "\uffff"
