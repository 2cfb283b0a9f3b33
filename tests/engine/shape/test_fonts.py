"""The catalogue is true: files by hash, scripts that the fonts have, and what is missing says how to get it."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import pathlib
import subprocess
import sys

import pytest

from engine.errors import EnvironmentFault, OrderError
from engine.shape import fonts

ALPHABETS = {
    "Latn": "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyzÀÇÉÑÖØßŁŽąęğışőřţẞỄ",
    "Grek": "ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩαβγδεζηθικλμνξοπρσςτυφχψωΆΈΉΊΌΎΏάέήίόύώΐΰϊϋ",
    "Cyrl": "АБВГДЕЁЖЗИЙКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯабвгдеёжзийклмнопрстуфхцчшщъыьэюяІіЇїЄєҐґЎўЈјЉљЊњЋћЂђЏџ",
}


def test_the_default_is_in_the_catalogue_and_ready() -> None:
    assert fonts.default() in set(fonts.keys())
    assert {row.status for row in fonts.available()} == {"ready"}


@pytest.mark.parametrize("key", fonts.keys())
def test_every_font_is_the_file_it_says_and_has_the_scripts_it_claims(key: str) -> None:
    row = fonts.info(key)
    file = fonts.path(row)
    assert file is not None and hashlib.sha256(file.read_bytes()).hexdigest() == row.sha256 == fonts.sha256(key)
    assert importlib.metadata.version(row.package) == row.version
    font = fonts.load(key)
    for script in row.scripts:
        assert [letter for letter in ALPHABETS[script] if not font.covers(letter)] == []
    assert not font.covers("日")
    assert 0.6 < font.cap_height / font.upem < 0.8


def test_keys_and_hashes_are_unique() -> None:
    rows = fonts.available()
    assert len({row.sha256 for row in rows}) == len({row.name for row in rows}) == len(rows)


@pytest.mark.parametrize(("key", "nearest"), [("robto-bold", "roboto-bold"), ("Roboto-Bold", "roboto-bold"), (None, None)])
def test_an_unknown_font_names_the_closest(key: str, nearest: str | None) -> None:
    with pytest.raises(OrderError) as told:
        fonts.info(key)
    assert told.value.field == "font" and (nearest is None or told.value.nearest == nearest)
    assert told.value.nearest in set(fonts.keys())


def _with_row(monkeypatch: pytest.MonkeyPatch, **changed: str) -> None:
    rows = {"roboto-bold": dataclasses.replace(fonts.info("roboto-bold"), **changed)}
    fonts.load.cache_clear()
    monkeypatch.setattr(fonts, "_catalogue", lambda: ("roboto-bold", rows))


def test_a_font_whose_package_is_missing_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    _with_row(monkeypatch, module="no_such_font_package")
    with pytest.raises(EnvironmentFault, match=r"not installed: uv pip install font-roboto==0\.0\.1$"):
        fonts.load("roboto-bold")
    assert fonts.available()[0].status == "not installed: uv pip install font-roboto==0.0.1"
    assert not fonts.available()[0].ready


def test_a_font_with_another_hash_is_never_used(monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path) -> None:
    package = tmp_path / "altered_font"
    (package / "files").mkdir(parents=True)
    (package / "__init__.py").touch()
    file = fonts.path(fonts.info("roboto-bold"))
    assert file is not None
    (package / "files" / file.name).write_bytes(file.read_bytes() + b"\0")
    monkeypatch.syspath_prepend(tmp_path)
    _with_row(monkeypatch, module="altered_font")
    with pytest.raises(EnvironmentFault, match="is another file"):
        fonts.load("roboto-bold")
    assert "is another file" in fonts.available()[0].status


def test_reading_the_catalogue_and_checking_a_text_loads_no_kernel() -> None:
    """The web process checks orders with these: no numba, no manifold3d, and the font's package is not run."""
    code = (
        "import sys; from engine.shape import characters, fonts; fonts.available();"
        "characters.accepted('Zoë', font=fonts.default()); characters.graphemes('Zoë');"
        "sys.exit(any(name in sys.modules for name in ('numba', 'manifold3d', 'font_roboto', 'kernels')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
