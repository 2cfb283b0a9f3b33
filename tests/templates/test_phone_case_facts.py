"""The catalogue carries the facts unchanged, and they are read the right way round."""

from __future__ import annotations

import csv
import pathlib
from types import SimpleNamespace

import pytest

from templates.phone_case.extras import Bought
from templates.phone_case.facts import Phone, read_phone
from templates.phone_case.plan import Plan, make_plan
from templates.phone_case.shell import Making, Wishes, make_shell, windows

HERE = pathlib.Path(__file__).parents[2]
OWN = HERE / "templates/phone_case/phones.csv"
PLA = Making(wall=1.0, clearance=0.25, overhang=1.0, hole=2.0, flexible=False)
PLAIN = Wishes(wall=1.6, lip=1.2, fit=0.0, grip=0.0, raised=True, membranes=False, lanyard=False, open_sides=True)


def planned(phone: Phone, making: Making, wishes: Wishes) -> Plan:
    return make_plan(make_shell(phone, making, wishes), phone, making, wishes, Bought())


def table(path: pathlib.Path) -> dict[str, dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return {row["key"]: row for row in csv.DictReader(file)}


def row(key: str, **changed: str | None) -> SimpleNamespace:
    return SimpleNamespace(**{**{c: v or None for c, v in table(OWN)[key].items()}, **changed})


def test_rows_equal_the_shared_facts(shared_data: pathlib.Path) -> None:
    nominal = table(shared_data / "phone/phones_nominal.csv")
    shared = {k: r for k, r in nominal.items() if r["confidence"] in ("A", "B")}
    own = table(OWN)
    assert list(own) == list(shared) and len(own) == 34
    for key, facts in shared.items():
        assert {c: own[key][c] for c in facts} == facts
        assert own[key]["body_source"] and own[key]["camera_source"] and own[key]["buttons_source"]


def test_our_two_columns_follow_the_notes() -> None:
    for facts in table(OWN).values():
        assert (facts["open_edges"] == "right") == ("leave the right edge open" in facts["notes"])
        expected = "" if not facts["camera_bump_mm"] else "plateau" if "plateau only" in facts["notes"] else "highest"
        assert facts["camera_bump_of"] == expected


def test_camera_is_top_left_seen_from_behind_and_power_on_the_right_seen_from_the_front() -> None:
    phone = read_phone(row("apple-iphone-15-pro-max"))
    assert phone.camera.x == pytest.approx(76.73 / 2 - 23.13) and phone.camera.x > 0  # our +x is left from behind
    assert phone.camera.y == pytest.approx(159.86 / 2 - 23.79)
    plan = planned(phone, PLA, PLAIN)
    right = [o for o in plan.openings if o.edge == "right"]
    assert len(right) == 1 and right[0].high == pytest.approx(159.86 / 2 - 47.32 + 0.2)  # the power button
    assert len(phone.left or ()) == 3


def test_bottom_openings_turn_round_too() -> None:
    phone = read_phone(row("samsung-galaxy-s23-ultra"))  # 12..21.4 to the right seen from behind
    assert phone.bottom == ((-21.4, -12.0),)
    assert read_phone(row("sony-xperia-1-v")).jack_x == -23.0


def test_the_foot_of_the_slope_is_cleared() -> None:
    (hole, *_), _ = windows(read_phone(row("apple-iphone-16-pro")))
    assert hole.w == pytest.approx(44.18 + 0.6) and hole.h == pytest.approx(45.41 + 0.6)
    (unknown, *_), _ = windows(read_phone(row("samsung-galaxy-s23-ultra")))  # one source, foot unknown
    assert unknown.w == pytest.approx(29.1 + 2 * (0.3 + 0.4 + 1.0))


def test_what_is_unknown_stays_unknown() -> None:
    assert read_phone(row("google-pixel-6")).bump is None
    assert read_phone(row("apple-iphone-11-pro")).bump is None  # only the plateau's height is known
    assert read_phone(row("google-pixel-6")).left is None and read_phone(row("google-pixel-6")).bottom is None
    with pytest.raises(ValueError, match=r"camera_cx_mm .* never estimated"):
        read_phone(row("google-pixel-6", camera_cx_mm=None))


def test_unknown_edges_are_open_to_the_rim() -> None:
    pixel = planned(read_phone(row("google-pixel-5")), PLA, PLAIN)
    assert {o.edge for o in pixel.openings if o.to_rim} == {"left", "bottom"}
    apple = planned(read_phone(row("apple-iphone-16")), PLA, PLAIN)
    side = [o for o in apple.openings if o.edge == "right"]
    assert len(side) == 1 and side[0].to_rim and side[0].high == pytest.approx(147.6 / 2 - 46.5 + 0.6)
    known = planned(read_phone(row("apple-iphone-13-pro")), PLA, PLAIN)
    assert not any(o.to_rim for o in known.openings)


def test_bar_to_both_edges_is_a_slot_and_a_near_flash_joins_its_camera() -> None:
    for key in ("google-pixel-6", "google-pixel-7"):
        holes, slots = windows(read_phone(row(key)))
        assert not holes and len(slots) == 1
    assert len(windows(read_phone(row("google-pixel-6a")))[0]) == 1
    assert len(windows(read_phone(row("apple-iphone-16")))[0]) == 1
    assert len(windows(read_phone(row("google-pixel-4a")))[0]) == 2  # the fingerprint reader has its own


@pytest.mark.parametrize("key", list(table(OWN)))
def test_every_plan_leaves_walls(key: str) -> None:
    for making in (PLA, Making(1.0, -0.1, 1.5, 2.0, True), Making(0.8, 0.15, 1.0, 1.5, False)):
        plan = planned(read_phone(row(key)), making, PLAIN)
        assert plan.gap == pytest.approx(making.clearance) == pytest.approx((plan.cavity.w - read_phone(row(key)).width) / 2)
        assert plan.rim - plan.ceiling >= making.wall
        for one, other in zip(plan.openings, plan.openings[1:], strict=False):
            assert one.edge != other.edge or other.low - one.high >= making.wall
        for opening in plan.openings:
            assert opening.z0 > plan.floor + 0.2 and (opening.to_rim or opening.z1 < plan.ceiling)
        x0, y0, x1, y1 = plan.free
        assert x1 - x0 > 40 and y1 - y0 > 40
