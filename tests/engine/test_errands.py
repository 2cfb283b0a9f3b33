"""Templates that are not ours, from a file or installed, run in a child: whatever they do is a TemplateError, status 2; an edit
is seen by a warm child; and a record of one is made again there."""

from __future__ import annotations

import json
import os
import pathlib
import re
import sys
import textwrap
from collections.abc import Callable, Iterator

import pytest

from engine import errands
from engine.doors import child, child_replies
from engine.errors import TemplateError
from engine.language import shelf
from engine.model.order import Order
from service import cli

BLOCK = '''
import numpy as np
from engine.authoring import Solid, Template, length, stage
from engine.model.mesh import Mesh
{top}
class Block(Template):
    """A block."""
    key, version = "block", 1
    size = length(9, low=1, high=90, step=1, label="Size")
    @stage
    def known(self):
        return self.size
    @stage
    def block(self):
        size = self.known()
        {stage}
        points = np.array([[0, 0, 0], [1, 0, 0], [0, 1, 0], [0, 0, 1]]) * float(size)
        return Solid(Mesh(points, np.array([[0, 2, 1], [0, 1, 3], [0, 3, 2], [1, 2, 3]], np.int32)), {{}})
'''
Installed = Callable[..., errands.Source]


def source(top: str = "", stage: str = "pass") -> str:
    return textwrap.dedent(BLOCK.format(top=top, stage=stage))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[pathlib.Path]:
    """A folder of libraries on the path, here and in the child."""
    made = tmp_path_factory.mktemp("site-packages")
    for name in ("theirs", "theirs-1.0.dist-info"):
        (made / name).mkdir()
    sys.path.insert(0, str(made))
    child.shared(errands.PRELOAD).close()  # the next one starts with this path
    yield made
    child.shared(errands.PRELOAD).close()
    sys.path.remove(str(made))


@pytest.fixture
def installed(site: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installed]:
    """A package of somebody else's with one template, as pip would leave it among the libraries."""
    home, info = site / "theirs", site / "theirs-1.0.dist-info"

    def write(text: str, key: str = "block") -> errands.Source:
        (info / "METADATA").write_text("Metadata-Version: 2.1\nName: theirs\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[unikat.templates]\n{key} = theirs:Block\n")
        (home / "__init__.py").write_text("from theirs.block import Block\n")
        (home / "block.py").write_text(text, encoding="utf-8")
        return {"key": key}

    plain = child_replies._not_designers()
    monkeypatch.setattr(child_replies, "_not_designers", lambda: (*plain, os.path.join(str(site), "")))
    yield write
    for path in (*home.rglob("*.py"), *info.iterdir()):
        path.unlink()
    assert not [name for name in sys.modules if name.startswith("theirs")], "it ran in this process"


def made(told: errands.Source, **parameters: object) -> dict[str, object]:
    return errands.make_files(told, Order("", parameters=parameters), [], ["stl"], False)


def test_an_installed_template_is_made_and_made_again(installed: Installed) -> None:
    told = installed(source())
    first = made(told, size=5)
    record = first["files"]["record.json"]  # type: ignore[index]
    again = errands.rebuild_files(told, record, {})
    assert again["differences"] == [] and again["files"]["model.stl"] == first["files"]["model.stl"]  # type: ignore[index]
    assert "block" in shelf.installed() and not shelf.ours("block")


DEATHS = [
    ("raises", {"stage": "raise ValueError('no')"}, "block", "ValueError", 16),
    ("loops", {"stage": "\n        while True: pass"}, "block", "TIMEOUT", 17),
    ("exits", {"stage": "__import__('os')._exit(0)"}, "block", "EXIT", 16),
    ("ends", {"stage": "__import__('sys').exit(0)"}, "block", "EXIT", 16),
    ("crashes", {"stage": "__import__('ctypes').string_at(0)"}, "block", "CRASH", 16),
    ("aborts", {"stage": "__import__('os').abort()"}, "block", "CRASH", 16),
    ("eats", {"stage": "held = [np.zeros(10**8) for _ in range(99)]"}, "block", "MEMORY", 16),
    ("raises on import", {"top": "1 / 0"}, "import", "ZeroDivisionError", 5),
    ("lacks a library", {"top": "import no_such_library"}, "import", "ModuleNotFoundError", 5),
    ("is no Python", {"top": "def ("}, "import", "SyntaxError", 5),
    ("exits on import", {"top": "__import__('os')._exit(3)"}, "import", "EXIT", 5),
    ("crashes on import", {"top": "__import__('os').abort()"}, "import", "CRASH", 5),
    ("loops on import", {"top": "while True: pass"}, "import", "TIMEOUT", 5),
    ("is another", {"top": "class Template(Template): key = 'other'"}, "class", "", None),
]


