"""The solid itself, drawn with CadQuery: one valid closed body, flat back, openings where they belong."""

from __future__ import annotations

import math
import random
from collections import Counter
from dataclasses import replace
from typing import Any

import pytest

from templates.phone_case import body
from templates.phone_case.extras import Bought, bumper_reach
from templates.phone_case.facts import read_phone
from templates.phone_case.plan import Plan, make_plan
from templates.phone_case.rules import LEAST_EDGE
from templates.phone_case.shell import Making, Wishes, make_shell, membrane_thickness

cq = pytest.importorskip("cadquery")

MAKINGS = (
    Making(1.0, 0.25, 1.0, 2.0, False),
    Making(1.0, -0.1, 1.5, 2.0, True),
    Making(0.5, 0.15, 1.0, 0.5, False),
)


def phone_rows() -> dict[str, Any]:
    from templates.phone_case import PhoneCase

    rows = PhoneCase.fields["phone"].rows  # type: ignore[attr-defined]
    return {key: type("Row", (), dict(columns)) for key, columns in rows.items()}


def wishes(**changed: Any) -> Wishes:
    plain = Wishes(1.6, 1.2, 0.0, 0.0, raised=True, membranes=False, lanyard=False, open_sides=True)
    return replace(plain, **changed)


def planned(key: str, making: Making = MAKINGS[0], **changed: Any) -> Plan:
    phone, wished = read_phone(phone_rows()[key]), wishes(**changed)
    return make_plan(make_shell(phone, making, wished), phone, making, wished, Bought())


def draw(key: str, making: Making = MAKINGS[0], **changed: Any) -> tuple[Any, Any, Plan]:
    plan = planned(key, making, **changed)
    solid, back, _ = body.build(cq, plan)
    return solid, back, plan


def assert_closed(solid: Any) -> int:
    """Welded on the lattice, every edge is used once in each direction; OCCT's triangles that are narrower than a step close up, as the
    CAD door lets them, and are few. -> triangles"""
    points, triangles = solid.tessellate(0.02, 0.25)
    places: dict[tuple[int, int, int], int] = {}
    index = [places.setdefault((round(p.x * 1e4), round(p.y * 1e4), round(p.z * 1e4)), len(places)) for p in points]
    edges: Counter[tuple[int, int]] = Counter()
    closed_up = 0
    for triangle in triangles:
        a, b, c = (index[i] for i in triangle)
        if len({a, b, c}) == 3:
            edges.update(((a, b), (b, c), (c, a)))
        else:
            closed_up += 1
    assert closed_up <= 4 and all(n == 1 and edges.get((b, a)) == 1 for (a, b), n in edges.items())
    return len(triangles)


def extent(solid: Any) -> tuple[tuple[float, float], tuple[float, float]]:
    """Of the mesh in x and in z: OCCT's own boxes are loose."""
    points, _ = solid.tessellate(0.02, 0.25)
    xs, zs = [p.x for p in points], [p.z for p in points]
    return (min(xs), max(xs)), (min(zs), max(zs))


def inside(solid: Any, x: float, y: float, z: float) -> bool:
    return bool(solid.isInside(cq.Vector(x, y, z)))


def test_default_phone_from_all_sides() -> None:
    solid, back, plan = draw("apple-iphone-15-pro-max")
    assert solid.isValid() and 8_000 <= assert_closed(solid) <= 20_000
    (x0, x1), (z0, z1) = extent(solid)
    assert x1 - x0 == pytest.approx(76.73 + 0.5 + 3.2, abs=1e-6)
    assert z0 == pytest.approx(-plan.ring_height, abs=1e-6) and z1 == pytest.approx(plan.rim, abs=1e-6)
    assert back.geomType() == "PLANE" and abs(back.Center().z) < 1e-9 and back.normalAt().z == pytest.approx(-1.0)
    phone = read_phone(phone_rows()["apple-iphone-15-pro-max"])
    assert not inside(solid, phone.camera.x, phone.camera.y, 0.8)  # the camera looks out at +x: left seen from behind
    assert inside(solid, -phone.camera.x, phone.camera.y, 0.8)
    side = 76.73 / 2 + 0.25 + 0.8
    middle = 1.6 + 0.25 + 8.25 / 2
    assert not inside(solid, side, 159.86 / 2 - 56.0, middle)  # power: right seen from the front
    assert not inside(solid, -side, 159.86 / 2 - 45.0, middle)  # volume: left
    assert inside(solid, side, 159.86 / 2 - 90.0, middle)
    assert inside(solid, 76.73 / 2 - 0.8, -20.0, plan.ceiling + 0.5)  # the lip lies over the glass's edge
    assert not inside(solid, 76.73 / 2 - 1.2, -20.0, plan.ceiling + 0.5)
    assert not inside(solid, 0.0, -159.86 / 2 - 1.0, middle)  # port


