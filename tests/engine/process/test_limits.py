"""Processes and machines: whole, sourced, editable by a shop, and refused in one clear line."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.errors import InputError, OrderError
from engine.model.process import CHECKS
from engine.process.limits import (
    REQUIRED_COSTS,
    REQUIRED_LIMITS,
    VARIABLE,
    currency,
    list_machines,
    list_processes,
    load_process,
    machines_for,
)

PROCESSES = ("fdm-pla", "fdm-tpu", "sla-resin", "sls-pa12", "mjf-pa12", "mjf-tpu")


@pytest.fixture(autouse=True)
def _no_shop(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)


def shop(folder: Path, text: str) -> Path:
    path = folder / "shop.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_processes_of_the_contract() -> None:
    assert tuple(process.key for process in list_processes()) == PROCESSES
    assert {"fdm-256", "fdm-300", "hp-mjf-5200"} <= {machine.key for machine in list_machines()}


@pytest.mark.parametrize("key", PROCESSES)
def test_every_figure_has_a_unit_and_a_source(key: str) -> None:
    process = load_process(key)
    assert set(process.limits) >= REQUIRED_LIMITS
    assert set(process.costs) >= REQUIRED_COSTS
    assert tuple(process.checks) == CHECKS
    for figure in (*process.limits.values(), *process.costs.values()):
        assert figure.unit
        assert len(figure.source) > 5
    assert process.machine.source
    assert process.wall == process.limits["wall"].value > 0


@pytest.mark.parametrize("key", PROCESSES)
def test_only_fdm_has_slicer_settings_and_they_agree_with_the_figures(key: str) -> None:
    process = load_process(key)
    assert bool(process.settings) == (process.method == "FDM")
    if process.settings:
        assert float(process.settings["layer_height"]) == process.layer
        assert float(process.settings["filament_density"]) == process.density
        assert process.settings["bed_shape"] == "0x0,256x0,256x256,0x256"
        assert load_process(key, "fdm-300").settings["max_print_height"] == "400"


def test_flexible_parts_stretch_over_and_rigid_ones_have_air() -> None:
    for process in list_processes():
        assert (process.clearance < 0) == process.flexible
    assert load_process("fdm-pla").clearance == 0.25
    assert load_process("mjf-tpu").clearance == -0.1


def test_powder_has_no_bed_to_stand_on() -> None:
    for process in list_processes():
        assert process.checks["bed"] == process.machine.bed == (process.method in ("FDM", "SLA"))


def test_machines_for() -> None:
    assert machines_for("fdm-tpu") == ("fdm-256", "fdm-250", "fdm-300")
    assert machines_for("mjf-tpu") == ("hp-mjf-5200",)


def test_an_unknown_process_is_told_the_nearest() -> None:
    with pytest.raises(OrderError) as caught:
        load_process("mfj-tpu")
    assert (caught.value.field, caught.value.value, caught.value.nearest) == ("process", "mfj-tpu", "mjf-tpu")
    assert "fdm-pla" in str(caught.value.limit)
    assert "\n" not in caught.value.for_sender()


@pytest.mark.parametrize(
    ("machine", "why"), [("fdm-256", "no MJF machine"), ("hp-mjf-5300", "no such machine"), ("", "no such")]
)
def test_a_machine_must_exist_and_suit_the_method(machine: str, why: str) -> None:
    with pytest.raises(OrderError, match=why) as caught:
        load_process("mjf-tpu", machine)
    assert caught.value.field == "machine"
    assert caught.value.nearest == "hp-mjf-5200"


def test_a_shops_file_changes_one_figure_and_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = load_process("sls-pa12")
    path = shop(tmp_path, '[process.sls-pa12.costs]\nmachine = { value = 9, unit = "CHF/h", source = "our shop, 2026" }\n')
    monkeypatch.setenv(VARIABLE, str(path))
    after = load_process("sls-pa12")
    assert after.costs["machine"].value == 9.0
    assert after.costs["machine"].source == "our shop, 2026"
    assert after.limits == before.limits
    assert {name for name in after.costs if after.costs[name] != before.costs[name]} == {"machine"}


def test_a_shops_file_is_read_again_when_it_changes(tmp_path: Path) -> None:
    line = '[process.fdm-pla.limits]\nwall = {{ value = {}, unit = "mm", source = "ours" }}\n'
    path = shop(tmp_path, line.format("1.2"))
    assert load_process("fdm-pla", extra=path).wall == 1.2
    shop(tmp_path, line.format("1.25"))
    assert load_process("fdm-pla", extra=path).wall == 1.25
    assert load_process("fdm-pla").wall == 1.0


def test_a_shop_can_add_a_process_and_a_machine(tmp_path: Path) -> None:
    path = shop(
        tmp_path,
        """
