"""A person's file on its way to a stage: what a template sees, how often it is read, what it cannot do, and where it never stays."""

from __future__ import annotations

import hashlib
import json
import pathlib
import re
import subprocess
import sys
import time
from typing import Any

import numpy as np
import pytest

from engine.authoring import Measurement, Part, Solid, Template, fit, length, measure, outline, points, pressure, scan, stage
from engine.errors import EnvironmentFault, InputError, OrderError, TemplateError
from engine.language import inputs as module
from engine.language import reading
from engine.language.inputs import Inputs, OutlineFile, PointsFile, PressureFile, ScanFile
from engine.language.judge import fitted, run_fits
from engine.language.memory import Bound, weight
from engine.language.orders import accept, with_files
from engine.language.template import Home, Run
from engine.make import Workshop, make
from engine.model.foot import Foot
from engine.model.grid import Grid
from engine.model.mesh import Mesh
from engine.model.order import InputFile, Order, Origin, Product
from engine.reading import meshes
from tests import scanned_template, traces
from tests.engine.language.test_stages import Drawn, tetrahedron
from tests.scanned_template import Block
from tests.scans import ENDS, block, written

READ: list[str] = []
ROOT = pathlib.Path(__file__).resolve().parents[3]


class Seen(Template):
    """Stages that read files, in every way."""

    key, version = "seen", 1
    body = scan(label="Body")
    left = scan(side="left", label="Left")
    trace = outline(label="Trace")
    map = pressure(label="Map")
    clicked = points(label="Points")
    foot = measure(low=5, high=400, path="left.foot", label="Foot")
    width = length(10.0, low=5.0, high=50.0, step=0.5, label="Width")
    other = length(10.0, low=5.0, high=50.0, step=0.5, label="Other")

    @stage
    def size(self) -> Any:
        """Of what was scanned, mm."""
        READ.append("size")
        return np.ptp(self.body.mesh().points, axis=0)

    @stage
    def again(self) -> Any:
        """The same mesh, by another stage."""
        return self.body.mesh()

    @stage
    def wrong(self) -> Any:
        """A word that the reader does not know."""
        return self.body.foot(knd="sole") if self.other == 10.0 else self.body.foot(unit="m")

    @Drawn
    def fitted_body(self) -> Solid:
        """A body of what may be fitted."""
        return tetrahedron(self.width)

    @Drawn
    def plain_body(self) -> Solid:
        """A body of what is not."""
        return tetrahedron(self.other)

    @stage
    def product(self) -> Part:
        """Not asked for here."""
        return self.fitted_body().part("p")  # type: ignore[no-any-return]


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def order(cls: type[Template], unit: str = "mm", **files: bytes) -> tuple[Order, dict[str, bytes]]:
    told = {name: InputFile(sha(data), unit) for name, data in files.items()}
    return Order(cls.key, inputs=told), {sha(data): data for data in files.values()}


def ran(cls: type[Template], home: Home | None = None, unit: str = "mm", **files: bytes) -> Any:
    """A template with its files, before any stage."""
    told, there = order(cls, unit, **files)
    values, origins = accept(told, cls)
    home = home or Home()
    return cls(Run(cls, values, origins, {}, home=home, code_hash="c", inputs=Inputs(there, home.readings, "c")))


def made(workshop: Workshop | None = None, unit: str = "mm", **files: bytes) -> Product:
    told, there = order(Block, unit, **files)
    return make(told, Block, formats=(), workshop=workshop or Workshop(Home()), inputs=there)


@pytest.fixture(autouse=True)
def forgotten() -> None:
    READ.clear()


# ---- what a template sees --------------------------------------------------------------------------------------------


def test_a_file_that_was_not_given_is_none() -> None:
    template = ran(Seen)
    assert template.body is None and template.map is None and template.trace is None


