"""The inlay: it fills its pocket exactly, flush, and what both share is the same triangles; bonded parts looked at as one."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.language.values import Letters, Solid, Text
from engine.model.bonded import groups, in_one_mesh, outside
from engine.model.mesh import Mesh, Part, Patch, Plane, Role, Settled
from engine.model.outline import Outline
from engine.process.limits import load_process
from engine.shape.inlay import inlay
from engine.shape.stamp import OffPatch, stamp
from engine.shape.text import outline
from engine.verify.checks import verify
from engine.verify.settle import settle, together

STEPS = 10_000
LETTERS = outline("Oé8", font="roboto-bold", height=9.0)
X, Y, Z = np.eye(3)


def plate(thick: float = 3.0) -> Solid:
    """A plate 60 x 30 mm, its patch `top` at z = 0 looking up."""
    corners = np.array([(x, y, z) for z in (-thick, 0.0) for y in (-15.0, 15.0) for x in (-30.0, 30.0)])
    quads = ((4, 5, 7, 6), (0, 2, 3, 1), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6))
    faces = np.array([face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))], dtype=np.int32)
    top = Patch("top", np.array([0, 1], dtype=np.int32), Plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)))
    return Solid(Mesh(corners, faces), {"top": top})


def pair(depth: float = 0.6, thick: float = 3.0) -> tuple[Solid, Solid]:
    solid = plate(thick)
    body, filling = inlay(solid.mesh, solid.patches, "top", LETTERS, depth)
    return Solid(body.mesh, body.patches), Solid(filling.mesh, filling.patches)


def settled_pair(depth: float = 0.6, thick: float = 3.0) -> list[Settled]:
    body, filling = pair(depth, thick)
    return list(together([settle(body.part("plate")), settle(filling.part("letters", bonded="plate"))]))


def six_volumes(mesh: Mesh) -> int:
    """Six times the volume in cubic steps, in Python integers."""
    points = np.rint(mesh.points * STEPS).astype(np.int64)
    assert np.array_equal(points / STEPS, mesh.points), "off the lattice"
    told = 0
    for a, b, c in points[mesh.faces].astype(object):
        told += int(np.dot(a, np.cross(b, c)))
    return told


def places(mesh: Mesh) -> Counter[tuple[bytes, ...]]:
    """Each face by its corners' places, the same way round from wherever it starts."""
    rows = [[p.tobytes() for p in corner] for corner in mesh.points[mesh.faces] + 0.0]
    return Counter(tuple(row[k:] + row[:k]) for row in rows for k in [row.index(min(row))])


def test_an_inlay_fills_its_pocket_to_the_step_and_shares_its_triangles() -> None:
    whole = plate()
    body, filling = pair()
    assert six_volumes(body.mesh) + six_volumes(filling.mesh) == six_volumes(whole.mesh)
    shared = [body.mesh.faces[body.patches[name].faces] for name in ("top.floor", "top.sides")]
    turned = Mesh(body.mesh.points, np.concatenate(shared)[:, ::-1].copy())
    within = Mesh(
        filling.mesh.points, filling.mesh.faces[np.concatenate([filling.patches[n].faces for n in ("foot", "sides")])]
    )
    assert places(turned) == places(within)
    assert set(filling.mesh.points[:, 2].tolist()) == {0.0, -0.6}
    top = filling.patches["top"]
    assert top.plane == whole.patches["top"].plane and top.role is Role.INLAY
    assert (filling.mesh.points[filling.mesh.faces[top.faces]][:, :, 2] == 0.0).all()


def test_the_body_is_what_engraving_makes() -> None:
    solid = plate()
    body, _ = pair()
    engraved = stamp(solid.mesh, solid.patches, "top", LETTERS, 0.6)
    assert np.array_equal(body.mesh.points, engraved.mesh.points) and np.array_equal(body.mesh.faces, engraved.mesh.faces)


def test_bonded_they_are_printable_and_unbonded_they_touch() -> None:
    process = load_process("fdm-pla")
    parts = settled_pair()
    assert not verify(parts, process)[1]
    loose = [parts[0], replace(parts[1], part=parts[1].part.changed(bonded=frozenset()))]
    assert {f.code for f in verify(loose, process)[1]} == {"off-bed", "parts-close"}


