"""`unikat doctor`: what this installation has, what it lacks, and how to get it."""

from __future__ import annotations

import ctypes.util
import json
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass

from engine.errors import EnvironmentFault

WITHOUT_CAD = "without it only those orders are made whose bodies charts cover or the cache keeps, as those of `unikat demo`"
SHOWN = 3


@dataclass(frozen=True)
class Sign:
    """One thing looked at. `needed`: without it products cannot be made; else a part of the work is not offered."""

    what: str
    well: bool
    told: str
    needed: bool = True


def run(as_json: bool, data: str | None = None, master_key: str | None = None, every: bool = False) -> int:
    """0 when all that is needed is there, else 3. `data`: a service's folder is looked at, instead of the installation."""
    if data is None:
        signs = examine()
    else:
        from service.inspecting import examine as examine_house

        signs = examine_house(data, master_key, every)
    well = all(s.well for s in signs if s.needed)
    if as_json:
        print(json.dumps({"well": well, "signs": [vars(s) for s in signs]}))
    else:
        for sign in signs:
            ill = ("MISSING", "absent ") if data is None else ("WRONG  ", "look   ")
            mark = "ok     " if sign.well else ill[0 if sign.needed else 1]
            print(f"{mark}  {sign.what}: {sign.told}")
    return 0 if well else 3


def examine() -> list[Sign]:
    """Every sign; nothing heavy is imported here: CAD is tried in its child."""
    from engine.language import shelf
    from engine.shape.fonts import available

    version = sys.version_info
    signs = [Sign("Python", (3, 11) <= version[:2] < (3, 14), f"{platform.python_version()} (3.11 to 3.13 work)")]
    signs.append(Sign("libraries", True, ", ".join(f"{n} {v}" for n, v in shelf.libraries().items())))
    signs.append(_cad())
    for library in ("GL", "EGL"):
        found = ctypes.util.find_library(library)
        told = found or f"apt-get install lib{library.lower()}1 (CAD needs it)"
        signs.append(Sign(f"lib{library}", bool(found), told))
    slicer = shutil.which("prusa-slicer")
    signs.append(Sign("slicer", bool(slicer), slicer or "apt-get install prusa-slicer (for --formats gcode)", needed=False))
    fonts = available()
    lacking = [f"{f.key}: {f.status}" for f in fonts if not f.ready]
    # Debian's fonts are for scripts that not every shop letters in
    needed = any(f.module and not f.ready for f in fonts)
    signs.append(Sign("fonts", not lacking, "; ".join(lacking) or f"{len(fonts)} ready", needed=needed))
    signs.append(Sign("templates", bool(shelf.installed()), ", ".join(shelf.installed())))
    signs.append(charts())
    signs.append(_cache())
    return signs


def _cad() -> Sign:
    from engine.doors import cad

    try:
        return Sign("CAD", True, cad.at_hand())
    except EnvironmentFault as missing:
        return Sign("CAD", False, f"{missing}; {WITHOUT_CAD}")


def charts(told: str = "none is set aside") -> Sign:
    """Charts that were found wrong. `told`: of those that are not."""
    from engine.chart import aside
    from engine.model.places import charts_folder

    folder = charts_folder()
    try:
        marks = aside.names(folder)
    except EnvironmentFault as error:
        return Sign("charts", False, str(error), needed=False)
    if not marks:
        return Sign("charts", True, told)
    many = f" and {len(marks) - SHOWN} more" if len(marks) > SHOWN else ""
    found = f"{len(marks)} found wrong, CAD draws instead: {', '.join(marks[:SHOWN])}{many} in {folder / aside.FOLDER}"
    return Sign("charts", False, found, needed=False)


def _cache() -> Sign:
    from engine.model.places import cache_folder

    folder = cache_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"x")
    except OSError as error:
        return Sign(
            "cache", False, f"{folder}: {error.strerror}; set UNIKAT_CACHE to a folder that can be written", needed=False
        )
    free = shutil.disk_usage(folder).free // 1_000_000
    return Sign("cache", free > 100, f"{folder}, {free} MB free", needed=False)
