"""Where packs lie: in a folder, or in a bucket."""

from __future__ import annotations

import pathlib

from service.bucket import SCHEME, Bucket
from service.packs import Packs


def packs_at(place: str) -> Packs:
    """The packs of a folder, or of s3://BUCKET/PREFIX."""
    return Bucket(place) if place.startswith(SCHEME) else Packs(pathlib.Path(place))
