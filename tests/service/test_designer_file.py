"""A designer's own file: the short template of the README works, and every way to go wrong is named by stage and line."""

from __future__ import annotations

import json
import pathlib
import textwrap

import pytest

from engine import errands
from engine.errors import TemplateError
from engine.model.order import Order
from service import cli

TAG = '''
from engine.authoring import Template, at_least, cad, length, rule, stage, tagged, text

class Tag(Template):
    """A key tag with a name."""
    key, version = "tag", 1
    thick = length(3.0, low=2.0, high=5.0, step=0.5, label=("Thickness", "Épaisseur"))
    name = text("", max_graphemes=12, label=("Name", "Prénom"))

    @cad
    def plate(self, cq):
        body = cq.Workplane().box(60, 20, self.thick).edges("|Z").fillet(4).faces(">Z").workplane().center(-25, 0).hole(4)
        return tagged(body, top=body.faces(">Z"))

    @stage
    def tag(self):
        return self.plate().engrave(self.name.outlines(height=7), on="top", depth=0.8) if self.name else self.plate()

    @rule
    def floor(self, process):
        return at_least(self.thick - 0.8, process.wall, change="thick", why="the floor under the letters")
'''


def written(folder: pathlib.Path, text: str) -> str:
    path = folder / "tag.py"
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return str(path)


def test_ten_lines_make_a_product(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(
            ["make", written(tmp_path, TAG), "--set", "name=Zoé", "--out", str(tmp_path / "out"), "--formats", "stl", "--json"]
        )
    told = json.loads(capsys.readouterr().out)
    assert ended.value.code in (0, 4), told
    assert told["template"] == "tag" and (tmp_path / "out" / "model.stl").stat().st_size > 10_000
    assert 2000 < told["report"]["figures"]["volume_mm3"] < 3600


SHAPE = '''
from engine.authoring import Template, cad, stage, text
class Tag(Template):
    """A tag."""
    key, version = "tag", 1
    name = text("", max_graphemes=12, label="Name")
    @cad
    def plate(self, cq):
        {cad}
    @stage
    def tag(self):
        {stage}
'''
BOX, PLATE = "return cq.Workplane().box(9, 9, 9)", "return self.plate()"
WRONG = [
    ("raises", SHAPE.format(cad="return 1 / 0", stage=PLATE), "plate", 9, "ZeroDivisionError"),
    ("raises late", SHAPE.format(cad=BOX, stage="raise KeyError(3)"), "tag", 12, "KeyError"),
    ("loops", SHAPE.format(cad=BOX, stage="\n        while True: pass"), "tag", 13, "TIMEOUT"),
    ("exits", SHAPE.format(cad=BOX, stage="__import__('os')._exit(0)"), "tag", 12, "EXIT"),
    ("exits in cad", SHAPE.format(cad="__import__('os')._exit(0)", stage=PLATE), "plate", 9, "EXIT"),
    ("open shell", SHAPE.format(cad="return cq.Workplane().box(9, 9, 9).faces('<Z')", stage=PLATE), "plate", 7, "NOT_SOLID"),
    ("nothing", SHAPE.format(cad="return None", stage=PLATE), "plate", None, "NOT_SOLID"),
    ("no part", SHAPE.format(cad=BOX, stage="return 5"), "tag", None, "must return a solid"),
    (
        "personal in cad",
        SHAPE.format(cad="return cq.Workplane().box(9, 9, len(str(self.name)))", stage=PLATE),
        "plate",
        9,
        "person's",
    ),
    ("no patch", SHAPE.format(cad=BOX, stage="return self.plate().engrave(None, on='top', depth=1)"), "tag", 12, "no patch"),
    ("syntax", "x = 1\ndef (", "import", 2, "SyntaxError"),
    ("raises on import", "x = 1\n\nx / 0", "import", 3, "ZeroDivisionError"),
    ("no template", "x = 1", "import", None, "no Template"),
]


@pytest.mark.parametrize(("text", "stage", "line", "why"), [w[1:] for w in WRONG], ids=[w[0] for w in WRONG])
def test_each_way_to_go_wrong(
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    text: str,
    stage: str,
    line: int | None,
    why: str,
) -> None:
    if why == "TIMEOUT":
        monkeypatch.setattr(errands, "OUTSIDE_DEADLINE", 3.0)
    path = written(tmp_path, text)
    with pytest.raises(TemplateError) as failed:
        errands.make_files({"file": path}, Order(""), [], ["stl"], False)
    error = failed.value
    assert why in error.for_sender() and error.stage == stage
    assert line is None or (error.line, error.file) == (line, "tag.py")
    status, told = cli._told(error)
    assert status == 2 and "\n" not in told["message"]
