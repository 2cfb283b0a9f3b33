"""The stamp: closed, exact, the same solid as a Boolean's; rows kept; and every outline that leaves its patch is seen."""

from __future__ import annotations

import gc
import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pytest

from engine.errors import EngineFault
from engine.model.mesh import Mesh, Part, Patch, Plane, Role
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape import ground
from engine.shape.stamp import BadOutline, OffPatch, Stamped, covers, stamp, stamp_by_csg
from engine.shape.text import outline
from engine.verify.checks import verify
from engine.verify.settle import settle
from kernels.triangulate import triangles_of

Loop = list[tuple[int, int]]
STEPS = 10_000
AS_DRAWN = ((1, 0, 0), (0, 1, 0), (0, 0, 1))
TURNS = (
    AS_DRAWN,
    ((1, 0, 0), (0, -1, 0), (0, 0, -1)),
    ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
    ((0, 0, -1), (-1, 0, 0), (0, 1, 0)),
    ((0, -1, 0), (0, 0, 1), (-1, 0, 0)),
    ((0, 1, 0), (-1, 0, 0), (0, 0, 1)),
)


def ring(x0: float, y0: float, x1: float, y1: float, radius: float, corner: int = 6) -> Loop:
    """A rectangle with rounded corners, mm to steps."""
    made = []
    for x, y, first in ((x1 - radius, y0 + radius, -90), (x1 - radius, y1 - radius, 0), (x0 + radius, y1 - radius, 90)):
        made += [(x, y, first + 90 * k / corner) for k in range(corner + 1)]
    made += [(x0 + radius, y0 + radius, 180 + 90 * k / corner) for k in range(corner + 1)]
    turned = [(x + radius * math.cos(math.radians(a)), y + radius * math.sin(math.radians(a))) for x, y, a in made]
    return [(round(x * STEPS), round(y * STEPS)) for x, y in turned]


BORDER = [ring(-36, -70, 36, 70, 9), ring(8, 40, 30, 64, 5, 3)[::-1]]
"""A plate with a window, as a phone case's back."""


def plate(turn: tuple[tuple[int, ...], ...] = AS_DRAWN, loops: list[Loop] = BORDER) -> tuple[Mesh, Mapping[str, Patch]]:
    """A plate 3 mm thick below its patch `top` (frame along x and y), all of it turned."""
    points = np.array([p for loop in loops for p in loop])
    ends = np.cumsum([len(loop) for loop in loops], dtype=np.int32)
    status, cap = triangles_of(points, ends)
    assert status > 0
    n = len(points)
    starts, stops = np.arange(n), np.arange(n) + 1
    stops[ends - 1] = [0, *ends[:-1]]
    walls = [np.stack((starts + n, stops + n, stops), axis=1), np.stack((starts + n, stops, starts), axis=1)]
    faces = np.concatenate((cap, cap[:, ::-1] + n, *walls)).astype(np.int32)
    solid = np.concatenate((np.column_stack((points, np.zeros(n))), np.column_stack((points, np.full(n, -3 * STEPS)))))
    moved = np.stack([sum(solid[:, k] * row[k] for k in range(3)) for row in turn], axis=1)
    x, y = (tuple(float(row[k]) for row in turn) for k in (0, 1))
    count = len(cap)
    patches = {
        "top": Patch("top", np.arange(count), Plane((0.0, 0.0, 0.0), x, y)),
        "bottom": Patch("bottom", np.arange(count, 2 * count)),
        "sides": Patch("sides", np.arange(2 * count, len(faces)), role=Role.GROOVE),
    }
    return Mesh(moved / STEPS, faces), patches


def lattice(mesh: Mesh) -> np.ndarray:
    made = np.rint(mesh.points * STEPS).astype(np.int64)
    assert np.array_equal(made / STEPS, mesh.points), "off the lattice"
    return made


def six_volumes(mesh: Mesh) -> int:
    """Six times the volume in cubic steps, in Python integers."""
    points, total = lattice(mesh).tolist(), 0
    for i, j, k in mesh.faces.tolist():
        (a, b, c), (d, e, f), (g, h, m) = points[i], points[j], points[k]
        total += a * (e * m - f * h) - b * (d * m - f * g) + c * (d * h - e * g)
    return total


