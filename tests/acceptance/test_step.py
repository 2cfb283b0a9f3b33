"""STEP of a phone case without a name: OCCT reads it back as the body that ships, and its bytes are the record's anywhere."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from engine.doors import cad
from engine.doors.child import Child
from engine.errors import OrderError
from engine.language import shelf
from engine.make import make
from engine.model.order import Order
from service.cli import main

ROOT = pathlib.Path(__file__).parents[2]
SAME = 0
READ = """
import io, sys, tempfile
def back(data):
    from OCP.BRepCheck import BRepCheck_Analyzer
    from OCP.BRepGProp import BRepGProp
    from OCP.GProp import GProp_GProps
    from OCP.STEPControl import STEPControl_Reader
    from OCP.TopAbs import TopAbs_ShapeEnum
    reader = STEPControl_Reader()
    with tempfile.NamedTemporaryFile(suffix=".step") as file:
        file.write(data); file.flush()
        status = reader.ReadFile(file.name)
    roots = reader.TransferRoots()
    shape, volume, area = reader.OneShape(), GProp_GProps(), GProp_GProps()
    BRepGProp.VolumeProperties_s(shape, volume)
    BRepGProp.SurfaceProperties_s(shape, area)
    solid = shape.ShapeType() == TopAbs_ShapeEnum.TopAbs_SOLID
    return {"status": int(status), "roots": roots, "solid": solid, "valid": BRepCheck_Analyzer(shape).IsValid(),
            "volume": volume.Mass(), "area": area.Mass()}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """A case with STEP, as `unikat make` writes it."""
    out = tmp_path_factory.mktemp("step") / "files"
    with pytest.raises(SystemExit) as end:
        main(["make", "phone-case", "--set", "phone=google-pixel-6", "--formats", "step,stl", "--out", str(out)])
    assert end.value.code == SAME
    return out


@pytest.fixture(scope="module")
def read_back(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What OCCT makes of STEP bytes, in a child of its own."""
    place = tmp_path_factory.mktemp("reader")
    (place / "step_reader.py").write_text(READ, encoding="utf-8")
    sys.path.insert(0, str(place))
    with Child(cad.PRELOAD) as child:
        yield lambda data: child.call("step_reader:back", data, deadline=60.0)
    sys.path.remove(str(place))


def test_it_reads_back_as_the_body_that_ships(folder: pathlib.Path, read_back: Any) -> None:
    found = read_back((folder / "model.step").read_bytes())
    assert (found["status"], found["roots"], found["solid"], found["valid"]) == (1, 1, True, True)
    shipped = json.loads((folder / "report.json").read_bytes())["figures"]["volume_mm3"]
    assert found["volume"] == pytest.approx(shipped, abs=cad.TOLERANCE_MM * found["area"])
    assert found["volume"] == pytest.approx(shipped, rel=2e-3)


def test_a_face_too_few_is_seen(folder: pathlib.Path, read_back: Any) -> None:
    """The check above can fail: without one of its faces it is no valid solid of that volume."""
    text = (folder / "model.step").read_text()
    at = text.index("CLOSED_SHELL('',(") + len("CLOSED_SHELL('',(")
    broken = text[:at] + text[text.index(",", at) + 1 :]
    found = read_back(broken.encode())
    assert not (found["solid"] and found["valid"])


def test_the_record_has_it_and_a_rebuild_makes_it_again(folder: pathlib.Path, tmp_path: pathlib.Path) -> None:
    """In another process, on another day (OCCT tells local time), on a processor without FMA as libm sees it."""
    record = json.loads((folder / "record.json").read_bytes())
    assert sorted(record["files"]) == ["model.step", "model.stl"]
    command = [sys.executable, "-m", "service.cli", "rebuild", str(folder / "record.json"), "--out", str(tmp_path), "--json"]
    machine = {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **machine, "UNIKAT_CACHE": str(tmp_path / "cache")}
    environment["NUMBA_CACHE_DIR"] = str(kernels())
    done = subprocess.run(command, capture_output=True, text=True, env=environment, cwd=tmp_path, timeout=300)
    assert (done.returncode, json.loads(done.stdout)["differences"]) == (SAME, []), done.stderr
    assert (tmp_path / "model.step").read_bytes() == (folder / "model.step").read_bytes()


def kernels() -> pathlib.Path:
    """What is compiled already; bodies are in a cache of the other process's own, so that it draws."""
    from engine.model.places import cache_folder

    return pathlib.Path(os.environ.get("NUMBA_CACHE_DIR") or cache_folder() / "kernels")


def test_a_digit_of_its_hash(folder: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    record = json.loads((folder / "record.json").read_bytes())
    record["files"]["model.step"] = record["files"]["model.step"][::-1]
    (tmp_path / "record.json").write_text(json.dumps(record))
    with pytest.raises(SystemExit) as end:
        main(["rebuild", str(tmp_path / "record.json")])
    assert end.value.code == 1 and capsys.readouterr().err.startswith("files.model.step: recorded")


def test_a_name_on_its_triangles_leaves_no_b_rep(tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]) -> None:
    order = Order("phone-case", parameters={"name": "Zoë"})
    with pytest.raises(OrderError) as refused:
        make(order, shelf.find("phone-case"), formats=["stl", "step"])
    assert refused.value.field == "formats" and "no exact B-rep of case: letters" in refused.value.why
    with pytest.raises(SystemExit) as end:
        main(["make", "phone-case", "--set", "name=Zoë", "--formats", "step", "--out", str(tmp_path / "none")])
    assert end.value.code == 2 and not (tmp_path / "none").exists()
    assert capsys.readouterr().err.startswith("unikat: formats: there is no exact B-rep of case")
