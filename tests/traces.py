"""Lens traces for tests: an ellipse's radii, and files of format 1 written by hand, by nothing that the engine reads or writes with."""

from __future__ import annotations

import math
import pathlib

import numpy as np

from engine.model.lens import Trace

NAMES = ("R1000_1", "R1000_2", "R1000_3", "R360_1", "R360_2", "R360_3")
"""The real files of ../shared/data/oma."""


def real(shared: pathlib.Path, name: str) -> bytes:
    return (shared / "oma" / f"{name}.oma").read_bytes()


def ellipse(a: float = 50.0, b: float = 40.0, n: int = 360) -> np.ndarray:
    """Radii of an ellipse of that box, about its middle, at equal angles."""
    t = 2.0 * np.pi * np.arange(n) / n
    return 1.0 / np.hypot(np.cos(t) / (0.5 * a), np.sin(t) / (0.5 * b))


def egg(n: int = 360) -> np.ndarray:
    """Radii of a lens that is no mirror image of itself, whole hundredths of a millimetre."""
    t = 2.0 * np.pi * np.arange(n) / n
    return np.round(23.0 + 2.0 * np.cos(2 * t) + 0.8 * np.cos(3 * t + 0.4) + 0.5 * np.sin(t), 2)


def trace(radii: np.ndarray, side: str = "right") -> Trace:
    return Trace(side, radii)  # type: ignore[arg-type]  # a side


def block(radii: np.ndarray, side: str = "R", *, told: int | None = None, kind: str = "1", equal: str = "E") -> list[str]:
    """The lines of one trace."""
    whole = [str(round(100.0 * r)) for r in radii]
    rows = [whole[i : i + 8] for i in range(0, len(whole), 8)]
    opened = f"TRCFMT={kind};{len(whole) if told is None else told};{equal};{side};F"
    return [opened, *(f"R={';'.join(row)}" for row in rows)]


def written(*lines: str, right: np.ndarray | None = None, left: np.ndarray | None = None, end: str = "\r\n") -> bytes:
    """A file: those lines, and the traces of both eyes; the left one by default the right one's mirror image."""
    right = egg() if right is None else right
    n = len(right)
    left = right[[(n // 2 - i) % n for i in range(n)]] if left is None else left
    return end.join([*lines, *block(right), *block(left, "L"), ""]).encode("latin-1")


def length(radii: np.ndarray) -> float:
    """Of the polygon, mm."""
    n = len(radii)
    points = [(r * math.cos(2 * math.pi * i / n), r * math.sin(2 * math.pi * i / n)) for i, r in enumerate(radii.tolist())]
    return math.fsum(math.dist(p, points[i - 1]) for i, p in enumerate(points))
