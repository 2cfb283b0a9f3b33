"""The words of a command line: what is declared is what is taken, and what cannot be taken is told by its name, value and limit."""

from __future__ import annotations

import re
import string
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import OrderError
from service import cli
from service.words import WIDTH, Group, Spoken, argument, option, parameters, understood

GIVEN: dict[str, Any] = {}
APP = Group("paint", "Paints.", [("--lang en|fr", "Of what is said.")])
ROOMS = Group("paint rooms", "Rooms.")
APP.add(ROOMS)


@APP.command()
def door(
    file: Annotated[str, argument("FILE", "What is painted.")],
    more: Annotated[list[str] | None, argument("MORE...")] = None,
    colour: Annotated[list[str] | None, option("--colour", "One, or several.")] = None,
    coats: Annotated[int, option("--coats", low=1, high=9)] = 1,
    litres: Annotated[float | None, option("--litres", low=0.5)] = None,
    wet: Annotated[bool, option("--wet")] = False,
    brush: Annotated[str | None, option("--brush", metavar="KIND", variable="PAINT_BRUSH")] = None,
) -> int:
    """Paints a door."""
    GIVEN.clear()
    GIVEN.update(file=file, more=more, colour=colour, coats=coats, litres=litres, wet=wet, brush=brush)
    return 7


@ROOMS.command("list")
def rooms_list(
    spoken: Spoken, house: Annotated[str, option("--house")], key: Annotated[str | None, argument("KEY")] = None
) -> int:
    """All of them, of a house that has very many rooms, each of them told on a line of its own, with its walls and its ceiling."""
    GIVEN.clear()
    GIVEN.update(spoken=spoken, house=house, key=key)
    return 0


PLAIN = {"file": "f", "more": None, "colour": None, "coats": 1, "litres": None, "wet": False, "brush": None}
TAKEN: list[tuple[str, dict[str, Any]]] = [
    ("f", {}),
    ("f --coats 3 --wet", {"coats": 3, "wet": True}),
    ("--coats=3 f", {"coats": 3}),
    ("--colour red f --colour=blue g h", {"colour": ["red", "blue"], "more": ["g", "h"]}),
    ("f --brush -x", {"brush": "-x"}),
    ("f --brush=", {"brush": ""}),
    ("f --brush a=b --brush=c=d", {"brush": "c=d"}),
    ("f --litres 0.5", {"litres": 0.5}),
    ("- --wet", {"file": "-", "wet": True}),
    ("--wet -- --wet -x", {"file": "--wet", "more": ["-x"], "wet": True}),
    ("--brush -- f", {"brush": "--"}),
]


@pytest.mark.parametrize(("words", "told"), TAKEN)
def test_what_is_typed_is_what_is_given(words: str, told: dict[str, Any]) -> None:
    assert understood(APP, ["door", *words.split(" ")], "en")() == 7
    assert {**PLAIN, **told} == GIVEN


REFUSED: list[tuple[str, str]] = [
    ("", "paint: lacks a command (limit 'rooms, door')"),
    ("dor", "dor: is no command (nearest allowed 'door')"),
    ("--wet door", "--wet: is no option here"),
    ("door", "FILE: is missing"),
    ("door f --coat 2", "--coat: is no option of this command (nearest allowed '--coats')"),
    ("door f -w", "-w: is no option of this command"),
    ("door f --coats", "--coats: needs a value (limit '--coats N')"),
    ("door f --coats two", "--coats: must be a whole number (got 'two')"),
    ("door f --coats 1.5", "--coats: must be a whole number (got '1.5')"),
    ("door f --coats 0", "--coats: is below its limit (got 0; limit 1; nearest allowed 1)"),
    ("door f --coats 10", "--coats: is above its limit (got 10; limit 9; nearest allowed 9)"),
    ("door f --litres nan", "--litres: must be a number (got 'nan')"),
    ("door f --litres -inf", "--litres: is below its limit (got -inf; limit 0.5; nearest allowed 0.5)"),
    ("door f --wet=yes", "--wet: takes no value (got 'yes')"),
    ("rooms", "paint rooms: lacks a command (limit 'list')"),
    ("rooms lst", "lst: is no command (nearest allowed 'list')"),
    ("rooms list", "--house: is missing"),
    ("rooms list --house h a b", "b: is a word too many"),
]


@pytest.mark.parametrize(("words", "told"), REFUSED)
def test_what_cannot_be_taken_is_told(words: str, told: str) -> None:
    with pytest.raises(OrderError) as caught:
        understood(APP, words.split(" ") if words else [], "en")
    assert caught.value.for_sender() == told
    assert caught.value.for_sender("fr") not in (told, f"{told} ")


