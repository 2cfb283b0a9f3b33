"""A campaign looks at bodies again when its units are made: a wrong chart is told, and a right one is not."""

from __future__ import annotations

import importlib
import json
import pathlib
import shutil
import sys
from collections.abc import Iterator

import pytest

from engine.chart import aside
from service import intake, served
from service.campaigns import local
from service.settings import Settings
from tests import charted


@pytest.fixture
def charts(tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pathlib.Path]:
    """The slab is installed, and taken for one of ours, of which alone campaigns are; the folder for its charts."""
    site = tmp_path / "site"
    about = site / "charted_slab-1.dist-info"
    about.mkdir(parents=True)
    shutil.copy(charted.FILE, site / "charted_slab.py")
    (about / "METADATA").write_text("Metadata-Version: 2.1\nName: charted-slab\nVersion: 1\n")
    (about / "entry_points.txt").write_text("[unikat.templates]\nslab = charted_slab:Slab\n")
    monkeypatch.syspath_prepend(str(site))
    cache = charted.own_cache(tmp_path / "cache")
    monkeypatch.setenv("UNIKAT_CACHE", str(cache))
    monkeypatch.setattr(local.signal, "signal", lambda *_: None)
    monkeypatch.setattr(local, "PRELOAD", charted.IN_A_HURRY)
    monkeypatch.setattr(served, "outside", lambda key: None)
    yield cache / "charts"
    intake.template_of.cache_clear()
    sys.modules.pop("charted_slab", None)


def test_a_wrong_chart_is_told_and_a_right_one_is_not(
    tmp_path: pathlib.Path, charts: pathlib.Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    cls = importlib.import_module("charted_slab").Slab
    charted.lay(charts, charted.chart(widths=(10.0, 30.0), of=cls), 0)
    wrong = charted.lay(charts, charted.chart(0.05, widths=(30.5, 50.0), of=cls), 1)
    rows = tmp_path / "rows.csv"
    rows.write_text("width,name\n20,Zoé\n40,Zoé\n40,Bo\n", encoding="utf-8")
    told = []
    for every in (0, 1):
        monkeypatch.setattr(Settings, "check_one_in", every)
        status = local.run(str(rows), "slab", "mjf-pa12", str(tmp_path / str(every)), "stl", 1, True, "en")
        told.append(json.loads(capsys.readouterr().out))
        assert status == told[-1]["status"] and told[-1]["counts"] == {"done": 3}
    blind, found = told
    assert blind["status"] == 0 and "drift" not in blind
    assert found["status"] == 3
    assert [(one["chart"], one["stage"], one["why"]) for one in found["drift"]] == [(wrong, "body", "to-brep")]
    assert aside.names(charts) == (f"slab-1-body.{wrong}.json",)
