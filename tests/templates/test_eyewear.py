"""The frame's parts: its fits, its front's numbers, its hinges and rules, each against what is known without them."""

from __future__ import annotations

import hashlib
import math
import pathlib
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.authoring import lain
from engine.errors import Refused
from engine.language.judge import check_rules, run_fits
from engine.language.orders import accept
from engine.language.template import Run
from engine.make import make
from engine.model.order import InputFile, Measurement, Order
from engine.process.limits import load_process
from engine.verify.checks import verify
from templates.eyewear import Eyewear, acceptance, ears, fitting, nose, pairing, person, rules, worn
from templates.eyewear.fields import BRIDGES, SHAPES
from templates.eyewear.hinge import Hinge, made_by
from templates.eyewear.plan import SAG, USUAL_PER, besides, border, seat_of
from tests.gates import gate_lib3mf, gate_same

TRACES = pathlib.Path(__file__).parents[3] / "shared" / "data" / "oma"


def mm(value: float, unit: str = "mm") -> Measurement:
    return Measurement(value, unit, None, "tape", 0.5)


def template(measurements: dict[str, Measurement] | None = None, process: str = "mjf-pa12", **parameters: Any) -> Any:
    """The template, fitted, with an order in it."""
    values, origins = accept(Order("eyewear", parameters=parameters, measurements=measurements or {}), Eyewear)
    made = Eyewear(Run(Eyewear, values, origins, load_process(process).flat(), home=None))
    run_fits(made)
    return made


def refusal(measurements: dict[str, Measurement] | None = None, process: str = "mjf-pa12", **parameters: Any) -> Refused:
    with pytest.raises(Refused) as told:
        check_rules(template(measurements, process, **parameters), load_process(process))
    return told.value


# ---- fits -------------------------------------------------------------------------------------------------------------------


def test_what_is_measured_is_taken_and_what_is_not_is_inferred_with_its_doubt() -> None:
    told = person.inferred({"face_width": mm(140.0)}, 1.0)
    assert told["pd"].value == pytest.approx(26.7 + 0.262 * 140.0) and told["pd"].uncertainty == 3.1
    assert told["pd"].source == "inferred" and told["face_width"].source == "tape"
    assert told["right_pd"].value == told["left_pd"].value == told["pd"].value / 2
    assert person.inferred({}, 1.0)["pd"].value == pytest.approx(64.1)
    halves = person.inferred({"right_pd": mm(31.0), "left_pd": mm(33.0)}, 0.5)
    assert halves["pd"].value == 64.0 and halves["face_width"].value == pytest.approx(86.0 + 0.774 * 64.0 + 3.55)
    one = person.inferred({"pd": mm(64.0), "right_pd": mm(31.0)}, 0.5)
    assert one["left_pd"].value == 33.0
    assert person.inferred({"head_breadth": mm(150.0)}, 0.0)["face_width"].value == pytest.approx(28.0 + 0.716 * 150.0)
    head = person.inferred({"pd": mm(62.0), "head_circumference": mm(570.0)}, 0.0)
    assert head["left_ear_depth"].value == pytest.approx(13.6 + 0.219 * (3.4 + 0.332 * 570.0) + 0.552 * 62.0)


def test_boxes_lie_before_the_eyes_and_the_front_is_as_wide_as_the_face() -> None:
    for pd in np.arange(44.0, 74.0, 1.5).tolist():
        for face in (pd / 0.43, pd / 0.46, pd / 0.50):
            a, dbl = fitting.box_for(pd, face, 18.0)
            width = fitting.width(face, 2.0 * a + dbl)
            assert -0.81 <= (a + dbl - pd) / 2.0 <= 3.81
            assert width >= 2.0 * a + dbl + 2.0 * fitting.END - 1e-9
            assert abs(width - face + 2.0) < 6.0 or a + dbl - pd in (-1.6, 7.6) or dbl == fitting.DBLS[1]


