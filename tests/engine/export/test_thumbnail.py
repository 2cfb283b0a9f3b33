"""The picture: same bytes warm and cold and on another processor; what is drawn is where it should be; letters can be read."""

from __future__ import annotations

import hashlib
import io
import math
import os
import pathlib
import subprocess
import sys
import time
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from engine.errors import EngineFault
from engine.export import studio, thumbnail
from engine.export.contact_sheet import contact_sheet
from engine.model.mesh import FLIPPED, Kept, Mesh, Part, Patch, Plane, Pose, Settled
from engine.shape.stamp import stamp
from engine.shape.text import outline
from engine.verify.settle import settle

Picture = npt.NDArray[np.uint8]
BLUE = "#5b8ba8"


def rounded(width: float, height: float, radius: float, corner: int = 8) -> npt.NDArray[np.float64]:
    """A rounded rectangle about the origin, counter-clockwise."""
    x, y = width / 2 - radius, height / 2 - radius
    made = []
    for k, (cx, cy) in enumerate(((x, -y), (x, y), (-x, y), (-x, -y))):
        for a in range(corner + 1):
            turn = math.radians(90 * (k - 1 + a / corner))
            made.append((cx + radius * math.cos(turn), cy + radius * math.sin(turn)))
    return np.array(made)


def slab(fine: int = 5) -> tuple[Mesh, dict[str, Patch]]:
    """A slab of 70 x 140 x 9 mm with a round edge above; its flat top is the patch `top`."""
    layers = [(70.0, 140.0, 0.0)]
    for k in range(fine + 1):
        a = math.radians(90 * k / fine)
        inset = 3.0 * (1 - math.cos(a))
        layers.append((70.0 - 2 * inset, 140.0 - 2 * inset, 6.0 + 3.0 * math.sin(a)))
    rings = [np.column_stack([rounded(w, h, 12.0 - (70.0 - w) / 2), np.full(36, z)]) for w, h, z in layers]
    n = 36
    faces = []
    for low in range(len(rings) - 1):
        for j in range(n):
            a, b = low * n + j, low * n + (j + 1) % n
            faces += [(a, b, b + n), (a, b + n, a + n)]
    faces += [(0, j + 1, j) for j in range(1, n - 1)]
    last = (len(rings) - 1) * n
    faces += [(last, last + j, last + j + 1) for j in range(1, n - 1)]
    points = np.rint(np.vstack(rings) * 1e4) / 1e4
    rows = np.arange(len(faces) - (n - 2), len(faces), dtype=np.int32)
    top = Patch("top", rows, Plane((0.0, 0.0, 9.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    return Mesh(points, np.array(faces, np.int32)), {"top": top}


BODY = slab()


def lettered(
    text: str, *, emboss: bool = False, colour: str = BLUE, height: float = 9.0, at: tuple[float, float] = (0.0, 0.0)
) -> Settled:
    mesh, patches = BODY
    made = stamp(mesh, patches, "top", outline(text, font="roboto-bold", height=height, at=at), 0.6, emboss=emboss)
    return settle(Part("slab", made.mesh, made.patches, colour))


def plain() -> Settled:
    return settle(Part("slab", *BODY, BLUE))


def cold(parts: list[Settled], size: int = 256) -> Picture:
    thumbnail.forget()
    return thumbnail.picture(parts, size)


def warm(parts: list[Settled], other: list[Settled]) -> Picture:
    """After another product on the same body was drawn until it is kept, and then a product on another body."""
    thumbnail.forget()
    for _ in range(3):
        thumbnail.picture(other)
    thumbnail.picture([settle(Part("ball", sphere(20.0, 24)))])
    return thumbnail.picture(parts)


def sphere(radius: float, around: int = 96, at: tuple[float, float, float] = (0, 0, 0)) -> Mesh:
    down = around // 2
    theta, phi = np.pi * np.arange(1, down) / down, 2 * np.pi * np.arange(around) / around
    x, y = np.outer(np.sin(theta), np.cos(phi)), np.outer(np.sin(theta), np.sin(phi))
    grid = np.stack([x, y, np.outer(np.cos(theta), np.ones(around))], axis=-1).reshape(-1, 3)
    points = np.vstack([grid, (0, 0, 1), (0, 0, -1)]) * radius + at
    faces = []
    for i in range(down - 2):
        for j in range(around):
            a, b = i * around + j, i * around + (j + 1) % around
            faces += [(a, a + around, b + around), (a, b + around, b)]
    north, base = len(points) - 2, (down - 2) * around
    faces += [(north, j, (j + 1) % around) for j in range(around)]
    faces += [(north + 1, base + (j + 1) % around, base + j) for j in range(around)]
    return Mesh(points, np.array(faces, np.int32))


def owned(picture: Picture) -> npt.NDArray[np.bool_]:
    """Pixels that a red part colours, at least by half."""
    red, blue = picture[:, :, 0].astype(int), picture[:, :, 2].astype(int)
    return 2 * (red - blue) > red


@pytest.mark.parametrize("emboss", [False, True])
def test_a_new_name_on_a_known_body_has_the_bytes_of_a_cold_start(emboss: bool) -> None:
    name = [lettered("Zoë", emboss=emboss)]
    assert (warm(name, [lettered("Jean-Louis")]) == cold(name)).all()


def test_the_body_is_drawn_once_and_the_name_over_it(monkeypatch: pytest.MonkeyPatch) -> None:
    bases: list[bool] = []
    real = studio.draw_base

    def counted(pieces: list[studio.Piece], size: int, *, keep: bool) -> studio.Base:
        bases.append(keep)
        return real(pieces, size, keep=keep)

    monkeypatch.setattr(thumbnail, "draw_base", counted)
    thumbnail.forget()
    for name in ("Ana", "Jo", "Max", "Eva"):
        thumbnail.picture([lettered(name)])
    assert bases == [False, True]
    thumbnail.picture([lettered("Ana", colour="#c9a03d")])
    thumbnail.picture([lettered("Ana")], size=64)
    assert len(bases) == 4  # another colour, another size


def test_kept_bodies_are_bounded() -> None:
    shelf = thumbnail._Shelf(limit=3_000_000)
    pieces = [thumbnail._piece(plain().part)]
    for k in range(20):
        shelf.put(k, studio.draw_base(pieces, 64, keep=True))
    held = [k for k in range(20) if shelf.get(k) is not None]
    assert 1 <= len(held) < 20 and held == list(range(20 - len(held), 20))


def test_an_engraving_changes_its_own_window_alone() -> None:
    """Beyond the letters' neighbourhood it is the first layer, to the byte, and within two levels the plain body's picture."""
    part = lettered("Zoë")
    with_name = cold([part]).astype(int)
    first = studio.draw_base([thumbnail._piece(part.part)], 256, keep=False).picture.astype(int)
    without = cold([plain()]).astype(int)
    changed = np.abs(with_name - without).max(axis=2) > 2
    i, j = np.nonzero(changed)
    assert changed.sum() > 60
    assert i.max() - i.min() < 60 and j.max() - j.min() < 60
    outside = np.ones_like(changed)
    outside[i.min() - 14 : i.max() + 15, j.min() - 14 : j.max() + 15] = False
    assert (with_name[outside] == first[outside]).all()
    assert np.abs(with_name[outside] - without[outside]).max() <= 2


def luminance(picture: Picture) -> npt.NDArray[np.float64]:
    return picture @ np.array((0.299, 0.587, 0.114))


@pytest.mark.parametrize("colour", [BLUE, "#cc5b4a", "#42454e", "#bdb9ac", "#5f8e5c", "#c9a03d"])
def test_engraved_letters_can_be_read(colour: str) -> None:
    """Against the plain body: strokes are darker by 15 % or more (contrast), and there are enough such pixels."""
    name = luminance(cold([lettered("Zoë", colour=colour)]))
    body = luminance(cold([settle(Part("slab", *BODY, colour))]))
    ratio = (name / body)[80:180, 60:200]
    assert (ratio < 0.85).sum() > 80
    assert ratio.min() < 0.78 and ratio.max() < 1.05


@pytest.mark.parametrize("colour", [BLUE, "#42454e", "#bdb9ac", "#c9a03d"])
def test_raised_letters_can_be_read(colour: str) -> None:
    name = luminance(cold([lettered("Zoë", emboss=True, colour=colour)]))
    body = luminance(cold([settle(Part("slab", *BODY, colour))]))
    ratio = (name / body)[80:180, 60:200]
    assert (ratio < 0.9).sum() > 25 and (ratio > 1.015).sum() > 40


def test_the_floor_of_letters_on_a_curve_has_the_tone_of_a_flat_one() -> None:
    """It has no plane to be told by, and its sides have the same role: the stamp's own name says which it is."""
    flat = lettered("Zoë")
    bare = {name: replace(patch, plane=None) for name, patch in flat.part.patches.items()}
    curved = settle(flat.part.changed(patches=bare))
    other = {f"{name}.other": replace(patch, name=f"{patch.name}.other") for name, patch in bare.items()}
    nameless = settle(flat.part.changed(patches=other))
    assert (cold([curved]) == cold([flat])).all()
    assert not (cold([nameless]) == cold([flat])).all()


def test_two_names_differ_and_one_name_does_not() -> None:
    assert not (cold([lettered("Ana")]) == cold([lettered("Eva")])).all()
    assert thumbnail.thumbnail([lettered("Ana")]) == thumbnail.thumbnail([lettered("Ana")])


def test_a_sphere_has_its_silhouette() -> None:
    """In perspective a sphere is an ellipse, nearly a circle; it fills 0.885 of the frame: its area within 1 %."""
    size = 256
    picture = cold([settle(Part("ball", sphere(20.0), colour="#ff0000"))], size)
    assert owned(picture).sum() == pytest.approx(math.pi / 4 * (0.885 * size) ** 2, rel=0.01)


def test_the_shown_pose_turns_the_part_over() -> None:
    part = lettered("Zoë").part
    turned = replace(part, poses={"shown": FLIPPED})
    below = cold([settle(turned)])
    assert not (below == cold([settle(part)])).all()
    moved = replace(part, poses={"shown": Pose(translation=(7.0, -3.0, 20.0))})
    assert np.abs(cold([settle(moved)]).astype(int) - cold([settle(part)])).max() <= 3  # the camera follows


def test_a_nearer_part_hides_a_farther_one_in_either_order() -> None:
    ball = settle(Part("ball", sphere(10.0, 48, (0, 0, 40)), colour="#ff0000"))
    parts = [plain(), ball]
    one, other = cold(parts), cold(parts[::-1])
    assert owned(one).sum() > 200 and (one == other).all()


def test_no_part_and_no_face_are_white_ground() -> None:
    assert (cold([]) == 255).all()
    empty = Mesh(np.empty((0, 3)), np.empty((0, 3), np.int32))
    assert (cold([Settled(Part("none", empty), Pose(), empty.points.astype(np.int32), empty.faces)]) == 255).all()


def test_the_ground_is_white_at_the_corners_and_shaded_beside_the_part() -> None:
    picture = cold([plain()])
    assert picture[0, 0].min() > 250 and picture[-1, -1].min() > 245
    grey = (picture.max(axis=2) - picture.min(axis=2)) == 0
    assert picture[grey].min() < 225


def test_letters_beyond_the_frame_are_clipped() -> None:
    """A new piece that reaches out of the body's frame: drawn as far as the frame goes, by either path."""
    part = lettered("Zoë", emboss=True).part
    kept = part.mesh.kept
    assert kept is not None
    points = part.mesh.points.copy()
    points[kept.points :] = points[kept.points :] * 12.0
    far = [
        Settled(replace(part, mesh=Mesh(points, part.mesh.faces, kept)), Pose(), np.zeros((0, 3), np.int32), part.mesh.faces)
    ]
    assert (warm(far, [lettered("Eva")]) == cold(far)).all()
    assert not (cold(far) == cold([plain()])).all()


@pytest.mark.parametrize("bad", [math.nan, math.inf, 1e12])
@pytest.mark.parametrize("row", [0, -1])
def test_points_that_are_no_place_crash_nothing(bad: float, row: int) -> None:
    part = lettered("Zoë").part
    for k in range(3):
        points = part.mesh.points.copy()
        points[row, k] = bad
        broken = replace(part, mesh=Mesh(points, part.mesh.faces, part.mesh.kept))
        assert cold([Settled(broken, Pose(), np.zeros((0, 3), np.int32), part.mesh.faces)]).shape == (256, 256, 3)


def test_degenerate_and_out_of_range_faces_are_left_out() -> None:
    mesh, patches = BODY
    more = np.vstack([mesh.faces, [(0, 0, 5), (3, 3, 3), (-1, 4, 5), (0, 1, 10**9)]]).astype(np.int32)
    broken = Part("slab", Mesh(mesh.points, more), patches, BLUE)
    seen = cold([Settled(broken, Pose(), np.zeros((0, 3), np.int32), more)])
    assert np.abs(seen.astype(int) - cold([plain()])).max() <= 1


def test_a_false_kept_is_a_fault_of_ours() -> None:
    mesh = replace(lettered("Zoë").part.mesh, kept=Kept("lie", 10, len(BODY[0].faces)))
    with pytest.raises(EngineFault, match="not kept"):
        thumbnail.picture([Settled(Part("slab", mesh), Pose(), np.zeros((0, 3), np.int32), mesh.faces)])


@pytest.mark.parametrize("colour", ["blue", "#12345", "#1234567", "", "#gg0000"])
def test_a_colour_is_six_hex_digits(colour: str) -> None:
    with pytest.raises(EngineFault, match="#rrggbb"):
        thumbnail.picture([settle(Part("slab", *BODY, colour))])


@pytest.mark.parametrize("size", [0, -1, 15, 100_000])
def test_a_size_out_of_range_is_refused(size: int) -> None:
    with pytest.raises(ValueError, match="pixels"):
        thumbnail.picture([], size)


@pytest.mark.parametrize("size", [16, 97, 512])
def test_other_sizes(size: int) -> None:
    picture = cold([lettered("Zoë")], size)
    assert picture.shape == (size, size, 3) and picture.min() < 150


def test_the_png_is_the_picture() -> None:
    data = thumbnail.thumbnail([lettered("Zoë")])
    with Image.open(io.BytesIO(data)) as opened:
        assert opened.format == "PNG" and (np.asarray(opened.convert("RGB")) == cold([lettered("Zoë")])).all()


PROGRAM = """
import hashlib, sys
import numpy as np
from engine.export.thumbnail import thumbnail
from engine.model.mesh import Kept, Mesh, Part, Pose, Settled

with np.load(sys.argv[1]) as data:
    mesh = Mesh(data["points"], data["faces"], Kept("body", *data["kept"].tolist()))
print(hashlib.sha256(thumbnail([Settled(Part("slab", mesh), Pose(), np.zeros((0, 3), np.int32), mesh.faces)])).hexdigest())
"""


def test_the_same_bytes_in_another_process_and_on_a_generic_processor(tmp_path: pathlib.Path) -> None:
    mesh = lettered("Zoë").part.mesh
    kept = mesh.kept
    assert kept is not None
    np.savez(tmp_path / "mesh.npz", points=mesh.points, faces=mesh.faces, kept=(kept.points, kept.faces))
    root = str(pathlib.Path(__file__).parents[3])
    told = set()
    for more in (
        {"PYTHONHASHSEED": "1"},
        {"NUMBA_CPU_NAME": "generic", "NUMBA_CPU_FEATURES": "", "NPY_DISABLE_CPU_FEATURES": "AVX2"},
    ):
        command = [sys.executable, "-c", PROGRAM, str(tmp_path / "mesh.npz")]
        run = subprocess.run(command, env={**os.environ, "PYTHONPATH": root, **more}, capture_output=True, text=True)
        assert run.returncode == 0, run.stderr
        told.add(run.stdout.strip())
    mine = Settled(Part("slab", mesh), Pose(), np.zeros((0, 3), np.int32), mesh.faces)
    told.add(hashlib.sha256(thumbnail.thumbnail([mine])).hexdigest())
    assert len(told) == 1


def test_how_long_it_takes(capsys: pytest.CaptureFixture[str]) -> None:
    """Printed, never asserted."""
    names = [[lettered(n)] for n in ("Ana", "Eva", "Jean", "Zoë")]

    def cost(forget: bool) -> float:
        spent = []
        for k in range(24):
            if forget:
                thumbnail.forget()
            started = time.process_time()
            thumbnail.thumbnail(names[k % 4])
            spent.append(time.process_time() - started)
        return 1000 * sorted(spent)[12]

    with capsys.disabled():
        print(f"\n  picture of {len(names[0][0].faces)} faces: cold {cost(True):.2f} ms, a new name {cost(False):.2f} ms CPU")


def test_a_contact_sheet_has_a_card_a_tile() -> None:
    tile = thumbnail.thumbnail([lettered("Zoë")], 64)
    one = contact_sheet([(tile, "Zoë", "12 g")] * 5, title="Cases", columns=3)
    with Image.open(io.BytesIO(one)) as sheet:
        assert sheet.format == "PNG" and sheet.width >= 3 * 64 and sheet.height >= 2 * 64
        shown = np.asarray(sheet.convert("RGB"))
    with Image.open(io.BytesIO(tile)) as opened:
        assert (shown[56:120, 8:72] == np.asarray(opened.convert("RGB"))).all()
    assert one == contact_sheet([(tile, "Zoë", "12 g")] * 5, title="Cases", columns=3)
    assert one != contact_sheet([(tile, "Zoë", "12 g")] * 5, title="Cases", columns=3, refused={1})


def test_a_long_caption_stays_on_its_card_and_an_empty_sheet_is_refused() -> None:
    tile = thumbnail.thumbnail([plain()], 64)
    with Image.open(io.BytesIO(contact_sheet([(tile, "x" * 400, "y" * 400)] * 2, title=""))) as sheet:
        assert sheet.width == 2 * 72 + 8
        gap = np.asarray(sheet.convert("RGB"))[56:, 72:80]
    assert (gap == gap[0, 0]).all()
    for tiles, columns in (([], 3), ([(tile, "", "")], 0)):
        with pytest.raises(ValueError, match="contact sheet"):
            contact_sheet(tiles, title="", columns=columns)
