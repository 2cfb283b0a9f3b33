"""What a stage holds in its hands: catalogue rows, text, letters, solids. Operations hang on them and load the engine late."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType

from engine.errors import OrderError, Refused
from engine.model.mesh import Mesh, Part, Patch, Pose
from engine.model.outline import Outline

AS_DRAWN = Pose()


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
    """Text as outlines on the lattice, and what they were made of, so that a refusal can say which height would fit."""

    outline: Outline
    text: Text
    font: str
    height: float
    at: tuple[float, float]
    angle: float

    def at_height(self, height: float) -> Letters:
        """The same text, larger or smaller."""
        return self.text.outlines(height=height, font=self.font, at=self.at, angle=self.angle)


class Text:
    """The customer's text; `field` is where it came from. False when empty. `read` notes the font that it is set in."""

    __slots__ = ("_read", "field", "value")

    def __init__(self, value: str, field: str, read: Callable[[str], object]) -> None:
        self.value, self.field, self._read = value, field, read

    def __str__(self) -> str:
        return self.value

    def __bool__(self) -> bool:
        return bool(self.value)

    def outlines(
        self, *, height: float, font: str = "roboto-bold", at: tuple[float, float] = (0.0, 0.0), angle: float = 0.0
    ) -> Letters:
        """Outlines: `height` mm of a capital, `angle` degrees counter-clockwise, centred `at` (mm, the patch's frame)."""
        from engine.shape.text import outline

        with _blaming(self.field):
            self._read(f"font.{font}")
            made = outline(self.value, font=font, height=height, at=at, angle=angle)
        return Letters(made, self, font, height, at, angle)

    def size(self, *, height: float, font: str = "roboto-bold") -> tuple[float, float]:
        """Width and height in mm of the ink, not turned."""
        from engine.shape.text import size

        with _blaming(self.field):
            self._read(f"font.{font}")
            return size(self.value, font=font, height=height)


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
    """A closed mesh with tagged patches. Every operation returns a new one."""

    mesh: Mesh
    patches: Mapping[str, Patch]

    def engrave(self, letters: Letters, *, on: str, depth: float) -> Solid:
        """Letters cut `depth` mm into the patch `on`; Refused, with the height that fits, where they leave it.

        On a curved patch they run along it, their middle at its middle, as deep everywhere along the surface's normal.
        """
        return self._stamped(letters, on, depth, emboss=False)

    def emboss(self, letters: Letters, *, on: str, height: float) -> Solid:
        """Letters raised `height` mm over the patch `on`."""
        return self._stamped(letters, on, height, emboss=True)

    def _stamped(self, letters: Letters, on: str, depth: float, *, emboss: bool) -> Solid:
        from engine.shape.stamp import OffPatch, TooCurved, stamp

        if on not in self.patches:
            raise AttributeError(f"no patch {on!r}; there are {', '.join(self.patches)}")
        try:
            made = stamp(self.mesh, self.patches, on, letters.outline, depth, emboss=emboss)
        except OffPatch:
            raise self._does_not_fit(letters, on) from None
        except TooCurved as curved:
            raise Refused(
                letters.text.field,
                f"the {on} is curved too narrowly for letters of this depth",
                value=f"depth {depth:g} mm",
                limit=f"half the radius of the {on}",
                nearest=f"depth {int(curved.deepest * 100) / 100:g} mm",
                rule="text-on-curve",
            ) from None
        return Solid(made.mesh, made.patches)

    def _does_not_fit(self, letters: Letters, on: str) -> Refused:
        from engine.shape.stamp import covers

        low, high = 0.0, letters.height
        for _ in range(12):  # halving down to less than 0.1 mm for any letter that a product can carry
            middle = (low + high) / 2
            fits = covers(self.mesh, self.patches, on, letters.at_height(middle).outline) if middle > 0.2 else True
            low, high = (middle, high) if fits else (low, middle)
        fitting = int(low * 10) / 10
        return Refused(
            letters.text.field,
            f"the letters leave the {on}",
            value=f"height {letters.height:g} mm",
            limit=f"the {on} of this product",
            nearest=f"height {fitting:g} mm" if fitting >= 0.5 else "another place, or a shorter text",
            rule="text-on-patch",
        )

    def part(
        self,
        name: str,
        *,
        colour: str = "#5b8ba8",
        material: str | None = None,
        print_pose: Pose = AS_DRAWN,
        shown_pose: Pose = AS_DRAWN,
        assembled_pose: Pose = AS_DRAWN,
        bonded: Collection[str] = (),
    ) -> Part:
        """A named piece of the product, and how it stands: in print, in the picture, in its assembly.

        `bonded`: names of other pieces that it is printed on or glued to, which it may touch.
        """
        poses = MappingProxyType({"print": print_pose, "shown": shown_pose, "assembled": assembled_pose})
        return Part(
            name, self.mesh, self.patches, colour, material, poses, frozenset((bonded,) if isinstance(bonded, str) else bonded)
        )


@dataclass(frozen=True, eq=False)
class Tagged:
    """A CadQuery result with names for some of its faces; names survive meshing as patches."""

    shape: object
    tags: Mapping[str, object]


def tagged(shape: object, **faces: object) -> Tagged:
    """`tagged(body, back=body.faces("<Z"))`: faces that later stages find by name."""
    return Tagged(shape, dict(faces))
