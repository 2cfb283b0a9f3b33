"""A product of several parts, from the designer's file to the files that ship; refused ones name the parts, the pose and the place."""

from __future__ import annotations

import json
import pathlib
import struct
import textwrap
import zipfile
from typing import Any

import numpy as np
import pytest

from service import cli

SIGN = '''
from engine.authoring import Pose, Template, cad, flag, length, stage

class Sign(Template):
    """A plate with an inlay of another colour, and a cover."""
    key, version = "sign", 1
    more = length(0.0, low=-1.0, high=1.0, step=0.05, label=("Inlay larger by", "Incrustation plus large de"))
    beside = length(60.0, low=0.0, high=90.0, step=0.1, label=("Cover beside", "Couvercle à côté"))
    above = length(0.25, low=0.0, high=5.0, step=0.05, label=("Cover above", "Couvercle au-dessus"))
    bonded = flag(True, label=("Bonded", "Liés"))

    @cad
    def plate(self, cq):
        return cq.Workplane().box(40, 30, 6, centered=(True, True, False)).faces(">Z").workplane().rect(20, 10).cutBlind(-3)

    @cad
    def inlay(self, cq):
        return cq.Workplane().workplane(offset=3).box(20 + self.more, 10 + self.more, 3, centered=(True, True, False))

    @cad
    def cover(self, cq):
        return cq.Workplane().box(40, 30, 3, centered=(True, True, False))

    @stage
    def sign(self):
        on = {"plate"} if self.bonded else ()
        placed = Pose(translation=(0.0, 0.0, 6.0 + self.above))
        return [
            self.cover().part("cover", print_pose=Pose(translation=(self.beside, 0.0, 0.0)), assembled_pose=placed),
            self.plate().part("plate"),
            self.inlay().part("inlay", colour="#cc2200", bonded=on),
        ]
'''
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def sign(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "sign.py").write_text(textwrap.dedent(SIGN), encoding="utf-8")
    return tmp_path


def made(capsys: Captured, *values: str, formats: str = "3mf,stl", process: str = "sls-pa12") -> tuple[int, dict[str, Any]]:
    words = [w for v in values for w in ("--set", v)]
    with pytest.raises(SystemExit) as ended:
        cli.main(["make", "sign.py", *words, "--process", process, "--out", "out", "--formats", formats, "--json"])
    return int(ended.value.code or 0), json.loads(capsys.readouterr().out)


def test_one_that_is_printable(sign: pathlib.Path, capsys: Captured) -> None:
    status, told = made(capsys)
    assert (status, told["report"]["verdict"], told["report"]["findings"]) == (0, "printable", [])
    assert {c["name"]: (c["required"], c["ran"]) for c in told["report"]["checks"]}["parts"] == (True, True)
    names = {p.name for p in (sign / "out").iterdir()}
    assert {"model.3mf", "model-cover.stl", "model-plate.stl", "model-inlay.stl"} <= names
    # the inlay ships in its pocket, not on the bed under it
    data = (sign / "out" / "model-inlay.stl").read_bytes()
    (many,) = struct.unpack_from("<I", data, 80)
    rows = np.frombuffer(data, np.dtype([("n", "<3f4"), ("p", "<9f4"), ("a", "<u2")]), many, 84)["p"].reshape(-1, 3)
    assert (rows[:, 2].min(), rows[:, 2].max()) == (3.0, 6.0)
    with pytest.raises(SystemExit) as ended:
        cli.main(["verify", "out/model.3mf", "--json"])
    assert int(ended.value.code or 0) == 0 and json.loads(capsys.readouterr().out)["figures"]["parts"] == 3


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (["more=0.05"], ["parts inlay and plate pass through each other in the print pose, at least 0.0354 mm deep at x "]),
        (
            ["bonded=false"],  # and so it is dropped to the bed by itself
            [
                "parts inlay and plate pass through each other in the print pose, at least 1 mm deep at x ",
                "parts inlay and plate touch when assembled at x -10, y 0, z 4.5 mm: the process needs 0.15 mm between them",
            ],
        ),
        (["beside=40.4"], ["parts cover and plate come too near: there are only 0.4 mm between them in the print pose at x 20.2"]),
        (["beside=39"], ["parts cover and plate pass through each other in the print pose, at least 1 mm deep at x "]),
        (["above=0.1"], ["parts cover and plate come too near: there are only 0.1 mm between them when assembled at x "]),
        (["above=0"], ["parts cover and plate touch when assembled at x "]),
    ],
    ids=["too large", "not bonded", "too near on the bed", "on each other on the bed", "too near in place", "touching in place"],
)  # fmt: skip
def test_one_that_is_refused(sign: pathlib.Path, capsys: Captured, values: list[str], told: list[str]) -> None:
    status, answer = made(capsys, *values, formats="stl")
    found = [
        f
        for f in answer["report"]["findings"]
        if "inlay and cover" not in f["message"] and "cover and inlay" not in f["message"]
    ]
    assert (status, answer["report"]["verdict"]) == (1, "refused")
    assert len(found) == len(told) and all(f["message"].startswith(t) for f, t in zip(found, told, strict=True)), found
    for f in found:
        assert f["code"] == ("parts-cross" if "pass through" in f["message"] else "parts-close") and f["part"] in (
            "cover",
            "inlay",
        )
        assert f["at"] is not None and f["limit"] is not None and f["fix"] and "beside" not in f and "faces" not in f
    assert {p.name for p in (sign / "out").iterdir()} == {"report.json", "record.json"}


