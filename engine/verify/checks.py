"""The verdict: which checks ran on the parts that ship, what they found, and the figures.

What does not run yet is said (`ran` false), and makes the verdict `incomplete`, never `printable`.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any

from engine.model.mesh import STEPS_PER_MM, Settled
from engine.model.order import CheckRun, Finding, Severity, Verdict
from engine.model.process import CHECKS, Process
from engine.process.limits import takers
from engine.verify import delta, meetings, member, refit, shells, words
from engine.verify.anatomy import Anatomy, Mass, Topology, dissect, grounded
from engine.verify.crossings import among
from engine.verify.families import Families
from engine.verify.parts import check_parts
from engine.verify.two import Sound, is_sound
from engine.verify.walls import Walls, check_walls
from kernels import mass as kernel

GEOMETRY = frozenset(("mesh", "topology", "degenerate", "orientation", "volume", "crossings", "shells", "parts"))
"""What is required when no process is named: that the file is the boundary of solids, no two of which share room."""

CONTACT_MM2 = 4.0
"""A part stands on at least so much flat area (about 2 x 2 mm: five lines of a 0.4 mm nozzle side by side), unless the process
has a limit `contact`."""

OFTEN = 8
"""So often comes a body whose family is known before it gets a certificate of its own: that costs as much as it saves in so many orders."""


def verdict(checks: Sequence[CheckRun], findings: Sequence[Finding]) -> Verdict:
    """`refused` when any finding is an error; `printable` when every required check ran, and there is one; else `incomplete`."""
    if any(f.severity is Severity.ERROR for f in findings):
        return "refused"
    required = [c for c in checks if c.required]
    return "printable" if required and all(c.ran for c in required) else "incomplete"


def verify(
    parts: Sequence[Settled],
    process: Process | None = None,
    known: delta.Certificates | None = None,
    shapes: refit.Connectivities | None = None,
    families: Families | None = None,
) -> tuple[tuple[CheckRun, ...], tuple[Finding, ...], dict[str, Any]]:
    """Every check there is on every part, in its print pose on the lattice.

    Without a process only geometry is required, and neither machine nor bed is looked at. Returns the checks in the order of
    `CHECKS` (then any other that the process asks for), the findings part by part, and the figures of the report.
    Walls and gaps are asked of closed parts whose faces do not cross, and so is what lies between parts, once all of them are sound.
    `known` bodies are not proven again where a part says that it leads with one, nor is matched again what has the faces of a known
    mesh (`shapes`), nor asked what is proved of its family (`families`); findings and figures are the same without them.
    """
    spent = dict.fromkeys(CHECKS, 0.0)
    findings: list[Finding] = []
    bodies = []
    crossing = 0
    closed = bool(parts)
    walls: list[Walls] = []
    sound: list[Sound] = []
    bonded = {name for p in parts if p.part.bonded for name in (p.part.name, *p.part.bonded)}
    for part in parts:
        # what leads with a known body is `delta`'s, whatever its other faces
        alike = shapes if known is None or part.kept is None else None
        placed = _of_family(part, families, known) if families is not None and len(parts) == 1 else None
        if placed is not None:
            body, alike = placed, None
        elif alike is not None:
            body = refit.dissect(part, alike)
        else:
            body = dissect(part) if known is None else delta.dissect(part, known)
        bodies.append(body)
        begin = time.thread_time()
        spent["mesh"] += body.spent[0]
        spent["topology"] += body.spent[1]
        spent["volume"] += body.spent[2]
        if body.topology is None or body.mass is None:
            findings += words.flawed(body)
            closed = False
            continue
        findings += words.topology(body, body.topology)
        findings += words.degenerate(body, body.topology, body.mass)
        findings += words.winding(body, body.topology)
        begin = _spend(spent, "orientation", begin)
        trees, met = among(body.lattice, body.faces, body.topology.twin, body.rest, body.seed, body.family)
        if alike is not None:
            alike.learn(body, trees)
        findings += meetings.crossings(body, met)
        crossing += met.crossing
        begin = _spend(spent, "crossings", begin)
        kinds = shells.kinds(body, trees, met)
        closed = closed and kinds is not None
        findings += meetings.shells(body, kinds or [], met, None if process is None else process.method)
        begin = _spend(spent, "shells", begin)
        if is_sound(body, kinds, met):
            sound.append(Sound(part, body, body.topology, trees))
        if closed and not met.crossing:
            between = check_walls(body, body.topology, part.part.patches, process, trees)
            findings += between.findings
            walls.append(between)
            # one question answers both
            begin = _spend(spent, "walls", begin)
        if process is not None:
            findings += _machine(body, body.mass, process)
            begin = _spend(spent, "machine", begin)
            if process.machine.bed:
                findings += _bed(body, body.topology, body.mass, process, body.name in bonded)
                _spend(spent, "bed", begin)
    if not parts:
        findings.append(words.nothing())
    asked = len(parts) == 1
    if len(sound) == len(parts) > 1:
        begin = time.thread_time()
        told, asked = check_parts(sound, process)
        findings += told
        _spend(spent, "parts", begin)
    whole = bool(parts) and all(b.mass is not None for b in bodies)
    figures = {
        **_figures(bodies, process is not None),
        "crossing_pairs": crossing if whole else None,
        "min_wall_mm": min((w.min_wall_mm for w in walls if w.min_wall_mm is not None), default=None),
        "min_gap_mm": min((w.min_gap_mm for w in walls if w.min_gap_mm is not None), default=None),
    }
    done = {
        "shells": closed,  # an open surface has no inside
        "walls": bool(parts) and len(walls) == len(parts) and all(w.walls for w in walls),
        "gaps": bool(parts) and len(walls) == len(parts) and all(w.gaps for w in walls),
        "parts": asked,
        "machine": process is not None,
    }
    return _runs(process, whole, bool(parts), done, spent), tuple(findings), figures


def _of_family(part: Settled, families: Families, known: delta.Certificates | None) -> Anatomy | None:
    """By what is known of this very body, once it came OFTEN, which makes that worth while; else by what is known of its family."""
    if part.member is None:
        return None
    return (None if known is None else delta.short(part, known, OFTEN)) or member.dissect(part, families)


def _spend(spent: dict[str, float], name: str, begin: float) -> float:
    now = time.thread_time()
    spent[name] += 1000.0 * (now - begin)
    return now


def _runs(
    process: Process | None, whole: bool, any_part: bool, done: Mapping[str, bool], spent: Mapping[str, float]
) -> tuple[CheckRun, ...]:
    runs = []
    asked = process.checks if process is not None else {}
    for name in (*CHECKS, *(c for c in sorted(asked) if c not in CHECKS)):
        required = asked.get(name, False) if process is not None else name in GEOMETRY
        ran = any_part if name == "mesh" else whole and name in CHECKS and done.get(name, True)
        if name == "bed":
            there_is = process is not None and process.machine.bed
            ran, required = ran and there_is, required and there_is
        runs.append(CheckRun(name, required, ran, round(spent.get(name, 0.0), 4) if ran else 0.0))
    return tuple(runs)


def _machine(body: Anatomy, sizes: Mass, process: Process) -> list[Finding]:
    room = process.machine.size
    # in whole steps of what ships: what fits exactly, fits with the noise of a file's floats too
    size = [round((sizes.box[k + 3] - sizes.box[k]) * (STEPS_PER_MM / body.steps)) for k in range(3)]
    over = [(k, size[k] / STEPS_PER_MM) for k in range(3) if size[k] > room[k] * STEPS_PER_MM]
    others = takers(process, [side / STEPS_PER_MM for side in size]) if over else ()
    return [words.too_big(body, sizes, axis, long, room[axis], process.machine.name, others) for axis, long in over]


def _bed(body: Anatomy, shape: Topology, sizes: Mass, process: Process, bonded: bool) -> list[Finding]:
    limit = process.limits["contact"].value if "contact" in process.limits else CONTACT_MM2
    if sizes.box[2] > 0 and bonded:
        return []  # it stands on what it is bonded to
    if sizes.contact < limit:
        return [words.off_bed(body, sizes, limit)]
    if sizes.centre is None or not shape.closed or sizes.volume <= 0:
        return []
    x, y = (round((c - o) * body.steps) for c, o in zip(sizes.centre[:2], body.origin[:2], strict=True))
    if kernel.stands(grounded(body.lattice, body.steps), shape.degree, x, y):
        return []
    return [words.unstable(body, sizes.centre)]


def _figures(bodies: Sequence[Anatomy], placed: bool) -> dict[str, Any]:
    """The report's figures over all parts; each part's own under `each`. What was not measured is None.

    `placed`: all of them stand on the bed; so do parts on the lattice that ships, and none else.
    """
    sizes = [b.mass for b in bodies if b.mass is not None]
    stands = placed or all(b.steps == STEPS_PER_MM for b in bodies)
    corners = [_corners(b, b.mass) for b in bodies if b.mass is not None]
    return {
        "triangles": sum(len(b.faces) for b in bodies),
        "parts": len(bodies),
        "shells": sum(b.topology.shells for b in bodies if b.topology is not None),
        "volume_mm3": _sum(s.volume for s in sizes),
        "area_mm2": _sum(s.area for s in sizes),
        "bounds_mm": [
            [pick(c[side][k] for c in corners) if corners else 0.0 for k in range(3)] for side, pick in enumerate((min, max))
        ],
        "side_area_mm2": _sum(s.side for s in sizes),
        "horizontal_area_mm2": _sum(s.up + s.down for s in sizes),
        "contact_area_mm2": _sum(s.contact for s in sizes) if stands else None,
        "overhang_area_mm2": _sum(s.overhang for s in sizes) if stands else None,
        "support_volume_mm3": _sum(s.support for s in sizes) if stands else None,
        "each": [_each(b) for b in bodies],
    }


def _sum(values: Any) -> float:
    return float(sum(values, 0.0))


def _corners(body: Anatomy, sizes: Mass) -> list[list[float]]:
    """The lowest and the highest corner of its box, mm."""
    return [[v / body.steps + o for v, o in zip(corner, body.origin, strict=True)] for corner in (sizes.box[:3], sizes.box[3:])]


def _each(body: Anatomy) -> dict[str, Any]:
    told: dict[str, Any] = {"part": body.name, "triangles": len(body.faces)}
    if body.topology is None or body.mass is None:
        return told
    sizes = body.mass
    return {
        **told,
        "shells": body.topology.shells,
        "volume_mm3": sizes.volume,
        "area_mm2": sizes.area,
        "bounds_mm": _corners(body, sizes),
        "centre_mm": None if sizes.centre is None else list(sizes.centre),
        "inertia_mm5": None if sizes.inertia is None else list(sizes.inertia),
    }
