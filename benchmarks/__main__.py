"""The benchmarks: uv run python -m benchmarks [SUBJECT ...] [--json FILE]

Prints a table of each subject: ours, every peer, the ratio, the goal, and whether the answers agree. Exit status 1 where some
do not; a missed goal is said and is no failure. 2: an unknown subject, or a file that cannot be written.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import pathlib
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence

from benchmarks import harness

SUBJECTS: Mapping[str, tuple[str, ...]] = {
    "product": ("benchmarks.product",),
    "verdict": ("benchmarks.verdict",),
    "export": ("benchmarks.export",),
    "compile": ("benchmarks.compile",),
    "fit": ("benchmarks.fit",),
    "service": ("benchmarks.service", "benchmarks.several"),
}
"""Subject -> the modules whose `cases()` it is."""
PARTS: Mapping[str, str] = {"several": "service"}
"""What may be asked for alone -> the subject that it is of: benchmarks/several.py."""

PEERS = ("lib3mf", "trimesh", "networkx", "lxml")
"""What `unikat` itself never installs: the group `oracle`."""
VERDICT_PEERS = {
    "igl": "libigl==2.6.3",
    "meshlib": "meshlib==3.1.4.297",
    "embreex": "embreex==4.4.0.post1",
    "fcpw": "fcpw==1.2.0",
    "scipy": "scipy==1.17.1",
}
"""What `verdict` is measured against, and no group installs: MeshLib is not free for commerce, libigl's CGAL part is copyleft."""
FIT_PEERS = {name: VERDICT_PEERS[name] for name in ("embreex", "scipy")}
"""What `fit` is measured against as well."""
_TRIED = "UNIKAT_BENCHMARKS_WITH_PEERS"


def cases_of(subject: str) -> Sequence[harness.Case]:
    """The cases of a subject, or of a part of one."""
    names = (f"benchmarks.{subject}",) if subject in PARTS else SUBJECTS[subject]
    makers: list[Callable[[], Sequence[harness.Case]]] = [importlib.import_module(name).cases for name in names]
    return [case for made in makers for case in made()]


def _with_peers(arguments: Sequence[str], subjects: Sequence[str]) -> str | None:
    """Start again in an environment that has the peers; a line that says what is missing where that cannot be."""
    more = VERDICT_PEERS if "verdict" in subjects else FIT_PEERS if "fit" in subjects else {}
    missing = [name for name in (*PEERS, *more) if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    asked = ["--group", "oracle", *(word for pin in more.values() for word in ("--with", pin))]
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None or _TRIED in os.environ:
        return f"benchmarks: {', '.join(missing)} not installed: uv run {' '.join(asked)} python -m benchmarks {' '.join(arguments)}"
    sys.stdout.flush()
    return os.execve(uv, [uv, "run", *asked, "python", "-m", "benchmarks", *arguments], {**os.environ, _TRIED: "1"})


def _refusal(subjects: Sequence[str], file: str | None) -> str | None:
    """Why this cannot be run, in a line."""
    for subject in subjects:
        if subject not in SUBJECTS and subject not in PARTS:
            return f"benchmarks: no subject {subject!r}; there is {', '.join((*SUBJECTS, *PARTS))}"
    if file is not None and not pathlib.Path(file).resolve().parent.is_dir():
        return f"benchmarks: --json: no such folder: {pathlib.Path(file).parent}"
    return None


def main(arguments: Sequence[str] | None = None) -> int:
    """The command."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument(
        "subject", nargs="*", metavar="SUBJECT", help=f"{', '.join((*SUBJECTS, *PARTS))}; without one: all of them"
    )
    parser.add_argument("--json", metavar="FILE", help="write the rows here as a JSON list")
    options = parser.parse_args(given)
    subjects = options.subject or list(SUBJECTS)
    why = _refusal(subjects, options.json) or _with_peers(given, subjects)
    if why is not None:
        print(why, file=sys.stderr)
        return 2
    core = harness.pin()
    print(f"CPU time, median [quartiles]; {'not pinned' if core is None else f'pinned to core {core}'}")
    results = []
    for subject in subjects:
        for case in cases_of(subject):
            results.append(harness.run(PARTS.get(subject, subject), case))
            print(harness.table(results[-1:]), flush=True)
    if options.json is not None:
        rows = json.dumps([result.row() for result in results], indent=1, ensure_ascii=False)
        pathlib.Path(options.json).write_text(rows + "\n", encoding="utf-8")
    return 1 if any(result.differ for result in results) else 0


if __name__ == "__main__":
    raise SystemExit(main())
