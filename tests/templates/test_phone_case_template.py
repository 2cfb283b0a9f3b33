"""The template's rules refuse with value, limit and nearest; its body reads nothing personal; its report says what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OrderError, Refused
from engine.language.judge import check_rules
from engine.language.orders import accept
from engine.language.template import Run
from engine.model.mesh import STEPS_PER_MM
from engine.model.order import Order
from engine.process.limits import load_process
from engine.shape.printable import SPACINGS
from templates.phone_case import PhoneCase, rules
from templates.phone_case.extras import CAVITY_ROUND

PROCESSES = ("fdm-pla", "fdm-tpu", "sla-resin", "sls-pa12", "mjf-pa12", "mjf-tpu")


def ordered(process: str, **parameters: Any) -> PhoneCase:
    values, origins = accept(Order("phone-case", parameters=parameters), PhoneCase)
    return PhoneCase(Run(PhoneCase, values, origins, load_process(process).flat(), home=None))


def check(process: str, **parameters: Any) -> None:
    check_rules(ordered(process, **parameters), load_process(process))


def refused(process: str, **parameters: Any) -> Refused:
    with pytest.raises(Refused) as caught:
        check(process, **parameters)
    return caught.value


@pytest.mark.parametrize("process", PROCESSES)
@pytest.mark.parametrize("letters", ["engraved", "embossed", "cut"])
def test_defaults_with_a_name_pass_everywhere(process: str, letters: str) -> None:
    check(process, name="Zoé", letters=letters)


@pytest.mark.parametrize("process", PROCESSES)
def test_every_phone_passes_at_defaults(process: str) -> None:
    for key in PhoneCase.fields["phone"].rows:  # type: ignore[attr-defined]
        check(process, phone=key, name="Ana", lanyard=True)


LOW = {"name": "Bo", "letter_height": 4.0, "phone": "google-pixel-9a"}
OVER = {"name": "Zoé", "magnets": True, "magnet_y": -36.0, "text_y": 16.0}
LONG = {"name": "m" * 24, "letter_height": 3.4, "text_angle": 90.0}
SEATED = {"name": "Zoé", "letter_height": 5.0, "seat": "disc", "seat_size": 70.0}


@pytest.mark.parametrize(
    ("process", "parameters", "field", "nearest"),
    [
        ("fdm-pla", {"lip": 0.6}, "lip", 1.0),
        ("fdm-pla", {"wall": 1.0}, "wall", 1.1),
        ("fdm-pla", {"grip": 0.5}, "grip", 0.2),
        ("fdm-pla", {"buttons": "membranes"}, "buttons", "openings"),
        ("fdm-tpu", {"buttons": "membranes", "wall": 1.1}, "wall", 1.2),
        ("fdm-tpu", {"fit": 0.2}, "fit", 0.1),
        ("sla-resin", {"fit": -0.1}, "fit", -0.05),
        ("mjf-tpu", {"wall": 1.0, "phone": "apple-iphone-15-pro-max"}, "wall", 1.2),
        ("fdm-pla", {"name": "Zoé", "wall": 1.2}, "wall", 1.6),
        ("fdm-pla", {"name": "Zoé", "depth": 0.2}, "depth", 0.4),
        ("fdm-pla", {"name": "Zoé", "letter_height": 4.0}, "letter_height", 5.0),
        ("mjf-pa12", {"name": "Zoé", "letter_height": 40.0}, "letter_height", None),
        ("mjf-pa12", {"name": "Zoé", "text_x": 35.0}, "text_x", None),
        ("mjf-pa12", {"name": "Maximilian", "text_y": 70.0, "text_angle": 90.0}, "text_y", None),
        ("mjf-pa12", {**LOW, "name": "Maximilian", "text_x": 20.0, "text_y": -54.0}, "text_x", 14.0),
        ("mjf-pa12", {**LOW, "text_x": 30.0, "text_y": -52.5}, "text_x", 28.0),
        ("mjf-pa12", {**OVER, "wall": 2.5, "depth": 1.6}, "wall", 2.7),
        ("mjf-pa12", {**OVER, "magnet_thickness": 1.6, "wall": 3.0, "depth": 1.1}, "depth", 0.8),
        ("fdm-pla", {**OVER, "magnet_thickness": 1.6, "wall": 3.0}, "magnets", False),
        ("mjf-pa12", {**SEATED, "seat_y": 34.0, "phone": "apple-iphone-11"}, "seat_y", 31.0),
        ("mjf-pa12", {**LONG, "seat": "disc", "phone": "sony-xperia-1-v"}, "seat", "none"),
        ("fdm-pla", {"name": "Zoé", "letter_colour": "blue"}, "letter_colour", "same"),
        ("fdm-pla", {"name": "Zoé", "letter_colour": "blue", "letters": "embossed"}, "letter_colour", "same"),
        ("fdm-pla", {"name": "Zoé", "letter_colour": "red", "letters": "embossed"}, "letters", "engraved"),
        ("fdm-pla", {"name": "Zoé", "letter_colour": "red", "letters": "cut"}, "letters", "engraved"),
        ("fdm-pla", {"name": "Zoé", "letters": "cut", "letter_height": 4.0}, "letter_height", None),
        (
            "fdm-pla",
            {"name": "Alexandrine", "letters": "cut", "magnets": True, "seat": "disc", "wall": 2.6},
            "letters",
            "engraved",
        ),
        ("fdm-pla", {"pattern": "hexagon", "cell": 1.5}, "cell", 2.0),
        ("fdm-pla", {"pattern": "waves", "bar": 0.9}, "bar", 1.1),
        ("fdm-pla", {"pattern": "stripes", "pattern_style": "raised", "depth": 0.3}, "depth", 0.4),
        ("fdm-pla", {"pattern": "hexagon", "name": "Zoé", "name_panel": False}, "name_panel", True),
        ("mjf-pa12", {"pattern": "hexagon", "name": "Ẫj"}, "pattern", "none"),
        ("fdm-pla", {"magnets": True, "magnet_thickness": 1.0}, "wall", 2.1),
        ("fdm-pla", {"magnets": True, "wall": 3.0}, "wall", 2.7),
        ("fdm-pla", {"magnets": True, "magnet_inner": 54.5}, "magnet_inner", 52.0),
        ("fdm-pla", {"magnets": True, "magnet_outer": 70.0, "phone": "apple-iphone-13-mini"}, "magnet_outer", None),
        ("fdm-pla", {"magnets": True, "magnet_y": 20.0}, "magnet_y", None),
        ("fdm-pla", {"magnets": True, "magnet_y": -39.0, "phone": "apple-iphone-13-mini"}, "magnet_y", None),
        ("fdm-pla", {"magnets": True, "seat": "disc", "name": "Alexandrine", "wall": 1.8}, "wall", 2.2),
        ("fdm-tpu", {"seat": "disc", "seat_depth": 0.4}, "seat_depth", 0.6),
        ("fdm-pla", {"seat": "disc", "wall": 1.2}, "wall", 1.6),
        ("fdm-pla", {"seat": "stand", "seat_size": 70.0, "phone": "apple-iphone-13-mini"}, "seat_size", None),
        ("fdm-pla", {"seat": "disc", "seat_y": 60.0, "phone": "apple-iphone-13-mini"}, "seat_y", None),
        ("fdm-pla", {"seat": "stand", "seat_size": 70.0, "phone": "apple-iphone-11"}, "seat_size", None),
        ("fdm-pla", {"seat": "disc", "seat_y": 40.0, "magnets": True}, "wall", 2.2),
        ("mjf-tpu", {"bumpers": 2.5, "buttons": "membranes", "phone": "apple-iphone-13-mini"}, "bumpers", 2.0),
    ],
)
def test_refusals_name_field_and_nearest(process: str, parameters: dict[str, Any], field: str, nearest: object) -> None:
    refusal = refused(process, **parameters)
    assert refusal.field == f"parameters.{field}" and refusal.rule
    assert refusal.nearest is not None
    if nearest is not None:
        assert refusal.nearest == (pytest.approx(nearest) if isinstance(nearest, float) else nearest)
    check(process, **{**parameters, field: refusal.nearest})  # and what it proposes is taken


def test_a_name_that_no_angle_would_do_for_is_told_so_and_nothing_is_proposed() -> None:
    told = refused("fdm-tpu", name="m" * 24, phone="apple-iphone-13-mini")
    assert (told.field, told.nearest) == ("parameters.name", None) and "too long" in told.why


def test_letters_that_the_process_spaces_wider_are_measured_so() -> None:
    """Small letters are printed apart: what fits as the font has it may not as it is made."""
    assert SPACINGS[-1] == rules.WIDEST
    process, name = "mjf-pa12", "Maximilian"
    case = ordered(process, name=name, letter_height=3.5)
    plain, shown = case.spaced(0.0), case.ink(load_process(process), 3.5)
    assert shown[0] > plain[0] + 0.3
    free = case.plan().free
    room = (free[2] - free[0]) / 2
    between = round(2.0 * (room - (plain[0] + shown[0]) / 4 * 3.5)) / 2
    told = refused(process, name=name, letter_height=3.5, text_x=between)
    assert told.rule == "text_fits" and room - between > plain[0] / 2 * 3.5
    assert case.ink(load_process(process), 20.0) == plain, "large ones are not"


def test_the_lanyards_corner_never_meets_an_opening() -> None:
    """No phone of the catalogue has one near that corner: a rule would never speak."""
    for process in PROCESSES:
        for key in PhoneCase.fields["phone"].rows:  # type: ignore[attr-defined]
            for wall in (1.0, 3.0):
                plan = ordered(process, phone=key, lanyard=True, wall=wall, buttons="membranes").plan()
                ear, cuts = plan.ear, plan.openings + plan.membranes
                assert ear is not None
                ends = [o.low - (ear.x + ear.along) for o in cuts if o.edge == "bottom"]
                ends += [o.low - (ear.y + ear.along) for o in cuts if o.edge == "left"]
                assert min(ends) > load_process(process).wall


def test_a_missing_letter_is_named() -> None:
    with pytest.raises(OrderError, match=r"parameters\.name") as caught:
        check("mjf-pa12", name="𐎠")  # Old Persian: no font of the catalogue claims it
    assert "U+103A0" in caught.value.for_sender()


def test_the_body_reads_nothing_personal() -> None:
    template = ordered("fdm-pla", name="Zoé")
    with template.run.tracing("shell") as tracer:
        template.plan()
    assert not any(template.run.personal(name) for name in tracer.done().names)


def test_poses() -> None:
    assert ordered("fdm-pla", name="Zoé").print_pose().why.startswith("back down")
    for template in (
        ordered("fdm-pla", name="Zoé", letters="embossed"),
        ordered("fdm-tpu", ring="raised"),
        ordered("mjf-pa12"),
    ):
        pose = template.print_pose()
        assert pose.why.startswith("open side down") and pose.translation[2] == pytest.approx(template.plan().rim)


def english(case: PhoneCase) -> str:
    return " / ".join(words for words, _ in case.notes())


def test_notes_say_what_nobody_knows() -> None:
    told = english(ordered("mjf-pa12", phone="google-pixel-6"))
    assert "height is unknown" in told and "no protection of the lens is claimed" in told
    assert "left edge" in told and "left open" in told and "bottom edge are unknown" in told
    closed = english(ordered("mjf-pa12", phone="google-pixel-6", unknown_edges="closed"))
    assert "closed at the customer's word" in closed
    known = english(ordered("mjf-pa12", phone="apple-iphone-13-pro"))
    assert "unknown" not in known and "stays 1.0 mm clear" in known
    assert "not protected" in english(ordered("fdm-pla", phone="apple-iphone-13-pro"))
    plateau = english(ordered("mjf-pa12", phone="apple-iphone-11-pro"))
    assert "no protection of the lens is claimed" in plateau


def test_every_label_and_reason_has_its_french() -> None:
    for field in PhoneCase.fields.values():
        assert isinstance(field.label, tuple) and all(field.label)


OPTIONS: tuple[dict[str, Any], ...] = (
    {"pattern": "hexagon"},
    {"pattern": "waves", "lanyard": True},
    {"pattern": "stripes", "pattern_style": "raised"},
    {"magnets": True},
    {"seat": "disc"},
    {"seat": "stand", "seat_size": 55.0},
    {"bumpers": 2.5, "lanyard": True},
    {"letter_colour": "sand"},
    {"magnets": True, "seat": "disc", "wall": 2.6, "bumpers": 1.0, "pattern": "hexagon"},
)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize("process", ["fdm-pla", "fdm-tpu", "mjf-pa12"])
def test_every_phone_passes_with_each_option(process: str, options: dict[str, Any]) -> None:
    for key in PhoneCase.fields["phone"].rows:  # type: ignore[attr-defined]
        check(process, phone=key, name="Ana", **options)


def test_the_body_is_drawn_without_what_it_is_to_hold() -> None:
    """Each is a pocket in the drawn body: one body serves all of them."""
    template = ordered("fdm-pla", magnets=True, seat="stand", bumpers=1.0)
    with template.run.tracing("shell") as tracer:
        drawn = template.drawn()
    names = set(tracer.done().names)
    assert "bumpers" in names and not [name for name in names if name.startswith(("magnet", "seat"))]
    assert drawn == ordered("fdm-pla", bumpers=1.0).drawn() != ordered("fdm-pla").drawn()


def test_pattern_and_body_read_nothing_personal() -> None:
    template = ordered("fdm-pla", name="Zoé", pattern="hexagon", magnets=True, seat="disc", bumpers=1.0)
    with template.run.tracing("cells") as tracer:
        cells = template.cells()
    assert len(cells.ends) > 20 and not any(template.run.personal(name) for name in tracer.done().names)


def test_the_pattern_keeps_clear_of_all_else() -> None:
    """Each thing on the back takes cells away, and the band for the name does."""
    plain = {"pattern": "hexagon", "cell": 4.0, "ring": "flush", "name_panel": False, "wall": 2.6}

    def count(**more: Any) -> int:
        return len(ordered("fdm-pla", **{**plain, **more}).cells().ends)

    bare = count()
    for more in ({"name_panel": True}, {"magnets": True}, {"seat": "disc"}, {"ring": "raised", "cell": 4.0}):
        assert count(**more) < bare
    raised = {"pattern_style": "raised"}
    assert count(**raised, magnets=True) == count(**raised), "they are on the other side"
    bands = [
        ordered("fdm-pla", **{**plain, "name_panel": True, **more}).cells().points
        for more in ({}, {"text_angle": 30.0}, {"text_y": 9.0})
    ]
    assert len({band.tobytes() for band in bands}) == 3


@pytest.mark.parametrize("angle", [-56.0, 0.0, 20.0, 70.0])
@pytest.mark.parametrize("kind", ["hexagon", "waves", "stripes"])
def test_the_band_for_the_name_turns_with_it(kind: str, angle: float) -> None:
    """No cell comes into the box of the ink; turned the other way, the same name would lie among them."""
    case = ordered("mjf-pa12", name="Maximilian", pattern=kind, letter_height=5.0, text_angle=angle, text_x=4.0)
    at = rules.text_centre(case.lettered(), 4.0, 0.0)
    cells = case.cells().points / STEPS_PER_MM

    def met(turn: float) -> bool:
        box = rules.text_box(at, case.spaced(0.0), 5.0, turn)
        return any(box.distance(x, y) < 0.5 for x, y in cells.tolist())

    assert not met(angle) and (angle == 0.0 or met(-angle))


def test_letters_cut_in_lie_below_the_magnets_and_raised_ones_need_not() -> None:
    sunken, raised = (ordered("mjf-pa12", magnets=True, name="Zoé", letters=kind) for kind in ("engraved", "embossed"))
    ring = sunken.plan().magnets
    assert ring is not None and sunken.lettered().free[3] <= ring.y - ring.outer / 2
    assert raised.lettered().free == raised.plan().free


def test_what_is_free_for_letters_lies_over_the_cavity_s_floor() -> None:
    """Cut through, they come out there: half a millimetre of it stays beside them, however thick the wall."""
    for key in PhoneCase.fields["phone"].rows:  # type: ignore[attr-defined]
        for wall in (1.2, 3.0):
            plan = ordered("mjf-tpu", phone=key, wall=wall, letters="cut", name="Zoé").lettered()
            assert plan.cavity.w / 2 - CAVITY_ROUND - plan.free[2] > 0.5
            assert plan.cavity.h / 2 - CAVITY_ROUND + plan.free[1] > 0.5


def test_letters_cut_through_keep_out_of_the_magnets_ring_too() -> None:
    """Within it the magnets lie round them: what is engraved there only wants its wall."""
    crowded = {"phone": "google-pixel-6a", "name": "Bob", "letter_height": 6.0, "magnets": True, "seat": "disc", "wall": 2.2}
    check("fdm-pla", **crowded)
    refusal = refused("fdm-pla", **crowded, letters="cut")
    assert (refusal.field, refusal.nearest) == ("parameters.letters", "engraved")


def test_the_magnets_lie_in_the_middle_or_as_much_lower_as_the_camera_asks() -> None:
    places = {
        key: ordered("mjf-pa12", magnets=True, phone=key).plan().magnets.y
        for key in ("apple-iphone-13-pro", "samsung-galaxy-s25-ultra")
    }  # type: ignore[union-attr]
    assert places["samsung-galaxy-s25-ultra"] < -5.0 <= places["apple-iphone-13-pro"] <= 0.0
    moved = ordered("mjf-pa12", magnets=True, magnet_y=-3.0, phone="apple-iphone-13-pro").plan().magnets
    assert moved is not None and moved.y == places["apple-iphone-13-pro"] - 3.0


def test_notes_of_what_is_bought_and_what_is_cut() -> None:
    told = english(ordered("fdm-pla", magnets=True, seat="disc", bumpers=1.0, pattern="hexagon", lanyard=True, wall=2.6))
    for words in (
        "magnet ring of 56 x 46 x 0.5 mm",
        "assumed size",
        "stand out by 1 mm",
        "lanyard's corner has none",
        "of the back: it is weaker",
    ):
        assert words in told
    two = ordered("fdm-pla", name="Zoé", letter_colour="sand")
    assert "model.prusa.3mf" in english(two) and "in one colour" in english(
        ordered("mjf-pa12", name="Zoé", letter_colour="sand")
    )
    plain = english(ordered("fdm-pla", name="Zoé"))
    assert not any(words in plain for words in ("magnet", "seat", "stand out", "weaker", "model.prusa.3mf"))


def test_whether_rules_are_kept_is_what_checking_them_says() -> None:
    from engine.compiling.drawing import Orders
    from engine.errors import Refused
    from engine.language.judge import check_rules, keeps_rules
    from engine.sweep import sobol

    orders, said = Orders(PhoneCase), []
    for point in sobol.points(60, len(orders.axes), 3):
        template = orders.template({a.name: a.at(u) for a, u in zip(orders.axes, point, strict=True)}, ruled=False)
        if template is None:
            continue
        process = orders.processes[PhoneCase.default_process]
        try:
            check_rules(template, process)
            kept = True
        except Refused:
            kept = False
        assert keeps_rules(template, process) == kept
        said.append(kept)
    assert set(said) == {True, False}
