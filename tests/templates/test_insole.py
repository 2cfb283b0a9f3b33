"""The insole's parts: its curve, outline, bed, fits and rules, each against what is known without them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.interpolate import CubicSpline

from engine.errors import Refused
from engine.language.judge import check_rules, run_fits
from engine.language.orders import accept
from engine.language.template import Run
from engine.make import make
from engine.model.grid import Grid
from engine.model.order import Measurement, Order
from engine.process.limits import load_process
from engine.shape.heights import smooth
from templates.insole import Insole, bed, fitting, plan
from templates.insole.acceptance import within
from templates.insole.curve import through
from templates.insole.last import Last

FLAT = bed.Bed(6.0, 4.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, (3.0, 3.0, 3.0), 0.0)
FOOT = plan.Plan(260.0, 100.0, 70.0, 192.0, "full")


def template(measurements: dict[str, Measurement] | None = None, **parameters: Any) -> Any:
    """The template, fitted, with an order in it."""
    values, origins = accept(Order("insole", parameters=parameters, measurements=measurements or {}), Insole)
    made = Insole(Run(Insole, values, origins, load_process("mjf-tpu").flat(), home=None))
    run_fits(made)
    return made


def mm(value: float, uncertainty: float | None = None) -> Measurement:
    return Measurement(value, "mm", None, "tape", uncertainty)


# ---- the curve --------------------------------------------------------------------------------------------------------------


@given(st.lists(st.floats(0.05, 0.4), min_size=6, max_size=24), st.floats(20.0, 120.0), st.floats(20.0, 60.0))
def test_the_curve_is_the_periodic_cubic_spline(gaps: list[float], a: float, b: float) -> None:
    turns = np.cumsum(gaps) / sum(gaps) * 2.0 * math.pi
    points = np.c_[a * np.cos(turns), b * np.sin(turns)]
    curve = through([(x, y) for x, y in points.tolist()])
    known = CubicSpline(curve.at, np.vstack((points, points[:1])), bc_type="periodic")
    t = np.linspace(0.0, curve.at[-1], 500, endpoint=False)
    assert np.abs(known(t) - curve.places(t)).max() < 1e-9 * max(a, b)


@given(
    st.floats(150.0, 330.0), st.floats(0.85, 1.15), st.floats(0.85, 1.15), st.sampled_from(["full", "three_quarter", "sulcus"])
)
def test_an_outline_is_cut_into_sections_on_its_curve(length: float, wide: float, heel: float, extent: str) -> None:
    foot = plan.Plan(length, 0.385 * length * wide, 0.272 * length * heel, 0.74 * length, extent)
    curve = foot.curve()
    cut = plan.sections(curve)
    dense = curve.places(np.linspace(0.0, curve.at[-1], 20000, endpoint=False))
    for x, low, high in zip(cut.stations[::9], cut.low[::9], cut.high[::9], strict=True):
        assert max(np.sqrt(((dense - (x, y)) ** 2).sum(axis=1)).min() for y in (low, high)) < 0.05
    assert (np.diff(cut.stations) > 0.0).all() and (cut.high > cut.low).all()
    assert cut.heel == pytest.approx(-plan.BEHIND, abs=0.3) and cut.toe == pytest.approx(foot.end, abs=0.3)


def test_an_outline_follows_the_foot() -> None:
    def widths(foot: plan.Plan) -> tuple[float, float]:
        cut = plan.sections(foot.curve())
        return tuple(float(np.interp(s * foot.length, cut.stations, cut.high - cut.low)) for s in (0.15, 0.65))  # type: ignore[return-value]

    usual = widths(FOOT)
    broad_heel = widths(plan.Plan(260.0, 100.0, 77.0, 192.0, "full"))
    broad_ball = widths(plan.Plan(260.0, 110.0, 70.0, 192.0, "full"))
    assert broad_heel[0] > usual[0] + 4.0 and abs(broad_heel[1] - usual[1]) < 0.5
    assert broad_ball[1] > usual[1] + 6.0 and abs(broad_ball[0] - usual[0]) < 0.5


# ---- a last -----------------------------------------------------------------------------------------------------------------

LAST = {"shoe_length": 275.0, "last_ball": 92.0, "last_heel": 64.0}


def measured_in_last(**parameters: Any) -> Any:
    measured = {"left.foot_length": mm(260.0), "left.ball_width": mm(100.0), "left.heel_width": mm(70.0)}
    return make(
        Order("insole", parameters={"feet": "left", **LAST, **parameters}, measurements=measured), Insole, formats=()
    ).report


@given(
    st.floats(180.0, 320.0),
    st.floats(7.5, 34.0),
    st.floats(0.9, 1.2),
    st.floats(0.9, 1.2),
    st.sampled_from(["full", "three_quarter", "sulcus"]),
)
def test_an_outline_cut_to_a_last_lies_inside_it(length: float, longer: float, ball: float, heel: float, extent: str) -> None:
    last = plan.Inside(length + longer, 0.34 * length * ball, 0.25 * length * heel)
    foot = plan.Plan(length, 0.385 * length, 0.272 * length, 0.74 * length, extent, last)
    curve = foot.curve()
    border = curve.places(np.linspace(0.0, curve.at[-1], 700, endpoint=False))
    if extent == "full":
        assert np.ptp(border[:, 0]) == pytest.approx(last.length - 2.0 * plan.MARGIN, abs=0.2)
    else:
        border = border[border[:, 0] < foot.sides_end]
    away = within(last, border)
    assert away.min() >= 0.5 and away.max() <= 2.0
    cut = plan.sections(curve)
    widths = [float(np.interp(s * length, cut.stations, cut.high - cut.low)) for s in (0.15, 0.60)]
    assert widths[0] == pytest.approx(last.heel - 2.0 * plan.MARGIN, abs=6.0) and widths[1] > widths[0] > 0.0


@pytest.mark.parametrize("extent", ["full", "three_quarter", "sulcus"])
def test_an_insole_is_measured_against_its_last(extent: str) -> None:
    report = measured_in_last(left_extent=extent)
    told = {one["name"]: one for one in report.figures["fit"]}
    assert report.verdict == "printable", report.findings
    for name in ("inside_last_least", "inside_last_most"):
        assert 0.5 <= told[name]["value"] <= 2.0 and (told[name]["low"], told[name]["high"]) == (0.5, 2.0)
    assert any("cut to the last, 1.25 mm inside" in note for note in report.notes)
    plain = {
        one["name"]: one["value"] for one in measured_in_last(last_ball=0.0, last_heel=0.0, left_extent=extent).figures["fit"]
    }
    assert "inside_last_least" not in plain and plain["width"] != told["width"]["value"]


@pytest.mark.parametrize(("margin", "which"), [(0.2, "inside_last_least"), (3.0, "inside_last_most")])
def test_an_insole_cut_too_near_or_too_far_is_a_misfit(monkeypatch: pytest.MonkeyPatch, margin: float, which: str) -> None:
    monkeypatch.setattr(plan, "MARGIN", margin)
    report = measured_in_last()
    told = {one["name"]: one["value"] for one in report.figures["fit"]}
    assert told[which] == pytest.approx(margin, abs=0.1)
    assert report.verdict == "refused" and {f.code for f in report.findings} == {"misfit"}
    assert any("inside the last" in f.message and f.limit in (0.5, 2.0) for f in report.findings)


@pytest.mark.parametrize(
    ("changed", "field", "nearest"),
    [
        ({"shoe_length": 262.0}, "shoe_length", 267.0),
        ({"shoe_length": 330.0}, "shoe_length", 295.0),
        ({"shoe_length": 0.0}, "shoe_length", 267.0),
        ({"last_ball": 86.0}, "last_ball", 88.5),
        ({"last_ball": 0.0}, "last_ball", 88.5),
        ({"last_heel": 50.0}, "last_heel", 62.0),
        ({"last_ball": 94.0, "last_heel": 95.0}, "last_heel", 87.5),
        ({"last_ball": 89.0, "last_heel": 86.0}, "last_heel", 84.5),
    ],
)
def test_a_last_for_another_foot_is_refused(changed: dict[str, float], field: str, nearest: float) -> None:
    measured = {"left.foot_length": mm(260.0), "left.ball_width": mm(100.0), "left.heel_width": mm(70.0)}
    made = template(measured, feet="left", **{**LAST, **changed})
    with pytest.raises(Refused) as refused:
        check_rules(made, load_process("mjf-tpu"))
    assert (refused.value.field, refused.value.nearest) == (f"parameters.{field}", pytest.approx(nearest))


def test_the_larger_foot_decides_which_last_is_too_large() -> None:
    both = {"left.foot_length": mm(230.0), "right.foot_length": mm(260.0)}
    process, sizes = load_process("mjf-tpu"), {"shoe_length": 290.0, "last_ball": 92.0, "last_heel": 64.0}
    check_rules(template(both, **sizes), process)
    with pytest.raises(Refused) as refused:
        check_rules(template({"left.foot_length": mm(230.0), "right.foot_length": mm(230.0)}, **sizes), process)
    assert refused.value.field == "parameters.shoe_length" and refused.value.nearest == pytest.approx(265.0)


def test_a_toe_springs_no_higher_than_its_front_edge_bears() -> None:
    process = load_process("mjf-tpu")
    small = {"left.foot_length": mm(150.0), "left.ball_width": mm(66.0), "left.heel_width": mm(44.0)}
    with pytest.raises(Refused) as refused:
        check_rules(
            template(small, feet="left", toe_spring=15.0, left_rear=6.0, left_mid=6.0, left_fore=6.0, left_heel_cup=10.0),
            process,
        )
    assert refused.value.field == "parameters.toe_spring" and 11.0 < float(str(refused.value.nearest)) < 13.0
    last = Last(0.0, float(str(refused.value.nearest)))
    steep = np.diff(last.rise(150.0, np.array([150.0, 151.0])))[0]
    assert bed.THIN / math.sqrt(1.0 + steep * steep) >= process.wall
    assert np.diff(last.rise(150.0, np.array([150.0, 160.0, 170.0])), 2) == pytest.approx(0.0), "straight on beyond the foot"


# ---- the bed ----------------------------------------------------------------------------------------------------------------


def height(made: Grid, x: float, y: float) -> float:
    i, j = round((x - made.origin[0]) / made.pitch), round((y - made.origin[1]) / made.pitch)
    return float(made.z[i, j])


def changed(**of: Any) -> bed.Bed:
    return bed.Bed(**{**vars(FLAT), **of})


def test_each_number_of_a_prescription_moves_what_it_says() -> None:
    cut = plan.sections(FOOT.curve())
    flat = bed.heights(FOOT, cut, FLAT)
    heel, apex, medial = (0.16 * 260.0, 0.0), 0.38 * 260.0, 0.5
    places = {
        "cup": ((-1.0, 0.0), changed(cup=18.0), 11.0, 12.1),
        "arch": ((apex, 34.0), changed(arch=14.0), 7.0, 10.1),
        "lateral": ((0.42 * 260.0, -34.0), changed(lateral=5.0), 2.0, 5.1),
        "rearfoot": ((40.0, 25.0), changed(rearfoot=6.0), 3.0, 7.0),
        "skive": ((0.16 * 260.0, 17.0), changed(skive=4.0), 3.0, 4.1),
        "pad": ((184.0, -6.0), changed(pad=5.0), 4.5, 5.01),
        "extension": ((230.0, 25.0), changed(extension=3.0), 1.5, 3.01),
        "thickness": (heel, changed(thickness=(5.0, 3.0, 3.0)), 1.9, 2.01),
    }
    for name, (at, other, least, most) in places.items():
        rise = height(bed.heights(FOOT, cut, other), *at) - height(flat, *at)
        assert least <= rise <= most, (name, rise)
    assert height(bed.heights(FOOT, cut, changed(cover=1.0)), *heel) == pytest.approx(height(flat, *heel) - 1.0)
    assert medial


def waves(sole: Grid) -> float:
    """By how much the rim of a cup, over such a sole, rises and falls about its own mean over 20 mm: mm, at the most."""
    curve = FOOT.curve()
    cup = changed(cup=12.0, arch=0.0)
    surface = smooth(bed.heights(FOOT, plan.sections(curve), cup, sole))
    dense = curve.places(np.linspace(0.0, curve.at[-1], 6000, endpoint=False))
    along = np.concatenate(([0.0], np.cumsum(np.sqrt((np.diff(dense, axis=0) ** 2).sum(axis=1)))))
    at = np.arange(0.0, along[-1], 0.5)
    rim = np.c_[np.interp(at, along, dense[:, 0]), np.interp(at, along, dense[:, 1])]
    told = surface.at(rim)[:, 0]
    mean = np.convolve(np.concatenate((told[-20:], told, told[:20])), np.full(41, 1.0 / 41.0), mode="valid")
    rear = rim[:, 0] < 0.4 * FOOT.length
    return float(np.abs(told - mean)[rear].max())


def test_the_rim_of_a_scanned_cup_does_not_follow_the_steps_of_the_scan_s_cells() -> None:
    curve, pitch = FOOT.curve(), 2.0
    dense = curve.places(np.linspace(0.0, curve.at[-1], 3000, endpoint=False))
    x, y = -6.0 + pitch * np.arange(140), -60.0 + pitch * np.arange(61)
    places = np.stack(np.meshgrid(x, y, indexing="ij"), axis=-1).reshape(-1, 2)
    deep = np.array([np.sqrt(((dense - place) ** 2).sum(axis=1)).min() for place in places]).reshape(len(x), len(y))
    cut = plan.sections(curve)
    low, high = (np.interp(x, cut.stations, side)[:, None] for side in (cut.low, cut.high))
    known = (y[None, :] > low) & (y[None, :] < high) & (x[:, None] > cut.heel) & (x[:, None] < cut.toe) & (deep > 0.3)
    scanned = Grid(np.where(known, np.maximum(9.0 - deep, 0.0), np.nan), (-6.0, -60.0), pitch)
    assert waves(bed.everywhere(scanned)) < 0.4
    upright = Grid(np.where(known, scanned.z, bed.BESIDE), scanned.origin, pitch)
    assert waves(upright) > 0.8, "a wall upright on the staircase"


def test_a_relief_is_taken_off_and_a_scan_shapes_the_cup() -> None:
    cut = plan.sections(FOOT.curve())
    flat = bed.heights(FOOT, cut, FLAT)
    sunk = Grid(np.full((140, 60), 1.0), (-4.0, -60.0), 2.0)
    sunken = bed.heights(FOOT, cut, FLAT, relief=sunk)
    front = round((FOOT.end - bed.SKIVED - flat.origin[0]) / flat.pitch)
    assert np.allclose(sunken.z[:front], flat.z[:front] - 1.0)
    assert (
        np.allclose(sunken.z[-bed.PADDED :], flat.z[-bed.PADDED :]) and sunken.z.min() >= bed.THIN - 1e-9
    )  # its front edge is thin
    bowl = Grid(np.fromfunction(lambda i, j: 0.02 * (j - 30.0) ** 2, (140, 60)), (-4.0, -60.0), 2.0)
    scanned = bed.heights(FOOT, cut, FLAT, scanned=bowl)
    assert height(scanned, 40.0, 0.0) == pytest.approx(3.0, abs=0.01)
    assert height(scanned, 40.0, 24.0) == pytest.approx(3.0 + 0.02 * 144.0, abs=0.1)
    assert height(scanned, 40.0, 58.0) <= 3.0 + FLAT.cup + 1e-9  # capped as deep as the cup


def test_a_tangent_without_libm() -> None:
    assert max(abs(bed._tan(d) - math.tan(math.radians(d))) for d in np.linspace(-6.0, 6.0, 41)) < 2e-7


# ---- fits -------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("system", "size", "length"), [("eu", 42.0, 266.7), ("uk", 8.0, 262.5), ("us-men", 9.0, 262.5), ("us-women", 8.0, 245.5)]
)
def test_sizes_in_and_out(system: str, size: float, length: float) -> None:
    assert fitting.foot_length_of(system, size) == pytest.approx(length, abs=0.1)
    assert fitting.size_of(system, fitting.foot_length_of(system, size)) == size
    assert fitting.size_of("mondopoint", 262.0) == 260.0


def test_what_is_measured_is_taken_and_what_is_not_is_inferred_with_its_doubt() -> None:
    made = template({"right.foot_length": mm(262.0, 1.0), "right.heel_width": mm(74.0)}, sex="male")
    assert made.right_length == 262.0 and made.right_heel == 74.0
    assert made.right_ball == pytest.approx(35.6 + 0.232 * 262.0 + 3.3, abs=0.06)
    assert made.right_ball_width.source == "inferred" and made.right_ball_width.uncertainty == 4.2
    assert made.left_length == 262.0 and made.left_foot_length.source == "inferred" and made.left_foot_length.uncertainty > 2.0
    assert made.right_heel_width.source == "tape"


def test_a_shoe_size_and_a_stature_tell_a_length() -> None:
    assert template(shoe_system="eu", shoe_size=42.0).left_length == pytest.approx(266.7, abs=0.06)
    tall = template({"stature": mm(1900.0)}, sex="male")
    assert tall.left_length == pytest.approx(18.9 + 266.0 + 7.2, abs=0.06) and tall.left_foot_length.uncertainty == 9.0


def test_what_is_given_as_a_parameter_stays() -> None:
    made = template({"left.foot_length": mm(262.0)}, left_length=255.0, left_arch=20.0)
    assert made.left_length == 255.0 and made.left_arch == 20.0


# ---- rules ------------------------------------------------------------------------------------------------------------------

REFUSED = [
    (dict(left_heel_cup=29.0), "parameters.left_heel_cup", "too deep"),
    (dict(left_arch=44.0), "parameters.left_arch", "higher"),
    (dict(right_skive=5.0, right_heel_cup=10.0), "parameters.right_heel_cup", "deeper"),
    (dict(right_skive=5.0, right_heel=46.0), "parameters.right_skive", "no room"),
    (dict(left_pad=1.0), "parameters.left_pad", "not felt"),
    (dict(left_pad=5.0, left_pad_back=3.0), "parameters.left_pad_back", "under the metatarsal heads"),
    (dict(left_pad=5.0, left_extent="three_quarter"), "parameters.left_pad", "ends under"),
    (dict(left_fore=2.0, left_cover=1.5), "parameters.left_fore", "too thin"),
    (dict(shoe_length=240.0), "parameters.shoe_length", "too short"),
    (dict(left_ball=60.0), "parameters.left_ball", "does not go"),
    (dict(left_heel=104.0), "parameters.left_heel", "does not go"),
    (dict(left_first_head=105.0), "parameters.left_first_head", "elsewhere"),
    (dict(shoe_system="uk", shoe_size=42.0), "parameters.shoe_size", "no such size"),
    (dict(left_extent="three_quarter", left_extension=2.0), "parameters.left_extension", "ends"),
    (dict(name="Zoé", left_mid=2.2), "parameters.left_mid", "letters is too thin"),
    (dict(left_rear=4.0, left_cover=2.5), "parameters.left_rear", "letters is too thin"),
    (dict(name="Maximiliane-Joseph"[:16] , left_length=140.0, left_ball=55.0, left_heel=40.0, left_first_head=104.0, left_extent="three_quarter", left_heel_cup=8.0, right_heel_cup=8.0), "parameters.name", "too long"),
]  # fmt: skip


@pytest.mark.parametrize(("parameters", "field", "why"), REFUSED)
def test_each_rule_refuses_with_a_way_out(parameters: dict[str, Any], field: str, why: str) -> None:
    made = template(**parameters)
    with pytest.raises(Refused) as refused:
        check_rules(made, load_process("mjf-tpu"))
    assert any(r.field == field and why in r.for_sender() for r in (refused.value, *refused.value.also)), (
        refused.value.for_sender()
    )


def test_a_heavy_person_needs_a_thicker_shell() -> None:
    heavy = {"body_mass": Measurement(120.0, "kg")}
    with pytest.raises(Refused, match="left_rear"):
        check_rules(template(heavy, left_rear=3.0), load_process("mjf-tpu"))
    check_rules(template(heavy, left_rear=4.0, right_rear=4.0), load_process("mjf-tpu"))


# ---- the product ------------------------------------------------------------------------------------------------------------


def test_a_pair_is_two_parts_that_mirror_each_other() -> None:
    product = make(Order("insole", parameters={"side_mark": False}), Insole, formats=())
    left, right = product.parts
    assert product.report.verdict == "printable" and [p.part.name for p in product.parts] == ["left", "right"]
    mirrored = left.part.mesh.points * np.array([1.0, -1.0, 1.0])
    assert np.abs(np.sort(mirrored.view("f8,f8,f8"), axis=0).view("f8").reshape(-1, 3) - np.sort(right.part.mesh.points.view("f8,f8,f8"), axis=0).view("f8").reshape(-1, 3)).max() < 1e-9  # fmt: skip
    fit = product.report.figures["fit"]
    assert {f["name"] for f in fit} == {"length", "width", "thickness", "heel_cup", "arch_height"}
    assert not any("medical effect" not in note and "therap" in note for note in product.report.notes)


@pytest.mark.parametrize("feet", ["left", "right"])
def test_one_foot_alone(feet: str) -> None:
    product = make(Order("insole", parameters={"feet": feet}), Insole, formats=())
    assert [p.part.name for p in product.parts] == [feet] and product.report.verdict == "printable"


def test_an_underside_over_a_last_rises_at_heel_and_toe() -> None:
    product = make(Order("insole", parameters={"heel_height": 18.0, "toe_spring": 6.0, "feet": "right"}), Insole, formats=())
    (part,) = product.parts
    points = part.part.mesh.points

    def low(share: float) -> float:
        near = points[np.abs(points[:, 0] - share * 255.0) < 1.5]
        return float(near[:, 2].min())

    assert product.report.verdict == "printable"
    assert low(0.1) == pytest.approx(18.0, abs=0.05) and low(0.7) == pytest.approx(0.0, abs=0.01) and low(0.97) > 4.0
    assert any("last" in note for note in product.report.notes)


def test_letters_want_a_flat_underside() -> None:
    for field in ("heel_height", "toe_spring"):
        with pytest.raises(Refused, match=field) as refused:
            check_rules(template(name="Zoé", **{field: 10.0}), load_process("mjf-tpu"))
        assert any(r.nearest == 0.0 for r in (refused.value, *refused.value.also))
    check_rules(template(name="", heel_height=10.0), load_process("mjf-tpu"))


def test_a_shell_over_a_steep_last_is_thicker_upright() -> None:
    """Across it is as thick as the process needs."""
    parameters = {
        "heel_height": 30.0,
        "left_length": 180.0,
        "left_ball": 70.0,
        "left_heel": 50.0,
        "left_first_head": 133.0,
        "feet": "left",
    }
    with pytest.raises(Refused, match="left_mid"):
        check_rules(template(left_mid=2.8, left_cover=1.5, **parameters), load_process("mjf-tpu"))
    check_rules(template(left_mid=2.9, left_cover=1.5, **parameters), load_process("mjf-tpu"))
    flat = {**parameters, "heel_height": 0.0, "side_mark": False}
    check_rules(template(left_mid=2.8, left_cover=1.5, **flat), load_process("mjf-tpu"))
