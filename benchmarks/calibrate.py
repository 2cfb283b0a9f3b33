"""Fit the estimate of time and filament to the slicer, per process and family, over real products of ours.

    uv run python -m benchmarks.calibrate [--parts 60] [--process fdm-pla ...] [--keep]

Each product of a sweep is made, sliced through the door and accepted as a customer's would be (its filament aside); then time and
grams are fitted to the features of `engine.process.estimate` by least squares of the relative error, and each part is left out once:
the error that is printed is the one on a part that the fit has not seen. The coefficients go into engine/process/estimates.toml
(`--keep` leaves the file as it is).
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.doors import slicer
from engine.export.gcode import NotAsOrdered, accept, read, wanted
from engine.export.identity import identity_of
from engine.export.sliced_ready import positions, settings_files
from engine.export.threemf import write as write_3mf
from engine.language.shelf import find
from engine.make import Workshop, make
from engine.model.mesh import Settled
from engine.model.order import Order
from engine.model.process import Process
from engine.process.estimate import DATA, FEATURES, features, settings_digest
from engine.process.limits import list_processes, load_process
from engine.process.supports import support_figures

LEAST_PARTS = 40
ANY_FILAMENT = 1e9
"""The band of the filament in the acceptance: it is what is being measured."""

Parameters = dict[str, object]
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Row:
    """One sliced product: what the estimate knows of it, and what the slicer says."""

    told: tuple[float, ...]
    time_s: float
    mass_g: float


@dataclass(frozen=True)
class Fit:
    """Coefficients in the order of `FEATURES`; relative errors of parts left out, median and worst."""

    coefficients: tuple[float, ...]
    median: float
    worst: float


# --- the sweeps: real orders, spread over each template's box, the same every time


def phone_cases(at: int, keys: Sequence[str], process: Process) -> Parameters:
    """Every phone in turn, with other walls, lips, names, letters and rings each time; thin walls where no letters are cut in."""
    names = ("Zoé", "", "Alexandra", "Max", "Łukasz", "Ωμέγα", "Bo", "Maximilian")
    name = names[at % len(names)]
    embossed = at % 5 in (2, 4)
    walls = (1.7, 2.0, 1.8, 2.4, 1.9, 3.0) if name and not embossed else (1.1, 1.4, 3.0, 1.2, 2.2, 1.6)
    return {
        "phone": keys[at * 13 % len(keys)],
        "wall": walls[at % 6],
        "lip": (1.2, 1.1, 1.6, 2.0)[at % 4],
        "name": name,
        "letters": "embossed" if embossed else "engraved",
        "depth": 0.6,
        "letter_height": (9.0, 10.0, 9.5)[at % 3],
        "font": "roboto-bold" if at % 2 else "roboto-black",
        "lanyard": at % 7 == 3,
        "buttons": "membranes" if process.flexible and at % 3 == 1 else "openings",
    }


SWEEPS: Mapping[str, tuple[str | None, Callable[[int, Sequence[str], Process], Parameters]]] = {
    "phone-case": ("phone", phone_cases),
}
"""Template -> its catalogue's field, and the parameters of the order number `at`."""


def orders(template: str, process: Process) -> Iterator[Order]:
    """Orders without end, the same every time."""
    catalogue, sweep = SWEEPS[template]
    field: Any = find(template).fields[catalogue] if catalogue else None
    keys = sorted(field.rows) if field is not None else []
    at = 0
    while True:
        yield Order(template, process=process.key, parameters=sweep(at, keys, process))
        at += 1


# --- measuring


def measure(parts: Sequence[Settled], process: Process, figures: Mapping[str, Any], model: bytes) -> Row:
    """Slice one product's 3MF and accept it; NotAsOrdered names what is wrong with it."""
    sliced = slicer.slice_model(model, placed=True)
    problems = accept(sliced, replace(wanted(parts, process, {"mass_g": 1.0}), band=ANY_FILAMENT))
    if problems or sliced.gcode is None:
        raise NotAsOrdered(problems)
    found = read(sliced.gcode.decode())
    whole = {**figures, **support_figures(parts, process)}
    return Row(features(whole, process), found.time_s or 0.0, found.filament_g or 0.0)