def test_the_frame_follows_each_measure() -> None:
    usual = template({"pd": mm(63.0), "face_width": mm(139.0)})
    wide = template({"pd": mm(63.0), "face_width": mm(145.0)})
    assert wide.width > usual.width + 3.0 and wide.left_splay >= usual.left_splay - 0.2
    near, apart = (template({"pd": mm(pd), "face_width": mm(150.0)}) for pd in (62.0, 66.0))
    assert apart.a + apart.dbl > near.a + near.dbl + 2.0
    broad = template({"pd": mm(63.0), "face_width": mm(139.0), "nose_width": mm(24.0)})
    assert broad.bearing == pytest.approx(usual.bearing + 3.7, abs=0.11) and broad.dbl > usual.dbl + 1.0
    long = template({"left.ear_depth": mm(100.0), "right.ear_depth": mm(92.0)})
    assert long.left_to_bend - long.right_to_bend == pytest.approx(8.0, abs=0.6)
    high = template({"left.ear_height": mm(4.0), "right.ear_height": mm(-2.0)})
    assert high.left_pitch < high.right_pitch - 3.0
    uneven = template({"right.pd": mm(30.0), "left.pd": mm(33.0)})
    plan = uneven.plan()
    assert plan.half_pd("right") == pytest.approx(plan.half_pd("left"))  # the front is even; its lenses are decentred
    crest, flat = (template({"nose_crest": mm(high)}, vertex=14.0) for high in (17.0, 13.0))
    assert crest.bridge_height > flat.bridge_height + 3.0
    assert template({"nose_crest": mm(18.0)}).vertex > usual.vertex == 12.5, "farther out than over the brows"
    aside = template({"ear_aside": mm(3.0)})
    assert aside.left_splay > aside.right_splay + 3.0
    deep = template(base=6.0)
    assert deep.rim_deep > template(base=2.0).rim_deep + 0.3


@settings(max_examples=40, deadline=None)
@given(
    st.floats(45.0, 75.0), st.floats(0.0, 12.0), st.floats(11.0, 15.0), st.floats(0.0, 14.0), st.floats(-4.0, 8.0),
    st.floats(3.0, 8.0), st.floats(-15.0, 15.0),
)  # fmt: skip
def test_the_back_of_a_front_is_where_its_pose_has_it(
    pd: float, wrap: float, vertex: float, tilt: float, pupil: float, deep: float, height: float
) -> None:
    """The plane in which a bearing is laid out, against the pose in which the picture shows it."""
    frame = template({"pd": mm(pd)}, wrap=5.0)
    told = frame.told()
    plan = replace(frame.plan(), a=(pd - 18.0, pd - 18.0), dbl=18.0, wrap=max(wrap, 2.0), rim_deep=deep)
    on = worn.pose(plan, told, vertex, tilt, pupil)
    back = nose.Back.of(pd, max(wrap, 2.0), vertex, tilt, pupil, deep)
    for behind in (0.0, 3.0):
        x, y, z = on.placed(np.array([[0.0, height, -deep / 2 - behind]]))[0].tolist()
        assert (x, *back.place(height, behind)) == pytest.approx((0.0, y, z), abs=0.02)
    (lens,) = on.placed(np.array([[0.0, pupil, lain((plan.lens_at("left"), 0.0, 0.0), plan.radius)[2]]]))
    assert lens[1:] == pytest.approx((0.0, vertex), abs=1e-9), "before the pupils"


def test_a_nose_told_by_measures_is_the_plane_that_they_mean() -> None:
    """Its width at a place of the plane is that of a wedge, counted in the face's own frame."""
    told = template({"nose_width": mm(22.0), "nose_frontal": mm(24.0, "deg"), "nose_splay": mm(30.0, "deg")}).told()
    back = nose.Back.of(63.0, 5.0, 13.0, 8.0, 3.0, 4.6)
    flank = nose.of_measures(told, back, 3.0)
    for height, behind in ((-9.0, 0.0), (-4.0, 0.0), (-11.0, 2.0)):
        y, z = back.place(height, behind)
        wedge = 11.0 + (-12.0 - y) * math.tan(math.radians(24.0)) + (9.0 - z) * math.tan(math.radians(30.0))
        assert flank.half + (flank.at - height) * flank.slope + behind * flank.spread == pytest.approx(wedge, abs=1e-9)


