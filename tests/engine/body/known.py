"""Feet whose measures are known, from the formulas they are drawn by and from nothing that reads scans."""

from __future__ import annotations

import numpy as np
from scipy.spatial import ConvexHull

from engine.body.synthetic import SyntheticFoot

LEVEL = 0.5
"""mm."""
OUTER = (0.5, 0.78)
"""Of the length: where the ball's lateral point is looked for; beside a straight border it would be anywhere."""
INSET, HEEL, ARCH = 0.15, 0.15, (0.25, 0.6)
"""The definition of arch height: on the line along the medial side, from the heel's widest to the ball, moved in by a share of the width."""


def varied(random: np.random.Generator) -> SyntheticFoot:
    """Lengths from a child's to the largest adult's; breadths, arches and heels as people have them, and somewhat beyond."""
    length = random.uniform(170.0, 315.0)
    ball = length * random.uniform(0.34, 0.44)
    return SyntheticFoot(
        side="left" if random.random() < 0.5 else "right",
        length=length,
        ball_width=ball,
        heel_width=ball * random.uniform(0.6, 0.8),
        arch=length * random.uniform(0.05, 0.14),
        arch_share=random.uniform(0.71, 0.775),
        instep=length * random.uniform(0.23, 0.30),
        cut=length * random.uniform(0.32, 0.45),
    )


def truth(foot: SyntheticFoot) -> dict[str, float]:
    """Its measures, mm, by their definitions."""
    shares = np.linspace(0.0, 1.0, 4001)
    lateral, medial = np.array([foot.borders(share) for share in shares]).T
    inner, outer = level(medial), level(np.where((shares >= OUTER[0]) & (shares <= OUTER[1]), -lateral, 0.0))
    width = medial.max() - lateral.min()
    at_heel = foot.borders(HEEL)
    heel, ball = (HEEL * foot.length, at_heel[1]), (shares[inner] * foot.length, medial[inner])
    slope = (ball[1] - heel[1]) / (ball[0] - heel[0])
    inwards = INSET * width * np.hypot(1.0, slope)
    arch = [
        foot.sole(share, across(foot, share, heel[1] + slope * (share * foot.length - heel[0]) - inwards))
        for share in shares[(shares >= ARCH[0]) & (shares <= ARCH[1])]
    ]
    one, two = np.array([ball[0], ball[1]]), np.array([shares[outer] * foot.length, lateral[outer]])
    cut = []
    for t in np.linspace(0.002, 0.998, 400):
        x, y = one + t * (two - one)
        share = x / foot.length
        v = across(foot, share, y)
        if abs(v) <= 1.0:
            cut += [(t * np.linalg.norm(two - one), z) for z in (foot.sole(share, v), foot.dorsum(share, v))]
    return {
        "foot_length": foot.length,
        "ball_width": float(width),
        "heel_width": at_heel[1] - at_heel[0],
        "arch_length": float(ball[0]),
        "arch_height": max(arch),
        "ball_girth": float(ConvexHull(np.array(cut)).area),
        "instep_height": max(foot.dorsum(0.5, v) for v in np.linspace(-1.0, 1.0, 201)),
    }


def level(y: np.ndarray) -> int:
    """The middle of where y is within LEVEL of its greatest: a border is so flat there that its top itself is nowhere in particular."""
    top = np.flatnonzero(y >= y.max() - LEVEL)
    return int(top[0] + top[-1]) // 2


def across(foot: SyntheticFoot, share: float, y: float) -> float:
    """From -1 at the lateral border to 1 at the medial one."""
    low, high = foot.borders(share)
    return (y - 0.5 * (low + high)) / (0.5 * (high - low))
