"""`unikat compile` as a user runs it: its lines, its JSON, its exit status, and what it refuses."""

from __future__ import annotations

import json
import pathlib
import re

import pytest

from engine.compiling.compile import Compiled, Structure
from service.cli import main
from service.compiling import lines_of

BOX = '''
"""A box, for tests."""
from engine.authoring import Solid, Template, cad, flag, length, stage, tagged


class Box(Template):
    """A box."""

    key, version = "box", 1
    wide = length(30.0, low=20.0, high=40.0, step=0.5, label=("Width", "Largeur"))
    split = flag(False, label=("Two pieces", "Deux morceaux"))

    @cad
    def body(self, cq):
        if self.split:
            raise ValueError("two pieces")
        body = cq.Workplane("XY").box(self.wide, 12.0, 4.0).edges("|Z").fillet(2.0)
        return tagged(body, top=body.faces(">Z"))

    @stage
    def box(self) -> Solid:
        return self.body()
'''


def status(*words: str) -> int | str | None:
    with pytest.raises(SystemExit) as ended:
        main(["compile", *words])
    return ended.value.code


def test_it_tells_what_is_covered_and_what_is_not(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, out = tmp_path / "box.py", tmp_path / "charts"
    file.write_text(BOX, encoding="utf-8")
    asked = (str(file), "--scout", "40", "--certify", "2", "--jobs", "1", "--out", str(out))
    assert status(*asked, "--set", "split=false", "--json") == 0
    told = json.loads(capsys.readouterr().out)["stages"][0]
    assert told["covered"] == 1.0 and told["seed"] == 0 and told["direct"] == ["split", "wide"]
    (chart,) = told["structures"][0]["charts"]
    assert chart["holds"] and chart["bodies"] == 2 and chart["max_mm"] < 0.001
    drawn = told["structures"][0]
    assert drawn["seconds"] > drawn["drawing"] > 0.0 and told["paid"] > drawn["bodies"] >= 5
    assert list(out.rglob("*.chart")) and next(out.rglob("*.png")).read_bytes().startswith(b"\x89PNG")
    assert status(*asked) == 1  # the other structure cannot be drawn, and that is said
    said = capsys.readouterr().out
    assert "1 charts of 2 structures" in said and "off the charts" in said and "BUILDING" in said
    assert "certified on 2 bodies" in said
    paid = re.search(r"paid after ([\d,]+) orders", said)
    assert paid is not None and int(paid[1].replace(",", "")) >= told["paid"]  # what stood already is counted, too


@pytest.mark.parametrize(
    ("words", "field"),
    [
        ((), "--all"),
        (("phone-case", "--all"), "--all"),
        (("phone-case", "--set", "wall"), "--set"),
        (("phone-case", "--set", "wall=thick"), "wall"),
        (("phone-case", "--set", "wall=99"), "wall"),
        (("phone-case", "--set", "lanyard=maybe"), "lanyard"),
        (("phone-case", "--set", "nope=1"), "nope"),
        (("phone-case", "--stage", "nope"), "stage"),
        (("phone-kase",), "template"),
    ],
)
def test_bad_input_is_named(
    words: tuple[str, ...], field: str, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert status(*words, "--out", str(tmp_path)) == 2
    assert field in capsys.readouterr().err
    assert not list(tmp_path.rglob("*.chart"))


def test_what_does_not_hold_is_told_as_off_and_counted_with_nothing_that_does() -> None:
    def chart(**told: object) -> dict[str, object]:
        return {"bodies": 20, "max_mm": 0.001, "rms_mm": 0.0001, "volume": 0.0, "to_mesh_mm": None, "holds": True, **told}

    why = "its certificate does not hold: nodes miss by up to 90.0 um"
    charts = [chart(), chart(bodies=7, max_mm=0.09, holds=False)]
    structure = Structure("s", 40, 1.0, charts=charts, off=[(10, why)])
    report = Compiled("box", "body", "", [], [], [], 50, 40, 0, structures=[structure])
    said = lines_of(report)
    assert "1 charts of 1 structures cover 75.0 %" in said[0] and "20 bodies" in said[1] and "within 1.00 um" in said[1]
    assert f"  off the charts, 10 of 40 orders of one structure: {why}" in said