def test_what_is_seen_has_its_hash_unit_and_side() -> None:
    data = block(20, 10, 8)
    template = ran(Seen, body=data, left=data, trace=b"REQ=FIL")
    assert isinstance(template.body, ScanFile) and isinstance(ran(Seen, unit="kPa", map=b"1,2").map, PressureFile)
    assert isinstance(template.trace, OutlineFile) and template.trace.data == b"REQ=FIL"
    assert (template.body.sha256, template.body.unit, template.body.side) == (sha(data), "mm", None)
    assert template.left.side == "left"  # as the field says


def test_equal_is_what_has_the_same_bytes_unit_and_side() -> None:
    data, other = block(20, 10, 8), block(20, 10, 9)
    one = ran(Seen, body=data).body
    assert one == ran(Seen, body=data).body and hash(one) == hash(ran(Seen, body=data).body)
    assert one != ran(Seen, body=other).body and one != ran(Seen, unit="m", body=data).body
    assert one != ran(Seen, left=data).left


@pytest.mark.parametrize("kind", ENDS)
@pytest.mark.parametrize("unit", ["mm", "m", "in"])
def test_every_format_is_known_by_what_stands_in_it(kind: str, unit: str) -> None:
    scale = {"mm": 1.0, "m": 1000.0, "in": 25.4}[unit] if kind != "3mf" else 1.0  # which says its own
    found, cpu_ms, misused = reading.mesh(block(20 / scale, 10 / scale, 8 / scale, kind), unit, "inputs.body", {})
    assert np.allclose(found.points.max(axis=0), (20, 10, 8), rtol=1e-6) and len(found.faces) == 12
    assert cpu_ms >= 0.0 and misused == ""
    assert meshes.kind_of(block(1, 1, 1, kind)) == ENDS[kind]


def test_a_header_that_says_another_format_is_no_matter() -> None:
    for header in (b"solid", b"ply of something", b"v 1 2 3", b"OFFICE"):
        assert meshes.kind_of(written(scanned_template.BOX, header=header)) == "stl"


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "is no STL"),
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "is no STL"),
        (b"1,2,3\n4,5,6\n", "is no STL"),
        (b"solid of nobody\n", "is no whole STL"),
        (b"PK\x03\x04" + bytes(80), "cannot be read|is no|has no"),
        (block(20, 10, 8)[:-1], "is no STL|is no whole STL"),
        (block(20, 10, 8, "ply")[:-30], "is no whole PLY"),
        (block(float("nan"), 10, 8, "ascii"), "no finite numbers"),
        (block(20, float("inf"), 8), "no finite numbers"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\n", "holds no triangle"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 9\n", "a point that is not there"),
        (b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 -9\n", "a point that is not there"),
    ],
)
def test_what_is_no_scan_is_refused_by_the_name_of_its_field(data: bytes, why: str) -> None:
    with pytest.raises(InputError) as refused:
        ran(Seen, body=data).size()
    assert str(refused.value) == "inputs.body: cannot be used"  # the rest may tell a size: it is for the sender
    assert re.match(f"inputs.body: cannot be used: it .*({why})", refused.value.for_sender())


# ---- how it is read --------------------------------------------------------------------------------------------------


def hang(data: bytes, unit: str, name: str, asked: Any) -> Any:
    while True:
        pass


def crash(data: bytes, unit: str, name: str, asked: Any) -> Any:
    import os
    import signal

    os.kill(os.getpid(), signal.SIGSEGV)


def hoard(data: bytes, unit: str, name: str, asked: Any) -> Any:
    return bytearray(1 << 40)


def fail(data: bytes, unit: str, name: str, asked: Any) -> Any:
    raise ZeroDivisionError(data.decode())


COMPILES_S = 2.0


def ready(errand: str) -> int:
    """Stands for what is compiled: it takes its time."""
    if errand == "at_once":
        time.sleep(COMPILES_S)
    return 0


