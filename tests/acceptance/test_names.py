"""Real first names in twelve scripts come out, all but the dirty ones, which are named with the reason.

`uv run pytest -s tests/acceptance/test_names.py` prints the table: script, names, made, refused by reason, CPU time.
"""

from __future__ import annotations

import collections
import json
import pathlib
import time

import pytest

from engine.errors import OrderError
from engine.language import shelf
from engine.make import Workshop, make
from engine.model.order import Order
from engine.shape import characters, text
from kernels import outlines

FONT = "roboto-bold"
DIRTY = {
    "\u093fकशोरी": ("a mark needs a letter to stand on", "U+093F DEVANAGARI VOWEL SIGN I"),
    "\u093fनशा": ("a mark needs a letter to stand on", "U+093F DEVANAGARI VOWEL SIGN I"),
}
"""Typed in the order of ink: their vowel sign stands before the letter that it belongs to."""

ONE_EACH = ["Nguyễn", "Ελένη", "Владимир", "سارة", "דניאל", "अनुष्का", "สุนทรภู่", "王小明", "Արմեն", "ნინო", "김서연", "Zoë سارة 7"]

SHOP = Workshop()


@pytest.fixture(scope="module")
def names(shared_data: pathlib.Path) -> list[str]:
    """Every different name of the three files, as it was written."""
    found = json.loads((shared_data / "names/faker_first_names_shared.json").read_text(encoding="utf-8"))
    every = {name for locale in found.values() for name in locale}
    for year in ("2010", "2017"):
        lines = (shared_data / f"names/yob{year}.txt").read_text(encoding="utf-8").split()
        every |= {line.split(",")[0] for line in lines}
    return sorted(every)


def test_all_but_the_dirty_names_come_out(names: list[str]) -> None:
    made: collections.Counter[str] = collections.Counter()
    seen: collections.Counter[str] = collections.Counter()
    spent: collections.Counter[str] = collections.Counter()
    refused: dict[str, tuple[str, object]] = {}
    for name in names:
        kind = characters.SCRIPTS[next(code for code in characters.scripts(characters.normal(name)))]
        seen[kind] += 1
        start = time.thread_time()
        try:
            letters = text.outline(name, font=FONT, height=9.0)
        except OrderError as error:
            refused[name] = (error.why, error.value)
        else:
            made[kind] += 1
            assert len(letters.ends) and outlines.fault(letters.points, letters.ends) == outlines.CLEAN, ascii(name)
        spent[kind] += time.thread_time() - start
    print(f"\n{'script':12} {'names':>6} {'made':>6} {'ms each':>8}")
    for kind, count in seen.most_common():
        print(f"{kind:12} {count:6} {made[kind]:6} {1e3 * spent[kind] / count:8.2f}")
    for name, (why, value) in refused.items():
        print(f"refused {name!r}: {why} ({value})")
    assert len(names) > 57_000 and len(seen) == 12 and min(seen.values()) > 2
    assert refused == DIRTY


@pytest.mark.parametrize("name", ONE_EACH)
def test_a_case_with_a_name_in_each_script_is_a_sound_solid(name: str) -> None:
    """The whole road, verdict included; fonts of the name are in the record. Walls between letters may be too thin at 8 mm."""
    parameters = {"phone": "google-pixel-6", "name": name, "letter_height": 8.0}
    product = make(Order("phone-case", parameters=parameters), shelf.find("phone-case"), formats=(), workshop=SHOP)
    assert {finding.code for finding in product.report.findings} <= {"thin-letter"}
    assert set(product.fonts) == {"roboto-bold", *text.fonts_of(name, font=FONT)}
