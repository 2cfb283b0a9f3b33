"""Walls, gaps and letters of one part: what is thinner or narrower than its process can make, how thin, and where.

Every face is asked (`kernels.walls` says what counts as facing, and why nothing within the limit is missed). What two faces answer
to is their patches' roles: between ordinary faces, and between a letter and an ordinary face (the wall left under an engraving), the
process's wall and gap. Between two faces of letters, raised strokes answer to its emboss_width and sunken ones to its
engrave_width; what stands between two strokes (a space between raised ones, a land between sunken ones) to its gap, for it is
half of the same relief. An inlay's strokes are raised ones; from its top to its foot it is as thick as emboss_height asks. A limit that the process lacks is not asked, and the check says that it did not run.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM, Patch, Role
from engine.model.order import Finding, Severity
from engine.model.process import Process
from engine.verify.anatomy import Anatomy, Topology
from engine.verify.facing import Facing, face
from engine.verify.tree import Tree, plant

Int32s = npt.NDArray[np.int32]
Float64s = npt.NDArray[np.float64]

SLACK = 2.0
"""Steps of 1e-4 mm: a wall drawn exactly at its limit may be so much thinner once its points lie on the lattice (two points, each by
less than 1). Foreign files on a finer lattice are let so much too: their floats rounded a wall of 0.8 mm before we did."""
BEYOND = float(1 << 30)
"""Steps: farther than any two points of a lattice are from each other."""
_ROLES = {Role.ENGRAVING: 1, Role.EMBOSSING: 2, Role.INLAY: 3}
_CODES = ("thin-wall", "narrow-gap", "thin-letter", "thin-letter")


@dataclass(frozen=True)
class Walls:
    """`walls`, `gaps`: did the check run? The least distances are None where nothing is nearer than the limit."""

    findings: tuple[Finding, ...]
    walls: bool
    gaps: bool
    min_wall_mm: float | None
    min_gap_mm: float | None


def roles_of(faces: int, patches: Mapping[str, Patch]) -> npt.NDArray[np.int8]:
    """Of each face: 0 ordinary, 1 engraved, 2 raised, 3 top or foot of an inlay."""
    roles = np.zeros(faces, np.int8)
    for _, patch in sorted(patches.items()):
        if patch.role in _ROLES:
            roles[patch.faces] = _ROLES[patch.role]
    return roles


def limits_mm(process: Process) -> Float64s:
    """mm, (2, 4, 4): of walls and of gaps between faces of two roles; 0 where the process has none."""
    wall, gap, raised, sunken, high = (
        process.limits[name].value if name in process.limits else 0.0
        for name in ("wall", "gap", "emboss_width", "engrave_width", "emboss_height")
    )
    limits = np.empty((2, 4, 4))
    limits[0], limits[1] = wall, gap
    limits[0, 1:, 1:], limits[1, 1:, 1:] = raised, sunken
    limits[0, 1, 1], limits[1, 2:, 2:] = gap, gap
    limits[0, 3, 2:], limits[0, 2:, 3] = high, high  # an edge of the top is listed by either of its faces
    return limits


def limits_of(process: Process, steps: float = STEPS_PER_MM) -> Float64s:
    """Those in steps, as the kernels ask for them: with the slack, and none beyond the lattice. `steps`: how many a mm has."""
    return np.clip(limits_mm(process) * steps - slack(steps), 0.0, BEYOND)


def slack(steps: float) -> float:
    """SLACK on a lattice of so many steps a mm: on a finer one as much as on the one that ships."""
    return SLACK * max(1.0, steps / STEPS_PER_MM)


def check_walls(
    body: Anatomy, shape: Topology, patches: Mapping[str, Patch], process: Process | None, trees: Sequence[Tree] = ()
) -> Walls:
    """The checks `walls` and `gaps` of one part (faces, patches as settled). `trees`: of all its faces with an area
    between them (planted here when there are none)."""
    asked = [process is not None and name in process.limits for name in ("wall", "gap")]
    if process is None or not any(asked):
        return Walls((), False, False, None, None)
    limits, roles = limits_of(process, body.steps), roles_of(len(body.faces), patches)
    of_family = None if body.family is None else body.family.face(roles, limits)
    if of_family is not None:
        told = of_family
    elif body.rest is not None:
        new = trees[1] if len(trees) == 2 else plant(body.lattice, body.faces, len(body.rest.faces))
        told = body.rest.face(body.lattice, body.faces, shape.twin, roles, limits, new)
    else:
        if not roles.any():
            limits = np.ascontiguousarray(limits[:, :1, :1])
        told = face(body.lattice, body.faces, shape.twin, roles, limits, trees or (plant(body.lattice, body.faces),))
    findings = [
        _said(body, shape.twin, roles, limits_mm(process), told, channels, code)
        for channels, code in (((0,), _CODES[0]), ((1,), _CODES[1]), ((2, 3), _CODES[2]))
        if len(told.hits)
    ]
    least = [told.found[told.hits[:, 1] % 2 == k, 0] for k in range(2)]
    mm = [round(float(d.min()) / body.steps, body.digits) if len(d) else None for d in least]
    return Walls(tuple(f for f in findings if f is not None), asked[0], asked[1], mm[0], mm[1])


def _said(
    body: Anatomy,
    twin: Int32s,
    roles: npt.NDArray[np.int8],
    limits: Float64s,
    told: Facing,
    channels: tuple[int, ...],
    code: str,
) -> Finding | None:
    mine = np.isin(told.hits[:, 1], channels)
    if not mine.any():
        return None
    hits, found = told.hits[mine], told.found[mine]
    allowed = limits[hits[:, 1] % 2, roles[hits[:, 0]], roles[hits[:, 2]]]
    # the worst is what lacks most of its limit
    worst = int(np.lexsort((found[:, 3], found[:, 2], found[:, 1], found[:, 0] / allowed))[0])
    at = body.place(*(float(v) for v in found[worst, 1:]))
    value, limit = round(float(found[worst, 0]) / body.steps, body.digits), round(float(allowed[worst]), 4)
    places = _places(body, hits, twin)
    what, fix = _words(code, int(hits[worst, 1]), int(roles[hits[worst, 0]]))
    where = "at x {:g}, y {:g}, z {:g} mm".format(*at)
    others = f"; {places - 1} more such {'place' if places == 2 else 'places'}" if places > 1 else ""
    return Finding(
        code,
        Severity.ERROR,
        f"{what} {value:.2f} mm {where}: the process needs {limit:g} mm{others}",
        count=places,
        value=value,
        limit=limit,
        unit="mm",
        at=at,
        part=body.name,
        fix=fix,
        faces=tuple(np.unique(hits[:, (0, 2)]).tolist()),
    )


def _words(code: str, channel: int, role: int) -> tuple[str, str]:
    """What is so thin, and what to do."""
    if code == "thin-wall":
        return "the wall is only", "make the wall thicker there, or the engraving over it shallower"
    if code == "narrow-gap":
        return "the gap is only", "widen the gap there, or close it"
    if role == 3:
        return "the inlay is only", "let it in deeper, or make the letters larger"
    if (channel == 2) == (role == 2):
        return "a stroke of the letters is only", "make the letters larger or bolder"
    return "between two strokes of the letters there is only", "make the letters larger, or space them wider"


def _places(body: Anatomy, hits: Int32s, twin: Int32s) -> int:
    """How many separate places. Of a pair the smaller face stands for it (a large one may face many); what stands for neighbours, or
    for each other, is one."""
    pairs = hits[:, (0, 2)]
    corner = body.lattice[body.faces[pairs]].astype(np.float64)
    size = (np.cross(corner[:, :, 1] - corner[:, :, 0], corner[:, :, 2] - corner[:, :, 0]) ** 2).sum(axis=2)
    stand = np.where(
        (size[:, 0] < size[:, 1]) | ((size[:, 0] == size[:, 1]) & (pairs[:, 0] < pairs[:, 1])), pairs[:, 0], pairs[:, 1]
    )
    root = {int(f): int(f) for f in stand}

    def find(f: int) -> int:
        while root[f] != f:
            root[f] = root[root[f]]
            f = root[f]
        return f

    links = [(f, int(twin[3 * f + k]) // 3) for f in root for k in range(3) if twin[3 * f + k] >= 0]
    for f, other in (*links, *pairs.tolist()):
        if f in root and other in root:
            root[find(f)] = find(other)
    return sum(find(f) == f for f in root)