@pytest.mark.parametrize("name", ["plates", "inlay"])
def test_bonds_to_no_other_part_are_the_designers_mistake(sign: pathlib.Path, capsys: Captured, name: str) -> None:
    (sign / "sign.py").write_text((sign / "sign.py").read_text().replace('{"plate"} if', f'"{name}" if'))
    status, told = made(capsys)
    assert status == 2 and f"bonds inlay to '{name}', which is no other part" in told["error"]["message"]


# ---- files that are only looked at --------------------------------------------------------------------------------------


def write_3mf(path: pathlib.Path, *boxes: tuple[float, float, float, float]) -> None:
    """A cube an object: where it stands on the plate, by its item's transform, and its side."""
    corners = [(x, y, z) for x in (0, 1) for y in (0, 1) for z in (0, 1)]
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    faces = [t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]
    objects = items = ""
    for key, (x, y, z, side) in enumerate(boxes, start=1):
        points = "".join(f'<vertex x="{a * side}" y="{b * side}" z="{c * side}"/>' for a, b, c in corners)
        rows = "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in faces)
        objects += f'<object id="{key}"><mesh><vertices>{points}</vertices><triangles>{rows}</triangles></mesh></object>'
        items += f'<item objectid="{key}" transform="1 0 0 0 1 0 0 0 1 {x} {y} {z}"/>'
    model = (
        '<?xml version="1.0"?><model unit="millimeter" xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02">'
        f"<resources>{objects}</resources><build>{items}</build></model>"
    )
    start = "http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"
    rels = (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r" Target="/3D/3dmodel.model" Type="{start}"/></Relationships>'
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("_rels/.rels", rels)
        archive.writestr("3D/3dmodel.model", model)


def verified(capsys: Captured, *words: str) -> tuple[int, list[str], dict[str, Any]]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["verify", *words, "--json"])
    told = json.loads(capsys.readouterr().out)
    checks = {c["name"]: (c["required"], c["ran"]) for c in told["checks"]}
    return int(ended.value.code or 0), [f["code"] for f in told["findings"]], {"parts": checks["parts"], **told}


BESIDE, TOUCHING, NEAR, INTO = (0, 0, 0, 10), (10, 0, 0, 10), (10.2, 0, 0, 10), (9, 0, 0, 10)


def test_objects_of_a_file_are_asked_where_it_puts_them(tmp_path: pathlib.Path, capsys: Captured) -> None:
    file = tmp_path / "two.3mf"
    for second, without, with_one in (
        ((20, 0, 0, 10), [], []),
        (NEAR, [], ["parts-close"]),
        (TOUCHING, [], ["parts-close"]),
        (INTO, ["parts-cross"], ["parts-cross"]),
        ((2, 2, 2, 5), ["parts-cross"], ["parts-cross"]),
        ((0, 0, 11, 10), [], []),  # over it: where the file puts it, not dropped into it
        ((0, 0, 10.3, 10), [], ["parts-close"]),
    ):
        write_3mf(file, BESIDE, second)
        status, codes, told = verified(capsys, str(file))
        assert (codes, status, told["parts"]) == (without, 1 if without else 0, (True, True)), second
        status, codes, told = verified(capsys, str(file), "--process", "sls-pa12")
        assert (codes, status, told["parts"]) == (with_one, 1 if with_one else 0, (True, True)), second
    write_3mf(file, BESIDE, (20, 0, 5, 10))
    assert verified(capsys, str(file), "--process", "fdm-pla")[1] == ["off-bed"]  # it hangs in the air


def test_an_object_that_stands_twice_is_two_parts(tmp_path: pathlib.Path, capsys: Captured) -> None:
    file = tmp_path / "twice.3mf"
    write_3mf(file, BESIDE)
    with zipfile.ZipFile(file) as archive:
        rels, model = archive.read("_rels/.rels"), archive.read("3D/3dmodel.model").decode()
    both = '<object id="9"><components><component objectid="1"/><component objectid="1" transform="1 0 0 0 1 0 0 0 1 9 0 0"/></components></object>'
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("_rels/.rels", rels)
        archive.writestr(
            "3D/3dmodel.model",
            model.replace("</resources>", f"{both}</resources>").replace('<item objectid="1"', '<item objectid="9"'),
        )
    status, codes, told = verified(capsys, str(file))
    assert (status, codes) == (1, ["parts-cross"]) and told["figures"]["parts"] == 2
    assert told["findings"][0]["message"].startswith("parts item-1-1 and item-1-1-2 pass through each other")


def test_the_picture_shows_both(tmp_path: pathlib.Path, capsys: Captured) -> None:
    file, picture, bad = tmp_path / "two.3mf", tmp_path / "two.png", tmp_path / "bad.ply"
    write_3mf(file, BESIDE, (5, 5, 5, 10))
    assert verified(capsys, str(file), "--picture", str(picture), "--faces", str(bad))[0] == 1
    write_3mf(file, BESIDE, (15, 15, 15, 10))
    plain = tmp_path / "plain.png"
    assert verified(capsys, str(file), "--picture", str(plain))[0] == 0
    assert picture.read_bytes() != plain.read_bytes() and b"element face 12\n" in bad.read_bytes()
