"""The charts that our templates' packages bring: fresh, small, nothing but charts, and made again byte for byte."""

from __future__ import annotations

import pathlib
from typing import Any

import pytest

from engine.chart import shelf as charts
from engine.chart.chart import Chart
from engine.chart.form import read
from engine.errors import EngineFault, OrderError
from engine.language import shelf
from engine.language.charted import CHARTS, own_charts
from engine.language.stages import CadStage
from engine.language.template import Template
from service import demo, stock
from service.stock import Lot

CHEAPEST = "wall-hook"
"""Of the stock, the one with the fewest and quickest bodies."""


def brought() -> dict[str, bytes]:
    """Every file in the packages' folders of charts, by its path there."""
    roots = {own_charts(shelf.find(key)) for key in stock.STOCK}
    files = [(p.relative_to(r).as_posix(), p) for r in roots for p in sorted(r.rglob("*")) if p.is_file()]
    return {name: p.read_bytes() for name, p in files}


def test_it_is_fresh() -> None:
    assert not stock.stale(), f"stock charts are stale ({', '.join(stock.stale())}): run {stock.COMMAND}"


def test_other_code_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    real = stock.source_digest
    monkeypatch.setattr(stock, "source_digest", lambda cls, stage: "f" * 64 if stage == "hook" else real(cls, stage))
    assert stock.stale() == ["wall-hook-1-hook"]


def test_another_cad_would_be_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stock, "versions", lambda: "cadquery 9.9.9, OCP 9")
    assert len(stock.stale()) == len(stock.STOCK)


def test_it_is_small_enough_to_commit() -> None:
    assert 0 < sum(map(len, brought().values())) <= stock.MOST_BYTES


def test_charts_and_inputs_and_nothing_else() -> None:
    """No work folder, no report; and no chart of code that is gone."""
    names = sorted(map(pathlib.PurePosixPath, brought()))
    folders = {n.parent for n in names}
    assert all(n.suffix == charts.SUFFIX or n.name == charts.INPUTS for n in names)
    assert len(folders) == sum(len(stock.cad_stages(shelf.find(key))) for key in stock.STOCK)
    assert len({f.parent for f in folders}) == len(folders), "one state of each stage"
    assert (
        {n.parent for n in names if n.name == charts.INPUTS}
        == folders
        == {n.parent for n in names if n.suffix == charts.SUFFIX}
    )


def test_every_chart_can_be_read() -> None:
    roots = {own_charts(shelf.find(key)) for key in stock.STOCK}
    paths = [p for r in roots for p in r.rglob(f"*{charts.SUFFIX}")]
    assert paths
    for path in paths:
        chart = Chart.of(read(path))
        assert chart.about["source"] == path.parent.name
        assert path.name.startswith(chart.about["structure"][: charts.STRUCTURE])


def drawn(cls: type[Template]) -> bool:
    """Whether CAD draws any of it when it is made: a @cad stage that is no other stage's truth."""
    truths = {stage.truth for stage in cls.stages.values()}
    return any(isinstance(stage, CadStage) and name not in truths for name, stage in cls.stages.items())


def test_the_demo_is_in_it() -> None:
    """By name; that a chart covers each order, tests/acceptance/test_without_cad.py sees."""
    ours = {key for key in shelf.installed() if shelf.ours(key)}
    assert set(stock.STOCK) == {key for key in ours if drawn(shelf.find(key))} and ours > set(stock.STOCK)
    phone = demo.ORDERS["phone-case"]["phone"]
    assert {"phone": phone} in [dict(lot.order) for lot in stock.STOCK["phone-case"]]
    assert str(shelf.find("phone-case").fields["phone"].default) in [
        lot.order.get("phone") for lot in stock.STOCK["phone-case"]
    ]


def test_what_is_not_free_is_held() -> None:
    told = stock.held(shelf.find("phone-case"), Lot({"phone": "google-pixel-6"}, ("wall",)))
    assert told["process"] == ["mjf-pa12"] and told["phone"] == ["google-pixel-6"] and told["lip"] == [1.2]
    assert "wall" not in told
    assert stock.held(shelf.find("phone-case"), Lot({"process": "fdm-tpu"}))["process"] == ["fdm-tpu"]


def test_the_cheapest_one_made_again(tmp_path: pathlib.Path) -> None:
    """By the CAD child, certificate and all, one body at a time (the command draws two at once): the same bytes."""
    (lot,) = stock.STOCK[CHEAPEST]
    ((report, files),) = stock.compiled(CHEAPEST, lot, 1, lambda said: None)
    assert report.drawn > 3 and all(c["holds"] for s in report.structures for c in s.charts)
    kept = {name: data for name, data in brought().items() if name.startswith(CHEAPEST)}
    assert sorted(files) == sorted(kept)
    assert [name for name, data in files.items() if data != kept[name]] == []


A, B = "k-1-s/f/inputs.json", "k-1-s/f/00-0.chart"


@pytest.mark.parametrize(
    ("parts", "names"),
    [
        ([{A: b"a", B: b"b"}], [B, A]),
        ([{A: b"a", B: b"b"}, {A: b"a", B: b"c"}], [B, "k-1-s/f/00-1.chart", A]),
        ([{A: b"a", B: b"b"}, {A: b"a", "k-1-s/f/01-0.chart": b"c"}], [B, "k-1-s/f/01-0.chart", A]),
    ],
)
def test_lots_of_one_structure_are_numbered_on(parts: list[dict[str, bytes]], names: list[str]) -> None:
    made = stock.joined(parts)
    assert sorted(made) == names
    assert sorted(made.values()) == sorted({d for files in parts for d in files.values()})


def test_lots_with_other_inputs_are_refused() -> None:
    with pytest.raises(EngineFault, match="other inputs"):
        stock.joined([{A: b"a"}, {A: b"other"}])


def test_it_is_made_whole() -> None:
    with pytest.raises(OrderError, match="the stock is made whole"):
        stock.run(True, 1, False)


@pytest.mark.parametrize(("off", "most", "status"), [(False, 100, 0), (True, 100, 1), (False, 3, 1)])
def test_what_was_there_before_goes(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, off: bool, most: int, status: int
) -> None:
    """The old folder goes with all that it held; what stays off, or is too large, is a status."""
    from engine.compiling.compile import Compiled, Structure

    place = tmp_path / CHARTS
    (place / "old").mkdir(parents=True)
    report = Compiled("k", "s", "f", [], [], [], 1, 1, 0, [Structure("0", 1, 1.0, off=[(1, "why")] if off else [])])

    def made(*_: Any) -> list[tuple[Compiled, dict[str, bytes]]]:
        return [(report, {B: b"four"})]

    monkeypatch.setattr(stock, "compiled", made)
    monkeypatch.setattr(stock, "own_charts", lambda cls: place)
    monkeypatch.setattr(stock, "STOCK", {CHEAPEST: (Lot({}),)})
    monkeypatch.setattr(stock, "MOST_BYTES", most)
    assert stock.run(False, 1, True) == status
    assert [p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()] == [B]
