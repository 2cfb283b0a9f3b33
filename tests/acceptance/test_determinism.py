"""Same order, same bytes, on any machine: two orders made again in processes that take this machine for another one.

Each variation is shown to be real where it could be an empty gesture: the process that made the files also prints a matrix
product, elementary functions, numpy's vector units, numba's processor, the date. About 85 s of CPU where kernels are compiled
for this processor already: 35 s compile all of them for a SandyBridge (kept beside the others), 25 s are qemu.
"""

from __future__ import annotations

import json
import os
import pathlib
import shutil
import subprocess
import sys
from typing import Any

import pytest

from engine.model.places import cache_folder

ROOT = pathlib.Path(__file__).parents[2]
SCRIPT = pathlib.Path(__file__).with_name("two_orders.py")
KERNELS = cache_folder() / "kernels"
SANDYBRIDGE = {
    "NUMBA_CPU_NAME": "sandybridge",
    "NUMBA_CPU_FEATURES": "",
    "NUMBA_CACHE_DIR": str(KERNELS.with_name(KERNELS.name + "-sandybridge")),
}
"""What numba keeps is named by processor and features: what is compiled natively so is what qemu's process then loads."""
VARYING = ("NPY_", "NUMBA_", "OPENBLAS_", "GLIBC_", "PYTHONHASHSEED", "TZ", "UNIKAT_")

Told = dict[str, Any]


def told(bodies: pathlib.Path, before: tuple[str, ...] = (), **variation: str) -> Told:
    """What two_orders prints, with CAD bodies kept in `bodies`, and this in its environment."""
    plain = {n: v for n, v in os.environ.items() if not n.startswith(VARYING)}
    own = {"UNIKAT_CACHE": str(bodies), "NUMBA_CACHE_DIR": str(KERNELS), "PYTHONPATH": str(ROOT), "PYTHONHASHSEED": "1"}
    command = [*before, sys.executable, str(SCRIPT)]
    done = subprocess.run(command, env={**plain, **own, **variation}, capture_output=True, text=True, timeout=540, cwd=bodies)
    assert done.returncode == 0, done.stderr
    found: Told = json.loads(done.stdout)
    return found


def differing(one: Told, other: Told) -> list[str]:
    """The files that are not the same in both, as `order/file`."""
    flat = [{f"{o}/{n}": d for o, files in t["products"].items() for n, d in files.items()} for t in (one, other)]
    return sorted(n for n in {**flat[0], **flat[1]} if flat[0].get(n) != flat[1].get(n))


@pytest.fixture(scope="module")
def bodies(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    return tmp_path_factory.mktemp("bodies")


@pytest.fixture(scope="module")
def first(bodies: pathlib.Path) -> Told:
    """The files as this machine makes them; its CAD bodies then serve the others."""
    return told(bodies)


@pytest.fixture(scope="module")
def on_sandybridge(first: Told, bodies: pathlib.Path) -> Told:
    """The same with kernels compiled for a SandyBridge."""
    return told(bodies, **SANDYBRIDGE)


def test_two_products_are_made_and_differ(first: Told) -> None:
    """The comparison sees: no file of the one product is a file of the other."""
    engraved, embossed = first["products"]["engraved"], first["products"]["embossed"]
    names = {"model.3mf", "model.stl", "preview.glb", "thumbnail.png", "record.json", "report.json without timings"}
    assert set(engraved) == set(embossed) == names
    swapped = {**first, "products": {**first["products"], "engraved": embossed, "embossed": engraved}}
    assert len(differing(first, swapped)) == 2 * len(names)


def test_another_process_hash_seed_blas_and_libm_and_cad_made_again(first: Told, tmp_path: pathlib.Path) -> None:
    """record.json names the CAD bodies by hash, so they too are the same: OCCT calls libm, and the lattice rounds what differs."""
    again = told(tmp_path, PYTHONHASHSEED="4242", OPENBLAS_CORETYPE="Nehalem", GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2")
    assert first["cad"]
    assert again["cad"]
    assert again["machine"]["hash"] != first["machine"]["hash"]
    assert differing(first, again) == []


def test_another_time_zone_and_date(first: Told, bodies: pathlib.Path) -> None:
    again = told(bodies, TZ="Pacific/Kiritimati", UNIKAT_TEST_TODAY="2038-02-28", LC_ALL="C")
    assert again["machine"]["today"].startswith("2038-0")
    assert again["machine"]["zone"] != first["machine"]["zone"]
    assert not again["cad"], "the bodies on disk were not found"
    assert differing(first, again) == []


def test_without_numpys_vector_units(first: Told, bodies: pathlib.Path) -> None:
    enabled = first["machine"]["numpy"]
    if not enabled:
        pytest.skip("this processor has nothing beyond numpy's baseline to switch off")
    again = told(bodies, NPY_DISABLE_CPU_FEATURES=" ".join(enabled))
    assert again["machine"]["numpy"] == []
    assert differing(first, again) == []


def test_another_blas(first: Told, bodies: pathlib.Path) -> None:
    if "AVX" not in first["machine"]["vectors"]:
        pytest.skip("on a processor without AVX, Nehalem's BLAS is its own")
    again = told(bodies, OPENBLAS_CORETYPE="Nehalem")
    assert again["machine"]["blas"] != first["machine"]["blas"], "a matrix product should differ here"
    assert differing(first, again) == []


def test_another_libm(first: Told, bodies: pathlib.Path) -> None:
    if not {"AVX2", "FMA3"} <= set(first["machine"]["vectors"]):
        pytest.skip("on a processor without AVX2 and FMA, libm has no other way to go")
    again = told(bodies, GLIBC_TUNABLES="glibc.cpu.hwcaps=-AVX2")
    assert again["machine"]["libm"] != first["machine"]["libm"], "elementary functions should differ here"
    assert differing(first, again) == []


def test_kernels_compiled_for_another_processor(first: Told, on_sandybridge: Told) -> None:
    assert on_sandybridge["machine"]["numba"] != first["machine"]["numba"]
    assert "sandybridge" in on_sandybridge["machine"]["numba"]
    assert differing(first, on_sandybridge) == []


def test_on_an_emulated_sandybridge(first: Told, on_sandybridge: Told, bodies: pathlib.Path) -> None:
    """The whole road on a processor without AVX2 and FMA, libraries that choose by processor included."""
    qemu = shutil.which("qemu-x86_64")
    assert qemu, "apt-get install qemu-user"
    again = told(bodies, (qemu, "-cpu", "SandyBridge"), **SANDYBRIDGE)
    assert again["machine"]["vectors"] in (["AVX"], []), "not emulated"
    assert again["machine"]["numpy"] == []
    assert not again["cad"], "the bodies on disk were not found"
    assert differing(first, again) == []
