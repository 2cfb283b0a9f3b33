"""Rules that only a person's file can make speak are counted apart from those that are dead."""

from __future__ import annotations

from typing import Any

from engine.sweep.samples import Sample
from engine.sweep.suspects import dead_rules, unheard


class Crew:
    """Other processes, in which nothing speaks either."""

    def ask(self, what: str, *_: Any) -> list[str]:
        assert what == "rules_here"
        return []


def said(fired: bool = False, near: float | None = None, files: tuple[str, ...] = ()) -> dict[str, Any]:
    return {"fired": fired, "near": near, "unit": "mm", "files": list(files), "english_only": []}


def ended(*orders: dict[str, Any]) -> dict[int, Any]:
    return {k: (Sample("pair", {"k": k}), {"changes": {"k": k}, "rules": rules}) for k, rules in enumerate(orders)}


def test_of_files_alone_of_numbers_too_and_of_nothing() -> None:
    quiet = {
        "lengths": said(files=("left_scan",)),
        "numbers": said(near=0.5, files=("left_scan",)),
        "silent": said(),
        "heard": said(files=("left_scan",)),
    }
    told = ended(quiet, {**quiet, "heard": said(fired=True, files=("left_scan",)), "lengths": said(files=("right_scan",))})
    assert unheard(told) == {"lengths": ["left_scan", "right_scan"]}
    about = {"rules": list(quiet), "processes": ["fdm-pla"]}
    assert [s.what for s in dead_rules(Crew(), about, told, None)] == ["numbers", "silent"]  # type: ignore[arg-type]  # a stand-in


def test_a_rule_that_told_a_number_once_is_not_one_of_files() -> None:
    assert unheard(ended({"lengths": said(files=("scan",))}, {"lengths": said(near=3.0, files=("scan",))})) == {}