@pytest.mark.parametrize(
    ("errand", "why"),
    [
        ("hang", "takes longer"),
        ("crash", "makes its reader crash"),
        ("hoard", "too much memory"),
        ("fail", "ZeroDivisionError"),
    ],
)
def test_what_a_scan_does_to_its_reader_is_its_own_fault(monkeypatch: pytest.MonkeyPatch, errand: str, why: str) -> None:
    monkeypatch.setattr(module, "READER", __name__)
    monkeypatch.setattr(module, "DEADLINE", 0.5)
    template = ran(Seen, body=b"hers")
    with pytest.raises(InputError, match=why) as refused:
        template.body._read(errand, {})
    assert str(refused.value).startswith("inputs.body: ") and "hers" not in str(refused.value)


FOOT = f"{__name__}:foot_of"


def foot_of(mesh: Mesh, *, side: str | None, unit: str, name: str, kind: str = "whole") -> Foot:
    """Stands for the real one."""
    size = np.ptp(mesh.points, axis=0)
    measures = {"foot_length": Measurement(float(size[0]), "mm", source="scan", uncertainty=0.5)}
    sole = Grid(np.zeros((2, 2)), (0.0, 0.0), 1.0)
    return Foot(side or "right", measures, sole, np.ones((2, 2), bool), np.zeros((3, 2)), (kind,))  # type: ignore[arg-type]


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch) -> Any:
    """A foot that is there before the real one; the reader runs here, where it can be replaced."""
    asked: list[tuple[str, Any]] = []

    class Here:
        def call(self, target: str, *args: Any, deadline: float) -> Any:
            if target.endswith(":ready"):
                return 0
            asked.append((target, args[1:]))
            return getattr(reading, target.partition(":")[2])(*args)

    monkeypatch.setattr(reading, "FOOT", FOOT)
    monkeypatch.setattr("engine.doors.child.shared", lambda *_, **__: Here())
    return asked


def test_a_foot_is_read_with_the_files_side(stand_in: Any) -> None:
    template = ran(Seen, left=block(260, 90, 70), body=block(260, 90, 70))
    assert template.left.foot().side == "left" and template.body.foot().side == "right"
    assert template.body.foot(side="left").side == "left" and template.body.foot(kind="sole").notes == ("sole",)
    assert [args[2] for _, args in stand_in][-1] == {"side": None, "kind": "sole"}
    assert len(template.run.inputs.runs) == 4  # other arguments are another reading


def test_a_face_is_read_by_its_own_reader() -> None:
    with pytest.raises(InputError) as refused:
        ran(Seen, body=block(260, 190, 170)).body.face(pd_mm=62.0)
    assert str(refused.value) == "inputs.body: cannot be used" and "too few triangles" in refused.value.for_sender()


def test_a_map_is_read_with_its_unit() -> None:
    cells = np.zeros((52, 20))
    cells[2:50, 4:16] = 12.5
    data = "\n".join(",".join(f"{c:g}" for c in row) for row in cells).encode()
    template = ran(Seen, unit="N/cm2", map=data)
    found = template.map.map(pitch_mm=5.0)
    assert np.allclose(found.kpa, 10 * cells) and (found.pitch_mm, found.name) == (5.0, "inputs.map")
    with pytest.raises(InputError) as refused:
        ran(Seen, unit="kPa", map=b"1,2\n3,hers\n").map.map(pitch_mm=5.0)
    assert str(refused.value) == "inputs.map: cannot be used" and "cannot be used: it" in refused.value.for_sender()


def test_points_are_read_with_their_unit() -> None:
    rows = b"left_pupil,3.1,0,0\nright_pupil,-3.1,0,0\nleft_zygion,7,-1,-6\nright_zygion,-7,-1,-6\n"
    template = ran(Seen, unit="cm", clicked=rows)
    assert isinstance(template.clicked, PointsFile)
    told = {name: round(m.value, 6) for name, m in template.clicked.face(pd_mm=62.0).measures.items()}
    assert told == {"pd": 62.0, "bizygomatic": 140.0}
    with pytest.raises(InputError) as refused:
        ran(Seen, unit="mm", clicked=rows).clicked.face()
    assert "so far apart" in refused.value.for_sender() and "unit cm would fit" in refused.value.for_sender()


