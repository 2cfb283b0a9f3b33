"""Text inside XML: what stands in quotes is what Python's own library writes, and what XML cannot hold is found."""

from __future__ import annotations

from xml.sax.saxutils import quoteattr

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from engine.errors import EngineFault
from engine.export.xml import escaped, quoted

TEXTS = st.text(st.one_of(st.sampled_from("&<>\"'\t\n\r;#"), st.characters()), max_size=20)


@given(TEXTS)
@example("both ' and \"")
@example('only "')
def test_a_quoted_text_is_as_the_library_writes_it(text: str) -> None:
    assert quoted(text) == quoteattr(text)


def test_every_character_that_xml_cannot_hold_is_refused_and_no_other() -> None:
    for code in range(0x110000):
        held = code in (0x9, 0xA, 0xD) or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000
        if held:
            escaped(chr(code))
        else:
            with pytest.raises(EngineFault):
                escaped(f"a{chr(code)}")
