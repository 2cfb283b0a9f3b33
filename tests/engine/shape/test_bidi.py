"""Levels and order are those of the Unicode bidirectional algorithm: python-bidi (Rust's unicode-bidi) orders as we do."""

from __future__ import annotations

import bidi as peer
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.shape import bidi

SIGNS = "aZéαя אבש مسا٣۵12 ()[]{}<>«»+-,.:/%$#!?'&\u0651\u05b7\u0301\u200d日अ🙂"


def drawn(text: str) -> str:
    """The characters as they stand from left to right, brackets not turned, as the peer leaves them."""
    return "".join(text[i] for i in bidi.order(bidi.levels(text)))


@settings(deadline=None, max_examples=1500)
@given(st.text(st.sampled_from(SIGNS), min_size=1, max_size=16).map(str.strip).filter(bool))
def test_lines_are_ordered_as_the_peer_orders_them(text: str) -> None:
    assert drawn(text) == peer.get_display(text)


@settings(deadline=None, max_examples=300)
@given(st.lists(st.integers(0, 5), max_size=12))
def test_an_order_loses_no_run(levels: list[int]) -> None:
    assert sorted(bidi.order(levels)) == list(range(len(levels)))


@pytest.mark.parametrize(
    ("text", "levels"),
    [
        ("abc", [0, 0, 0]),
        ("אב", [1, 1]),
        ("א12", [1, 2, 2]),
        ("a אב", [0, 0, 1, 1]),
        ("א a", [1, 1, 2]),
        ("س1", [1, 2]),
        ("a(א)b", [0, 0, 1, 0, 0]),
        ("א(a)ב", [1, 1, 2, 1, 1]),
        ("א\u200dב", [1, 1, 1]),
        ("\u200dא", [1, 1]),
        ("א!", [1, 1]),
        # the first strong character says the paragraph's direction, digits do not; a minus joins digits
        ("1-2 א", [2, 2, 2, 1, 1]),
        ("1.2 א", [2, 2, 2, 1, 1]),
        ("1!2 א", [2, 1, 2, 1, 1]),
        ("", []),
    ],
)
def test_levels(text: str, levels: list[int]) -> None:
    assert bidi.levels(text) == levels


def test_too_many_open_brackets_pair_with_none() -> None:
    deep = "(" * (bidi.DEEPEST + 1)
    assert bidi._pairs(deep + ")", ["ON"] * (len(deep) + 1)) == []
    assert len(bidi._pairs(deep[1:] + ")", ["ON"] * len(deep))) == 1


def test_only_lines_with_letters_from_right_to_left_are_mixed() -> None:
    assert [bidi.mixed(text) for text in ("Zoë 1", "日本", "a א", "٣")] == [False, False, True, True]


def test_the_peer_tells_lines_apart() -> None:
    """Else the comparison shows nothing."""
    assert peer.get_display("אב 12") == "12 בא" != "אב 12" and drawn("אב 12") == "12 בא"
