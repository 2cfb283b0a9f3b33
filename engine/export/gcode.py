"""G-code: sliced through the door, then read line by line and believed only when it prints what was ordered.

An exit status of 0 proves nothing: PrusaSlicer slices holes, doubled shells and walls thinner than its nozzle, and parts beside
the bed, without a word. `accept` therefore asks all of: status 0, a file, no unknown message, every ordered part with its whole
extent, everything that is extruded inside the machine, the expected number of layers, and filament near our own estimate.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from engine.doors.slicer import Sliced, slice_model
from engine.errors import EngineFault, InputError
from engine.export.sliced_ready import objects, tools
from engine.model.mesh import STEPS_PER_MM, Settled
from engine.model.process import Process

SILENT = (
    r"\d+ => .*",  # progress
    r"\[.*\] \[trace\] +Initializing StaticPrintConfigs",
    r"Slicing result exported to .*",
    r"",
)
"""What the slicer may print without having warned of anything."""

SIDE_TOLERANCE = 1.0
"""mm: the outermost line's centre lies half a line inside the part, and rounding of corners takes a little more."""
CALIBRATED_BAND = 0.15
ROUGH_BAND = 0.5
"""Shares by which the filament may differ from an estimate that was calibrated, or was not."""

_OBJECT = re.compile(r"; printing object (.*) id:(\d+) copy (\d+)")
_TIME = re.compile(r"; estimated printing time \(normal mode\) = (.*)")
_GRAMS = re.compile(r"; filament used \[g\] = ([\d., ]+)")
_TOOL = re.compile(r"T(\d+)(?:\s.*)?")
_SPAN = re.compile(r"(\d+)([dhms])")
_SECONDS = {"d": 86_400, "h": 3_600, "m": 60, "s": 1}


class NotAsOrdered(EngineFault):
    """The slicer made something else than what was ordered; `problems` holds the figures, `str()` does not."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(f"the G-code is not what was ordered ({len(problems)} of its acceptance tests failed)")
        self.problems = tuple(problems)

    def for_sender(self) -> str:
        """All problems in one line."""
        return f"the G-code is not what was ordered: {'; '.join(self.problems)}"


@dataclass
class Drawn:
    """What is extruded under one label. mm; the box is of the moves' ends, layers by their height."""

    name: str
    filament: float = 0.0
    low: tuple[float, float] = (math.inf, math.inf)
    high: tuple[float, float] = (-math.inf, -math.inf)
    heights: set[float] = field(default_factory=set)

    def add(self, x: float, y: float, z: float, pushed: float) -> None:
        """One end of an extruding move."""
        self.filament += pushed
        self.low = (min(self.low[0], x), min(self.low[1], y))
        self.high = (max(self.high[0], x), max(self.high[1], y))
        self.heights.add(z)

    @property
    def size(self) -> tuple[float, float]:
        """Its extent in x and y."""
        return (self.high[0] - self.low[0], self.high[1] - self.low[1])


@dataclass(frozen=True)
class GcodeFigures:
    """What a G-code file says. `layers`: heights at which a part itself is drawn (supports have layers of their own between);
    `objects`: by (id, copy), without their supports; `whole`: everything extruded; `tools`: mm of filament by tool."""

    time_s: float | None
    filament_g: float | None
    layers: int
    whole: Drawn
    objects: Mapping[tuple[int, int], Drawn]
    tools: Mapping[int, float]


@dataclass(frozen=True)
class Wanted:
    """What was ordered: each object's name and size in mm (bonded parts are one), the machine, layers' height, the filament's
    estimate, and how many tools draw."""

    parts: tuple[tuple[str, tuple[float, float, float]], ...]
    machine: tuple[float, float, float]
    first_layer: float
    layer: float
    mass_g: float
    band: float
    tools: int = 1

    @property
    def layers(self) -> int:
        """A layer is printed when its middle is inside the part."""
        top = max(size[2] for _, size in self.parts)
        return 1 + max(0, math.ceil((top - self.first_layer) / self.layer - 0.5))


