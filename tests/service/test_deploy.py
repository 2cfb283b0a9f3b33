"""What service/deploy says is so: its dashboard shows figures that are there."""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import pytest

from service.api.metrics import Figures
from tests.service.privacy.made import house_in, made

DEPLOY = pathlib.Path(__file__).parents[2] / "service/deploy"
DASHBOARD = (DEPLOY / "grafana.json").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Every name of a sample, with the labels that it has: `unikat_jobs{state}`."""
    house, tenant = house_in(tmp_path_factory.mktemp("deploy") / "house")
    made(house, tenant, ["Anna"])
    figures = Figures(house)
    figures.request("GET", "/healthz", 200, 0.1)
    lines = re.findall(r"^(unikat_\w+)(?:\{(.*?)\})? ", figures.text().decode(), re.M)
    return {f"{name}{{{label}}}" for name, told in lines for label in ["", *re.findall(r"(\w+)=", told)]}


def asked(dashboard: str) -> set[str]:
    """The figures that a dashboard's expressions name, and their labels as far as they are grouped or chosen by."""
    found = set()
    for panel in json.loads(dashboard)["panels"]:
        for target in panel.get("targets", []):
            told: str = target["expr"]
            names = re.findall(r"(unikat_\w+)(?:\{(\w+)=)?", told)
            found |= {f"{name}{{{label}}}" for name, label in names}
            for label in re.findall(r"\{\{(\w+)\}\}", target["legendFormat"]):
                found |= {f"{name}{{{label}}}" for name, _ in names if label != "instance"}
    return found


def test_the_dashboard_names_figures_that_are_exported(exported: set[str]) -> None:
    assert len(asked(DASHBOARD)) > 25 and asked(DASHBOARD) - exported == set()


def test_a_figure_or_label_that_is_not_there_is_seen(exported: set[str]) -> None:
    for right, wrong, told in (
        ("max(unikat_lacks)", "max(unikat_lack)", "unikat_lack{}"),
        ("{{way}}", "{{path}}", "unikat_chart_deviation_mm{path}"),
    ):
        assert right in DASHBOARD
        assert asked(DASHBOARD.replace(right, wrong)) - exported == {told}


def test_every_figure_is_on_the_dashboard(exported: set[str]) -> None:
    rest = ("_created", "_sum", "_count")
    named = {name.partition("{")[0] for name in exported if not name.partition("{")[0].endswith(rest)}
    assert named == {name.partition("{")[0] for name in asked(DASHBOARD)}


def test_the_dashboard_is_one() -> None:
    told: dict[str, Any] = json.loads(DASHBOARD)
    panels = [panel for panel in told["panels"] if panel["type"] != "row"]
    assert len({panel["id"] for panel in told["panels"]}) == len(told["panels"]) and len(panels) > 12
    for panel in panels:
        place = panel["gridPos"]
        assert panel["targets"] and panel["title"] and place["x"] + place["w"] <= 24
        assert panel["datasource"]["uid"] == "${source}"