def test_what_was_read_cannot_be_changed(stand_in: Any) -> None:
    foot = ran(Seen, body=block(260, 90, 70)).body.foot()
    for array in (foot.seen, foot.outline, foot.sole.z):
        with pytest.raises(ValueError, match="read-only"):
            array[0, 0] = 1


def test_a_misspelt_argument_is_the_designers(stand_in: Any) -> None:
    with pytest.raises(TemplateError, match="stage wrong: TypeError") as told:
        ran(Seen, body=block(260, 90, 70)).wrong()
    assert "knd" in told.value.message and told.value.file == "test_inputs.py"
    template = ran(Seen, body=block(260, 90, 70))
    template.run.settle("other", 11.0, Origin.GIVEN)
    with pytest.raises(TemplateError, match="stage wrong: TypeError") as told:
        template.wrong()
    assert "unit" in told.value.message


def test_one_reading_serves_all_that_ask() -> None:
    template = ran(Seen, body=block(20, 10, 8))
    assert np.allclose(template.size(), (20, 10, 8))
    assert template.again() is template.body.mesh()
    assert [(r.name, r.hit) for r in template.run.inputs.runs] == [("body.mesh", False)]


def test_the_next_order_with_the_same_file_reads_nothing() -> None:
    home = Home()
    first = ran(Seen, home, body=block(20, 10, 8)).body.mesh()
    template = ran(Seen, home, body=block(20, 10, 8))
    assert template.body.mesh() is first
    assert [(r.name, r.cpu_ms, r.hit) for r in template.run.inputs.runs] == [("body.mesh", 0.0, True)]
    assert ran(Seen, home, unit="cm", body=block(20, 10, 8)).body.mesh() is not first
    assert ran(Seen, home, body=block(20, 10, 9)).body.mesh() is not first
    other = Inputs({sha(block(20, 10, 8)): block(20, 10, 8)}, home.readings, "another code")
    assert other.read("body", InputFile(sha(block(20, 10, 8)), "mm"), "mesh", {}) is not first


def test_what_is_remembered_of_files_is_bounded() -> None:
    home = Home(personal=Bound(9000))
    for size in range(9, 20):
        ran(Seen, home, body=block(size, 10, 8)).body.mesh()
    assert 3000 < home.personal.held <= 9000 and home.bound.held == 0


def test_a_mesh_and_a_foot_weigh_what_they_hold() -> None:
    mesh = Mesh(np.zeros((1000, 3)), np.zeros((10, 3), np.int32))
    assert weight(mesh) >= mesh.points.nbytes + mesh.faces.nbytes
    foot = Foot("left", {}, Grid(np.zeros((100, 100)), (0, 0), 1.0), np.zeros((100, 100), bool), np.zeros((50, 2)))
    assert weight(foot) >= foot.sole.z.nbytes + foot.seen.nbytes + foot.outline.nbytes
    data = block(20, 10, 8)
    assert weight(data) >= len(data) and weight(ran(Seen, body=data).body) >= len(data)


def test_a_stage_answers_for_one_file_alone(tmp_path: pathlib.Path) -> None:
    home = Home(tmp_path)
    for data in (block(20, 10, 8), block(20, 10, 8), block(30, 10, 8)):
        ran(Seen, home, body=data).size()
    assert READ == ["size", "size"]
    kept = next(iter(home.stages.values())).find(ran(Seen, body=block(30, 10, 8)).run.told)
    assert kept is not None and kept.personal and kept.trace.pairs == {"body": InputFile(sha(block(30, 10, 8)), "mm")}
    assert list(tmp_path.iterdir()) == []


def test_a_path_is_never_part_of_what_was_read() -> None:
    values, _ = accept(Order("seen", inputs={"body": InputFile("0" * 64, "mm", file="/hers/left.stl")}), Seen)
    assert values["body"] == InputFile("0" * 64, "mm")


