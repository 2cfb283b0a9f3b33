"""Floats that are watched: which coordinates reached a number, and every decision that the designer's code made on it.

    watch = Watch(own_folder(cls))
    wall = watch.coordinate("wall", 1.6)
    max(wall, 1.4) * 2.0        # watch.decisions: line, `max(wall, 1.4)`, picked, {"wall"}, 1.6 and 1.4

A polynomial cannot follow a maximum, a branch or a rounding: where its outcome changes, the surface has a kink, or a jump.

What keeps the watch: + - * / // % ** and their signs, sum, numpy's functions of single numbers, and the functions of `math` while
`watched_math` lasts. What loses it, because C code takes the double out: float(x), numpy arrays made of it, an np.float64 that is
compared with it and stands left, functions of math that a function imports for itself, and whatever the CAD kernel gives back. A
kink behind these is not seen here; `engine.compiling.bends` looks for it in the geometry.
"""

from __future__ import annotations

import contextlib
import dis
import linecache
import math
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from types import CodeType
from typing import Any, NamedTuple

import numpy as np

Names = frozenset[str]

PICK, COMPARE, EQUAL, TRUTH, SIGN = "pick", "compare", "equal", "truth", "abs"
"""min, max and sorted; < and its kin; == and !=; a number taken for true or false; abs and what else asks for a sign."""
STEPS = ("round", "int", "floor", "ceil", "trunc", "//", "%")
"""Kinds of decision whose outcome is a number, which changes in steps."""


class Decision(NamedTuple):
    """One decision: where (file, line and column, the code that made it, which time that line decided), what, and on what.

    `outcome`: 0 or 1 (a comparison's truth; of a sign whether it is no minus), or the number that a rounding gave. `among`: shapes were
    at hand, so it may choose among faces or edges, whose order is the CAD kernel's. `left` and `right`: the values on both sides;
    right of one value alone stands 0, of a rounding its step. Plain, so that it may travel.
    """

    file: str
    line: int
    column: int
    code: str
    occurrence: int
    kind: str
    outcome: float
    among: bool
    names: tuple[str, ...]
    left: float
    right: float


class Watch:
    """The coordinates of one run, by name, and the decisions on them in the order of the run. `own`: how paths of the designer's files begin."""

    def __init__(self, own: str) -> None:
        self.own = own
        self.coordinates: dict[str, float] = {}
        self.decisions: list[Decision] = []
        self.open = True
        self._times: dict[tuple[str, int], int] = {}
        self._places: dict[tuple[CodeType, int], tuple[int, int, str, bool, bool]] = {}

    def coordinate(self, name: str, value: float) -> Watched:
        """The value, watched under this name."""
        self.coordinates[name] = float(value)
        return Watched(value, self, frozenset((name,)))

    def decide(self, kind: str, outcome: float, names: Names, left: float, right: float) -> None:
        """Note a decision, if it is the designer's: the nearest frame that is not this file's must be in her own files."""
        if not self.open:
            return
        frame = sys._getframe(1)
        while frame.f_code.co_filename == __file__ and frame.f_back is not None:
            frame = frame.f_back
        path = frame.f_code.co_filename
        if not path.startswith(self.own):
            return
        key = (frame.f_code, frame.f_lasti)
        if key not in self._places:
            among = any(type(v).__module__.startswith(("cadquery", "OCP")) for v in frame.f_locals.values())
            self._places[key] = (*_place(frame.f_code, frame.f_lasti, frame.f_lineno), among)
        line, column, code, called, among = self._places[key]
        time = self._times[path, line] = self._times.get((path, line), 0) + 1
        kind = PICK if called and kind == COMPARE else kind
        file = os.path.basename(path)
        numbers = (float(left), float(right))
        self.decisions.append(
            Decision(file, line, column, code, time, kind, float(outcome), among, tuple(sorted(names)), *numbers)
        )


def _place(code: CodeType, offset: int, line: int) -> tuple[int, int, str, bool]:
    """Of one instruction: line, column, its own source, and whether it is a call: then min, max or sorted compared, no `if`."""
    for at, (first, last, begin, end) in enumerate(code.co_positions()):
        if 2 * at == offset and first is not None:
            line = first
            text = linecache.getline(code.co_filename, line)
            if first == last and begin is not None and end is not None:
                return line, begin, _short(text.encode()[begin:end].decode(errors="replace")), _calls(code, offset)
            return line, begin or 0, _short(text), _calls(code, offset)
    return line, 0, _short(linecache.getline(code.co_filename, line)), _calls(code, offset)


