"""The rules of a frame, from what others follow to what follows: who changes all that they name is seldom refused again."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from engine.authoring import Process, Relation, angle_of, at_least, require, rule
from templates.eyewear import ears, face, fitting, lettering, nose, rules

if TYPE_CHECKING:
    from templates.eyewear.eyewear import Eyewear

SIDES = ("right", "left")


class Demands:
    """They are asked in this order."""

    @rule
    def measures_agree(self, process: Process) -> list[Relation]:
        """The halves of the PD are of one pair of eyes."""
        return rules.halves(_frame(self).told())

    @rule
    def face_agrees(self, process: Process) -> list[Relation]:
        """Eyes and face go together."""
        return rules.face(_frame(self).told())

    @rule
    def ears_agree(self, process: Process) -> list[Relation]:
        """The head is as wide at the ears as goes with the face."""
        return rules.ears(_frame(self).told())

    @rule
    def right_ear_agrees(self, process: Process) -> list[Relation]:
        """The right ear lies where it goes with the face."""
        return rules.ear_depth(_frame(self).told(), "right")

    @rule
    def left_ear_agrees(self, process: Process) -> list[Relation]:
        """The left ear lies where it goes with the face."""
        return rules.ear_depth(_frame(self).told(), "left")

    @rule
    def nose_agrees(self, process: Process) -> list[Relation]:
        """The nose goes with the eyes."""
        return rules.nose(_frame(self).told())

    @rule
    def rims(self, process: Process) -> list[Relation]:
        """Rims that leave enough beside the groove, in this process."""
        return rules.rim_stands(_frame(self).plan(), process)

    @rule
    def bridge_spans(self, process: Process) -> list[Relation]:
        """The bridge spans the nose."""
        frame = _frame(self)
        need = max(fitting.dbl_for(frame.nose(), lens, frame.rim_wide - frame.groove) for lens in frame.both_lenses())
        return rules.clears_nose(frame.plan(), need, frame.told()["pd"].value, frame.right_radii is not None)

    @rule
    def nose_and_eyes(self, process: Process) -> list[Relation]:
        """The lenses lie before the eyes."""
        return rules.centred(_frame(self).plan(), _frame(self).told())

    @rule
    def lenses_held(self, process: Process) -> list[Relation]:
        """The rims are deep enough for lenses of this base curve."""
        return rules.holds_lenses(_frame(self).deep(), _frame(self).plan())

    @rule
    def bridge_joins(self, process: Process) -> list[Relation]:
        """The bridge meets the rims."""
        return rules.bridge_joins(_frame(self).plan(), _frame(self).both_lenses())

    @rule
    def over_the_crest(self, process: Process) -> list[Relation]:
        """The bridge goes over the crest of the nose, and a scanned nose comes to where its bearings lie."""
        return rules.lies_on_nose(*nose.lies(_frame(self), face.seen(_frame(self))))

    @rule
    def hinges(self, process: Process) -> list[Relation]:
        """Room for the hinges."""
        frame = _frame(self)
        return [r for side in SIDES for r in rules.ends_hold_hinges(frame.plan(), frame.placed(side), frame.both_lenses())]

    @rule
    def right_temple(self, process: Process) -> list[Relation]:
        """The right temple reaches its ear, lies at the head, and folds."""
        return _temple(_frame(self), "right")

    @rule
    def left_temple(self, process: Process) -> list[Relation]:
        """The left temple reaches its ear, lies at the head, and folds."""
        return _temple(_frame(self), "left")

    @rule
    def temples_close(self, process: Process) -> list[Relation]:
        """Closed, they do not pass through each other."""
        _, free = _frame(self).shut()
        return rules.pass_each_other(free)

    @rule
    def bearing_width(self, process: Process) -> list[Relation]:
        """The bearings are as far apart as the nose is wide."""
        return rules.bearing_wide(_frame(self).plan(), _frame(self).nose())

    @rule
    def bearing_steepness(self, process: Process) -> list[Relation]:
        """They are as steep as the nose."""
        return rules.bearing_steep(_frame(self).plan(), _frame(self).nose())

    @rule
    def bearing_opening(self, process: Process) -> list[Relation]:
        """They open backwards as the nose does."""
        return rules.bearing_splayed(_frame(self).plan(), _frame(self).nose())

    @rule
    def bearing_length(self, process: Process) -> list[Relation]:
        """The bridge leaves them their length."""
        return rules.bearing_long(_frame(self).plan())

    @rule
    def bearing_lies_on_the_nose(self, process: Process) -> list[Relation]:
        """Enough of them bears on the nose."""
        frame = _frame(self)
        return rules.bears(frame.plan(), frame.besides(), frame.nose())

    @rule
    def weight(self, process: Process) -> list[Relation]:
        """Light enough to stay up."""
        frame = _frame(self)
        long = frame.left_to_bend + frame.right_to_bend + 2.0 * frame.drop
        return rules.light(frame.plan(), frame.both_lenses(), long, frame.temple_deep)

    @rule
    def letters_show(self, process: Process) -> list[Relation]:
        """Name and size fit inside the temples, in letters that the process can show, with wall enough behind them."""
        frame = _frame(self)
        long = ("the text is too long for the temple", "le texte est trop long pour la branche")
        thin = ("its strokes would be too thin for this process", "ses traits seraient trop fins pour ce procédé")
        wall = ("the wall left behind the letters is too thin", "la paroi laissée derrière les lettres est trop mince")
        leaves = frame.hinge_made().leaves
        deepest = lettering.DEPTH if leaves is None else max(lettering.DEPTH, leaves.thick)
        found = [at_least(frame.temple_deep - deepest, max(1.5, process.wall), change="temple_deep", why=wall)]
        for side, change in (("left", "left_to_bend"), ("right", "name")):
            text, bar = frame.said(side), frame.bar(side)
            if text:
                height = lettering.capital(text, bar)
                letters = text.outlines(height=max(height, lettering.LEAST), font=lettering.FONT)
                least = letters.least_height(process, narrowed=lettering.NARROWED)
                found += [
                    at_least(height, lettering.LEAST, change=change, why=long),
                    require(least is not None and least <= max(height, lettering.LEAST), change=change, why=thin),
                ]
        return found


def _frame(demands: Demands) -> Eyewear:
    return cast("Eyewear", demands)


def _temple(frame: Eyewear, side: str) -> list[Relation]:
    plan, one, bar = frame.plan(), frame.placed(side), frame.bar(side)
    given: float = getattr(frame, f"{side}_splay")
    off = ears.off(frame, side)(bar.to_bend, given, bar.pitch)
    wide, splay = frame.told()["ear_width"].value, given - angle_of(bar.to_bend, off.out)
    return [
        *rules.reaches_ears(plan, one, side, bar.to_bend, bar.to_bend - off.behind),
        *rules.spreads(side, given, splay, bar.to_bend, 2.0 * fitting.inner(plan, one), wide, frame.curve),
        *rules.folds(plan, one, side, bar),
    ]
