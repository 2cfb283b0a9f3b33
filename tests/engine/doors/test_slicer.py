"""The slicer's door: what is missing is named, what hangs is ended with all its children, the real one is read right."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from engine.doors import slicer
from engine.errors import ChildFault, EngineFault, EnvironmentFault
from engine.export.sliced_ready import config
from engine.process.limits import load_process

real = pytest.mark.skipif(
    not any(shutil.which(program) for program in slicer.PROGRAMS) and not os.environ.get("CI"),
    reason="no PrusaSlicer: apt install prusa-slicer",
)

_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Default Extension="model" ContentType="application/vnd.ms-package.3dmanufacturing-3dmodel+xml"/></Types>'
)
_RELATIONS = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r" '
    'Target="/3D/3dmodel.model" Type="http://schemas.microsoft.com/3dmanufacturing/2013/01/3dmodel"/></Relationships>'
)


def block(*sizes: tuple[float, float, float], settings: str | None = None, triangles: int = 12) -> bytes:
    """A 3MF of boxes side by side, 10 mm apart, written by hand: the door is tried without our own writer."""
    objects = items = ""
    x0 = 20.0
    for at, (x, y, z) in enumerate(sizes, 1):
        corners = [(a, b, c) for c in (0, z) for b in (0, y) for a in (0, x)]
        quads = ((0, 2, 3, 1), (4, 5, 7, 6), (0, 1, 5, 4), (1, 3, 7, 5), (3, 2, 6, 7), (2, 0, 4, 6))
        faces = [face for a, b, c, d in quads for face in ((a, b, c), (a, c, d))][:triangles]
        objects += f'<object id="{at}" type="model" name="box {at}"><mesh><vertices>'
        objects += "".join(f'<vertex x="{a:g}" y="{b:g}" z="{c:g}"/>' for a, b, c in corners) + "</vertices><triangles>"
        objects += "".join(f'<triangle v1="{a}" v2="{b}" v3="{c}"/>' for a, b, c in faces) + "</triangles></mesh></object>"
        items += f'<item objectid="{at}" transform="1 0 0 0 1 0 0 0 1 {x0:g} 20 0"/>'
        x0 += x + 10
    model = (
        '<?xml version="1.0" encoding="UTF-8"?><model unit="millimeter" '
        'xmlns="http://schemas.microsoft.com/3dmanufacturing/core/2015/02" xmlns:slic3rpe="http://schemas.slic3r.org/3mf/2017/06">'
        f'<metadata name="slic3rpe:Version3mf">1</metadata><resources>{objects}</resources><build>{items}</build></model>'
    )
    settings = config(load_process("fdm-pla")) if settings is None else settings
    entries = {
        "[Content_Types].xml": _TYPES, "_rels/.rels": _RELATIONS,
        "3D/3dmodel.model": model, "Metadata/Slic3r_PE.config": settings,
    }  # fmt: skip
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in entries.items():
            archive.writestr(name, text)
    return buffer.getvalue()


def fake(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> None:
    """A shell script stands in for the slicer."""
    path = folder / "slicer"
    path.write_text(f"#!/bin/sh\n{script}\n", encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv(slicer.VARIABLE, str(path))


def test_without_a_slicer_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(slicer.VARIABLE, raising=False)
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EnvironmentFault, match="apt install prusa-slicer") as caught:
        slicer.slice_model(b"")
    assert "\n" not in str(caught.value)
    assert slicer.VARIABLE in str(caught.value)


def test_a_named_slicer_must_exist(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv(slicer.VARIABLE, str(tmp_path / "absent"))
    with pytest.raises(EnvironmentFault, match=slicer.VARIABLE):
        slicer.find()


def test_a_program_that_cannot_start_is_the_installations_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = tmp_path / "slicer"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    monkeypatch.setenv(slicer.VARIABLE, str(path))
    with pytest.raises(EnvironmentFault, match="does not start"):
        slicer.version()


@pytest.mark.parametrize("then", ["sleep 60", "exit 0"])
def test_a_hanging_slicer_is_ended_with_its_children(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, then: str) -> None:
    fake(tmp_path, monkeypatch, f"sleep 60 & echo $! > {tmp_path}/child; {then}")
    began = time.monotonic()
    with pytest.raises(ChildFault) as caught:
        slicer.slice_model(b"", deadline=0.5)
    assert caught.value.kind == "timeout"
    assert time.monotonic() - began < 5
    child = Path(f"/proc/{int((tmp_path / 'child').read_text())}/stat")
    for _ in range(50):  # the kernel takes a moment to bury it
        if not child.exists() or child.read_text().split(") ")[1].startswith("Z"):
            break
        time.sleep(0.05)
    else:
        pytest.fail("a child of the slicer outlived the call")


def test_a_slicer_ends_with_the_process_that_started_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """kill -9 of a lane leaves no slicer that runs on."""
    fake(tmp_path, monkeypatch, f"echo $$ > {tmp_path}/pid; mv {tmp_path}/pid {tmp_path}/child; exec sleep 60")
    words = "from engine.doors import slicer; slicer.slice_model(b'')"
    lane = subprocess.Popen([sys.executable, "-c", words], cwd=Path(__file__).parents[3])
    began = time.monotonic()
    while not (tmp_path / "child").exists():
        assert lane.poll() is None and time.monotonic() - began < 60
        time.sleep(0.02)
    child = Path(f"/proc/{int((tmp_path / 'child').read_text())}/stat")
    assert child.exists()
    lane.kill()
    lane.wait()
    for _ in range(50):
        if not child.exists() or child.read_text().split(") ")[1].startswith("Z"):
            break
        time.sleep(0.05)
    else:
        pytest.fail("the slicer outlived who started it")


def test_a_crash_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, monkeypatch, "kill -SEGV $$")
    with pytest.raises(ChildFault, match="SIGSEGV") as caught:
        slicer.slice_model(b"")
    assert caught.value.kind == "crash"


@pytest.mark.parametrize("script", ["exit 0", ": > model.gcode"])
def test_no_file_and_an_empty_file_are_no_gcode(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, script: str) -> None:
    fake(tmp_path, monkeypatch, script)
    assert slicer.slice_model(b"").gcode is None


def test_the_date_is_cut_from_the_gcode_and_nothing_else(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(
        tmp_path,
        monkeypatch,
        "printf '; generated by PrusaSlicer 2.5.0 on 2026-01-02 at 03:04:05 UTC\\nG1 X1\\n' > model.gcode; echo hm",
    )
    told = slicer.slice_model(b"")
    assert told.gcode == b"; generated by PrusaSlicer 2.5.0\nG1 X1\n"
    assert told.said == ("hm",)


def test_it_sees_no_display_and_none_of_the_users_settings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DISPLAY", ":0")
    fake(tmp_path, monkeypatch, 'echo "display=$DISPLAY home=$HOME args=$*"')
    (said,) = slicer.slice_model(b"", placed=True).said
    assert "display= " in said
    assert os.environ.get("HOME", "/root") + " " not in said
    assert "--dont-arrange" in said
    assert said.endswith("--datadir settings")


def test_an_info_that_is_unknown_is_our_fault(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    fake(tmp_path, monkeypatch, 'echo "[model.stl]"; echo "size_x = 1"')
    with pytest.raises(EngineFault, match="not what we know"):
        slicer.inspect(b"", ".stl")


@real
def test_the_real_one_slices_what_it_is_given() -> None:
    assert slicer.version().count(".") == 2
    model = block((20, 20, 4), (10, 10, 2))
    once = slicer.slice_model(model, placed=True)
    assert once.status == 0
    assert once.gcode is not None
    assert b"; printing object box 1 id:0 copy 0" in once.gcode
    assert b"; layer_height = 0.2\n" in once.gcode
    assert slicer.slice_model(model, placed=True).gcode == once.gcode, "the same model must give the same bytes"


@real
def test_the_real_ones_info() -> None:
    first, second = slicer.inspect(block((20, 20, 4), (10, 10, 2)))
    assert first.manifold
    assert first.repairs == {}
    assert (first.facets, first.parts) == (12, 1)
    assert first.volume == pytest.approx(1600)
    assert second.size == (10, 10, 2)


@real
def test_the_real_ones_info_sees_a_hole_and_nonsense() -> None:
    (broken,) = slicer.inspect(block((20, 20, 4), triangles=11))
    assert not broken.manifold or broken.repairs
    with pytest.raises(EngineFault, match="cannot read"):
        slicer.inspect(b"nonsense")


@real
def test_settings_that_it_refuses_or_replaces_are_said() -> None:
    settings = config(load_process("fdm-pla"))
    refused = slicer.slice_model(block((10, 10, 2), settings=settings.replace("perimeters = 2", "perimeters = -2")))
    assert refused.status != 0
    assert refused.gcode is None
    replaced = slicer.slice_model(
        block((10, 10, 2), settings=settings.replace("fill_pattern = gyroid", "fill_pattern = swirl"))
    )
    assert replaced.status == 0
    assert any("substituted" in line for line in replaced.said)
