"""The whole way through the child: a case with a name, as it ships, without a finding."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import pytest

from engine.language.judge import relations_of
from engine.language.orders import accept
from engine.language.template import Home, Run
from engine.model.mesh import STEPS_PER_MM, Role
from engine.model.order import Order
from engine.process.limits import load_process
from engine.shape.stamp import covers
from engine.verify.checks import verify
from engine.verify.settle import settle, together
from templates.phone_case import PhoneCase

HOME = Home()


def made(process: str, **parameters: Any) -> tuple[Any, Any, PhoneCase]:
    """The case itself, what is found about all its parts, and the template."""
    values, origins = accept(Order("phone-case", parameters=parameters), PhoneCase)
    limits = load_process(process)
    template = PhoneCase(Run(PhoneCase, values, origins, limits.flat(), home=HOME))
    parts = together([settle(part) for part in template.case()])
    _, findings, _ = verify(parts, limits)
    return parts[0], findings, template


@pytest.mark.parametrize(
    ("process", "parameters"),
    [
        ("fdm-pla", {"name": "Zoë Nguyễn", "letter_height": 8.0}),
        ("mjf-pa12", {"name": "Ana & José", "letters": "embossed", "text_angle": 30.0}),
    ],
)
def test_a_name_lies_on_the_flat_back(process: str, parameters: dict[str, Any]) -> None:
    settled, findings, template = made(process, **parameters)
    assert not findings
    assert settled.lattice[:, 2].min() == 0 and 8_000 <= len(settled.faces) <= 24_000
    back = settled.part.patches["back"]
    assert back.plane is not None and back.plane.normal == (0.0, 0.0, -1.0) and back.plane.x == (-1.0, 0.0, 0.0)
    assert (settled.part.mesh.points[settled.part.mesh.faces[back.faces]][:, :, 2] == 0.0).all()
    depth = 0.6 if template.letters == "engraved" else -0.6
    floor = settled.part.patches["back.floor"].plane
    assert floor is not None and floor.origin[2] == pytest.approx(depth)


def test_thin_shoulders_are_widened_and_said() -> None:
    """At the default height fdm-tpu shows no stroke under 1.0 mm; shoulders of a, h, m are 0.88."""
    _, findings, template = made("fdm-tpu", name="Charlotte")
    assert not findings
    (told,) = [note for note in template.notes() if "widened" in note[0]]
    assert "no edge moved by more than 0.09 mm" in told[0] and "0.09 mm" in told[1]
    _, _, plain = made("fdm-tpu", name="Zoë")
    assert not [note for note in plain.notes() if "widened" in note[0]]


def bodies(template: PhoneCase) -> dict[str, bool]:
    """Of the stages that draw the case without its name, which were there already. One within another that was is not asked."""
    return {s.name: s.hit for s in template.run.stages if s.name in ("shell", "patterned")}


def test_another_name_keeps_the_body() -> None:
    made("fdm-pla", name="Ana")
    _, _, template = made("fdm-pla", name="Łukasz", text_angle=20.0, colour="red")
    assert bodies(template) == {"patterned": True}


def six_volumes(solid: Any) -> int:
    """Of a mesh on the lattice, in cubes of its steps: exact."""
    corners = np.rint(solid.mesh.points * STEPS_PER_MM).astype(np.int64)[solid.mesh.faces].tolist()
    return sum(
        a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) + a[2] * (b[0] * c[1] - b[1] * c[0])
        for a, b, c in corners
    )


def test_what_the_case_is_to_hold_has_its_pockets() -> None:
    _, findings, template = made("fdm-pla", magnets=True, seat="disc", wall=2.2)
    assert not findings
    shell, held, plan = template.shell(), template.holding(), template.plan()
    ring, seat = plan.magnets, plan.seat
    assert ring is not None and seat is not None
    taken = (six_volumes(shell) - six_volumes(held)) / 6e12
    drawn = math.pi / 4 * ((ring.outer**2 - ring.inner**2) * ring.deep + seat.box.w**2 * seat.deep)
    assert taken == pytest.approx(drawn, abs=0.01 * math.pi * (ring.outer * ring.deep + seat.box.w * seat.deep))
    for name, z, shape in (("floor", 2.2 - 0.6, ring.disc()), ("back", 0.6, seat.shape())):
        floor = held.patches[f"{name}.floor"]
        assert floor.role is held.patches[f"{name}.sides"].role is Role.WALL
        assert floor.plane is not None and floor.plane.origin[2] == pytest.approx(z)
        points = held.mesh.points[held.mesh.faces[floor.faces]].reshape(-1, 3)
        assert set(points[:, 2].tolist()) == {z}
        low, high = points.min(axis=0), points.max(axis=0)
        found = (low[0], high[0], low[1], high[1])
        assert found == pytest.approx((-shape.w / 2, shape.w / 2, shape.y - shape.w / 2, shape.y + shape.w / 2), abs=1e-4)
    assert plan.free[1] > seat.box.top


@pytest.mark.parametrize(
    ("parameters", "left"),
    [
        ({"magnets": True, "magnet_thickness": 0.9, "wall": 1.6}, 0.6),
        ({"seat": "stand", "seat_depth": 1.0, "wall": 1.6}, 0.6),
        ({"magnets": True, "seat": "disc", "seat_y": 30.0, "wall": 1.8}, 0.6),
        ({"magnets": True, "magnet_y": -36.0, "name": "Zoé", "text_y": 16.0, "wall": 1.8}, 0.6),
        ({"magnets": True, "magnet_y": -36.0, "name": "Zoé", "text_y": 16.0, "wall": 1.8, "letter_colour": "red"}, 0.6),
    ],
)
def test_a_wall_too_thin_by_a_pocket_is_found(parameters: dict[str, Any], left: float) -> None:
    """Orders that the rules refuse, made all the same: the verdict does not count on the rules."""
    _, findings, _ = made("fdm-pla", **parameters)
    assert {found.code for found in findings} == {"thin-wall"}
    assert min(found.value for found in findings) == pytest.approx(left, abs=1e-3)


def test_other_magnets_and_seats_keep_the_body() -> None:
    made("fdm-pla", seat="stand")
    _, _, template = made("fdm-pla", magnets=True, seat="disc", wall=1.6)
    assert {s.name: s.hit for s in template.run.stages if s.name in ("shell", "holding")} == {"shell": True, "holding": False}


BACK = {"pattern": "hexagon", "magnets": True, "bumpers": 1.0, "wall": 2.2, "phone": "google-pixel-7"}


def test_letters_of_a_second_colour_in_a_case_with_all_that_it_can_carry() -> None:
    settled, findings, template = made("fdm-pla", name="Zoë", letter_colour="sand", **BACK)
    assert not findings
    case, letters = template.case()
    assert (case.colour, letters.colour) == ("#5b8ba8", "#bdb9ac") and letters.bonded == {"case"}
    assert {"back", "floor", "back.through", "back.floor", "back.sides"} <= set(case.patches)
    assert (letters.mesh.points[:, 2].min(), letters.mesh.points[:, 2].max()) == (0.0, 0.6)
    assert letters.poses == case.poses
    assert settled.lattice[:, 2].min() == 0


def test_a_name_cut_through_a_case_with_all_that_it_can_carry() -> None:
    settled, findings, template = made("fdm-pla", name="Bob Ö", letters="cut", letter_height=11.0, **BACK)
    assert not findings
    (case,) = template.case()
    assert {"back.through", "back.through.2"} <= set(case.patches) and "back.floor" not in case.patches
    letters = case.mesh.points[case.mesh.faces[case.patches["back.through.2"].faces]]
    assert (letters[:, :, 2].min(), letters[:, :, 2].max()) == (0.0, 2.2)
    (told,) = [note for note in template.notes() if "cut through let dust" in note[0]]
    assert "10 bridges hold" in told[0] and "10 ponts" in told[1]
    assert settled.lattice[:, 2].min() == 0


def test_another_name_keeps_the_body_and_its_pattern() -> None:
    made("fdm-pla", name="Ana", letter_colour="sand", **BACK)
    _, _, template = made("fdm-pla", name="Max", colour="red", **BACK)
    assert bodies(template) == {"patterned": True}
    _, findings, other = made("fdm-pla", name="Max", **{**BACK, "pattern": "waves", "pattern_style": "raised"})
    assert not findings
    assert bodies(other)["patterned"] is False


SHELVES = (
    ("mjf-pa12", {"letter_height": 8.0, "pattern": "hexagon", "magnets": True, "bumpers": 2.5}),
    ("fdm-pla", {"pattern": "waves", "seat": "disc", "letter_colour": "sand", "bumpers": 1.0}),
    (
        "sls-pa12",
        {
            "letter_height": 9.0,
            "letters": "embossed",
            "pattern": "stripes",
            "pattern_style": "raised",
            "seat": "stand",
            "seat_size": 50.0,
            "lanyard": True,
            "bumpers": 0.5,
        },
    ),
)
PHONES = sorted(PhoneCase.fields["phone"].rows)  # type: ignore[attr-defined]
SWEPT = [(key, k) for n, key in enumerate(PHONES) for k in range(3) if os.environ.get("UNIKAT_SWEEP") or (n + 7 * k) % 21 == 4]
"""Each phone with each shelf of options where UNIKAT_SWEEP is set; else a share: every shelf, on a few phones."""


@pytest.mark.sweep
@pytest.mark.parametrize(("phone", "shelf"), SWEPT)
def test_phones_with_all_that_they_can_carry(phone: str, shelf: int) -> None:
    process, options = SHELVES[shelf]
    settled, findings, _ = made(process, phone=phone, name="Bo", **options)
    assert not findings and len(settled.faces) > 8_000


def test_no_cell_lies_beyond_a_slot() -> None:
    """A Pixel 6 has a slot from side to side: what is above it is another face, where small cells would find room."""
    _, findings, _ = made("mjf-pa12", phone="google-pixel-6", pattern="waves", cell=3.0)
    assert not findings


def test_where_the_rules_let_a_name_stand_it_lies_on_the_back() -> None:
    """All round the corners: the flat back is rounder than the rectangle that is free on it."""
    kept, off = 0, 0
    for k in range(48):
        turn = (0.0, 45.0, -30.0, 90.0)[k % 4]
        place = {"text_x": 12.0 + 1.5 * (k % 16), "text_y": -48.0 - 0.5 * (k // 2), "text_angle": turn, "letter_height": 4.0}
        values, origins = accept(Order("phone-case", parameters={"name": "Bo", "phone": "google-pixel-9a", **place}), PhoneCase)
        limits = load_process("mjf-pa12")
        case = PhoneCase(Run(PhoneCase, values, origins, limits.flat(), home=HOME))
        solid, letters = case.patterned(), case.lettering().printable(limits)
        lies = covers(solid.mesh, solid.patches, "back", letters.outline)
        taken = all(relation.holds for relation in relations_of(PhoneCase.rules["text_fits"], case, limits))
        kept, off = kept + taken, off + (not lies)
        assert lies or not taken, place
    assert kept > 8 and off > 2
