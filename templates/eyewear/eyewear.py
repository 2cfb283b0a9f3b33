"""The template of eyewear: a front, two temples."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from engine.authoring import (
    Fitted,
    Grid,
    LensPair,
    Measurement,
    Part,
    Pose,
    Process,
    Relation,
    Side,
    Solid,
    Template,
    Text,
    Trace,
    Worn,
    angle_of,
    at_least,
    cad,
    fit,
    lens_shape,
    mark,
    plate,
    plate_body,
    require,
    rule,
    stage,
    tagged,
)
from templates.eyewear import acceptance, ears, face, fitting, lettering, nose, pairing, person, rules, say, temple, worn
from templates.eyewear.fields import MEASURES, all_fields
from templates.eyewear.hinge import COUNT, HIGH, Made, made_by
from templates.eyewear.lenses import Lens, shaped, traced
from templates.eyewear.pairing import Placed
from templates.eyewear.plan import APART, CHAMFER, Plan, border, opening, seat_of

Fields: Any = all_fields()
COLOUR = "#2d5d7b"
END_HIGH = COUNT * HIGH + 2.0 * CHAMFER + 0.6
SLENDER, TIP = 7.0, 8.0
"""mm: heights of a temple before its bend, and at its tip."""
NARROWED = 0.97
"""Of a letter's widths: what the rounding of a leaning face takes is kept clear of."""
SIDES: tuple[Side, Side] = ("right", "left")


