"""A small template compiled for real, whole and broken on purpose: what is certified is right, what cannot be stays off and is said."""

from __future__ import annotations

import pathlib
import textwrap
import threading
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from engine.chart.chart import Chart
from engine.chart.form import read
from engine.compiling import certify, charting, crew
from engine.compiling import compile as compiling
from engine.compiling.charting import CURES, FINEST
from engine.compiling.compile import Compiled, Wanted, compile_stage
from engine.compiling.draughting import Bodies
from engine.compiling.outcome import Asked, Made
from engine.doors.cad import TOLERANCE_MM
from engine.errors import OrderError, TemplateError, UnikatError
from engine.language.charted import folders_of, from_chart
from engine.language.orders import accept
from engine.language.template import Home, Run, Template, load_file
from engine.make import Workshop, make
from engine.model.order import Order
from engine.process.limits import load_process

PLATE = '''
"""A plate with a hole, for tests."""
from engine.authoring import Solid, Template, choice, flag, length, cad, stage, tagged


class Plate(Template):
    """A plate with a hole."""

    key, version = "plate", 1
    wide = length(30.0, low=20.0, high=40.0, step=0.5, label=("Width", "Largeur"))
    high = length(12.0, low=10.0, high=16.0, step=0.5, label=("Height", "Hauteur"))
    hole = length(2.0, low=1.0, high=3.0, step=0.1, label=("Hole", "Trou"))
    feet = flag(False, label=("Feet", "Pieds"))

    @cad
    def body(self, cq):
        BODY

    @stage
    def plate(self) -> Solid:
        return self.body()
'''
WHOLE = """\
wide = self.wide
body = cq.Workplane("XY").box(wide, self.high, 4.0).edges("|Z").fillet(2.0)
body = body.faces(">Z").workplane().hole(2.0 * self.hole)
if self.feet:
    body = body.union(cq.Workplane("XY").center(-6.5, 0.0).box(3.0, 3.0, 8.0))
return tagged(body, top=body.faces(">Z"))
"""


@pytest.fixture(autouse=True)
def few_tries(monkeypatch: pytest.MonkeyPatch) -> None:
    """A plate has three numbers: a quarter of the tries that a phone case needs finds its ends."""
    monkeypatch.setattr(compiling, "EXPLORED", 4000)


@pytest.fixture
def plate(tmp_path: pathlib.Path) -> Callable[..., pathlib.Path]:
    """Writes the template with another body, each under a name of its own."""
    count = iter(range(100))

    def write(*changes: tuple[str, str]) -> pathlib.Path:
        drawn = WHOLE
        for old, new in changes:
            assert old in drawn
            drawn = drawn.replace(old, new)
        path = tmp_path / f"plate{next(count)}.py"
        path.write_text(PLATE.replace("        BODY\n", textwrap.indent(drawn, " " * 8)), encoding="utf-8")
        return path

    return write


def compiled(path: pathlib.Path, root: pathlib.Path, **how: Any) -> Compiled:
    wanted = Wanted(**{"scouted": 60, "certified": 2, **how})
    return compile_stage({"file": str(path)}, "body", wanted, root, 1, lambda _: None)


def template(path: pathlib.Path, root: pathlib.Path | None, **parameters: Any) -> Template:
    cls = load_file(path)
    values, origins = accept(Order("plate", parameters=parameters), cls)
    return cls(Run(cls, values, origins, load_process("mjf-pa12").flat(), home=Home(None, root)))


def of(told: Compiled, word: str) -> list[str]:
    return [why for s in told.structures for _, why in s.off if word in why] + [
        c for s in told.structures for c in s.cuts if word in c
    ]


