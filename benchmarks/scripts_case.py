"""Names in eight scripts: ours against OCCT's letters, on the fonts that ours chooses for each script.

As in `text_case`: a name that was not shaped before, with the font's letters in memory. OCCT has no bidirectional runs, joins no
letters, applies no rule of a script or language and cannot set a variable font's weight, so weights are the fonts' defaults here.
Where OCCT has the same ink (ALIKE) it must agree; where it has not (UNLIKE), that is held too, for a peer that is wrong is no measure
of right (that is tests/engine/shape/test_scripts_drawn.py's): its time is what it takes to be wrong. Hebrew it sets from left to
right: the same ink, backwards.
"""

from __future__ import annotations

from typing import Any

FONT = "roboto-regular"
HEIGHT = 9.0
NAMES = {
    "Arabic": ("سارة", "محمد", "عبدالله", "بدرالدّجى"),
    "Hebrew": ("דניאל", "שָׁלוֹם", "נועה", "יהונתן"),
    "Devanagari": ("अनुष्का", "श्रीदेवी", "गोविंदा", "पूर्णिमा"),
    "Thai": ("สุนทร", "ปิ่น", "กิ่งแก้ว", "ณัฐวุฒิ"),
    "Han": ("王小明", "高橋", "陳美玲", "李娜"),
    "Hangul": ("김서연", "이준호", "박지민", "최유나"),
    "Armenian": ("Արմեն", "Անահիտ", "Նարեկ", "Սիրանուշ"),
    "Georgian": ("ნინო", "გიორგი", "ქეთევან", "თამარ"),
}
EVERY = tuple(name for names in zip(*NAMES.values(), strict=True) for name in names)
ALIKE = ("Hangul", "Georgian")
UNLIKE = ("Arabic", "Devanagari", "Thai", "Han", "Armenian")


def warm() -> None:
    """Compile, load the fonts, and keep their letters."""
    for name in EVERY:
        ours(name)


def ours(name: str) -> Any:
    """The outline of a name that was not shaped before."""
    from engine.shape import characters, text

    text.shape.cache_clear()
    characters.items.cache_clear()
    return text.outline(name, font=FONT, height=HEIGHT, at=(0.0, -24.0))


def occt(name: str) -> Any:
    """OCCT's faces for the name, from the file of the font that ours takes; its size is the em, ours the height of capitals."""
    from cadquery.occ_impl.shapes import text

    from engine.shape import fonts
    from engine.shape.text import shape

    (face,) = shape(name, FONT).faces
    row = fonts.info(face)
    return text(name, HEIGHT * fonts.EM / fonts.load(FONT).cap_height, row.name, str(fonts.path(row)))


def differences() -> list[str]:
    """OCCT has our ink where it is ALIKE, its area within 0.5 % and its height within 0.01 mm, and other ink where UNLIKE."""
    wrong = []
    for script, names in NAMES.items():
        same = [_same(name) for name in names]
        if script in ALIKE and not all(same):
            wrong.append(f"{script}: OCCT has other ink")
        if script in UNLIKE and all(same):
            wrong.append(f"{script}: OCCT has the same ink, and is said not to")
    return wrong


def _same(name: str) -> bool:
    from kernels import outlines

    made, theirs = ours(name), occt(name)
    box = theirs.BoundingBox()
    _, low, _, high = made.bounds
    area = sum(face.Area() for face in theirs.Faces())
    return abs(box.ylen - (high - low)) < 0.01 and abs(outlines.area(made.points, made.ends) / 1e8 / area - 1.0) < 0.005
