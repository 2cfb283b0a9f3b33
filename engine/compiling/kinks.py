"""Kinks: decisions of a @cad method that fall otherwise on one side of a value than on the other. No polynomial fits across them.

A place in the code that decides as often in two runs is compared decision by decision, in the order of their margins: faces and edges
come in the CAD kernel's order, which changes without any harm, so what counts is how many decide which way. Where it decides more
often in one run than in another, the runs are laid beside each other from their beginning: the last decision before they part is the
cause. The runs must differ in their coordinates alone: same choices, same counts.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from engine.compiling.watched import COMPARE, EQUAL, PICK, SIGN, STEPS, TRUTH, Decision

HARMLESS_MM = 1e-6
"""What min, max, abs or a rounding may move and nobody minds: a hundredth of a step of the lattice. OCCT's own noise is below it."""


@dataclass(frozen=True)
class Sample:
    """One watched run: the coordinates by name, and what was decided, in order."""

    values: Mapping[str, float]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Between:
    """A coordinate, its values in the two nearest runs that decided otherwise (low <= high), and where in between the kink is about."""

    name: str
    low: float
    high: float
    about: float


@dataclass(frozen=True)
class Kink:
    """A decision that changes: where (file, line, column, how often that line had decided before, plus one), its code and kind,
    whether it chooses `among` shapes, and between which values. Where several coordinates are involved, the kink is a surface, and `between` one place on it."""

    file: str
    line: int
    column: int
    occurrence: int
    kind: str
    code: str
    among: bool
    between: tuple[Between, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The coordinates that vary and took part."""
        return tuple(b.name for b in self.between)

    def sentence(self, language: str = "en") -> str:
        """To the designer, in English ("en") or French ("fr"): what there is, where, and what she can do."""
        french = language == "fr"
        places = [_place(b, french) for b in self.between[:4]] + ["..."] * (len(self.between) > 4)
        what = _WHAT[self.kind if self.kind not in STEPS else "steps"][french]
        where = f"{self.file}:{self.line}"
        ways = [way for way in (self._helper(french), self._breakpoint(french), self._stage(french)) if way]
        if self.among:
            what = _CHOOSES[french]
            ways = [_CHOOSE[french], *([self._breakpoint(french)] if self._breakpoint(french) else [])]
        last = " ou " if french else " or "
        do = ", ".join(ways[:-1]) + (last if len(ways) > 1 else "") + ways[-1]
        if french:
            return f"{where} : `{self.code}` {what} près de {', '.join(places)} ; aucun polynôme ne passe par là. {do[0].upper()}{do[1:]}."
        return f"{where}: `{self.code}` {what} near {', '.join(places)}; no polynomial fits across it. {do[0].upper()}{do[1:]}."

    def _helper(self, french: bool) -> str:
        """Which smooth helper says the same."""
        helper = "smooth_abs" if self.kind == SIGN else None
        if self.kind == PICK:
            called = re.search(r"\b(max|min)", self.code)
            helper = f"smooth_{called[1]}" if called else None
        if helper is None:
            return ""
        return f"utilisez {helper}(..., within=...)" if french else f"use {helper}(..., within=...)"

    def _breakpoint(self, french: bool) -> str:
        """A breakpoint can be declared on a parameter alone, and says something where no other coordinate moves the kink."""
        if len(self.between) != 1 or not self.between[0].name.isidentifier():
            return ""
        one = self.between[0]
        declared = f"breakpoints=({one.about:.6g},)"
        if self.kind in STEPS:
            declared = f"breakpoints=({one.about:.6g}, ...)"
        return f"déclarez {declared} sur {one.name}" if french else f"declare {declared} on {one.name}"

    def _stage(self, french: bool) -> str:
        stages = sorted({b.name.split("()")[0] for b in self.between if "()" in b.name})
        if french:
            where = f"dans le @stage {stages[0]}" if len(stages) == 1 else "dans un @stage"
            return f"faites ce calcul {where}, dont la méthode @cad lit le résultat"
        where = f"in the @stage {stages[0]}" if len(stages) == 1 else "in a @stage"
        return f"work it out {where}, whose result the @cad method reads"


_WHAT: Mapping[str, tuple[str, str]] = {
    PICK: ("picks another value", "choisit une autre valeur"),
    COMPARE: ("decides otherwise", "décide autrement"),
    EQUAL: ("decides otherwise", "décide autrement"),
    TRUTH: ("decides otherwise", "décide autrement"),
    SIGN: ("turns its sign", "change de signe"),
    "steps": ("steps to another value", "saute à une autre valeur"),
}


_CHOOSES = ("finds another number of faces or edges", "trouve un autre nombre de faces ou d'arêtes")
_CHOOSE = (
    "choose them so that the same are found on both sides",
    "choisissez-les de sorte que les mêmes soient trouvées des deux côtés",
)


def _place(b: Between, french: bool) -> str:
    if french:
        return f"{b.name} = {b.about:.6g} (entre {b.low:.6g} et {b.high:.6g})"
    return f"{b.name} = {b.about:.6g} (between {b.low:.6g} and {b.high:.6g})"


Decided = tuple[Mapping[str, float], Decision]
"""The coordinates of a run, and one decision that it made."""
Place = tuple[str, int, int, str]


def found(samples: Sequence[Sample]) -> tuple[Kink, ...]:
    """The kinks that these runs show, sorted by file, line, column, occurrence and value; the same in whatever order the runs come.

    Where one coordinate alone decides, every place along it is told. Of several, and of a rounding, the tightest; of choices among
    shapes in a loop, one a line of code: a later condition may undo it, so it says what to look at where faces appear. What changes by
    no more than HARMLESS_MM is none, nor what changes while no coordinate that took part does: something else decided, unwatched.
    O(decisions + kinks * runs^2).
    """
    ordered = sorted(samples, key=lambda s: (sorted(s.values.items()), s.decisions))
    kinks: dict[tuple[str, int, int, int, str], list[Kink]] = {}
    for kink in [*_as_often(ordered), *_partings(ordered)]:
        key = (kink.file, kink.line, kink.column, 0 if kink.among else kink.occurrence, kink.kind)
        kinks[key] = _with(kinks.get(key, []), kink)
    return tuple(kink for key in sorted(kinks) for kink in sorted(kinks[key], key=_width))


def _place_of(d: Decision) -> Place:
    return d.file, d.line, d.column, d.kind


def _as_often(samples: Sequence[Sample]) -> Iterator[Kink]:
    """Of each place, among the runs in which it decided as often."""
    alike: dict[tuple[Place, int], list[tuple[Mapping[str, float], list[Decision]]]] = {}
    for sample in samples:
        here: dict[Place, list[Decision]] = {}
        for d in sample.decisions:
            here.setdefault(_place_of(d), []).append(d)
        for place, made in here.items():
            alike.setdefault((place, len(made)), []).append((sample.values, sorted(made, key=lambda d: (_margin(d), d))))
    for (_, often), runs in alike.items():
        for nth in range(often):
            yield from _kinks([(values, made[nth]) for values, made in runs], often > 1)


def _partings(samples: Sequence[Sample]) -> Iterator[Kink]:
    """The last decision before runs part; choices among shapes apart, which part where the kernel made more of them."""
    often = [Counter(_place_of(d) for d in s.decisions) for s in samples]
    walked = [
        (s.values, [d for d in s.decisions if not (d.among and n[_place_of(d)] > 1)])
        for s, n in zip(samples, often, strict=True)
    ]
    together, depth = [walked], 0
    while together:
        further = []
        for group in together:
            roads: dict[Place | None, list[tuple[Mapping[str, float], list[Decision]]]] = {}
            for values, made in group:
                roads.setdefault(_place_of(made[depth]) if depth < len(made) else None, []).append((values, made))
            if depth and len(roads) > 1:
                yield from _kinks([(values, made[depth - 1]) for values, made in group], False)
            further += [alike for place, alike in roads.items() if place is not None and len(alike) > 1]
        together, depth = further, depth + 1


def _margin(d: Decision) -> float:
    """What decides: the value that is rounded, or how far both sides are apart, below 0 where the outcome is no."""
    if d.kind in STEPS:
        return d.left
    return abs(d.left - d.right) if d.outcome else -abs(d.left - d.right)


def _width(kink: Kink) -> tuple[int, list[tuple[float, float, str]]]:
    return len(kink.between), [(b.low, b.high - b.low, b.name) for b in kink.between]


def _with(known: list[Kink], new: Kink) -> list[Kink]:
    """Kinks of one decision, this one among them if it says more: fewer coordinates, another place, or one told more tightly."""
    least = min(len(k.between) for k in [*known, new])
    kept = [k for k in [*known, new] if len(k.between) == least]
    one_each = least > 1 or new.among or new.kind in STEPS
    made: list[Kink] = []
    for kink in sorted(kept, key=lambda k: ([b.high - b.low for b in k.between], _width(k))):
        if not any(one_each or _overlap(kink, k) for k in made):
            made.append(kink)
    return made


def _overlap(one: Kink, other: Kink) -> bool:
    a, b = one.between[0], other.between[0]
    return a.name == b.name and a.low < b.high and b.low < a.high


def _kinks(runs: Sequence[Decided], repeated: bool) -> Iterator[Kink]:
    """Of one decision in several runs; `repeated`: its place decides several times in each."""
    first = runs[0][1]
    if all(d.outcome == first.outcome for _, d in runs) or _harmless([d for _, d in runs]):
        return
    took_part = sorted({n for _, d in runs for n in d.names})
    runs = [r for r in runs if all(n in r[0] for n in took_part)]
    names = [n for n in took_part if len({values[n] for values, _ in runs}) > 1]
    d = min(r[1] for r in runs) if runs else first
    for (low, below), (high, above) in _flips(runs, names):
        share = _share(below, above)
        between = []
        for name in names:
            about = low[name] + share * (high[name] - low[name])
            between.append(Between(name, min(low[name], high[name]), max(low[name], high[name]), about))
        yield Kink(d.file, d.line, d.column, d.occurrence, d.kind, d.code, repeated and d.among, tuple(between))


def _flips(runs: Sequence[Decided], names: Sequence[str]) -> Iterator[tuple[Decided, Decided]]:
    """Pairs of runs that decided otherwise: all neighbours along one coordinate that alone decides, else the two nearest."""
    if len(names) == 1:
        line = sorted(runs, key=lambda r: (r[0][names[0]], r[1]))
        pairs = list(itertools.pairwise(line))
        if not any(a[0][names[0]] == b[0][names[0]] and a[1].outcome != b[1].outcome for a, b in pairs):
            yield from (pair for pair in pairs if pair[0][1].outcome != pair[1][1].outcome)
            return
    pair = _nearest(runs, names) if names else None
    if pair is not None:
        yield pair


def _harmless(decisions: Sequence[Decision]) -> bool:
    """Whether no more than noise hangs on it: on one side both values are the same but for noise, or its steps are as fine as that."""
    first = decisions[0]
    if first.kind in (PICK, SIGN):
        for side in (0.0, 1.0):
            if all(abs(d.left - d.right) <= HARMLESS_MM for d in decisions if d.outcome == side):
                return True
    return first.kind in STEPS and all(abs(d.right) <= HARMLESS_MM for d in decisions)


def _nearest(runs: Sequence[Decided], names: Sequence[str]) -> tuple[Decided, Decided] | None:
    """The two runs that decided otherwise and lie nearest each other, but apart, every coordinate measured by its range; None where there are none."""
    values = np.array([[v[n] for n in names] for v, _ in runs], dtype=np.float64)
    values /= values.max(axis=0) - values.min(axis=0)
    outcomes = np.array([d.outcome for _, d in runs])
    best: tuple[float, int, int] | None = None
    for i in range(len(runs)):
        others = np.flatnonzero(outcomes[i + 1 :] != outcomes[i]) + i + 1
        if len(others):
            away = np.abs(values[others] - values[i]).max(axis=1)
            away[away == 0.0] = np.inf
            at = int(away.argmin())
            if away[at] < (np.inf if best is None else best[0]):
                best = (float(away[at]), i, int(others[at]))
    return None if best is None else (runs[best[1]], runs[best[2]])


def _share(one: Decision, other: Decision) -> float:
    """How far from the first run to the second the outcome changes: where both sides meet, on a straight line; the middle where that says nothing."""
    if one.kind in STEPS or one.kind in (EQUAL, TRUTH):
        return 0.5
    a, b = _margin(one), _margin(other)
    return a / (a - b) if (a > 0.0) != (b > 0.0) and a != b else 0.5
