"""What the report states of a case: what is unknown of the phone, what was assumed, what was left open."""

from __future__ import annotations

from templates.phone_case.facts import Phone
from templates.phone_case.plan import (
    ASSUMED_RING,
    BUTTON_DOUBT,
    FOOT_ALLOWANCE,
    KEPT_SIDE,
    WINDOW_DOUBT,
    Plan,
)

PROTECTS = 0.5


def notes(phone: Phone, plan: Plan, *, open_sides: bool, raised: bool) -> list[str]:
    """Sentences for the report, the weightiest first."""
    told = [_lens(phone, plan, raised)]
    if not phone.foot_known:
        told.append(f"how far the camera's slope reaches is unknown: {FOOT_ALLOWANCE:g} mm is allowed round it")
    if plan.slots:
        told.append("the camera reaches both edges: nothing closes its window at the sides")
    told += _edges(phone, open_sides)
    told.append(
        f"no source gives a button's place through the thickness: openings leave {KEPT_SIDE:g} mm of side above and below"
    )
    if not phone.buttons_sure:
        told.append(f"buttons come from one source: {BUTTON_DOUBT[False]:g} mm is allowed at each end")
    if not phone.camera_sure:
        told.append(f"the camera comes from one source: {WINDOW_DOUBT[False]:g} mm is allowed at each edge")
    told.append("microphones in the top edge are in no source: none is opened for")
    if plan.ear is not None:
        told.append("the lanyard's hole is in the bottom corner on the left, seen from the front")
    return told


def _lens(phone: Phone, plan: Plan, raised: bool) -> str:
    if phone.bump is None:
        stands = f"a ring of {ASSUMED_RING:g} mm is an assumption" if raised else "the back is flush"
        return f"the camera's height is unknown: {stands}, and no protection of the lens is claimed"
    over = plan.floor + plan.ring_height - phone.bump
    if over >= PROTECTS:
        return f"face up on a table the lens stays {over:.1f} mm clear of it"
    if over >= 0:
        return f"face up on a table the lens stays {over:.1f} mm clear, less than {PROTECTS:g}: no protection of the lens is claimed"
    return f"the lens stands {-over:.1f} mm out of the back: it is not protected"


def _edges(phone: Phone, open_sides: bool) -> list[str]:
    told = []
    unknown = [side for side, spans in (("right", phone.right), ("left", phone.left)) if spans is None]
    for side in unknown:
        told.append(
            f"the {side} edge (seen from the front) is unknown: it is left open"
            if open_sides
            else f"the {side} edge (seen from the front) is unknown, and closed at the customer's word"
        )
    if phone.open_right:
        told.append(
            "a control on the right edge has no known place: the edge is left open from the lowest button down"
            if open_sides
            else "a control on the right edge has no known place, and the edge is closed at the customer's word"
        )
    if phone.bottom is None:
        told.append("speakers and microphones of the bottom edge are unknown: its middle is left open")
    return told