def closed(mesh: Mesh) -> bool:
    edges = Counter((t[k], t[(k + 1) % 3]) for t in mesh.faces.tolist() for k in range(3))
    return max(edges.values()) == 1 and all((b, a) in edges for a, b in edges)


def degenerate(mesh: Mesh) -> int:
    corners = lattice(mesh)[mesh.faces]
    return int((np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]) == 0).all(axis=1).sum())


def drawn(*loops: Loop) -> Outline:
    flat = [p for loop in loops for p in loop]
    return Outline(np.array(flat, np.int32).reshape(-1, 2), np.cumsum([len(loop) for loop in loops], dtype=np.int32))


def six_areas(made: Outline) -> int:
    """Six times the area, square steps."""
    starts = [0, *made.ends.tolist()[:-1]]
    loops = [made.points[a:b].tolist() for a, b in zip(starts, made.ends.tolist(), strict=True)]
    return 3 * sum(p[i - 1][0] * p[i][1] - p[i][0] * p[i - 1][1] for p in loops for i in range(len(p)))


def letters(text: str = "Zoé", height: float = 8.0, at: tuple[float, float] = (0.0, 0.0), angle: float = 0.0) -> Outline:
    return outline(text, font="roboto-bold", height=height, at=at, angle=angle)


def box(x0: float, y0: float, x1: float, y1: float) -> Outline:
    corners = [(x0, y0), (x1, y0), (x1, y1), (x0, y1)]
    return drawn([(round(x * STEPS), round(y * STEPS)) for x, y in corners])


@pytest.mark.parametrize("turn", TURNS)
@pytest.mark.parametrize("emboss", [False, True])
def test_volume_is_exact_on_every_axis(turn: tuple[tuple[int, ...], ...], emboss: bool) -> None:
    mesh, patches = plate(turn)
    text = letters("Élodie i.")
    made = stamp(mesh, patches, "top", text, 0.6, emboss=emboss)
    assert closed(made.mesh)
    assert degenerate(made.mesh) == 0
    assert six_volumes(made.mesh) - six_volumes(mesh) == (1 if emboss else -1) * six_areas(text) * 6000


def test_patches_name_what_they_hold() -> None:
    mesh, patches = plate()
    for emboss, role in ((False, Role.ENGRAVING), (True, Role.EMBOSSING)):
        made = stamp(mesh, patches, "top", letters(), 0.6, emboss=emboss)
        assert list(made.patches) == ["top", "bottom", "sides", "top.floor", "top.sides"]
        rows = np.concatenate([patch.faces for patch in made.patches.values()])
        assert sorted(rows.tolist()) == list(range(len(made.mesh.faces)))
        z = {
            name: set(made.mesh.points[made.mesh.faces[p.faces]][:, :, 2].ravel().tolist()) for name, p in made.patches.items()
        }
        level = 0.6 if emboss else -0.6
        assert z == {"top": {0.0}, "bottom": {-3.0}, "sides": {0.0, -3.0}, "top.floor": {level}, "top.sides": {0.0, level}}
        floor = made.patches["top.floor"]
        assert floor.role is role
        assert made.patches["top.sides"].role is role
        assert made.patches["sides"].role is Role.GROOVE
        assert floor.plane is not None
        assert floor.plane.origin == (0.0, 0.0, level)


