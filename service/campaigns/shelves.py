"""Products of a campaign as plain files for a person: DIR/0000/0000001/model.3mf, a thousand units a folder.

What lies in packs is laid out beside the making; a pack goes only when its files are on the disk. Whatever dies in between, the next
start lays the same bytes out again.
"""

from __future__ import annotations

import os
import pathlib
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import EnvironmentFault
from service.folder import put_product
from service.house import House
from service.store import campaigns
from service.vault import unseal

A_FOLDER = 1_000
SYNC_SECONDS = 5.0
"""Between two syncs of the disk: one for many files costs what one for each of them would."""


def place_of(line: int) -> str:
    """The folder of a unit, below the campaign's."""
    return f"{line // A_FOLDER:04d}/{line:07d}"


@dataclass
class Shelves:
    """Lays the packs of one campaign out below `folder`."""

    house: House
    campaign: str
    folder: pathlib.Path
    _packs: dict[str, list[str]] = field(default_factory=dict)
    """Laid out, and perhaps not on the disk yet: pack -> units."""
    _synced: float = field(default_factory=time.monotonic)

    def lay(self) -> int:
        """Lay out what was made since; how many units."""
        with self.house.database.read() as conn:
            rows = campaigns.packed(conn, self.campaign, list(self._packs))
        for row in rows:
            put_product(self._files(row), self.folder / place_of(row["line"]))
            self._packs.setdefault(row["pack"], []).append(row["id"])
        if self._packs and time.monotonic() - self._synced > SYNC_SECONDS:
            self.settle()
        return len(rows)

    def settle(self) -> None:
        """All that is laid out is on the disk, and its packs go."""
        os.sync()
        with self.house.database.write() as conn:
            campaigns.laid_out(conn, [one for units in self._packs.values() for one in units])
        for pack in self._packs:
            self.house.packs.remove(pack)
        self._packs.clear()
        self._synced = time.monotonic()

    def _files(self, row: Mapping[str, Any]) -> dict[str, bytes]:
        key = self.house.vault.unwrap(row["wrapped"], row["id"])
        made = {}
        for name, (offset, size, _, _) in row["files"].items():
            if "/" in name or name.startswith("."):
                raise EnvironmentFault("a product's file has a name that is no file's")
            made[name] = unseal(key, self.house.packs.read(row["pack"], offset, size), f"{row['id']}/{name}".encode())
        return made
