"""One structure of bodies to charts: drawn, matched, divided where the topology changes, fitted, written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.chart import form
from engine.compiling import choosing, fitting, predicting
from engine.compiling.arranging import arrays_of
from engine.compiling.bodies import Drawn, other_patches
from engine.compiling.crew import Undrawn
from engine.compiling.draughting import Bodies
from engine.compiling.matching import OTHERWISE, unlike
from engine.compiling.outcome import Made, Orders, Outcome
from engine.doors.cad import ANGLE_DEGREES, TOLERANCE_MM
from engine.doors.cad_map import Drawn as Map

Floats = npt.NDArray[np.float64]

BATCH = 4
"""Bodies are asked for in batches of so many, whatever the number of children: what is drawn must not depend on it."""
SPARE = 6
"""Bodies beyond those that span a chart: its fit is tried on them before it is kept."""
ENOUGH = 24
"""So many bodies are drawn before a region is cut: what tells two kinds apart is not seen from one of them."""
A_BODY = 40
"""Of a larger region one body of so many orders is drawn first: where several things change the topology at once, of 24 it is not seen which
to cut at, and the parts are cut again and again."""
MOST = 240
"""Bodies of one chart, at most; with so many, what is wrong is not looked at again."""
SLIVER = 0.002
"""No chart of fewer orders than that share of their structure's: each of them would be drawn for it, and hardly another lies between."""
DEPTH = 10
HALVINGS = 6
"""So many cuts deep a region is parted because its topology changes, and because no polynomial meets it."""
SEED = 1
"""Of the order in which bodies are drawn that nothing else asks for."""
FINEST = 4
"""So many times nearer to the surface than CAD's own are a chart's triangles asked to be, at most."""
CURES = 3
"""So often a region whose chart's certificate does not hold is tried anew, at most: through what was found wrong, then in halves."""
NEIGHBOUR_MM = 0.3
PLENTY_MM = 0.005
"""No more bodies are drawn for a fit that misses those it has not seen by so little: half of what 99 % of all nodes may. A fifth asked for
four times as many where features blend into each other (306 bodies for 427 orders), and certified the same charts."""
TOLERANCE_FIT_MM = 0.01
"""What 99 % of all nodes must keep to; WORST_MM: all of them."""
WORST_MM = 0.03


