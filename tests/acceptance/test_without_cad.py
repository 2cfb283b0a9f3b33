"""The first command where CAD is not: not installed, or without the system's OpenGL; nothing kept but compiled kernels."""

from __future__ import annotations

import json
import os
import pathlib
import subprocess
import sys

import pytest

from engine.model.places import cache_folder
from service.demo import ORDERS

ROOT = pathlib.Path(__file__).parents[2]
HEAD = """
import importlib.abc, importlib.metadata, os, sys
GONE = ("cadquery", "cadquery-ocp", "vtk")


class Missing(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("cadquery", "OCP", "vtk", "vtkmodules"):
            RAISE
        return None


sys.meta_path.insert(0, Missing())
with open(os.environ["STARTED"], "a") as file:
    print(os.getpid(), file=file)
"""
"""Read by every Python that is started: what is not there, and that one was started."""
NOT_INSTALLED = """
real = importlib.metadata.Distribution.from_name.__func__


def from_name(cls, name):
    if name in GONE:
        raise importlib.metadata.PackageNotFoundError(name)
    return real(cls, name)


importlib.metadata.Distribution.from_name = classmethod(from_name)
"""
SITES = {
    "not installed": HEAD.replace("RAISE", "raise ModuleNotFoundError(f'No module named {name!r}', name=name)") + NOT_INSTALLED,
    "no libGL": HEAD.replace("RAISE", "raise ImportError('libGL.so.1: cannot open shared object file')"),
}
SEVERAL = {
    "insole": {"model-left.stl", "model-right.stl", "deviation.png"},
    "eyewear": {"model-front.stl", "model-left_temple.stl", "model-right_temple.stl", "worn.png", "deviation.png"},
    "eyewear-trace": {"model-front.stl", "model-left_temple.stl", "model-right_temple.stl"},
}
"""Products of several parts, by their template: what they have instead of model.stl. Their kernels need no chart."""
PIP = "pip install cadquery"
APT = "apt-get install libgl1 libegl1"


class Place:
    """A home with nothing in it, and a Python that lacks something."""

    def __init__(self, folder: pathlib.Path, site: str) -> None:
        self.folder = folder
        (folder / "site").mkdir()
        (folder / "site" / "sitecustomize.py").write_text(site, encoding="utf-8")
        cache = folder / "cache"
        cache.mkdir()
        if (cache_folder() / "kernels").is_dir():  # machine code, and a minute of it
            (cache / "kernels").symlink_to(cache_folder() / "kernels")
        self.environment = {
            **os.environ,
            "HOME": str(folder),
            "UNIKAT_CACHE": str(cache),
            "PYTHONPATH": str(folder / "site"),
            "STARTED": str(folder / "started"),
        }

    def run(self, *words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "service.cli", *words]
        return subprocess.run(command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False)

    def started(self) -> int:
        """How many Pythons, since it was last asked."""
        path = self.folder / "started"
        count = len(path.read_text(encoding="utf-8").splitlines())
        path.unlink()
        return count


@pytest.fixture(scope="module", params=sorted(SITES))
def place(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Place:
    return Place(tmp_path_factory.mktemp("bare"), SITES[request.param])


def installed(place: Place) -> bool:
    return "from_name" not in (place.folder / "site" / "sitecustomize.py").read_text(encoding="utf-8")


def test_the_demo(place: Place) -> None:
    out = place.folder / "demo"
    ended = place.run("demo", "--out", str(out), "--json")
    assert ended.returncode == 0, ended.stdout + ended.stderr
    told = json.loads(ended.stdout)
    assert {p["template"] for p in told["products"]} >= {"phone-case", *ORDERS}
    assert (out / "contact-sheet.png").read_bytes().startswith(b"\x89PNG")
    for product in told["products"]:
        assert product["verdict"] == "printable"
        folder = pathlib.Path(product["out"])
        solids = SEVERAL.get(folder.name, {"model.stl"})
        files = {"model.3mf", "thumbnail.png", "preview.glb", "report.json", "record.json"}
        assert {p.name for p in folder.iterdir()} == files | solids == set(product["files"])
        assert json.loads((folder / "report.json").read_bytes())["figures"]["tier"] == (
            "kernel" if folder.name in SEVERAL else "chart"
        )
        record = json.loads((folder / "record.json").read_bytes())
        assert (record["libraries"]["cadquery"] != "absent") == installed(place)
    assert place.started() == 2, "no child was started but the one that reads scans"
    assert not (place.folder / "cache" / "charts").exists()


@pytest.mark.parametrize(
    "words",
    [
        ("wall-hook", "--set", "reach=41"),
        ("phone-case", "--set", "name=Ünal", "--set", "lip=0.9"),
        ("phone-case", "--set", "phone=google-pixel-6", "--set", "name=Zoë", "--process", "fdm-tpu"),
    ],
    ids=["hook", "default phone", "README"],
)
def test_an_order_that_the_stock_covers(place: Place, words: tuple[str, ...]) -> None:
    ended = place.run("make", *words, "--formats", "3mf,png", "--out", str(place.folder / "made"))
    assert ended.returncode == 0, ended.stderr
    assert place.started() == 1, "a child was started"


def test_what_it_does_not_cover_says_what_to_install(place: Place) -> None:
    ended = place.run("make", "napkin-ring", "--set", "opened=true", "--out", str(place.folder / "open"))
    assert (ended.returncode, ended.stdout) == (3, "")
    assert ended.stderr.count("\n") == 1
    assert (APT if installed(place) else PIP) in ended.stderr
    assert not (place.folder / "open").exists()


def test_doctor_says_what_it_means(place: Place) -> None:
    ended = place.run("doctor", "--json")
    signs = {s["what"]: s for s in json.loads(ended.stdout)["signs"]}
    assert ended.returncode == 3
    assert not signs["CAD"]["well"] and "without it only those orders are made" in signs["CAD"]["told"]
    assert (APT if installed(place) else PIP) in signs["CAD"]["told"]
