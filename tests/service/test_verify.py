"""`unikat verify` as it is used: a line a finding, the worst status of all files, one object a line with --json."""

from __future__ import annotations

import contextlib
import json
import os
import pathlib
import pty
import struct
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from typing import Any

import pytest

from engine.errors import EngineFault
from engine.model.process import CHECKS
from engine.reading import meshes, threemf
from service import cli, verifying

Captured = pytest.CaptureFixture[str]
POINTS = "0 0 0\n10 0 0\n0 10 0\n0 0 10\n"
WHOLE = f"OFF\n4 4 0\n{POINTS}3 0 2 1\n3 0 1 3\n3 1 2 3\n3 2 0 3\n"
OPEN = f"OFF\n4 3 0\n{POINTS}3 0 2 1\n3 0 1 3\n3 1 2 3\n"
LYING = f"OFF\n4 9 0\n{POINTS}3 0 2 1\n"
NAN = WHOLE.replace("10 0 0", "nan 0 0")


@pytest.fixture
def files(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> pathlib.Path:
    monkeypatch.chdir(tmp_path)
    for name, content in (("whole", WHOLE), ("open", OPEN), ("lying", LYING), ("nan", NAN)):
        (tmp_path / f"{name}.off").write_text(content)
    return tmp_path


def run(capsys: Captured, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(["verify", *words])
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(ended.value.code or 0), out, err


def rows(out: str) -> list[dict[str, Any]]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is no JSON")

    return [json.loads(line, parse_constant=refuse) for line in out.splitlines()]


def test_each_kind_of_file_has_its_status_and_its_line(files: pathlib.Path, capsys: Captured) -> None:
    for name, status, told in (
        ("whole.off", 0, "printable"),
        ("open.off", 1, "error open-edge: the surface has a hole"),
        ("nan.off", 1, "error not-finite"),
        ("lying.off", 2, "announces more than it holds"),
        ("none.off", 2, "No such file"),
    ):
        got, out, err = run(capsys, name, "--unit", "mm")
        assert (got, err) == (status, ""), name
        assert told in out and all(line.startswith(f"{name}: ") for line in out.splitlines())
    told = run(capsys, "open.off", "--unit", "mm")[1]
    assert "; close the surface there\n" in told  # what to do about it
    assert "not checked: shells (what is inside" in told  # an open surface has no inside
    assert "printable (geometry alone" in run(capsys, "whole.off", "--unit", "mm")[1]
    assert run(capsys, "lying.off", "--unit", "mm")[1].count("lying.off") == 1
    assert set(verifying.CHECKS) == set(CHECKS)


def test_without_a_unit_or_with_none_that_is_one(files: pathlib.Path, capsys: Captured) -> None:
    for words in (["whole.off"], ["whole.off", "--unit", "ell"]):
        status, out, _ = run(capsys, *words)
        assert status == 2 and "unit" in out


def test_the_worst_status_wins(files: pathlib.Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    from engine.verify import foreign as module

    def worst(*names: str) -> int:
        return run(capsys, *(f"{n}.off" for n in names), "--unit", "mm")[0]

    assert worst("whole", "whole") == 0
    assert worst("open", "whole") == 1
    assert worst("whole", "lying", "open") == 2
    settle = module.settle_as_drawn

    def failing(parts: Any, bed: bool = False) -> Any:
        if parts[0].name == "open":
            raise EngineFault("a promise did not hold")
        return settle(parts, bed)

    monkeypatch.setattr(module, "settle_as_drawn", failing)
    status, out, _ = run(capsys, "open.off", "lying.off", "whole.off", "--unit", "mm", "--json")
    assert status == 3  # and the files after it are still told
    assert [(r["file"], r["status"]) for r in rows(out)] == [("open.off", 3), ("lying.off", 2), ("whole.off", 0)]


def test_json_is_one_object_a_line_with_its_file(files: pathlib.Path, capsys: Captured) -> None:
    status, out, err = run(capsys, "whole.off", "open.off", "nan.off", "lying.off", "--unit", "mm", "--json")
    whole, opened, nan, lying = rows(out)
    assert (status, err) == (2, "")
    assert [r["file"] for r in (whole, opened, nan, lying)] == ["whole.off", "open.off", "nan.off", "lying.off"]
    assert whole["verdict"] == "printable" and whole["findings"] == []
    assert whole["figures"]["triangles"] == 4 and whole["figures"]["volume_mm3"] == pytest.approx(1000 / 6)
    assert {c["name"]: c["ran"] for c in whole["checks"] if c["required"]} == {
        **dict.fromkeys(("mesh", "topology", "degenerate", "orientation", "volume", "crossings", "shells", "parts"), True),
    }
    assert opened["verdict"] == "refused" and opened["findings"][0]["severity"] == "error"
    assert {f["code"] for f in nan["findings"]} == {"not-finite"}
    assert "announces more" in lying["error"] and "verdict" not in lying


def test_a_process_asks_for_machine_and_bed(files: pathlib.Path, capsys: Captured) -> None:
    status, out, _ = run(capsys, "whole.off", "--unit", "m", "--process", "fdm-pla", "--json")
    (told,) = rows(out)
    assert status == 1 and {"machine", "bed"} <= {c["name"] for c in told["checks"] if c["ran"]}
    assert any("too" in f["code"] or "big" in f["code"] or "machine" in f["code"] for f in told["findings"])
    assert run(capsys, "whole.off", "--unit", "mm", "--process", "fdm-pls")[0] == 2


def test_a_size_that_is_no_things_is_doubted(files: pathlib.Path, capsys: Captured) -> None:
    assert "is its unit the right one" not in run(capsys, "whole.off", "--unit", "cm")[1]
    assert (
        "note: all of it is 1e+04 x 1e+04 x 1e+04 mm: is its unit the right one?" in run(capsys, "whole.off", "--unit", "m")[1]
    )
    (files / "small.off").write_text(WHOLE.replace("10", "0.01"))
    assert "0.01 x 0.01 x 0.01 mm" in run(capsys, "small.off", "--unit", "mm")[1]
    assert "is its unit" not in run(capsys, "nan.off", "--unit", "mm")[1]


def test_the_picture_is_of_one_file(files: pathlib.Path, capsys: Captured) -> None:
    for name in ("whole", "nan", "open"):  # what cannot be drawn is an empty picture, no fault
        run(capsys, f"{name}.off", "--unit", "mm", "--picture", f"seen/{name}.png")
        head = (files / "seen" / f"{name}.png").read_bytes()[:24]
        assert head[:8] == b"\x89PNG\r\n\x1a\n" and struct.unpack(">2I", head[16:]) == (512, 512)
    status, _, err = run(capsys, "whole.off", "open.off", "--unit", "mm", "--picture", "two.png")
    assert status == 2 and "draws one file" in err and not (files / "two.png").exists()
    status, _, err = run(capsys, "whole.off", "open.off", "--unit", "mm", "--faces", "two.ply")
    assert status == 2 and "--faces" in err and not (files / "two.ply").exists()
    run(capsys, "open.off", "--unit", "mm", "--faces", "seen/bad.ply")
    assert b"element face 3\n" in (files / "seen" / "bad.ply").read_bytes()
    assert "faces" not in rows(run(capsys, "open.off", "--unit", "mm", "--json")[1])[0]["findings"][0]
    (files / "taken").write_text("")
    for option in ("--picture", "--faces"):
        status, out, err = run(capsys, "open.off", "--unit", "mm", option, "taken/x", "--json")
        (told,) = rows(out)  # the verdict is told all the same
        assert (status, err) == (2, "") and told["verdict"] == "refused" and f"{option}: cannot be written" in told["error"]
        assert "unusable: " in run(capsys, "open.off", "--unit", "mm", option, "taken/x")[1]
        (files / "there").mkdir(exist_ok=True)
        assert "is a folder" in run(capsys, "whole.off", "--unit", "mm", option, "there")[1]
        for nowhere in ("-", "", "there/"):
            status, out, err = run(capsys, "open.off", "--unit", "mm", option, nowhere)
            assert (status, out) == (2, "") and "name of a file to write" in err
    assert not (files / "-").exists() and not list((files / "there").iterdir())


def test_nothing_to_mark_is_said(files: pathlib.Path, capsys: Captured) -> None:
    status, out, _ = run(capsys, "whole.off", "--unit", "mm", "--picture", "p.png", "--faces", "f.ply")
    assert status == 0 and "no faces to mark: f.ply is a mesh of no faces, p.png shows the file as it is" in out
    assert b"element face 0\n" in (files / "f.ply").read_bytes() and (files / "p.png").stat().st_size > 1000
    assert "no faces to mark" not in run(capsys, "open.off", "--unit", "mm", "--faces", "f.ply")[1]
    assert run(capsys, "f.ply", "--unit", "mm")[0] == 1  # what was written is read: three faces, open


def test_bad_faces_of_one_object_of_several(files: pathlib.Path, capsys: Captured) -> None:
    """Three components of one item, two of them the same open object moved: each its own faces, by names that differ."""
    corners = [[float(v) for v in row.split()] for row in POINTS.splitlines()]
    points = "".join('<vertex x="{}" y="{}" z="{}"/>'.format(*p) for p in corners)
    bodies = [[(0, 2, 1), (0, 1, 3), (1, 2, 3), (2, 0, 3)], [(0, 2, 1), (0, 1, 3), (1, 2, 3)]]
    objects = ""
    for key, faces in enumerate(bodies, start=1):
        rows_of = "".join('<triangle v1="{}" v2="{}" v3="{}"/>'.format(*f) for f in faces)
        objects += f'<object id="{key}"><mesh><vertices>{points}</vertices><triangles>{rows_of}</triangles></mesh></object>'
    moved = "".join(
        f'<component objectid="{key}" transform="1 0 0 0 1 0 0 0 1 {x} 0 0"/>' for key, x in ((1, 0), (2, 50), (2, 100))
    )
    model = (
        f'<model xmlns="{threemf.CORE}"><resources>{objects}<object id="3"><components>{moved}</components></object></resources>'
        '<build><item objectid="3"/></build></model>'
    )
    rels = f'<Relationships><Relationship Id="r" Target="/m.model" Type="{threemf._MODEL_TYPE}"/></Relationships>'
    with zipfile.ZipFile(files / "three.3mf", "w") as archive:
        archive.writestr("_rels/.rels", rels)
        archive.writestr("m.model", model)
    status, out, _ = run(capsys, "three.3mf", "--faces", "bad.ply", "--picture", "bad.png", "--json")
    (told,) = rows(out)
    assert status == 1 and [f["part"] for f in told["findings"]] == ["item-1-2", "item-1-2-2"]
    ((_, points_of, faces_of),) = meshes.read(str(files / "bad.ply"), "ply")
    assert len(faces_of) == 6 and sorted(set(points_of[:, 0].tolist())) == [50.0, 60.0, 100.0, 110.0]
    assert "error open-edge in item-1-2-2: " in run(capsys, "three.3mf")[1]


def test_names_that_move_a_cursor_or_are_no_utf8(files: pathlib.Path, capsys: Captured) -> None:
    for raw in (b"a\x1b[2Jb.off", b"a\xff.off"):
        name = os.fsdecode(raw)
        (files / name).write_text(WHOLE)
        status, out, _ = run(capsys, name, "--unit", "mm")
        assert (status, "printable" in out) == (0, True) and "\x1b" not in out, out
        status, out, _ = run(capsys, name, "--unit", "mm", "--json")
        assert status == 0 and rows(out)[0]["file"] == name
        assert "\x1b" not in run(capsys, name)[1]


def said_on(terminal: int) -> Iterator[bytes]:
    """All that was written to a terminal that nobody holds any more; it comes in parts on a busy machine."""
    with contextlib.suppress(OSError):  # its end
        while part := os.read(terminal, 65536):
            yield part


def test_progress_is_drawn_on_a_terminal_alone(files: pathlib.Path) -> None:
    words = [sys.executable, "-c", "from service.cli import main; main()", "verify", "whole.off", "open.off", "--unit", "mm"]
    environment = {**os.environ, "PYTHONPATH": str(pathlib.Path(cli.__file__).parents[1])}
    ours, terminal = pty.openpty()
    done = subprocess.run([*words, "--json"], stdout=subprocess.PIPE, stderr=terminal, env=environment, text=True)
    os.close(terminal)
    drawn = b"".join(said_on(ours)).decode()
    os.close(ours)
    assert [(r["file"], r["status"]) for r in rows(done.stdout)] == [("whole.off", 0), ("open.off", 1)]
    assert "0/2 reading whole.off" in drawn and "1/2 judging open.off" in drawn and f"[{'#' * 10}" in drawn
    assert drawn.endswith("\r\x1b[K") and "\n" not in drawn  # and nothing is left of it
    silent = subprocess.run(words, capture_output=True, env=environment, text=True)
    assert (silent.returncode, silent.stderr) == (1, "") and "\r" not in silent.stdout
