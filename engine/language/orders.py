"""An order as JSON or as `field=value` words, read strictly; then its values against a template, each by name."""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from engine.errors import OrderError
from engine.language.parameters import Count, Field, Flag, Number, closest
from engine.language.template import Template
from engine.model.order import InputFile, Measurement, Order, Origin

T = TypeVar("T")

MAX_ORDER_BYTES = 1_000_000
_STRINGS = ("template", "process", "machine", "reference", "due", "purpose", "legal_basis")
_WHOLE = {"quantity": (1, 100_000), "priority": (-100, 100)}
_KNOWN = tuple(f.name for f in fields(Order))
_MEASUREMENT = tuple(f.name for f in fields(Measurement))
_DATE = re.compile(r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])")
_QUANTITY = re.compile(
    r"\s*([-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?|[-+]?(?:nan|inf|infinity))\s*([A-Za-z][A-Za-z0-9/]*)?\s*", re.I
)

_Asked = tuple[dict[str, dict[str, Field[Any]]], dict[str, Any]]
_ASKED: WeakKeyDictionary[type[Template], _Asked] = WeakKeyDictionary()


def parse_order(data: str | bytes) -> Order:
    """An order from its JSON; OrderError for what is no JSON, an unknown or doubled key, or a wrong type."""
    return order_from(plain_json(data))


def plain_json(data: str | bytes) -> Any:
    """The plain values of an order's JSON; OrderError for what is no JSON, is too large, or has a key twice."""
    if len(data) > MAX_ORDER_BYTES:
        raise OrderError("order", "is too large", value=f"{len(data)} bytes", limit=f"{MAX_ORDER_BYTES} bytes")
    try:
        text = data.decode("utf-8-sig") if isinstance(data, bytes) else data  # json.loads would take UTF-16 and surrogates
        return _DECODER.decode(text)
    except json.JSONDecodeError as error:
        raise OrderError("order", f"is no JSON: {error.msg} at line {error.lineno} column {error.colno}") from None
    except UnicodeDecodeError as error:
        raise OrderError("order", f"is no UTF-8 at byte {error.start}") from None
    except RecursionError:
        raise OrderError("order", "is nested too deep") from None
    except ValueError as error:  # an integer of more than 4300 digits
        raise OrderError("order", f"holds a number that is too long: {error}") from None


def _once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, value in pairs:
        if name in made:
            raise OrderError(_named(name), "stands twice in the order").called("a key")
        made[name] = value
    return made


_DECODER = json.JSONDecoder(object_pairs_hook=_once)
"""Made once: making it costs as much as reading an order."""


def _named(key: str) -> str:
    """A key that the sender chose, fit for a message: short, and without characters that would break its line."""
    safe = key if key.isprintable() else key.encode("unicode_escape").decode("ascii")
    return safe if len(safe) <= 40 else f"{safe[:37]}..."


def _line(field: str, value: object) -> None:
    """OrderError unless it is absent, or text of one line: it ends up in the record and in the files' metadata."""
    if value is None:
        return
    if not isinstance(value, str):
        raise OrderError(field, "must be text", value=value)
    if len(value) > 200:
        raise OrderError(field, "is too long", value=f"{len(value)} characters", limit="200 characters")
    if not value.isprintable():
        raise OrderError(field, "must be one line of printable characters", value=value)


def order_from(told: object) -> Order:
    """An order from plain JSON values."""
    if not isinstance(told, dict):
        raise OrderError("order", "must be an object", value=type(told).__name__)
    _only(told, _KNOWN, "")
    if not isinstance(told.get("template"), str):
        raise OrderError("template", "must be text", value=told.get("template"))
    for name in told:
        if name in _STRINGS:
            _line(name, told[name])
    if told.get("due") is not None and not _DATE.fullmatch(told["due"]):
        raise OrderError("due", "must be a date", value=told["due"], limit="YYYY-MM-DD")
    for name, (low, high) in _WHOLE.items():
        if name not in told:
            continue
        value = told[name]
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise OrderError(name, "must be a whole number in range", value=value, limit=f"{low} to {high}")
    sections = {name: _section(told, name) for name in ("parameters", "measurements", "inputs")}
    plain = {n: v for n, v in told.items() if n not in sections and v is not None}
    return Order(
        **plain,
        parameters=sections["parameters"],
        measurements=_each("measurements", sections["measurements"], _measurement),
        inputs=_each("inputs", sections["inputs"], _input),
    )


def _each(section: str, told: Mapping[str, Any], read: Callable[[str, object], T]) -> dict[str, T]:
    """Every entry read; its name is the sender's word, and stays out of str()."""
    made: dict[str, T] = {}
    for name, raw in told.items():
        try:
            made[name] = read(name, raw)
        except OrderError as error:
            raise error.called(f"{section}, a name in it") from None
    return made