def test_temples_bend_at_the_ears_roots() -> None:
    """Where the inner face comes to lie once it is turned, rolled and worn, against what the face measures."""
    far = {"left.ear_depth": mm(97.0), "right.ear_depth": mm(90.0), "left.ear_height": mm(5.0), "ear_aside": mm(2.0)}
    frame = template({"pd": mm(63.0), "face_width": mm(140.0), **far})
    for side in ("left", "right"):
        off = ears.off(frame, side)(*(getattr(frame, f"{side}_{n}") for n in ("to_bend", "splay", "pitch")))
        assert (off.out, off.over, off.behind) == pytest.approx((0.0, 0.0, 0.0), abs=0.35), side


# ---- geometry ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("bridge", sorted(BRIDGES))
@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_every_shape_and_bridge_is_printable_and_holds_its_lenses(shape: str, bridge: str) -> None:
    product = make(Order("eyewear", parameters={"shape": shape, "bridge": bridge, "name": "Zoé"}), Eyewear, formats=())
    assert product.report.verdict == "printable", product.report.findings
    assert {p.part.name for p in product.parts} == {"front", "left_temple", "right_temple"}
    fits = {(f["name"], f["part"]): f for f in product.report.figures["fit"]}
    assert 0.0 <= fits["aperture", "front"]["value"] <= 0.3


def test_the_groove_follows_the_lens() -> None:
    frame = template()
    front = frame.front().part("front")
    plan = frame.plan()
    for side, lens in frame.pair().items():
        ring = acceptance.bottom(front, side)
        turn = plan.lens_at(side) / plan.radius
        x, z = ring[:, 0], ring[:, 2] + plan.radius
        own = np.c_[x * math.cos(turn) - z * math.sin(turn), ring[:, 1]]
        boxed = lens.outline.boxed
        angles = np.arctan2(own[:, 1] + boxed.centre[1], own[:, 0] + boxed.centre[0])
        k = np.arange(len(lens.outline.cosines))[:, None]
        radius = lens.outline.cosines @ np.cos(k * angles) + lens.outline.sines @ np.sin(k * angles)
        away = np.hypot(own[:, 0] + boxed.centre[0], own[:, 1] + boxed.centre[1]) - radius
        assert away.min() >= 0.0 and away.max() < 0.02


def test_a_hinge_turns_freely() -> None:
    for lean in (0.0, 8.0, 22.0):
        hinge = Hinge(lean, made_by(0.5, 0.5, 0.15), 3.0, 390.0)
        # the inner face of the open temple passes the front's knuckles, all the way up to the end piece's back
        c, s = math.cos(math.radians(lean)), math.sin(math.radians(lean))
        corner = (hinge.beside * c - hinge.behind * s) / 1.0
        assert hinge.beside >= hinge.made.barrel / 2 + 0.4 and corner >= hinge.made.barrel / 2 * c
        # the end stands before the end piece's back, at its inner and at its outer edge
        for out in (hinge.beside, hinge.beside + hinge.temple):
            along = hinge.start(out)
            assert along * c - out * s + hinge.behind >= 0.3 - 1e-9
    fdm = made_by(2.0, 1.0, 0.25)
    assert fdm.pin == 2.0 and fdm.barrel >= fdm.bore + 2.0


def test_temples_swing_from_open_to_closed() -> None:
    frame = template()
    parts = {p.name: p for p in frame.product()}
    for side, out in (("left", 1.0), ("right", -1.0)):
        part = parts[f"{side}_temple"]
        for pose, axis, sign in (("assembled", 2, -1.0), ("closed", 0, -out)):
            rotation = np.array(part.poses[pose].rotation)
            assert np.linalg.det(rotation) == pytest.approx(1.0)
            ahead = rotation[:, 0] * out  # backwards along the temple
            assert ahead[axis] * sign > 0.96
    assert set(parts["front"].poses) == {"print", "shown", "assembled", "closed"}


def test_what_is_shipped_is_accepted_by_lib3mf() -> None:
    product = make(Order("eyewear", parameters={"name": "Zoé"}), Eyewear, formats=("3mf", "oma"))
    data = product.files["model.3mf"]
    assert not gate_lib3mf(data) and not gate_same(data, product.parts)
    assert b"TRCFMT" in product.files["lenses.oma"]


