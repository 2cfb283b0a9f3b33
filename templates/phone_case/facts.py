"""What is known of a phone: a row of phones.csv read into numbers, in the case's frame, with what nobody has measured.

Frame, mm: origin in the phone's centre, x to the right SEEN FROM THE FRONT, y up, z from the back towards the screen. The
catalogue's camera is measured from behind (x from the left edge, which is our +x), so x is turned round here and nowhere else.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

PLUG = {"lightning": (13.65, 6.85), "usb-c": (12.45, 6.60)}
"""Width and height that a plug's body needs (Apple's accessory drawings)."""
JACK_PLUG = 7.0
"""Diameter that the body of a 3.5 mm plug needs: ours."""


class PhoneRow(Protocol):
    """A row of phones.csv: every column by name; a blank is None, which means unknown."""

    def __getattr__(self, column: str) -> object: ...


@dataclass(frozen=True)
class Box:
    """A rectangle with round corners: centre, width, height, corner radius."""

    x: float
    y: float
    w: float
    h: float
    corner: float

    @property
    def bottom(self) -> float:
        """The lowest y."""
        return self.y - self.h / 2

    @property
    def top(self) -> float:
        """The highest y."""
        return self.y + self.h / 2

    def grown(self, by: float) -> Box:
        """Every side `by` further out; corners stay concentric, and less than a half circle."""
        w, h = self.w + 2 * by, self.h + 2 * by
        return Box(self.x, self.y, w, h, max(0.3, min(self.corner + by, min(w, h) / 2 - 0.05)))

    def gap_to(self, other: Box) -> float:
        """Distance of the two outlines; negative where they overlap."""
        r, s = min(self.corner, min(self.w, self.h) / 2), min(other.corner, min(other.w, other.h) / 2)
        dx = abs(self.x - other.x) - (self.w / 2 - r) - (other.w / 2 - s)
        dy = abs(self.y - other.y) - (self.h / 2 - r) - (other.h / 2 - s)
        away = math.hypot(max(dx, 0.0), max(dy, 0.0))
        return away + min(max(dx, dy), 0.0) - r - s

    def around(self, other: Box) -> Box:
        """The box round both, with this one's corner."""
        x0, x1 = min(self.x - self.w / 2, other.x - other.w / 2), max(self.x + self.w / 2, other.x + other.w / 2)
        y0, y1 = min(self.bottom, other.bottom), max(self.top, other.top)
        return Box((x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0, self.corner)


Span = tuple[float, float]
"""Low and high along an edge: y on the sides, x at the top and the bottom."""


@dataclass(frozen=True)
class Phone:
    """The facts. `camera`: what a stiff case must clear (the slope's foot where it is known). `bump`: its highest point above
    the back, None where nobody knows it. Buttons None: not known. `open_right`: something sits there that nobody has placed."""

    name: str
    width: float
    height: float
    thickness: float
    corner: float
    camera: Box
    foot_known: bool
    camera_sure: bool
    buttons_sure: bool
    bump: float | None
    extra: tuple[Box, ...]
    right: tuple[Span, ...] | None
    left: tuple[Span, ...] | None
    open_right: bool
    plug: tuple[float, float]
    port_x: float
    bottom: tuple[Span, ...] | None
    jack_x: float | None


def read_phone(row: PhoneRow) -> Phone:
    """A row of phones.csv in the case's frame. ValueError where a fact that is never estimated is missing."""
    width, height = _fact(row, "width_mm"), _fact(row, "height_mm")
    flat = Box(
        width / 2 - _fact(row, "camera_cx_mm"),
        height / 2 - _fact(row, "camera_cy_mm"),
        _fact(row, "camera_w_mm"),
        _fact(row, "camera_h_mm"),
        _fact(row, "camera_corner_mm"),
    )
    base_w, base_h = _number(row.camera_base_w_mm), _number(row.camera_base_h_mm)
    camera = flat
    if base_w is not None and base_h is not None:
        foot = (base_w - flat.w + base_h - flat.h) / 4
        camera = Box(flat.x, flat.y, base_w, base_h, flat.corner + foot)
    body, window, keys = str(row.confidence_detail).split("/")
    assert body == "A", "only bodies that two sources agree on are in the catalogue"
    bump = _number(row.camera_bump_mm) if row.camera_bump_of == "highest" else None
    jack = None if row.headphone_jack in (None, "none") else float(str(row.headphone_jack).removeprefix("top:"))
    return Phone(
        name=f"{row.brand} {row.model}",
        width=width,
        height=height,
        thickness=_fact(row, "thickness_mm"),
        corner=_fact(row, "corner_radius_mm"),
        camera=camera,
        foot_known=base_w is not None,
        camera_sure=window == "A",
        buttons_sure=keys == "A",
        bump=bump,
        extra=tuple(_window(part, width, height) for part in _parts(row.extra_windows)),
        right=_sides(row.right_buttons, height),
        left=_sides(row.left_buttons, height),
        open_right=row.open_edges == "right",
        plug=PLUG[str(row.port_type)],
        port_x=-_fact(row, "port_cx_mm"),
        bottom=_bottom(row.bottom_openings),
        jack_x=None if jack is None else -jack,
    )


def _number(cell: object) -> float | None:
    return None if cell is None else float(str(cell))


def _fact(row: PhoneRow, column: str) -> float:
    found = _number(getattr(row, column))
    if found is None:
        raise ValueError(f"phones.csv: {column} of {row.model} is unknown, and is never estimated")
    return found


def _parts(cell: object) -> list[str]:
    return [part for part in str(cell).split(";") if part] if cell is not None else []


def _window(part: str, width: float, height: float) -> Box:
    cx, cy, w, h, corner = (float(number) for number in part.split(":"))
    return Box(width / 2 - cx, height / 2 - cy, w, h, corner)


def _sides(cell: object, height: float) -> tuple[Span, ...] | None:
    """`34.4-51;60-71` from the top edge downwards -> y spans, lowest first."""
    if cell is None:
        return None
    spans = [tuple(float(number) for number in part.split("-")) for part in _parts(cell)]
    return tuple(sorted((height / 2 - low, height / 2 - high) for high, low in spans))


def _bottom(cell: object) -> tuple[Span, ...] | None:
    """`-24.1..-9.9;9.9..17.3`, positive to the right seen from behind -> x spans seen from the front."""
    if cell is None:
        return None
    spans = [tuple(float(number) for number in part.split("..")) for part in _parts(cell)]
    return tuple(sorted((-high, -low) for low, high in spans))