def test_the_environment_stands_in_for_an_option(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAINT_BRUSH", "flat")
    understood(APP, ["door", "f"], "en")()
    assert GIVEN["brush"] == "flat"
    understood(APP, ["door", "f", "--brush", "round"], "en")()
    assert GIVEN["brush"] == "round"
    monkeypatch.setenv("PAINT_BRUSH", "")
    understood(APP, ["door", "f"], "en")()
    assert GIVEN["brush"] is None


def test_a_command_hears_its_language() -> None:
    for language in ("en", "fr"):
        assert understood(APP, ["rooms", "list", "--house", "h"], language)() == 0
        assert {"spoken": language, "house": "h", "key": None} == GIVEN


LETTERS = string.ascii_letters + string.digits + "-=. éß"
TEXTS = st.text(LETTERS, max_size=12)


@given(TEXTS, st.lists(TEXTS, max_size=3), st.lists(TEXTS, max_size=3), st.integers(1, 9), st.booleans(), st.randoms())
def test_options_may_stand_anywhere(file: str, more: list[str], colours: list[str], coats: int, wet: bool, random: Any) -> None:
    """Whatever the values are: each option travels with its value, and arguments keep their order behind `--`."""
    parts = [["--colour", c] if random.random() < 0.5 else [f"--colour={c}"] for c in colours] + [["--coats", str(coats)]]
    parts += [["--wet"]] * wet
    places: list[list[str]] = [[w] for w in (file, *more)]
    if any(w.startswith("-") and w != "-" for (w,) in places):
        words = [w for part in parts for w in part] + ["--", *(w for (w,) in places)]
    else:
        at = sorted(random.randint(0, len(parts)) for _ in places)
        mixed = [(n, 0, p) for n, p in zip(at, places, strict=True)] + [(n, 1, p) for n, p in enumerate(parts)]
        words = [w for _, _, part in sorted(mixed, key=lambda m: m[:2]) for w in part]
    understood(APP, ["door", *words], "en")()
    assert {**PLAIN, "file": file, "more": more or None, "colour": colours or None, "coats": coats, "wet": wet} == GIVEN


@given(
    st.lists(
        st.sampled_from(["door", "rooms", "list", "--wet", "--coats", "--", "-", "=", "--=", "--help", "3", "\udcff", ""]),
        max_size=6,
    )
)
def test_any_words_are_taken_or_refused(words: list[str]) -> None:
    try:
        assert callable(understood(APP, words, "en"))
    except OrderError as error:
        assert error.field


def test_help_says_all_that_may_be_asked(capsys: pytest.CaptureFixture[str]) -> None:
    assert understood(APP, ["door", "--coats", "nothing", "--help"], "en")() == 0
    told = capsys.readouterr().out
    for said in (
        "Usage: paint door [OPTIONS] FILE [MORE...]",
        "Paints a door.",
        "FILE       What is painted. [required]",
        "--coats N      [at least 1, at most 9] [default 1]",
        "--brush KIND   [or PAINT_BRUSH]",
        "--wet\n",
    ):
        assert said in told
    assert understood(APP, ["--help"], "en")() == understood(APP, ["rooms", "--help"], "en")() == 0
    told = capsys.readouterr().out
    assert "door   Paints a door." in told and "--lang en|fr  Of what is said." in told and "list  All of them" in told
    assert max(map(len, told.splitlines())) <= WIDTH
    understood(APP, ["door", "--", "--help"], "en")()
    assert GIVEN["file"] == "--help"


def leaves(group: Group, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], Any]]:
    rows = []
    for name, found in group.commands.items():
        rows += leaves(found, (*path, name)) if isinstance(found, Group) else [((*path, name), found)]
    return rows


@pytest.mark.parametrize(
    ("path", "function"), leaves(cli.app), ids=lambda told: " ".join(told) if isinstance(told, tuple) else ""
)
def test_every_command_of_ours_tells_all_that_it_takes(
    path: tuple[str, ...], function: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    """Each parameter is a word of a kind that is understood, and its help is there, no line of it longer than the page."""
    asked = parameters(function)
    assert understood(cli.app, [*path, "--help"], "en")() == 0
    told = capsys.readouterr().out
    assert re.sub(r"\s+", " ", function.__doc__) in re.sub(r"\s+", " ", told)
    for one in asked:
        assert one.kind in (str, int, float, bool) and (one.word.name in told)
        assert one.kind is not bool or one.default is False
    assert len({one.word.name for one in asked}) == len(asked)


def test_nothing_of_the_command_line_is_as_heavy_as_a_framework() -> None:
    """What `unikat --help` loads: the parser, and none of the validation that frameworks over it bring."""
    from tests.service.test_cli import cpu_and_modules

    loaded = cpu_and_modules("from service.cli import main; main(['--help'])")[1]
    assert not loaded & {"argparse", "numpy", "pydantic", "subprocess", "typer"}
    assert {"click", "service.words"} <= loaded
