"""No text claims a medical effect: not of a template for the body, not of the README, not of a page, in English or French."""

from __future__ import annotations

import ast
import pathlib
import re
from collections.abc import Iterator

import pytest

from engine.make import make
from engine.model.order import Order
from templates.insole import Insole

ROOT = pathlib.Path(__file__).parents[2]
CODE = [
    *sorted((ROOT / "templates/insole").glob("*.py")),
    *sorted((ROOT / "engine/body").glob("*.py")),
    ROOT / "engine/french.py",
    ROOT / "engine/french_pressure.py",
]
PAGES = [ROOT / "README.md", *sorted((ROOT / "service/docs").glob("*.md"))]
CLAIMS = re.compile(
    r"\b(?:treat(?:s|ment)\b|cures?\b|heal(?:s|ing)\b|therap\w*|pain\w*|correct(?:s|ive)\b|prevents?\b|rehabilit\w*|orthosis\b|"
    r"medical\w*|clinical\w*|diagnos\w*|soign\w*|gu[ée]ri\w*|traite(?:ment)?s?\b|th[ée]rap\w*|douleur\w*|corrige\w*|pr[ée]vien\w*|"
    r"m[ée]dica\w*|cliniqu\w*)",
    re.IGNORECASE,
)
DENIALS = (
    "no medical effect is claimed or was tested",
    "aucun effet médical n'est annoncé ni n'a été vérifié",
    "nothing here was clinically tested",
    "rien ici n'a été vérifié cliniquement",
    "nothing here claims or was tested for a medical effect",
)
"""What may be said of it."""


def claims(text: str) -> list[str]:
    """The words of a medical effect in a text, but for what denies one."""
    plain = re.sub(r"\s+", " ", text)
    for denial in DENIALS:
        plain = plain.replace(denial, "")
    return CLAIMS.findall(plain)


def texts(path: pathlib.Path) -> Iterator[str]:
    """Every string of a module, docstrings too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_no_string_of_the_code_claims_one() -> None:
    found = {(path.name, word) for path in CODE for text in texts(path) for word in claims(text)}
    assert found == set()


def test_no_page_claims_one() -> None:
    told = PAGES[0].read_text(encoding="utf-8").partition("## Insoles")[2].partition("\n## ")[0]
    assert len(told) > 1000 and claims(told) == []
    lines = {line for page in PAGES for line in page.read_text(encoding="utf-8").splitlines() if "insole" in line.lower()}
    assert not [line for line in lines if claims(line)]


@pytest.mark.parametrize(
    "said", ["relieves pain", "a clinically proven sole", "prevents ulcers", "soigne les pieds", "Une thérapie"]
)
def test_a_claim_is_seen(said: str) -> None:
    assert claims(said) and not any(claims(denial) for denial in DENIALS)


@pytest.mark.parametrize("kind", ["comfort", "custom-made"])
def test_what_the_report_says_of_the_product(kind: str) -> None:
    """Its class stands first, in both languages, and a comfort insole is what it is unless told otherwise."""
    parameters = {"feet": "left", "product_class": kind} if kind != "comfort" else {"feet": "left"}
    report = make(Order("insole", parameters=parameters), Insole, formats=()).report
    first = {"comfort": "a comfort insole: no medical effect", "custom-made": "a custom-made device: who prescribes it answers"}
    assert report.notes[0].startswith(first[kind]) and len(report.notes_fr) == len(report.notes)
    assert not [note for note in (*report.notes, *report.notes_fr) if claims(note)]