def test_a_plain_template_is_covered_whole_and_right(plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path) -> None:
    path, root = plate(), tmp_path / "charts"
    told = compiled(path, root)
    assert (
        len(told.structures) == 2 and told.covered == 1.0 and told.direct == ["feet", "high", "hole", "wide"]
    )  # with feet, and without
    charts = [c for s in told.structures for c in s.charts]
    assert all(c["holds"] and c["bodies"] == 2 and c["max_mm"] < 0.0002 and c["within"] == 1.0 for c in charts)
    shop = Workshop(home=Home(None, root))
    cls = load_file(path)
    for parameters in ({"wide": 23.5, "hole": 1.3}, {"wide": 38.0, "high": 15.5, "feet": True}):
        made = make(Order("plate", parameters=parameters), cls, formats=("3mf",), workshop=shop)
        drawn = make(Order("plate", parameters=parameters), cls, formats=("3mf",), workshop=Workshop(home=Home(None)))
        assert (made.report.figures["tier"], drawn.report.figures["tier"]) == ("chart", "cad")
        assert made.report.verdict == drawn.report.verdict == "printable"
        assert abs(made.report.figures["volume_mm3"] / drawn.report.figures["volume_mm3"] - 1.0) < 1e-3
        assert set(made.artifacts) == {"body", "body.chart"} and set(drawn.artifacts) == {"body"}
        assert made.artifacts["body.chart"] in {c["sha256"] for c in charts} | {
            Chart.of(read(p)).sha256 for p in root.rglob("*.chart")
        }
    assert "top" in template(path, root, wide=25.0).body().patches  # type: ignore[attr-defined]


def test_the_same_charts_again_and_a_killed_compile_goes_on(plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path) -> None:
    path = plate()
    first = compiled(path, tmp_path / "one", most=1)
    assert first.waiting == 1 and first.drawn > 10
    going_on = compiled(path, tmp_path / "one")
    assert [s.kept for s in going_on.structures] == [True, False] and not going_on.waiting
    other = compiled(path, tmp_path / "two")

    def bytes_of(root: str) -> dict[str, bytes]:
        return {p.name: p.read_bytes() for p in (tmp_path / root).rglob("*.chart")}

    assert bytes_of("one") == bytes_of("two") and len(bytes_of("one")) == 2
    assert [s.charts for s in other.structures] == [s.charts for s in going_on.structures]
    for file in [*(tmp_path / "one").rglob("*.chart"), *(tmp_path / "one").rglob("*.json")]:
        file.unlink()
    killed = compiled(path, tmp_path / "one")
    assert bytes_of("one") == bytes_of("two") and killed.drawn == 0, "bodies that lie there change nothing but the time"
    assert [s.bodies for s in killed.structures] == [s.bodies for s in other.structures], "what it cost is told all the same"
    assert all(s.seconds > s.drawing > 0.0 for s in killed.structures)


def test_a_change_of_topology_is_found_and_cut_at(plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path) -> None:
    path = plate(
        ("wide = self.wide\n", "wide = self.wide\nif wide > 33.0:\n    return cq.Workplane('XY').box(wide, self.high, 4.0)\n")
    )
    told = compiled(path, tmp_path / "charts", fixed={"feet": [False]})
    assert told.covered == 1.0 and any(c.startswith("wide at 33") for s in told.structures for c in s.cuts)
    assert any("wide > 33.0" in kink and "(between 33 and 33.5)" in kink for kink in told.kinks), "no order lies nearer"
    low, high = (template(path, tmp_path / "charts", wide=w).body() for w in (32.5, 34.0))  # type: ignore[attr-defined]
    assert len(high.mesh.faces) == 12 < len(low.mesh.faces)


def test_across_an_oblique_cut_boxes_go_as_far_as_the_orders_do(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path
) -> None:
    """The few bodies that were drawn reach the ends of the numbers, not how near an order comes to the cut."""
    flat = "wide = self.wide\nif wide - self.high > 25.1:\n    return cq.Workplane('XY').box(wide, self.high, 4.0)\n"
    told = compiled(plate(("wide = self.wide\n", flat)), tmp_path / "charts", fixed={"feet": [False], "hole": [2.0]})
    assert any(c.startswith("wide - high between 25 and 25.5") for s in told.structures for c in s.cuts), told
    assert told.covered == 1.0


