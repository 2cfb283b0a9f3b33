"""A sheet of captioned thumbnails: what a demo made, or a sweep. Drawn by Pillow; a picture to look at, not part of a product."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import EnvironmentFault
from engine.export import png
from engine.shape import fonts

if TYPE_CHECKING:
    from PIL import ImageDraw, ImageFont

_PAPER, _CARD = (246, 245, 241), (255, 255, 255)
_INK, _GREY, _RED = (24, 24, 27), (105, 105, 112), (178, 24, 24)
_GAP, _EDGE, _TEXT = 8, 12, 50
_BOLD, _PLAIN = "roboto-bold", "roboto-regular"


def contact_sheet(
    tiles: Sequence[tuple[bytes, str, str]], *, title: str, columns: int = 8, refused: Collection[int] = ()
) -> bytes:
    """The PNG of a sheet: for each tile (PNG of a picture, name, caption) a card, row by row; `refused` ones named in red.

    All pictures have the size of the largest; a text that is too long ends in an ellipsis. ValueError for no tile, or columns < 1.
    """
    from PIL import Image, ImageDraw

    if not tiles or columns < 1:
        raise ValueError(f"a contact sheet shows at least one tile in at least one column, not {len(tiles)} in {columns}")
    pictures = [Image.open(io.BytesIO(data)).convert("RGB") for data, _, _ in tiles]
    side = max(max(p.size) for p in pictures)
    columns = min(columns, len(tiles))
    rows = -(-len(tiles) // columns)
    head = _font(_BOLD, 22)
    name_font, caption_font = _font(_BOLD, 15), _font(_PLAIN, 12)
    top = 56
    width = max(columns * (side + _GAP) + _GAP, round(head.getlength(title)) + 2 * _EDGE + _GAP)
    sheet = Image.new("RGB", (width, top + rows * (side + _TEXT + _GAP)), _PAPER)
    pen = ImageDraw.Draw(sheet)
    pen.text((_GAP + _EDGE, top // 2), title, font=head, fill=_INK, anchor="lm")
    for k, (picture, (_, name, caption)) in enumerate(zip(pictures, tiles, strict=True)):
        x, y = _GAP + (k % columns) * (side + _GAP), top + (k // columns) * (side + _TEXT + _GAP)
        pen.rectangle((x, y, x + side - 1, y + side + _TEXT - 1), fill=_CARD)
        sheet.paste(picture, (x + (side - picture.width) // 2, y + (side - picture.height) // 2))
        _line(pen, (x + _EDGE, y + side + 14), name, name_font, _RED if k in refused else _INK, side - 2 * _EDGE)
        _line(pen, (x + _EDGE, y + side + 34), caption, caption_font, _GREY, side - 2 * _EDGE)
    return png.write(np.asarray(sheet))


def _font(key: str, size: int) -> ImageFont.FreeTypeFont:
    from PIL import ImageFont

    file = fonts.path(fonts.info(key))
    if file is None:
        raise EnvironmentFault(f"font {key} is not installed: uv pip install {fonts.info(key).package}")
    return ImageFont.truetype(str(file), size, layout_engine=ImageFont.Layout.BASIC)


def _line(
    pen: ImageDraw.ImageDraw,
    at: tuple[int, int],
    text: str,
    font: ImageFont.FreeTypeFont,
    ink: tuple[int, int, int],
    room: int,
) -> None:
    shown = text
    while shown and font.getlength(shown if shown == text else f"{shown}…") > room:
        shown = shown[:-1]
    pen.text(at, shown if shown == text else f"{shown}…", font=font, fill=ink, anchor="lm")
