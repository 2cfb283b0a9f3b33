"""What stages remember, when it holds, and what never reaches the disk."""

from __future__ import annotations

import pathlib
from typing import Any

import numpy as np
import pytest

from engine.authoring import Part, Solid, Template, catalogue, flag, length, stage, text
from engine.errors import TemplateError
from engine.language.memory import Bound, StageMemory, Trace, pack, unpack
from engine.language.orders import accept
from engine.language.stages import CadStage
from engine.language.template import Home, Run
from engine.model.mesh import Mesh, Patch, Plane
from engine.model.order import Order

PROCESS: dict[str, object] = {"wall": 1.0, "flexible": False}


def tetrahedron(size: float) -> Solid:
    points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1.0]]) * size
    faces = np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)
    floor = Patch("floor", np.array([0], np.int32), Plane((0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, -1.0, 0.0)))
    return Solid(Mesh(points, faces), {"floor": floor})


class Drawn(CadStage):
    """A @cad stage that draws without CadQuery, so that its disk is tested without a child."""

    def execute(self, template: Template) -> Solid:
        made: Solid = self.function(template)
        return made


RAN: list[str] = []


class Traced(Template):
    """Stages that note that they ran."""

    key, version = "traced", 1
    pattern = flag(False, label="Pattern")
    pitch = length(2.0, low=1.0, high=9.0, step=0.5, label="Pitch")
    other = length(2.0, low=1.0, high=9.0, step=0.5, label="Other")
    name = text("", max_graphemes=9, label="Name")
    phone = catalogue("stage-phones.csv", default="a", label="Phone")

    @stage
    def branch(self) -> float:
        """Reads `pitch` only where `pattern` is on."""
        RAN.append("branch")
        return self.pitch if self.pattern else 0.0

    @stage
    def outer(self) -> float:
        """Nests."""
        RAN.append("outer")
        return float(self.branch()) + self.other

    @stage
    def width(self) -> Any:
        """One column of a catalogue."""
        RAN.append("width")
        return self.phone.width

    @stage
    def limit(self) -> float:
        """One limit of the process."""
        RAN.append("limit")
        return float(self.process.wall)

    @stage
    def things(self) -> Any:
        """Plain containers."""
        return {"rows": [1, [2]], "array": np.zeros(3), "set": {1}}

    @stage
    def misspelt(self) -> float:
        """A name that is none."""
        return float(self.pich)

    @stage
    def assigns(self) -> None:
        """State."""
        self.pitch = 3.0

    @stage
    def greedy(self) -> bytearray:
        """Wants more than there is."""
        return bytearray(1 << 60)

    @stage
    def endless(self) -> Any:
        """Itself."""
        return self.endless()

    @Drawn
    def body(self) -> Solid:
        """A body."""
        RAN.append("body")
        return tetrahedron(self.pitch)

    @Drawn
    def named(self) -> Solid:
        """A body that knows a name."""
        return tetrahedron(1.0 + len(str(self.name)))

    @stage
    def product(self) -> Part:
        """The product."""
        return self.body().part("p")  # type: ignore[no-any-return]


@pytest.fixture(autouse=True)
def quiet(tmp_path: pathlib.Path) -> None:
    RAN.clear()
    rows = {"a": {"key": "a", "width": 70.0, "height": 1.0}, "b": {"key": "b", "width": 70.0, "height": 2.0}}
    Traced.fields["phone"]._rows = {**rows, "c": {"key": "c", "width": 71.0, "height": 1.0}}  # type: ignore[attr-defined]


def ask(home: Home, what: str, process: dict[str, object] = PROCESS, **parameters: Any) -> Any:
    values, origins = accept(Order("traced", parameters=parameters), Traced)
    return getattr(Traced(Run(Traced, values, origins, process, home=home, code_hash="c0de")), what)()


def test_a_name_read_in_one_branch_only() -> None:
    home = Home()
    assert [ask(home, "branch", pitch=p) for p in (2.0, 3.0, 4.0)] == [0.0] * 3
    assert RAN == ["branch"]
    assert [ask(home, "branch", pattern=True, pitch=p) for p in (2.0, 3.0, 2.0, 3.0)] == [2.0, 3.0, 2.0, 3.0]
    assert RAN == ["branch"] * 3
    assert ask(home, "branch", pitch=7.0) == 0.0 and len(RAN) == 3


def test_what_a_nested_stage_read_counts_on_a_hit_too() -> None:
    home = Home()
    ask(home, "branch", pattern=True, pitch=3.0)
    assert ask(home, "outer", pattern=True, pitch=3.0) == 5.0
    assert ask(home, "outer", pattern=True, pitch=4.0) == 6.0
    assert ask(home, "outer", pattern=True, pitch=3.0) == 5.0
    assert RAN == ["branch", "outer", "outer", "branch"]


def test_a_catalogue_counts_by_the_columns_that_were_read() -> None:
    home = Home()
    assert [ask(home, "width", phone=p) for p in "abca"] == [70.0, 70.0, 71.0, 70.0]
    assert RAN == ["width"] * 2


def test_a_limit_of_the_process_counts() -> None:
    home = Home()
    assert ask(home, "limit") == 1.0
    assert ask(home, "limit", {**PROCESS, "wall": 2.0}) == 2.0
    assert ask(home, "limit", {**PROCESS, "flexible": True}) == 1.0
    assert RAN == ["limit"] * 2


