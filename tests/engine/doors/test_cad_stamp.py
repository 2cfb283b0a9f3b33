"""Stamps on exact faces: one valid solid of the mesh's volume, as a Boolean makes it, read back; and every way in which one cannot be done."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from engine.doors import cad, cad_exact
from engine.doors import cad_lattice as lat
from engine.doors.cad_stamp import SLACK_MM
from engine.doors.child import Child, shared
from engine.language.values import Solid
from engine.model.mesh import STEPS_PER_MM
from engine.model.outline import Outline
from engine.model.stamped import Placed, Stamp
from engine.shape.replay import nested, replay
from engine.shape.text import outline

DRAWINGS = """
class Tagged:
    def __init__(self, shape, **tags): self.shape, self.tags = shape, tags
def box(cq): return cq.Workplane().box(60, 30, 6)
def plate(p, cq):
    body = box(cq).edges("|Z").fillet(4).edges("<Z").fillet(1).faces(">Z").workplane().center(-22, 0).hole(6)
    return tagged(body)
def tagged(body): return Tagged(body, top=body.faces(">Z"), back=body.faces("<Z"), every=body.faces(">Z or <Z"), side=body.faces(">X"))
def moved(p, cq):
    body = box(cq).val().moved(cq.Location(cq.Vector(1, 2, 3.12345), cq.Vector(0, 0, 1), 90))
    return tagged(cq.Workplane(body))
def mirrored(p, cq): return tagged(box(cq).mirror("XY").mirror("YZ"))
def slanted(p, cq):
    body = box(cq).rotate((0, 0, 0), (1, 0, 0), 8).rotate((0, 0, 0), (0, 1, 0), 5)
    return Tagged(body, top=body.faces(">Z"))
def hollow(p, cq):
    body = cq.Workplane().box(60, 30, 10).cut(cq.Workplane().box(50, 20, 4))
    inside, floor = ([f for f in body.val().Faces() if abs(f.Center().z - z) < 1e-6] for z in (2, -2))
    return Tagged(body, top=body.faces(">Z"), inside=inside, floor=floor, back=body.faces("<Z"))
def rod(p, cq):
    body = cq.Workplane().circle(20).extrude(30)
    return Tagged(body, round=body.faces("%CYLINDER"), top=body.faces(">Z"))
def tube(p, cq):
    body = cq.Workplane().circle(20).extrude(30).cut(cq.Workplane().circle(17).extrude(30))
    out, bore = sorted((f for f in body.val().Faces() if f.geomType() == "CYLINDER"), key=lambda f: -f.Area())
    return Tagged(body, out=out, bore=bore, top=body.faces(">Z"))
def pierced(p, cq):
    body = box(cq).faces(">Z").workplane().rarray(14, 1, 4, 1).hole(6)
    return tagged(body)
"""
READ = """
import tempfile
import cadquery as cq
def back(data):
    with tempfile.NamedTemporaryFile(suffix=".step") as file:
        file.write(data); file.flush()
        found = cq.importers.importStep(file.name)
    solids = found.solids().vals()
    return {"solids": len(solids), "area": sum(s.Area() for s in solids), "all": len(found.vals()), "valid": all(s.isValid() for s in found.vals()),
            "volume": sum(s.Volume() for s in solids), "faces": sum(len(s.Faces()) for s in solids)}
def boolean(name, kind, deep, frame, loops):
    import stamp_drawings
    body = getattr(stamp_drawings, name)({}, cq).shape.val()
    origin, x, y, normal = frame
    def wire(loop):
        at = [cq.Vector(*(o + u * a + v * b for o, a, b in zip(origin, x, y))) for u, v in loop]
        return cq.Wire.makePolygon(at, close=True)
    # every outer loop comes before its holes
    tools = []
    for outer, *holes in loops:
        way = cq.Vector(*normal) * (deep if kind == "embossed" else -deep)
        tools.append(cq.Solid.extrudeLinear(wire(outer), [wire(h) for h in holes], way))
    made = body.fuse(*tools) if kind == "embossed" else body.cut(*tools)
    return {"valid": made.isValid(), "volume": made.Volume(), "area": made.Area(), "faces": len(made.Faces())}
