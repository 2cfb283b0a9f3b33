"""What makes a 3MF open in PrusaSlicer ready to slice: its settings, names and supports of the parts, and a place on the bed.

The texts go into the archive under `CONFIG` and `MODEL_CONFIG`. Only FDM is sliced; other processes carry no settings. There are two
such archives. `model.3mf` has each part as an object. `model.prusa.3mf` has bonded parts as volumes of one object, each with its own
tool (as separate objects PrusaSlicer drops what stands on another part to the bed), and the parts' modifiers: it is what several
colours, and parts that are printed softer here than there, are sliced from.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np

from engine.errors import EngineFault
from engine.export.xml import quoted
from engine.model.bonded import in_one_mesh, outside, settled_groups
from engine.model.mesh import STEPS_PER_MM, Modifier, Part, Settled
from engine.model.process import Process
from engine.process.supports import support
from kernels.lattice import quantise_posed

CONFIG = "Metadata/Slic3r_PE.config"
MODEL_CONFIG = "Metadata/Slic3r_PE_model.config"
FIRST_ID = 2
"""Our 3MF's first object: the base materials are resource 1."""
MOST_PLATES = 4
"""Of one product: each is sliced by itself, which takes seconds to minutes."""
SPACING = 6 * STEPS_PER_MM
"""Between two parts on a bed: room for a skirt or a brim and for fingers."""


def settings_files(process: Process, parts: Sequence[Settled], supported_mm2: float | None = None) -> dict[str, bytes]:
    """The archive's entries by name, for `threemf.write(extra=...)`; none for a process that is not sliced.

    `supported_mm2`: what `support_figures` told of all these parts, where it was asked; it is not counted again when it settles
    the question.
    """
    if not process.sliced:
        return {}
    return {CONFIG: config(process).encode(), MODEL_CONFIG: model_config(parts, process, supported_mm2=supported_mm2).encode()}


def project_files(process: Process, parts: Sequence[Settled]) -> dict[str, bytes]:
    """The entries of `model.prusa.3mf`, whose objects are `project_objects(parts)`."""
    return {
        CONFIG: config(process, tools(parts)).encode(),
        MODEL_CONFIG: _model_config(bonded_objects(parts), tools(parts), process, modified=True).encode(),
    }


def bonded_objects(parts: Sequence[Settled]) -> tuple[tuple[Settled, ...], ...]:
    """The parts of each object of `model.prusa.3mf`: those that are bonded are one, in their order."""
    return tuple(tuple(parts[at] for at in group) for group in settled_groups(parts))


def objects(parts: Sequence[Settled]) -> tuple[Settled, ...]:
    """What is printed of `model.prusa.3mf`'s objects, each in one mesh and named like its first part."""
    return tuple(in_one_mesh(group) for group in bonded_objects(parts))


def project_objects(parts: Sequence[Settled]) -> tuple[Settled, ...]:
    """The objects of `model.prusa.3mf`: as `objects`, and after them in the same mesh their parts' modifiers."""
    return tuple(in_one_mesh([*group, *modifiers(group)]) for group in bonded_objects(parts))


def needs_project(parts: Sequence[Settled]) -> bool:
    """Are these parts sliced from `model.prusa.3mf`, since the standard file does not tell all of them?"""
    return any(settled.part.bonded or settled.part.modifiers for settled in parts)


def modifiers(parts: Sequence[Settled]) -> tuple[Settled, ...]:
    """The modifiers of these parts, in their order, where the parts lie: each as if it were a part of that name."""
    return tuple(_modifier(settled, modifier) for settled in parts for modifier in settled.part.modifiers)


def _modifier(settled: Settled, modifier: Modifier) -> Settled:
    lattice = np.empty(modifier.mesh.points.shape, dtype=np.int32)
    rotation, translation = (np.array(v, dtype=np.float64).ravel() for v in (settled.pose.rotation, settled.pose.translation))
    if quantise_posed(modifier.mesh.points, rotation, translation, float(STEPS_PER_MM), lattice):
        raise EngineFault(f"part {settled.part.name}: modifier {modifier.name} has points that are not finite, or too far")
    return Settled(Part(modifier.name, modifier.mesh), settled.pose, lattice, modifier.mesh.faces)


def tools(parts: Sequence[Settled]) -> tuple[tuple[str | None, str], ...]:
    """Material and colour of each tool, in the parts' order: parts alike in both share one."""
    return tuple(dict.fromkeys(_filament(settled) for settled in parts))


def _filament(settled: Settled) -> tuple[str | None, str]:
    return (settled.part.material, settled.part.colour)


def config(process: Process, filaments: Sequence[tuple[str | None, str]] = ()) -> str:
    """`Slic3r_PE.config`: `; key = value` lines. The first line is a comment, since PrusaSlicer drops it.

    `filaments`: of several tools, each a nozzle of its own with the process's settings; nothing is purged between them.
    """
    settings = dict(process.settings)
    if len(filaments) > 1:
        colours = ";".join(colour.upper() for _, colour in filaments)
        settings["nozzle_diameter"] = ",".join([settings["nozzle_diameter"]] * len(filaments))
        settings |= {"filament_colour": colours, "extruder_colour": colours}
        settings |= {"single_extruder_multi_material": "0", "wipe_tower": "0"}
    return _config(process.key, process.machine.key, tuple(settings.items()))


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
    return _model_config([(settled,) for settled in parts], (), process, first_id, supported_mm2)


