"""The real slicer on real products: sliced-ready as a customer gets them, and what is damaged is seen."""

from __future__ import annotations

import json
import math
import os
import pathlib
import shutil
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from engine import errands
from engine.doors import slicer
from engine.errors import EnvironmentFault, OrderError
from engine.export.gcode import NotAsOrdered, accept, read, slice_product, wanted
from engine.export.identity import identity_of
from engine.export.sliced_ready import objects, positions, project_files, settings_files
from engine.export.threemf import write as write_3mf
from engine.language.shelf import find
from engine.make import Workshop, make
from engine.model.mesh import Settled
from engine.model.order import Order, Product
from engine.process.supports import support_figures
from engine.rebuild import formats_of

pytestmark = pytest.mark.skipif(
    not any(shutil.which(program) for program in slicer.PROGRAMS) and not os.environ.get("CI"),
    reason="no PrusaSlicer: apt install prusa-slicer",
)

ORDERS = {
    "plain": Order("phone-case", process="fdm-pla", parameters={"phone": "google-pixel-6"}),
    "engraved": Order("phone-case", process="fdm-pla", parameters={"phone": "google-pixel-6", "name": "Zoé"}),
    "embossed": Order(
        "phone-case", process="fdm-pla", parameters={"phone": "google-pixel-6", "name": "Max", "letters": "embossed"}
    ),
    "stencil": Order(
        "phone-case",
        process="fdm-pla",
        parameters={"phone": "google-pixel-6", "name": "BIB", "letters": "cut", "letter_height": 14.0},
    ),
    "flexible": Order("phone-case", process="fdm-tpu", machine="fdm-300", parameters={"phone": "google-pixel-6", "name": "Bo"}),
}
CASE = find("phone-case")


@pytest.fixture(scope="module")
def products() -> dict[str, Product]:
    """Each order made with its G-code: `make` itself raises when an acceptance test fails."""
    workshop = Workshop()
    return {name: make(order, CASE, formats=("3mf", "stl", "gcode"), workshop=workshop) for name, order in ORDERS.items()}


@pytest.mark.parametrize("name", ORDERS)
def test_the_gcode_is_what_was_ordered(products: dict[str, Product], name: str) -> None:
    product = products[name]
    found = read(product.files["model.gcode"].decode())
    (drawn,) = found.objects.values()
    assert drawn.name == "case"
    x, y, _ = product.process.machine.size
    assert 0 < found.whole.low[0] < found.whole.high[0] < x
    assert 0 < found.whole.low[1] < found.whole.high[1] < y
    assert abs(sum(found.whole.low) + sum(found.whole.high) - x - y) < 8, "in the middle of the bed, skirt and all"


@pytest.mark.parametrize("name", ORDERS)
def test_the_estimate_holds(products: dict[str, Product], name: str) -> None:
    product = products[name]
    found = read(product.files["model.gcode"].decode())
    figures = product.report.figures
    assert figures["calibrated"]
    assert found.time_s == pytest.approx(figures["print_time_s"], rel=0.12)
    assert found.filament_g == pytest.approx(figures["mass_g"], rel=0.12)


def test_letters_over_the_back_are_printed_on_the_rim_with_supports(products: dict[str, Product]) -> None:
    assert b";TYPE:Support material" in products["embossed"].files["model.gcode"]
    assert b";TYPE:Support material" not in products["engraved"].files["model.gcode"]
    assert support_figures(products["embossed"].parts, products["embossed"].process)["supported_area_mm2"] > 5000


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("file", ["model.3mf", "model.stl"])
def test_the_slicer_finds_nothing_to_mend(products: dict[str, Product], name: str, file: str) -> None:
    product = products[name]
    (told,) = slicer.inspect(product.files[file], file[-4:])
    assert told.manifold
    assert told.repairs == {}
    assert told.parts == 1
    assert told.volume == pytest.approx(product.report.figures["volume_mm3"], rel=1e-4)


def test_the_same_order_gives_the_same_gcode(products: dict[str, Product]) -> None:
    again = make(ORDERS["embossed"], CASE, formats=("gcode",), workshop=Workshop())
    assert again.files["model.gcode"] == products["embossed"].files["model.gcode"]