def _enough(orders: Orders) -> int:
    """So many bodies of a region are drawn before it is cut."""
    return max(ENOUGH, len(orders.changes) // A_BODY)


class Charting:
    """Makes the charts of one stage, from its bodies. `fewest`: regions of fewer orders, beside others of their structure, have none."""

    def __init__(self, bodies: Bodies, say: Callable[[str], None], finer: int = 1, cures: int = 0, fewest: int = 0) -> None:
        self.bodies, self.crew, self.asked, self.say = bodies, bodies.crew, bodies.asked, say
        self.finer, self.cures, self.fewest = finer, cures, fewest

    def of(self, orders: Orders, breaks: Sequence[tuple[str, float]] = ()) -> Outcome:
        """All charts of one structure; none reaches across a value of `breaks` (coordinate, value)."""
        self.fewest = math.ceil(SLIVER * len(orders.changes))
        outcome = Outcome()
        known = {name: at for at, name in enumerate(orders.names)}
        cuts = sorted({(known[name], value) for name, value in breaks if name in known})
        regions = [np.ones(len(orders.changes), dtype=bool)]
        for at, value in cuts:
            below = orders.values[:, at] <= value
            regions = [part for region in regions for part in (region & below, region & ~below) if part.any()]
        outcome.cuts += [f"{orders.names[at]} at {value:g}: a kink, or declared" for at, value in cuts]
        for region in regions:
            self._divide(orders.only(region), sorted({(at, -1) for at, _ in cuts}), outcome, int(len(regions) > 1))
        return outcome

    def again(self, made: Made) -> Outcome:
        """Charts of the same region whose triangles are asked to be twice as near to the surface, as its middle's were too coarse for its
        ends; none where that was asked FINEST-fold already."""
        return self._anew(made, made.orders, 2 * made.finer, made.cures) if made.finer < FINEST else Outcome()

    def cured(self, made: Made, compared: Sequence[int]) -> Outcome:
        """Charts of the same region whose fit knows these orders of it, too: all that its certificate compared, as it does not hold on some
        of them, and is asked of others then. Where that was done once, charts of its halves; none where it was done CURES times."""
        seen = replace(made.orders, seen=frozenset([*made.rows, *compared]))
        return self._anew(made, seen, made.finer, made.cures + 1) if made.cures < CURES else Outcome()

    def _anew(self, made: Made, orders: Orders, finer: int, cures: int) -> Outcome:
        outcome = Outcome()
        anew = Charting(self.bodies, self.say, finer, cures, self.fewest)
        anew._divide(orders, made.cuts, outcome, 0, halved=cures > max(made.cures, 1))
        return outcome

    # ---- drawing ---------------------------------------------------------------------------------------------------------

    def _more(self, orders: Orders, axes: fitting.Axes, drawn: Drawn, rows: Sequence[int]) -> None:
        """Draw these rows and match them; in batches, so that the later ones are looked for where the earlier ones point."""
        z = axes.z(orders.values)
        each_once = list(dict.fromkeys(rows))
        for start in range(0, len(each_once), BATCH):
            batch = [k for k in each_once[start : start + BATCH] if k not in drawn.rows and k not in drawn.wrong]
            slope = predicting.slope(z[drawn.rows], np.array(drawn.middles))
            for k, its in zip(batch, self.crew.each(batch, lambda k: self.bodies.map(orders.changes[k])), strict=True):
                if isinstance(its, Undrawn):
                    drawn.wrong[k] = str(its)
                else:
                    drawn.meet(k, its, predicting.middles(slope, z[k]))
            self.say(f"{self.bodies.drawn} bodies")

    def _laid(self, orders: Orders, drawn: Drawn, rows: Sequence[int] | None = None) -> Undrawn | None:
        """Lay what was drawn, or these `rows` of it, on the triangles of the first of it; what does not lie there is wrong. Why there are no
        triangles, if so."""
        if not drawn.reference:
            first = self.bodies.reference(orders.changes[drawn.rows[0]], self.finer)
            if isinstance(first, Undrawn):
                return first
            if not np.array_equal(first["map"]["edge"], drawn.map.edge):
                return Undrawn("LOST", "its edges are numbered otherwise once it is read again")
            drawn.reference = first
            drawn.lay(drawn.rows[0], first)
        asked = set(drawn.rows if rows is None else rows) - drawn.points.keys()
        places = [(row, middles) for row, middles in zip(drawn.rows, drawn.middles, strict=True) if row in asked]

        def work(place: tuple[int, Floats]) -> dict[str, Any] | Undrawn:
            return self.bodies.laid(orders.changes[place[0]], drawn.reference, place[1], self.finer)

        for (row, _), told in zip(places, self.crew.each(places, work), strict=True):
            if isinstance(told, Undrawn):
                drawn.misplace(row, str(told))
            elif (why := told.get("other") or other_patches(drawn.reference, told)) is not None:
                drawn.misplace(row, why)
            else:
                drawn.lay(row, told)
        return None

    # ---- dividing --------------------------------------------------------------------------------------------------------

    def _divide(self, orders: Orders, cuts: list[choosing.Pair], outcome: Outcome, depth: int, halved: bool = False) -> None:
        """Charts of a region: one, where all its bodies match; else of its parts on both sides of the best cut. `halved`: of its halves in
        any case."""
        if not orders.changes:
            return
        if len(orders.changes) < self.fewest and depth:
            outcome.off.append(
                (
                    len(orders.changes),
                    f"fewer than {self.fewest} orders lie there: nearly each would be drawn for a chart of them",
                )
            )
            return
        if (found := self._unlike(orders, depth)) is not None:
            self._across(orders, *found, cuts, outcome, depth)
            return
        start = choosing.centre(orders.values)
        first = self.bodies.map(orders.changes[start])
        if isinstance(first, Undrawn):
            self._beside(orders, start, first, cuts, outcome, depth)
            return
        axes = fitting.axes_of(orders.values, orders.values[start])
        drawn = Drawn(first)
        drawn.meet(start, first, first.middles)
        span = choosing.spanning(axes.z(orders.values), choosing.ranked(orders.values, SEED))
        order = [k for k in span.order if k != start]
        self._more(orders, axes, drawn, span.near)
        wanted = [*span.near, *span.ends, *sorted(orders.seen)]
        while True:
            self._more(orders, axes, drawn, wanted)
            if drawn.wrong and (len(drawn.rows) >= MOST or not self._cleared(orders, axes, drawn, order)):
                self._parted(orders, axes, drawn, cuts, outcome, depth)
                return
            if (failed := self._laid(orders, drawn)) is not None:
                self._beside(orders, start, failed, cuts, outcome, depth)
                return
            if drawn.wrong:
                continue
            made = self._fitted(orders, axes, drawn, cuts)
            spare = [k for k in order if k not in drawn.rows][:SPARE]
            miss = self._tried(orders, axes, drawn, made, spare)
            if drawn.wrong:
                continue
            if miss <= PLENTY_MM or not spare or len(drawn.rows) >= MOST:
                break
            if miss > WORST_MM and self._by_kinds(orders, drawn) is not None:
                break
            wanted = [k for k in order if k not in drawn.rows][: max(BATCH, len(drawn.rows) // 2)]
        made = self._fitted(orders, axes, drawn, cuts)  # those that it was tried on join it
        if halved or max(made.worst_mm, miss) > WORST_MM:
            why = f"the fit misses by {1000.0 * max(made.worst_mm, miss):.0f} um after {len(drawn.rows)} bodies"
            why = "its certificate did not hold" if halved else why
            self._halved(orders, axes, drawn, cuts, outcome, depth, why)
            return
        outcome.charts.append(made)

    def _unlike(self, orders: Orders, depth: int) -> tuple[choosing.Cut, str] | None:
        """Where a region is cut that is seen to hold unlike bodies by those of it that were drawn for a larger one, and why."""
        known = {k: its for k, changes in enumerate(orders.changes) if (its := self.bodies.known(changes)) is not None}
        first = next((its for its in known.values() if not isinstance(its, Undrawn)), None)
        if first is None or depth >= DEPTH or len(known) < min(_enough(orders), len(orders.changes)):
            return None

        def kind(its: Map | Undrawn) -> str:
            return str(its) if isinstance(its, Undrawn) else unlike(first, its) or ""

        kinds = {k: kind(its) for k, its in known.items()}
        why = next((kind for kind in kinds.values() if kind), None)
        found = (
            None if why is None else choosing.located(orders.values, kinds, lambda k: kind(self.bodies.map(orders.changes[k])))
        )
        return None if found is None or why is None else (found, why)

    def _cleared(self, orders: Orders, axes: fitting.Axes, drawn: Drawn, order: list[int]) -> bool:
        """Draw enough to see what is wrong, and look once more for the edges of those that only meet otherwise, now that it is known
        where edges go: is nothing wrong any more?"""
        known = [k for k in order if self.bodies.known(orders.changes[k]) is not None]
        fresh = [k for k in order if k not in known]
        self._more(orders, axes, drawn, [*known, *fresh[: max(0, _enough(orders) - len(known))]])
        lost = [k for k, why in drawn.wrong.items() if why == OTHERWISE and k not in drawn.again]
        for k in lost:
            del drawn.wrong[k]
        drawn.again.update(lost)
        self._more(orders, axes, drawn, lost)
        if drawn.by_laying:
            unlaid = [row for row in drawn.rows if row not in drawn.points]
            self._laid(orders, drawn, unlaid[: max(0, ENOUGH - len(drawn.known))])
        return not drawn.wrong

    def _tried(self, orders: Orders, axes: fitting.Axes, drawn: Drawn, made: Made, spare: list[int]) -> float:
        """Draw bodies that the fit has not seen; how far it misses the worst of them, mm. They join what is drawn; one that it misses
        widely had a feature taken for its neighbour, and is looked at again."""
        self._more(orders, axes, drawn, spare)
        self._laid(orders, drawn)
        worst = 0.0
        for k in [k for k in spare if k in drawn.rows]:
            own = axes.z(orders.values[k][None])[0]
            miss = float(np.abs(fitting.at(made.fit, own)[made.fit.of] - drawn.column(k)).max())
            if miss > NEIGHBOUR_MM and k not in drawn.again:
                drawn.drop(k, OTHERWISE)
            else:
                worst = max(worst, miss)
        return worst

    def _by_kinds(self, orders: Orders, drawn: Drawn) -> choosing.Cut | None:
        """What parts bodies whose edges are of other kinds: none where all are alike."""
        return choosing.cut(orders.values[drawn.rows], drawn.kinds) if len(set(drawn.kinds)) > 1 else None

    def _parted(
        self, orders: Orders, axes: fitting.Axes, drawn: Drawn, cuts: list[choosing.Pair], outcome: Outcome, depth: int
    ) -> None:
        laid = drawn.by_laying

        def kind(k: int) -> str:
            self._more(orders, axes, drawn, [k])
            if laid:
                self._laid(orders, drawn, [k])
            return drawn.wrong.get(k, "")

        why = next(iter(drawn.wrong.values()))
        found = choosing.located(orders.values, drawn.known, kind) if depth < DEPTH else None
        if found is None:
            outcome.off.append((len(orders.changes), f"no coordinate tells its bodies apart: {why}"))
            return
        self._across(orders, found, why, cuts, outcome, depth)

    def _across(
        self, orders: Orders, found: choosing.Cut, why: str, cuts: list[choosing.Pair], outcome: Outcome, depth: int
    ) -> None:
        """Charts of both sides of a cut."""
        outcome.cuts.append(f"{found.said(orders.names)}: {why}")
        inside = found.below(orders.values)
        for part in (inside, ~inside):
            self._divide(orders.only(part), sorted({*cuts, found.pair}), outcome, depth + 1)

    def _beside(
        self, orders: Orders, start: int, failed: Undrawn, cuts: list[choosing.Pair], outcome: Outcome, depth: int
    ) -> None:
        """The middle could not be drawn: look for one that can, and cut between; all of it is off where three cannot."""
        away = orders.values - orders.values[start]
        others = [k for k in choosing.spanning(away, choosing.ranked(orders.values, SEED)).order if k != start][:3]
        for k in others:
            told = self.bodies.map(orders.changes[k])
            if not isinstance(told, Undrawn) and depth < DEPTH:
                found = choosing.cut(orders.values[[k, start]], ["", str(failed)])
                if found is not None:
                    self._across(orders, found, str(failed), cuts, outcome, depth)
                    return
        outcome.off.append((len(orders.changes), str(failed)))

    def _halved(
        self,
        orders: Orders,
        axes: fitting.Axes,
        drawn: Drawn,
        cuts: list[choosing.Pair],
        outcome: Outcome,
        depth: int,
        why: str,
    ) -> None:
        """What no polynomial meets over the whole of a region is tried over its parts: across what parts the kinds of its edges, else over
        its halves, across its worst coordinate."""
        found = self._by_kinds(orders, drawn) if depth < DEPTH else None
        if found is not None:
            self._across(orders, found, f"edges are of other kinds; {why}", cuts, outcome, depth)
            return
        if depth >= HALVINGS or not len(axes.pivots):
            outcome.off.append((len(orders.changes), why))
            return
        z = axes.z(orders.values)
        best, score = 0, -1.0
        miss = np.array([float(np.abs(r).max()) for r in self._misses(orders, axes, drawn)])
        for k in range(z.shape[1]):
            own = np.abs(z[drawn.rows, k])
            gain = float((own * miss).sum() / max(float(own.sum()), 1e-12))
            if gain > score:
                best, score = k, gain
        at = int(axes.pivots[best])
        middle = float(np.median(orders.values[:, at]))
        inside = orders.values[:, at] <= middle
        if inside.all() or not inside.any():
            outcome.off.append((len(orders.changes), why))
            return
        outcome.cuts.append(f"{orders.names[at]} at {middle:g}: {why}")
        for part in (inside, ~inside):
            self._divide(orders.only(part), sorted({*cuts, (at, -1)}), outcome, depth + 1)

    def _misses(self, orders: Orders, axes: fitting.Axes, drawn: Drawn) -> list[Floats]:
        z, columns = axes.z(orders.values[drawn.rows]), drawn.columns()
        fit = fitting.fit(z, columns)
        return [fitting.at(fit, own)[fit.of] - column for own, column in zip(z, columns, strict=True)]

    # ---- fitting ---------------------------------------------------------------------------------------------------------

    def _fitted(self, orders: Orders, axes: fitting.Axes, drawn: Drawn, cuts: list[choosing.Pair]) -> Made:
        z = axes.z(orders.values[drawn.rows])
        fit = fitting.fit(z, drawn.columns())
        nodes = len(drawn.reference["points"])
        arrays, tags = arrays_of(drawn.reference, fit, nodes, [drawn.tag(name) for name in sorted(drawn.reference["patches"])])
        watched = sorted({*((p, -1) for p in axes.pivots.tolist()), *cuts})
        # bodies were drawn at all ends of the pivots; across a cut it is the region's orders that say how far it goes, up to the cut
        ends = np.array([choosing.measured(orders.values, pair) for pair in watched]).reshape(len(watched), -1)
        arrays |= {
            "pivots": axes.pivots.astype(np.int32),
            "scale": axes.scale,
            "origin": axes.origin,
            "relation": axes.relation,
            "watched": np.array(watched, dtype=np.int32).reshape(-1, 2),
            "low": ends.min(axis=1),
            "high_end": ends.max(axis=1),
        }
        about = {
            "key": self.asked.key,
            "version": self.asked.version,
            "stage": self.asked.stage,
            "source": self.asked.source[: form.SOURCE],
            "structure": orders.structure,
            "cad": self.asked.cad,
            "tolerance_mm": TOLERANCE_MM / self.finer,
            "angle_degrees": ANGLE_DEGREES,
            "chord_mm": drawn.reference["chord_mm"],
            "coordinates": orders.names,
            "tags": tags,
            "bodies": len(drawn.rows),
        }
        data = form.encoded(about, arrays)
        slope = predicting.slope(z, np.array(drawn.middles))
        return Made(
            data,
            orders,
            list(drawn.rows),
            float(fit.residual.max(initial=0.0)),
            fit,
            axes,
            drawn.reference,
            slope,
            cuts,
            self.finer,
            self.cures,
        )