def _section(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = told.get(name, {})
    if not isinstance(found, dict):
        raise OrderError(name, "must be an object", value=type(found).__name__)
    return found


def _only(told: Mapping[str, Any], known: Sequence[str], where: str) -> None:
    for name in told:
        if name not in known:
            raise OrderError(
                f"{where}{_named(name)}",
                "is not known",
                limit="one of " + ", ".join(known),
                nearest=closest(name, known),
            ).called("a key")


def _measurement(name: str, told: object) -> Measurement:
    field = f"measurements.{_named(name)}"
    if not isinstance(told, dict) or "value" not in told or told.get("unit") is None:
        raise OrderError(field, 'must be {"value": number, "unit": unit}', value=told)
    _only(told, _MEASUREMENT, f"{field}.")
    for key in ("value", "uncertainty"):
        value = told.get(key)
        if (value is not None or key == "value") and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise OrderError(f"{field}.{key}", "must be a number", value=value)
    for key in ("unit", "source", "standard"):
        _line(f"{field}.{key}", told.get(key))
    doubt = None if told.get("uncertainty") is None else _finite(told["uncertainty"])
    if doubt is not None and not 0 <= doubt < float("inf"):
        raise OrderError(f"{field}.uncertainty", "must be finite, and not negative", value=str(doubt), limit=0, nearest=0)
    plain = {n: v for n, v in told.items() if v is not None}
    return Measurement(**{**plain, "value": _finite(told["value"]), "uncertainty": doubt})


def _finite(value: int | float) -> float:
    try:
        return float(value)
    except OverflowError:
        return float("inf") if value > 0 else float("-inf")


def _input(name: str, told: object) -> InputFile:
    field = f"inputs.{_named(name)}"
    if not isinstance(told, dict):
        raise OrderError(field, 'must be {"sha256": hash, "unit": unit}', value=type(told).__name__)
    _only(told, ("sha256", "unit", "side", "file"), f"{field}.")
    for key in ("unit", "file"):
        _line(f"{field}.{key}", told.get(key))
    if told.get("side") not in (None, "left", "right"):
        raise OrderError(f"{field}.side", "is no side", value=told["side"], limit="left or right")
    if told.get("unit") is None:
        raise OrderError(f"{field}.unit", "is missing: a scanner's file says nothing of its unit", limit="mm, cm, m or in")
    digest = told.get("sha256")
    if digest is None and told.get("file") is not None:
        return InputFile("", told["unit"], told.get("side"), told["file"])
    if not isinstance(digest, str) or not re.fullmatch("[0-9a-f]{64}", digest):
        raise OrderError(f"{field}.sha256", "must be 64 hexadecimal digits", value=digest)
    return InputFile(digest, told["unit"], told.get("side"), told.get("file"))


def with_words(order: Order, words: Sequence[str], cls: type[Template]) -> Order:
    """The order with `field=value` words set: `wall=2`, `wall=0.1in`, `name=Zoé`, `measurements.left.foot_length=262mm`."""
    parameters, measurements = dict(order.parameters), dict(order.measurements)
    for word in words:
        name, equals, text = word.partition("=")
        if not equals or not name:
            raise OrderError("--set", "must be field=value", value=word)
        section, _, rest = name.partition(".")
        if section == "measurements":
            number, unit = _quantity(name, text)
            if unit is None:
                raise OrderError(_named(name), "needs a unit", value=text, limit="such as 262mm").called("--set")
            measurements[rest] = Measurement(number, unit)
        else:
            bare = rest if section == "parameters" and rest else name
            parameters[bare] = of_word(cls.fields.get(bare), f"parameters.{bare}", text)
    return replace(order, parameters=parameters, measurements=measurements)


def with_files(order: Order, words: Sequence[str]) -> tuple[Order, list[str]]:
    """The order with `inputs.left_scan=left.stl`, `inputs.left_scan.unit=m` (.side, .sha256) set, and the words that say other things."""
    said: dict[str, dict[str, Any]] = {}
    rest: list[str] = []
    for word in words:
        path, equals, text = word.partition("=")
        section, _, whole = path.partition(".")
        if section != "inputs" or not equals:
            rest.append(word)
            continue
        name, _, key = whole.partition(".")
        if not name or (key and key not in ("unit", "side", "sha256")):
            limit = "inputs.NAME, inputs.NAME.unit, .side or .sha256"
            raise OrderError(_named(path), "is not known", limit=limit).called("--set")
        said.setdefault(name, {})[key or "file"] = text
    inputs = dict(order.inputs)
    for name, told in said.items():
        given = {f.name: value for f in fields(InputFile) if (value := getattr(inputs.get(name), f.name, None))}
        inputs |= _each("inputs", {name: {**given, **told}}, _input)
    return replace(order, inputs=inputs), rest


def of_word(field: Field[Any] | None, name: str, text: str) -> object:
    """What a word says for a field, in the plain values of JSON: true or false, a number, a number with its unit, or text."""
    if isinstance(field, Flag):
        return {"true": True, "yes": True, "false": False, "no": False}.get(text.lower(), text)
    if isinstance(field, Count) and re.fullmatch(r"[-+]?\d{1,18}", text):
        return int(text)
    if isinstance(field, Number) and _QUANTITY.fullmatch(text):
        number, unit = _quantity(name, text)
        return number if unit is None else {"value": number, "unit": unit}
    return text


def _quantity(name: str, text: str) -> tuple[float, str | None]:
    found = _QUANTITY.fullmatch(text)
    if not found:
        raise OrderError(_named(name), "must be a number, with or without a unit", value=text).called("--set")
    return float(found[1]), found[2]


def accept(order: Order, cls: type[Template]) -> tuple[dict[str, Any], dict[str, Origin]]:
    """Every field's value and where it came from; the first bad one raises, by name. Nothing is guessed."""
    by_section, defaults = _asked(cls)
    given: dict[str, Any] = {}
    for section, fields_of in by_section.items():
        for name, raw in getattr(order, section).items():
            field = _known(section, name, fields_of, cls)
            given[field.name] = field.accept(raw)
    if len(defaults) < len(cls.fields):
        for name, field in cls.fields.items():
            if name not in given and name not in defaults:
                field.accept(field.default)
    values: dict[str, Any] = {**dict.fromkeys(cls.fields), **defaults, **given}
    origins = {**dict.fromkeys(cls.fields, Origin.DEFAULT), **dict.fromkeys(given, Origin.GIVEN)}
    return values, origins


def _known(section: str, name: str, fields_of: Mapping[str, Field[Any]], cls: type[Template]) -> Field[Any]:
    field = fields_of.get(name)
    if field is None:
        names = list(fields_of)
        limit = f"one of {', '.join(names)}" if names else f"{cls.key} takes no {section}"
        where, why, near = f"{section}.{_named(name)}", f"is not known to {cls.key}", closest(name, names)
        raise OrderError(where, why, limit=limit, nearest=near).called(f"{section}, a name in it")
    return field


def problems(told: object, cls: type[Template]) -> list[OrderError]:
    """Every OrderError of an order's plain values, not only the first: each key, and each entry of its sections, is asked alone;
    then what must be given and is not. None where `order_from` and `accept` would take it."""
    if not isinstance(told, dict):
        return raised(lambda: order_from(told))
    by_section, defaults = _asked(cls)
    found: list[OrderError] = []
    given: set[str] = set()
    for key, value in told.items():
        if key not in by_section or not isinstance(value, dict):
            found += raised(lambda: order_from({"template": cls.key, key: value}))  # noqa: B023  # called at once
            continue
        for name, raw in value.items():
            found += raised(lambda: _entry(key, name, raw, by_section[key], cls))  # noqa: B023
            if name in by_section[key]:
                given.add(by_section[key][name].name)
    for name, field in cls.fields.items():
        if name not in given and name not in defaults:
            found += raised(lambda: field.accept(field.default))  # noqa: B023
    return found


def _entry(section: str, name: str, raw: object, fields_of: Mapping[str, Field[Any]], cls: type[Template]) -> None:
    """OrderError for one entry of a section, as it stands there alone."""
    read = getattr(order_from({"template": cls.key, section: {name: raw}}), section)[name]
    _known(section, name, fields_of, cls).accept(read)


def raised(ask: Callable[[], object]) -> list[OrderError]:
    """The OrderError that asking raises; none where it raises none."""
    try:
        ask()
    except OrderError as error:
        return [error]
    return []


def _asked(cls: type[Template]) -> _Asked:
    """The fields of each section by their names in an order; and the defaults that their fields take, once for all orders."""
    known = _ASKED.get(cls)
    if known is not None:
        return known
    by_section: dict[str, dict[str, Field[Any]]] = {"parameters": {}, "measurements": {}, "inputs": {}}
    defaults: dict[str, Any] = {}
    for name, field in cls.fields.items():
        section, _, rest = field.path.partition(".")
        by_section[section][rest] = field
        # one that must be given is asked again with each order, and says so
        with contextlib.suppress(OrderError):
            defaults[name] = field.accept(field.default)
    _ASKED[cls] = (by_section, defaults)
    return by_section, defaults
