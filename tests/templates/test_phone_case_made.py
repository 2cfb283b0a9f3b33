"""The whole way through the child: a case with a name, as it ships, without a finding."""

from __future__ import annotations

from typing import Any

import pytest

from engine.language.orders import accept
from engine.language.template import Home, Run
from engine.model.order import Order
from engine.process.limits import load_process
from engine.verify.checks import verify
from engine.verify.settle import settle
from templates.phone_case import PhoneCase

HOME = Home()


def made(process: str, **parameters: Any) -> tuple[Any, Any, PhoneCase]:
    values, origins = accept(Order("phone-case", parameters=parameters), PhoneCase)
    limits = load_process(process)
    template = PhoneCase(Run(PhoneCase, values, origins, limits.flat(), home=HOME))
    settled = settle(template.case())
    _, findings, _ = verify((settled,), limits)
    return settled, findings, template


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


def test_another_name_keeps_the_body() -> None:
    made("fdm-pla", name="Ana")
    _, _, template = made("fdm-pla", name="Łukasz", text_angle=20.0, colour="red")
    assert [(s.name, s.hit) for s in template.run.stages if s.name == "shell"] == [("shell", True)]
