"""The template of eyewear: a front, two temples."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, cast

from engine.authoring import (
    Fitted,
    Grid,
    LensPair,
    Measurement,
    Part,
    Pose,
    Seat,
    Side,
    Solid,
    Template,
    Text,
    Trace,
    Worn,
    angle_of,
    cad,
    derived,
    fit,
    lens_shape,
    mark,
    plate,
    plate_body,
    stage,
    tagged,
)
from templates.eyewear import acceptance, bearing, ears, face, fitting, lettering, nose, pairing, person, say, temple, worn
from templates.eyewear.demands import Demands
from templates.eyewear.fields import MEASURES, all_fields
from templates.eyewear.hinge import Hinge, Leaves, Made, bought, made_by
from templates.eyewear.lenses import Lens, one, shaped, traced
from templates.eyewear.pairing import Placed
from templates.eyewear.plan import CHAMFER, Plan, besides, border, opening, pads, seat_of

Fields: Any = all_fields()
COLOUR = "#2d5d7b"
OVER_HINGE = 2.0 * CHAMFER + 0.6
"""mm that an end piece is higher than its hinge."""
SLENDER, TIP = 7.4, 8.0
"""mm: heights of a temple before its bend, and at its tip."""
SPREAD = 10.0
"""Degrees that temples spread, before it is known."""
SIDES: tuple[Side, Side] = ("right", "left")


class Eyewear(Fields, Demands, Template):
    """A spectacle frame for one face and one pair of lenses: a front, two temples, and their hinges."""

    key, version = "eyewear", 1
    family = "eyewear"
    french = """Une monture pour un visage et une paire de verres : une face, deux branches, et leurs charnières."""
    default_process = "mjf-pa12"
    made_to_measure = True

    @fit
    def from_measures(self) -> Mapping[str, object]:
        """What a scan or clicked points show of the face, and what is inferred of it."""
        known = self._known()
        told = person.inferred(face.with_seen(known, face.seen(self)), person.MALE[self.sex])
        return {name: value for name, value in told.items() if known[name] is None}

    @fit
    def from_trace(self) -> Mapping[str, object]:
        """What an optician's trace says of the frame."""
        if self.trace is None:
            return {}
        pair: LensPair = self.trace.lenses()
        right, left = traced(pair)
        found = {
            "a": (right.outline.boxed.a + left.outline.boxed.a) / 2,
            "b": (right.outline.boxed.b + left.outline.boxed.b) / 2,
        }
        base = [b for b in (pair.told[side].base_curve for side in SIDES) if b is not None]
        if base:
            found["base"] = base[0]
        if pair.dbl is not None:
            found["dbl"] = pair.dbl
        radii = {f"{side}_radii": Grid(pair.of(side).radii[:, None], (0.0, 0.0), 1.0) for side in SIDES}
        return {**radii, **{name: self._on_step(name, value) for name, value in found.items()}}

    @fit
    def seat(self) -> Mapping[str, object]:
        """How far before the eyes: farther than usual where the bridge would else touch the crest of the nose, or stand too high over it."""
        seen = face.seen(self)
        return {"vertex": self._on_step("vertex", nose.vertex(self, seen))}

    @fit
    def box(self) -> Mapping[str, object]:
        """The lenses' boxes, and the distance between them."""
        told, aspect = self.told(), fitting.aspect(self.shape)
        wide, pd = told["face_width"].value, told["pd"].value
        aside = abs(told["right_pd"].value - told["left_pd"].value) / 2.0
        bears, dbl, a = self.nose(), fitting.DBLS[0], 50.0
        for _ in range(3):
            if self.left_radii is not None:
                _, lens = self.both_lenses()
            else:
                lens = one(self.shape, self._on_step("a", a), self._on_step("b", aspect * a), "left")
            least = fitting.dbl(fitting.dbl_for(bears, lens, self.rim_wide - self.groove), pd)
            a, dbl = fitting.box_for(pd, wide, least, aside)
        return {name: self._on_step(name, value) for name, value in (("dbl", dbl), ("a", a), ("b", aspect * a))}

    @fit
    def front_width(self) -> Mapping[str, object]:
        """As wide as the face, as far as the lenses and the end pieces let it."""
        plan = self.plan()
        wide = fitting.width(self.told()["face_width"].value, sum(plan.a) + plan.dbl)
        for _ in range(2):
            one = pairing.placed(replace(plan, width=wide), SPREAD, self.hinge_made(), self.temple_deep)
            wide = max(wide, fitting.least_width(replace(plan, width=wide), one) + 0.1)
        return {"width": self._on_step("width", wide)}

    @fit
    def front_numbers(self) -> Mapping[str, object]:
        """The bridge, the bearing, the hinges' height, and how deep the rims are."""
        lowest, _ = nose.bridge_height(self.told(), face.seen(self), nose.back(self, self.vertex), self.bridge_high)
        values = {
            "bridge_height": fitting.bridge_height(
                lowest, self.pupil_height, self.bridge, self.b / 2 + self.rim_wide - self.bridge_high
            ),
            "bearing_frontal": angle_of(1.0, self.nose().slope),
            "hinge_height": fitting.hinge_height(self.b, self.rim_wide, self.end_high),
            "rim_deep": max(3.5, self.deep() + 0.05),
        }
        return {name: self._on_step(name, value) for name, value in values.items()}

    @fit
    def bearing_numbers(self) -> Mapping[str, object]:
        """How far apart the bearings are, and how they spread backwards."""
        half = max(self.nose().rolled(self.plan().radius), bearing.APART + 0.2)
        splay = angle_of(1.0, self.nose().spread)
        return {"bearing": self._on_step("bearing", 2.0 * half), "bearing_splay": self._on_step("bearing_splay", splay)}

    @fit
    def bearing_behind(self) -> Mapping[str, object]:
        """How far the bearings stand out behind the front."""
        return {"bearing_deep": self._on_step("bearing_deep", fitting.bearing_deep(self.plan(), self.besides(), self.nose()))}

    @fit
    def temple_numbers(self) -> Mapping[str, object]:
        """How long the temples are, how far they spread, and how they run down."""
        found = {f"{side}_{name}": value for side in SIDES for name, value in ears.reaching(self, side).items()}
        return {name: self._on_step(name, value) for name, value in found.items()}

    @derived
    def told(self) -> dict[str, Measurement]:
        """Every measure of the face: given, or inferred."""
        return person.inferred(self._known(), person.MALE[self.sex])

    def _known(self) -> dict[str, Measurement | None]:
        return {name: cast("Measurement | None", getattr(self, name)) for name, *_ in MEASURES}

    @derived
    def nose(self) -> fitting.Nose:
        """The nose where its bearing lies."""
        flank = nose.flank(self, face.seen(self))
        return fitting.Nose(flank.half + fitting.OFF_NOSE, flank.at, flank.slope, flank.spread)

    def _on_step(self, name: str, value: float) -> float:
        field = type(self).fields[name]
        return fitting.on_step(value, field.low, field.high, field.step)

    def deep(self) -> float:
        """How deep the rims must be, front to back, for these lenses."""
        plan = self.plan()
        return max(fitting.deep_for(lens, plan.base_radius, plan.radius, plan.mouth) for lens in self.pair().values())

    @derived
    def pair(self) -> dict[str, Lens]:
        """Both lenses."""
        right, left = self.both_lenses()
        return {"right": right, "left": left}

    @derived
    def both_lenses(self) -> tuple[Lens, Lens]:
        """Right and left lens: the trace's, or the shape's."""
        if None in (self.right_radii, self.left_radii):
            return shaped(self.shape, self.a, self.b)
        return traced(self._lens_pair())

    def _lens_pair(self) -> LensPair:
        if None in (self.right_radii, self.left_radii):
            right, left = (lens_shape(self.shape, self.a, self.b, side=side) for side in SIDES)
        else:
            right, left = Trace("right", self.right_radii.z[:, 0]), Trace("left", self.left_radii.z[:, 0])
        return LensPair(right, left, self.dbl)

    @derived
    def plan(self) -> Plan:
        """The front's numbers."""
        right, left = self.both_lenses()
        return Plan(
            (right.outline.boxed.a, left.outline.boxed.a), self.dbl, self.width, self.wrap, self.base, self.rim_wide, self.rim_deep,
            self.hinge_height, self.end_high, self.bridge, self.bridge_height, self.bridge_high, self.bearing,
            self.pupil_height - fitting.BEARING_AT, self.pupil_height - fitting.NOSE[1], self.bearing_frontal, self.bearing_splay,
            self.bearing_deep if self.bearing_deep >= bearing.LEAST else 0.0, self.groove, self.groove_angle,
        )  # fmt: skip

    @derived
    def seats(self) -> tuple[Seat, Seat]:
        """The openings of the right and the left lens."""
        right, left = (seat_of(self.plan(), lens, side) for side, lens in self.pair().items())
        return right, left

    @derived
    def besides(self) -> list[bearing.Beside]:
        """Either side of the nose, as it is planned."""
        return besides(self.plan(), *self.seats())

    @derived
    def hinge_made(self) -> Made:
        """The hinge as the process makes it, or as it was bought."""
        row = self.hinge
        if row.barrel_mm is None:
            return made_by(self.process.hole, self.process.wall, self.process.clearance)
        return bought(row.barrel_mm, Leaves(row.front_long_mm, row.temple_long_mm, row.leaf_high_mm, row.leaf_thick_mm))

    @property
    def end_high(self) -> float:
        """Of the end pieces, mm."""
        return self.hinge_made().high + OVER_HINGE

    @derived
    def placed(self, side: str) -> Placed:
        """One hinge, and where it stands."""
        return pairing.placed(self.plan(), getattr(self, f"{side}_splay"), self.hinge_made(), self.temple_deep)

    @derived
    def bar(self, side: str) -> temple.Bar:
        """One temple's numbers."""
        return self.bar_of(getattr(self, f"{side}_to_bend"), getattr(self, f"{side}_pitch"), self.placed(side).hinge)

    def bar_of(self, long: float, pitch: float, hinge: Hinge) -> temple.Bar:
        """A temple so long up to its bend, running down so."""
        return temple.Bar(long, self.drop, self.turn, pitch, self.end_high, SLENDER, TIP, hinge)

    def _front_told(self) -> dict[str, Any]:
        """What a plate is told to be the front."""
        plan = self.plan()
        (right, left), sides = self.seats(), self.besides()
        knuckles = []
        for side, sign in (("right", -1.0), ("left", 1.0)):
            one = self.placed(side)
            knuckles += one.hinge.fronts(sign * one.at, self.hinge_height)
        return {
            "border": border(plan, right, left, sides),
            "holes": (opening(right, "right"), opening(left, "left")),
            "knuckles": knuckles,
            "bosses": pads(plan, sides),
            "thickness": self.rim_deep,
            "radius": plan.radius,
        }

    def _temple_told(self, side: str) -> dict[str, Any]:
        bar, mirrored = self.bar(side), side == "right"
        ring, knuckles = temple.border(bar, mirrored=mirrored), bar.hinge.temples(mirrored)
        return {"border": ring, "knuckles": knuckles, "thickness": self.temple_deep, "radius": self.curve}

    @cad
    def front_cad(self, cq: Any) -> Any:
        """The front, exact."""
        return tagged(cq.Workplane(plate_body(cq, **self._front_told())))

    @cad
    def left_cad(self, cq: Any) -> Any:
        """The left temple without its letters, exact."""
        return tagged(cq.Workplane(plate_body(cq, **self._temple_told("left"))))

    @cad
    def right_cad(self, cq: Any) -> Any:
        """The right temple without its letters, exact."""
        return tagged(cq.Workplane(plate_body(cq, **self._temple_told("right"))))

    @stage(truth="front_cad")
    def front(self) -> Solid:
        """The front, from kernels."""
        return plate(**self._front_told())

    @stage(truth="left_cad")
    def left_bare(self) -> Solid:
        """The left temple without its letters, from kernels."""
        return plate(**self._temple_told("left"))

    @stage(truth="right_cad")
    def right_bare(self) -> Solid:
        """The right temple without its letters, from kernels."""
        return plate(**self._temple_told("right"))

    def said(self, side: str) -> Text:
        """What stands inside a temple: the size on the left, the name on the right."""
        if side == "left":
            if self.process.engrave_width > lettering.FINE:
                return mark(self, "")
            return mark(self, lettering.size_mark(self.plan().a[1], self.dbl, self.left_to_bend + self.drop))
        return cast(Text, self.name)

    @stage
    def product(self) -> list[Part]:
        """Front and temples, as they are printed, open and closed."""
        solids = {"front": self.front()}
        leaves = self.hinge_made().leaves
        if leaves is not None:
            for side in SIDES:
                hole = self.placed(side).hinge.front_pocket(self.placed(side).at, self.hinge_height)
                solids["front"] = pairing.pocketed(
                    solids["front"], hole, leaves.thick, self.rim_deep / self.plan().radius, side == "right"
                )
        for side, bare in (("left", self.left_bare()), ("right", self.right_bare())):
            text, bar = self.said(side), self.bar(side)
            middle = pairing.middle_of(bare)
            if leaves is not None:
                bare = pairing.pocketed(
                    bare, bar.hinge.temple_pocket(), leaves.thick, self.temple_deep / self.curve, side == "right"
                )
            if text:
                place = lettering.letters(text, bar, lettering.capital(text, bar), middle, mirrored=side == "right")
                bare = lettering.engraved(bare, place.printable(self.process, narrowed=lettering.NARROWED))
            solids[f"{side}_temple"] = bare
        made, above = [], 0.0
        (right_shut, left_shut), _ = self.shut()
        shut = {"front": Pose(), "right_temple": right_shut, "left_temple": left_shut}
        for name, solid in solids.items():
            printed, above = pairing.flat(solid, above)
            opened, closed = Pose() if name == "front" else self.opened(name.split("_")[0]), shut[name]
            shown = pairing.worn(opened)
            made.append(
                solid.part(
                    name, colour=COLOUR, print_pose=printed, shown_pose=shown, assembled_pose=opened, poses={"closed": closed}
                )
            )
        return made

    def opened(self, side: str) -> Pose:
        """One temple, open."""
        return pairing.temple_pose(self.plan(), self.placed(side), side, getattr(self, f"{side}_splay"), "open")

    def shut(self) -> tuple[tuple[Pose, Pose], bool]:
        """Both temples closed, and whether they are free of each other."""
        ones, bars = (self.placed("right"), self.placed("left")), (self.bar("right"), self.bar("left"))
        return pairing.shut(self.plan(), ones, bars, self.curve)

    def lenses(self, parts: Mapping[str, Part]) -> LensPair:
        """The lenses that the front takes."""
        pair = self._lens_pair()
        if self.trace is None:
            return pair
        sent: LensPair = self.trace.lenses()
        return LensPair(pair.right, pair.left, self.dbl, sent.told, sent.ftyp, sent.etyp, sent.mirrored, sent.notes)

    def acceptance(self, parts: Mapping[str, Part]) -> list[Fitted]:
        """Each part measured, against what it was asked for."""
        told = self.told()
        found = acceptance.front(parts["front"], self.plan(), self.pair(), told, self.nose(), self.pupil_height)
        for side in SIDES:
            long: float = getattr(self, f"{side}_to_bend")
            half = abs(ears.root(told, side)[0] - 0.5 * (told["right_pd"].value - told["left_pd"].value))
            found += acceptance.temple(side, parts[f"{side}_temple"], self.bar(side), self.curve, half, long + self.drop)
        shown = self.worn(parts)
        return found if shown is None else [*found, *worn.judged(shown)]

    def worn(self, parts: Mapping[str, Part]) -> Worn | None:
        """The frame on the face that was scanned."""
        seen = face.seen(self)
        return None if seen is None else worn.worn(self, seen, parts)

    def notes(self) -> list[tuple[str, str]]:
        """What was inferred, and what the optician wants to know."""
        return say.notes(self)
