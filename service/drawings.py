"""Draws the states of service.states as pictures: `uv run python -m service.drawings` writes them into service/docs.

The table says what there is and why; here is only where it stands. A move of the table that no line draws, or a line without a move,
is an EngineFault, so that a picture is never behind its table.
"""

from __future__ import annotations

import pathlib
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from engine.errors import EngineFault
from service.states import CAMPAIGN, JOB, PIECE, Life

FOLDER = pathlib.Path(__file__).with_name("docs")
PAPER, INK, SOFT, LINE, FRAME = "#f6f4ef", "#1b1c1e", "#65645f", "#3c3d40", "#c9c5ba"
FILLS = {
    "done": "#e3ede0", "printed": "#e3ede0", "refused": "#f8ecd2", "failed": "#f7ded8", "cancelled": "#e9e6df", "gone": "#e9e6df",
    "dropped": "#e9e6df", "running": "#dceaf0", "held": "#dceaf0", "erased": INK,
}  # fmt: skip
TALL, ROUND, CORNER = 60, 14, 12
LETTER, LEADING = 12.5, 16
Point = tuple[float, float]


@dataclass(frozen=True)
class Line:
    """The arrow of one move, or of several that leave a frame together. `at`: the last line of its words where they stand over it,
    else (`below`) the first; they begin, end or are centred there (`anchor`) and wrap after `wrap` letters."""

    moves: tuple[tuple[str | None, str], ...]
    points: tuple[Point, ...]
    at: Point
    anchor: str = "start"
    wrap: int = 34
    below: bool = False


@dataclass(frozen=True)
class Plan:
    """Where the states (centre, width), the frames around some of them, and the arrows are. `start`: the dot where all begins."""

    life: Life
    size: tuple[int, int]
    title: str
    start: Point
    boxes: Mapping[str, tuple[float, float, float]]
    lines: Sequence[Line]
    frames: Sequence[tuple[float, float, float, float]] = ()


def draw(plan: Plan) -> str:
    """The picture, as SVG; EngineFault where plan and table differ."""
    check(plan)
    wide, high = plan.size
    told = ". ".join(f"{old or 'new'} to {new}: {why}" for (old, new), why in plan.life.moves.items())
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img"'
        f' font-family="Inter, \'Helvetica Neue\', Arial, sans-serif" aria-labelledby="title told">',
        f'<title id="title">{escape(plan.title)}</title>',
        f'<desc id="told">{escape(told)}</desc>',
        '<defs><marker id="head" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
        f'<path d="M0 0.8 L9.4 5 L0 9.2 L2.4 5 Z" fill="{LINE}"/></marker></defs>',
        f'<rect width="{wide}" height="{high}" rx="18" fill="{PAPER}"/>',
    ]
    out += [
        f'<rect x="{x:g}" y="{y:g}" width="{w:g}" height="{h:g}" rx="18" fill="none" stroke="{FRAME}" stroke-width="1.5"'
        ' stroke-dasharray="5 5"/>'
        for x, y, w, h in plan.frames
    ]
    out.append(f'<circle cx="{plan.start[0]:g}" cy="{plan.start[1]:g}" r="7" fill="{INK}"/>')
    for line in plan.lines:
        out.append(f'<path d="{rounded(line.points)}" fill="none" stroke="{LINE}" stroke-width="1.6" marker-end="url(#head)"/>')
        out += words(plan.life.moves[line.moves[0]], line)
    for state, (x, y, w) in plan.boxes.items():
        dark = FILLS.get(state) == INK
        out.append(
            f'<rect x="{x - w / 2:g}" y="{y - TALL / 2:g}" width="{w:g}" height="{TALL}" rx="{ROUND}"'
            f' fill="{FILLS.get(state, "#ffffff")}" stroke="{INK}" stroke-width="1.5"/>'
        )
        out.append(text(x, y - 4, state, 17, "#ffffff" if dark else INK, "middle", 600))
        out.append(text(x, y + 16, plan.life.states[state], LETTER, "#d6d3cb" if dark else SOFT, "middle"))
    return "\n".join([*out, "</svg>", ""])


def check(plan: Plan) -> None:
    """EngineFault where a state or a move of the table is drawn not at all, twice, or with words that are not its own."""
    drawn = [move for line in plan.lines for move in line.moves]
    if sorted(drawn, key=str) != sorted(plan.life.moves, key=str):
        raise EngineFault(f"the drawing of {plan.life.table} and the table of its moves differ")
    if plan.boxes.keys() != plan.life.states.keys():
        raise EngineFault(f"the drawing of {plan.life.table} and the table of its states differ")
    if any(len({plan.life.moves[move] for move in line.moves}) > 1 for line in plan.lines):
        raise EngineFault(f"one arrow of the drawing of {plan.life.table} has two reasons")


def text(x: float, y: float, said: str, size: float, fill: str, anchor: str, weight: int = 400) -> str:
    """One line of words."""
    return (
        f'<text x="{x:g}" y="{y:g}" font-size="{size:g}" font-weight="{weight}" fill="{fill}" text-anchor="{anchor}">'
        f"{escape(said)}</text>"
    )