def test_an_inlay_a_step_too_large_shares_room() -> None:
    parts = settled_pair()
    swollen = parts[1].lattice + np.where(parts[1].lattice[:, 2:] == parts[1].lattice[:, 2].min(), -1, 0) * np.array((0, 0, 1))
    grown = replace(parts[1], lattice=swollen.astype(np.int32))
    assert [f.code for f in verify([parts[0], grown], load_process("fdm-pla"))[1]] == ["parts-cross"]


def test_an_inlay_thinner_than_letters_are_raised_is_thin() -> None:
    (found,) = verify(settled_pair(depth=0.35), load_process("fdm-pla"))[1]
    assert (found.code, found.part, found.value, found.limit) == ("thin-letter", "letters", 0.35, 0.4)
    assert found.message.startswith("the inlay is only") and found.fix and "deeper" in found.fix


def test_strokes_of_an_inlay_answer_to_their_width() -> None:
    solid = plate()
    _, thin = inlay(solid.mesh, solid.patches, "top", outline("lll", font="roboto-regular", height=4.0), 0.6)
    found = verify([settle(Solid(thin.mesh, thin.patches).part("letters"))], load_process("fdm-pla"))[1]
    assert {f.code for f in found} == {"thin-letter"} and found[0].limit == 0.83


def test_refusals() -> None:
    solid = plate()
    with pytest.raises(OffPatch):
        inlay(solid.mesh, solid.patches, "top", outline("Oé8", font="roboto-bold", height=40.0), 0.6)
    empty = Outline(np.empty((0, 2), dtype=np.int32), np.empty(0, dtype=np.int32))
    with pytest.raises(ValueError, match="nothing to let in"):
        inlay(solid.mesh, solid.patches, "top", empty, 0.6)
    tilted = np.array(((0.6, 0.0, 0.8), (0.0, 1.0, 0.0), (-0.8, 0.0, 0.6)))
    points = np.rint(solid.mesh.points @ tilted * STEPS) / STEPS
    patch = replace(solid.patches["top"], plane=Plane((0.0, 0.0, 0.0), (0.6, 0.0, 0.8), (0.0, 1.0, 0.0)))
    with pytest.raises(ValueError, match="no plane of the lattice"):
        inlay(Mesh(points, solid.mesh.faces), {"top": patch}, "top", LETTERS, 0.6)


def test_letters_off_the_patch_are_refused_with_the_height_that_fits() -> None:
    from engine.errors import Refused

    text = Text("Oé8", "parameters.name", lambda name: None)
    letters: Letters = text.outlines(height=60.0)
    with pytest.raises(Refused) as caught:
        plate().inlay(letters, on="top", depth=0.6)
    assert caught.value.field == "parameters.name" and "height" in str(caught.value.nearest)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.sets(st.integers(0, 6), max_size=2), min_size=7, max_size=7))
def test_groups_are_what_hangs_together(bonds: list[set[int]]) -> None:
    """Against the closure of the relation, both ways."""
    mesh = Mesh(np.array([X, Y, Z]), np.array([(0, 1, 2)], dtype=np.int32))
    parts = [Part(f"p{k}", mesh, bonded=frozenset(f"p{o}" for o in told - {k})) for k, told in enumerate(bonds)]
    reach = np.eye(7, dtype=bool)
    for k, told in enumerate(bonds):
        reach[k, list(told)] = reach[list(told), k] = True
    for _ in range(7):
        reach = reach | ((reach.astype(int) @ reach.astype(int)) > 0)
    expected = sorted({tuple(np.flatnonzero(row).tolist()) for row in reach})
    assert list(groups(parts)) == expected


def test_bonded_parts_as_one_body() -> None:
    parts = settled_pair()
    one = in_one_mesh(parts)
    assert len(one.faces) == sum(len(p.faces) for p in parts) and one.part.name == "plate"
    assert np.array_equal(one.lattice[one.faces[-1]], parts[1].lattice[parts[1].faces[-1]])
    points, faces = outside(parts)
    shape = Mesh(points / STEPS, faces)
    assert six_volumes(shape) == six_volumes(plate().mesh)
    edges = Counter((t[k], t[(k + 1) % 3]) for t in faces.tolist() for k in range(3))
    assert all(edges[(b, a)] == n for (a, b), n in edges.items())
    # only the plate's outside and the letters' tops are left
    assert len(faces) == len(parts[0].faces) + len(parts[1].faces) - 2 * (
        len(parts[1].faces) - len(parts[1].part.patches["top"].faces)
    )


def test_one_part_is_as_it_is() -> None:
    part = settled_pair()[:1]
    assert in_one_mesh(part) is part[0] and outside(part)[1] is part[0].faces
