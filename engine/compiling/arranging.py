"""A fit as the arrays of a chart file."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.compiling import fitting

Floats = npt.NDArray[np.float64]


def arrays_of(
    reference: Mapping[str, Any], fit: fitting.Fit, nodes: int, patches: Sequence[tuple[str, dict[str, Any], list[Floats]]]
) -> tuple[dict[str, npt.NDArray[Any]], dict[str, dict[str, Any]]]:
    """The arrays of a chart file, and what its header says of the tags."""
    where = fit.of[: 3 * nodes].reshape(-1, 3)
    faces = reference["net"]["triangles"]
    arrays: dict[str, npt.NDArray[Any]] = {
        "base": fit.base,
        "linear": fit.linear.astype(np.float32),
        "terms": fit.terms.astype(np.int16),
        "high": fit.high.astype(np.float32),
        "nodes": where.astype(np.int32),
        "faces": faces.astype(np.int32),
    }
    tags: dict[str, dict[str, Any]] = {}
    extra: list[npt.NDArray[np.int64]] = []
    at, room = 3 * nodes, 0
    for name, patch, numbers in patches:
        own = fit.of[at : at + len(numbers[0])]
        at += len(own)
        arrays[f"rows.{name}"] = patch["rows"]
        corners = np.unique(faces[patch["rows"]])
        level = [axis for axis in range(3) if patch["same"] == "plane" and len(np.unique(where[corners, axis])) == 1]
        if level:
            _, x, y = np.array(numbers[0]).reshape(3, 3)
            normal = x[(level[0] + 1) % 3] * y[(level[0] + 2) % 3] - x[(level[0] + 2) % 3] * y[(level[0] + 1) % 3]
            tags[name] = {"kind": "level", "axis": level[0], "sign": 1 if normal > 0.0 else -1}
            continue
        tags[name] = (
            {"kind": "plane", "at": room} if patch["same"] == "plane" else {"kind": "surface", "at": room, **patch["surface"]}
        )
        if "owner" in patch:
            arrays[f"owner.{name}"] = patch["owner"]
        extra.append(own)
        room += len(own)
    arrays["extra"] = np.concatenate([np.empty(0, np.int64), *extra]).astype(np.int32)
    return arrays, tags
