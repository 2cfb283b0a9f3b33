"""The language of what is printed for people: `--lang`, or else what the terminal's LC_ALL, LC_MESSAGES or LANG say.

Only that: files, reports, records and --json hold both languages, or English, whatever the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Sequence

LANGUAGES = ("en", "fr")
_SEVERITIES = {"error": "erreur", "warning": "avertissement", "info": "info"}
_VERDICTS = {"printable": "imprimable", "refused": "refusé", "incomplete": "incomplet"}


def moved(words: Sequence[str]) -> list[str]:
    """The command line with its `--lang` in front, wherever it stood: it belongs to every command."""
    front: list[str] = []
    rest: list[str] = []
    at = 0
    while at < len(words):
        if words[at] == "--":
            break
        if words[at] == "--lang":
            front = list(words[at : at + 2])
            at += 2
            continue
        if words[at].startswith("--lang="):
            front = ["--lang", words[at].removeprefix("--lang=")]
        else:
            rest.append(words[at])
        at += 1
    return [*front, *rest, *words[at:]]


def spoken(words: Sequence[str]) -> str:
    """The language of a command line as `moved` left it, or of the environment."""
    if len(words) > 1 and words[0] == "--lang":
        return "fr" if words[1] == "fr" else "en"
    named = next((os.environ[n] for n in ("LC_ALL", "LC_MESSAGES", "LANG") if os.environ.get(n)), "")
    return "fr" if named.lower().startswith("fr") else "en"


def findings(report: bytes, language: str) -> list[str]:
    """The lines of a report for a person: what was found, then what the template states."""
    told = json.loads(report)
    rows = [(f["severity"], f["code"], (language == "fr" and f["message_fr"]) or f["message"]) for f in told["findings"]]
    if language == "fr":
        lines = [f"{_SEVERITIES.get(severity, severity)} {code} : {message}" for severity, code, message in rows]
        return lines + [f"note : {note}" for note in told["notes_fr"]]
    return [f"{severity} {code}: {message}" for severity, code, message in rows] + [f"note: {n}" for n in told["notes"]]


def made(template: str, verdict: str, files: Sequence[str], folder: str, language: str) -> str:
    """The last line of `make`."""
    if language == "fr":
        return f"{template} : {_VERDICTS[verdict]} ; {', '.join(files)} dans {folder}"
    return f"{template}: {verdict}; {', '.join(files)} in {folder}"