"""
Draw = Callable[..., Solid]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    place = tmp_path_factory.mktemp("stamps")
    (place / "stamp_drawings.py").write_text(DRAWINGS, encoding="utf-8")
    (place / "stamp_reader.py").write_text(READ, encoding="utf-8")
    sys.path.insert(0, str(place))
    child = shared(cad.PRELOAD, memory_mb=cad.MEMORY_MB)
    child.close()
    yield
    child.close()
    sys.path.remove(str(place))


@pytest.fixture(scope="module")
def read_back(modules: None) -> Iterator[Any]:
    with Child(cad.PRELOAD) as child:
        yield lambda data, errand="back", *more: child.call(f"stamp_reader:{errand}", data, *more, deadline=60.0)


@pytest.fixture(scope="module")
def drawn(modules: None) -> Callable[[str], Solid]:
    def draw(name: str) -> Solid:
        built = cad.build(f"stamp_drawings:{name}", {})
        return Solid(built.mesh, built.patches)

    return draw


def stamped(name: str, base: Solid, made: Solid) -> cad_exact.Exact:
    """The exact solid of what was stamped on `base`."""
    again = replay(base.mesh, base.patches, made.stamps)
    assert again is not None and again.curved is None
    assert np.array_equal(again.mesh.points, made.mesh.points) and np.array_equal(again.mesh.faces, made.mesh.faces)
    return cad_exact.exact(f"stamp_drawings:{name}", {}, step=True, stamps=again.placed)


def volume(solid: Solid) -> float:
    return lat.volume(lat.rounded(solid.mesh.points), solid.mesh.faces)


def square(x: float, y: float, half: float, *inner: float) -> Outline:
    """A square of that half side, in it a hole, in that a square...; mm."""
    loops = []
    for k, h in enumerate((half, *inner)):
        loop = [(x - h, y - h), (x + h, y - h), (x + h, y + h), (x - h, y + h)]
        loops.append(loop if k % 2 == 0 else loop[::-1])
    points = np.rint(np.array(loops).reshape(-1, 2) * STEPS_PER_MM).astype(np.int32)
    return Outline(points, np.arange(4, 4 * len(loops) + 1, 4, dtype=np.int32))


NAME = outline("Bo80", font="roboto-bold", height=6.0)
BRIDGED = outline("LIZ", font="roboto-bold", height=6.0)


def letters(text: Outline, way: str) -> Callable[[Solid], Solid]:
    return {
        "engraved": lambda s: s.engrave(text, on="top", depth=0.6),
        "embossed": lambda s: s.emboss(text, on="top", height=0.6),
        "cut": lambda s: s.cut(text, on="top", behind="back"),
        "pocket": lambda s: s.inlay(text, on="top", depth=0.6)[0],
        "filled": lambda s: s.inlay(text, on="top", depth=0.6)[1],
    }[way]


WAYS = ("engraved", "embossed", "cut", "pocket", "filled")
ON_LATTICE = [(body, way) for body in ("plate", "moved", "mirrored") for way in WAYS]


@pytest.mark.parametrize(("body", "way"), [*ON_LATTICE, ("slanted", "engraved"), ("slanted", "embossed")])
def test_letters_on_a_flat_face(drawn: Draw, read_back: Any, body: str, way: str) -> None:
    """The volume is the mesh's but for the chord error, which is that of the body without letters: the letters add nothing to it."""
    base = drawn(body)
    made = letters(BRIDGED if way == "cut" else NAME, way)(base)
    exact = stamped(body, base, made)
    assert exact.unstamped == ""
    step = 1.0 / STEPS_PER_MM
    rounded = step * 60 * 30 if body == "slanted" else step * 200 if body == "moved" else 1e-9 * volume(made)
    assert exact.stamped_mm3 == pytest.approx(volume(made), abs=rounded)
    found = read_back(exact.step)
    assert found["valid"] and found["all"] == 1 and found["solids"] == (4 if way == "filled" else 1)
    chord = 0.0 if way == "filled" else read_back(step_of(body))["volume"] - volume(base)
    assert found["volume"] - volume(made) == pytest.approx(chord, abs=rounded + 1e-6)


def step_of(body: str) -> bytes:
    return cad_exact.exact(f"stamp_drawings:{body}", {}, step=True).step


