"""What can be lettered is normalised and counted as readers count; all else is refused by name."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import OrderError
from engine.shape import characters, text

FONT = "roboto-bold"


@pytest.mark.parametrize(
    ("given_text", "count"),
    [
        ("", 0),
        ("  ", 0),
        ("Zoë", 3),
        ("Zoe\u0308", 3),
        (" Ana & José ", 10),
        ("👩‍👩‍👧🇫🇷", 2),
        ("x\u0301\u0302\u0303", 1),
        ("각", 1),
        ("क्षि", 1),
    ],
)
def test_graphemes_count_as_readers_do(given_text: str, count: int) -> None:
    assert characters.graphemes(given_text) == count


@pytest.mark.parametrize("sent", ["Zoe\u0308", "  Zoë", "Zoë\u00a0", "\u2003Zoë "])
def test_a_text_is_normalised_and_stripped(sent: str) -> None:
    assert characters.accepted(sent, font=FONT) == "Zoë"


REFUSED = [
    ("a\u202eb", "direction", "U+202E RIGHT-TO-LEFT OVERRIDE"),
    ("a\u2066b", "direction", "U+2066 LEFT-TO-RIGHT ISOLATE"),
    ("a\u200fb", "direction", "U+200F RIGHT-TO-LEFT MARK"),
    ("a\u200eb", "direction", "U+200E LEFT-TO-RIGHT MARK"),
    ("שלום", "right to left", "U+05E9 HEBREW LETTER SHIN"),
    ("سارة", "right to left", "U+0633 ARABIC LETTER SEEN"),
    ("٣", "right to left", "U+0663 ARABIC-INDIC DIGIT THREE"),
    ("a\nb", "one line", "U+000A"),
    ("a\n", "one line", "U+000A"),
    ("\r\na", "one line", "U+000D"),
    ("a\u2028b", "one line", "U+2028 LINE SEPARATOR"),
    ("\u2029a", "one line", "U+2029 PARAGRAPH SEPARATOR"),
    ("a\tb", "control", "U+0009"),
    ("a\t", "control", "U+0009"),
    ("a\0", "control", "U+0000"),
    ("a\x7f", "control", "U+007F"),
    ("a\u200db", "invisible", "U+200D ZERO WIDTH JOINER"),
    ("a\u00adb", "invisible", "U+00AD SOFT HYPHEN"),
    ("a\ufe0f", "invisible", "U+FE0F VARIATION SELECTOR-16"),
    ("a\u034fb", "invisible", "U+034F COMBINING GRAPHEME JOINER"),
    ("a\u3164", "invisible", "U+3164 HANGUL FILLER"),
    ("a\U000e0041", "invisible", "U+E0041 TAG LATIN CAPITAL LETTER A"),
    ("\ud800", "surrogate", "U+D800"),
    ("a\udfff", "surrogate", "U+DFFF"),
    ("\ue000", "private-use", "U+E000"),
    ("\uf6c3", "private-use", "U+F6C3"),
    ("\u0378", "unassigned", "U+0378"),
    ("\uffff", "unassigned", "U+FFFF"),
    ("Ren\ufffd", "lost", "U+FFFD REPLACEMENT CHARACTER"),
    ("\u0301a", "needs a letter", "U+0301 COMBINING ACUTE ACCENT"),
    ("a \u0301", "needs a letter", "U+0301 COMBINING ACUTE ACCENT"),
    ("x" + "\u0323" * 4, "too many marks", "U+0323 COMBINING DOT BELOW"),
    ("日本", "no glyph", "U+65E5 CJK UNIFIED IDEOGRAPH-65E5"),
    ("Anna अ", "no glyph", "U+0905 DEVANAGARI LETTER A"),
    ("a❤", "no glyph", "U+2764 HEAVY BLACK HEART"),
    ("a❤\ufe0f", "invisible", "U+FE0F VARIATION SELECTOR-16"),
    ("🙂", "no glyph", "U+1F642 SLIGHTLY SMILING FACE"),
    ("a\u02ea", "script", "U+02EA MODIFIER LETTER YIN DEPARTING TONE MARK"),
    ("x" * 501, "too long", "501 characters"),
]


@pytest.mark.parametrize(("sent", "why", "value"), REFUSED, ids=[ascii(sent[:8]) for sent, _, _ in REFUSED])
def test_refused_by_name(sent: str, why: str, value: str) -> None:
    for taking in (characters.accepted, lambda sent, font, field: text.outline(sent, font=font, height=9.0, field=field)):
        with pytest.raises(OrderError) as told:
            taking(sent, font=FONT, field="name")
        assert told.value.field == "name" and why in told.value.why and told.value.value == value
        # what was sent is for the sender alone
        assert value not in str(told.value) and value[:6] in told.value.for_sender()


def test_three_marks_are_not_too_many() -> None:
    assert characters.accepted("x\u0323\u0301\u0302", font=FONT) == "x\u0323\u0301\u0302"


def test_no_text_at_all_is_refused() -> None:
    with pytest.raises(OrderError, match="a text is expected"):
        characters.accepted(None, font=FONT)  # type: ignore[arg-type]


@settings(deadline=None, max_examples=400)
@given(st.text(st.characters(), max_size=8))
def test_any_text_is_taken_whole_or_refused_in_words(sent: str) -> None:
    try:
        kept = characters.accepted(sent, font=FONT)
    except OrderError as told:
        assert told.why and "\n" not in told.for_sender()
        told.for_sender().encode()
        return
    assert kept == unicodedata.normalize("NFC", sent).strip()


def test_the_script_of_a_character() -> None:
    assert [characters.script(one) for one in "aαя7 \u0301日"] == ["Latn", "Grek", "Cyrl", "", "", "", None]
