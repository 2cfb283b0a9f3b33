"""`unikat check`: the sweep of a template, told in lines or as JSON, with its failing orders and a sheet of samples in a folder."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Mapping
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from engine.errors import OrderError
from service.folder import put
from service.progress import Progress

if TYPE_CHECKING:
    from engine.check import Checked
    from engine.model.order import Order


def seconds_of(text: str | None) -> float | None:
    """`60s`, `5m`, `90`: seconds; OrderError for anything else."""
    if text is None:
        return None
    found = re.fullmatch(r"(\d{1,6})(s|m|h)?", text)
    if not found or not int(found[1]):
        raise OrderError("--time", "must be a time", value=text, limit="such as 60s or 5m")
    return float(int(found[1]) * {"s": 1, "m": 60, "h": 3600}[found[2] or "s"])


def run(
    key_or_file: str,
    process: str | None,
    points: int,
    seed: int,
    seconds: float | None,
    jobs: int,
    strict: bool,
    out: str,
    as_json: bool,
    language: str,
) -> int:
    """0 where it passed, 1 where an order failed, too many were refused or, if `strict`, anything is suspicious."""
    from engine.check import check
    from engine.errands import source_of

    source = source_of(key_or_file)
    with Progress(1) as bar:

        def tell(done: int, of: int, what: str) -> None:
            bar.files, bar.ended = of, done
            bar.now(key_or_file, what)

        found = check(source, process=process, points=points, seed=seed, seconds=seconds, jobs=jobs, tell=tell)
    files = _files(found)
    folder = pathlib.Path(out)
    put(files, folder)
    status = 0 if found.passed and not (strict and found.suspicions) else 1
    if as_json:
        print(json.dumps({"status": status, **_told(found), "out": out, "files": sorted(files)}, ensure_ascii=False))
    else:
        for line in _lines(found, key_or_file, folder, language):
            print(line)
    return status


def _files(found: Checked) -> dict[str, bytes]:
    """The failing orders, the sheet, and the whole answer."""
    from engine.export.contact_sheet import contact_sheet

    files = {_name(k, f.cause): _order_json(f.order) for k, f in enumerate(found.failures, 1)}
    if found.pictures:
        tiles = [(png, name, note) for png, name, note, _ in found.pictures]
        bad = [k for k, picture in enumerate(found.pictures) if picture[3]]
        files["contact-sheet.png"] = contact_sheet(tiles, title=f"unikat check {found.key}, {found.process}", refused=bad)
    files["check.json"] = json.dumps(_told(found), ensure_ascii=False, indent=1).encode()
    return files


def _name(number: int, cause: str) -> str:
    return f"failing-{number}-{cause.lower().replace('_', '-')}.json"


def _order_json(order: Order) -> bytes:
    """An order file that says only what it changes."""
    told: dict[str, Any] = {f.name: getattr(order, f.name) for f in fields(order)}
    told["measurements"] = {n: {"value": m.value, "unit": m.unit} for n, m in order.measurements.items()}
    kept = {n: v for n, v in told.items() if v and (n != "quantity" or v != 1)}
    return json.dumps({"template": order.template, **kept}, ensure_ascii=False, indent=1).encode() + b"\n"


def _told(found: Checked) -> dict[str, Any]:
    return {
        "template": found.key,
        "process": found.process,
        "planned": found.planned,
        "tried": found.tried,
        "made": found.made,
        "made_as_told": found.made_as_told,
        "refused": dict(found.refused),
        "refused_first": dict(found.advised),
        "failed": dict(found.failed),
        "left_out": dict(found.left_out),
        "refused_share": round(found.refused_share, 4),
        "passed": found.passed,
        "failures": [
            {
                "cause": f.cause,
                "where": f.where,
                "why": f.why,
                "count": f.count,
                "changes": dict(f.changes),
                "order": _name(k, f.cause),
            }
            for k, f in enumerate(found.failures, 1)
        ],
        "suspicions": [{"kind": s.kind, "what": s.what, "why": s.why, "changes": dict(s.changes)} for s in found.suspicions],
        "unheard": {rule: list(fields) for rule, fields in found.unheard.items()},
        "seconds": round(found.seconds, 1),
    }


SAYS = {
    "en": {
        "tried": "{}, {}: {} orders tried{}, in {:.0f} s",
        "cut": " of {}: time was up",
        "made": "made",
        "told": "made once changed as a rule said",
        "refused": "refused",
        "failed": "failed",
        "out": "  left out {}: {}",
        "failure": "failed {} x {} in {}: {}",
        "defaults": "the defaults",
        "smallest": "  smallest: {}; again: {}",
        "suspicious": "suspicious {} {}: {}",
        "unheard": "not tried: rule {} speaks of {} alone, and a sweep sends no files",
        "sheet": "a sheet of {} of them: {}",
    },
    "fr": {
        "tried": "{}, {} : {} commandes essayées{}, en {:.0f} s",
        "cut": " sur {} : le temps est écoulé",
        "made": "réalisées",
        "told": "réalisées une fois changées comme une règle le dit",
        "refused": "refusées",
        "failed": "échouées",
        "out": "  omises {} : {}",
        "failure": "échec {} x {} dans {} : {}",
        "defaults": "les valeurs par défaut",
        "smallest": "  la plus petite : {} ; de nouveau : {}",
        "suspicious": "suspect {} {} : {}",
        "unheard": "non essayée : la règle {} ne parle que de {}, et aucun fichier n'est envoyé",
        "sheet": "une planche de {} d'entre elles : {}",
    },
}
"""What is printed round the sweep's own words, which name code and stay English."""


def _lines(found: Checked, asked: str, folder: pathlib.Path, language: str) -> list[str]:
    says = SAYS[language]
    cut = says["cut"].format(found.planned) if found.tried < found.planned else ""
    lines = [says["tried"].format(found.key, found.process, found.tried, cut, found.seconds)]
    shares = [("made", found.made, {}), ("told", found.made_as_told, found.advised)]
    shares += [("refused", sum(found.refused.values()), found.refused), ("failed", sum(found.failed.values()), found.failed)]
    lines += [_share(says[what], count, found.tried, by) for what, count, by in shares]
    lines += [says["out"].format(n, why) for why, n in found.left_out.items()]
    for k, failure in enumerate(found.failures, 1):
        lines.append(says["failure"].format(failure.count, failure.cause, failure.where, failure.why))
        told = ", ".join(f"{n}={v}" for n, v in failure.changes.items()) or says["defaults"]
        lines.append(says["smallest"].format(told, f"unikat make {asked} --order {folder / _name(k, failure.cause)}"))
    lines += [says["suspicious"].format(s.kind, s.what, s.why) for s in found.suspicions]
    lines += [says["unheard"].format(rule, ", ".join(fields)) for rule, fields in found.unheard.items()]
    if found.pictures:
        lines.append(says["sheet"].format(len(found.pictures), folder / "contact-sheet.png"))
    return lines


def _share(what: str, count: int, of: int, by: Mapping[str, int]) -> str:
    causes = ", ".join(f"{name} {n}" for name, n in by.items())
    return f"  {100 * count / max(of, 1):5.1f} % {what} ({count}){': ' + causes if causes and count else ''}"