def test_what_only_laying_tells_apart_is_cut_where_it_changes(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Edges meet in one way everywhere; that a tagged face folds is seen once a body is laid on the first one's triangles, and not known of
    those that were not."""

    def long(told: Any) -> bool:
        return bool(np.ptp(told["points"][:, 0]) > 33.25)

    monkeypatch.setattr(charting, "other_patches", lambda ref, told: "it folds" if long(ref) != long(told) else None)
    told = compiled(plate(), tmp_path / "charts", fixed={"feet": [False]})
    (one,) = told.structures
    assert one.cuts == ["wide between 33 and 33.5: it folds"] and len(one.charts) == 2 and not one.off


def test_what_is_never_cleared_ends_with_as_many_bodies_as_a_chart_may_have(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Upside down the plate is the same plate: each body is matched, a fit misses all of one kind, and what it misses is looked at again."""
    monkeypatch.setattr(charting, "MOST", 16)
    monkeypatch.setattr(charting, "DEPTH", 0)
    monkeypatch.setattr(compiling, "EXPLORED", 400)
    path = plate(('body.faces(">Z"))', 'body.faces(">Z" if wide - self.high > 15.0 else "<Z"))'))
    told = compiled(path, tmp_path / "charts", fixed={"feet": [False]})
    assert told.drawn < 60 and of(told, "no coordinate tells its bodies apart") and told.covered == 0.0


def test_a_feature_that_vanishes_is_another_chart(plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path) -> None:
    path = plate((".workplane().hole(2.0 * self.hole)", ".workplane().hole(2.0 * self.hole) if self.hole > 1.5 else body"))
    told = compiled(path, tmp_path / "charts", fixed={"feet": [False]})
    assert told.covered > 0.9 and any(c.startswith(("hole between 1.", "hole at 1.5")) for s in told.structures for c in s.cuts)


def test_a_kink_never_gives_a_wrong_mesh(plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path) -> None:
    path = plate(("wide = self.wide\n", "wide = max(self.wide, 30.0)\n"))
    root = tmp_path / "charts"
    told = compiled(path, root, fixed={"feet": [False]})
    assert any("max" in kink and "wide" in kink and "30" in kink for kink in told.kinks), told.kinks
    for w in np.arange(20.0, 40.5, 0.5).tolist():
        made = template(path, root, wide=w)
        charted = from_chart(type(made).stages["body"], made)  # type: ignore[arg-type]
        if charted is not None:
            reach = np.ptp(charted.solid.mesh.points[:, 0])
            assert abs(reach - max(w, 30.0)) < 0.03, w


@pytest.mark.parametrize(
    ("word", "what"),
    [
        ("TIMEOUT", "while wide > 36.0:\n    pass\n"),
        ("EXIT", "import os\nif wide > 36.0:\n    os._exit(3)\n"),
        ("BUILDING", "if wide > 36.0:\n    raise ValueError('no')\n"),
        ("NOT_SOLID", "if wide > 36.0:\n    return cq.Workplane('XY').box(1, 1, 1).edges().fillet(0.6)\n"),
    ],
)
def test_where_cad_hangs_crashes_or_fails_stays_off(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, word: str, what: str
) -> None:
    path, root = plate(("wide = self.wide\n", "wide = self.wide\n" + what)), tmp_path / "charts"
    told = compiled(path, root, fixed={"feet": [False], "high": [12.0], "hole": [2.0]})
    assert of(told, word), told
    assert any(c.startswith(("wide between 36 and 36.5", "wide at 36")) for s in told.structures for c in s.cuts), (
        "no order lies nearer"
    )
    inside, outside = (template(path, root, wide=w) for w in (30.0, 38.0))
    stage = type(inside).stages["body"]
    assert from_chart(stage, inside) is not None and from_chart(stage, outside) is None  # type: ignore[arg-type]


def test_a_child_that_sleeps_is_not_waited_for_long(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It uses no CPU, so the wall clock ends it; what a crowded machine makes slow keeps its CPU, whatever the clock says."""
    monkeypatch.setattr(crew, "LEAST_PATIENCE", 0.5)
    monkeypatch.setattr(crew, "PATIENCE", 0.01)
    path = plate(("wide = self.wide\n", "wide = self.wide\nimport time\ntime.sleep(60.0)\n"))
    begun = time.monotonic()
    with (
        crew.Crew({"file": str(path)}, 1) as one,
        pytest.raises(crew.Undrawn, match=r"TIMEOUT.* did not end within \S+ s in stage"),
    ):
        one.ask("drawing:reads", "body", {}, {"direct": [], "stages": []}, deadline=100.0)
    assert time.monotonic() - begun < 30.0


def test_who_ends_a_compile_blames_no_body_for_it(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A body under way when Ctrl-C comes is no failure, is kept as none, and nothing is begun any more."""
    monkeypatch.setattr(crew, "DEADLINE", 10.0)
    path = plate(("wide = self.wide\n", "wide = self.wide\nwhile True:\n    pass\n"))
    asked = Asked("plate", 1, "body", "0" * 64, "", ["feet", "high", "hole", "wide"], [])
    ended: list[BaseException] = []

    def draw(bodies: Bodies) -> None:
        try:
            bodies.body({})
        except UnikatError as error:
            ended.append(error)

    with pytest.raises(KeyboardInterrupt), crew.Crew({"file": str(path)}, 1) as one:
        bodies = Bodies(one.apart(), asked, tmp_path / "work")
        thread = threading.Thread(target=draw, args=(bodies,))
        thread.start()
        time.sleep(6.0)
        assert thread.is_alive(), "it draws for ever"
        raise KeyboardInterrupt
    thread.join(30.0)
    draw(bodies)
    assert [type(error) for error in ended] == [crew.SentHome] * 2 and not list(tmp_path.rglob("*.npz"))


def test_structures_beside_each_other_have_the_same_charts(plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path) -> None:
    path, alone, beside = plate(), tmp_path / "alone", tmp_path / "beside"
    wanted = Wanted(scouted=60, certified=2, fixed={"high": [12.0], "hole": [2.0]})
    one, two = (
        compile_stage({"file": str(path)}, "body", wanted, root, n, lambda _: None) for root, n in ((alone, 1), (beside, 2))
    )
    assert [s.structure for s in one.structures] == [s.structure for s in two.structures] and len(one.structures) == 2
    charts = [{p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*.chart")} for root in (alone, beside)]
    assert charts[0] == charts[1] and len(charts[0]) == sum(len(s.charts) for s in one.structures)
    for told in (one, two):
        assert all(s.bodies > 5 and s.seconds > s.drawing > 0.0 for s in told.structures), "each pays for its own"
    assert sum(s.bodies for s in two.structures) == two.drawn == one.drawn


def test_a_sliver_of_a_structure_stays_off_and_is_said(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """So few of the orders that nearly each would be drawn for their own chart; the rest is charted up to it."""
    monkeypatch.setattr(charting, "SLIVER", 0.3)
    path = plate(
        ("wide = self.wide\n", "wide = self.wide\nif wide > 38.0:\n    return cq.Workplane('XY').box(wide, self.high, 4.0)\n")
    )
    told = compiled(path, tmp_path / "charts", fixed={"feet": [False]})
    assert of(told, "orders lie there") and 0.7 < told.covered < 1.0
    within, beside = (template(path, tmp_path / "charts", wide=wide) for wide in (38.5, 38.0))
    stage = type(within).stages["body"]
    assert from_chart(stage, within) is None and from_chart(stage, beside) is not None  # type: ignore[arg-type]


def test_bad_input_is_told(plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path) -> None:
    path = plate()
    with pytest.raises(OrderError, match="stage"):
        compile_stage({"file": str(path)}, "bodi", Wanted(), tmp_path, 1, lambda _: None)
    with pytest.raises(OrderError, match="widht"):
        compiled(path, tmp_path, fixed={"widht": [3.0]})
    with pytest.raises(OrderError, match="process"):
        compiled(path, tmp_path, fixed={"process": ["laser"]})
    with pytest.raises(TemplateError, match="BUILDING"):
        compiled(plate(("wide = self.wide\n", "wide = self.wide / 0.0\n")), tmp_path)
    assert not list(tmp_path.rglob("*.chart")) and not folders_of(template(path, tmp_path).run, "body")


def test_triangles_too_coarse_for_an_end_are_made_finer_and_then_left_off(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The B-rep is told to be far from the triangles of every chart that is less than so many times finer."""
    path, measured, enough = plate(), certify._measured, [2]
    fixed = {"feet": [False], "high": [12.0], "hole": [2.0]}
    looked: list[float] = []

    def told(charting: Any, made: Made, chart: Chart, k: int, both: bool) -> Any:
        answer = measured(charting, made, chart, k, both)
        if both:
            looked.append(float(made.orders.values[k, made.orders.names.index("wide")]))
        if both and made.finer < enough[0]:
            answer["to_mesh"] = answer["to_mesh"] + 1.0
        return answer

    monkeypatch.setattr(certify, "_measured", told)
    finer = compiled(path, tmp_path / "finer", fixed=fixed)
    (chart,) = [c for s in finer.structures for c in s.charts]
    assert chart["holds"] and finer.covered == 1.0
    (file,) = (tmp_path / "finer").rglob("*.chart")
    assert read(file).about["tolerance_mm"] == TOLERANCE_MM / 2
    assert min(looked) < 20.6 and max(looked) > 39.4, "the ends of the box are looked at"
    enough[0] = 2 * FINEST
    none = compiled(path, tmp_path / "none", fixed=fixed)
    assert none.covered == 0.0 and any("mm from the mesh" in why for s in none.structures for _, why in s.off), none
    assert not list((tmp_path / "none").rglob("*.chart"))


def test_what_a_certificate_finds_wrong_joins_the_fit_and_others_are_asked(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One body of each chart that was not fitted anew so often is told to miss."""
    path, measured, enough = plate(), certify._measured, [1]
    fixed = {"feet": [False], "high": [12.0], "hole": [2.0]}
    asked: dict[int, set[float]] = {}

    def told(charting: Any, made: Made, chart: Chart, k: int, both: bool) -> Any:
        answer = measured(charting, made, chart, k, both)
        region = [one.get("wide", 30.0) for one in made.orders.changes]
        first = region[k] not in {wide for found in asked.values() for wide in found}
        assert k not in made.rows or both, "a fit is asked of bodies that it has not seen"
        for cures, before in asked.items():
            assert cures >= made.cures or before & {*region} <= {region[row] for row in made.rows}
        asked.setdefault(made.cures, set()).add(region[k])
        if first and made.cures < enough[0]:
            answer["nodes"] = answer["nodes"] + 1.0
        return answer

    monkeypatch.setattr(certify, "_measured", told)
    cured = compiled(path, tmp_path / "cured", fixed=fixed)
    (chart,) = [c for s in cured.structures for c in s.charts]
    assert chart["holds"] and chart["bodies"] == 2 and cured.covered == 1.0 and sorted(asked) == [0, 1]
    enough[0] = CURES + 1
    asked.clear()
    never = compiled(path, tmp_path / "never", fixed=fixed)
    assert never.covered == 0.0 and of(never, "nodes miss by up to 1000") and sorted(asked) == list(range(CURES + 1))
    assert not list((tmp_path / "never").rglob("*.chart"))


def test_a_narrow_bump_that_no_fit_saw_is_found_and_parted_from_the_rest(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path
) -> None:
    bump = "high = self.high + 0.4 / (1.0 + ((wide - 36.5) / 0.05) ** 2)\n"
    path = plate(("wide = self.wide\n", "wide = self.wide\n" + bump), ("box(wide, self.high, 4.0)", "box(wide, high, 4.0)"))
    told = compiled(path, tmp_path / "charts", fixed={"feet": [False], "high": [12.0], "hole": [2.0]}, certified=40)
    assert told.covered == 1.0 and len([c for s in told.structures for c in s.charts if c["holds"]]) >= 2
    for wide in (25.0, 36.0, 36.5, 37.0, 38.0):
        body = template(path, tmp_path / "charts", wide=wide).body()  # type: ignore[attr-defined]
        high = float(np.ptp(body.mesh.points[:, 1]))
        assert high == pytest.approx(12.0 + 0.4 / (1.0 + ((wide - 36.5) / 0.05) ** 2), abs=0.03)


def test_where_all_orders_that_were_found_were_drawn_others_are_looked_for(
    plate: Callable[..., pathlib.Path], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(compiling, "EXPLORED", 0)
    fixed = {"feet": [False], "hole": [2.0]}
    few = compiled(plate(), tmp_path / "few", scouted=7, fixed=fixed)
    (chart,) = [c for s in few.structures for c in s.charts]
    assert chart["bodies"] == 2 and chart["holds"] and few.structures[0].orders > 8
    all_ = compiled(plate(), tmp_path / "all", scouted=7, fixed={**fixed, "wide": [25.0, 30.0], "high": [11.0, 12.0]})
    (known,) = [c for s in all_.structures for c in s.charts]
    assert known["bodies"] == 0 and known["covered"] == 4, "there are no others"
