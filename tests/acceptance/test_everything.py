"""Orders in which everything changes, through a lane: body from a chart, name, verdict, 3MF, picture, papers, sealed into packs.

uv run python -m tests.acceptance.test_everything 2000     # CPU a unit, and how many a second two cores would make

What the stock's charts leave free is varied (lip and grip, of three lots), and every name is another; a body comes again only after
all others, 360 of them. Orders that the rules refuse cost little and are counted apart.
"""

from __future__ import annotations

import itertools
import json
import pathlib
import secrets
import statistics
import sys
import tempfile
from collections.abc import Iterator
from typing import Any

from benchmarks.product import NAMES
from service.lanes import work
from service.lanes.unit import Unit
from service.vault import seal, unseal

LOTS = (
    {"phone": "google-pixel-6", "process": "mjf-pa12"},
    {"phone": "apple-iphone-15-pro-max", "process": "mjf-pa12"},
    {"phone": "google-pixel-6", "process": "fdm-tpu"},
)
CHUNK = 32


def orders(count: int) -> Iterator[dict[str, Any]]:
    """So many, no two alike in name and body."""
    bodies = itertools.cycle((lot, lip, grip) for lip in range(6, 21) for grip in range(-2, 6) for lot in LOTS)
    for k, (lot, lip, grip) in zip(range(count), bodies, strict=False):
        name = f"{NAMES[k % len(NAMES)]}{'abcdefgh'[k // len(NAMES) % 8]}"
        parameters = {"phone": lot["phone"], "lip": lip / 10, "grip": grip / 10, "name": name}
        yield {"template": "phone-case", "process": lot["process"], "parameters": parameters}


def through_a_lane(count: int, folder: pathlib.Path) -> Iterator[tuple[dict[str, Any], dict[str, Any] | None]]:
    """How each unit ended, and its report where it was made."""
    key = secrets.token_bytes(32)
    units = [
        Unit(f"u{k}", "t", seal(key, json.dumps(o).encode(), f"u{k}".encode()), key, {"key": "phone-case"}, o["process"], None, ("3mf", "png"), 60.0)
        for k, o in enumerate(orders(count))
    ]  # fmt: skip
    for n, start in enumerate(range(0, count, CHUNK)):
        pack = f"{n:032x}"
        packs = work.Packs(folder)
        for told in work.chunk([vars(u) for u in units[start : start + CHUNK]], str(folder), pack):
            offset, size, *_ = told["files"].get("report.json", (0, 0))
            blob = packs.read(pack, offset, size) if size else None
            name = f"{told['id']}/report.json".encode()
            yield told, None if blob is None else json.loads(unseal(key, blob, name))


def test_they_come_from_charts_and_are_printable(tmp_path: pathlib.Path) -> None:
    told = list(through_a_lane(8, tmp_path))
    made = [(one, report) for one, report in told if one["state"] == "done"]
    assert len(made) >= 3 and all(one["state"] in ("done", "refused") for one, _ in told)
    for one, report in made:
        assert report is not None and report["verdict"] == "printable" and one["cpu_ms"] > 0.0
        assert all(stage["tier"] != "cad" for stage in report["figures"]["stages"] if "tier" in stage)
        assert report["figures"]["tier"] in ("chart", "kernel"), report["figures"]["tier"]
    assert len({json.dumps(one["production"]["files"]) for one, _ in made}) == len(made)


def main(count: int) -> int:
    """Print what they cost."""
    with tempfile.TemporaryDirectory() as folder:
        told = list(through_a_lane(CHUNK + count, pathlib.Path(folder)))[CHUNK:]  # the first chunk warms it
    made = [one["cpu_ms"] for one, _ in told if one["state"] == "done"]
    refused = [one["cpu_ms"] for one, _ in told if one["state"] == "refused"]
    tiers = [report["figures"]["tier"] for _, report in told if report is not None and report["verdict"] == "printable"]
    print(f"{len(made)} made, {len(refused)} refused, {len(told) - len(made) - len(refused)} otherwise")
    print(f"a unit made: median {statistics.median(made):.1f} ms of CPU, mean {statistics.mean(made):.1f}")
    print(f"two cores at that mean: {2000.0 / statistics.mean(made):.0f} units a second (80 asked)")
    print(
        f"not from CAD: {sum(t != 'cad' for t in tiers)} of {len(tiers)}; a refusal costs {statistics.mean(refused or [0.0]):.1f} ms"
    )
    return 0 if len(made) + len(refused) == len(told) and "cad" not in tiers else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
