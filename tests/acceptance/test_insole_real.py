"""A pair of insoles from the scan of a real foot, in metres as its scanner wrote it, by the command line: fitted, compared with the foot, drawn."""

from __future__ import annotations

import json
import pathlib
from typing import Any

import pytest

from service.cli import main

LIMITS = {"scan_p5": (-1.0, 1.0), "scan_p95": (-1.0, 1.0), "scan_median": (-0.3, 0.3)}
"""mm: what an insole may differ from its foot (in size, for the median), where the scan saw it."""


def make(scan: pathlib.Path, unit: str, out: pathlib.Path, *words: str) -> int:
    with pytest.raises(SystemExit) as end:
        main([
            "make", "insole", "--process", "mjf-tpu", "--out", str(out), "--formats", "3mf,png",
            "--set", f"inputs.left_scan={scan}", "--set", f"inputs.left_scan.unit={unit}", *words,
        ])  # fmt: skip
    assert isinstance(end.value.code, int)
    return end.value.code


def figures(out: pathlib.Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((out / "report.json").read_text(encoding="utf-8"))["figures"]
    return told


def test_a_pair_from_a_real_scan(shared_data: pathlib.Path, tmp_path: pathlib.Path) -> None:
    scan = shared_data / "foot/dupontgu_left_foot.stl"
    assert make(scan, "m", tmp_path / "made", "--set", "name=Zoé") == 0
    told = figures(tmp_path / "made")
    fit = {(each["part"], each["name"]): each["value"] for each in told["fit"]}
    for name, (low, high) in LIMITS.items():
        assert low <= fit["left", name] <= high
    assert ("right", "scan_p95") not in fit, "the right foot was not scanned: there is nothing to compare it with"
    long = {side: told["fitted"][f"measurements.{side}.foot_length"] for side in ("left", "right")}
    assert long["left"]["source"] == "scan" and 273.0 <= long["left"]["value"] <= 276.0
    assert long["right"]["source"] == "inferred" and long["right"]["uncertainty"] > 2.0
    picture = (tmp_path / "made" / "deviation.png").read_bytes()
    assert picture.startswith(b"\x89PNG") and len(picture) > 10_000


def test_the_same_scan_in_another_unit_is_refused(
    shared_data: pathlib.Path, tmp_path: pathlib.Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert make(shared_data / "foot/dupontgu_left_foot.stl", "mm", tmp_path / "refused") == 2
    said = capsys.readouterr().err
    assert "inputs.left_scan" in said and "unit m (276 mm) would fit" in said
    assert not (tmp_path / "refused" / "model.3mf").exists()
