"""One structure of bodies to charts: drawn, matched, divided where the topology changes, fitted, written."""

from __future__ import annotations

import hashlib
import json
import pathlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.chart import form
from engine.compiling import choosing, fitting, predicting
from engine.compiling.arranging import arrays_of
from engine.compiling.bodies import Drawn, add, column, other_patches, sent, told_of
from engine.compiling.crew import Crew, Undrawn
from engine.compiling.matching import OTHERWISE
from engine.compiling.outcome import Asked, Made, MoreInputs, Orders, Outcome
from engine.compiling.work import Kept
from engine.doors.cad import ANGLE_DEGREES, TOLERANCE_MM

Floats = npt.NDArray[np.float64]

BATCH = 4
"""Bodies are asked for in batches of so many, whatever the number of children: what is drawn must not depend on it."""
SPARE = 6
"""Bodies beyond those that span a chart: its fit is tried on them before it is kept."""
ENOUGH = 24
"""So many bodies are drawn before a region is cut: what tells two kinds apart is not seen from one of them."""
MOST = 240
"""Bodies of one chart, at most."""
DEPTH = 10
SEED = 1
"""Of the order in which bodies are drawn that nothing else asks for."""
FINEST = 4
"""So many times nearer to the surface than CAD's own are a chart's triangles asked to be, at most."""
CURES = 3
"""So often a chart whose certificate does not hold is fitted anew, through what was found wrong, at most."""
NEIGHBOUR_MM = 0.3
PLENTY_MM = 0.002
"""No more bodies are drawn for a fit that misses those it has not seen by so little: a fifth of what 99 % of all nodes may."""
TOLERANCE_FIT_MM = 0.01
"""What 99 % of all nodes must keep to; WORST_MM: all of them."""
WORST_MM = 0.03