def test_several_stamps_in_their_order(drawn: Draw, read_back: Any) -> None:
    """On two faces, on one twice, on an island, on what others made, and through what is left between them."""
    base = drawn("pierced")
    made = base.engrave(square(-14, 9, 5, 4), on="top", depth=1.0).engrave(square(-14, 9, 0.4), on="top", depth=0.5)
    made = made.engrave(square(-14, 9, 2.5, 1), on="back", depth=0.7).emboss(square(14, 9, 5), on="top", height=1.5)
    made = made.engrave(square(14, 9, 3), on="top.floor.3", depth=0.3).engrave(
        square(14, 9, 1), on="top.floor.3.floor", depth=0.2
    )
    made = made.cut(square(0, 9, 2), on="top", behind="back").cut(square(0, -9, 2), on="back", behind="top")
    made = made.cut(square(0, 0, 1), on="top", behind="back").cut(square(-14, 9, 0.2), on="top.floor.2", behind="back")
    exact = stamped("pierced", base, made)
    assert exact.unstamped == "" and exact.stamped_mm3 == pytest.approx(volume(made), rel=1e-12)
    found = read_back(exact.step)
    assert found["valid"] and found["solids"] == found["all"] == 1


@pytest.mark.parametrize("way", ["engraved", "embossed", "cut"])
def test_a_boolean_makes_the_same_solid(drawn: Draw, read_back: Any, way: str) -> None:
    """Its volume, its area and its number of faces, which no mesh was asked for."""
    base = drawn("plate")
    made = letters(BRIDGED if way == "cut" else NAME, way)(base)
    again = replay(base.mesh, base.patches, made.stamps)
    assert again is not None
    placed = again.placed[0]
    loops = [(loop / STEPS_PER_MM).tolist() for loop in np.split(placed.stamp.outline.points, placed.stamp.outline.ends[:-1])]
    outer = [k for k, own in enumerate(placed.within) if own < 0]
    grouped = [[loops[k], *(loops[j] for j in range(len(loops)) if placed.within[j] == k)] for k in outer]
    frame = placed.frame.tolist()
    peer = read_back("plate", "boolean", way, 6.0 if way == "cut" else placed.stamp.depth, frame, grouped)
    found = read_back(stamped("plate", base, made).step)
    assert peer["valid"] and found["faces"] == peer["faces"]
    assert found["volume"] == pytest.approx(peer["volume"], rel=1e-9) and found["area"] == pytest.approx(peer["area"], rel=1e-9)


# ---- what cannot be done -------------------------------------------------------------------------------------------------

TOP = ((0.0, 0.0, 3.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0), (0.0, 0.0, 1.0))
UPSIDE_DOWN = (TOP[0], TOP[1], (0.0, -1.0, 0.0), (0.0, 0.0, -1.0))
MIRRORED = (TOP[0], TOP[1], (0.0, -1.0, 0.0), TOP[3])


def placed(
    told: Outline, on: str = "top", kind: Any = "engraved", behind: str = "", frame: Any = TOP, number: int = 1
) -> Placed:
    names = (f"{on}.floor.{number}", f"{on}.sides.{number}") if kind != "cut" else (f"{on}.through",)
    return Placed(Stamp(kind, on, told, 0.5, behind), np.array(frame), nested(told), names)


def lifted(by: float) -> Any:
    return ((0.0, 0.0, 3.0 + by), *TOP[1:])


def asked(body: str, *stamps: Placed) -> str:
    exact = cad_exact.exact(f"stamp_drawings:{body}", {}, step=True, stamps=stamps)
    assert bool(exact.step) == (not exact.unstamped)
    return exact.unstamped


def points_of(*loops: list[tuple[int, int]]) -> Outline:
    rows = np.array([p for loop in loops for p in loop], np.int32) * STEPS_PER_MM
    return Outline(rows, np.cumsum([len(loop) for loop in loops]).astype(np.int32))


