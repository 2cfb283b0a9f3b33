"""The picture on the person, and the map of distances: what they show, and that the same order gives the same bytes."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine.export import deviation
from engine.export.worn import SIDE, off_skin_png, worn_png
from engine.model.deviation import DeviationLimits
from engine.model.deviation import deviation as figures_of
from engine.model.mesh import Mesh, Part, Pose
from engine.model.worn import Panel, Worn
from tests.engine.body.test_bad_scans import ball

LIMITS = DeviationLimits(-2.0, 1.0, 1.0)
HEAD = ball(75.0, 95.0, 78.0)
BALL = ball(8.0, 8.0, 8.0)
SKIN = Mesh(HEAD.points - 0.5 * (HEAD.points.min(axis=0) + HEAD.points.max(axis=0)) + (0.0, -8.0, -42.0), HEAD.faces)


def part(colour: str = "#2040c0", x: float = 0.0) -> Part:
    """A ball before the face, or beside it."""
    points = BALL.points - 0.5 * (BALL.points.min(axis=0) + BALL.points.max(axis=0)) + (x, 0.0, 46.0 if not x else -40.0)
    return Part("ball", Mesh(points, BALL.faces), {}, colour=colour, poses={"assembled": Pose(translation=(0.0, 5.0, 0.0))})


def panel(value: float = 0.5, words: tuple[str, str] = ("a sheet", "une feuille"), unknown: int = 0) -> Panel:
    """A sheet of 60 x 30 mm, all of it so far in; its first `unknown` rows not compared."""
    x, y = np.meshgrid(np.linspace(0.0, 60.0, 61), np.linspace(0.0, 30.0, 31), indexing="ij")
    points = np.c_[x.ravel(), y.ravel(), np.zeros(x.size)]
    a = (np.arange(60)[:, None] * 31 + np.arange(30)).ravel()
    faces = np.r_[np.c_[a, a + 31, a + 32], np.c_[a, a + 32, a + 1]].astype(np.int32)
    values = np.full(len(points), value)
    values[points[:, 0] < unknown] = np.nan
    return Panel(words, points, faces, values, figures_of(np.array([value]), LIMITS))


def worn(*panels: Panel) -> Worn:
    return Worn(SKIN, Pose(), panels or (panel(), panel(-3.0), panel(1.5)), LIMITS, 5.0)


def pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(io.BytesIO(png)).convert("RGB")).astype(int)


def blue(picture: np.ndarray) -> np.ndarray:
    return (picture[..., 2] > picture[..., 0] + 60) & (picture[..., 2] > picture[..., 1] + 30)


def views(png: bytes) -> list[np.ndarray]:
    picture = pixels(png)
    return [picture[96 : 96 + SIDE, 24 + k * SIDE : 24 + (k + 1) * SIDE] for k in range(3)]


def test_the_product_is_where_the_person_is() -> None:
    right, front, left = views(worn_png(worn(), [part()], title="glasses"))
    rows, columns = np.nonzero(blue(front))
    assert abs(columns.mean() - SIDE / 2) < 3 and rows.mean() < SIDE / 2, "before the eyes, in the middle"
    assert np.nonzero(blue(right))[1].mean() > 0.8 * SIDE and np.nonzero(blue(left))[1].mean() < 0.2 * SIDE, "ahead"


def test_what_is_behind_the_head_is_hidden() -> None:
    """At her right ear: seen from the right and in front, not from the left."""
    right, front, left = views(worn_png(worn(), [part(x=-80.0)], title="glasses"))
    assert blue(right).sum() > 500 and blue(front).sum() > 200 and not blue(left).any()
    assert np.nonzero(blue(front))[1].mean() < SIDE / 2, "her right is on the left"


def test_the_same_again() -> None:
    def again() -> bytes:
        return worn_png(worn(), [part()], title="glasses", subtitle="order 7")

    assert again() == again() != worn_png(worn(), [part("#c02040")], title="glasses", subtitle="order 7")
    assert again() != worn_png(worn(), [part()], title="glasses", subtitle="order 7", language="fr")
    assert off_skin_png(worn(), title="glasses") == off_skin_png(worn(), title="glasses")
    assert off_skin_png(worn(), title="glasses") != off_skin_png(worn(), title="glasses", language="fr")


def near(picture: np.ndarray, value: float) -> np.ndarray:
    """Where the colour of a distance is, in any light."""
    ink = deviation.colours(np.array([value]), LIMITS)[0]
    share = picture / np.maximum(picture.sum(axis=-1, keepdims=True), 1)
    return (np.abs(share - ink / ink.sum()) < 0.012).all(axis=-1)


def test_each_panel_has_its_colours() -> None:
    picture = pixels(off_skin_png(worn(), title="glasses"))[:, : deviation.FIELD[2]]
    first, below = picture[118:430], picture[560:742]
    half = below.shape[1] // 2
    assert near(first, 0.5).mean() > 0.1 > near(below, 0.5).mean()
    assert near(below[:, :half], -3.0).mean() > 0.1 and near(below[:, half:], 1.5).mean() > 0.1
    assert not near(below[:, half:], -3.0).any()


def test_what_was_not_compared_is_grey() -> None:
    def grey(picture: np.ndarray) -> int:
        field = picture[118:742, 48 : deviation.FIELD[2]]
        return int(
            ((field.max(axis=-1) - field.min(axis=-1) < 8) & (field.max(axis=-1) < 215) & (field.min(axis=-1) > 150)).sum()
        )

    none, some, more = (grey(pixels(off_skin_png(worn(panel(unknown=k)), title="glasses"))) for k in (0, 10, 30))
    assert none < 3000 and some > none + 20_000 and more > some + 20_000


def test_what_lies_behind_what_was_not_compared_does_not_show_through() -> None:
    front, back = panel(unknown=99), panel(-3.0)
    points = np.r_[front.points + (0.0, 0.0, 5.0), back.points]
    both = Panel(
        front.words,
        points,
        np.r_[front.faces, back.faces + len(front.points)].astype(np.int32),
        np.r_[front.values, back.values],
    )
    assert not near(pixels(off_skin_png(worn(both), title="glasses"))[118:742, : deviation.FIELD[2]], -3.0).any()


def test_a_verdict_is_written_beside_each_panel() -> None:
    good, bad = (pixels(off_skin_png(worn(panel(v)), title="glasses")) for v in (0.5, 1.5))
    red = [
        ((p[742:, :, 0] > 140) & (p[742:, :, 1] < 90) & (p[742:, :, 2] < 90))[:, : deviation.FIELD[2]].sum()
        for p in (good, bad)
    ]
    assert red[0] == 0 < red[1]
    silent = replace(panel(1.5), figures=None)
    quiet = pixels(off_skin_png(worn(silent), title="glasses"))[742:, : deviation.FIELD[2]]
    assert not ((quiet[..., 0] > 140) & (quiet[..., 1] < 90)).any()


def test_a_map_of_nothing() -> None:
    with pytest.raises(ValueError, match="at least one panel"):
        off_skin_png(replace(worn(), panels=()), title="glasses")
