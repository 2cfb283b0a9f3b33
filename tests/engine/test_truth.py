"""The distance test and STEP of a truth: what is off is told with its size, what is missing is found, and who may not judge is refused."""

from __future__ import annotations

import hashlib
import math
import pathlib
from typing import Any

import numpy as np
import pytest

from engine.errors import OrderError, TemplateError
from engine.export.identity import Identity
from engine.export.step import quoted, write
from engine.language.stages import holds_points
from engine.language.template import Template, load_file
from engine.make import Workshop, make
from engine.model.order import InputFile, Order, Product
from engine.truth import FARTHEST_MM, distance
from tests.scans import block

BAR = '''
import math
import numpy as np
from engine.authoring import Part, Solid, Template, cad, fit, flag, length, scan, stage
from engine.model.mesh import Mesh

class Bar(Template):
    """A bar, and what can be wrong with it."""
    key, version = "bar", 1
    off = length(0.0, low=0.0, high=5.0, step=0.01, label="The fast top is too high")
    hole = flag(False, label="A hole that the fast one forgets")
    spike = flag(False, label="A spike that only the fast one has")
    peeks = flag(False, label="The truth asks the fast one")
    shares = flag(False, label="The truth asks for the fast one's corners")
    twice = flag(False, label="Two of them")
    letters = flag(False, label="A later stage changes it")
    body = scan(label="As high as this the fast top is too high")

    @fit
    def too_high(self):
        return {"off": round(float(self.body.mesh().points[:, 2].max()), 2)} if self.body else None

    @stage
    def size(self):
        return {"wide": 40.0, "deep": 30.0, "high": 5.0}

    @stage
    def corners(self):
        s = self.size()
        return np.array([(x * s["wide"] / 2, y * s["deep"] / 2, z * s["high"] / 2) for z in (-1, 1) for y in (-1, 1) for x in (-1, 1)])

    @cad
    def exact(self, cq):
        s = self.size()
        if self.peeks:
            s = {**s, "wide": float(np.ptp(self.fast().mesh.points[:, 0]))}
        if self.shares:
            s = {**s, "wide": float(np.ptp(self.corners()[:, 0]))}
        bar = cq.Workplane().box(s["wide"], s["deep"], s["high"])
        return bar.faces(">Z").workplane().center(11, 4).hole(1.0) if self.hole else bar

    @stage(truth="exact")
    def fast(self):
        points = self.corners().copy()
        points[4:, 2] += self.off
        faces = [(0, 2, 1), (1, 2, 3), (4, 5, 6), (5, 7, 6), (0, 1, 4), (1, 5, 4), (2, 6, 3), (3, 6, 7), (0, 4, 2), (2, 4, 6), (1, 3, 5), (3, 7, 5)]
        if self.spike:
            points = np.vstack([points, [(-5.0, -3.0, 4.5)]])
            faces[2:3] = [(4, 5, 8), (5, 6, 8), (6, 4, 8)]
        solid = Solid(Mesh(points, np.array(faces, np.int32)), {})
        return [solid.part("one"), solid.part("two")] if self.twice else solid

    @cad
    def rod(self, cq):
        return cq.Workplane().circle(10).extrude(20)

    @stage(truth="rod")
    def fast_rod(self):
        turn = [2 * math.pi * i / 64 for i in range(64)]
        points = [(0, 0, 0), (0, 0, 20)] + [(10 * math.cos(t), 10 * math.sin(t), z) for z in (0, 20) for t in turn]
        faces = []
        for i in range(64):
            a, b = 2 + i, 2 + (i + 1) % 64
            faces += [(0, b, a), (1, a + 64, b + 64), (a, b, b + 64), (a, b + 64, a + 64)]
        return Solid(Mesh(np.array(points), np.array(faces, np.int32)), {})

    @stage
    def plain(self):
        return self.fast()

    @stage
    def product(self):
        made = self.plain()
        if self.letters:
            made = Solid(Mesh(made.mesh.points * 1.01, made.mesh.faces), {})
        return made if self.twice else made.part("bar")
'''


@pytest.fixture(scope="module")
def bar(tmp_path_factory: pytest.TempPathFactory) -> type[Template]:
    path = tmp_path_factory.mktemp("truth") / "bar.py"
    path.write_text(BAR, encoding="utf-8")
    return load_file(path)


def test_a_fast_stage_that_is_right(bar: type[Template]) -> None:
    told = distance(bar, "fast")
    assert told.worst_mm < 1e-6 and told.to_brep.rms_mm < 1e-6 and abs(told.volume_difference_mm3) < 1e-6
    assert told.brep_volume_mm3 == pytest.approx(6000.0) and told.to_brep.points == 8 + 12
    assert told.to_mesh.points > (2 * 40 * 30 + 2 * 40 * 5 + 2 * 30 * 5) / 0.5**2


