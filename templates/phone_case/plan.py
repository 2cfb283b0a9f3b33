"""What the rules, the letters, the pattern and the notes read: the numbers of the body, and those that it is not drawn with."""

from __future__ import annotations

from dataclasses import dataclass, replace

from engine.authoring import Rounded
from templates.phone_case.extras import RIM, Bought, Magnets, Seat, below, clear_of, seated
from templates.phone_case.facts import Box, Phone, Span
from templates.phone_case.shell import Making, Opening, Shell, Wishes, ring_width, room_by, sides

FLAT_MARGIN = 2.0
"""What of the flat back beside its round edge is left to it: ours."""


@dataclass(frozen=True)
class Plan(Shell):
    """`gap`: clearance a side. `magnets`, `seat`: pockets in the finished shell. `room`: for the back's round edge beside the camera.
    `free`: x0, y0, x1, y1 of the flat back that is free for letters."""

    wall: float
    gap: float
    ring_width: float
    openings: tuple[Opening, ...]
    membranes: tuple[Opening, ...]
    magnets: Magnets | None
    seat: Seat | None
    room: float
    free: tuple[float, float, float, float]

    def windows(self) -> tuple[Rounded, ...]:
        """The holes and slots of the back."""
        return _windows(self.outer, self.holes, self.slots)

    def flat(self) -> Rounded:
        """The flat back, a margin within its round edge: its corners are round, too. In either frame."""
        inset = self.edge + FLAT_MARGIN
        return Rounded(0.0, 0.0, self.outer.w - 2 * inset, self.outer.h - 2 * inset, max(self.outer.corner - inset, 0.0))

    def for_letters(self, *, sunken: bool) -> Plan:
        """The same with what is free for letters: cut in, they lie below the magnets, where there is room."""
        return replace(self, free=below(self.magnets, self.free)) if sunken and self.magnets else self


def make_plan(shell: Shell, phone: Phone, making: Making, wishes: Wishes, bought: Bought) -> Plan:
    """`shell` and what follows from it. Never fails: what cannot be is left to the rules, which read `room` and `free`."""
    ring = ring_width(making, wishes.raised)
    lowest = min([box.bottom for box in (shell.rings or shell.holes)] + [low - ring for low, _ in shell.slots], default=0.0)
    flat_x, flat_y = (half - shell.edge - FLAT_MARGIN for half in (shell.outer.w / 2, shell.outer.h / 2))
    seat, free = seated(bought.seat, (-flat_x, -flat_y, flat_x, lowest - 2.0))
    found = sides(phone, making, wishes)
    return Plan(
        **vars(shell),
        wall=wishes.wall,
        gap=making.clearance + wishes.fit,
        ring_width=ring,
        openings=found.openings,
        membranes=found.membranes,
        magnets=clear_of(bought.magnets, _windows(shell.outer, shell.holes, shell.slots), making.wall + 0.1),
        seat=seat,
        room=room_by(shell.holes, shell.outer, ring),
        free=free,
    )


def kept_whole(plan: Plan, *, cut: bool) -> tuple[Rounded, ...]:
    """What a pattern of the back stays clear of, in the case's frame: windows and their ring, what lies beyond a slot (a face of its
    own, no longer the back), the lanyard's hole, a seat; cut through, the magnets too."""
    ring = plan.ring_width if plan.ring_height else RIM
    kept = [_shape(box.grown(ring if k == 0 else RIM)) for k, box in enumerate(plan.holes)]
    kept += [_band(plan.outer, low, plan.outer.h).grown(ring + 0.6) for low, _ in plan.slots]
    if plan.ear is not None:
        kept.append(Rounded(plan.ear.x, plan.ear.y, 2 * plan.ear.hole, 2 * plan.ear.hole, plan.ear.hole))
    if plan.seat is not None:
        kept.append(plan.seat.shape())
    if cut and plan.magnets is not None:
        kept.append(plan.magnets.disc())
    return tuple(kept)


def _shape(box: Box) -> Rounded:
    return Rounded(box.x, box.y, box.w, box.h, box.corner)


def _band(outer: Box, low: float, high: float) -> Rounded:
    """A slot through both sides, beyond them."""
    return Rounded(0.0, (low + high) / 2, 2 * outer.w, high - low)


def _windows(outer: Box, holes: tuple[Box, ...], slots: tuple[Span, ...]) -> tuple[Rounded, ...]:
    return tuple(_shape(box) for box in holes) + tuple(_band(outer, low, high) for low, high in slots)