@pytest.mark.usefixtures("shared_data")
@pytest.mark.parametrize("name", ["R1000_1.oma", "R1000_3.oma", "R360_3.oma"])
def test_a_trace_gives_the_frame_its_lenses(name: str) -> None:
    data = (TRACES / name).read_bytes()
    digest = hashlib.sha256(data).hexdigest()
    order = Order("eyewear", inputs={"trace": InputFile(digest, "mm")}, measurements={"pd": mm(66.0), "nose_width": mm(17.0)})
    product = make(order, Eyewear, formats=(), inputs={digest: data})
    assert product.report.verdict == "printable", product.report.findings
    (a, _) = (f["value"] for f in product.report.figures["fit"] if f["name"] == "a")
    assert 48.0 < a < 56.0


def bearing(product: Any) -> dict[str, float]:
    return {
        f["name"]: f["value"]
        for f in product.report.figures["fit"]
        if f["name"] in ("nose_gap", "nose_gap_p95", "bearing_area")
    }


def test_pads_carry_the_bearing_on_behind_the_front() -> None:
    frame = template(bridge="pads")
    front = frame.front().part("front")
    deep = frame.plan().stands
    assert deep >= fitting.PADS and "pad" in front.patches
    behind = front.mesh.points[np.unique(front.mesh.faces[front.patches["pad"].faces]), 2].min() + frame.rim_deep / 2
    assert behind == pytest.approx(-deep, abs=0.3)  # rolled, and as deep as their width lets them
    gaps, areas = acceptance._bearing(front, frame.plan(), frame.nose(), frame.pupil_height)
    # the same front without its pads bears on less
    bare = {name: patch for name, patch in front.patches.items() if name != "pad"}
    _, fewer = acceptance._bearing(replace(front, patches=bare), frame.plan(), frame.nose(), frame.pupil_height)
    assert min(areas) >= acceptance.AREA > max(fewer) and gaps[0] > -0.3


def test_a_bearing_beside_the_nose_is_measured() -> None:
    frame = template()
    front, nose = frame.front().part("front"), frame.nose()
    for wider, low, high in ((-1.0, 0.5, 1.2), (1.0, -1.2, -0.3)):
        gaps, _ = acceptance._bearing(front, frame.plan(), replace(nose, half=nose.half + wider), frame.pupil_height)
        assert low < acceptance._share(gaps, 0.5) < high


@pytest.mark.parametrize("hinge", ["printed", "bought-small", "bought-large"])
def test_every_hinge_leaves_its_parts_apart_in_every_pose(hinge: str) -> None:
    product = make(Order("eyewear", parameters={"hinge": hinge}), Eyewear, formats=())
    assert product.report.verdict == "printable", product.report.findings
    pockets = 0 if hinge == "printed" else 1
    for one in product.parts:
        assert any("floor" in name for name in one.part.patches) >= pockets


@pytest.mark.parametrize("pose", ["assembled", "closed"])
def test_a_temple_in_the_front_is_seen_in_its_pose(pose: str) -> None:
    product = make(Order("eyewear"), Eyewear, formats=())
    front, *temples = product.parts
    moved = []
    for one in temples:
        wrong = replace(one.part.poses[pose], translation=front.part.poses[pose].translation)
        moved.append(replace(one, part=replace(one.part, poses={**one.part.poses, pose: wrong})))
    _, findings, _ = verify([front, *moved], load_process("mjf-pa12"))
    assert any(f.code in ("parts-cross", "parts-close") and pose in f.message for f in findings)


def test_a_pocket_is_as_large_as_its_leaf() -> None:
    row = Eyewear.fields["hinge"].rows["bought-large"]
    frame = template(hinge="bought-large")
    for hole, long in (
        (frame.placed("left").hinge.front_pocket(60.0, 0.0), row["front_long_mm"]),
        (frame.bar("left").hinge.temple_pocket(), row["temple_long_mm"]),
    ):
        assert hole.w == pytest.approx(long + 0.2) and hole.h == pytest.approx(row["leaf_high_mm"] + 0.2)
    with pytest.raises(ValueError, match="no leaves"):
        template().bar("left").hinge.temple_pocket()