def words(said: str, line: Line) -> list[str]:
    """The words of an arrow, wrapped."""
    rows = [""]
    for word in said.split():
        if rows[-1] and len(rows[-1]) + 1 + len(word) > line.wrap:
            rows.append("")
        rows[-1] = f"{rows[-1]} {word}".strip()
    x, y = line.at[0], line.at[1] - (0 if line.below else LEADING * (len(rows) - 1))
    return [text(x, y + n * LEADING, row, LETTER, SOFT, line.anchor) for n, row in enumerate(rows)]


def rounded(points: Sequence[Point]) -> str:
    """The path through these points, level or upright, its corners rounded."""
    path = [f"M{points[0][0]:g} {points[0][1]:g}"]
    for (ax, ay), (bx, by), (cx, cy) in zip(points, points[1:], points[2:], strict=False):
        into, out = (_sign(bx - ax), _sign(by - ay)), (_sign(cx - bx), _sign(cy - by))
        path.append(f"L{bx - CORNER * into[0]:g} {by - CORNER * into[1]:g}")
        path.append(f"Q{bx:g} {by:g} {bx + CORNER * out[0]:g} {by + CORNER * out[1]:g}")
    return " ".join([*path, f"L{points[-1][0]:g} {points[-1][1]:g}"])


def _sign(value: float) -> int:
    return (value > 0) - (value < 0)


def _loop(first: str, second: str, off: str, y: float) -> list[Line]:
    """Two states beside each other, there and back, and both to what ends them from below."""
    low = y + 150
    return [
        Line(((first, second),), ((318, y - 14), (508, y - 14)), (414, y - 24), "middle", 25),
        Line(((second, first),), ((510, y + 14), (320, y + 14)), (414, y + 34), "middle", 30, True),
        Line(((first, off),), ((216, y + 30), (216, low), (308, low)), (228, low - 38), wrap=17),
        Line(((second, off),), ((612, y + 30), (612, low), (520, low)), (600, low - 38), "end", 17),
    ]


JOBS = Plan(
    JOB,
    (1180, 560),
    "The states of a job",
    (62, 190),
    {
        "queued": (218, 190, 200), "running": (612, 190, 200), "done": (1036, 96, 200), "refused": (1036, 190, 200),
        "failed": (1036, 284, 200), "cancelled": (414, 340, 210), "erased": (590, 490, 240),
    },
    [
        Line(((None, "queued"),), ((69, 190), (116, 190)), (89, 180), "middle"),
        *_loop("queued", "running", "cancelled", 190),
        Line((("running", "done"),), ((712, 176), (740, 176), (740, 96), (934, 96)), (754, 86), wrap=30),
        Line((("running", "refused"),), ((712, 190), (934, 190)), (754, 180)),
        Line((("running", "failed"),), ((712, 204), (740, 204), (740, 284), (934, 284)), (754, 274)),
        Line(
            tuple((s, "erased") for s in ("queued", "running", "done", "refused", "failed", "cancelled")),
            ((590, 408), (590, 458)), (606, 436),
        ),
    ],
    ((24, 40, 1132, 368),),
)  # fmt: skip

PIECES = Plan(
    PIECE,
    (1180, 390),
    "The states of a piece to print",
    (218, 42),
    {"ready": (218, 156, 200), "held": (612, 156, 200), "printed": (976, 156, 200), "gone": (414, 306, 210)},
    [
        Line(((None, "ready"),), ((218, 49), (218, 124)), (232, 90), wrap=46),
        *_loop("ready", "held", "gone", 156),
        Line((("held", "printed"),), ((712, 156), (874, 156)), (793, 146), "middle"),
    ],
)

CAMPAIGNS = Plan(
    CAMPAIGN,
    (1180, 400),
    "The states of a campaign",
    (36, 122),
    {
        "receiving": (164, 122, 170),
        "dropped": (164, 290, 170),
        "running": (472, 122, 210),
        "paused": (472, 290, 210),
        "done": (786, 122, 180),
        "cancelled": (786, 290, 180),
        "erasing": (1046, 122, 160),
        "erased": (1046, 290, 216),
    },
    [
        Line(((None, "receiving"),), ((36, 115), (36, 60), (164, 60), (164, 90)), (46, 50)),
        Line((("receiving", "dropped"),), ((164, 152), (164, 258)), (176, 212), wrap=16),
        Line((("receiving", "running"),), ((249, 122), (365, 122)), (298, 112), "middle", 12),
        Line((("running", "paused"),), ((456, 152), (456, 258)), (446, 210), "end"),
        Line((("paused", "running"),), ((488, 260), (488, 154)), (498, 210)),
        Line((("running", "done"), ("paused", "done")), ((596, 122), (694, 122)), (636, 112), "middle", 14),
        Line((("running", "cancelled"), ("paused", "cancelled")), ((596, 290), (694, 290)), (636, 280), "middle"),
        Line((("done", "erasing"), ("cancelled", "erasing")), ((896, 122), (964, 122)), (930, 112), "middle"),
        Line((("erasing", "erased"),), ((1046, 152), (1046, 258)), (1058, 212), wrap=16),
    ],
    ((348, 66, 248, 278), (676, 66, 220, 278)),
)

FILES = {"states.svg": JOBS, "pieces.svg": PIECES, "campaigns.svg": CAMPAIGNS}


def main(folder: str = str(FOLDER)) -> None:
    """Write every drawing."""
    for name, plan in FILES.items():
        (pathlib.Path(folder) / name).write_text(draw(plan), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
