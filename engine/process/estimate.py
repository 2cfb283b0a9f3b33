"""Time, grams and price of a product, by plain arithmetic on its figures.

FDM: per family of products, a linear form of `FEATURES` (areas, volume, layers, supports), fitted to PrusaSlicer by
`python -m benchmarks.calibrate` (estimates.toml, with the error that it reaches). Where nothing was fitted, or the settings
have changed since: volume over the process's mean flow. SLA: layers times (exposure + lift). Powder: the part's share of a full
build. These are marked uncalibrated.
"""

from __future__ import annotations

import functools
import hashlib
import json
import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import EngineFault
from engine.model.process import Process

DATA = Path(__file__).parent / "estimates.toml"

FEATURES = (
    "one",
    "side_area_mm2",
    "horizontal_area_mm2",
    "volume_mm3",
    "volume_by_thickness",
    "layers",
    "supported_area_mm2",
    "supported_volume_mm3",
)
"""What the fit sees, in this order: `one` is the constant; `volume_by_thickness` (volume squared by area) tells solid walls from
thicker ones that are filled sparsely; the last two come from `engine.process.supports`."""

SUPPORT_FILL = 0.2
"""The share of the room under a ceiling that its supports fill, interface included: lines of 0.35 every 2 mm, as measured."""

_LEAST_AREA = 1e-6  # mm2: a body without area has no volume either


@dataclass(frozen=True)
class Estimate:
    """What a product weighs, how long it prints, what it costs. `mass_g`: material that the machine uses, supports included.

    `error`: the median relative error of the time in the calibration (each part left out once); None when not calibrated.
    """

    mass_g: float
    print_time_s: float
    price: float
    currency: str
    calibrated: bool
    source: str
    error: float | None = None

    def figures(self) -> dict[str, Any]:
        """For the report."""
        return {
            "mass_g": self.mass_g, "print_time_s": self.print_time_s, "price": self.price, "currency": self.currency,
            "calibrated": self.calibrated, "estimate_source": self.source, "estimate_error": self.error,
        }  # fmt: skip


def estimate(figures: Mapping[str, Any], process: Process, family: str) -> Estimate:
    """The estimate from a report's figures (`volume_mm3`, `side_area_mm2`, `horizontal_area_mm2`, `bounds_mm`, supports).

    `family`: the template's; parts of one family have one fit. Grams to 0.01, seconds to 1, price to 0.01.
    """
    volume = float(figures["volume_mm3"])
    fitted = _fits().get((process.key, family)) if process.method == "FDM" else None
    if fitted is not None and fitted["settings"] != settings_digest(process):
        fitted = None
    if fitted is not None:
        told = features(figures, process)
        seconds = _dot(fitted["time_s"], told)
        grams = _dot(fitted["mass_g"], told)
        source = f"PrusaSlicer {fitted['slicer']}, {fitted['parts']} parts of family {family}"
        error = float(fitted["time_error"])
    else:
        used = _extruded(figures, process) if process.method == "FDM" else volume
        grams = used / 1000.0 * process.density
        seconds, source = _uncalibrated(figures, used, process)
        error = None
    grams, seconds = round(max(grams, 0.0), 2), round(max(seconds, 0.0))
    return Estimate(
        mass_g=grams,
        print_time_s=float(seconds),
        price=price(grams, seconds, process),
        currency=process.costs["material"].unit.partition("/")[0],
        calibrated=fitted is not None,
        source=source,
        error=error,
    )


def price(grams: float, seconds: float, process: Process) -> float:
    """Material with its waste, the machine's hours, handling; rounded to 0.01."""
    costs = process.costs
    material = grams / 1000.0 * costs["material"].value * (1.0 + costs["waste"].value)
    hours = (seconds + (costs["warm_up"].value if "warm_up" in costs and process.method == "FDM" else 0.0)) / 3600.0
    return round(material + hours * costs["machine"].value + costs["handling"].value, 2)


def features(figures: Mapping[str, Any], process: Process) -> tuple[float, ...]:
    """The fit's features of one product, as `FEATURES` names them."""
    side, horizontal, volume = (float(figures[name]) for name in ("side_area_mm2", "horizontal_area_mm2", "volume_mm3"))
    return (
        1.0,
        side,
        horizontal,
        volume,
        volume * volume / max(side + horizontal, _LEAST_AREA),
        float(layers(_height(figures), process)),
        float(figures.get("supported_area_mm2", 0.0)),
        float(figures.get("supported_volume_mm3", 0.0)),
    )


def layers(height: float, process: Process) -> int:
    """How many layers that height takes."""
    return max(1, math.ceil(height / process.layer - 1e-9))


def settings_digest(process: Process) -> str:
    """What the slicer is told, the bed's size aside: a fit holds for these settings alone."""
    return _digest(tuple(process.settings.items()))


@functools.lru_cache(maxsize=64)
def _digest(settings: tuple[tuple[str, str], ...]) -> str:
    apart = ("bed_shape", "max_print_height", "filament_cost")
    told = {name: value for name, value in settings if name not in apart}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


def _height(figures: Mapping[str, Any]) -> float:
    low, high = figures["bounds_mm"]
    return float(high[2]) - float(low[2])


def _extruded(figures: Mapping[str, Any], process: Process) -> float:
    """mm3 of filament where nothing was fitted: solid skins, what is left of the volume filled sparsely, supports."""
    told = process.settings
    solid_layers = (float(told["top_solid_layers"]) + float(told["bottom_solid_layers"])) / 2.0
    skins = float(figures["side_area_mm2"]) * float(told["perimeters"]) * float(told["perimeter_extrusion_width"])
    skins += float(figures["horizontal_area_mm2"]) * solid_layers * process.layer
    volume = float(figures["volume_mm3"])
    solid = min(skins, volume)
    filled = solid + (volume - solid) * float(told["fill_density"].rstrip("%")) / 100.0
    supports = SUPPORT_FILL * float(figures.get("supported_volume_mm3", 0.0))
    return (filled + supports) * float(told.get("extrusion_multiplier", "1"))


def _uncalibrated(figures: Mapping[str, Any], volume: float, process: Process) -> tuple[float, str]:
    """Seconds and where they come from, for what was not fitted to a slicer. `volume`: of the material used, mm3."""
    costs = process.costs
    if process.method == "FDM":
        return volume / costs["flow"].value, costs["flow"].source
    if process.method == "SLA":
        each = costs["exposure"].value + costs["lift"].value
        return costs["warm_up"].value + each * layers(_height(figures), process), costs["exposure"].source
    share = volume / 1000.0 / costs["packing"].value  # cm3 of the build that the part takes up
    return share / costs["build_speed"].value * 3600.0, costs["build_speed"].source


def _dot(coefficients: list[float], told: tuple[float, ...]) -> float:
    if len(coefficients) != len(told):
        raise EngineFault("estimates.toml does not fit this version: run python -m benchmarks.calibrate")
    return math.fsum(one * other for one, other in zip(coefficients, told, strict=True))


@functools.cache
def _fits() -> Mapping[tuple[str, str], Mapping[str, Any]]:
    if not DATA.is_file():
        return {}
    table = tomllib.loads(DATA.read_text(encoding="utf-8"))
    return {(key, family): fit for key, families in table.items() for family, fit in families.items()}