def _model_config(
    objects: Sequence[Sequence[Settled]],
    filaments: Sequence[tuple[str | None, str]],
    process: Process,
    first_id: int = FIRST_ID,
    supported_mm2: float | None = None,
    modified: bool = False,
) -> str:
    """Each object's volumes are runs of its triangles, one for each of its parts, and where it is `modified` of their modifiers."""
    needed = _need_support([settled for parts in objects for settled in parts], process, supported_mm2)
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', "<config>"]
    for at, parts in enumerate(objects):
        name = quoted(parts[0].part.name)
        lines.append(f' <object id="{first_id + at}" instances_count="1">')
        lines.append(f'  <metadata type="object" key="name" value={name}/>')
        if parts[0].part.name in needed:
            lines.append('  <metadata type="object" key="support_material" value="1"/>')
        first = 0
        for settled in parts:
            told = {"extruder": str(filaments.index(_filament(settled)) + 1)} if len(filaments) > 1 else {}
            lines += _volume(settled.part.name, "ModelPart", first, len(settled.faces), told)
            first += len(settled.faces)
        for modifier in (m for settled in parts if modified for m in settled.part.modifiers):
            lines += _volume(modifier.name, "ParameterModifier", first, len(modifier.mesh.faces), modifier.settings)
            first += len(modifier.mesh.faces)
        lines.append(" </object>")
    return "\n".join([*lines, "</config>"]) + "\n"


def _volume(name: str, kind: str, first: int, count: int, told: Mapping[str, str]) -> list[str]:
    """A run of an object's triangles."""
    known = {"name": name, "volume_type": kind} | dict(sorted(told.items()))
    lines = [f'   <metadata type="volume" key={quoted(key)} value={quoted(value)}/>' for key, value in known.items()]
    return [f'  <volume firstid="{first}" lastid="{first + count - 1}">', *lines, "  </volume>"]


def _need_support(parts: Sequence[Settled], process: Process, supported_mm2: float | None) -> set[str]:
    """The names of the parts that do, bonded ones together. What all need together says it when that is nothing."""
    if supported_mm2 == 0.0:
        return set()
    groups = [[parts[at] for at in group] for group in settled_groups(parts)]
    if supported_mm2 is not None and len(groups) == 1:
        return {settled.part.name for settled in parts}
    return {s.part.name for group in groups if support(*outside(group), process).needed for s in group}


def footprint(settled: Settled) -> tuple[int, int, int, int]:
    """The rectangle over which a part lies: x and y from, x and y to, in steps. ValueError for a part without points."""
    x, y = settled.lattice[:, 0], settled.lattice[:, 1]  # each column alone: numpy is slow along rows of three
    return int(x.min()), int(y.min()), int(x.max()), int(y.max())


def positions(parts: Sequence[Settled], process: Process) -> tuple[tuple[int, int], ...]:
    """How far to move each part in x and y, in steps of 1e-4 mm, so that they lie side by side in the middle of the machine;
    bonded parts are moved as one.

    Rows are filled in the given order, each at most as wide as the machine; parts that are too many simply run over its edge,
    which the checks say.
    """
    moves = [(0, 0)] * len(parts)
    groups = settled_groups(parts)
    boxes = [footprint(parts[at]) for at in range(len(parts))]
    joined = [
        (*(min(boxes[at][k] for at in g) for k in (0, 1)), *(max(boxes[at][k] for at in g) for k in (2, 3))) for g in groups
    ]
    for group, move in zip(groups, _side_by_side(joined, process), strict=True):
        for at in group:
            moves[at] = move
    return tuple(moves)


def lie_together(parts: Sequence[Settled], process: Process) -> bool:
    """Do all parts lie within the machine's bed where `positions` puts them?"""
    width, depth = (round(side * STEPS_PER_MM) for side in process.machine.size[:2])
    for (x0, y0, x1, y1), (x, y) in zip(map(footprint, parts), positions(parts, process), strict=True):
        if x0 + x < 0 or y0 + y < 0 or x1 + x > width or y1 + y > depth:
            return False
    return True


def plates(parts: Sequence[Settled], process: Process) -> tuple[tuple[Settled, ...], ...]:
    """The parts that are printed at once: all of them, or where the bed does not take them together one object after the other, each with
    those before it for as long as they lie together. Bonded parts are one object. A part that no bed takes stands alone."""
    if lie_together(parts, process):
        return (tuple(parts),)
    found: list[tuple[Settled, ...]] = []
    for group in bonded_objects(parts):
        if found and lie_together((*found[-1], *group), process):
            found[-1] = (*found[-1], *group)
        else:
            found.append(group)
    return tuple(found)


def _side_by_side(boxes: Sequence[tuple[int, ...]], process: Process) -> list[tuple[int, int]]:
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
    return moves