# ---- rules ------------------------------------------------------------------------------------------------------------------


def test_rules_say_what_would_do() -> None:
    told = refusal({"pd": mm(80.0), "face_width": mm(120.0)})
    assert told.rule == "face_agrees" and told.nearest == pytest.approx(72.0, abs=0.5)
    assert "base curve" in str(refusal(base=8.0, rim_deep=4.0))
    assert refusal(base=8.0, rim_deep=4.0).nearest > 4.0
    assert "hinges" in str(refusal(width=120.0)) and refusal(width=120.0).nearest > 125.0
    assert "nose" in str(refusal({"nose_width": mm(26.0)}, dbl=18.0))
    assert "bends before the ear" in str(refusal(left_to_bend=80.0))
    assert "crest of the nose" in str(refusal({"nose_crest": mm(25.0)}))
    low = refusal({"nose_crest": mm(15.0)}, bridge_height=-2.0)
    assert "crest of the nose" in str(low) and 2.0 < low.nearest < 6.0
    assert "flexible" in str(refusal(process="mjf-tpu"))
    assert "beside the groove" in str(refusal(rim_wide=2.0, process="fdm-pla"))
    assert "pupils" in str(refusal({"pd": mm(56.0), "face_width": mm(139.0)}, a=50.0, dbl=18.0))
    heavy = template({"face_width": mm(150.0)}, rim_wide=6.0, rim_deep=9.0, temple_deep=6.0, width=156.0)
    (broken,) = (r for r in heavy.weight.function(heavy, load_process("mjf-pa12")) if not r.holds)
    assert "slides down" in broken.why[0] and broken.change == "rim_deep"
    assert "head over the ears" in str(refusal(left_splay=2.0))
    assert "behind the letters" in str(refusal(temple_deep=2.0)) and refusal(temple_deep=2.0).nearest >= 2.1


def test_rules_of_the_face_and_the_nose_name_what_would_do() -> None:
    halves = refusal({"pd": mm(63.0), "right.pd": mm(31.0), "left.pd": mm(28.0)})
    assert halves.rule == "measures_agree" and halves.nearest == pytest.approx(60.0, abs=0.5)
    assert refusal({"right.pd": mm(25.0), "left.pd": mm(36.0)}).rule == "measures_agree"
    ears = refusal({"ear_width": mm(100.0)})
    assert ears.rule == "ears_agree" and 120.0 < ears.nearest < 130.0
    assert refusal({"left.ear_depth": mm(58.0)}).rule == "left_ear_agrees"
    assert refusal({"nose_width": mm(38.0)}).rule == "nose_agrees"
    assert refusal({"nose_splay": mm(48.0, "deg")}).rule == "nose_agrees"
    assert "farther apart" in str(refusal({"pd": mm(52.0)}, dbl=28.0, a=35.0)) and refusal(dbl=30.0).nearest < 29.0
    assert "stand over the rims" in str(refusal(bridge_height=14.0, b=30.0))
    for rule, changed in (
        ("bearing_width", {"bearing": 25.0}),
        ("bearing_steepness", {"bearing_frontal": 15.0}),
        ("bearing_opening", {"bearing_splay": 10.0}),
        ("bearing_lies_on_the_nose", {"bearing_deep": 0.0}),
    ):
        told = refusal(**changed)
        assert told.rule == rule and told.nearest is not None, rule
    assert refusal({"nose_crest": mm(3.0)}, bridge_height=-8.0).rule == "bearing_length"
    assert refusal(bridge_height=-8.0).rule == "over_the_crest"
    low = template(bridge_height=-8.0)
    assert not all(r.holds for r in low.bearing_length.function(low, load_process("mjf-pa12")))


def test_under_a_bridge_higher_than_the_bearings_may_meet_they_begin_lower() -> None:
    high = template(bridge_height=11.4)
    plan = high.plan()
    assert plan.bearing_start == plan.meet < plan.under_bridge - 1.0
    assert high.front().mesh.faces.size
    told = refusal(bridge_height=11.4, bearing=6.0)
    assert told.rule == "bearing_width"
    low = template(bearing=9.0, bearing_frontal=45.0)
    assert low.plan().meet - low.plan().bearing_end < fitting.LONG - 1.0
    assert not all(r.holds for r in low.bearing_length.function(low, load_process("mjf-pa12")))