def test_a_twentieth_of_a_millimetre_is_told(bar: type[Template]) -> None:
    told = distance(bar, "fast", {"off": 0.05})
    assert told.to_brep.max_mm == pytest.approx(0.05, abs=1e-6) and told.to_mesh.max_mm == pytest.approx(0.05, abs=1e-6)
    share = 40 * 30 / (2 * 40 * 30 + 2 * 40 * 5 + 2 * 30 * 5)
    assert told.to_mesh.rms_mm == pytest.approx(0.05 * math.sqrt(share), rel=1e-2)
    assert 0.02 < told.to_brep.rms_mm < 0.05 and told.to_brep.at[2] == pytest.approx(2.55)
    assert told.volume_difference_mm3 == pytest.approx(40 * 30 * 0.05, rel=1e-3)
    assert "fast to exact: at most 0.0500 mm" in str(told)


def test_what_99_percent_keep_within_is_told(bar: type[Template]) -> None:
    """By area: a hole of 1 mm is less than 1 % of the bar, its top is a third of it."""
    told = distance(bar, "fast", {"hole": True})
    assert told.to_mesh.max_mm > 2.0 and told.to_mesh.p99_mm < 1e-6
    told = distance(bar, "fast", {"off": 0.05})
    assert told.to_mesh.p99_mm == pytest.approx(0.05, abs=1e-6) and told.to_brep.p99_mm == pytest.approx(0.05, abs=1e-6)
    assert "99 % within 0.0500 mm" in str(told)


def test_some_points_tell_what_all_of_them_do(bar: type[Template]) -> None:
    """Evenly among vertices and middles, never fewer than asked for; the other way is not thinned."""
    every = distance(bar, "fast_rod")
    count = every.to_brep.points
    some = distance(bar, "fast_rod", points=100)
    assert 100 <= some.to_brep.points <= count // (count // 100) + 1 < count and some.to_mesh.points == every.to_mesh.points
    assert some.to_brep.max_mm == pytest.approx(every.to_brep.max_mm, rel=0.05)
    assert distance(bar, "fast_rod", points=10 * count).to_brep == every.to_brep
    off = distance(bar, "fast", {"off": 0.05}, points=5)
    assert off.to_brep.max_mm == pytest.approx(0.05, abs=1e-6)


def test_what_a_scan_was_fitted_to_is_measured(bar: type[Template]) -> None:
    data = block(20.0, 10.0, 0.25)
    digest = hashlib.sha256(data).hexdigest()
    told = Order("bar", inputs={"body": InputFile(digest, "mm")})
    found = distance(bar, "fast", told, inputs={digest: data})
    assert found.to_brep.max_mm == pytest.approx(0.25, abs=1e-4)
    with pytest.raises(OrderError, match=r"inputs\.body: its file is not there"):
        distance(bar, "fast", told)


def test_what_the_mesh_lacks_is_found_from_the_brep_and_what_it_adds_from_the_mesh(bar: type[Template]) -> None:
    told = distance(bar, "fast", {"hole": True})
    assert told.to_brep.max_mm < 1e-6  # no vertex and no middle lies where the hole is
    assert 2.0 < told.to_mesh.max_mm <= 2.5 and np.hypot(told.to_mesh.at[0] - 11, told.to_mesh.at[1] - 4) == pytest.approx(0.5)
    assert told.volume_difference_mm3 == pytest.approx(math.pi * 0.25 * 5.0, rel=0.05)
    told = distance(bar, "fast", {"spike": True})
    assert told.to_brep.max_mm == pytest.approx(2.0, abs=1e-6) and told.to_brep.at == (-5.0, -3.0, 4.5)


def test_a_chord_error_is_measured_from_the_exact_surface(bar: type[Template]) -> None:
    """A prism of 64 sides for a cylinder: its vertices are on it, its sides are r (1 - cos) inside it."""
    told = distance(bar, "fast_rod")
    chord = 10.0 * (1.0 - math.cos(math.pi / 64))
    assert told.to_mesh.max_mm == pytest.approx(chord, rel=0.01)
    # a middle of two corners and a third lies at 1/3 and 2/3 of the chord
    third = 10.0 - math.hypot(10.0 * math.cos(math.pi / 64), 10.0 * math.sin(math.pi / 64) / 3.0)
    assert told.to_brep.max_mm == pytest.approx(third, rel=1e-3)


@pytest.mark.parametrize("how", ["peeks", "shares"])
def test_a_truth_built_from_the_fast_stage_s_arrays_is_refused(bar: type[Template], how: str) -> None:
    with pytest.raises(TemplateError, match="is built from the arrays of") as refused:
        distance(bar, "fast", {how: True})
    assert refused.value.stage == "fast" and ("fast" if how == "peeks" else "corners") in refused.value.why


def test_numbers_may_be_shared_points_may_not() -> None:
    assert not holds_points({"wide": 40.0, "row": np.arange(3.0), "names": ("a", [1, 2])})
    assert holds_points({"deep": [(np.zeros((4, 2)),)]})


def test_no_truth_no_such_stage_and_two_bodies(bar: type[Template]) -> None:
    for name, why in (("corners", "names no truth"), ("front", "is no stage"), ("exact", "names no truth")):
        with pytest.raises(TemplateError, match=why) as refused:
            distance(bar, name)
        assert refused.value.stage == name
    with pytest.raises(TemplateError, match="must return one solid or part"):
        distance(bar, "fast", {"twice": True})


