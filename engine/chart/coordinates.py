"""What a @cad method is given, as numbers and as structure: the coordinates of a chart, and which chart it is.

A method reads parameters, catalogue columns and limits, and calls stages whose results are numbers in dataclasses, tuples and
mappings. Every finite float among them is a coordinate; everything else (which dataclass, how many openings, a choice, a count, a
flag, an endless limit) is the structure. Bodies of one structure differ by numbers alone, so a `max` or an `if` in a stage costs a chart nothing.
"""

from __future__ import annotations

import dataclasses
import functools
import hashlib
from collections.abc import Iterable, Mapping
from enum import Enum
from math import isfinite
from typing import Any

import numpy as np

from engine.errors import UnikatError
from engine.model.contents import contents


class Unchartable(UnikatError):
    """What a @cad method is given is not all numbers, words and containers of them."""


def taken(inputs: Iterable[tuple[str, object]]) -> tuple[list[float], str]:
    """The coordinates of named inputs, in order, and the digest of their structure. Unchartable, naming the input that has none."""
    values: list[float] = []
    words: list[str] = []
    for name, value in inputs:
        words.append(name)
        try:
            _take(value, values, words)
        except Unchartable as other:
            raise Unchartable(f"{name}: {other}") from None
    return values, hashlib.sha256("\0".join(words).encode()).hexdigest()


def _take(value: object, values: list[float], words: list[str]) -> None:
    kind: type = type(value)
    if kind is float:
        _number(value, values, words)  # type: ignore[arg-type]
    elif kind is tuple or kind is list:
        words.append(f"({len(value)}")  # type: ignore[arg-type]
        for one in value:  # type: ignore[attr-defined]
            _take(one, values, words)
    elif value is None or kind is bool or kind is int or kind is str:
        words.append(repr(value))
    elif (held := contents(kind)) is not None:
        words.append(kind.__qualname__)
        for one in held(value):
            if type(one) is float:
                _number(one, values, words)
            else:
                _take(one, values, words)
    elif isinstance(value, Mapping):
        words.append(f"{{{len(value)}")
        for key in sorted(value, key=repr):
            if not isinstance(key, Enum | bytes | int | float | str | tuple | None):
                raise Unchartable(f"{type(key).__qualname__} is no word that a mapping could name its values by")
            words.append(repr(key))
            _take(value[key], values, words)
    elif isinstance(value, np.generic):
        plain = value.item()
        if isinstance(plain, np.generic):
            raise Unchartable(f"{kind.__qualname__} is wider than a float")
        _take(plain, values, words)
    elif isinstance(value, float):
        _number(float(value), values, words)
    elif isinstance(value, tuple | list):
        words.append(kind.__qualname__)
        _take(tuple(value), values, words)
    elif isinstance(value, Enum | bytes | int | str):
        words.append(repr(value))
    else:
        raise Unchartable(f"{kind.__qualname__} is neither a number, a word, nor a container of them")


def _number(value: float, values: list[float], words: list[str]) -> None:
    if isfinite(value):
        values.append(value + 0.0)  # -0 is 0
        words.append(".")
    else:
        words.append(repr(value))


@functools.cache
def _fields(kind: type) -> tuple[str, ...]:
    return tuple(f.name for f in dataclasses.fields(kind))


def names(inputs: Iterable[tuple[str, object]]) -> list[str]:
    """What each coordinate is called: `wall`; of a stage's result `plan().outer.w`, `plan().openings[2].low`, `size()['wide']`."""
    found: list[str] = []
    for name, value in inputs:
        _name(name if isinstance(value, float | np.generic) else f"{name}()", value, found)
    return found


def _name(path: str, value: Any, found: list[str]) -> None:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float):
        if isfinite(value):
            found.append(path)
    elif isinstance(value, tuple | list):
        for k, one in enumerate(value):
            _name(f"{path}[{k}]", one, found)
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        for name in _fields(type(value)):
            _name(f"{path}.{name}", getattr(value, name), found)
    elif isinstance(value, Mapping):
        for key in sorted(value, key=repr):
            _name(f"{path}[{key!r}]", value[key], found)