def test_a_cad_stage_must_not_read_it() -> None:
    run = Run(Seen, {"width": 10.0}, {}, {}, home=None)  # what a child gets
    with pytest.raises(LookupError, match="a @cad stage must not read it"):
        Seen(run).body  # noqa: B018  # the read is what is tested
    assert "body" not in ran(Seen, body=block(20, 10, 8)).run.for_child("fitted_body")["values"]


# ---- orders ----------------------------------------------------------------------------------------------------------


def test_a_file_that_is_not_there_is_named_before_anything_runs() -> None:
    told, _ = order(Block, left_scan=block(20, 10, 8))
    with pytest.raises(OrderError, match=r"^inputs\.left_scan: its file is not there$") as refused:
        make(told, Block, formats=(), inputs={sha(b"another"): b"another"})
    assert refused.value.value == sha(block(20, 10, 8)) and refused.value.value not in str(refused.value)
    with pytest.raises(OrderError, match="is not there"):
        make(Order(Block.key, inputs={"left_scan": InputFile("", "mm", file="/hers/left.stl")}), Block)


def test_a_file_that_was_not_handed_over_is_no_fault_of_the_designers() -> None:
    values, _ = accept(order(Seen, body=block(20, 10, 8))[0], Seen)
    template = Seen(Run(Seen, values, {}, {}, home=None))
    with pytest.raises(OrderError, match=r"^inputs\.body: its file is not there$"):
        template.size()


def test_the_other_sides_file_is_refused() -> None:
    told = Order("seen", inputs={"left": InputFile("0" * 64, "mm", "right")})
    with pytest.raises(OrderError, match=r"inputs\.left\.side: is the other side's") as refused:
        accept(told, Seen)
    assert refused.value.nearest == "left"
    assert Seen.schema()["properties"]["inputs"]["properties"]["left"]["properties"]["side"] == {"enum": ["left"]}
    with pytest.raises(ValueError, match="neither left nor right"):
        scan(side="top", label="Top")  # type: ignore[arg-type]  # what is tested


def test_a_unit_suits_the_kind_of_file() -> None:
    for field, good, bad in (("body", "in", "kPa"), ("trace", "mm", "Pa"), ("map", "N/cm2", "mm")):
        assert accept(Order("seen", inputs={field: InputFile("0" * 64, good)}), Seen)[0][field].unit == good
        with pytest.raises(OrderError) as refused:
            accept(Order("seen", inputs={field: InputFile("0" * 64, bad)}), Seen)
        assert refused.value.field == f"inputs.{field}.unit"
        units = Seen.schema()["properties"]["inputs"]["properties"][field]["properties"]["unit"]["enum"]
        assert good in units and bad not in units


def test_words_name_a_file_its_unit_and_its_side() -> None:
    told, rest = with_files(Order("seen"), ["inputs.left=a=b.stl", "width=9", "inputs.left.unit=m", "inputs.left.side=left"])
    assert rest == ["width=9"] and told.inputs == {"left": InputFile("", "m", "left", "a=b.stl")}
    more, _ = with_files(told, ["inputs.left.unit=cm"])
    assert more.inputs == {"left": InputFile("", "cm", "left", "a=b.stl")}
    assert with_files(told, ["inputs", "wall=2"]) == (told, ["inputs", "wall=2"])


@pytest.mark.parametrize(
    ("words", "field"),
    [
        (["inputs.left=a.stl"], "inputs.left.unit"),
        (["inputs.left=a.stl", "inputs.left.unit="], "inputs.left.unit"),
        (["inputs.left.unit=m"], "inputs.left.sha256"),
        (["inputs.left=a.stl", "inputs.left.unit=m", "inputs.left.side=top"], "inputs.left.side"),
        (["inputs.left=a.stl", "inputs.left.units=m"], "inputs.left.units"),
        (["inputs.=a.stl"], "inputs."),
        (["inputs.left.sha256=12", "inputs.left.unit=m"], "inputs.left.sha256"),
    ],
)
def test_words_that_name_no_file(words: list[str], field: str) -> None:
    with pytest.raises(OrderError) as refused:
        accept(with_files(Order("seen"), words)[0], Seen)
    assert refused.value.field == field