[machine.shop-500]
name = "Our large printer"
methods = ["FDM"]
size = [500, 500, 600]
bed = true
source = "measured"
[process.fdm-petg]
base = "fdm-pla"
name = "FDM, PETG"
material = "PETG"
machine = "shop-500"
[process.fdm-petg.costs]
density = { value = 1.27, unit = "g/cm3", source = "maker" }
material = { value = 30, unit = "CHF/kg", source = "invoice" }
[process.fdm-petg.settings]
temperature = "240"
""",
    )
    process = load_process("fdm-petg", extra=path)
    assert process.machine.size == (500.0, 500.0, 600.0)
    assert process.settings["temperature"] == "240"
    assert process.settings["filament_density"] == "1.27"
    assert process.settings["bed_shape"].startswith("0x0,500x0")
    assert currency(process) == "CHF"
    assert process.wall == load_process("fdm-pla").wall
    assert len(list_processes(extra=path)) == 7


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("[proces.x]\n", "proces: no such table"),
        ("process = 3\n", "process: no such table"),
        ("[process.fdm-pla.limits]\nwal = { value = 1, unit = 'mm', source = 's' }\n", "no such figure; closest is wall"),
        ("[process.fdm-pla.limits]\nwall = 1.0\n", "limits.wall: a figure is"),
        ("[process.fdm-pla.limits]\nwall = { value = 1.0, unit = 'mm' }\n", "limits.wall: a figure is"),
        ("[process.fdm-pla.limits]\nwall = { value = nan, unit = 'mm', source = 's' }\n", "finite"),
        ("[process.fdm-pla.limits]\nwall = { value = inf, unit = 'mm', source = 's' }\n", "finite"),
        ("[process.fdm-pla.limits]\nwall = { value = true, unit = 'mm', source = 's' }\n", "finite"),
        ("[process.fdm-pla.limits]\nwall = { value = -1.0, unit = 'mm', source = 's' }\n", "negative"),
        ("[process.fdm-pla.costs]\nlayer = { value = 0.0, unit = 'mm', source = 's' }\n", "above 0"),
        ("[process.fdm-pla.costs]\nlayer = { value = 0.1, unit = 'mm', source = ' ' }\n", "must be text"),
        ("[process.fdm-pla.checks]\nwals = true\n", "checks.wals: no such check; closest is walls"),
        ("[process.fdm-pla.checks]\nwalls = 'yes'\n", "true or false"),
        ("[process.fdm-pla.settings]\nperimeters = 3\n", "must be text"),
        ("[process.fdm-pla.settings]\nend_gcode = 'M84\\n; fill_density = 0%'\n", None),
        ('[process.fdm-pla.settings]\nend_gcode = "M84\\n; fill_density = 0%"\n', "on one line"),
        ("[process.fdm-pla.settings]\npost_process = 'rm'\n", "'post_process' is no setting"),
        ("[process.fdm-pla.settings]\n'a = 1; b' = '2'\n", "is no setting"),
        ("[process.fdm-pla.settings]\nperimeters = 'two'\n", "process.fdm-pla.settings.perimeters: must be a plain number"),
        ("[process.fdm-pla]\ncolour = 'red'\n", "process.fdm-pla.colour: no such field"),
        ("[process.new]\nname = 'New'\n", "process.new: method is missing"),
        ("[process.new]\nbase = 'fdm-plaa'\n", "process.new.base: no process 'fdm-plaa'; closest is fdm-pla"),
        ("[process.fdm-pla]\nmethod = 'LASER'\n", "must be one of FDM"),
        ("[process.fdm-pla]\nmachine = 'hp-mjf-5200'\n", "no FDM machine 'hp-mjf-5200'"),
        ("[machine.m]\nname = 'M'\n", "machine.m: methods is missing"),
        ("[machine.fdm-256]\nsize = [256, 256]\n", "three lengths"),
        ("[machine.fdm-256]\nsize = [256, 256, -1]\n", "three lengths"),
        ("[process.fdm-pla\n", "no TOML"),
    ],
)  # fmt: skip
def test_a_bad_shops_file_is_refused_in_one_line(tmp_path: Path, text: str, told: str | None) -> None:
    path = shop(tmp_path, text)
    if told is None:
        load_process("fdm-pla", extra=path)
        return
    with pytest.raises(InputError) as caught:
        load_process("fdm-pla", extra=path)
    assert told in str(caught.value)
    assert "\n" not in str(caught.value)


def test_bytes_that_are_no_text_and_a_file_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "shop.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(InputError, match="no TOML"):
        load_process("fdm-pla", extra=path)
    with pytest.raises(InputError, match="cannot be read"):
        load_process("fdm-pla", extra=tmp_path / "absent.toml")


def test_a_process_that_is_its_own_base_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="name is missing"):
        load_process("a", extra=shop(tmp_path, "[process.a]\nbase = 'b'\n[process.b]\nbase = 'a'\n"))