def _calls(code: CodeType, offset: int) -> bool:
    return "CALL" in dis.opname[code.co_code[offset]]


def _short(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= 80 else f"{text[:77]}..."


class Watched(float):
    """A float that remembers the coordinates that reached it, and tells its watch what is decided on it."""

    __slots__ = ("names", "watch")

    names: Names
    watch: Watch

    def __new__(cls, value: float, watch: Watch, names: Names) -> Watched:
        made = super().__new__(cls, value)
        made.watch, made.names = watch, names
        return made

    __hash__ = float.__hash__

    def __copy__(self) -> Watched:
        return self

    def __deepcopy__(self, memo: object) -> Watched:
        return self

    def _made(self, value: Any, other: object = None) -> Any:
        """A result of this number (and another one): watched where it is one."""
        if not isinstance(value, float):
            return value  # NotImplemented, or complex
        return Watched(value, self.watch, self._with(other))

    def _with(self, other: object) -> Names:
        return self.names | other.names if isinstance(other, Watched) else self.names

    def _decided(self, kind: str, outcome: Any, other: object = 0.0) -> Any:
        """The outcome, told to the watch."""
        if outcome is not NotImplemented:
            assert isinstance(other, int | float)
            self.watch.decide(kind, outcome, self._with(other), self, other)
        return outcome

    def __add__(self, other: float) -> Any:
        return self._made(float.__add__(self, other), other)

    def __radd__(self, other: float) -> Any:
        return self._made(float.__radd__(self, other), other)

    def __sub__(self, other: float) -> Any:
        return self._made(float.__sub__(self, other), other)

    def __rsub__(self, other: float) -> Any:
        return self._made(float.__rsub__(self, other), other)

    def __mul__(self, other: float) -> Any:
        return self._made(float.__mul__(self, other), other)

    def __rmul__(self, other: float) -> Any:
        return self._made(float.__rmul__(self, other), other)

    def __truediv__(self, other: float) -> Any:
        return self._made(float.__truediv__(self, other), other)

    def __rtruediv__(self, other: float) -> Any:
        return self._made(float.__rtruediv__(self, other), other)

    def __pow__(self, other: Any, mod: None = None) -> Any:
        return self._made(float.__pow__(self, other), other)

    def __rpow__(self, other: Any, mod: None = None) -> Any:
        return self._made(float.__rpow__(self, other), other)

    def __neg__(self) -> Any:
        return self._made(float.__neg__(self))

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        self._decided(SIGN, self._plain() >= 0.0)
        return self._made(float.__abs__(self))

    def __lt__(self, other: float) -> Any:
        return self._decided(COMPARE, float.__lt__(self, other), other)

    def __le__(self, other: float) -> Any:
        return self._decided(COMPARE, float.__le__(self, other), other)

    def __gt__(self, other: float) -> Any:
        return self._decided(COMPARE, float.__gt__(self, other), other)

    def __ge__(self, other: float) -> Any:
        return self._decided(COMPARE, float.__ge__(self, other), other)

    def __eq__(self, other: object) -> Any:
        return self._decided(EQUAL, float.__eq__(self, other), other)

    def __ne__(self, other: object) -> Any:
        return self._decided(EQUAL, float.__ne__(self, other), other)

    def __bool__(self) -> bool:
        return bool(self._decided(TRUTH, float.__bool__(self)))

    def __int__(self) -> Any:
        return self._stepped("int", float.__int__(self))

    def __trunc__(self) -> Any:
        return self._stepped("trunc", float.__trunc__(self))

    def __floor__(self) -> Any:
        return self._stepped("floor", float.__floor__(self))

    def __ceil__(self) -> Any:
        return self._stepped("ceil", float.__ceil__(self))

    def __round__(self, digits: Any = None) -> Any:
        return self._stepped("round", float.__round__(self, digits), 10.0 ** -int(digits or 0))

    def __floordiv__(self, other: float) -> Any:
        return self._divided("//", float.__floordiv__(self, other), other, float.__floordiv__)

    def __rfloordiv__(self, other: float) -> Any:
        return self._divided("//", float.__rfloordiv__(self, other), other, float.__rfloordiv__)

    def __mod__(self, other: float) -> Any:
        return self._divided("%", float.__mod__(self, other), other, float.__floordiv__)

    def __rmod__(self, other: float) -> Any:
        return self._divided("%", float.__rmod__(self, other), other, float.__rfloordiv__)

    def __divmod__(self, other: float) -> Any:
        return self // other, self % other

    def __rdivmod__(self, other: float) -> Any:
        return other // self, other % self

    def _plain(self) -> float:
        return float(self)

    def _stepped(self, kind: str, outcome: Any, step: float = 1.0) -> Any:
        """What rounding made of it: a constant between two steps, so no longer watched."""
        self.watch.decide(kind, outcome, self.names, self, step)
        return outcome

    def _divided(self, kind: str, result: Any, other: Any, quotient: Callable[[float, float], Any]) -> Any:
        """A whole quotient (constant between two steps), or a remainder, which jumps where the quotient steps."""
        if result is NotImplemented:
            return result
        whole = float(quotient(self._plain(), other))
        self.watch.decide(kind, whole, self._with(other), self, other)
        return result if kind == "//" else self._made(result, other)

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        """numpy's functions; watched on where all are single numbers."""
        plain = [float(i) if isinstance(i, Watched) else i for i in inputs]
        result = getattr(ufunc, method)(*plain, **options)
        if method != "__call__" or not all(isinstance(i, int | float | np.number) for i in plain):
            return result
        return _told(ufunc.__name__, list(inputs), result)


_NUMPY: Mapping[str, str] = {
    "less": COMPARE,
    "less_equal": COMPARE,
    "greater": COMPARE,
    "greater_equal": COMPARE,
    "equal": EQUAL,
    "not_equal": EQUAL,
    "maximum": PICK,
    "minimum": PICK,
    "fmax": PICK,
    "fmin": PICK,
    "absolute": SIGN,
    "fabs": SIGN,
    "sign": SIGN,
    "copysign": SIGN,
    "floor": "floor",
    "ceil": "ceil",
    "trunc": "trunc",
    "rint": "round",
    "floor_divide": "//",
    "remainder": "%",
    "fmod": "%",
    "isclose": COMPARE,
    "modf": "trunc",
}
"""What functions of numpy and math decide, by their names."""


def _told(name: str, inputs: list[Any], result: Any) -> Any:
    """The result of a function on some watched numbers, watched if it is one; its decision told."""
    watched = [i for i in inputs if isinstance(i, Watched)]
    names, watch = frozenset().union(*(w.names for w in watched)), watched[0].watch
    kind = _NUMPY.get(name)
    if kind is not None:
        left, right = (float(i) for i in (*inputs[:2], 0.0)[:2])
        outcome = float(result[-1] if name == "modf" else result)
        if name == "copysign":
            left, right = right, 0.0
        elif kind == "%":
            outcome = (left - outcome) / right if right else 0.0
            outcome = float(round(outcome)) if math.isfinite(outcome) else 0.0
        elif kind in STEPS and kind != "//":
            right = 1.0
        if kind in (PICK, SIGN):
            outcome = float(left >= right)
        watch.decide(kind, outcome, names, left, right)
    if not isinstance(result, float) or (kind in STEPS and kind != "%"):
        return result
    return Watched(float(result), watch, names)


def _flat(arguments: Any) -> Iterator[Any]:
    for one in arguments:
        if isinstance(one, tuple | list):
            yield from _flat(one)
        else:
            yield one


class _Math:
    """The module `math`, whose functions keep the watch."""

    def __init__(self, instead: Mapping[str, Any]) -> None:
        self.__dict__.update(instead)


def _watching(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function of `math`; what it makes of watched numbers is watched."""

    def call(*arguments: Any, **options: Any) -> Any:
        result = function(*arguments, **options)
        numbers = list(_flat(arguments))
        if not any(isinstance(n, Watched) for n in numbers):
            return result
        return _told(function.__name__, numbers, result)

    return call


@contextlib.contextmanager
def watched_math(own: str) -> Iterator[None]:
    """Meanwhile the designer's modules (their files begin with `own`) have a `math`, and functions from it, that keep the watch."""
    whole = {n: v for n, v in vars(math).items() if not n.startswith("_")}
    asked = ("floor", "ceil", "trunc")  # these ask the number itself
    watching = {n: _watching(v) if callable(v) and n not in asked else v for n, v in whole.items()}
    by_identity = {id(v): watching[n] for n, v in whole.items() if callable(v)}
    instead = {id(math): _Math(watching), **by_identity}
    swapped: list[tuple[dict[str, Any], str, Any]] = []
    for module in list(sys.modules.values()):
        if str(getattr(module, "__file__", None) or "").startswith(own):
            names = vars(module)
            swapped += [(names, name, value) for name, value in names.items() if id(value) in instead]
    for names, name, value in swapped:
        names[name] = instead[id(value)]
    try:
        yield
    finally:
        for names, name, value in swapped:
            names[name] = value