# ---- fits ------------------------------------------------------------------------------------------------------------


class Fitted(Seen):
    """What a fit says, in every way."""

    key = "fitted"
    says: Any = None

    @fit
    def from_scan(self) -> Any:
        """As the test says."""
        return type(self).says


def fits(says: Any, home: Home | None = None, **given: Any) -> Run:
    cls = type("Said", (Fitted,), {"says": says, "__doc__": "Says."})
    values, origins = accept(Order(cls.key, **given), cls)
    run = Run(cls, values, origins, {}, home=home, code_hash="c")
    run_fits(cls(run))
    return run


SCANNED = Measurement(262.0, "mm", source="scan", uncertainty=0.5)


def test_a_measure_that_nobody_gave_is_fitted_and_marked() -> None:
    run = fits({"foot": SCANNED, "width": 12.0})
    assert run.values["foot"] == SCANNED and run.origins["foot"] is Origin.FITTED
    assert fitted(run) == {
        "measurements.left.foot": {"value": 262.0, "unit": "mm", "source": "scan", "uncertainty": 0.5},
        "parameters.width": {"value": 12.0, "unit": "mm", "source": "fitted"},
    }


def test_a_measure_that_was_given_stays() -> None:
    given = Measurement(255.0, "mm", source="tape")
    run = fits({"foot": SCANNED}, measurements={"left.foot": given})
    assert run.values["foot"] == given and run.origins["foot"] is Origin.GIVEN and fitted(run) == {}


@pytest.mark.parametrize(
    "says",
    [
        {"foot": 262.0},
        {"foot": Measurement(262.0, "mm", uncertainty=0.5)},
        {"foot": Measurement(262.0, "mm", source="tape", uncertainty=0.5)},
        {"foot": Measurement(262.0, "mm", source="scan")},
        {"body": InputFile("0" * 64, "mm")},
        {"none": 1.0},
    ],
)
def test_what_a_fit_may_not_say(says: Any) -> None:
    with pytest.raises(TemplateError, match=r"stage from_scan: (a fitted measure is|fits what is no parameter or measure)"):
        fits(says)


def test_a_measure_out_of_range_is_refused_by_its_name() -> None:
    with pytest.raises(OrderError) as refused:
        fits({"foot": Measurement(27_000.0, "mm", source="scan", uncertainty=1.0)})
    assert refused.value.field == "measurements.left.foot" and "27000" not in str(refused.value)


def test_what_was_fitted_stays_off_the_disk(tmp_path: pathlib.Path) -> None:
    for says in ({"width": 12.0}, None):
        run = fits(says, Home(tmp_path / str(says)))
        run.cls(run).fitted_body()
        run.cls(run).plain_body()
        names = {p.parent.parent.name.rsplit("-", 1)[1] for p in (tmp_path / str(says)).rglob("*.body")}
        assert names == ({"plain_body"} if says else {"plain_body", "fitted_body"})
        assert {n: k.personal for n, k in run.done.items()} == {"fitted_body": says is not None, "plain_body": False}


# ---- the whole road --------------------------------------------------------------------------------------------------


def test_the_scan_decides_what_is_made_and_the_report_says_so() -> None:
    product = made(unit="m", left_scan=block(0.06, 0.02, 0.016))
    figures: Any = product.report.figures
    assert np.allclose(figures["bounds_mm"][1], (60.0, 20.0, 10.0), atol=1e-4)
    assert [(s["name"], s["hit"]) for s in figures["stages"]] == [("left_scan.mesh", False), ("block", False)]
    assert figures["road_cpu_ms"]["inputs"] == figures["stages"][0]["cpu_ms"] > 0
    assert figures["fitted"]["measurements.left.long"]["source"] == "scan"
    record = json.loads(product.files["record.json"])
    assert record["values"]["left_scan"] == {"sha256": sha(block(0.06, 0.02, 0.016)), "unit": "m", "side": "left"}
    assert (record["values"]["long"]["source"], record["origins"]["long"]) == ("scan", "fitted")
    assert json.loads(product.files["report.json"])["figures"]["fitted"] == figures["fitted"]


