"""What is said of faces that meet and of shells that are none of a solid's: see `words` for the rest."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from engine.model.order import Finding, Severity
from engine.verify.anatomy import Anatomy
from engine.verify.crossings import KEPT, Crossings, Pairs, depths
from engine.verify.shells import Kind
from engine.verify.words import first, near, rows_of, some
from kernels.pairs import COPLANAR, CROSS, FOLD, TOUCH

_SEALED = frozenset(("SLA", "SLS", "MJF"))
"""Methods whose powder or resin stays in a cavity for ever."""


def crossings(body: Anatomy, met: Crossings) -> list[Finding]:
    """One finding each for faces that cross within a shell and between shells, that overlap in a plane, and that merely touch."""
    if not met.found or body.topology is None:
        return []
    shell = body.topology.shell[met.pairs]
    between = shell[:, 0] != shell[:, 1]
    cross = met.kinds == CROSS
    found = []
    itself, others = met.pairs[cross & ~between], met.pairs[cross & between]
    untold = met.found - len(met.pairs)
    if len(itself):
        what = "the surface passes through itself"
        found.append(_through(body, itself, len(itself) + untold, "self-intersection", what))
    if len(others):
        what = "separate surfaces pass through each other"
        count = len(others) if len(itself) else len(others) + untold
        found.append(_through(body, others, count, "overlapping-shells", what))
    flat = (met.kinds == COPLANAR) | (met.kinds == FOLD)
    if np.any(flat):
        found.append(_flat(body, met.pairs[flat]))
    touch = met.kinds == TOUCH
    if np.any(touch):
        found.append(_contact(body, met.pairs[touch]))
    return found


def _deepest(body: Anatomy, pairs: Pairs) -> tuple[float, tuple[float, float, float]]:
    """The depth in mm of the deepest pair, and where it is."""
    depth = depths(body.lattice, body.faces, pairs)
    at = int(depth.argmax())
    return round(float(depth[at]) / body.steps, body.digits), body.face(int(pairs[at, 0]))


def _through(body: Anatomy, pairs: Pairs, count: int, code: str, what: str) -> Finding:
    """Faces that pass through each other; `count`: how many pairs, told in `pairs` or not."""
    depth, at = _deepest(body, pairs)
    far = f"{depth:.3g} mm" if depth else f"less than {body.step}"
    deep = f"by {far} {near(at)}" if count == 1 else f"the deepest by {far} {near(at)}"
    return Finding(
        code,
        Severity.ERROR,
        f"{what}: {'at least ' if count >= KEPT else ''}{some(count, 'pair', 'pairs')} of faces, {deep}",
        count=count,
        value=depth,
        limit=0.0,
        unit="mm",
        at=at,
        part=body.name,
        faces=rows_of(pairs),
        fix="unite the bodies that overlap there (a boolean union), or move them apart",
    )


def _flat(body: Anatomy, pairs: Pairs) -> Finding:
    at = body.face(int(pairs[0, 0]))
    return Finding(
        "coplanar-overlap",
        Severity.ERROR,
        f"{some(len(pairs), 'pair', 'pairs')} of faces lie in one plane on top of each other, {first(len(pairs), at)}",
        count=len(pairs),
        at=at,
        part=body.name,
        faces=rows_of(pairs),
        fix="unite the bodies that meet there, or remove the doubled surface",
    )


def _contact(body: Anatomy, pairs: Pairs) -> Finding:
    at = body.face(int(pairs[0, 0]))
    return Finding(
        "contact",
        Severity.WARNING,
        f"surfaces touch without passing through each other in {some(len(pairs), 'place', 'places')}, {first(len(pairs), at)}",
        count=len(pairs),
        at=at,
        part=body.name,
        faces=rows_of(pairs),
        fix="move them apart by the process's gap, or unite them",
    )


_SHELLS = {
    Kind.INVERTED: (
        "inverted-shell", "{} inside out, {}", "turn its faces over",
    ),
    Kind.NESTED: (
        "nested-shell", "{} within the material of another, {}", "remove the inner one, or turn it over to make a hollow",
    ),
    Kind.OVERLAPPING: (
        "overlapping-shells", "{} in the way of another, {}", "unite them (a boolean union), or move them apart",
    ),
    Kind.FLAT: (
        "inverted-shell", "{} no volume: as thin as paper, {}", "give it a thickness, or remove it",
    ),
    Kind.CAVITY: ("cavity", "{} a hollow without a way out, {}", "open it with a hole, or fill it"),
}  # fmt: skip
_VERBS = {Kind.FLAT: ("encloses", "enclose"), Kind.CAVITY: ("encloses", "enclose")}


def shells(body: Anatomy, kinds: Sequence[Kind], met: Crossings, method: str | None) -> list[Finding]:
    """One finding for each kind of shell that is not the outside of a solid. `method`: the process's."""
    shape, sizes = body.topology, body.mass
    if shape is None or sizes is None:
        return []
    found = []
    for kind, (code, message, fix) in _SHELLS.items():
        which = [s for s, k in enumerate(kinds) if k is kind]
        if not which or (kind is Kind.OVERLAPPING and met.crossing):
            continue  # faces that cross have said it already, and where
        at = body.face(int((shape.shell == which[0]).argmax()))
        one, many = _VERBS.get(kind, ("is", "are"))
        count = f"{some(len(which), 'closed surface', 'closed surfaces')} {one if len(which) == 1 else many}"
        volume = sum(sizes.six_volumes[s] for s in which) / (6 * body.steps**3)
        warning = kind is Kind.CAVITY and method not in _SEALED
        found.append(
            Finding(
                code,
                Severity.WARNING if warning else Severity.ERROR,
                message.format(count, first(len(which), at)),
                count=len(which),
                value=abs(volume) if kind is Kind.CAVITY else volume,
                unit="mm3",
                at=at,
                part=body.name,
                fix=fix,
                faces=rows_of(np.flatnonzero(np.isin(shape.shell, which))),
            )
        )
    return found
