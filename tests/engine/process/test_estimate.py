"""Time, grams, price: by hand where nothing was fitted, by the fit where one holds, and never by a fit for other settings."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import engine.process.estimate as subject
from engine.errors import EngineFault
from engine.process.estimate import FEATURES, estimate, features, layers, price, settings_digest
from engine.process.limits import list_processes, load_process

FIGURES: Mapping[str, Any] = {
    "volume_mm3": 20_000.0,
    "side_area_mm2": 9_000.0,
    "horizontal_area_mm2": 26_000.0,
    "bounds_mm": [[-37.5, -79.0, 0.0], [37.5, 79.0, 10.0]],
    "supported_area_mm2": 0.0,
    "supported_volume_mm3": 0.0,
}


@pytest.fixture
def fits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Writes a file of fits for a process and family."""

    def write(**changes: Any) -> None:
        process = load_process("fdm-pla")
        fit = {
            "slicer": "2.5.0", "settings": settings_digest(process), "parts": 44, "time_error": 0.03, "mass_error": 0.02,
            "time_s": [100.0, 0.1, 0.01, 0.2, 0.0, 1.0, 0.0, 0.5], "mass_g": [0.5, 0.0, 0.0, 0.00124, 0.0, 0.0, 0.0, 0.001], **changes,
        }  # fmt: skip
        lines = "".join(f"{key} = {value!r}\n".replace("'", '"') for key, value in fit.items())
        path = tmp_path / "estimates.toml"
        path.write_text(f"[fdm-pla.case]\n{lines}", encoding="utf-8")
        monkeypatch.setattr(subject, "DATA", path)
        subject._fits.cache_clear()

    yield write
    monkeypatch.undo()
    subject._fits.cache_clear()


def test_a_fit_is_plain_arithmetic_on_the_features(fits: Any) -> None:
    fits()
    told = estimate(FIGURES, load_process("fdm-pla"), "case")
    assert told.print_time_s == 100 + 900 + 260 + 4000 + 50
    assert told.mass_g == 25.3
    assert told.calibrated
    assert told.error == 0.03
    assert "44 parts" in told.source
    assert told.price == round(0.0253 * 25.4 * 1.05 + (5310 + 300) / 3600 * 1.5 + 2.0, 2)
    assert told.currency == "EUR"


def test_supports_cost_time_and_material(fits: Any) -> None:
    fits()
    process = load_process("fdm-pla")
    plain, held = (estimate({**FIGURES, "supported_volume_mm3": v}, process, "case") for v in (0.0, 2000.0))
    assert held.print_time_s == plain.print_time_s + 1000
    assert held.mass_g == plain.mass_g + 2


def test_a_bed_of_another_size_keeps_the_fit(fits: Any) -> None:
    fits()
    assert estimate(FIGURES, load_process("fdm-pla", "fdm-300"), "case").calibrated


def test_other_settings_another_family_or_process_do_not(fits: Any) -> None:
    fits()
    process = load_process("fdm-pla")
    other = replace(process, settings={**process.settings, "fill_density": "40%"})
    assert not estimate(FIGURES, other, "case").calibrated
    assert not estimate(FIGURES, process, "insole").calibrated
    assert not estimate(FIGURES, load_process("fdm-tpu"), "case").calibrated


def test_without_a_fit_fdm_is_volume_over_flow(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fits: Any) -> None:
    fits()
    monkeypatch.setattr(subject, "DATA", tmp_path / "absent.toml")
    subject._fits.cache_clear()
    told = estimate(FIGURES, load_process("fdm-pla"), "case")
    assert (told.print_time_s, told.mass_g, told.calibrated, told.error) == (6250.0, 24.8, False, None)


def test_without_a_fit_thick_parts_are_filled_sparsely_and_supports_count() -> None:
    process = load_process("fdm-pla")
    thick = {**FIGURES, "volume_mm3": 300_000.0}
    solid = 9_000 * 0.9 + 26_000 * 1.0
    expected = (solid + 0.15 * (300_000 - solid)) / 1000 * 1.24
    assert estimate(thick, process, "lamp").mass_g == round(expected, 2)
    held = estimate({**thick, "supported_volume_mm3": 10_000.0}, process, "lamp")
    assert held.mass_g == round(expected + 10 * 0.2 * 1.24, 2)
    rubber = load_process("fdm-tpu")
    assert estimate(FIGURES, rubber, "lamp").mass_g == round(20 * 1.15 * 1.22, 2)


def test_resin_counts_layers_and_powder_its_share_of_a_build() -> None:
    sla = estimate(FIGURES, load_process("sla-resin"), "case")
    assert sla.print_time_s == 210 + 200 * 11
    mjf = load_process("mjf-pa12")
    powder = estimate(FIGURES, mjf, "case")
    assert powder.print_time_s == round(20.0 / 0.1 / 5058.0 * 3600)
    for told in (sla, powder):
        assert not told.calibrated
        assert told.error is None
        assert "not calibrated" in told.source or "PrusaResearch" in told.source
    assert powder.mass_g == 20.2


def test_a_fit_of_another_version_is_an_error_not_a_wrong_price(fits: Any) -> None:
    fits(time_s=[1.0, 2.0])
    with pytest.raises(EngineFault, match="calibrate"):
        estimate(FIGURES, load_process("fdm-pla"), "case")


def test_a_fit_never_gives_less_than_nothing(fits: Any) -> None:
    fits(time_s=[-1e6] + [0.0] * 7, mass_g=[-1e6] + [0.0] * 7)
    told = estimate(FIGURES, load_process("fdm-pla"), "case")
    assert (told.print_time_s, told.mass_g) == (0.0, 0.0)
    assert told.price >= 2.0


def test_features_are_named_and_in_order() -> None:
    told = dict(zip(FEATURES, features(FIGURES, load_process("fdm-pla")), strict=True))
    assert told["one"] == 1.0
    assert told["layers"] == 50.0
    assert told["side_area_mm2"] == 9_000.0
    assert told["volume_by_thickness"] == 20_000.0**2 / 35_000.0


@pytest.mark.parametrize(("height", "expected"), [(0.2, 1), (0.21, 2), (10.0, 50), (10.0001, 51), (0.0, 1)])
def test_layers(height: float, expected: int) -> None:
    assert layers(height, load_process("fdm-pla")) == expected


def test_the_report_gets_figures_that_json_can_hold() -> None:
    told = estimate(FIGURES, load_process("mjf-tpu"), "case").figures()
    assert {"mass_g", "print_time_s", "price", "currency", "calibrated", "estimate_source", "estimate_error"} == set(told)
    assert all(value is None or isinstance(value, (bool, str)) or math.isfinite(value) for value in told.values())


def test_more_of_anything_never_costs_less() -> None:
    process = load_process("sls-pa12")
    assert price(10, 3600, process) < price(20, 3600, process) < price(20, 7200, process)


def test_what_ships_is_calibrated_on_enough_parts_for_todays_settings() -> None:
    told = subject._fits()
    sliced = [process for process in list_processes() if process.method == "FDM"]
    assert {(process.key, "case") for process in sliced} <= set(told)
    for process in sliced:
        fit = told[process.key, "case"]
        assert fit["settings"] == settings_digest(process), "settings changed: run python -m benchmarks.calibrate"
        assert fit["parts"] >= 40
        assert fit["time_error"] < 0.045
        assert fit["time_worst"] < 0.084
        assert fit["mass_error"] < 0.048
        assert estimate(FIGURES, process, "case").calibrated
