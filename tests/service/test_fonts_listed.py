"""`unikat fonts`: which scripts can be set now, and what to install for the rest."""

from __future__ import annotations

import json
import pathlib

import pytest

from engine.shape import fonts
from engine.shape.characters import SCRIPTS
from service import cli

DEBIAN = {"Syrc", "Thaa", "Tibt", "Cher", "Tfng", "Nkoo", "Cans"}


def told(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as ended:
        cli.main(["fonts", *words])
    assert not ended.value.code
    return capsys.readouterr().out


def test_all_scripts_can_be_set_with_what_tests_run_installs(capsys: pytest.CaptureFixture[str]) -> None:
    told_all = json.loads(told(capsys, "--json"))
    assert set(told_all["scripts"]) == set(SCRIPTS) and told_all["to_install"] == {}
    assert {row["status"] for row in told_all["fonts"]} == {"ready"} and told_all["default"] == fonts.default()
    lines = told(capsys).splitlines()
    assert len(lines) == len(told_all["fonts"]) + 2 and "Arabic" in lines[-2] and "/usr/share/fonts" in lines[-1]


def test_what_is_missing_says_the_command_and_the_scripts(
    capsys: pytest.CaptureFixture[str], tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(fonts.VARIABLE, str(tmp_path))
    told_all = json.loads(told(capsys, "--json"))
    assert told_all["to_install"] == dict.fromkeys(DEBIAN, "apt-get install fonts-noto-core")
    assert set(told_all["scripts"]) == set(SCRIPTS) - DEBIAN
    lines = told(capsys).splitlines()
    assert (
        lines[-2].startswith("apt-get install fonts-noto-core: for ") and "Tibetan" in lines[-2] and str(tmp_path) in lines[-1]
    )
    assert "Tibetan" not in lines[-3]
