"""Ids in paths: 32 hexadecimal digits and nothing else, so that `/v1/jobs/{job}` does not take `/v1/jobs/{job}:cancel` for a job.

A path that holds no id is no path of ours: 404.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import Path
from starlette.convertors import Convertor, register_url_convertor


class IdConvertor(Convertor[str]):
    """`{job:id}` in a route's path."""

    regex = "[0-9a-f]{32}"

    def convert(self, value: str) -> str:
        """The id as it stands."""
        return value

    def to_string(self, value: str) -> str:
        """The same."""
        return value


register_url_convertor("id", IdConvertor())  # before the first route is declared: routes compile their paths there
Id = Annotated[str, Path(pattern="^[0-9a-f]{32}$")]
