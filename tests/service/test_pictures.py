"""The README's picture is what its command draws today.

Drawing all of it costs a CAD body for each case, most of a minute where none is kept. So one case is drawn, the cheapest body;
the other pictures are cut out of the sheet as it stands, and the sheet is made again: same layout, captions, renderer, bytes.
"""

from __future__ import annotations

import io
import pathlib

import numpy as np
import pytest
from PIL import Image

from engine.export import png
from engine.make import Workshop
from service import pictures
from service.demo import faced

SHEET = pathlib.Path(pictures.__file__).parent / "docs" / "cases.png"
SIDE, STEP, CORNER = 256, (264, 314), (8, 56)
DRAWN = 5


def cut_out(at: int, sheet: str = "cases.png") -> bytes:
    """The picture `at` of a sheet in the project."""
    x, y = CORNER[0] + at % 3 * STEP[0], CORNER[1] + at // 3 * STEP[1]
    with Image.open(SHEET.with_name(sheet)) as whole:
        return png.write(np.ascontiguousarray(np.asarray(whole.convert("RGB"))[y : y + SIDE, x : x + SIDE]))


def test_the_sheet_in_the_project_is_what_the_command_draws() -> None:
    tiles = [(cut_out(at), *pictures.told(case)) for at, case in enumerate(pictures.CASES)]
    tiles[DRAWN] = pictures.tile(pictures.CASES[DRAWN], Workshop())
    with Image.open(io.BytesIO(tiles[DRAWN][0])) as drawn:
        assert drawn.size == (SIDE, SIDE)
    same = pictures.sheet(tiles) == SHEET.read_bytes()  # a difference of pictures in letters would take hours
    assert same, "uv run python -m service.pictures service/docs"


def test_the_sheet_of_names_is_what_the_command_draws() -> None:
    same = pictures.names() == (SHEET.parent / "names.png").read_bytes()
    assert same, "uv run python -m service.pictures service/docs"


def test_a_picture_that_differs_by_one_level_would_be_noticed() -> None:
    tiles = [(cut_out(at), *pictures.told(case)) for at, case in enumerate(pictures.CASES)]
    with Image.open(io.BytesIO(tiles[DRAWN][0])) as drawn:
        other = np.asarray(drawn.convert("RGB")).copy()
    other[128, 128, 0] ^= 1
    assert pictures.sheet(tiles) == SHEET.read_bytes()
    tiles[DRAWN] = (png.write(other), *tiles[DRAWN][1:])
    assert pictures.sheet(tiles) != SHEET.read_bytes()


def test_patterns_and_two_colours_in_the_project_are_what_the_command_draws() -> None:
    """One of each, on one body."""
    shop = Workshop()
    drawn = pictures.picture({"letter_height": 8.0, **pictures.PATTERNS[0][2]}, shop)
    assert cut_out(0, "patterns.png") == png.write(pixels(drawn))
    drawn = pictures.picture(pictures.lettered(pictures.TWO_COLOURS[0]), shop)
    assert cut_out(0, "two-colours.png") == png.write(pixels(drawn))


def pixels(picture: bytes) -> np.ndarray:
    with Image.open(io.BytesIO(picture)) as drawn:
        return np.ascontiguousarray(np.asarray(drawn.convert("RGB")))


def test_the_pair_in_the_project_is_what_the_command_draws() -> None:
    for name, data in pictures.insoles().items():
        same = SHEET.with_name(name).read_bytes() == data
        assert same, f"{name}: uv run python -m service.pictures service/docs"


def test_every_phone_has_its_place_on_the_sheet() -> None:
    rows = -(-len(pictures.catalogue()) // pictures.ABREAST)
    with Image.open(SHEET.with_name("phones.png")) as whole:
        assert whole.size == (CORNER[0] + pictures.ABREAST * STEP[0], CORNER[1] + rows * STEP[1])


def test_what_cannot_be_had_is_not_shown() -> None:
    with pytest.raises(ValueError, match="not shown"):
        pictures.picture({"name": "Zoé", "wall": 1.6, "depth": 1.6}, Workshop())


def test_the_frames_in_the_project_are_what_the_command_draws() -> None:
    """No body of theirs comes from CAD, so they are drawn whole."""
    drawn = {"frames.png": pictures.frames(), "worn.png": faced(Workshop()).files["worn.png"]}
    differ = [name for name, data in drawn.items() if data != (SHEET.parent / name).read_bytes()]
    assert not differ, "uv run python -m service.pictures service/docs"
