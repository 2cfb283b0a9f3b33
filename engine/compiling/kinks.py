"""Kinks: decisions of a @cad method that fall otherwise on one side of a value than on the other. No polynomial fits across them.

Runs are compared as far as they walked the same road: decisions are laid over each other by where they were made, in the order of
the run, and part where the places part. So a loop that ends earlier names the comparison that ended it, and nothing after it.
The runs must differ in their coordinates alone: same choices, same counts.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
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
    """A decision that changes: where (file, line, column, how often that line had decided before, plus one), its code and kind, and
    between which values. Where several coordinates are involved, the kink is a surface, and `between` one place on it."""

    file: str
    line: int
    column: int
    occurrence: int
    kind: str
    code: str
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


def _place(b: Between, french: bool) -> str:
    if french:
        return f"{b.name} = {b.about:.6g} (entre {b.low:.6g} et {b.high:.6g})"
    return f"{b.name} = {b.about:.6g} (between {b.low:.6g} and {b.high:.6g})"


Run = tuple[Mapping[str, float], Decision]
"""The coordinates of a run, and one decision that it made."""
Key = tuple[str, int, int, int, str]


def found(samples: Sequence[Sample]) -> tuple[Kink, ...]:
    """The kinks that these runs show, sorted by file, line, column and occurrence; the same in whatever order the runs come.

    Of a rounding, one place at which it steps is told, not all. What changes by no more than HARMLESS_MM is none, nor what changes
    while no coordinate that took part does: then something else decided, which was not watched.
    O(decisions + kinks * runs^2).
    """
    kinks: dict[Key, Kink] = {}
    together = [sorted(samples, key=lambda s: (sorted(s.values.items()), s.decisions))]
    depth = 0
    while together:
        further: list[list[Sample]] = []
        for group in together:
            roads: dict[tuple[str, int, int, str], list[Sample]] = {}
            for sample in group:
                if depth < len(sample.decisions):
                    d = sample.decisions[depth]
                    roads.setdefault((d.file, d.line, d.column, d.kind), []).append(sample)
            for alike in roads.values():
                kink = _kink([(s.values, s.decisions[depth]) for s in alike])
                if kink is not None:
                    key = (kink.file, kink.line, kink.column, kink.occurrence, kink.kind)
                    kinks[key] = _tighter(kinks[key], kink) if key in kinks else kink
            further += [alike for alike in roads.values() if len(alike) > 1]
        together, depth = further, depth + 1
    return tuple(kinks[key] for key in sorted(kinks))


def _tighter(one: Kink, other: Kink) -> Kink:
    """Of the same decision seen on two roads, that with fewer coordinates, then the narrower."""
    return min(one, other, key=lambda k: (len(k.between), [(b.high - b.low, b.name, b.low) for b in k.between]))


def _kink(runs: Sequence[Run]) -> Kink | None:
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
    return Kink(d.file, d.line, d.column, d.occurrence, d.kind, d.code, tuple(between))


def _harmless(decisions: Sequence[Decision]) -> bool:
    """Whether no more than noise hangs on it: on one side both values are the same but for noise, or rounding is as fine as that."""
    first = decisions[0]
    if first.kind in (PICK, SIGN):
        for side in (0.0, 1.0):
            if all(abs(d.left - d.right) <= HARMLESS_MM for d in decisions if d.outcome == side):
                return True
    return first.kind == "round" and all(abs(d.left - d.right) <= HARMLESS_MM for d in decisions)


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
    a, b = one.left - one.right, other.left - other.right
    return a / (a - b) if (a > 0.0) != (b > 0.0) and a != b else 0.5