LEAVES, MEETS = "the outline leaves the exact face top", "no valid solid (face: IntersectingWires)"
ROUND_IT = "no valid solid (face: InvalidImbricationOfWires)"
OTHER_WAY = "is not flat, or looks another way"
CANNOT = {
    "a tag that is none": ("plate", [placed(square(0, 0, 3), "lid")], "the exact body has no face lid"),
    "beside the face": ("plate", [placed(square(50, 0, 3))], LEAVES),
    "over its border": ("plate", [placed(square(28, 0, 3))], MEETS),
    "over it by a step": ("plate", [placed(square(27.0001, 0, 3))], MEETS),
    "touching it": ("plate", [placed(square(27, 0, 3))], MEETS),
    "in a hole": ("plate", [placed(square(-22, 0, 1))], LEAVES),
    "into a hole, less than a chord is off": ("plate", [placed(square(-17.005, 0, 2))], MEETS),
    "round a hole": ("plate", [placed(square(-22, 0, 4))], ROUND_IT),
    "twice": ("plate", [placed(square(0, 0, 3)), placed(square(0, 0, 3), number=2)], LEAVES),
    "over another": ("plate", [placed(square(0, 0, 3)), placed(square(-2, -2, 3), number=2)], MEETS),
    "round another": ("plate", [placed(square(0, 0, 3)), placed(square(0, 0, 4), number=2)], ROUND_IT),
    "crossing itself": ("plate", [placed(points_of([(0, 0), (3, 3), (3, 0), (0, 3)]))], "SelfIntersectingWire"),
    "crossing its own": (
        "plate",
        [placed(points_of([(0, 0), (4, 0), (4, 4), (0, 4)], [(2, 2), (6, 2), (6, 6), (2, 6)]))],
        MEETS,
    ),
    "turned round": ("plate", [placed(points_of([(0, 0), (0, 3), (3, 3), (3, 0)]))], "BadOrientationOfSubshape"),
    "seen in a mirror": ("plate", [placed(square(0, 0, 3), frame=MIRRORED)], "BadOrientationOfSubshape"),
    "in another plane": ("plate", [placed(square(0, 0, 3), frame=lifted(2 * SLACK_MM))], "lies in another plane"),
    "from within": ("plate", [placed(square(0, 0, 3), frame=UPSIDE_DOWN)], OTHER_WAY),
    "a curved face": ("rod", [placed(square(0, 0, 3), "round")], OTHER_WAY),
    "what falls out": ("plate", [placed(square(0, 0, 3, 1), kind="cut", behind="back")], "would fall out"),
    "nothing behind": ("plate", [placed(square(0, 0, 3), kind="cut", behind="hind")], "has no face hind"),
    "a face beside": ("plate", [placed(square(0, 0, 3), kind="cut", behind="side")], f"side {OTHER_WAY}"),
    "missing the one behind": ("plate", [placed(square(29, 0, 0.5), kind="cut", behind="back")], MEETS),
    "into a cavity": ("hollow", [placed(square(0, 0, 3), kind="cut", behind="inside", frame=lifted(2.0))], "opens a cavity"),
    "what lies before it": ("hollow", [placed(square(0, 0, 3), "floor", "cut", "inside", lifted(-5.0))], "lie behind"),
}


@pytest.mark.parametrize("name", CANNOT)
def test_what_cannot_be_stamped(modules: None, name: str) -> None:
    body, stamps, why = CANNOT[name]
    assert why in asked(body, *stamps)


def test_on_curved_patches_it_is_done_again_and_said(drawn: Draw) -> None:
    tube, dot = drawn("tube"), square(0, 0, 0.2)
    for made, where in (
        (tube.engrave(dot, on="out", depth=0.4), "out"),
        (tube.cut(dot, on="out", behind="bore"), "out"),
        (
            tube.emboss(square(18.5, 0, 0.2), on="top", height=1.0).engrave(dot, on="bore", depth=0.4),
            "bore",
        ),
    ):
        again = replay(tube.mesh, tube.patches, made.stamps)
        assert again is not None and again.curved == where and np.array_equal(again.mesh.points, made.mesh.points)
        assert len(again.placed) == len(made.stamps) - 1


def test_within_its_slack_an_outline_is_dropped_onto_the_face(modules: None) -> None:
    assert asked("plate", placed(square(0, 0, 3), frame=lifted(0.9 * SLACK_MM))) == ""
    assert asked("plate", placed(square(26.999, 0, 3))) == ""


def test_the_same_bytes_whatever_was_stamped_before(drawn: Draw, modules: None) -> None:
    """But for the header and the number of products that the process has written, which `engine.export.step` takes out."""
    from uuid import UUID

    from engine.export.identity import Identity
    from engine.export.step import write

    base, who = drawn("plate"), Identity("Plate", UUID(int=1), "unikat 0.1.0")
    files = {
        write(stamped("plate", base, letters(NAME, way)(base)).step, "plate", who) for way in ("engraved", "filled", "engraved")
    }
    assert len(files) == 2