@pytest.mark.parametrize("kind", ["installed", "file"])
@pytest.mark.parametrize(("parts", "stage", "why", "line"), [d[1:] for d in DEATHS], ids=[d[0] for d in DEATHS])
def test_whatever_it_does_is_the_designers(
    installed: Installed,
    tmp_path: pathlib.Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
    parts: dict[str, str],
    stage: str,
    why: str,
    line: int | None,
) -> None:
    if why == "TIMEOUT":
        monkeypatch.setattr(errands, "OUTSIDE_DEADLINE", 1.5)
    if kind == "installed":
        told = installed(source(**parts))
    else:
        (tmp_path / "block.py").write_text(source(**parts), encoding="utf-8")
        told = {"file": str(tmp_path / "block.py")}
    with pytest.raises(TemplateError) as failed:
        made(told)
    error = failed.value
    assert why in error.for_sender() and error.stage == stage
    assert line is None or (error.line, error.file) == (line, "block.py")
    assert cli._told(error)[0] == 2


def test_no_template_of_that_key(installed: Installed) -> None:
    with pytest.raises(TemplateError, match="no Template of that key"):
        made(installed(source(), key="brick"))


def test_the_list_survives_a_broken_one(installed: Installed, capsys: pytest.CaptureFixture[str]) -> None:
    installed(source(top="1 / 0"))
    with pytest.raises(SystemExit) as ended:
        cli.main(["templates"])
    rows = capsys.readouterr().out.splitlines()
    assert not ended.value.code and any(re.match("phone-case +A snug case", r) for r in rows)
    assert [r for r in rows if re.match("block +cannot be used: block.py:5", r)]


def test_ours_goes_before_one_of_the_same_name(installed: Installed) -> None:
    installed(source(), key="phone-case")
    assert shelf.ours("phone-case") and shelf.find("phone-case").__name__ == "PhoneCase"


@pytest.mark.parametrize("kind", ["installed", "file"])
def test_an_edit_is_seen_by_the_warm_child(installed: Installed, tmp_path: pathlib.Path, kind: str) -> None:
    """Of the same length, in the same second: neither bytecode nor a kept module may answer for it."""
    path = tmp_path / "block.py"
    told = {"file": str(path)}
    volumes = []
    for size in (2, 4, 4):
        text = source(stage=f"size = {size}{'0' * (kind == 'installed' and size > 2)}")
        path.write_text(text, encoding="utf-8")
        told = installed(text) if kind == "installed" else told
        report = json.loads(made(told)["files"]["report.json"])  # type: ignore[index]
        volumes.append(report["figures"]["volume_mm3"])
    assert volumes[1] == volumes[2] != volumes[0]


def rebuilt(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["rebuild", *words])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_a_record_of_a_designers_file(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    path, record = tmp_path / "block.py", tmp_path / "record.json"
    before = set(sys.modules)
    path.write_text(source(), encoding="utf-8")
    first = made({"file": str(path)}, size=5)["files"]
    record.write_bytes(first["record.json"])  # type: ignore[index]
    status, _, err = rebuilt(capsys, str(record))
    assert status == 2 and err.startswith("unikat: --template: is needed") and "block.py of sha256" in err
    status, out, err = rebuilt(capsys, str(record), "--template", str(path), "--out", str(tmp_path / "out"))
    assert err == "" and "the same bytes" in out and status in (0, 4)
    assert (tmp_path / "out" / "model.stl").read_bytes() == first["model.stl"]  # type: ignore[index]
    path.write_text(source() + "# another\n", encoding="utf-8")
    status, out, err = rebuilt(capsys, str(record), "--template", str(path))
    assert status == 1 and {line.partition(":")[0] for line in err.splitlines()} == {
        "template.code_sha256",
        "template.file_sha256",
    }
    path.write_text(source(stage="raise KeyError(5)"), encoding="utf-8")
    assert rebuilt(capsys, str(record), "--template", str(path))[0] == 2
    status, _, err = rebuilt(capsys, str(record), "--template", "phone-case")
    assert status == 2 and "another template" in err
    ran = [name for name in set(sys.modules) - before if name.startswith("unikat_template_")]
    assert not ran, "it ran in this process"
