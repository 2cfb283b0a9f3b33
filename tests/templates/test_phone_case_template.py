"""The template's rules refuse with value, limit and nearest; its body reads nothing personal; its report says what is unknown."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import OrderError, Refused
from engine.language.judge import check_rules
from engine.language.orders import accept
from engine.language.template import Run
from engine.model.order import Order
from engine.process.limits import load_process
from templates.phone_case import PhoneCase

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
@pytest.mark.parametrize("letters", ["engraved", "embossed"])
def test_defaults_with_a_name_pass_everywhere(process: str, letters: str) -> None:
    check(process, name="Zoé", letters=letters)


@pytest.mark.parametrize("process", PROCESSES)
def test_every_phone_passes_at_defaults(process: str) -> None:
    for key in PhoneCase.fields["phone"].rows:  # type: ignore[attr-defined]
        check(process, phone=key, name="Ana", lanyard=True)


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
    ],
)
def test_refusals_name_field_and_nearest(process: str, parameters: dict[str, Any], field: str, nearest: object) -> None:
    refusal = refused(process, **parameters)
    assert refusal.field == f"parameters.{field}" and refusal.rule
    assert refusal.nearest is not None
    if nearest is not None:
        assert refusal.nearest == (pytest.approx(nearest) if isinstance(nearest, float) else nearest)
    check(process, **{**parameters, field: refusal.nearest})  # and what it proposes is taken


def test_a_missing_letter_is_named() -> None:
    with pytest.raises(OrderError, match=r"parameters\.name") as caught:
        check("mjf-pa12", name="名")
    assert "U+540D" in caught.value.for_sender()


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