@pytest.mark.parametrize(("role", "told"), [(Role.WALL, {"thin-wall"}), (None, set())])
def test_a_pocket_answers_to_the_wall_and_a_letter_to_its_land(role: Role | None, told: set[str]) -> None:
    """0.6 mm between a pocket and a letter on the other side: less than a wall of fdm-pla (1.0), more than a land (0.4)."""
    mesh, patches = plate()
    below = Plane((0.0, 0.0, -3.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
    patches = {**patches, "bottom": replace(patches["bottom"], plane=below)}
    first = stamp(mesh, patches, "top", box(-10, -10, 10, 10), 1.2, role=role)
    made = stamp(first.mesh, first.patches, "bottom", box(-5, -5, 5, 5), 1.2)
    assert {made.patches[f"top.{kind}"].role for kind in ("floor", "sides")} == {role or Role.ENGRAVING}
    _, findings, _ = verify((settle(Part("plate", made.mesh, made.patches)),), load_process("fdm-pla"))
    assert {finding.code for finding in findings} == told
    assert all(finding.value == pytest.approx(0.6) for finding in findings)


def test_the_bodys_rows_lead() -> None:
    mesh, patches = plate()
    one, two = (stamp(mesh, patches, "top", letters(name), 0.6) for name in ("Zoé", "Alexandrin"))
    kept = one.mesh.kept
    assert kept is not None
    assert two.mesh.kept is kept
    assert kept.points == len(mesh.points)
    assert one.mesh.points[: kept.points].tobytes() == mesh.points.tobytes()
    assert one.mesh.faces[: kept.faces].tobytes() == two.mesh.faces[: kept.faces].tobytes()
    again = stamp(*plate(), "top", letters(), 0.6)
    assert again.mesh.kept is not None
    assert again.mesh.kept.key == kept.key
    assert again.mesh.points.tobytes() == one.mesh.points.tobytes()
    assert again.mesh.faces.tobytes() == one.mesh.faces.tobytes()
    other = stamp(*plate(TURNS[1]), "top", letters(), 0.6)
    assert other.mesh.kept is not None
    assert other.mesh.kept.key != kept.key


def test_meshes_with_the_same_faces_are_cut_out_once_while_there_are_such(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wherever their points lie, and what is stamped is what it would be alone; faces that are merely equal are others."""
    cut_out, made = ground._cut_out, []
    monkeypatch.setattr(ground, "_cut_out", lambda *of: made.append(of) or cut_out(*of))
    mesh, patches = plate()
    before = len(ground._CUTS)
    larger, other = Mesh(2.0 * mesh.points, mesh.faces), Mesh(2.0 * mesh.points, mesh.faces.copy())
    got = [stamp(body, patches, "top", letters(), 0.6) for body in (mesh, larger, other)]
    assert [of[0] for of in made] == [mesh, other] and len(ground._CUTS) == before + 2
    assert (got[1].mesh.points == got[2].mesh.points).all() and (got[1].mesh.faces == got[2].mesh.faces).all()
    del mesh, larger, other, got
    made.clear()
    gc.collect()
    assert len(ground._CUTS) <= before


def test_a_second_stamp() -> None:
    mesh, patches = plate()
    first = stamp(mesh, patches, "top", letters("Zoé"), 0.6)
    second = stamp(first.mesh, first.patches, "top", letters("Li", at=(0, -30)), 0.4, emboss=True)
    assert closed(second.mesh)
    assert list(second.patches)[-4:] == ["top.floor", "top.sides", "top.floor.2", "top.sides.2"]
    assert second.mesh.kept is first.mesh.kept  # the first body's rows still lead
    assert (
        six_volumes(second.mesh) - six_volumes(mesh)
        == six_areas(letters("Li", at=(0, -30))) * 4000 - six_areas(letters("Zoé")) * 6000
    )
    assert not covers(first.mesh, first.patches, "top", letters("Zoé", at=(1, 0)))  # over what is engraved already


def test_a_stamp_within_a_letter_and_on_the_other_side() -> None:
    mesh, patches = plate()
    first = stamp(mesh, patches, "top", box(-20, -20, 20, 20), 1.0)
    second = stamp(first.mesh, first.patches, "top.floor", letters(), 0.5)
    assert closed(second.mesh)
    assert six_volumes(second.mesh) == six_volumes(first.mesh) - six_areas(letters()) * 5000
    assert second.patches["top.floor.floor"].plane is not None
    assert second.patches["top.floor.floor"].plane.origin[2] == -1.5


def test_nothing_to_stamp_changes_nothing() -> None:
    mesh, patches = plate()
    made = stamp(mesh, patches, "top", drawn(), 0.6)
    assert made.mesh is mesh
    assert made.patches is patches
    assert covers(mesh, patches, "top", drawn())


def test_points_only_within_the_patch_go() -> None:
    """A patch that was meshed with a point in its middle: the point has no face left, and is not kept."""
    mesh, patches = plate(loops=[[(0, 0), (400_000, 0), (400_000, 300_000), (0, 300_000)]])
    fan = np.array([[0, 1, 0], [1, 2, 0], [2, 3, 0], [3, 0, 0]], np.int32)
    fan[:, 2] = 4  # the new point stands in the midst of the array, so that rows move
    rest = mesh.faces[2:] + (mesh.faces[2:] >= 4)
    points = np.insert(mesh.points, 4, (20.0, 15.0, 0.0), axis=0)
    finer = Mesh(points, np.concatenate((fan, rest)).astype(np.int32))
    rows = {name: Patch(name, p.faces + 2, p.plane, p.role) for name, p in patches.items() if name != "top"}
    rows["top"] = Patch("top", np.arange(4), patches["top"].plane)
    assert closed(finer)
    made = stamp(finer, rows, "top", letters(at=(20, 15)), 0.6)
    assert closed(made.mesh)
    assert len(np.unique(made.mesh.faces)) == len(made.mesh.points)
    assert made.mesh.kept is not None
    assert made.mesh.kept.points == 8
    assert six_volumes(made.mesh) == six_volumes(mesh) - six_areas(letters(at=(20, 15))) * 6000


def test_a_patch_that_holds_the_stamped_one_keeps_what_is_left() -> None:
    mesh, patches = plate()
    wide = {**patches, "outside": Patch("outside", np.concatenate((patches["top"].faces, patches["sides"].faces)))}
    made = stamp(mesh, wide, "top", letters(), 0.6)
    left = set(made.patches["top"].faces.tolist()) | set(made.patches["sides"].faces.tolist())
    assert set(made.patches["outside"].faces.tolist()) == left
    half = {**patches, "half": Patch("half", patches["top"].faces[:3])}
    with pytest.raises(ValueError, match="share some"):
        stamp(mesh, half, "top", letters(), 0.6)


def random_outline(k: int) -> Outline:
    """A name anywhere on the plate, or half beside it; every third time, a random star with a hole."""
    random = np.random.default_rng(k)
    at = (float(random.uniform(-22, 22)), float(random.uniform(-66, 66)))
    if k % 3:
        names = ["Zoé", "Alexandrin", "Lili", "i:i", "Jean-Luc", "Ёлки", "Ülli", "No. 8"]
        angle = float(random.choice([0.0, 0.0, 90.0, random.uniform(-90, 90)]))
        return letters(names[k % len(names)], float(random.choice([4.0, 7.5, 9.0])), at, angle)
    angles = np.sort(random.uniform(0, 2 * math.pi, 40))
    radii = random.uniform(3, 12, 40)
    star = [
        (round((at[0] + r * math.cos(a)) * STEPS), round((at[1] + r * math.sin(a)) * STEPS))
        for a, r in zip(angles, radii, strict=True)
    ]
    x, y = round(at[0] * STEPS), round(at[1] * STEPS)
    return drawn(star, [(x - 5000, y), (x, y + 5000), (x + 5000, y)])


def leaves(made: Outline) -> bool:
    """By areas of manifold3d's polygons: is any of the outline off the plate?"""
    from manifold3d import CrossSection, FillRule

    starts = [0, *made.ends.tolist()[:-1]]
    text = [made.points[a:b].astype(float) for a, b in zip(starts, made.ends.tolist(), strict=True)]
    region = CrossSection([np.array(loop, float) for loop in BORDER], FillRule.Positive)
    return bool((CrossSection(text, FillRule.Positive) - region).area() > 0)


def test_agrees_with_a_boolean_and_sees_all_that_leave() -> None:
    mesh, patches = plate()
    stamped = off = 0
    for k in range(150):
        text = random_outline(k)
        emboss = k % 2 == 0
        assert covers(mesh, patches, "top", text) != leaves(text), k
        if leaves(text):
            off += 1
            with pytest.raises(OffPatch) as caught:
                stamp(mesh, patches, "top", text, 0.6, emboss=emboss)
            assert caught.value.beyond > 0
            continue
        stamped += 1
        if stamped > 50:
            continue
        ours, theirs = (how(mesh, patches, "top", text, 0.6, emboss=emboss) for how in (stamp, stamp_by_csg))
        assert faults(ours) == faults(theirs) == []
        assert six_volumes(ours.mesh) == pytest.approx(six_volumes(theirs.mesh), rel=1e-6)
        assert patch_areas(ours) == pytest.approx(patch_areas(theirs), rel=1e-6)
    assert stamped >= 50
    assert off >= 25


def faults(made: Stamped) -> list[str]:
    """What verify finds: open or nonmanifold edges, flat or double faces, inverted shells, points without a face."""
    _, findings, _ = verify((settle(Part("plate", made.mesh)),))
    return [finding.code for finding in findings]


def patch_areas(made: Stamped) -> dict[str, float]:
    areas = {}
    for name, patch in made.patches.items():
        corners = made.mesh.points[made.mesh.faces[patch.faces]]
        normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
        areas[name] = float(np.sqrt((normals**2).sum(axis=1)).sum() / 2)
    return areas


@pytest.mark.parametrize(
    ("made", "fits"),
    [
        (box(-5, -5, 5, 5), True),
        (box(-36, -5, 5, 5), False),  # touches the border's straight side
        (box(-35.9999, -5, 5, 5), True),  # one step off it
        (box(-35.9998, -5, 5, 5), True),
        (box(-40, -5, -37, 5), False),  # beside the plate
        (box(-50, -90, 50, 90), False),  # around all of it
        (box(12, 45, 20, 50), False),  # in the window
        (box(5, 35, 33, 67), False),  # around the window
        (box(5, 45, 20, 50), False),  # over its edge
        (box(8, 20, 30, 40), False),  # touches the window
        (box(8, 20, 30, 39.9999), True),
    ],
)
def test_on_or_off(made: Outline, fits: bool) -> None:
    mesh, patches = plate()
    assert covers(mesh, patches, "top", made) is fits
    if fits:
        assert closed(stamp(mesh, patches, "top", made, 0.6).mesh)
        return
    for how in (stamp, stamp_by_csg):
        with pytest.raises(OffPatch) as caught:
            how(mesh, patches, "top", made, 0.6)
        assert caught.value.patch == "top"
        assert "mm" not in str(caught.value)
        assert "about" in caught.value.for_sender()


def test_a_margin_is_kept_and_how_far_is_told() -> None:
    mesh, patches = plate()
    assert covers(mesh, patches, "top", box(-34, -5, 5, 5), margin=2.0)
    assert not covers(mesh, patches, "top", box(-34, -5, 5, 5), margin=2.0001)
    with pytest.raises(OffPatch) as caught:
        stamp(mesh, patches, "top", box(-34, -5, 5, 5), 0.6, margin=2.5)
    assert caught.value.beyond == pytest.approx(0.5)
    with pytest.raises(OffPatch) as caught:
        stamp(mesh, patches, "top", box(-39, -5, 5, 5), 0.6)
    assert caught.value.beyond == pytest.approx(3.0, abs=2e-4)


@pytest.mark.parametrize(
    "made",
    [
        drawn([(0, 0), (0, 9000), (9000, 9000), (9000, 0)]),  # the wrong way round
        drawn([(0, 0), (9000, 9000), (9000, 0), (0, 9000)]),  # crosses itself
        drawn([(0, 0), (9000, 0), (9000, 9000)], [(1000, 100), (20000, 100), (1000, 200)]),  # two loops that cross
        drawn([(0, 0), (9000, 0), (9000, 9000)], [(9000, 9000), (9900, 9000), (9900, 9900)]),  # two that touch
        drawn([(0, 0), (9000, 0)]),
        drawn([(0, 0), (9000, 0), (4000, 0)]),
    ],
)
def test_an_unsound_outline_is_no_ones_text(made: Outline) -> None:
    mesh, patches = plate()
    assert not covers(mesh, patches, "top", made)
    with pytest.raises(BadOutline):
        stamp(mesh, patches, "top", made, 0.6)


@pytest.mark.parametrize("depth", [0.0, -0.5, math.nan, math.inf, 0.00004])
def test_a_depth_is_above_zero(depth: float) -> None:
    with pytest.raises(ValueError, match="depth"):
        stamp(*plate(), "top", letters(), depth)


@pytest.mark.parametrize("margin", [-0.1, math.nan, math.inf])
def test_a_margin_is_not_below_zero(margin: float) -> None:
    with pytest.raises(ValueError, match="margin"):
        stamp(*plate(), "top", letters(), 0.6, margin=margin)


def test_what_cannot_be_stamped_on_is_said() -> None:
    mesh, patches = plate()
    with pytest.raises(ValueError, match=r"no patch 'front'.*bottom, sides, top"):
        stamp(mesh, patches, "front", letters(), 0.6)
    with pytest.raises(ValueError, match="nothing is known of its surface"):
        stamp(mesh, patches, "sides", letters(), 0.6)
    rows = patches["top"].faces
    inwards = {"top": Patch("top", rows, Plane((0.0, 0.0, 0.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))}
    with pytest.raises(ValueError, match="looks into"):
        stamp(mesh, inwards, "top", letters(), 0.6)
    beside = {"top": Patch("top", np.append(rows, patches["sides"].faces[-1]), patches["top"].plane)}
    with pytest.raises(ValueError, match="do not lie in its plane"):
        stamp(mesh, beside, "top", letters(), 0.6)
    finer = Mesh(mesh.points + 0.00003, mesh.faces)
    with pytest.raises(EngineFault, match="lattice"):
        stamp(finer, patches, "top", letters(), 0.6)


def test_a_border_that_touches_itself_is_refused() -> None:
    mesh, patches = plate(loops=[[(0, 0), (400_000, 0), (400_000, 300_000), (0, 300_000)]])
    points = np.concatenate((mesh.points, [(50.0, 30.0, 0.0), (40.0, 40.0, 0.0)]))
    faces = np.concatenate((mesh.faces, [[2, 8, 9]])).astype(np.int32)
    pinched = {"top": Patch("top", np.append(patches["top"].faces, len(faces) - 1), patches["top"].plane)}
    with pytest.raises(ValueError, match="touches itself"):
        stamp(Mesh(points, faces), pinched, "top", letters(at=(20, 15)), 0.6)


@pytest.mark.parametrize("emboss", [False, True])
def test_a_tilted_patch_goes_the_booleans_way(emboss: bool) -> None:
    """Turned by 3, 4, 5: every point stays on the lattice, no frame along the axes."""
    loops = [[(5 * (x // 5), 5 * (y // 5)) for x, y in loop] for loop in BORDER]
    mesh, _ = plate(((5, 0, 0), (0, 3, -4), (0, 4, 3)), loops=loops)
    _, patches = plate(loops=loops)
    plane = Plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 0.6, 0.8))
    tilted = {**patches, "top": Patch("top", patches["top"].faces, plane)}
    mesh = Mesh(np.rint(mesh.points * STEPS / 5) / STEPS, mesh.faces)
    text = letters("Zoé & Léo", 6.0)
    made = stamp(mesh, tilted, "top", text, 0.6, emboss=emboss)
    assert faults(made) == []
    assert made.mesh.kept is None
    change = (six_volumes(made.mesh) - six_volumes(mesh)) / (six_areas(text) * 6000)
    assert change == pytest.approx(1 if emboss else -1, rel=1e-3)
    assert list(made.patches) == ["top", "bottom", "sides", "top.floor", "top.sides"]
    with pytest.raises(OffPatch):
        stamp(mesh, tilted, "top", letters("Zoé", at=(30, 0)), 0.6, emboss=emboss)


def test_the_faults_of_a_stamp_are_seen() -> None:
    mesh, patches = plate()
    made = stamp(mesh, patches, "top", letters(), 0.6)
    assert faults(made) == []
    assert "open-edge" in faults(Stamped(Mesh(made.mesh.points, made.mesh.faces[:-1]), made.patches))


def test_a_body_that_is_no_solid_is_said() -> None:
    mesh, patches = plate()
    open_box = Mesh(mesh.points, mesh.faces[:-1])
    with pytest.raises(EngineFault, match="no solid"):
        stamp_by_csg(open_box, {"top": patches["top"]}, "top", letters(), 0.6)