CLASS = '''
from engine.authoring import Template, cad, stage
class Wrong(Template):
    """Wrong."""
    key, version = "wrong", 1
    @cad
    def drawn(self, cq{cad}):
        return cq.Workplane().box(1, 1, 1)
    @stage
    def plain(self):
        return self.drawn()
    @stage(truth="{truth}")
    def fast(self{fast}):
        return self.drawn()
'''


@pytest.mark.parametrize(
    ("told", "why"),
    [
        ({"truth": "front_cad"}, "names no @cad stage; there are: drawn"),
        ({"truth": "plain"}, "names no @cad stage"),
        ({"truth": "fast"}, "names no @cad stage"),
        ({"cad": ", size"}, r"its truth drawn must take \(self, cq\)"),
        ({"cad": ", *, size=1"}, r"its truth drawn must take \(self, cq\)"),
        ({"fast": ", **sizes"}, "must take self and nothing else"),
    ],
)
def test_a_wrong_link_is_refused_where_the_class_is_defined(tmp_path: pathlib.Path, told: dict[str, str], why: str) -> None:
    path = tmp_path / "wrong.py"
    path.write_text(CLASS.format(**{"cad": "", "fast": "", "truth": "drawn", **told}), encoding="utf-8")
    with pytest.raises(TemplateError, match=why) as refused:
        load_file(path)
    assert refused.value.stage == "fast" and refused.value.file == "wrong.py"
    assert refused.value.line is not None and "truth=" in path.read_text().splitlines()[refused.value.line - 1]


# ---- STEP of a truth -----------------------------------------------------------------------------------------------------


def made(bar: type[Template], workshop: Workshop | None = None, **parameters: Any) -> Product:
    return make(Order("bar", parameters=parameters), bar, formats=["step"], workshop=workshop, keep_refused=True)


def test_a_part_that_a_fast_stage_made_ships_its_truth(bar: type[Template]) -> None:
    workshop = Workshop()
    first = made(bar, workshop, off=0.05).files["model.step"]
    assert b"PRODUCT('bar','bar'," in first and b"the mesh that ships is within 0.1 mm of it" in first
    assert first == made(bar, workshop, off=0.05).files["model.step"]  # warm: the stages are remembered, and the bytes the same
    several = made(bar, twice=True).files
    assert {n for n in several if n.endswith(".step")} == {"model-one.step", "model-two.step"}


def test_no_step_of_another_shape(bar: type[Template]) -> None:
    with pytest.raises(TemplateError, match="its truth exact is another shape") as refused:
        made(bar, off=FARTHEST_MM + 0.01)
    assert refused.value.stage == "fast"
    with pytest.raises(TemplateError, match="is another shape"):
        made(bar, hole=True)
    with pytest.raises(TemplateError, match="is built from the arrays of fast"):
        made(bar, peeks=True)


def test_no_step_where_a_later_stage_changed_the_mesh(bar: type[Template]) -> None:
    with pytest.raises(OrderError, match="formats: there is no exact B-rep of bar") as refused:
        made(bar, letters=True)
    assert (refused.value.field, refused.value.value) == ("formats", "step")


# ---- the header ----------------------------------------------------------------------------------------------------------

RAW = b"""ISO-10303-21;
HEADER;
FILE_DESCRIPTION(('Open CASCADE Model'),'2;1');
FILE_NAME('Open CASCADE Shape Model','%s',('Author'),(
    'Open CASCADE'),'Open CASCADE STEP processor 7.9','Open CASCADE 7.9'
  ,'Unknown');
FILE_SCHEMA(('AUTOMOTIVE_DESIGN { 1 0 10303 214 1 1 1 1 }'));
ENDSEC;
DATA;
#7 = PRODUCT('unikat %d',
  'unikat %d','',(#8));
ENDSEC;
END-ISO-10303-21;
"""


def test_neither_the_date_nor_the_count_of_products_stays() -> None:
    from uuid import UUID

    from engine.errors import EngineFault

    who = Identity("Lünette & Co.", UUID(int=1), "unikat 0.1.0", designer="O'Neill", licence="All rights reserved")
    one = write(RAW % (b"2026-11-24T00:02:05", 1, 1), "front", who)
    assert one == write(RAW % (b"1999-01-01T23:59:59", 117, 117), "front", who)
    assert one != write(RAW % (b"2026-11-24T00:02:05", 1, 1), "left", who)
    assert b"#7 = PRODUCT('front','front','',(#8));" in one and b"FILE_SCHEMA(('AUTOMOTIVE_DESIGN" in one
    assert one.isascii() and b"'L\\X2\\00FC\\X0\\nette & Co.'" in one and b"'O''Neill'" in one
    for broken in (b"", RAW.replace(b"HEADER;", b""), RAW.replace(b"PRODUCT(", b"PRODUKT(")):
        with pytest.raises(EngineFault, match="STEP"):
            write(broken, "front", who)


def test_strings_of_the_standard() -> None:
    assert [quoted(t) for t in ("", "a\\b'c", "é\n", "😀")] == ["''", "'a\\\\b''c'", r"'\X2\00E9\X0\'", r"'\X4\0001F600\X0\'"]
