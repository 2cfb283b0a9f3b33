"""What travels between dispatcher and workers: plain values as JSON, sealed under the fleet's key. The scheduler sees bytes.

No pickle of ours: who could write into the scheduler could make nobody run anything by what is sealed here.
"""

from __future__ import annotations

import base64
import contextlib
import functools
import hashlib
import json
import pathlib
import platform
from collections.abc import Iterator
from dataclasses import asdict
from importlib import metadata
from typing import Any

from engine.language.shelf import GROUP
from engine.model.drift import Body
from service.vault import seal, unseal

TREES = ("engine", "kernels", "service", "templates")
ROOT = pathlib.Path(__file__).parents[2]
LABEL = b"fleet"
BODIES = "bodies"
"""In an answer: see service.lanes.work."""


def pack(key: bytes, value: Any) -> bytes:
    """Sealed: None, numbers, text, bytes, and lists, tuples and dicts (by text) of them."""
    return seal(key, json.dumps(_told(value)).encode(), LABEL)


def unpack(key: bytes, sealed: bytes) -> Any:
    """The value; `service.vault.Unreadable` where it was sealed under another key, or changed."""
    return _read(json.loads(unseal(key, sealed, LABEL)))


def plain(answers: Any) -> Any:
    """What a lane tells of its units, so that it can be packed: the bodies that it chose to be looked at again as their fields."""
    if not isinstance(answers, list):
        return answers
    return [{**one, BODIES: list(map(asdict, one[BODIES]))} if BODIES in one else one for one in answers]


def with_bodies(answers: Any) -> Any:
    """And back; what can be no body is left out."""
    for one in answers if isinstance(answers, list) else ():
        if isinstance(one, dict) and BODIES in one:
            one[BODIES] = list(_bodies(one[BODIES]))
    return answers


def _bodies(told: Any) -> Iterator[Body]:
    for fields in told if isinstance(told, list) else ():
        with contextlib.suppress(TypeError, ValueError):
            yield Body(**fields)


def _told(value: Any) -> Any:
    if isinstance(value, bytes | memoryview | bytearray):
        return {"bytes": base64.b64encode(value).decode()}
    if isinstance(value, tuple):
        return {"tuple": [_told(one) for one in value]}
    if isinstance(value, list):
        return [_told(one) for one in value]
    if isinstance(value, dict):
        return {"dict": {name: _told(one) for name, one in value.items()}}
    return value


def _read(told: Any) -> Any:
    if isinstance(told, list):
        return [_read(one) for one in told]
    if not isinstance(told, dict):
        return told
    ((kind, value),) = told.items()
    if kind == "bytes":
        return base64.b64decode(value)
    return tuple(map(_read, value)) if kind == "tuple" else {name: _read(one) for name, one in value.items()}


@functools.cache
def code() -> str:
    """What a worker must be to make what we would: a hash of all our sources, the Python that runs them, and which templates are installed."""
    digest = hashlib.sha256(platform.python_version().encode())
    for entry in sorted(metadata.entry_points(group=GROUP), key=lambda entry: (entry.name, entry.value)):
        whose = entry.dist
        digest.update(f"\n{entry.name} {entry.value} {whose.name if whose else ''} {whose.version if whose else ''}".encode())
    for tree in TREES:
        for path in sorted((ROOT / tree).rglob("*.py")):
            data = path.read_bytes()
            digest.update(f"\n{path.relative_to(ROOT).as_posix()} {len(data)}\n".encode() + data)
    return f"unikat-{digest.hexdigest()[:32]}"