def test_membranes_cover_buttons_and_the_corner_has_its_hole() -> None:
    solid, _, plan = draw("apple-iphone-13-pro", MAKINGS[1], membranes=True, lanyard=True, raised=False)
    assert_closed(solid)
    middle, y = (plan.openings[0].z0 + plan.openings[0].z1) / 2, 146.71 / 2 - 52.0
    outside = plan.outer.w / 2
    assert inside(solid, outside - 0.5, y, middle) and not inside(solid, outside - 1.3, y, middle)
    assert plan.ear is not None
    assert not inside(solid, plan.ear.x, plan.ear.y, 3.0)
    assert inside(solid, plan.ear.x - plan.ear.hole - 0.5, plan.ear.y, 3.0)
    assert extent(solid)[1][0] == pytest.approx(0.0, abs=1e-6)  # flush: it lies flat on its back


def test_the_corners_stand_out() -> None:
    solid, back, plan = draw("apple-iphone-15-pro-max", bumper=2.0)
    assert solid.isValid()
    assert_closed(solid)
    (x0, x1), _ = extent(solid)
    assert x1 - x0 == pytest.approx(plan.outer.w + 4.0, abs=1e-6)
    r, w, h = plan.outer.corner, plan.outer.w / 2, plan.outer.h / 2
    along = math.sqrt(0.5) * (r + 1.8)
    for sx, sy in ((1, 1), (1, -1), (-1, 1), (-1, -1)):
        assert inside(solid, sx * (w - r + along), sy * (h - r + along), 5.0), "each corner stands out by 2"
        assert not inside(solid, sx * (w - r + along + 0.4), sy * (h - r + along + 0.4), 5.0)
        assert not inside(solid, sx * (w + 0.1), sy * (h - r - bumper_reach(2.0) - 0.1), 5.0), "and the sides do not"
    assert back.geomType() == "PLANE"


def test_the_lanyards_corner_has_no_bumper() -> None:
    plan = planned("google-pixel-7", lanyard=True, bumper=2.5)
    wire = body._wire(cq, plan.outer, 0.0, plan.ear, plan.bumper)
    plain = body._wire(cq, plan.outer, 0.0, plan.ear)
    assert wire.BoundingBox().xmax == pytest.approx(plain.BoundingBox().xmax + 2.5, abs=1e-3)
    low = [[v.Y for v in one.Vertices() if v.X < 0 and v.Y < 0] for one in (wire, plain)]
    assert min(low[0]) == pytest.approx(min(low[1]))


def test_every_joint_of_a_bumper_is_smooth() -> None:
    plan = planned("google-pixel-7", bumper=1.5)
    wire = body._wire(cq, plan.outer, 0.0, None, plan.bumper)
    ends = [(edge.tangentAt(t), edge.positionAt(t)) for edge in wire.Edges() for t in (0.0, 1.0)]
    for k, (way, place) in enumerate(ends):
        (other,) = [w for j, (w, p) in enumerate(ends) if j != k and (p - place).Length < 1e-6]
        assert abs(way.dot(other)) == pytest.approx(1.0, abs=1e-9)


def test_a_bar_to_both_edges_leaves_one_piece() -> None:
    solid, back, plan = draw("google-pixel-6")
    assert_closed(solid)
    (low, high) = plan.slots[0]
    assert not inside(solid, 0.0, (low + high) / 2, 0.8) and not inside(solid, plan.outer.w / 2 - 0.5, (low + high) / 2, 1.0)
    assert inside(solid, plan.outer.w / 2 - 0.8, (low + high) / 2, plan.slot_top + 3.0)  # the sides carry on above it
    assert back.Area() > 7000


def test_a_body_in_two_pieces_is_an_error() -> None:
    plan = planned("google-pixel-6")
    with pytest.raises(ValueError, match="came out as 2 solids"):
        body.build(cq, replace(plan, slot_top=plan.rim + 1.0))


def test_a_back_without_flat_is_an_error() -> None:
    with pytest.raises(ValueError, match="no flat face"):
        body._flat_face(cq.Solid.makeBox(5, 5, 5, cq.Vector(0, 0, 1)), 0.0)


@pytest.mark.sweep
@pytest.mark.parametrize("key", list(phone_rows()))
def test_every_phone_with_other_wishes(key: str) -> None:
    dice = random.Random(key)
    making = dice.choice(MAKINGS)
    changed = {
        "wall": dice.choice([1.2, 1.6, 2.0, 3.0]),
        "lip": dice.choice([1.0, 1.2, 2.0]),
        "raised": dice.random() < 0.6,
        "lanyard": dice.random() < 0.5,
        "open_sides": dice.random() < 0.6,
    }
    changed["bumper"] = dice.choice([0.0, 0.5, 2.5])
    changed["membranes"] = making.flexible and changed["wall"] - membrane_thickness(making) >= 0.2
    plan = planned(key, making, **changed)
    assert plan.room >= LEAST_EDGE
    solid, _, _ = body.build(cq, plan)
    assert 6_000 <= assert_closed(solid) <= 30_000