def test_the_fonts_hash_is_in_the_trace() -> None:
    values, origins = accept(Order("traced", parameters={"name": "Zo"}), Traced)
    run = Run(Traced, values, origins, PROCESS, home=None)
    with run.tracing("x") as tracer:
        assert Traced(run).name.size(height=5.0)[0] > 0
    assert set(tracer.done().names) == {"name", "font.roboto-bold"}
    assert len(run.fonts["roboto-bold"]) == 64


def test_results_cannot_be_changed() -> None:
    home = Home()
    got = ask(home, "things")
    assert got["rows"] == (1, (2,)) and got["set"] == frozenset({1})
    with pytest.raises(TypeError):
        got["more"] = 1
    with pytest.raises(ValueError, match="read-only"):
        got["array"][0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        ask(home, "body").mesh.points[0] = 1.0


def test_memory_is_bounded_by_the_bytes_of_meshes() -> None:
    home = Home(bound=Bound(limit=6000))
    for pitch in (1.0, 2.0, 3.0, 4.0):
        ask(home, "product", pitch=pitch)
    assert home.bound.held <= 6000 and len(RAN) == 4
    ask(home, "product", pitch=4.0)
    assert len(RAN) == 4
    ask(home, "product", pitch=1.0)
    assert len(RAN) == 5


def test_a_large_part_weighs_what_its_mesh_weighs() -> None:
    memory = StageMemory(Bound(), None)
    big = Mesh(np.zeros((50_000, 3)), np.zeros((100_000, 3), np.int32))
    assert memory.keep(Trace((), (), {}), Part("p", big), personal=False, body=False).size > 2_400_000


def test_a_body_outlives_its_process_on_disk(tmp_path: pathlib.Path) -> None:
    first = ask(Home(tmp_path), "body", pitch=3.0)
    again = ask(Home(tmp_path), "body", pitch=3.0)
    assert RAN == ["body"] and pack(first) == pack(again)
    assert again.patches["floor"].plane == first.patches["floor"].plane
    with pytest.raises(ValueError, match="read-only"):
        again.mesh.points[0] = 1.0


@pytest.mark.parametrize("damage", [b"", b"x", b"\n"])
def test_a_damaged_body_is_made_again(tmp_path: pathlib.Path, damage: bytes) -> None:
    ask(Home(tmp_path), "body", pitch=3.0)
    (path,) = tmp_path.rglob("*.body")
    whole = path.read_bytes()
    path.write_bytes(damage and whole[:-1] + damage)
    ask(Home(tmp_path), "body", pitch=3.0)
    assert RAN == ["body"] * 2 and path.read_bytes() == whole


def test_damaged_names_cost_a_rebuild_and_nothing_else(tmp_path: pathlib.Path) -> None:
    ask(Home(tmp_path), "body", pitch=3.0)
    for path in tmp_path.rglob("*.names"):
        path.write_bytes(b"\xff{")
    ask(Home(tmp_path), "body", pitch=3.0)
    assert RAN == ["body"] * 2


def test_nothing_personal_reaches_the_disk(tmp_path: pathlib.Path) -> None:
    ask(Home(tmp_path), "named", name="Zoe")
    assert not [p for p in tmp_path.rglob("*") if p.is_file()]


def test_a_disk_that_cannot_be_written_is_no_disk(tmp_path: pathlib.Path) -> None:
    (tmp_path / "file").write_text("")
    assert ask(Home(tmp_path / "file"), "body").mesh.points.shape == (4, 3)


def test_bytes_of_a_body_and_back() -> None:
    assert pack(unpack(pack(tetrahedron(2.0)))) == pack(tetrahedron(2.0))


@pytest.mark.parametrize(
    ("what", "why"),
    [("misspelt", "did you mean 'pitch'"), ("assigns", "holds no state"), ("endless", "without end")],
)
def test_a_stage_that_is_wrong_is_named(what: str, why: str) -> None:
    with pytest.raises(TemplateError) as failed:
        ask(Home(), what)
    assert why in failed.value.for_sender() and failed.value.stage == what
    assert what == "endless" or (failed.value.line and failed.value.file == "test_stages.py")


def test_a_lack_of_memory_is_the_process_s_end_and_no_error_of_a_stage() -> None:
    with pytest.raises(MemoryError):
        ask(Home(), "greedy")


def test_a_person_s_value_is_not_there_for_a_child() -> None:
    values, origins = accept(Order("traced", parameters={"name": "Zoe"}), Traced)
    sent = Run(Traced, values, origins, PROCESS, home=None).for_child("named")["values"]
    with pytest.raises(LookupError, match="name is a person's"):
        str(Traced(Run(Traced, sent, {}, PROCESS, home=None)).name)


def test_what_a_person_said_is_remembered_little_and_apart() -> None:
    """A name pushes out older names, never a body; the last ones still hit."""
    home = Home(personal=Bound(2500))

    def hit(what: str, **parameters: Any) -> bool:
        values, origins = accept(Order("traced", parameters=parameters), Traced)
        template = Traced(Run(Traced, values, origins, PROCESS, home=home, code_hash="c0de"))
        getattr(template, what)()
        return template.run.stages[-1].hit

    assert not hit("body", pitch=3.0)
    assert [hit("named", name=name) for name in ("Ada", "Bo", "Cy", "Di", "Di")] == [False] * 4 + [True]
    assert home.personal.held <= 2500
    assert hit("body", pitch=3.0) and hit("named", name="Cy") and not hit("named", name="Ada")