Box = tuple[Sequence[float], Sequence[float]]


def drawn_within(gcode: str, *boxes: Box) -> list[int]:
    """How many lines of plastic run through each box of the bed, their middles as fine as 0.1 mm."""
    x = y = z = 0.0
    counts = [0] * len(boxes)
    before = ""
    for line in gcode.splitlines():
        if not line.startswith("G1 "):
            continue
        if " Z" not in line and not any(low[2] < z < high[2] for low, high in boxes):
            before = line if " X" in line and " Y" in line else before
            continue
        for told in (before, line) if before else (line,):
            words = {word[0]: float(word[1:]) for word in told.partition(";")[0].split()[1:]}
            was_x, was_y = x, y
            x, y, z = words.get("X", x), words.get("Y", y), words.get("Z", z)
        before = ""
        part = np.linspace(0.0, 1.0, 1 + math.ceil(math.hypot(x - was_x, y - was_y) / 0.1)) if words.get("E", 0.0) > 0 else None
        for k, (low, high) in enumerate(boxes):
            if part is not None and low[2] < z < high[2]:
                at_x, at_y = was_x + part * (x - was_x), was_y + part * (y - was_y)
                counts[k] += bool(((low[0] < at_x) & (at_x < high[0]) & (low[1] < at_y) & (at_y < high[1])).any())
    return counts


def in_the_i(walls: Any, moved: Sequence[float], reach: Sequence[float]) -> Box:
    """A box in the middle of the I of BIB, on the bed: `walls` (k, 3) are the points of all letters' walls, mm."""
    middle = (walls.min(axis=0) + walls.max(axis=0)) / 2
    low, high = ([float(m + o + way * r) for m, o, r in zip(middle, moved, reach, strict=True)] for way in (-1, 1))
    return low, high


def test_nothing_is_drawn_where_letters_are_cut_through(products: dict[str, Product]) -> None:
    product = products["stencil"]
    (part,) = product.parts
    gcode = product.files["model.gcode"].decode()
    (moves,) = positions(product.parts, product.process)
    patch = part.part.patches["back.through"]
    walls = part.part.mesh.points[part.part.mesh.faces[patch.faces]].reshape(-1, 3)
    assert (walls[:, 2].min(), walls[:, 2].max()) == (0.0, 1.6)
    box = in_the_i(walls, (moves[0] / 1e4, moves[1] / 1e4, 0.0), (0.4, 4.0, 1.0))
    low, high = ([v + 12.0 * (k == 1) for k, v in enumerate(corner)] for corner in box)
    within, over = drawn_within(gcode, box, (low, high))
    assert within == 0 and over > 3, "over the letters the back is whole"


LANTERNS = {
    "cut": {"letters": "cut"},
    "cut in a cone": {"letters": "cut", "slope": 6.0},
    "engraved": {"letters": "engraved"},
}


@pytest.fixture(scope="module")
def lanterns() -> dict[str, dict[str, Any]]:
    """A designer's file, ordered as a customer would: it runs in a child, and `make` there raises what the slicer's output lacks."""
    source = errands.source_of(str(pathlib.Path(__file__).with_name("lantern.py")))
    made = {}
    for name, parameters in LANTERNS.items():
        order = Order("", process="fdm-pla", parameters={"name": "BIB", **parameters})
        made[name] = errands.make_files(source, order, [], ["3mf", "stl", "gcode"], False)
    return made


@pytest.mark.parametrize("name", LANTERNS)
def test_a_name_on_a_round_wall_is_sliced_as_ordered(lanterns: dict[str, dict[str, Any]], name: str) -> None:
    told = lanterns[name]
    assert told["verdict"] == "printable"
    figures = json.loads(told["files"]["report.json"])["figures"]
    found = read(told["files"]["model.gcode"].decode())
    (drawn,) = found.objects.values()
    assert drawn.name == "lantern"
    assert found.filament_g == pytest.approx(figures["mass_g"], rel=0.12)
    (inspected,) = slicer.inspect(told["files"]["model.stl"], ".stl")
    assert inspected.manifold and inspected.repairs == {} and inspected.parts == 1
    assert inspected.volume == pytest.approx(figures["volume_mm3"], rel=1e-4)


