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
    ("ﺳﺎﺭﺓ", "fixed form", "U+FEB3 ARABIC LETTER SEEN INITIAL FORM"),
    ("\ufdfa", "fixed form", "U+FDFA ARABIC LIGATURE SALLALLAHOU ALAYHE WASALLAM"),
    ("\u0651سارة", "needs a letter", "U+0651 ARABIC SHADDA"),
    ("\u093eअ", "needs a letter", "U+093E DEVANAGARI VOWEL SIGN AA"),
    ("a\u093e", "needs a letter", "U+093E DEVANAGARI VOWEL SIGN AA"),
    ("a\u0488", "needs a letter", "U+0488 COMBINING CYRILLIC HUNDRED THOUSANDS SIGN"),
    ("\u0e34", "needs a letter", "U+0E34 THAI CHARACTER SARA I"),
    ("ש" + "\u05b7" * 200, "too many marks", "U+05B7 HEBREW POINT PATAH"),
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
    ("سا\u200d", "invisible", "U+200D ZERO WIDTH JOINER"),
    ("سا\u200da", "invisible", "U+200D ZERO WIDTH JOINER"),
    ("س\u200c\u200cا", "invisible", "U+200C ZERO WIDTH NON-JOINER"),
    ("\u200cسا", "invisible", "U+200C ZERO WIDTH NON-JOINER"),
    ("a\ufe0f", "invisible", "U+FE0F VARIATION SELECTOR-16"),
    ("語\ufe00", "has a glyph", "U+FE00 VARIATION SELECTOR-1"),
    ("a\u180b", "invisible", "U+180B MONGOLIAN FREE VARIATION SELECTOR ONE"),
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
    ("𒀀", "known to set", "U+12000 CUNEIFORM SIGN A"),
    ("Anna ᠮ", "known to set", "U+182E MONGOLIAN LETTER MA"),
    ("a𝄞", "has a glyph", "U+1D11E MUSICAL SYMBOL G CLEF"),
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


TAKEN = [
    ("سارة", "noto-arabic:700"),
    ("علی\u200cرضا", "noto-arabic:700"),
    ("٣", "noto-arabic:700"),
    ("שָׁלוֹם", "noto-hebrew:700"),
    ("क्\u200dष", "noto-devanagari:700"),
    ("日本", "noto-cjk-bold"),
    ("葛\U000e0100", "noto-cjk-bold"),
    ("❤\ufe0f", "noto-emoji:700"),
    ("❤", "noto-emoji:700"),
    ("♥", "noto-cjk-bold"),
    ("♥\ufe0e", "noto-cjk-bold"),
    ("♥\ufe0f", "noto-emoji:700"),
    ("👩\u200d❤\ufe0f\u200d👨", "noto-emoji:700"),
    ("👩🏽\u200d🚀", "noto-emoji:700"),
    ("1\ufe0f\u20e3", "noto-emoji:700"),
    ("Ǿȩ", FONT),
    ("Ꞷꞷ", "noto-sans:700"),
]


@pytest.mark.parametrize(("sent", "face"), TAKEN, ids=[ascii(sent[:8]) for sent, _ in TAKEN])
def test_taken_from_the_font_of_the_script(sent: str, face: str) -> None:
    """Joiners inside words, selectors after emoji and Han, digits and signs: each in the font that claims it, at its weight."""
    kept = characters.accepted(sent, font=FONT)
    assert [item.face for item in characters.items(kept, font=FONT)] == [face]
    assert len(text.outline(sent, font=FONT, height=9.0).ends)


@pytest.mark.parametrize(
    ("font", "face"),
    [("roboto-thin", "noto-arabic:400"), ("roboto-medium", "noto-arabic:500"), ("roboto-black", "noto-arabic:700")],
)
def test_the_weight_of_another_script_is_the_nearest_there_is(font: str, face: str) -> None:
    assert characters.items("سارة", font=font)[0].face == face
    assert characters.items("日", font=font)[0].face == ("noto-cjk-bold" if font == "roboto-black" else "noto-cjk-regular")


def test_emoji_that_the_font_does_not_join_are_refused() -> None:
    for sent in ("🐱\u200d🐱", "🚗\u200d🌹"):
        with pytest.raises(OrderError, match="these emoji joined") as told:
            text.outline(sent, font=FONT, height=9.0, field="name")
        assert str(told.value.value).split()[1] == "U+200D"
    with pytest.raises(OrderError, match="mark needs a letter"):
        text.outline("अ ्", font=FONT, height=9.0)


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
    assert [characters.script(one) for one in "aαя7 \u0301日س"] == ["Latn", "Grek", "Cyrl", "", "", "", "Hani", "Arab"]
    assert characters.scripts("7 aس، (1)日") == ["Latn"] * 3 + ["Arab"] * 6 + ["Hani"]
    assert characters.scripts("12", "Deva") == ["Deva"] * 2