def test_notes_say_what_was_inferred_and_what_the_optician_needs() -> None:
    told = " ".join(english for english, _ in template().notes())
    assert "lenses must not be made by it" in told and "nose cannot be inferred" in told and "blank of" in told
    given = " ".join(english for english, _ in template({"pd": mm(63.0), "nose_width": mm(20.0)}).notes())
    assert "must not be made" not in given and "halved" in given and "nose cannot be inferred" not in given


@pytest.mark.parametrize("left", [-3.0, 0.0, 11.3])
@pytest.mark.parametrize("curve", [300.0, 690.0])
def test_closed_temples_lie_behind_each_other_however_they_run(left: float, curve: float) -> None:
    """The tip of a left temple that runs up comes to the right one's hinge: that one folds less then."""
    product = make(Order("eyewear", parameters={"curve": curve, "left_pitch": left}), Eyewear, formats=())
    assert not [f for f in product.report.findings if f.code in ("parts-cross", "parts-close")], product.report.findings


def test_temples_that_cannot_close_behind_each_other_are_refused_and_the_nearest_closes() -> None:
    told = refusal(left_pitch=-3.0, curve=1200.0)
    assert told.rule == "temples_close" and told.field == "parameters.left_pitch"
    product = make(Order("eyewear", parameters={"left_pitch": told.nearest, "curve": 1200.0}), Eyewear, formats=())
    assert product.report.verdict == "printable", product.report.findings


def test_closed_temples_through_each_other_are_told_apart_from_free_ones() -> None:
    frame = template()
    ones, bars = (frame.placed("right"), frame.placed("left")), (frame.bar("right"), frame.bar("left"))
    (second, first), free = pairing.shut(frame.plan(), ones, bars, frame.curve)
    assert free and first.rotation != second.rotation
    tip = first.placed(pairing._lines(bars[1], 1.0, 80.0, 138.0, frame.curve))
    assert not pairing._free(tip, tip, 3.0) and pairing._free(tip, tip - (0.0, 0.0, 4.0), 3.0)
    assert pairing._free(tip, tip + (0.0, 60.0, 0.0), 3.0), "they do not lie over each other"


@pytest.mark.parametrize("curve", [300.0, 600.0, 1200.0])
def test_a_bent_temple_is_measured_straightened(curve: float) -> None:
    frame = template(curve=curve, right_to_bend=105.0, turn=51.0)
    part = {p.name: p for p in frame.product()}["right_temple"]
    side, _ = acceptance.temple("right", part, frame.bar("right"), curve, 70.0, 145.0)
    assert side.value == pytest.approx(105.0 + frame.drop, abs=0.5)
    wrong, _ = acceptance.temple("right", part, frame.bar("right"), 3.0 * curve, 70.0, 145.0)
    assert abs(wrong.value - 105.0 - frame.drop) > 0.15


@pytest.mark.parametrize("wrap", [5.0, 17.0])
def test_borders_stay_on_the_cylinder_however_it_is_rolled(wrap: float) -> None:
    """A chord of the border leaves it by less than a bought hinge's pocket needs to be laid into it."""
    frame = template(wrap=wrap, a=42.97, b=25.04, hinge="bought-small")
    plan, (right, left) = frame.plan(), frame.both_lenses()
    seats = seat_of(plan, right, "right"), seat_of(plan, left, "left")
    ring = border(plan, *seats, besides(plan, *seats))
    assert (ring.per > USUAL_PER) == (wrap > 10.0)
    widest = float(np.abs(np.diff(ring.points[0, :, 0])).max()) / ring.per
    assert widest * widest / (8.0 * plan.radius) < 1.3 * SAG
    assert frame.product()


def test_bearings_that_half_stand_in_the_nose_are_refused() -> None:
    plan, nose, besides = template().plan(), template().nose(), template().besides()
    assert all(r.holds for r in rules.bears(plan, besides, nose))
    wider = rules.bears(plan, besides, replace(nose, half=nose.half + 0.25))
    assert [r.change for r in wider if not r.holds] == ["bearing"]