def test_the_round_wall_is_open_where_letters_are_cut_through_it_and_nowhere_else(lanterns: dict[str, dict[str, Any]]) -> None:
    """The I of BIB stands in the middle of the front, half way up: from outside to inside nothing is drawn there."""
    for name, wide in (("cut", 60.0), ("cut in a cone", 63.0), ("engraved", 60.0)):
        gcode = lanterns[name]["files"]["model.gcode"].decode()
        found = read(gcode).whole
        x, y = ((found.low[k] + found.high[k]) / 2 for k in range(2))
        front = y - wide / 2
        box = (x - 0.4, front - 1.0, 20.0), (x + 0.4, front + 4.0, 22.0)
        over = (x - 0.4, front - 2.0, 36.0), (x + 0.4, front + 4.0, 38.0)
        within, above = drawn_within(gcode, box, over)
        assert (within == 0) is (name != "engraved") and above > 10


TWO_COLOURS = Order(
    "phone-case", process="fdm-pla", parameters={"phone": "google-pixel-6", "name": "Zoé", "letter_colour": "sand"}
)


@pytest.fixture(scope="module")
def two_colours() -> Product:
    return make(TWO_COLOURS, CASE, formats=("3mf", "prusa", "gcode"), workshop=Workshop())


def test_two_colours_are_printed_in_one_go_each_with_its_tool(two_colours: Product) -> None:
    case, letters = two_colours.parts
    found = read(two_colours.files["model.gcode"].decode())
    (drawn,) = found.objects.values()
    assert drawn.name == "case" and set(found.tools) == {0, 1}
    # what the second tool draws is the letters, all of them and nothing else: they are too thin to be hollow
    filament = math.pi * 1.75**2 / 4 * found.tools[1]
    figures = {each["part"]: each["volume_mm3"] for each in two_colours.report.figures["each"]}
    assert filament == pytest.approx(figures["letters"], rel=0.2)
    assert found.tools[0] > 100 * found.tools[1]
    assert found.filament_g == pytest.approx(two_colours.report.figures["mass_g"], rel=0.12)
    assert (case.lattice[:, 2].min(), letters.lattice[:, 2].min()) == (0, 0)


def test_the_second_tool_draws_where_the_letters_are(two_colours: Product) -> None:
    """In the middle of the bed, in the first layers only: the name lies in the back, which lies on the bed."""
    letters = two_colours.parts[1]
    (low, high), tool = two_colours.report.figures["bounds_mm"], 0
    move = [(side - a - b) / 2 for side, a, b in zip(two_colours.process.machine.size, low, high, strict=False)]
    box = [[v / 10_000 + m for v, m in zip(f(letters.lattice[:, :2], axis=0), move, strict=False)] for f in (np.min, np.max)]
    x = y = z = 0.0
    drawn = []
    for line in two_colours.files["model.gcode"].decode().splitlines():
        if line in ("T0", "T1"):
            tool = int(line[1])
        elif line.startswith("G1 "):
            words = {word[0]: float(word[1:]) for word in line.partition(";")[0].split()[1:]}
            x, y, z = words.get("X", x), words.get("Y", y), words.get("Z", z)
            if tool == 1 and words.get("E", 0.0) > 0 and ("X" in words or "Y" in words):
                drawn.append((x, y, z))
    assert len(drawn) > 100
    ends = np.array(drawn)
    assert (ends[:, :2].min(axis=0) > np.array(box[0]) - 0.1).all() and (ends[:, :2].max(axis=0) < np.array(box[1]) + 0.1).all()
    assert set(np.round(ends[:, 2], 3).tolist()) == {0.2, 0.4, 0.6}


def test_the_standard_file_keeps_bonded_parts_in_their_place(two_colours: Product) -> None:
    moves = positions(two_colours.parts, two_colours.process)
    assert moves[0] == moves[1]
    model = slicer.inspect(two_colours.files["model.3mf"])
    assert len(model) == 2 and all(one.manifold and not one.repairs for one in model)
    assert formats_of(json.loads(two_colours.files["record.json"])) == ["3mf", "gcode", "prusa"]
    (whole,) = slicer.inspect(two_colours.files["model.prusa.3mf"])
    assert whole.manifold and whole.repairs == {}
    assert whole.volume == pytest.approx(two_colours.report.figures["volume_mm3"], rel=1e-4)


