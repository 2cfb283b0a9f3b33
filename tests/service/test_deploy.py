"""What service/deploy says is so: its commands, options and variables exist, its parts fit together, its dashboard shows figures that are there.

That it runs, as far as it can be seen without containers, is in tests/acceptance/several_machines/test_deploy.py.
"""

from __future__ import annotations

import json
import pathlib
import re
from typing import Any

import click
import dask
import pytest
import yaml
from distributed.cli import dask_scheduler

from engine.errors import OrderError
from service.api.metrics import Figures
from service.cli import app
from service.words import understood
from tests.service.privacy.made import house_in, made

ROOT = pathlib.Path(__file__).parents[2]
DEPLOY = ROOT / "service/deploy"
COMPOSE: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
OURS = {name: told for name, told in SERVICES.items() if told["image"] == "unikat"}
CONTAINERFILE = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
AWS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT_URL"}
DASHBOARD = (DEPLOY / "grafana.json").read_text(encoding="utf-8")


# ---- compose.yaml and Containerfile ----------------------------------------------------------------------------------


def parsed(words: list[str], entrypoint: list[str]) -> None:
    """UsageError or OrderError where the image has no such command, or the command no such option."""
    if entrypoint == ["dask"]:
        assert words[0] == "scheduler"
        dask_scheduler.main.make_context("scheduler", [__file__ if word.startswith("/") else word for word in words[1:]])
    elif entrypoint == ["unikat"]:
        understood(app, words, "en")
    else:
        assert entrypoint == ["cp"] and len(words) == 2


def test_every_command_is_one_that_the_image_has() -> None:
    assert set(OURS) == {"certificates", "scheduler", "shop", "handover", "worker"}
    assert 'ENTRYPOINT ["unikat"]' in CONTAINERFILE
    for told in OURS.values():
        parsed(told["command"], told.get("entrypoint", ["unikat"]))


@pytest.mark.parametrize(
    ("name", "right", "wrong"),
    [("shop", "serve", "serv"), ("shop", "--artifacts", "--artefacts"), ("scheduler", "--tls-cert", "--tls-certificate"), ("worker", "2", "two")],
)  # fmt: skip
def test_a_command_that_is_none_is_seen(name: str, right: str, wrong: str) -> None:
    told = OURS[name]
    with pytest.raises((click.UsageError, OrderError)):
        parsed([wrong if word == right else word for word in told["command"]], told.get("entrypoint", ["unikat"]))


def test_every_variable_is_read_by_somebody() -> None:
    readme = set(re.findall(r"^\| `(UNIKAT_[A-Z_]+)` \|", (ROOT / "README.md").read_text(encoding="utf-8"), re.M))
    for name, told in OURS.items():
        for variable in told.get("environment", {}):
            if variable.startswith("DASK_"):
                key = variable.removeprefix("DASK_").lower().replace("__", ".").replace("_", "-")
                assert dask.config.get(key, None) is not None or key == "distributed.scheduler.worker-ttl", key
            else:
                assert variable in readme | AWS, (name, variable)
    image = dict(re.findall(r"(\w+)=(\S+)", re.findall(r"^ENV (.*)$", CONTAINERFILE, re.M)[0]))
    assert set(image) - readme == {"PATH", "PYTHONUNBUFFERED"}


def test_what_a_service_names_is_there() -> None:
    wanted = set()
    for name, told in SERVICES.items():
        assert re.search(r":\d", told["image"]) or name in OURS, "of a named version"
        for other, when in told.get("depends_on", {}).items():
            fits = {"service_healthy": "healthcheck" in SERVICES[other], "service_started": True}
            assert fits.get(when["condition"], SERVICES[other].get("restart") == "no"), (name, other)
        for mount in told.get("volumes", []):
            volume, place = mount.split(":")[:2]
            wanted.add(volume)
            if name in OURS:
                assert re.search(rf"install -d .*{place}\b", CONTAINERFILE), f"{place} is the image's own user's"
        assert all(port.startswith("127.0.0.1:") for port in told.get("ports", []))
        assert "build" not in told or (DEPLOY / told["build"]["context"]).resolve() == ROOT
    assert wanted == set(COMPOSE["volumes"])
    hosts = set(re.findall(r"(?:tls|http)://(\w+):|@(\w+)/", json.dumps(SERVICES)))
    assert {one or other for one, other in hosts} <= set(SERVICES) | {"127"}


def test_secrets_stay_where_they_belong() -> None:
    """Who has what: neither the master key nor the authority's key is where designers' code runs, or Dask's."""
    has = {name: {mount.split(":")[0] for mount in told.get("volumes", [])} for name, told in SERVICES.items()}
    assert {name for name, mounts in has.items() if "authority" in mounts} == {"certificates"}
    assert {name for name, mounts in has.items() if "shop" in mounts} == {"shop", "handover"}
    assert has["worker"] == {"fleet", "cache-worker", "certificates-worker"}
    assert has["scheduler"] == {"certificates-scheduler"}
    variables = [pair for told in SERVICES.values() for pair in told.get("environment", {}).items()]
    secret = [value for name, value in variables if re.search("PASSWORD|SECRET|DATABASE", name)]
    assert len(secret) == 5 and all(
        re.search(r"(^|:)\$\{(DATABASE_PASSWORD|FILES_SECRET):\?\}(@|$)", v) for v in secret if v != "shop"
    )
    assert all(told["read_only"] and told["cap_drop"] == ["ALL"] for told in OURS.values()) and "USER unikat" in CONTAINERFILE


def test_the_image_has_what_the_tests_install() -> None:
    """What `tests/run` installs to make products, tests' own needs apart; and each part of the sources that is a package."""
    installed = set(re.findall(r"missing\+=\(([\w-]+)\)", (ROOT / "tests/run").read_text(encoding="utf-8")))
    here = set(re.search(r"install -y .*?\\\n(.*?)\\\n", CONTAINERFILE, re.S)[1].split())  # type: ignore[index]
    assert installed - here == {"curl", "qemu-user", "postgresql"} and here - installed == {
        "ca-certificates",
        "python3",
        "python3-venv",
    }
    copied = set(re.findall(r"^COPY (\w+) \1$", CONTAINERFILE, re.M))
    assert copied == {"kernels", "engine", "templates", "service"}
    assert set(re.findall(r"--extra (\w+)", CONTAINERFILE)) == {"several", "watching"}


def test_the_page_tells_what_compose_does() -> None:
    page = (ROOT / "service/docs/deploy.md").read_text(encoding="utf-8")
    table = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
    assert table == set(SERVICES)
    named = set(re.findall(r"([A-Z_]+)=%s", page))
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    assert named == set(re.findall(r"\$\{(\w+):\?\}", text))
    used = {
        word
        for line in re.findall(r"docker compose (.*)$", page, re.M)
        for word in re.findall(r"\b(shop|worker|database)\b", line)
    }
    assert used == {"shop", "worker", "database"}


# ---- the dashboard ---------------------------------------------------------------------------------------------------


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
