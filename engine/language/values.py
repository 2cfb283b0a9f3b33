"""What a stage holds in its hands: catalogue rows, text, letters, solids. Operations hang on them and load the engine late."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, TypeVar

from engine.errors import OrderError, Refused
from engine.language import misfits
from engine.model.mesh import Mesh, Modifier, Part, Patch, Pose, Role
from engine.model.outline import Outline
from engine.model.stamped import Kind, Stamp

if TYPE_CHECKING:
    from engine.language.process_view import ProcessView
    from engine.model.process import Process
    from engine.shape.setting import Setting
    from engine.shape.strokes import Widths

AS_DRAWN = Pose()
How = Literal["engraved", "embossed", "cut"]
_INLAID: tuple[Kind, Kind] = ("engraved", "filled")
Made = TypeVar("Made")


def accepted_text(field: str, raw: str, max_graphemes: int) -> str:
    """`raw` as it is set (NFC, stripped); OrderError for what no font can set, or for too many letters (graphemes)."""
    from engine.shape import characters

    longest = 20 * max_graphemes
    if len(raw) > longest:
        raise OrderError(field, "is too long", value=f"{len(raw)} characters", limit=f"{max_graphemes} letters")
    characters.settable(raw, field=field)
    letters = characters.graphemes(raw)
    if letters > max_graphemes:
        raise OrderError(field, "is too long", value=f"{letters} letters", limit=f"{max_graphemes} letters")
    return characters.normal(raw)


class Row:
    """One row of a catalogue: `row.width_mm`. Each column that is read is noted in the stage's trace."""

    __slots__ = ("_columns", "_field", "_read")

    def __init__(self, field: str, columns: Sequence[str], read: Callable[[str], object]) -> None:
        self._field, self._columns, self._read = field, columns, read

    def __getattr__(self, column: str) -> object:
        if column not in self._columns:
            from difflib import get_close_matches

            near = get_close_matches(column, self._columns, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            raise AttributeError(f"{self._field} has no column {column!r}{hint}")
        return self._read(f"{self._field}.{column}")


@dataclass(frozen=True, eq=False)
class Letters:
    """Text as outlines on the lattice, and how it was set, so that a refusal can say which height would fit.

    Once they are `printable`: how far the point lies that was moved most (mm), how many counters were filled, how much wider
    the letters stand (heights of a capital), how many bridges hold islands.
    """

    outline: Outline
    text: Text
    setting: Setting
    shown: tuple[Widths, float] | None = None
    largest_move: float = 0.0
    filled: int = 0
    spaced: float = 0.0
    bridges: int = 0

    @property
    def height(self) -> float:
        """mm, of a capital; of a monogram that of its frame."""
        return self.setting.height

    def beside(self, other: Letters) -> Letters:
        """Both, to be stamped at once; a refusal of either is put to this text."""
        return replace(self, outline=self.outline.joined(other.outline))

    def at_height(self, height: float) -> Letters:
        """The same text, larger or smaller; where it was made printable it is again."""
        larger = self.text.set(self.setting.of_height(height))
        return larger if self.shown is None else larger._shown(*self.shown)

    def drawn(self, height: float) -> Outline | None:
        """The outline at that height; None where the process that the letters were made printable for cannot show it."""
        if self.shown is None:
            return self.at_height(height).outline
        from engine.shape.printable import printable

        made = printable(self.setting.of_height(height), *self.shown)
        return None if made is None else made.outline

    def printable(self, process: Process | ProcessView, how: How = "engraved", narrowed: float = 1.0) -> Letters:
        """The same text as the process can show it, engraved, embossed (raised) or cut right through.

        Thin strokes and narrow spaces are widened just enough, and only where they are; a counter too small to print is filled; cut through,
        bridges hold what would fall out (`engine.shape.printable` has the rules). Refused, with the height that would do, where
        no letter would be left that can be recognised. `narrowed`: what is left of a width at the far end of the letters where the
        surface is curved, so that widths hold there, too: 1 - depth / radius for letters sunk into a tube's outside, or raised in its
        inside; inner radius / outer radius where they are cut through its wall.
        """
        return self._shown(*_widths(process, how, narrowed))

    def least_height(self, process: Process | ProcessView, how: How = "engraved", narrowed: float = 1.0) -> float | None:
        """The least height (mm) from this one on at which the process can show the text: this one where it can; None where none can."""
        from engine.shape.printable import least_height, printable

        asked = _widths(process, how, narrowed)
        with _blaming(self.text.field):
            return self.height if printable(self.setting, *asked) is not None else least_height(self.setting, *asked)

    def _shown(self, widths: Widths, bridge: float) -> Letters:
        from engine.shape.printable import least_height, printable

        with _blaming(self.text.field):
            made = printable(self.setting, widths, bridge)
        if made is None:
            least = least_height(self.setting, widths, bridge)
            raise Refused(
                self.text.field,
                "the strokes of letters this high are too thin for the process, and cannot be widened",
                value=f"height {self.height:g} mm",
                limit=f"strokes of {widths.stroke:g} mm, {widths.space:g} mm apart",
                nearest=f"height {least:g} mm" if least is not None else "a bolder font, or a shorter text",
                rule="thin-letter",
            )
        return replace(
            self,
            outline=made.outline,
            shown=(widths, bridge),
            largest_move=made.largest_move,
            filled=made.filled,
            spaced=made.spaced,
            bridges=made.bridges,
        )


def _widths(process: Process | ProcessView, how: How, narrowed: float) -> tuple[Widths, float]:
    """What letters answer to, and how wide a bridge is that holds an island: 0 where none is needed."""
    from engine.shape.strokes import Widths

    if not 0.0 < narrowed <= 1.0:
        raise ValueError(f"letters are narrowed to a share of 0 to 1, not {narrowed!r}")

    if how == "engraved":
        return Widths(process.engrave_width / narrowed, process.gap / narrowed), 0.0
    if how == "embossed":
        return Widths(process.emboss_width / narrowed, process.gap / narrowed), 0.0
    if how == "cut":
        # cut through, a stroke is a gap of the wall, and what stands between two is wall
        return Widths(process.gap / narrowed, process.wall / narrowed), max(process.wall, process.gap) / narrowed
    raise ValueError(f"letters are engraved, embossed or cut, not {how!r}")


class Text:
    """The customer's text; `field` is where it came from. False when empty. `read` notes the fonts that it is set in."""

    __slots__ = ("_read", "field", "value")

    def __init__(self, value: str, field: str, read: Callable[[str], object]) -> None:
        self.value, self.field, self._read = value, field, read

    def __str__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return bool(self.value)

    def outlines(
        self,
        *,
        height: float,
        font: str = "roboto-bold",
        at: tuple[float, float] = (0.0, 0.0),
        angle: float = 0.0,
        weight: str | None = None,
        kerning: bool = True,
        spacing: float = 0.0,
        break_at: str = "",
        line_spacing: float = 1.7,
        align: Literal["left", "centre", "right"] = "centre",
        radius: float = 0.0,
        mirrored: bool = False,
    ) -> Letters:
        """Outlines: `height` mm of a capital, `angle` degrees counter-clockwise, centred `at` (mm, the patch's frame).

        weight: "regular", "bold"... of the font's family. kerning: as the font has it. spacing: added between letters, in heights of a
        capital. break_at: the character at which a new line begins; line_spacing, in heights of a capital, and align are the lines'. radius
        (mm): round a circle with its centre below (above zero) or above (below zero) the text. mirrored: for a mould.
        """
        from engine.shape.setting import Setting, weighted

        with _blaming(self.field):
            chosen = font if weight is None else weighted(font, weight)
        return self.set(
            Setting(self.value, chosen, height, at, angle, kerning, spacing, break_at, line_spacing, align, radius, mirrored)
        )

    def monogram(
        self,
        *,
        height: float,
        frame: Literal["circle", "square", "diamond"] = "circle",
        font: str = "roboto-bold",
        at: tuple[float, float] = (0.0, 0.0),
        angle: float = 0.0,
        mirrored: bool = False,
    ) -> Letters:
        """One to three initials in a frame `height` mm high; of three the middle one is larger."""
        from engine.shape.setting import Setting

        return self.set(Setting(self.value, font, height, at, angle, mirrored=mirrored, frame=frame))

    def set(self, setting: Setting) -> Letters:
        """Set in that way."""
        from engine.shape.setting import outline

        with _blaming(self.field):
            self._note(setting.font)
            return Letters(outline(setting), self, setting)

    def size(self, *, height: float, font: str = "roboto-bold", spacing: float = 0.0) -> tuple[float, float]:
        """Width and height in mm of the ink, not turned. `spacing`: as of `outlines`."""
        from engine.shape.text import size

        with _blaming(self.field):
            self._note(font)
            return size(self.value, font=font, height=height, spacing=spacing)

    def _note(self, font: str) -> None:
        """Every font that the text takes letters from: the one that was asked for, and those of other scripts."""
        from engine.shape.text import fonts_of

        for used in fonts_of(self.value, font=font):
            self._read(f"font.{used}")


class _blaming:
    """What the shaper refuses is put to the field that the text came from."""

    def __init__(self, field: str) -> None:
        self.field = field

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if isinstance(error, OrderError):
            error.field = self.field
            error.called(self.field)


@dataclass(frozen=True, eq=False)
class Solid:
    """A closed mesh with tagged patches. Every operation returns a new one, which remembers the stamps that it has."""

    mesh: Mesh
    patches: Mapping[str, Patch]
    stamps: tuple[Stamp, ...] = ()

    def engrave(self, letters: Letters | Outline, *, on: str, depth: float) -> Solid:
        """Letters cut `depth` mm into the patch `on`; Refused, with the height that fits, where they leave it.

        On a curved patch they run along it, their middle at its middle, as deep everywhere along the surface's normal.
        """
        return self._stamped(letters, on, depth, emboss=False)

    def emboss(self, letters: Letters | Outline, *, on: str, height: float) -> Solid:
        """Letters raised `height` mm over the patch `on`."""
        return self._stamped(letters, on, height, emboss=True)

    def pocket(self, outline: Outline, *, on: str, depth: float) -> Solid:
        """An outline sunk `depth` mm into the patch `on`, to hold something: what is left is a wall as any, and no letter."""
        return self._stamped(outline, on, depth, emboss=False, role=Role.WALL)

    def cut(self, outline: Letters | Outline, *, on: str, behind: str) -> Solid:
        """An outline cut through the wall between two patches; it is drawn in the frame of `on`.

        Between parallel planes straight through; where either is curved, along the normals of `on`. What would fall out is refused:
        letters want `printable(process, "cut")`, which holds it by bridges.
        """
        from engine.shape.stencil import islands
        from engine.shape.through import can_cut, cut_through

        drawn = _drawn(outline)
        if loose := len(islands(drawn)):
            raise ValueError(
                f"{loose} pieces of the {on} would fall out of this outline: bridge letters by printable(process, 'cut')"
            )

        whole = (self.mesh, self.patches, on, behind)
        made = self._on_patch(outline, on, lambda: cut_through(*whole, drawn), "a thicker wall", lambda by: can_cut(*whole, by))
        return Solid(made.mesh, made.patches, self._and("cut", on, drawn, behind=behind))

    def inlay(self, letters: Letters | Outline, *, on: str, depth: float) -> tuple[Solid, Solid]:
        """This solid with a pocket `depth` mm deep in the planar patch `on`, and letters that fill it, flush: a part of their own.

        Make parts of both and bond them: `body.part("case", bonded="letters")`.
        """
        from engine.shape.inlay import inlay

        drawn = _drawn(letters)
        pocketed, filling = self._on_patch(letters, on, lambda: inlay(self.mesh, self.patches, on, drawn, depth))
        pocket, filled = (self._and(kind, on, drawn, depth) for kind in _INLAID)
        return Solid(pocketed.mesh, pocketed.patches, pocket), Solid(filling.mesh, filling.patches, filled)

    def _stamped(self, letters: Letters | Outline, on: str, depth: float, *, emboss: bool, role: Role | None = None) -> Solid:
        from engine.shape.stamp import stamp

        drawn = _drawn(letters)
        made = self._on_patch(
            letters,
            on,
            lambda: stamp(self.mesh, self.patches, on, drawn, depth, emboss=emboss, role=role),
            f"depth {depth:g} mm",
        )
        return Solid(made.mesh, made.patches, self._and("embossed" if emboss else "engraved", on, drawn, depth))

    def _and(self, kind: Kind, on: str, drawn: Outline, depth: float = 0.0, behind: str = "") -> tuple[Stamp, ...]:
        """The stamps so far and this one; an empty outline is none."""
        return (*self.stamps, Stamp(kind, on, drawn, depth, behind)) if len(drawn.points) else self.stamps

    def _on_patch(
        self,
        letters: Letters | Outline,
        on: str,
        work: Callable[[], Made],
        asked: str = "",
        fits: Callable[[Outline], bool] | None = None,
    ) -> Made:
        """`work`, and what it refuses put into the customer's words; `asked`: how deep. `fits`: would that outline? By default: on the patch."""
        from engine.shape.stamp import OffPatch, TooCurved, covers

        if on not in self.patches:
            raise AttributeError(f"no patch {on!r}; there are {', '.join(self.patches)}")
        try:
            return work()
        except OffPatch as off:
            if isinstance(letters, Outline):
                raise ValueError(off.for_sender()) from None
            raise misfits.leaves(letters, off.patch, fits or (lambda by: covers(self.mesh, self.patches, on, by))) from None
        except TooCurved as curved:
            if isinstance(letters, Outline):
                raise ValueError(str(curved)) from None
            raise misfits.too_curved(letters, on, asked, curved.deepest) from None

    def part(
        self,
        name: str,
        *,
        colour: str = "#5b8ba8",
        material: str | None = None,
        print_pose: Pose = AS_DRAWN,
        shown_pose: Pose = AS_DRAWN,
        assembled_pose: Pose = AS_DRAWN,
        poses: Mapping[str, Pose] = MappingProxyType({}),
        bonded: Collection[str] = (),
        modifiers: Sequence[Modifier] = (),
    ) -> Part:
        """A named piece of the product, and how it stands: in print, in the picture, in its assembly; `poses`: otherwise, by name (closed).

        `bonded`: names of other pieces that it is printed on or glued to, which it may touch. `modifiers`: volumes within which it is
        printed otherwise, where it is sliced; each must be closed (ValueError).
        """
        every = MappingProxyType({"print": print_pose, "shown": shown_pose, "assembled": assembled_pose, **poses})
        beside = frozenset((bonded,) if isinstance(bonded, str) else bonded)
        if modifiers:
            from engine.shape.zones import must_be_closed

            for modifier in modifiers:
                must_be_closed(modifier)
        return Part(name, self.mesh, self.patches, colour, material, every, beside, self.stamps, tuple(modifiers))


def _drawn(outline: Letters | Outline) -> Outline:
    return outline.outline if isinstance(outline, Letters) else outline


@dataclass(frozen=True, eq=False)
class Tagged:
    """A CadQuery result with names for some of its faces; names survive meshing as patches."""

    shape: object
    tags: Mapping[str, object]


def tagged(shape: object, **faces: object) -> Tagged:
    """`tagged(body, back=body.faces("<Z"))`: faces that later stages find by name."""
    return Tagged(shape, dict(faces))