def test_a_second_colour_that_is_not_drawn_is_seen(two_colours: Product) -> None:
    """The same volumes without a tool of their own: all of it comes out in the first colour."""
    parts = [replace(p, part=p.part.changed(colour="#5b8ba8")) for p in two_colours.parts]
    whole = objects(parts)
    model = write_3mf(
        whole,
        identity_of(two_colours.order, CASE),
        extra=project_files(two_colours.process, parts),
        moves=positions(whole, two_colours.process),
    )
    with pytest.raises(NotAsOrdered) as caught:
        slice_product(model, two_colours.parts, two_colours.process, two_colours.report.figures, placed=True)
    assert caught.value.problems == ("tools [0] draw, expected 2 from 0",)


def damaged(product: Product, faces: Any, name: str = "case") -> tuple[Settled, bytes]:
    """A product's only part with other faces, and its 3MF."""
    (part,) = product.parts
    other = replace(part, faces=np.ascontiguousarray(faces, dtype=np.int32), kept=None)
    settings = settings_files(product.process, [other])
    moves = positions([other], product.process)
    return other, write_3mf([other], identity_of(product.order, CASE), extra=settings, moves=moves)


def test_a_case_without_its_walls_is_seen(products: dict[str, Product]) -> None:
    """Faces of one side are missing: the slicer makes something of it, with status 0."""
    product = products["engraved"]
    (part,) = product.parts
    middle = part.points[part.faces].mean(axis=1)
    _, model = damaged(product, part.faces[middle[:, 0] > part.points[:, 0].min() + 20])
    sliced = slicer.slice_model(model, placed=True)
    assert sliced.status == 0
    assert accept(sliced, wanted(product.parts, product.process, product.report.figures))


def test_a_case_that_is_there_twice_is_seen(products: dict[str, Product]) -> None:
    product = products["engraved"]
    (part,) = product.parts
    twin, _ = damaged(product, part.faces)
    both = [part, twin]
    model = write_3mf(both, identity_of(product.order, CASE), extra=settings_files(product.process, both))
    with pytest.raises(NotAsOrdered) as caught:
        slice_product(model, product.parts, product.process, product.report.figures)
    assert any("was not ordered" in problem for problem in caught.value.problems)
    assert any("of filament" in problem for problem in caught.value.problems)


def test_a_case_beside_the_bed_is_seen(products: dict[str, Product]) -> None:
    product = products["engraved"]
    settings = settings_files(product.process, product.parts)
    model = write_3mf(product.parts, identity_of(product.order, CASE), extra=settings, moves=[(2_300_000, 1_200_000)])
    with pytest.raises(NotAsOrdered) as caught:
        slice_product(model, product.parts, product.process, product.report.figures, placed=True)
    assert all("outside the bed" in problem for problem in caught.value.problems)


def test_settings_that_it_does_not_know_are_seen(products: dict[str, Product]) -> None:
    product = products["engraved"]
    other = replace(product.process, settings={**product.process.settings, "fill_pattern": "swirl"})
    model = write_3mf(
        product.parts,
        identity_of(product.order, CASE),
        extra=settings_files(other, product.parts),
        moves=positions(product.parts, other),
    )
    with pytest.raises(NotAsOrdered) as caught:
        slice_product(model, product.parts, product.process, product.report.figures, placed=True)
    assert all("the slicer says" in problem for problem in caught.value.problems)


def test_only_fdm_is_sliced() -> None:
    with pytest.raises(OrderError) as caught:
        make(Order("phone-case", process="mjf-tpu"), CASE, formats=("gcode",))
    assert caught.value.field == "formats"


def test_without_a_slicer_it_says_what_to_install(products: dict[str, Product], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(slicer.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    product = products["engraved"]
    with pytest.raises(EnvironmentFault, match="apt install prusa-slicer"):
        slice_product(product.files["model.3mf"], product.parts, product.process, product.report.figures, placed=True)
