"""STEP of a phone case, with a name and without: OCCT reads it back as the body that ships, and its bytes are the record's anywhere."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys
from typing import Any

import pytest

from engine.doors import cad
from engine.doors import cad_lattice as lat
from engine.doors.child import Child
from engine.language import shelf
from engine.make import make
from engine.model.order import Order, Product
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
def imported(data):
    import cadquery as cq
    with tempfile.NamedTemporaryFile(suffix=".step") as file:
        file.write(data); file.flush()
        found = cq.importers.importStep(file.name)
    curved = sum(f.Area() for f in found.faces().vals() if f.geomType() != "PLANE")
    solids = found.solids().vals()
    return {"solids": len(solids), "valid": all(s.isValid() for s in solids), "faces": len(found.faces().vals()),
            "volume": sum(s.Volume() for s in solids), "curved": curved}
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
        yield lambda data, errand="back": child.call(f"step_reader:{errand}", data, deadline=60.0)
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
    done = elsewhere(["rebuild", str(folder / "record.json"), "--out", str(tmp_path), "--json"], tmp_path)
    assert (done.returncode, json.loads(done.stdout)["differences"]) == (SAME, []), done.stderr
    assert (tmp_path / "model.step").read_bytes() == (folder / "model.step").read_bytes()


def elsewhere(command: list[str], place: pathlib.Path) -> subprocess.CompletedProcess[str]:
    """The command in a process of another machine, as it were, with nothing drawn yet."""
    machine = {"TZ": "Pacific/Kiritimati", "PYTHONHASHSEED": "7", "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX2,-FMA"}
    environment = {**os.environ, "PYTHONPATH": str(ROOT), **machine, "UNIKAT_CACHE": str(place / "cache")}
    environment["NUMBA_CACHE_DIR"] = str(kernels())
    whole = [sys.executable, "-m", "service.cli", *command]
    return subprocess.run(whole, capture_output=True, text=True, env=environment, cwd=place, timeout=300)


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


NAMED = {"phone": "google-pixel-6", "name": "Zoé 8®"}


def volume_of(product: Product, part: int = 0) -> float:
    settled = product.parts[part]
    return lat.volume(settled.lattice, settled.faces)


@pytest.fixture(scope="module")
def bare(read_back: Any) -> tuple[dict[str, Any], float]:
    """The same case without a name: its STEP, read back, and its mesh's volume."""
    made = make(Order("phone-case", parameters={"phone": NAMED["phone"]}), shelf.find("phone-case"), formats=["step"])
    return read_back(made.files["model.step"], "imported"), volume_of(made)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"letters": "embossed"},
        {"letters": "cut"},
        {"pattern": "hexagon"},
        {"pattern": "waves", "pattern_style": "raised", "letters": "embossed"},
    ],
    ids=str,
)
def test_a_name_is_in_its_b_rep(how: dict[str, Any], read_back: Any, bare: tuple[dict[str, Any], float]) -> None:
    """One valid solid. Its volume is off by the chord error of the case without a name, which the letters, all flat, leave as it is;
    that is within the chord error asked of OCCT over all that is curved."""
    made = make(Order("phone-case", parameters={**NAMED, **how}), shelf.find("phone-case"), formats=["step"])
    found = read_back(made.files["model.step"], "imported")
    assert made.report.verdict == "printable" and found["solids"] == 1 and found["valid"]
    assert abs(bare[0]["volume"] - bare[1]) <= cad.TOLERANCE_MM * bare[0]["curved"]
    assert found["volume"] - volume_of(made) == pytest.approx(bare[0]["volume"] - bare[1], abs=1e-3)
    assert found["faces"] > bare[0]["faces"] + 100 and found["curved"] == pytest.approx(bare[0]["curved"])


def test_letters_of_another_colour_have_their_own(read_back: Any, bare: tuple[dict[str, Any], float]) -> None:
    made = make(Order("phone-case", parameters={**NAMED, "letter_colour": "sand"}), shelf.find("phone-case"), formats=["step"])
    case, letters = (read_back(made.files[f"model-{name}.step"], "imported") for name in ("case", "letters"))
    assert case["valid"] and letters["valid"] and case["solids"] == 1 and letters["solids"] == 7  # é is two, ® a ring and an R
    assert letters["volume"] == pytest.approx(volume_of(made, 1), rel=1e-9) and letters["curved"] == 0.0
    assert case["volume"] + letters["volume"] == pytest.approx(bare[0]["volume"], rel=1e-9)


def test_a_name_s_bytes_are_the_same_anywhere(tmp_path: pathlib.Path) -> None:
    """As above, with a name: in another process, which draws for itself."""
    out, again = tmp_path / "out", tmp_path / "again"
    asked = [
        "make",
        "phone-case",
        "--set",
        "name=Zoé",
        "--set",
        f"phone={NAMED['phone']}",
        "--formats",
        "step",
        "--out",
        str(out),
    ]
    with pytest.raises(SystemExit) as end:
        main(asked)
    assert end.value.code == SAME
    done = elsewhere(["rebuild", str(out / "record.json"), "--out", str(again), "--json"], tmp_path)
    assert (done.returncode, json.loads(done.stdout)["differences"]) == (SAME, []), done.stderr
    assert (again / "model.step").read_bytes() == (out / "model.step").read_bytes()


def test_letters_that_leave_the_back_are_refused_as_ever(tmp_path: pathlib.Path) -> None:
    with pytest.raises(SystemExit) as end:
        main(
            ["make", "phone-case", "--set", "name=Maximilienne-Alexandra", "--formats", "step", "--out", str(tmp_path / "none")]
        )
    assert end.value.code == 1 and not (tmp_path / "none" / "model.step").exists()