class Eyewear(Fields, Template):
    """A spectacle frame for one face and one pair of lenses: a front, two temples, and hinges on a pin."""

    key, version = "eyewear", 1
    family = "eyewear"
    french = """Une monture pour un visage et une paire de verres : une face, deux branches, et des charnières sur un axe."""
    default_process = "mjf-pa12"

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
        return {"vertex": self._on_step("vertex", nose.vertex(self.told(), seen, self._back, self.vertex, self.bridge_high))}

    @fit
    def box(self) -> Mapping[str, object]:
        """The lenses' boxes, and the distance between them."""
        told, aspect = self.told(), fitting.aspect(self.shape)
        wide, pd = told["face_width"].value, told["pd"].value
        aside = abs(told["right_pd"].value - told["left_pd"].value) / 2.0
        bears, dbl, a = self.nose(), fitting.DBLS[0], 50.0
        for _ in range(3):
            _, lens = shaped(self.shape, self._on_step("a", a), self._on_step("b", aspect * a))
            if self.left_radii is not None:
                _, lens = self.both_lenses()
            least = fitting.dbl(fitting.dbl_for(bears, lens, self.rim_wide), pd)
            a, dbl = fitting.box_for(pd, wide, least, aside)
        return {name: self._on_step(name, value) for name, value in (("dbl", dbl), ("a", a), ("b", aspect * a))}

    @fit
    def front_width(self) -> Mapping[str, object]:
        """As wide as the face, as far as the lenses and the end pieces let it."""
        plan = self.plan()
        return {"width": self._on_step("width", fitting.width(self.told()["face_width"].value, sum(plan.a) + plan.dbl))}

    @fit
    def front_numbers(self) -> Mapping[str, object]:
        """The bridge, the bearing, the hinges' height, and how deep the rims are."""
        told = self.told()
        values = {
            "bridge_height": nose.bridge_height(told, face.seen(self), self._back(self.vertex), self.bridge_high)[0],
            "bearing_frontal": angle_of(1.0, self.nose().slope),
            "hinge_height": fitting.hinge_height(self.b, self.rim_wide, END_HIGH),
            "rim_deep": max(3.5, self._deep() + 0.05),
        }
        return {name: self._on_step(name, value) for name, value in values.items()}

    @fit
    def bearing_numbers(self) -> Mapping[str, object]:
        """How far apart the bearings are, and how they spread backwards."""
        bearing = 2.0 * max(self.nose().half, APART + 0.2)
        splay = fitting.splay_for(angle_of(1.0, self._flank().spread), bearing / 2, self.rim_deep)
        return {"bearing": self._on_step("bearing", bearing), "bearing_splay": self._on_step("bearing_splay", splay)}

    @fit
    def temple_numbers(self) -> Mapping[str, object]:
        """How long the temples are, how far they spread, and how they run down."""
        plan, found = self.plan(), dict[str, object]()
        for side in SIDES:
            splay, pitch, long = 8.0, self.tilt + 2.0, 92.0
            for _ in range(5):
                off = self._off_ear(plan, side, long, splay, pitch)
                long -= off.behind
                splay, pitch = splay - angle_of(long, off.out), pitch + angle_of(long, off.over)
            for name, value in (("to_bend", long), ("splay", splay), ("pitch", pitch)):
                found[f"{side}_{name}"] = self._on_step(f"{side}_{name}", value)
        return found

    def _off_ear(self, plan: Plan, side: str, long: float, splay: float, pitch: float) -> ears.Off:
        """Where a temple so long, so far out and down, comes to lie at its ear."""
        one = pairing.placed(plan, splay, self.hinge_made(), self.temple_deep)
        bar = temple.Bar(long, self.drop, self.turn, pitch, END_HIGH, SLENDER, TIP, one.hinge)
        told = self.told()
        on = worn.pose(plan, told, self.vertex, self.tilt, self.pupil_height)
        return ears.off(plan, one, bar, side, splay, self.curve, on, told)

    def told(self) -> dict[str, Measurement]:
        """Every measure of the face: given, or inferred."""
        return person.inferred(self._known(), person.MALE[self.sex])

    def _known(self) -> dict[str, Measurement | None]:
        return {name: cast("Measurement | None", getattr(self, name)) for name, *_ in MEASURES}

    def nose(self) -> fitting.Nose:
        """The nose where its bearing lies."""
        flank = self._flank()
        return fitting.Nose(flank.half + fitting.OFF_NOSE, flank.at, flank.slope)

    def _flank(self) -> nose.Flank:
        seen, back = face.seen(self), self._back(self.vertex)
        shown = None if seen is None else nose.of_face(seen, back, self.pupil_height, self.rim_deep)
        return shown or nose.of_measures(self.told(), back, self.pupil_height)

    def _back(self, vertex: float) -> nose.Back:
        return nose.Back.of(self.told()["pd"].value, self.wrap, vertex, self.tilt, self.pupil_height, self.rim_deep)

    def _on_step(self, name: str, value: float) -> float:
        field = type(self).fields[name]
        return fitting.on_step(value, field.low, field.high, field.step)

    def _deep(self) -> float:
        plan = self.plan()
        return max(fitting.deep_for(lens, plan.base_radius, plan.radius) for lens in self.pair().values())

    def pair(self) -> dict[str, Lens]:
        """Both lenses."""
        right, left = self.both_lenses()
        return {"right": right, "left": left}

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

    def plan(self) -> Plan:
        """The front's numbers."""
        right, left = self.both_lenses()
        return Plan(
            (right.outline.boxed.a, left.outline.boxed.a), self.dbl, self.width, self.wrap, self.base, self.rim_wide, self.rim_deep,
            self.hinge_height, END_HIGH, self.bridge, self.bridge_height, self.bridge_high, self.bearing,
            self.pupil_height - fitting.BEARING_AT, self.pupil_height - fitting.NOSE[1], self.bearing_frontal, self.bearing_splay,
        )  # fmt: skip

    def hinge_made(self) -> Made:
        """The hinge as the process makes it."""
        return made_by(self.process.hole, self.process.wall, self.process.clearance)

    def placed(self, side: str) -> Placed:
        """One hinge, and where it stands."""
        return pairing.placed(self.plan(), getattr(self, f"{side}_splay"), self.hinge_made(), self.temple_deep)

    def bar(self, side: str) -> temple.Bar:
        """One temple's numbers."""
        long, pitch = getattr(self, f"{side}_to_bend"), getattr(self, f"{side}_pitch")
        return temple.Bar(long, self.drop, self.turn, pitch, END_HIGH, SLENDER, TIP, self.placed(side).hinge)

    def _front_told(self) -> dict[str, Any]:
        """What a plate is told to be the front."""
        plan = self.plan()
        right, left = (seat_of(plan, lens, side) for side, lens in self.pair().items())
        knuckles = []
        for side, sign in (("right", -1.0), ("left", 1.0)):
            one = self.placed(side)
            knuckles += one.hinge.fronts(sign * one.at, self.hinge_height)
        return {
            "border": border(plan, right, left),
            "holes": (opening(right, "right"), opening(left, "left")),
            "knuckles": knuckles,
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
        for side, bare in (("left", self.left_bare()), ("right", self.right_bare())):
            text, bar = self.said(side), self.bar(side)
            if text:
                place = lettering.letters(
                    text, bar, lettering.capital(text, bar), lettering.middle_of(bare), mirrored=side == "right"
                )
                bare = lettering.engraved(bare, place.printable(self.process, narrowed=NARROWED))
            solids[f"{side}_temple"] = bare
        made, above = [], 0.0
        for name, solid in solids.items():
            printed, above = pairing.flat(solid, above)
            opened, closed = (Pose(), Pose()) if name == "front" else self._poses(name.split("_")[0])
            shown = pairing.worn(opened)
            made.append(
                solid.part(
                    name, colour=COLOUR, print_pose=printed, shown_pose=shown, assembled_pose=opened, poses={"closed": closed}
                )
            )
        return made

    def _poses(self, side: str) -> tuple[Pose, Pose]:
        plan, one = self.plan(), self.placed(side)
        shut = pairing.folded(getattr(self, f"{side}_to_bend"), self.curve, side == "right")
        opened = pairing.temple_pose(plan, one, side, getattr(self, f"{side}_splay"), "open")
        return opened, pairing.temple_pose(plan, one, side, shut, "closed")

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
            found += acceptance.temple(side, parts[f"{side}_temple"], self.bar(side), half, long + self.drop)
        return found

    def worn(self, parts: Mapping[str, Part]) -> Worn | None:
        """The frame on the face that was scanned."""
        seen = face.seen(self)
        return None if seen is None else worn.worn(self, seen, parts)

    def notes(self) -> list[tuple[str, str]]:
        """What was inferred, and what the optician wants to know."""
        return say.notes(self)

    @rule
    def measures_agree(self, process: Process) -> list[Relation]:
        """The measures are those of one face."""
        return rules.plausible(self.told())

    @rule
    def rims(self, process: Process) -> list[Relation]:
        """Rims that hold the lenses, in this process."""
        return [*rules.rim_stands(self.plan(), process), *rules.holds_lenses(self._deep(), self.plan())]

    @rule
    def nose_and_eyes(self, process: Process) -> list[Relation]:
        """The lenses before the eyes, the bridge over the nose."""
        need = max(fitting.dbl_for(self.nose(), lens, self.rim_wide) for lens in (self.pair()["left"],))
        return [*rules.centred(self.plan(), self.told()), *rules.clears_nose(self.plan(), self.nose(), need)]

    @rule
    def hinges(self, process: Process) -> list[Relation]:
        """Room for the hinges."""
        return [r for side in SIDES for r in rules.ends_hold_hinges(self.plan(), self.placed(side), self.both_lenses())]

    @rule
    def temples(self, process: Process) -> list[Relation]:
        """Temples that reach the ears, and fold."""
        plan, found = self.plan(), list[Relation]()
        for side in SIDES:
            one, bar = self.placed(side), self.bar(side)
            given: float = getattr(self, f"{side}_splay")
            off = self._off_ear(plan, side, bar.to_bend, given, bar.pitch)
            found += [*rules.reaches_ears(plan, one, side, bar.to_bend, bar.to_bend - off.behind)]
            found += rules.folds(plan, one, side, bar)
            wide, splay = self.told()["ear_width"].value, given - angle_of(bar.to_bend, off.out)
            found += rules.spreads(side, given, splay, bar.to_bend, 2.0 * fitting.inner(plan, one), wide, self.curve)
        return found

    @rule
    def weight(self, process: Process) -> list[Relation]:
        """Light enough to stay up."""
        long = self.left_to_bend + self.right_to_bend + 2.0 * self.drop
        return rules.light(self.plan(), self.both_lenses(), long, self.temple_deep)

    @rule
    def letters_show(self, process: Process) -> list[Relation]:
        """Name and size fit inside the temples, in letters that the process can show, with wall enough behind them."""
        long = ("the text is too long for the temple", "le texte est trop long pour la branche")
        thin = ("its strokes would be too thin for this process", "ses traits seraient trop fins pour ce procédé")
        wall = ("the wall left behind the letters is too thin", "la paroi laissée derrière les lettres est trop mince")
        found = [at_least(self.temple_deep - lettering.DEPTH, max(1.5, process.wall), change="temple_deep", why=wall)]
        for side, change in (("left", "left_to_bend"), ("right", "name")):
            text, bar = self.said(side), self.bar(side)
            if text:
                height = lettering.capital(text, bar)
                letters = text.outlines(height=max(height, lettering.LEAST), font=lettering.FONT)
                least = letters.least_height(process)
                found += [
                    at_least(height, lettering.LEAST, change=change, why=long),
                    require(least is not None and least <= max(height, lettering.LEAST), change=change, why=thin),
                ]
        return found
