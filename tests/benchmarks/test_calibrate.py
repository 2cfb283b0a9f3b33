"""The fit of the estimate: it finds what is there, its error is that of parts it has not seen, and its sweep is real."""

from __future__ import annotations

import itertools
import tomllib
from typing import Any

import numpy as np
import pytest

from benchmarks import calibrate
from engine.language.shelf import find
from engine.process.estimate import FEATURES
from engine.process.limits import load_process

TRUE = np.array([-400.0, 0.12, 0.05, 0.19, 0.01, 20.0, 0.06, 0.05])


def told(count: int, seed: int = 1) -> Any:
    rng = np.random.default_rng(seed)
    low = np.array([1.0, 7000, 18_000, 22_000, 14_000, 55, 0, 0])
    high = np.array([1.0, 9000, 26_000, 42_000, 50_000, 69, 11_000, 110_000])
    return low + (high - low) * rng.random((count, len(FEATURES)))


def test_it_finds_exact_coefficients() -> None:
    features = told(48)
    found = calibrate.fit(features, features @ TRUE)
    assert found.coefficients == pytest.approx(TRUE, rel=1e-6)
    assert found.worst < 1e-9


def test_the_error_is_that_of_parts_left_out() -> None:
    features = told(48)
    noise = np.random.default_rng(2).normal(0, 0.03, 48)
    measured = features @ TRUE * (1 + noise)
    left_out = calibrate.fit(features, measured)
    inside = np.abs(features @ np.array(left_out.coefficients) - measured) / measured
    assert left_out.median > float(np.median(inside)) > 0
    assert left_out.worst > float(inside.max())


def test_one_outlier_shows_in_the_worst_and_not_in_the_median() -> None:
    features = told(48)
    measured = features @ TRUE
    measured[7] *= 1.5
    found = calibrate.fit(features, measured)
    assert found.worst > 0.25
    assert found.median < 0.05


def test_a_feature_that_never_occurs_has_no_weight() -> None:
    features = told(48)
    features[:, -2:] = 0.0
    found = calibrate.fit(features, features @ TRUE)
    assert found.coefficients[-2:] == (0.0, 0.0)
    assert found.worst < 1e-9


def test_the_table_is_toml_that_the_estimate_can_read() -> None:
    features = told(48)
    rows = [calibrate.Row(tuple(row), float(row @ TRUE), float(row @ TRUE) / 300) for row in features]
    lines, said = calibrate.table(load_process("fdm-pla"), rows, "2.5.0")
    read = tomllib.loads("\n".join(lines))
    assert read["parts"] == 48
    assert len(read["time_s"]) == len(read["mass_g"]) == len(FEATURES)
    assert read["time_s"] == pytest.approx(TRUE, rel=1e-6)
    assert "48 parts" in said
    assert "k x volume" in said


def test_the_sweep_visits_every_phone_and_is_the_same_every_time() -> None:
    process = load_process("fdm-pla")
    phones = find("phone-case").fields["phone"].rows  # type: ignore[attr-defined]
    once = [order.parameters for order in itertools.islice(calibrate.orders("phone-case", process), 48)]
    assert once == [order.parameters for order in itertools.islice(calibrate.orders("phone-case", process), 48)]
    assert {told["phone"] for told in once} == set(phones)
    assert len({tuple(sorted(told.items())) for told in once}) == 48
    assert sum(told["letters"] == "embossed" for told in once) >= 15


def test_too_few_parts_are_no_calibration(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    row = calibrate.Row(tuple(told(1)[0]), 100.0, 1.0)
    monkeypatch.setattr(calibrate.slicer, "version", lambda: "2.5.0")
    monkeypatch.setattr(calibrate, "gather", lambda *_: [row] * 39)
    assert calibrate.main(["--process", "fdm-pla", "--keep"]) == 1
    assert "39 parts, too few" in capsys.readouterr().out
