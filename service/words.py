"""Commands as they are declared, and the words of a command line: a function is a command, and its annotations say what it asks for.

    app = Group("unikat", "What it is.")

    @app.command()
    def paint(file: Annotated[str, argument("FILE", "What is painted.")], coats: Annotated[int, option("--coats", low=1)] = 1) -> int: ...

    understood(app, ["paint", "door", "--coats=2"], "en")()    # calls paint("door", coats=2)

Of all commands only the one that was typed is looked at, and nothing is imported for it: a start pays for no more than it uses.
Options stand anywhere, as `--name value` or `--name=value`; after `--` no word is an option. What cannot be taken is an OrderError.
"""

from __future__ import annotations

import functools
import os
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

Command = Callable[..., int]
Declared = TypeVar("Declared", bound=Command)
WIDTH = 96
"""Of a help text, in letters."""
KINDS = {str: "TEXT", int: "N", float: "X"}


class Word(NamedTuple):
    """What a parameter of a command is on the command line: an option where `name` begins with --, else an argument."""

    name: str
    help: str = ""
    metavar: str | None = None
    low: float | None = None
    high: float | None = None
    variable: str | None = None
    """Of the environment: the value where the option is not given."""


SPOKEN = Word("")
Spoken = Annotated[str, SPOKEN]
"""A parameter that no word gives: the language that the command runs in."""


def option(
    name: str,
    help: str = "",
    *,
    metavar: str | None = None,
    low: float | None = None,
    high: float | None = None,
    variable: str | None = None,
) -> Word:
    """`--name VALUE`; of a bool `--name` alone; of a list as often as one likes."""
    return Word(name, help, metavar, low, high, variable)


def argument(metavar: str, help: str = "") -> Word:
    """A word that is no option, by its place; a list takes all that are left."""
    return Word(metavar, help, metavar)


class Group:
    """Commands by their names, in the order of a help text."""

    def __init__(self, name: str, help: str, common: Sequence[tuple[str, str]] = ()) -> None:
        """`common`: options that belong to every command, as a help text shows them; who calls takes them out before."""
        self.name = name
        self.help = help
        self.common = tuple(common)
        self.commands: dict[str, Command | Group] = {}

    def command(self, name: str | None = None) -> Callable[[Declared], Declared]:
        """Declare a command; called like its function unless said."""

        def declare(function: Declared) -> Declared:
            self.commands[name or function.__name__] = function
            return function

        return declare

    def add(self, group: Group) -> None:
        """A group as a command of this one, by the last word of its name."""
        self.commands[group.name.rpartition(" ")[2]] = group


class Parameter(NamedTuple):
    """A parameter of a command's function: its name there, what it is on the command line, and what it takes."""

    name: str
    word: Word
    kind: type
    many: bool
    required: bool
    default: object

    @property
    def shown(self) -> str:
        """With its value, for a help text."""
        if not self.word.name.startswith("--"):
            return self.word.name
        return self.word.name if self.kind is bool else f"{self.word.name} {self.word.metavar or KINDS[self.kind]}"


def parameters(function: Command) -> list[Parameter]:
    """What a command asks for, in the order of its function's parameters."""
    code, defaults = function.__code__, function.__defaults__ or ()
    names = code.co_varnames[: code.co_argcount]
    given = dict(zip(names[len(names) - len(defaults) :], defaults, strict=True))
    hints = get_type_hints(function, include_extras=True)
    return [_parameter(name, hints[name], name not in given, given.get(name)) for name in names]


def _parameter(name: str, hint: Any, required: bool, default: object) -> Parameter:
    kind, word = get_args(hint)
    if isinstance(kind, types.UnionType):  # `X | None`: None is what it is without a word
        (kind,) = (k for k in get_args(kind) if k is not type(None))
    many = get_origin(kind) is list
    return Parameter(name, word, get_args(kind)[0] if many else kind, many, required, default)


def understood(group: Group, words: Sequence[str], spoken: str) -> Callable[[], int]:
    """The command that the words name, with all that it was given, ready to be called; OrderError where they cannot be taken."""
    if not words:
        raise _error(group.name, ("lacks a command", "sans commande"), limit=", ".join(group.commands))
    first, *rest = words
    if first == "--help":
        return functools.partial(_print, lambda: help_of_group(group))
    found = group.commands.get(first)
    if found is None:
        what = (
            ("is no option here", "n'est pas une option ici")
            if first.startswith("-")
            else ("is no command", "n'est pas une commande")
        )
        raise _error(first, what, nearest=_near(first, group.commands))
    if isinstance(found, Group):
        return understood(found, rest, spoken)
    asked = parameters(found)
    if "--help" in rest[: rest.index("--") if "--" in rest else None]:
        path = f"{group.name} {first}"
        return functools.partial(_print, lambda: help_of_command(path, found, asked))
    return functools.partial(found, **_given(asked, rest, spoken))


