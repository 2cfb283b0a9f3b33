"""Directions of a line, by the Unicode bidirectional algorithm (UAX 9): a level for each character, and the order of its runs.

Characters that set directions explicitly (embeddings, overrides, isolates, marks) are refused before (see engine.shape.characters),
so rules X1 to X8 have nothing to do, and a line is one sequence at the level of its paragraph. Joiners and other
boundary neutrals are left out as X9 says.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence

from fontTools.unicodedata.Mirrored import MIRRORED

RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})
"""Classes that leave no line wholly left to right."""

DEEPEST = 63
"""Brackets that may stand open at once (BD16)."""

_NEUTRAL = frozenset({"B", "S", "WS", "ON"})


def mixed(text: str) -> bool:
    """Does the text hold anything that is not written from left to right?"""
    return not text.isascii() and any(unicodedata.bidirectional(character) in RIGHT_TO_LEFT for character in text)


def levels(text: str) -> list[int]:
    """The embedding level of each character; even is left to right. The first strong one says the paragraph's (P2, P3)."""
    classes = [unicodedata.bidirectional(character) or "L" for character in text]
    base = next((int(kind != "L") for kind in classes if kind in ("L", "R", "AL")), 0)
    kept = [i for i, kind in enumerate(classes) if kind != "BN"]
    found = _resolved([text[i] for i in kept], [classes[i] for i in kept], base)
    levels = [-1] * len(text)
    for i, level in zip(kept, found, strict=True):
        levels[i] = level
    for i, level in enumerate(levels):
        if level < 0:
            # what X9 leaves out goes with what stands before it
            levels[i] = levels[i - 1] if i else base
    for i in range(len(text) - 1, -1, -1):
        # L1
        if classes[i] not in ("WS", "S", "B", "BN"):
            break
        levels[i] = base
    return levels


def _resolved(text: Sequence[str], original: Sequence[str], base: int) -> list[int]:
    """Rules W1 to I2 for one sequence of text without boundary neutrals."""
    edge = "R" if base else "L"
    kinds = _weak(list(original), edge)
    _brackets(text, original, kinds, edge)
    _neutral(kinds, edge)
    raised = {"L": base + base % 2, "R": base + 1 - base % 2}
    return [raised.get(kind, base + 2 - base % 2) for kind in kinds]


def _weak(kinds: list[str], edge: str) -> list[str]:
    """Marks, numbers and what belongs to numbers (W1 to W7)."""
    before = edge
    for i, kind in enumerate(kinds):
        before = kinds[i] = before if kind == "NSM" else kind
    strong = edge
    for i, kind in enumerate(kinds):
        if kind in ("L", "R", "AL"):
            strong = kind
        elif kind == "EN" and strong == "AL":
            kinds[i] = "AN"
    kinds = ["R" if kind == "AL" else kind for kind in kinds]
    for i in range(1, len(kinds) - 1):
        before, after = kinds[i - 1], kinds[i + 1]
        if before == after and ((kinds[i] in ("ES", "CS") and before == "EN") or (kinds[i] == "CS" and before == "AN")):
            kinds[i] = before
    for first, end in _stretches(kinds, ("ET",)):
        if (first and kinds[first - 1] == "EN") or (end < len(kinds) and kinds[end] == "EN"):
            kinds[first:end] = ["EN"] * (end - first)
    kinds = ["ON" if kind in ("ES", "ET", "CS") else kind for kind in kinds]
    strong = edge
    for i, kind in enumerate(kinds):
        if kind in ("L", "R"):
            strong = kind
        elif kind == "EN" and strong == "L":
            kinds[i] = "L"
    return kinds


def _strong(kind: str) -> str:
    """Numbers count as right to left for what stands between (N0 to N2)."""
    return "R" if kind in ("R", "EN", "AN") else kind


def _brackets(text: Sequence[str], original: Sequence[str], kinds: list[str], edge: str) -> None:
    """Pairs of brackets take one direction (N0, BD16)."""
    for opening, closing in _pairs(text, kinds):
        inside = {_strong(kind) for kind in kinds[opening + 1 : closing]} & {"L", "R"}
        if not inside:
            continue
        if edge in inside:
            taken = edge
        else:
            before = next((_strong(kind) for kind in reversed(kinds[:opening]) if _strong(kind) in ("L", "R")), edge)
            taken = before if before != edge else edge
        for place in (opening, closing):
            kinds[place] = taken
            after = place + 1
            while after < len(kinds) and original[after] == "NSM":
                kinds[after] = taken
                after += 1


def _pairs(text: Sequence[str], kinds: Sequence[str]) -> list[tuple[int, int]]:
    """Openings and their closings, in the order of the openings; none where too many stand open."""
    open_: list[tuple[str, int]] = []
    found = []
    for i, character in enumerate(text):
        other = MIRRORED.get(ord(character)) if kinds[i] == "ON" else None
        if other is None:
            continue
        category = unicodedata.category(character)
        if category == "Ps":
            if len(open_) == DEEPEST:
                return []
            open_.append((chr(other), i))
        elif category == "Pe":
            for depth in range(len(open_) - 1, -1, -1):
                if open_[depth][0] == character:
                    found.append((open_[depth][1], i))
                    del open_[depth:]
                    break
    return sorted(found)


def _neutral(kinds: list[str], edge: str) -> None:
    """What has no direction takes that of both sides, or the paragraph's (N1, N2)."""
    for first, end in _stretches(kinds, _NEUTRAL):
        before = _strong(kinds[first - 1]) if first else edge
        after = _strong(kinds[end]) if end < len(kinds) else edge
        kinds[first:end] = [before if before == after else edge] * (end - first)


def _stretches(kinds: Sequence[str], wanted: Iterable[str]) -> list[tuple[int, int]]:
    """First and one past the last of each stretch of wanted classes."""
    found: list[tuple[int, int]] = []
    for i, kind in enumerate(kinds):
        if kind in wanted:
            if found and found[-1][1] == i:
                found[-1] = (found[-1][0], i + 1)
            else:
                found.append((i, i + 1))
    return found


def order(levels: Sequence[int]) -> list[int]:
    """The numbers of runs as they stand from left to right (L2), given the level of each in reading order."""
    places = list(range(len(levels)))
    lowest = min((level for level in levels if level % 2), default=1)
    for depth in range(max(levels, default=0), lowest - 1, -1):
        first = 0
        while first < len(places):
            end = first
            while end < len(places) and levels[places[end]] >= depth:
                end += 1
            if end > first:
                places[first:end] = reversed(places[first:end])
            first = max(end, first + 1)
    return places