def slice_product(
    model: bytes, parts: Sequence[Settled], process: Process, figures: Mapping[str, Any], *, placed: bool = False
) -> bytes:
    """The G-code of a 3MF of these parts, accepted, without the slicer's date: same model, same bytes.

    `figures`: with `mass_g` and whether it is `calibrated`. `placed`: the file puts the parts on the bed already.
    Raises NotAsOrdered with every acceptance test that failed, EnvironmentFault without a slicer, ChildFault if it dies.
    """
    sliced = slice_model(model, placed=placed)
    problems = accept(sliced, wanted(parts, process, figures))
    if problems or sliced.gcode is None:
        raise NotAsOrdered(problems)
    return sliced.gcode


def wanted(parts: Sequence[Settled], process: Process, figures: Mapping[str, Any]) -> Wanted:
    """The acceptance tests' figures for these parts."""
    whole = objects(parts)
    sizes = [((settled.lattice.max(axis=0) - settled.lattice.min(axis=0)) / STEPS_PER_MM).tolist() for settled in whole]
    return Wanted(
        parts=tuple((settled.part.name, (x, y, z)) for settled, (x, y, z) in zip(whole, sizes, strict=True)),
        machine=process.machine.size,
        first_layer=float(process.settings["first_layer_height"]),
        layer=process.layer,
        mass_g=float(figures["mass_g"]),
        band=CALIBRATED_BAND if figures.get("calibrated") else ROUGH_BAND,
        tools=len(tools(parts)) if len(whole) < len(parts) else 1,
    )


def accept(sliced: Sliced, order: Wanted, silent: Sequence[str] = SILENT) -> list[str]:
    """What is wrong with a slice, one line a failed test; an empty list means sliced-ready."""
    problems = []
    if sliced.status != 0:
        problems.append(f"the slicer ended with status {sliced.status}")
    problems += [f"the slicer says: {line}" for line in sliced.said if not any(re.fullmatch(known, line) for known in silent)]
    if not sliced.gcode:
        return [*problems, "there is no G-code"]
    try:
        found = read(sliced.gcode.decode("utf-8", "replace"))
    except InputError as broken:
        return [*problems, str(broken)]
    problems += _missing(found, order)
    problems += _outside(found, order)
    if abs(found.layers - order.layers) > 1:
        problems.append(f"{found.layers} layers, expected {order.layers}")
    drawing = sorted(tool for tool, filament in found.tools.items() if filament > 0)
    if drawing != list(range(order.tools)):
        problems.append(f"tools {drawing} draw, expected {order.tools} from 0")
    if found.time_s is None:
        problems.append("no printing time")
    if found.filament_g is None:
        problems.append("no filament figure")
    elif not order.mass_g * (1 - order.band) <= found.filament_g <= order.mass_g * (1 + order.band):
        problems.append(f"{found.filament_g:.2f} g of filament, estimated {order.mass_g:.2f} g +- {order.band:.0%}")
    return problems


def _missing(found: GcodeFigures, order: Wanted) -> list[str]:
    """Each ordered part must be drawn once, over its whole length, width and height."""
    problems = []
    left = dict(found.objects)
    for name, (x, y, z) in order.parts:
        key = next((key for key, drawn in left.items() if drawn.name == name and drawn.filament > 0), None)
        if key is None:
            problems.append(f"part {name} is not in it")
            continue
        drawn = left.pop(key)
        # The arranger may turn a part: compare the sides by size.
        for side, told in zip(sorted((x, y)), sorted(drawn.size), strict=True):
            if not side - 2 * SIDE_TOLERANCE <= told <= side + SIDE_TOLERANCE:
                problems.append(f"part {name} is drawn {told:.2f} mm long, and is {side:.2f}")
        top = max(drawn.heights)
        if abs(top - z) > order.layer + 1e-6:
            problems.append(f"part {name} is drawn {top:.2f} mm high, and is {z:.2f}")
    problems += [f"{drawn.name} was not ordered" for drawn in left.values()]
    return problems