def _given(asked: Sequence[Parameter], words: Sequence[str], spoken: str) -> dict[str, Any]:
    """The arguments of a command's function."""
    options = {p.word.name: p for p in asked if p.word.name.startswith("--")}
    texts: dict[str, list[str]] = {}
    places: list[str] = []
    left = iter(words)
    for word in left:
        if word == "--":
            places += left
        elif word.startswith("-") and word != "-":
            name, equals, value = word.partition("=")
            if name not in options:
                raise _error(
                    name,
                    ("is no option of this command", "n'est pas une option de cette commande"),
                    nearest=_near(name, options),
                )
            texts.setdefault(name, []).append(_value(options[name], value if equals else None, left))
        else:
            places.append(word)
    for p in asked:
        if p.word is not SPOKEN and p.word.name not in options and places:
            texts[p.word.name] = places if p.many else places[:1]
            places = [] if p.many else places[1:]
    if places:
        raise _error(places[0], ("is a word too many", "est un mot de trop"))
    return {p.name: value for p in asked for value in _taken(p, texts.get(p.word.name), spoken)}


def _value(parameter: Parameter, joined: str | None, left: Iterator[str]) -> str:
    """The text of an option: what stands behind its =, or else the next word."""
    if parameter.kind is bool:
        if joined is not None:
            raise _error(parameter.word.name, ("takes no value", "ne prend pas de valeur"), value=joined)
        return ""
    text = joined if joined is not None else next(left, None)
    if text is None:
        raise _error(parameter.word.name, ("needs a value", "demande une valeur"), limit=parameter.shown)
    return text


def _taken(parameter: Parameter, texts: list[str] | None, spoken: str) -> Iterator[Any]:
    """The value of a parameter; none where its function's default holds."""
    word = parameter.word
    if word is SPOKEN:
        yield spoken
        return
    if texts is None and word.variable and os.environ.get(word.variable):
        texts = [os.environ[word.variable]]
    if texts is None:
        if parameter.required:
            raise _error(word.name, ("is missing", "manque"))
        return
    if parameter.kind is bool:
        yield True
    elif parameter.many:
        yield [_converted(parameter, text) for text in texts]
    else:
        yield _converted(parameter, texts[-1])


def _converted(parameter: Parameter, text: str) -> str | float:
    """A text as what its parameter takes, within its limits."""
    word = parameter.word
    if parameter.kind is str:
        return text
    try:
        number = float(text) if parameter.kind is float else int(text)
    except ValueError:
        number = float("nan")
    if number != number:
        raise _error(word.name, "must be a number" if parameter.kind is float else "must be a whole number", value=text)
    for limit, why, out in (
        (word.low, "is below its limit", word.low is not None and number < word.low),
        (word.high, "is above its limit", word.high is not None and number > word.high),
    ):
        if out:
            raise _error(word.name, why, value=number, limit=limit, nearest=limit)
    return number


def _error(
    field: str, why: str | tuple[str, str], *, value: object = None, limit: object = None, nearest: object = None
) -> Exception:
    from engine.errors import OrderError

    return OrderError(field or '""', why, value=value, limit=limit, nearest=nearest)


def _near(word: str, known: Mapping[str, object]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1)), None)


# ---- help ------------------------------------------------------------------------------------------------------------


def _print(text: Callable[[], str]) -> int:
    print(text())
    return 0


def help_of_group(group: Group) -> str:
    """What a group is, and its commands."""
    rows = [(name, c.help if isinstance(c, Group) else c.__doc__ or "") for name, c in group.commands.items()]
    options = [*group.common, ("--help", "Say this.")]
    return "\n".join(
        [f"Usage: {group.name} COMMAND ...", "", f"  {group.help}", *_table("Options", options), *_table("Commands", rows)]
    )


def help_of_command(path: str, function: Command, asked: Sequence[Parameter]) -> str:
    """What a command does, its arguments and options."""
    options = [p for p in asked if p.word.name.startswith("--")]
    places = [p for p in asked if p not in options and p.word is not SPOKEN]
    usage = " ".join([f"Usage: {path} [OPTIONS]", *(p.shown if p.required else f"[{p.shown.strip('[]')}]" for p in places)])
    rows = [[(p.shown, _told(p)) for p in some] for some in (places, options)]
    return "\n".join(
        [
            usage,
            "",
            f"  {function.__doc__ or ''}",
            *_table("Arguments", rows[0]),
            *_table("Options", [*rows[1], ("--help", "Say this.")]),
        ]
    )


def _told(parameter: Parameter) -> str:
    """The help of a parameter, with its limits, its default, and the variable of the environment that stands for it."""
    word, default = parameter.word, parameter.default
    limits = [f"{sign} {limit:g}" for sign, limit in (("at least", word.low), ("at most", word.high)) if limit is not None]
    notes = [
        "required" if parameter.required else "",
        ", ".join(limits),
        f"default {default}" if default is not None and default is not False else "",
        f"or {word.variable}" if word.variable else "",
    ]
    return " ".join(filter(None, [word.help, *(f"[{n}]" for n in notes if n)]))


def _table(title: str, rows: Sequence[tuple[str, str]]) -> list[str]:
    """Two columns under a title: what is longer than a line goes on in its own column."""
    from textwrap import wrap

    if not rows:
        return []
    wide = min(max(len(left) for left, _ in rows), 28) + 4
    lines = ["", f"{title}:"]
    for left, right in rows:
        column = wrap(right, WIDTH - wide) or [""]
        beside = f"  {left}".ljust(wide)
        lines += [f"{beside}{column[0]}".rstrip()] if len(left) + 4 <= wide else [f"  {left}", f"{'':{wide}}{column[0]}"]
        lines += [f"{'':{wide}}{more}" for more in column[1:]]
    return lines
