"""What is said of each finding: one line that who stands at the printer understands, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from engine.model.mesh import STEPS_PER_MM
from engine.model.order import Finding, Severity
from engine.verify.anatomy import Anatomy, Flaw, Int32s, Mass, Place, Topology
from kernels import topology as kernel
from kernels.lattice import RANGE

_AXES = "xyz"

_FLAWS = {
    "unreadable": ("this is no mesh that can be read", "export the model again, in millimetres"),
    "not-finite": ("points of the mesh have no position (not a number, or infinite)", "export the model again"),
    "bad-index": ("faces name points that do not exist", "export the model again"),
    "empty": ("there are no faces: nothing to print", "export the model again, with its body visible"),
}


def near(at: Place) -> str:
    """A place, as it is said."""
    return "at x {:g}, y {:g}, z {:g} mm".format(*at)


def first(count: int, at: Place) -> str:
    """Where the only one is, or the first of several."""
    return near(at) if count == 1 else f"the first {near(at)}"


def some(count: int, one: str, many: str) -> str:
    """1 edge, 2 edges."""
    return f"1 {one}" if count == 1 else f"{count} {many}"


def nothing() -> Finding:
    """There is no part at all."""
    return Finding("empty", Severity.ERROR, "there are no parts: nothing to print")


def flawed(body: Anatomy) -> list[Finding]:
    """No mesh to speak of."""
    return [_flaw(body, flaw) for flaw in body.flaws]


def _flaw(body: Anatomy, flaw: Flaw) -> Finding:
    message, fix = _FLAWS[flaw.code]
    at = None
    if flaw.code == "unreadable" and flaw.row >= 0:
        message, fix = (
            "points lie more than 26 m away from the origin"
            if body.steps == STEPS_PER_MM
            else f"points lie more than {RANGE / body.steps:.3g} mm away from the middle",
            "check the unit of the file (mm?) and move the model to the origin",
        )
    elif flaw.row >= 0:
        what = "face" if flaw.code == "bad-index" else "point"
        message += f", the first in {what} {flaw.row + 1}"
    return Finding(flaw.code, Severity.ERROR, message, count=flaw.count, at=at, part=body.name, fix=fix)


def topology(body: Anatomy, shape: Topology) -> list[Finding]:
    """Open and crowded edges, pinched points; points that no face uses."""
    found = []
    count, place = shape.counts, shape.places
    if count[kernel.OPEN_EDGES]:
        at = body.edge(place[kernel.OPEN_EDGES])
        n = count[kernel.OPEN_EDGES]
        found.append(
            Finding(
                "open-edge",
                Severity.ERROR,
                f"the surface has a hole: {some(n, 'edge has', 'edges have')} a face on one side only, {first(n, at)}",
                count=n,
                at=at,
                part=body.name,
                fix="close the surface there",
                faces=_of_edges(shape, lambda twin: twin == kernel.OPEN),
            )
        )
    if count[kernel.CROWDED_EDGES]:
        at = body.edge(place[kernel.CROWDED_EDGES])
        n = count[kernel.CROWDED_EDGES]
        found.append(
            Finding(
                "nonmanifold-edge",
                Severity.ERROR,
                f"{some(n, 'edge is', 'edges are')} shared by more than two faces, {first(n, at)}",
                count=n,
                at=at,
                part=body.name,
                fix="unite the bodies that meet there, or move them apart",
                faces=_of_edges(shape, lambda twin: twin < kernel.SKIPPED),
            )
        )
    if count[kernel.PINCHED_POINTS]:
        at = body.edge_start(place[kernel.PINCHED_POINTS])
        n = count[kernel.PINCHED_POINTS]
        found.append(
            Finding(
                "nonmanifold-vertex",
                Severity.ERROR,
                f"surfaces hang together by {some(n, 'single point', 'single points')}, {first(n, at)}",
                count=n,
                at=at,
                part=body.name,
                fix="unite the bodies that meet there, or move them apart",
            )
        )
    if count[kernel.UNUSED_POINTS]:
        at = body.point(place[kernel.UNUSED_POINTS])
        n = count[kernel.UNUSED_POINTS]
        found.append(
            Finding(
                "unused-point",
                Severity.INFO,
                f"{some(n, 'point is', 'points are')} used by no face, {first(n, at)}; harmless",
                count=n,
                at=at,
                part=body.name,
            )
        )
    return found


def degenerate(body: Anatomy, shape: Topology, sizes: Mass) -> list[Finding]:
    """Faces without area, faces that are there twice."""
    found = []
    n = shape.counts[kernel.REPEATED] + sizes.zero_faces
    if n:
        at = body.face(shape.places[kernel.REPEATED] if shape.counts[kernel.REPEATED] else sizes.zero_at)
        found.append(
            Finding(
                "degenerate-face",
                Severity.ERROR,
                f"{some(n, 'face has', 'faces have')} no area (three corners on one line, to {body.step}), {first(n, at)}",
                count=n,
                at=at,
                part=body.name,
                fix="remove the sliver there, or mesh the model again",
                faces=_flat(body),
            )
        )
    if shape.doubled:
        at = body.face(shape.doubled_at)
        found.append(
            Finding(
                "duplicate-face",
                Severity.ERROR,
                f"{some(shape.doubled, 'face is', 'faces are')} there twice, {first(shape.doubled, at)}",
                count=shape.doubled,
                at=at,
                part=body.name,
                fix="remove the second of each",
                faces=_twice(body),
            )
        )
    return found


def winding(body: Anatomy, shape: Topology) -> list[Finding]:
    """Neighbours that disagree on which side is out."""
    n = shape.counts[kernel.TURNED_EDGES]
    if not n:
        return []
    at = body.edge(shape.places[kernel.TURNED_EDGES])
    return [
        Finding(
            "inconsistent-winding",
            Severity.ERROR,
            f"neighbouring faces disagree on which side is outside along {some(n, 'edge', 'edges')}, {first(n, at)}",
            count=n,
            at=at,
            part=body.name,
            fix="turn the faces over so that all of them look outward",
            faces=_turned(body, shape),
        )
    ]


def _of_edges(shape: Topology, wrong: Callable[[Int32s], npt.NDArray[np.bool_]]) -> tuple[int, ...]:
    """The faces with an edge whose twin is so."""
    return rows_of(np.flatnonzero(wrong(shape.twin)) // 3)


def _turned(body: Anatomy, shape: Topology) -> tuple[int, ...]:
    paired = np.flatnonzero(shape.twin >= 0)
    tails = body.faces.ravel()
    return rows_of(paired[tails[paired] == tails[shape.twin[paired]]] // 3)


def _flat(body: Anatomy) -> tuple[int, ...]:
    """The faces whose corners are all on one line, exactly: minors of steps fit int64."""
    a, b, c = (body.lattice[body.faces[:, k]].astype(np.int64) for k in range(3))
    return rows_of(np.flatnonzero(~np.cross(b - a, c - a).any(axis=1)))


def _twice(body: Anatomy) -> tuple[int, ...]:
    corners = np.sort(body.faces, axis=1)
    _, which, count = np.unique(corners, axis=0, return_inverse=True, return_counts=True)
    return rows_of(np.flatnonzero(count[which.ravel()] > 1))


def rows_of(faces: npt.NDArray[np.integer]) -> tuple[int, ...]:
    """Each once, in rising order."""
    return tuple(np.unique(faces).tolist())


def too_big(body: Anatomy, sizes: Mass, axis: int, size: float, room: float, machine: str, others: Sequence[str]) -> Finding:
    """Longer than the machine, along one axis. `others`: machines that would take it."""
    return Finding(
        "too-big",
        Severity.ERROR,
        f"{size:.2f} mm along {_AXES[axis]} as it is to be printed: {machine} takes {room:g} mm",
        value=size,
        limit=room,
        unit="mm",
        at=body.place(*sizes.box[3:]),
        part=body.name,
        fix=f"print it on {' or '.join(others)}" if others else "no machine that is known takes it: choose a smaller product",
    )


def off_bed(body: Anatomy, sizes: Mass, limit: float) -> Finding:
    """Nothing flat lies on the bed."""
    return Finding(
        "off-bed",
        Severity.ERROR,
        f"only {sizes.contact:.2f} mm2 of the part lies flat on the bed; it needs {limit:g} mm2 to stick",
        value=sizes.contact,
        limit=limit,
        unit="mm2",
        at=body.place((sizes.box[0] + sizes.box[3]) / 2, (sizes.box[1] + sizes.box[4]) / 2, sizes.box[2]),
        part=body.name,
        fix="turn the part so that a flat side lies on the bed",
    )


def unstable(body: Anatomy, centre: Place) -> Finding:
    """The centre of mass is not above what touches the bed."""
    at = (round(centre[0], 4), round(centre[1], 4), round(centre[2], 4))
    return Finding(
        "unstable",
        Severity.WARNING,
        f"the part would tip over: its weight, {near(at)}, is not above what touches the bed",
        at=at,
        part=body.name,
        fix="turn the part, or print it with a brim or supports",
    )
