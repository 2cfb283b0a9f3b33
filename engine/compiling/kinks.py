"""Kinks: decisions of a @cad method that fall otherwise on one side of a value than on the other. No polynomial fits across them.

A place in the code that decides as often in two runs is compared decision by decision, in the order of their margins: faces and edges
come in the CAD kernel's order, which changes without any harm, so what counts is how many decide which way. Where it decides more
often in one run than in another, the runs are laid beside each other from their beginning: the last decision before they part is the
cause. The runs must differ in their coordinates alone: same choices, same counts.
"""

from __future__ import annotations

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


Run = tuple[Mapping[str, float], Decision]
"""The coordinates of a run, and one decision that it made."""
Place = tuple[str, int, int, str]


def found(samples: Sequence[Sample]) -> tuple[Kink, ...]:
    """The kinks that these runs show, sorted by file, line, column and occurrence; the same in whatever order the runs come.

    Of a rounding, one place at which it steps is told, not all; of choices among shapes in a loop, one a line of code. Such a choice
    may be harmless, where a later condition undoes it: it says what to look at where faces appear. What changes by no more than HARMLESS_MM is none, nor what changes
    while no coordinate that took part does: then something else decided, which was not watched.
    O(decisions + kinks * runs^2).
    """
    ordered = sorted(samples, key=lambda s: (sorted(s.values.items()), s.decisions))
    kinks: dict[tuple[str, int, int, int, str], Kink] = {}
    for kink in [*_as_often(ordered), *_partings(ordered)]:
        key = (kink.file, kink.line, kink.column, 0 if kink.among else kink.occurrence, kink.kind)
        kinks[key] = _tighter(kinks[key], kink) if key in kinks else kink
    return tuple(kinks[key] for key in sorted(kinks))


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
            alike.setdefault((place, len(made)), []).append((sample.values, sorted(made, key=_margin)))
    for (_, often), runs in alike.items():
        for nth in range(often):
            kink = _kink([(values, made[nth]) for values, made in runs], often > 1)
            if kink is not None:
                yield kink


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
                kink = _kink([(values, made[depth - 1]) for values, made in group], False)
                if kink is not None:
                    yield kink
            further += [alike for place, alike in roads.items() if place is not None and len(alike) > 1]
        together, depth = further, depth + 1


def _margin(d: Decision) -> float:
    """What decides: the difference of both sides, or the value that is rounded."""
    return d.left if d.kind in STEPS else d.left - d.right


def _tighter(one: Kink, other: Kink) -> Kink:
    """Of the same decision seen on two roads, that with fewer coordinates, then the narrower."""
    return min(one, other, key=lambda k: (len(k.between), [(b.high - b.low, b.name, b.low) for b in k.between]))


def _kink(runs: Sequence[Run], repeated: bool) -> Kink | None:
    """Of one decision in several runs; `repeated`: its place decides several times in each."""
    first = runs[0][1]
    if all(d.outcome == first.outcome for _, d in runs) or _harmless([d for _, d in runs]):
        return None
    took_part = sorted({n for _, d in runs for n in d.names})
    runs = [r for r in runs if all(n in r[0] for n in took_part)]
    names = [n for n in took_part if len({values[n] for values, _ in runs}) > 1]
    pair = _nearest(runs, names) if names else None
    if pair is None:
        return None
    (low, below), (high, above) = pair
    share = _share(below, above)
    between = []
    for name in names:
        about = low[name] + share * (high[name] - low[name])
        between.append(Between(name, min(low[name], high[name]), max(low[name], high[name]), about))
    d = min(r[1] for r in runs)
    return Kink(d.file, d.line, d.column, d.occurrence, d.kind, d.code, repeated and d.among, tuple(between))


def _harmless(decisions: Sequence[Decision]) -> bool:
    """Whether no more than noise hangs on it: on one side both values are the same but for noise, or its steps are as fine as that."""
    first = decisions[0]
    if first.kind in (PICK, SIGN):
        for side in (0.0, 1.0):
            if all(abs(d.left - d.right) <= HARMLESS_MM for d in decisions if d.outcome == side):
                return True
    return first.kind in STEPS and all(abs(d.right) <= HARMLESS_MM for d in decisions)


def _nearest(runs: Sequence[Run], names: Sequence[str]) -> tuple[Run, Run] | None:
    """The two runs that decided otherwise and lie nearest each other, every coordinate measured by its range; None where all decided alike."""
    values = np.array([[v[n] for n in names] for v, _ in runs], dtype=np.float64)
    values /= values.max(axis=0) - values.min(axis=0)
    outcomes = np.array([d.outcome for _, d in runs])
    best: tuple[float, int, int] | None = None
    for i in range(len(runs)):
        others = np.flatnonzero(outcomes[i + 1 :] != outcomes[i]) + i + 1
        if len(others):
            away = np.abs(values[others] - values[i]).max(axis=1)
            at = int(away.argmin())
            if best is None or away[at] < best[0]:
                best = (float(away[at]), i, int(others[at]))
    return None if best is None else (runs[best[1]], runs[best[2]])


def _share(one: Decision, other: Decision) -> float:
    """How far from the first run to the second the outcome changes: where both sides meet, on a straight line; the middle where that says nothing."""
    if one.kind in STEPS or one.kind in (EQUAL, TRUTH):
        return 0.5
    a, b = _margin(one), _margin(other)
    return a / (a - b) if (a > 0.0) != (b > 0.0) and a != b else 0.5
