"""Random prescriptions of an insole, as an expert would write them: accepted by the template's rules."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from engine.language.judge import relations_of, run_fits
from engine.language.orders import accept
from engine.language.template import Run
from engine.model.order import Order
from engine.process.limits import load_process
from templates.insole import Insole

RANGES: dict[str, tuple[float, float, float]] = {
    "length": (215.0, 305.0, 0.1),
    "ball": (85.0, 112.0, 0.1),
    "heel": (58.0, 82.0, 0.1),
    "arch": (8.0, 26.0, 0.1),
    "heel_cup": (8.0, 20.0, 0.5),
    "lateral_arch": (2.0, 6.0, 0.5),
    "rearfoot": (-4.0, 5.0, 0.5),
    "forefoot": (-3.0, 3.0, 0.5),
    "skive": (0.0, 5.0, 0.5),
    "rear": (3.0, 5.0, 0.1),
    "mid": (2.5, 4.0, 0.1),
    "fore": (2.5, 4.0, 0.1),
}


def prescriptions(count: int, seed: int, side: str = "left") -> Iterator[dict[str, Any]]:
    """So many parameters that the rules take, of one side; every third is cut to a last."""
    random = np.random.default_rng(seed)
    made = 0
    while made < count:
        told: dict[str, Any] = {"feet": side}
        for name, (low, high, step) in RANGES.items():
            told[f"{side}_{name}"] = round(low + step * int(random.integers(0, round((high - low) / step) + 1)), 6)
        told[f"{side}_first_head"] = round(0.74 * told[f"{side}_length"], 1)
        told[f"{side}_pad"] = float(random.choice([0.0, 3.0, 5.0]))
        told[f"{side}_extent"] = str(random.choice(["full", "three_quarter", "sulcus"]))
        if made % 3 == 2:  # cut to a last
            sizes = (told[f"{side}_length"] + 15.0, 0.93 * told[f"{side}_ball"], 0.92 * told[f"{side}_heel"])
            told |= {
                name: round(2.0 * size) / 2.0
                for name, size in zip(("shoe_length", "last_ball", "last_heel"), sizes, strict=True)
            }
        if taken(told):
            made += 1
            yield told


def taken(parameters: dict[str, Any]) -> bool:
    """Do all rules hold?"""
    values, origins = accept(Order("insole", parameters=parameters), Insole)
    process = load_process("mjf-tpu")
    template = Insole(Run(Insole, values, origins, process.flat(), home=None))
    run_fits(template)
    return all(r.holds for rule in Insole.rules.values() for r in relations_of(rule, template, process))
