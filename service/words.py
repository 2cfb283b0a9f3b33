"""Commands as they are declared, and the words of a command line: a function is a command, and its annotations say what it asks for.

    app = Group("unikat", "What it is.")

    @app.command()
    def paint(file: Annotated[str, argument("FILE", "What is painted.")], coats: Annotated[int, option("--coats", low=1)] = 1) -> int: ...

    understood(app, ["paint", "door", "--coats=2"], "en")()    # calls paint("door", coats=2)

Click reads the words and writes the help; of all commands only the one that was typed is made known to it, so that a start pays
for no more than it uses. What cannot be taken is an OrderError: field, value, limit, nearest allowed, in both languages.
"""

from __future__ import annotations

import functools
import types
from collections.abc import Callable, Iterable, Sequence
from typing import Annotated, Any, NamedTuple, TypeVar, get_args, get_origin, get_type_hints

import click

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
        return functools.partial(_print, help_of_group(group))
    found = group.commands.get(first)
    if found is None:
        option = first.startswith("-")
        what = ("is no option here", "n'est pas une option ici") if option else ("is no command", "n'est pas une commande")
        raise _error(first, what, nearest=_near(first, group.commands))
    if isinstance(found, Group):
        return understood(found, rest, spoken)
    asked = parameters(found)
    command = _click(first, found, asked)
    try:
        context = command.make_context(f"{group.name} {first}", list(rest), allow_extra_args=True, max_content_width=WIDTH)
    except click.UsageError as error:
        raise _refused(error, asked, rest) from None
    except click.exceptions.Exit:  # the help was asked for, and told
        return int
    if context.args:
        raise _error(context.args[0], ("is a word too many", "est un mot de trop"))
    return functools.partial(found, **_given(asked, context.params, spoken))


def _given(asked: Iterable[Parameter], params: dict[str, Any], spoken: str) -> dict[str, Any]:
    """The arguments of a command's function: of what no word was given for, its default holds."""
    told: dict[str, Any] = {}
    for p in asked:
        value = spoken if p.word is SPOKEN else params[p.name]
        if value is not None and value != () and not (p.kind is bool and not value):
            told[p.name] = list(value) if p.many else value
        elif p.required:
            raise _error(p.word.name, ("is missing", "manque"))
    return told


# ---- what Click is told, and what it tells ---------------------------------------------------------------------------


class _Number(click.ParamType[Any]):
    """A number within its limits."""

    name = "number"

    def __init__(self, parameter: Parameter) -> None:
        self.parameter = parameter

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """OrderError where the text is no such number."""
        word, whole = self.parameter.word, self.parameter.kind is int
        try:
            number = int(value) if whole else float(value)
        except ValueError:
            number = float("nan")
        if number != number:
            raise _error(word.name, "must be a whole number" if whole else "must be a number", value=value)
        if word.low is not None and number < word.low:
            raise _error(word.name, "is below its limit", value=number, limit=word.low, nearest=word.low)
        if word.high is not None and number > word.high:
            raise _error(word.name, "is above its limit", value=number, limit=word.high, nearest=word.high)
        return number


class _Command(click.Command):
    """Its arguments are told as its options are."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Both tables."""
        rows = [(str(p.metavar), p.told) for p in self.get_params(ctx) if isinstance(p, _Argument)]
        if rows:
            with formatter.section("Arguments"):
                formatter.write_dl(rows)
        super().format_options(ctx, formatter)


class _Argument(click.Argument):
    """An argument and its help. `told`: that text."""

    told = ""


def _click(name: str, function: Command, asked: Iterable[Parameter]) -> click.Command:
    """The command as Click knows them. Nothing is required and nothing has a default there: `_given` sees to both."""
    known: list[click.Parameter] = []
    for p in asked:
        kind: Any = _Number(p) if p.kind in (int, float) else str
        if p.word.name.startswith("--"):
            flag = p.kind is bool
            shown = None if flag else p.word.metavar or KINDS[p.kind]
            made = click.Option(
                [p.word.name, p.name],
                help=_told(p),
                metavar=shown,
                is_flag=flag,
                multiple=p.many,
                envvar=p.word.variable,
                **({} if flag else {"type": kind, "default": None}),
            )
            known.append(made)
        elif p.word is not SPOKEN:
            shown = p.word.name if p.required else f"[{p.word.name.strip('[]')}]"
            place = _Argument([p.name], type=kind, nargs=-1 if p.many else 1, required=False, metavar=shown)
            place.told = _told(p)
            known.append(place)
    return _Command(name, params=known, help=function.__doc__)


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


def _refused(error: click.UsageError, asked: Sequence[Parameter], words: Iterable[str]) -> Exception:
    """What Click says of a word, as one of ours."""
    options = {p.word.name: p for p in asked if p.word.name.startswith("--")}
    if isinstance(error, click.NoSuchOption):
        name = error.option_name
        what = ("is no option of this command", "n'est pas une option de cette commande")
        return _error(name, what, nearest=_near(name, options))
    if isinstance(error, click.BadOptionUsage) and error.option_name in options:
        found = options[error.option_name]
        if found.kind is bool:
            value = next((w.partition("=")[2] for w in words if w.startswith(f"{error.option_name}=")), None)
            return _error(error.option_name, ("takes no value", "ne prend pas de valeur"), value=value)
        return _error(error.option_name, ("needs a value", "demande une valeur"), limit=found.shown)
    return _error("", error.format_message())


def _error(
    field: str, why: str | tuple[str, str], *, value: object = None, limit: object = None, nearest: object = None
) -> Exception:
    from engine.errors import OrderError

    return OrderError(field or '""', why, value=value, limit=limit, nearest=nearest)


def _near(word: str, known: Iterable[str]) -> str | None:
    from difflib import get_close_matches

    return next(iter(get_close_matches(word, list(known), n=1)), None)


def _print(text: str) -> int:
    print(text)
    return 0


def help_of_group(group: Group) -> str:
    """What a group is, and its commands."""
    formatter = click.HelpFormatter(width=WIDTH)
    formatter.write_usage(group.name, "COMMAND ...")
    formatter.write_paragraph()
    with formatter.indentation():
        formatter.write_text(group.help)
    rows = [(name, c.help if isinstance(c, Group) else c.__doc__ or "") for name, c in group.commands.items()]
    for title, table in (("Options", [*group.common, ("--help", "Say this.")]), ("Commands", rows)):
        with formatter.section(title):
            formatter.write_dl(table)
    return formatter.getvalue().rstrip("\n")