def _outside(found: GcodeFigures, order: Wanted) -> list[str]:
    if not found.whole.heights:
        return ["nothing is extruded"]
    corners = zip(("x", "y"), found.whole.low, found.whole.high, order.machine, strict=False)
    problems = [
        f"extrudes from {low:.2f} to {high:.2f} in {axis}, outside the bed of {side:g} mm"
        for axis, low, high, side in corners
        if low < 0 or high > side
    ]
    top = max(found.whole.heights)
    if top > order.machine[2]:
        problems.append(f"extrudes at {top:.2f} mm, above the machine's {order.machine[2]:g}")
    return problems


def read(text: str) -> GcodeFigures:
    """The figures of a G-code file: absolute x, y, z and relative extrusion (M83), as our settings ask; or absolute (M82).

    InputError for a move with a word that is no finite number.
    """
    reader = _Reader()
    for line in text.splitlines():
        if line.startswith(("G1 ", "G0 ", "G2 ", "G3 ")):
            reader.move(line)
        elif line.startswith(";"):
            reader.remark(line)
        elif line.startswith(("M82", "M83")):
            reader.relative = line.startswith("M83")
        elif told := _TOOL.fullmatch(line):
            reader.tool = int(told[1])
        elif line.startswith("G92"):
            reader.pushed = dict(_words(line)).get("E", reader.pushed)
    heights = {height for drawn in reader.objects.values() for height in drawn.heights}
    return GcodeFigures(reader.time_s, reader.filament_g, len(heights), reader.whole, reader.objects, reader.tools)


@dataclass
class _Reader:
    """Where the nozzle is, and what was drawn so far."""

    place: tuple[float, float, float] = (0.0, 0.0, 0.0)
    pushed: float = 0.0
    relative: bool = False
    tool: int = 0
    label: Drawn | None = None
    support: bool = False
    whole: Drawn = field(default_factory=lambda: Drawn(""))
    objects: dict[tuple[int, int], Drawn] = field(default_factory=dict)
    tools: dict[int, float] = field(default_factory=dict)
    time_s: float | None = None
    filament_g: float | None = None

    def move(self, line: str) -> None:
        """A move extrudes when it goes somewhere in x or y and pushes filament; supports do not count for the part."""
        before = self.place
        x, y, z = before
        end, moved = self.pushed, False
        for axis, value in _words(line):
            if axis == "X":
                x, moved = value, True
            elif axis == "Y":
                y, moved = value, True
            elif axis == "Z":
                z = value
            elif axis == "E":
                end = self.pushed + value if self.relative else value
        filament, self.pushed, self.place = end - self.pushed, 0.0 if self.relative else end, (x, y, z)
        if moved and filament > 0:
            self.tools[self.tool] = self.tools.get(self.tool, 0.0) + filament
            for drawn in (self.whole, None if self.support else self.label):
                if drawn is not None:
                    drawn.add(before[0], before[1], z, 0.0)
                    drawn.add(x, y, z, filament)

    def remark(self, line: str) -> None:
        """A comment: what is being drawn, or the figures at the end."""
        if line.startswith(";TYPE:"):
            self.support = line.startswith(";TYPE:Support material")
        elif line.startswith("; stop printing object"):
            self.label = None
        elif told := _OBJECT.fullmatch(line):
            self.label = self.objects.setdefault((int(told[2]), int(told[3])), Drawn(told[1]))
        elif told := _TIME.fullmatch(line):
            self.time_s = float(sum(int(count) * _SECONDS[unit] for count, unit in _SPAN.findall(told[1])))
        elif told := _GRAMS.fullmatch(line):
            self.filament_g = math.fsum(float(grams) for grams in told[1].split(","))


def _words(line: str) -> list[tuple[str, float]]:
    """The letters and numbers after a line's command."""
    try:
        told = [(word[0], float(word[1:] or "0")) for word in line.partition(";")[0].split()[1:]]
    except ValueError:
        told = [("", math.nan)]
    if not all(math.isfinite(value) for _, value in told):
        raise InputError("G-code", "a move cannot be read")
    return told
