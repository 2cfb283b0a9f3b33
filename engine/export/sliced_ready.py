"""What makes a 3MF open in PrusaSlicer ready to slice: its settings, names and supports of the parts, and a place on the bed.

The texts go into the archive under `CONFIG` and `MODEL_CONFIG`. Only FDM is sliced; other processes carry no settings.
"""

from __future__ import annotations

import functools
from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from engine.model.mesh import STEPS_PER_MM, Settled
from engine.model.process import Process
from engine.process.supports import support

CONFIG = "Metadata/Slic3r_PE.config"
MODEL_CONFIG = "Metadata/Slic3r_PE_model.config"
FIRST_ID = 2
"""Our 3MF's first object: the base materials are resource 1."""
SPACING = 6 * STEPS_PER_MM
"""Between two parts on a bed: room for a skirt or a brim and for fingers."""


def is_sliced(process: Process) -> bool:
    """Whether a slicer's settings exist for this process: FDM alone."""
    return process.method == "FDM"


def settings_files(process: Process, parts: Sequence[Settled], supported_mm2: float | None = None) -> dict[str, bytes]:
    """The archive's entries by name, for `threemf.write(extra=...)`; none for a process that is not sliced.

    `supported_mm2`: what `support_figures` told of all these parts, where it was asked; it is not counted again when it settles
    the question.
    """
    if not is_sliced(process):
        return {}
    return {CONFIG: config(process).encode(), MODEL_CONFIG: model_config(parts, process, supported_mm2=supported_mm2).encode()}


def config(process: Process) -> str:
    """`Slic3r_PE.config`: `; key = value` lines. The first line is a comment, since PrusaSlicer drops it."""
    return _config(process.key, process.machine.key, tuple(process.settings.items()))


@functools.lru_cache(maxsize=32)
def _config(process: str, machine: str, settings: tuple[tuple[str, str], ...]) -> str:
    lines = [f"; unikat: process {process}, machine {machine}"]
    lines += [f"; {key} = {value}" for key, value in sorted(settings)]
    return "\n".join(lines) + "\n"


def model_config(
    parts: Sequence[Settled], process: Process, first_id: int = FIRST_ID, *, supported_mm2: float | None = None
) -> str:
    """`Slic3r_PE_model.config`: each object's name, its one volume (without which 2.5 sees no layers), supports where needed.

    `first_id`: the first part's object id in the 3MF; the others follow it. `supported_mm2`: as `settings_files` has it.
    """
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<config>"]
    for at, settled in enumerate(parts):
        name = quoteattr(settled.part.name)
        lines.append(f' <object id="{first_id + at}" instances_count="1">')
        lines.append(f'  <metadata type="object" key="name" value={name}/>')
        if _needs_support(settled, process, supported_mm2, len(parts)):
            lines.append('  <metadata type="object" key="support_material" value="1"/>')
        lines.append(f'  <volume firstid="0" lastid="{len(settled.faces) - 1}">')
        lines.append(f'   <metadata type="volume" key="name" value={name}/>')
        lines.append('   <metadata type="volume" key="volume_type" value="ModelPart"/>')
        lines += ["  </volume>", " </object>"]
    return "\n".join([*lines, "</config>"]) + "\n"


def _needs_support(settled: Settled, process: Process, supported_mm2: float | None, parts: int) -> bool:
    """What all parts need together says what each needs when that is nothing, or when there is one part."""
    if supported_mm2 is not None and (parts == 1 or supported_mm2 == 0.0):
        return supported_mm2 > 0.0
    return support(settled.lattice, settled.faces, process).needed


def footprint(settled: Settled) -> tuple[int, int, int, int]:
    """The rectangle over which a part lies: x and y from, x and y to, in steps. ValueError for a part without points."""
    x, y = settled.lattice[:, 0], settled.lattice[:, 1]  # each column alone: numpy is slow along rows of three
    return int(x.min()), int(y.min()), int(x.max()), int(y.max())


def positions(parts: Sequence[Settled], process: Process) -> tuple[tuple[int, int], ...]:
    """How far to move each part in x and y, in steps of 1e-4 mm, so that they lie side by side in the middle of the machine.

    Rows are filled in the given order, each at most as wide as the machine; parts that are too many simply run over its edge,
    which the checks say.
    """
    boxes = [footprint(settled) for settled in parts]
    width, depth = (round(side * STEPS_PER_MM) for side in process.machine.size[:2])
    rows: list[list[int]] = []
    used = 0
    for at, (x0, _, x1, _) in enumerate(boxes):
        if not rows or used + SPACING + x1 - x0 > width - 2 * SPACING:
            rows.append([])
            used = -SPACING
        rows[-1].append(at)
        used += SPACING + x1 - x0
    moves = [(0, 0)] * len(boxes)
    deep = [max(boxes[at][3] - boxes[at][1] for at in row) for row in rows]
    y = (depth - sum(deep) - SPACING * (len(rows) - 1)) // 2
    for row, height in zip(rows, deep, strict=True):
        x = (width - sum(boxes[at][2] - boxes[at][0] for at in row) - SPACING * (len(row) - 1)) // 2
        for at in row:
            moves[at] = (x - boxes[at][0], y - boxes[at][1])
            x += boxes[at][2] - boxes[at][0] + SPACING
        y += height + SPACING
    return tuple(moves)
