"""Run by test_determinism in a process of its own, on a machine that is made to look like another one.

Makes two orders and prints one JSON object: the sha256 of each file of each product, and `machine`: what shows that the
machine indeed looked different (a matrix product, elementary functions, numpy's and numba's idea of the processor, the date).
UNIKAT_TEST_TODAY=1970-01-02 moves every clock that Python code can read to that day.
"""

from __future__ import annotations

import datetime
import hashlib
import json
import math
import os
import time
from array import array
from typing import Any

ORDERS: dict[str, dict[str, Any]] = {
    "engraved": {"process": "fdm-pla", "parameters": {"name": "Zoë 7", "text_angle": 17.0, "letter_height": 8.0}},
    "embossed": {
        "process": "mjf-pa12",
        "reference": "17/2",
        "parameters": {"name": "Łukasz & Ελένη", "letters": "embossed", "letter_height": 6.0},
    },
}
TIMED = ("road_cpu_ms", "stages", "tier")
"""Figures of the report that tell how it was made, not what."""


def another_day(today: str) -> None:
    """Every clock that Python code reads now starts on that day, a second a call; datetime's too."""
    start = datetime.datetime.fromisoformat(today).replace(tzinfo=datetime.UTC).timestamp()
    real_local, real_utc, real_text = time.localtime, time.gmtime, time.strftime
    calls = iter(range(10**9))

    def now() -> float:
        return start + next(calls)

    class Date(datetime.date):
        @classmethod
        def today(cls) -> datetime.date:
            return real_datetime.fromtimestamp(now()).date()

    real_datetime = datetime.datetime

    class DateTime(datetime.datetime):
        @classmethod
        def now(cls, tz: datetime.tzinfo | None = None) -> datetime.datetime:  # type: ignore[override]
            return real_datetime.fromtimestamp(now(), tz)

        @classmethod
        def utcnow(cls) -> datetime.datetime:  # type: ignore[override]
            return real_datetime.fromtimestamp(now(), datetime.UTC).replace(tzinfo=None)

    time.time = now
    time.time_ns = lambda: int(now() * 1e9)
    time.localtime = lambda seconds=None: real_local(now() if seconds is None else seconds)
    time.gmtime = lambda seconds=None: real_utc(now() if seconds is None else seconds)
    time.strftime = lambda form, told=None: real_text(form, time.localtime() if told is None else told)
    datetime.datetime, datetime.date = DateTime, Date  # type: ignore[misc]


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def machine() -> dict[str, Any]:
    """What this machine looks like from here."""
    import numpy as np
    from numba.core.codegen import JITCPUCodegen
    from numpy._core._multiarray_umath import __cpu_dispatch__, __cpu_features__

    square = np.sqrt(np.arange(1.0, 40001.0)).reshape(200, 200) % 1.0
    angles = [0.37 + 0.013 * i for i in range(5000)]
    elementary = array("d", [f(x) for f in (math.sin, math.atan, lambda x: math.exp(-x), lambda x: x**1.7) for x in angles])
    return {
        "blas": digest((square @ square).tobytes()),
        "libm": digest(elementary.tobytes()),
        "numpy": [name for name in __cpu_dispatch__ if __cpu_features__[name]],
        "vectors": [name for name in ("AVX", "AVX2", "FMA3") if __cpu_features__[name]],
        "numba": list(JITCPUCodegen("machine").magic_tuple()),
        "hash": hash("unikat"),
        "zone": time.tzname[0],
        "today": str(datetime.date.today()),
    }


def made() -> tuple[dict[str, dict[str, str]], bool]:
    """sha256 of each file of each order; of the report without its timings, of the CAD bodies, and whether they were on disk."""
    from engine.language import shelf
    from engine.make import Workshop, make
    from engine.model.order import Order

    found: dict[str, dict[str, str]] = {}
    cad = False
    for name, told in ORDERS.items():
        order = Order("phone-case", **told)
        product = make(order, shelf.find("phone-case"), formats=("3mf", "stl", "glb", "png"), workshop=Workshop())
        assert product.report.verdict != "refused", [f.message for f in product.report.findings]
        files = {n: digest(data) for n, data in product.files.items() if n != "report.json"}
        report = json.loads(product.files["report.json"])
        report["figures"] = {n: v for n, v in report["figures"].items() if n not in TIMED}
        for check in report["checks"]:
            del check["cpu_ms"]
        files["report.json without timings"] = digest(json.dumps(report, sort_keys=True).encode())
        found[name] = files
        cad = cad or product.report.figures["tier"] == "cad"
    return found, cad


def pressed() -> dict[str, str]:
    """sha256 of what a pressure map becomes, and of a deviation map: a heel, a ball with an arch beside it, a big toe."""
    import numpy as np

    from engine.export.deviation import deviation_png, on_grid
    from engine.language.pressed import Pressed
    from engine.model.deviation import deviation
    from engine.model.grid import Grid
    from engine.model.pressure import PressureMap

    i, j = (v.astype(np.float64) for v in np.mgrid[:63, :27])
    places = (
        (11.0, 13.0, 8.0, 6.0, 340.0),
        (43.0, 12.0, 7.0, 10.0, 400.0),
        (28.0, 8.0, 12.0, 3.0, 60.0),
        (52.0, 18.0, 5.0, 3.0, 300.0),
    )
    kpa = sum(p * np.maximum(0.0, 1.0 - ((i - a) / r) ** 2 - ((j - b) / s) ** 2) for a, b, r, s, p in places)
    on = Pressed.on(PressureMap(kpa, 5.0), foot_length=268.0)
    deep = on.relief()
    off = np.where(on.kpa.z > 5.0, deep.z - 1.1, np.nan)
    surface = on_grid(on.side, Grid(off, deep.origin, deep.pitch), deviation(off), deep)
    zones = b"".join(m.mesh.points.tobytes() + m.mesh.faces.tobytes() for m in on.soft_zones(0.0, 5.0))
    picture = deviation_png([surface], title="Insole")
    return {
        "pressure": digest(on.kpa.z.tobytes()),
        "relief": digest(deep.z.tobytes()),
        "zones": digest(zones),
        "png": digest(picture),
    }


def main() -> None:
    """Prints the JSON object."""
    if today := os.environ.get("UNIKAT_TEST_TODAY"):
        another_day(today)
    products, cad = made()
    print(json.dumps({"products": {**products, "pressed": pressed()}, "machine": machine(), "cad": cad}))


if __name__ == "__main__":
    main()
