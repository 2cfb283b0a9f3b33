"""The language of the command line: as asked for, or as the terminal says; files and JSON do not depend on it."""

from __future__ import annotations

import json
import pathlib

import pytest

from engine.language import shelf
from service import cli, tongue

Captured = pytest.CaptureFixture[str]
ENVIRONMENTS = [
    ({}, "en"),
    ({"LANG": "fr_FR.UTF-8"}, "fr"),
    ({"LANG": "fr_FR.UTF-8", "LC_ALL": "C"}, "en"),
    ({"LANG": "C", "LC_MESSAGES": "fr"}, "fr"),
    ({"LANG": "en_GB", "LC_ALL": "fr_CA"}, "fr"),
    ({"LANG": "de_DE", "LC_ALL": ""}, "en"),
]
VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")


def speak(monkeypatch: pytest.MonkeyPatch, **told: str) -> None:
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    for name, value in told.items():
        monkeypatch.setenv(name, value)


def run(capsys: Captured, *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.main(list(words))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


@pytest.mark.parametrize(("told", "language"), ENVIRONMENTS)
def test_what_the_terminal_says(monkeypatch: pytest.MonkeyPatch, told: dict[str, str], language: str) -> None:
    speak(monkeypatch, **told)
    assert tongue.spoken(["make"]) == language
    assert tongue.spoken(["--lang", "fr", "make"]) == "fr" and tongue.spoken(["--lang", "en", "make"]) == "en"


def test_it_may_stand_anywhere() -> None:
    for words in (["--lang", "fr", "make", "x"], ["make", "--lang", "fr", "x"], ["make", "x", "--lang=fr"]):
        assert tongue.moved(words) == ["--lang", "fr", "make", "x"]
    assert tongue.moved(["make", "--", "--lang", "fr"]) == ["make", "--", "--lang", "fr"]
    assert tongue.moved(["make", "--lang"]) == ["--lang", "make"]


SAID = [
    (
        ["make", "phone-case", "--set", "wall=9"],
        "parameters.wall : dépasse sa limite (reçu '9 mm' ; limite '3 mm' ; plus proche admis 3.0)",
    ),
    (["make", "phone-case", "--set", "wal=2"], "parameters.wal : n'est pas connu de phone-case"),
    (
        ["make", "phone-cas"],
        "template : n'est pas connu (reçu 'phone-cas' ; limite \"l'un de "
        + ", ".join(shelf.installed()[:3]),  # the list is cut where it is long
    ),
    (["make", "none.py"], "template : ce fichier n'existe pas"),
    (["make", "phone-case", "--set", "name=𒀀"], "il n'est établi d'aucune police du catalogue"),
    (["make", "phone-case", "--set", "name=a𝄞"], "aucune police du catalogue n'a de dessin pour ce caractère"),
    (["make", "phone-case", "--set", "name=ﺳﺎ"], "une lettre sous une seule forme figée n'est pas acceptée"),
    (["rebuild", "/nonexistent/record.json"], "RECORD.json : ne peut être lu"),
]


@pytest.mark.parametrize(("words", "told"), SAID)
def test_an_order_that_cannot_be_taken(capsys: Captured, tmp_path: pathlib.Path, words: list[str], told: str) -> None:
    status, out, err = run(capsys, *words, "--lang", "fr")
    assert (status, out, err.count("\n")) == (2, "", 1) and told in err
    status, out, err = run(capsys, *words, "--json")
    error = json.loads(out)["error"]
    assert status == 2 and told in error["message_fr"] and told not in error["message"]


def test_a_language_that_is_not_offered(capsys: Captured) -> None:
    status, _, err = run(capsys, "fonts", "--lang", "de")
    assert status == 2 and "--lang: is not offered (got 'de'; limit 'en or fr'" in err


def test_a_refusal(capsys: Captured, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = ["make", "phone-case", "--set", "wall=1.0", "--process", "fdm-pla", "--out"]
    status, out, err = run(capsys, *words, str(tmp_path / "en"))
    assert status == 1 and err.startswith("error rule: parameters.wall: the wall, which triangles thin")
    speak(monkeypatch, LANG="fr_FR.UTF-8")
    status, out, err = run(capsys, *words, str(tmp_path / "fr"))
    assert status == 1 and err.startswith("erreur rule : parameters.wall : la paroi, que les triangles amincissent")
    assert "limite 'au moins 1.05 mm' ; plus proche admis 1.1) [règle walls]" in err and "phone-case : refusé" in out
    told = [json.loads((tmp_path / n / "report.json").read_bytes())["findings"] for n in ("en", "fr")]
    assert told[0] == told[1] and told[0][0]["message_fr"] in err and told[0][0]["message"] not in err


def test_notes_and_bytes(capsys: Captured, tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The report carries both; of what is written only milliseconds may differ."""
    words = ["make", "phone-case", "--set", "phone=google-pixel-6", "--formats", "3mf,stl", "--out"]
    _, _, err = run(capsys, *words, str(tmp_path / "en"))
    assert "note: the camera's height is unknown" in err
    speak(monkeypatch, LC_ALL="fr_FR.UTF-8")
    _, out, err = run(capsys, *words, str(tmp_path / "fr"))
    assert "note : la hauteur de la caméra est inconnue" in err and "phone-case : imprimable" in out
    for name in ("model.3mf", "model.stl", "record.json"):
        assert (tmp_path / "en" / name).read_bytes() == (tmp_path / "fr" / name).read_bytes()
    one, two = (json.loads((tmp_path / n / "report.json").read_bytes()) for n in ("en", "fr"))
    assert (one["notes"], one["notes_fr"]) == (two["notes"], two["notes_fr"])
    assert len(one["notes"]) == len(one["notes_fr"]) > 2 and not set(one["notes"]) & set(one["notes_fr"])


def test_labels(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "wall  Épaisseur" in run(capsys, "templates", "phone-case", "--lang", "fr")[1]
    assert "Wall thickness" in run(capsys, "templates", "phone-case")[1]
    english = run(capsys, "templates", "phone-case", "--schema")[1]
    speak(monkeypatch, LANG="fr_FR.UTF-8")
    assert "Un étui ajusté" in run(capsys, "templates")[1]
    assert run(capsys, "templates", "phone-case", "--schema")[1] == english
    assert "Épaisseur" in run(capsys, "templates", "phone-case", "--schema", "--language", "fr")[1]