class Charting:
    """Makes the charts of one stage. `work`: a folder where drawn bodies wait for the next start, should this one be killed."""

    def __init__(
        self, crew: Crew, asked: Asked, work: pathlib.Path, say: Callable[[str], None], finer: int = 1, cures: int = 0
    ) -> None:
        self.crew, self.asked, self.work, self.say, self.finer, self.cures = crew, asked, work, say, finer, cures
        self.drawn = 0

    def of(self, orders: Orders, breaks: Sequence[tuple[str, float]] = ()) -> Outcome:
        """All charts of one structure; none reaches across a value of `breaks` (coordinate, value)."""
        outcome = Outcome()
        known = {name: at for at, name in enumerate(orders.names)}
        cuts = sorted({(known[name], value) for name, value in breaks if name in known})
        regions = [np.ones(len(orders.changes), dtype=bool)]
        for at, value in cuts:
            below = orders.values[:, at] <= value
            regions = [part for region in regions for part in (region & below, region & ~below) if part.any()]
        outcome.cuts += [f"{orders.names[at]} at {value:g}: a kink, or declared" for at, value in cuts]
        for region in regions:
            self._divide(orders.only(region), sorted({(at, -1) for at, _ in cuts}), outcome, 0)
        return outcome

    def again(self, made: Made) -> Outcome:
        """Charts of the same region whose triangles are asked to be twice as near to the surface, as its middle's were too coarse for its
        ends; none where that was asked FINEST-fold already."""
        return self._anew(made, 2 * made.finer, made.cures, ()) if made.finer < FINEST else Outcome()

    def cured(self, made: Made, found: Sequence[int]) -> Outcome:
        """Charts of the same region whose fit knows these orders of it, too: all that its certificate compared, as it does not hold on some
        of them, and is asked of others then. None where that was done CURES times already."""
        return self._anew(made, made.finer, made.cures + 1, [*made.rows, *found]) if made.cures < CURES else Outcome()

    def _anew(self, made: Made, finer: int, cures: int, found: Sequence[int]) -> Outcome:
        outcome = Outcome()
        anew = Charting(self.crew, self.asked, self.work, self.say, finer, cures)
        anew._divide(made.orders, made.cuts, outcome, 0, found)
        self.drawn += anew.drawn
        return outcome

    # ---- drawing ---------------------------------------------------------------------------------------------------------

    def _draw(
        self, changes: Mapping[str, Any], reference: dict[str, Any] | None, predicted: Floats | None
    ) -> dict[str, Any] | Undrawn:
        """One body laid against a reference, or as one itself."""
        body = self.body(changes)
        if isinstance(body, Undrawn):
            return body
        arguments = (TOLERANCE_MM / self.finer, np.radians(ANGLE_DEGREES).item())
        try:
            return dict(self.crew.ask("solids:place", body, sent(reference), predicted, *arguments))
        except Undrawn as failed:
            return failed

    def body(self, changes: Mapping[str, Any]) -> dict[str, Any] | Undrawn:
        """The B-rep of one order, from the work folder where it lies there."""
        asked = json.dumps([self.asked.source, self.asked.inputs, dict(changes)], sort_keys=True)
        name = hashlib.sha256(asked.encode()).hexdigest()[:32]
        kept = Kept(self.work / f"{name}.npz")
        found = kept.read()
        if found is None:
            self.drawn += 1
            try:
                found = self.crew.ask("solids:body", self.asked.stage, self.asked.inputs, dict(changes))
            except Undrawn as failed:
                found = {"failed": [failed.cause, failed.why]}
            kept.write(found)
        if "more" in found:
            raise MoreInputs(found["more"])
        if "failed" in found:
            return Undrawn(*found["failed"])
        return found

    def _more(self, orders: Orders, axes: fitting.Axes, drawn: Drawn, rows: Sequence[int], outcome: Outcome) -> None:
        """Draw these rows against the reference; in batches, so that the later ones are looked for where the earlier ones point."""
        for start in range(0, len(rows), BATCH):
            batch = [k for k in rows[start : start + BATCH] if k not in drawn.rows and k not in drawn.wrong]
            slope = predicting.slope(axes.z(orders.values[drawn.rows]), np.array(drawn.middles))
            z = axes.z(orders.values)

            def work(k: int, slope: Floats = slope, z: Floats = z) -> dict[str, Any] | Undrawn:
                return self._draw(orders.changes[k], drawn.reference, predicting.middles(slope, z[k]))

            for k, told in zip(batch, self.crew.each(batch, work), strict=True):
                if isinstance(told, Undrawn):
                    drawn.wrong[k] = str(told)
                elif "other" in told:
                    drawn.wrong[k] = told["other"]
                elif (why := other_patches(drawn.reference, told)) is not None:
                    drawn.wrong[k] = why
                else:
                    add(drawn, k, told)
            self.say(f"{self.drawn} bodies")

    # ---- dividing --------------------------------------------------------------------------------------------------------

    def _divide(
        self, orders: Orders, cuts: list[choosing.Pair], outcome: Outcome, depth: int, found: Sequence[int] = ()
    ) -> None:
        """Charts of a region: one, where all its bodies match; else of its parts on both sides of the best cut. `found`: orders of it
        that are drawn in any case."""
        if not orders.changes:
            return
        start = choosing.centre(orders.values)
        told = self._draw(orders.changes[start], None, None)
        if isinstance(told, Undrawn):
            self._beside(orders, start, told, cuts, outcome, depth)
            return
        axes = fitting.axes_of(orders.values, orders.values[start])
        drawn = Drawn(told)
        add(drawn, start, told)
        span = choosing.spanning(axes.z(orders.values), choosing.ranked(orders.values, SEED))
        order = [k for k in span.order if k != start]
        self._more(orders, axes, drawn, span.near, outcome)
        wanted = [*span.near, *span.ends, *found]
        while True:
            self._more(orders, axes, drawn, wanted, outcome)
            if drawn.wrong and not self._cleared(orders, axes, drawn, order[:ENOUGH], outcome):
                self._parted(orders, drawn, cuts, outcome, depth)
                return
            made = self._fitted(orders, axes, drawn, cuts)
            spare = [k for k in order if k not in drawn.rows][:SPARE]
            miss = self._tried(orders, axes, drawn, made, spare, outcome)
            if drawn.wrong:
                continue
            if miss <= PLENTY_MM or not spare or len(drawn.rows) >= MOST:
                break
            if miss > WORST_MM and self._by_kinds(orders, drawn) is not None:
                break
            wanted = [k for k in order if k not in drawn.rows][: max(BATCH, len(drawn.rows) // 2)]
        made = self._fitted(orders, axes, drawn, cuts)  # those that it was tried on join it
        if max(made.worst_mm, miss) > WORST_MM:
            why = f"the fit misses by {1000.0 * max(made.worst_mm, miss):.0f} um after {len(drawn.rows)} bodies"
            self._halved(orders, axes, drawn, cuts, outcome, depth, why)
            return
        outcome.charts.append(made)

    def _cleared(self, orders: Orders, axes: fitting.Axes, drawn: Drawn, rows: list[int], outcome: Outcome) -> bool:
        """Draw enough to see what is wrong, and look once more for the edges of those that only meet otherwise, now that it is known
        where edges go: is nothing wrong any more?"""
        self._more(orders, axes, drawn, rows, outcome)
        lost = [k for k, why in drawn.wrong.items() if why == OTHERWISE and k not in drawn.again]
        for k in lost:
            del drawn.wrong[k]
        drawn.again.update(lost)
        self._more(orders, axes, drawn, lost, outcome)
        return not drawn.wrong

    def _tried(self, orders: Orders, axes: fitting.Axes, drawn: Drawn, made: Made, spare: list[int], outcome: Outcome) -> float:
        """Draw bodies that the fit has not seen; how far it misses the worst of them, mm. They join what is drawn; one that it misses
        widely had a feature taken for its neighbour, and is looked at again."""
        self._more(orders, axes, drawn, spare, outcome)
        worst = 0.0
        for k in [k for k in spare if k in drawn.rows]:
            at = drawn.rows.index(k)
            own = axes.z(orders.values[k][None])[0]
            miss = float(np.abs(fitting.at(made.fit, own)[made.fit.of] - column(drawn, at)).max())
            if miss > NEIGHBOUR_MM and k not in drawn.again:
                drawn.drop(at)
                drawn.wrong[k] = OTHERWISE
            else:
                worst = max(worst, miss)
        return worst

    def _by_kinds(self, orders: Orders, drawn: Drawn) -> choosing.Cut | None:
        """What parts bodies whose edges are of other kinds: none where all are alike."""
        return choosing.cut(orders.values[drawn.rows], drawn.kinds) if len(set(drawn.kinds)) > 1 else None

    def _parted(self, orders: Orders, drawn: Drawn, cuts: list[choosing.Pair], outcome: Outcome, depth: int) -> None:
        known = [*drawn.rows, *drawn.wrong]
        kinds = [""] * len(drawn.rows) + list(drawn.wrong.values())
        found = choosing.cut(orders.values[known], kinds) if depth < DEPTH else None
        why = next(iter(drawn.wrong.values()))
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
            told = self._draw(orders.changes[k], None, None)
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
        if depth >= 4 or not len(axes.pivots):
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
        fit = fitting.fit(axes.z(orders.values[drawn.rows]), np.array([column(drawn, k) for k in range(len(drawn.rows))]))
        z = axes.z(orders.values[drawn.rows])
        return [fitting.at(fit, own)[fit.of] - column(drawn, k) for k, own in enumerate(z)]

    # ---- fitting ---------------------------------------------------------------------------------------------------------

    def _fitted(self, orders: Orders, axes: fitting.Axes, drawn: Drawn, cuts: list[choosing.Pair]) -> Made:
        values = orders.values[drawn.rows]
        z = axes.z(values)
        fit = fitting.fit(z, np.array([column(drawn, k) for k in range(len(drawn.rows))]))
        nodes = len(drawn.points[0])
        arrays, tags = arrays_of(
            drawn.reference, fit, nodes, [told_of(drawn, name) for name in sorted(drawn.reference["patches"])]
        )
        watched = sorted({*((p, -1) for p in axes.pivots.tolist()), *cuts})
        ends = np.array([choosing.measured(values, pair) for pair in watched]).reshape(len(watched), -1)
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