def test_without_a_scan_the_measure_is_inferred() -> None:
    figures: Any = made().report.figures
    assert figures["fitted"]["measurements.left.long"] == {
        "value": 20.0,
        "unit": "mm",
        "source": "inferred",
        "uncertainty": 9.0,
    }
    assert "inputs" not in figures["road_cpu_ms"] and [s["name"] for s in figures["stages"]] == ["block"]


def test_a_rule_that_refuses_says_what_was_fitted_too() -> None:
    product = made(left_scan=block(60, 20, 40))
    assert product.report.verdict == "refused"
    figures: Any = product.report.figures
    assert figures["fitted"]["parameters.width"]["value"] == 20.0 and figures["road_cpu_ms"]["inputs"] > 0
    assert [f.fix for f in product.report.findings] == ["20.0"]


def test_a_workshop_remembers_the_reading() -> None:
    shop = Workshop(Home())
    made(shop, left_scan=block(60, 20, 16))
    figures: Any = made(shop, left_scan=block(60, 20, 16)).report.figures
    assert [(s["name"], s["hit"]) for s in figures["stages"]] == [("left_scan.mesh", True), ("block", True)]
    figures = made(shop, left_scan=block(61, 20, 16)).report.figures
    assert [(s["name"], s["hit"]) for s in figures["stages"]] == [("left_scan.mesh", False), ("block", False)]


def test_nothing_of_a_scan_is_on_the_disk(tmp_path: pathlib.Path) -> None:
    made(Workshop(Home(tmp_path, tmp_path)), left_scan=block(60, 20, 16))
    assert [p for p in tmp_path.rglob("*") if p.is_file()] == []


def at_once(data: bytes, unit: str, name: str, asked: Any) -> Any:
    return "read", 0.0, ""


def test_what_a_new_machine_compiles_is_no_fault_of_the_first_file(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is compiled takes longer than a reading may: it has its own time, once."""
    monkeypatch.setattr(module, "READER", __name__)
    monkeypatch.setattr(module, "DEADLINE", 0.5)
    module._compiled.cache_clear()
    monkeypatch.setattr(module, "COMPILING", 30.0)
    assert ran(Seen, body=b"hers").body._read("at_once", {}) == "read"
    began = time.monotonic()
    assert ran(Seen, body=b"his").body._read("at_once", {}) == "read" and time.monotonic() - began < COMPILES_S
    module._compiled.cache_clear()
    monkeypatch.setattr(module, "COMPILING", 0.5)
    with pytest.raises(EnvironmentFault, match="what reads a at_once cannot be compiled"):
        ran(Seen, body=b"ours").body._read("at_once", {})
    module._compiled.cache_clear()


READ_ALL = """
import sys
from engine.errors import InputError
from engine.language import reading
from kernels.compiled import REGISTRY
for errand, file in (("lenses", sys.argv[1]), ("foot", sys.argv[2]), ("face", sys.argv[2])):
    reading.ready(errand)
    known = len(REGISTRY)
    try:
        getattr(reading, errand)(open(file, "rb").read(), "mm", "body", {"side": None} if errand != "face" else {})
    except InputError as error:
        assert errand != "lenses", error
    print(errand, known > 10, [k.__name__ for k in REGISTRY[known:] if not k.kept])
"""


def test_all_that_a_reading_calls_is_compiled_before(tmp_path: pathlib.Path) -> None:
    """No kernel is declared for the first time in the time of the file itself."""
    (tmp_path / "trace.oma").write_bytes(traces.written())
    (tmp_path / "block.stl").write_bytes(block(260, 90, 70))
    words = [sys.executable, "-c", READ_ALL, str(tmp_path / "trace.oma"), str(tmp_path / "block.stl")]
    told = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False)
    assert told.stdout.splitlines() == [f"{errand} True []" for errand in ("lenses", "foot", "face")], told.stderr
