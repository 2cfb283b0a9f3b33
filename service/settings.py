"""What an operator may set: `DIR/settings.toml`, each line of it a field below; what is not there stays as it is here."""

from __future__ import annotations

import pathlib
import tomllib
from dataclasses import dataclass, fields, replace

from engine.errors import EnvironmentFault
from engine.language.orders import MAX_ORDER_BYTES
from engine.language.parameters import closest

FILE = "settings.toml"


@dataclass(frozen=True)
class Settings:
    """Limits. Sizes in bytes, times in seconds."""

    json_bytes: int = MAX_ORDER_BYTES
    json_depth: int = 32
    json_seconds: float = 15.0
    """How long a body of JSON may take to arrive."""
    upload_bytes: int = 200_000_000
    rows_bytes: int = 2_000_000_000
    """Of a campaign's file."""
    stream_seconds: float = 3600.0
    idle_seconds: float = 15.0
    """How long a streamed body may pause."""
    header_bytes: int = 16_384
    header_seconds: float = 10.0
    rate: float = 2000.0
    burst: float = 4000.0
    """Requests a second of one key, and how many at once."""
    preview_rate: float = 20.0
    preview_burst: float = 60.0
    """The same for a key that lies open in a web page."""
    failure_rate: float = 5.0
    failure_burst: float = 50.0
    """Requests without a valid key from one address."""
    streams: int = 200
    """Followers of events at a time, in all."""
    follow_seconds: float = 600.0
    """After which a follower has to come again."""
    quote_seconds: float = 30.0
    preview_seconds: float = 2.0
    waiting: int = 32
    """Quotes and previews that wait for the interactive lane."""
    upload_days: int = 30
    unit_seconds: float = 60.0
    """How long a lane may work on one unit, its CadQuery included."""
    lane_mb: int = 4000
    """Memory that a lane may take, in MB."""
    check_one_in: int = 1000
    """Of so many units whose bodies charts made, one is drawn again by CAD and compared; 0: none."""


OFF = ("check_one_in",)
"""What 0 turns off."""


def load(folder: pathlib.Path) -> Settings:
    """The settings of a data folder; EnvironmentFault for what is no setting."""
    place = folder / FILE
    if not place.exists():
        return Settings()
    try:
        told = tomllib.loads(place.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise EnvironmentFault(f"{FILE} cannot be read: {error}") from None
    known = {field.name: getattr(Settings(), field.name) for field in fields(Settings)}
    for name, value in told.items():
        if name not in known:
            near = closest(name, list(known))
            raise EnvironmentFault(f"{FILE}: {name} is no setting" + (f"; closest is {near}" if near else ""))
        whole = isinstance(known[name], int)
        if isinstance(value, bool) or not isinstance(value, int if whole else int | float) or not _fair(name, value):
            raise EnvironmentFault(
                f"{FILE}: {name} must be a {'whole ' if whole else ''}number above 0{', or 0' if name in OFF else ''}"
            )
    return replace(Settings(), **told)


def _fair(name: str, value: float) -> bool:
    return value > 0 or (name in OFF and value == 0)