def gather(template: str, process: Process, count: int, workshop: Workshop) -> list[Row]:
    """The rows of `count` products; refused orders are passed over."""
    cls = find(template)
    rows: list[Row] = []
    tried = 0
    for order in orders(template, process):
        if len(rows) == count or tried == 3 * count:
            return rows
        tried += 1
        product = make(order, cls, formats=(), workshop=workshop)
        if not product.parts or product.report.verdict == "refused":
            _progress(f"passed over {order.parameters.get('phone', '')}: {product.report.findings[0].message[:160]}")
            continue
        parts = product.parts
        model = write_3mf(parts, identity_of(order, cls), extra=settings_files(process, parts), moves=positions(parts, process))
        try:
            rows.append(measure(parts, process, product.report.figures, model))
        except NotAsOrdered as wrong:
            raise SystemExit(f"{process.key} {dict(order.parameters)}: {wrong.for_sender()}") from wrong
        _progress(f"{process.key} {len(rows)}/{count}: {rows[-1].time_s:.0f} s, {rows[-1].mass_g:.2f} g")
    return rows


# --- fitting


def fit(told: Floats, measured: Floats) -> Fit:
    """Least squares of the relative error, features scaled to 1; the errors are those of each row left out in turn."""
    coefficients = _solve(told, measured)
    errors = []
    for at in range(len(measured)):
        rest = np.arange(len(measured)) != at
        guess = float(told[at] @ _solve(told[rest], measured[rest]))
        errors.append(abs(guess - measured[at]) / measured[at])
    return Fit(tuple(float(f"{c:.9g}") for c in coefficients), float(np.median(errors)), float(max(errors)))


def _solve(told: Floats, measured: Floats) -> Floats:
    scale = np.abs(told).max(axis=0)
    used = scale > 0
    solved: Floats = np.zeros(told.shape[1])
    rows = told[:, used] / scale[used] / measured[:, None]
    solved[used] = np.linalg.lstsq(rows, np.ones(len(measured)), rcond=1e-10)[0] / scale[used]
    return solved


def by_volume(told: Floats, measured: Floats) -> float:
    """The median error of the naive estimate, a constant times the volume."""
    volume = told[:, FEATURES.index("volume_mm3")]
    factor = float(np.median(measured / volume))
    return float(np.median(np.abs(volume * factor - measured) / measured))


def table(process: Process, rows: Sequence[Row], version: str) -> tuple[list[str], str]:
    """The lines of estimates.toml for one family, and the line that is printed."""
    told = np.array([row.told for row in rows])
    times, grams = np.array([row.time_s for row in rows]), np.array([row.mass_g for row in rows])
    time_fit, mass_fit = fit(told, times), fit(told, grams)
    lines = [
        f'slicer = "{version}"',
        f'settings = "{settings_digest(process)}"',
        f"parts = {len(rows)}",
        f"time_error = {time_fit.median:.4f}",
        f"time_worst = {time_fit.worst:.4f}",
        f"mass_error = {mass_fit.median:.4f}",
        f"mass_worst = {mass_fit.worst:.4f}",
        f"time_s = [{', '.join(repr(c) for c in time_fit.coefficients)}]",
        f"mass_g = [{', '.join(repr(c) for c in mass_fit.coefficients)}]",
    ]
    said = (
        f"{len(rows)} parts; time: median {time_fit.median:.1%}, worst {time_fit.worst:.1%} "
        f"(k x volume {by_volume(told, times):.1%}); grams: median {mass_fit.median:.1%}, worst {mass_fit.worst:.1%}"
    )
    return lines, said


def _progress(line: str) -> None:
    if sys.stderr.isatty():
        print(line, file=sys.stderr)


def main(arguments: Sequence[str] | None = None) -> int:
    """The command. Exit status 1 when some family has too few parts."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.calibrate", description=__doc__)
    parser.add_argument("--parts", type=int, default=60, help=f"products a family, at least {LEAST_PARTS}")
    sliced = [process.key for process in list_processes() if process.method == "FDM"]
    parser.add_argument("--process", action="append", choices=sliced, help="default: every process that is sliced")
    parser.add_argument("--keep", action="store_true", help="print the errors and leave estimates.toml as it is")
    options = parser.parse_args(arguments)
    version = slicer.version()
    workshop = Workshop()
    text = [
        "# Written by `python -m benchmarks.calibrate`: do not edit. Coefficients in the order of engine.process.estimate.FEATURES:",
        f"# {', '.join(FEATURES)}.",
        "# Errors are relative, of each part left out of the fit in turn.",
    ]
    enough = True
    for key in options.process or sliced:
        process = load_process(key)
        for template in SWEEPS:
            family = find(template).family
            rows = gather(template, process, options.parts, workshop)
            if len(rows) < LEAST_PARTS:
                print(f"{key} {family}: {len(rows)} parts, too few for a fit")
                enough = False
                continue
            lines, said = table(process, rows, version)
            print(f"{key} {family}: {said}")
            text += ["", f"[{key}.{family}]", *lines]
    if enough and not options.keep:
        DATA.write_text("\n".join(text) + "\n", encoding="utf-8")
        print(f"written: {DATA}")
    return 0 if enough else 1


if __name__ == "__main__":
    raise SystemExit(main())
