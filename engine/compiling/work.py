"""Bodies that were drawn, as files: should a compile be killed, the next one does not draw them again. Arrays and JSON, no pickle."""

from __future__ import annotations

import json
import pathlib
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from engine.errors import EnvironmentFault


class Kept:
    """A drawn body in the work folder: arrays by name, no pickle."""

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path

    def read(self) -> dict[str, Any] | None:
        """None where there is none that is whole."""
        try:
            with np.load(self.path, allow_pickle=False) as file:
                told = json.loads(bytes(file["told"]))
                found = _joined(told, {name: file[name] for name in file.files})
        except (OSError, ValueError, KeyError, TypeError, AttributeError, EOFError, NotImplementedError, zipfile.BadZipFile):
            return None
        return found if isinstance(found, dict) else None

    def write(self, found: Mapping[str, Any]) -> None:
        """Whole, or not. EnvironmentFault where the disk takes it not."""
        arrays: dict[str, npt.NDArray[Any]] = {}
        told = _parted(found, arrays, "a")
        arrays["told"] = np.frombuffer(json.dumps(told).encode(), dtype=np.uint8)
        beside = self.path.with_suffix(".new.npz")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            np.savez(beside, **arrays)  # type: ignore[arg-type]
            beside.replace(self.path)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise EnvironmentFault(f"a body that was drawn cannot be kept: {error.strerror}") from None


def _parted(value: Any, arrays: dict[str, npt.NDArray[Any]], path: str) -> Any:
    """The value as JSON, its arrays apart."""
    if isinstance(value, np.ndarray):
        arrays[path] = value
        return {"array": path}
    if isinstance(value, Mapping):
        return {"map": {str(k): _parted(v, arrays, f"{path}.{k}") for k, v in value.items()}}
    if isinstance(value, list | tuple):
        return {"list": [_parted(v, arrays, f"{path}.{k}") for k, v in enumerate(value)]}
    return {"plain": value}


def _joined(told: Any, arrays: Mapping[str, npt.NDArray[Any]]) -> Any:
    ((kind, value),) = told.items()
    if kind == "array":
        return arrays[value]
    if kind == "map":
        return {k: _joined(v, arrays) for k, v in value.items()}
    return [_joined(v, arrays) for v in value] if kind == "list" else value
