"""A safeguard taken out: the same function with some of its text replaced, in the running process."""

from __future__ import annotations

import inspect
import sys
import textwrap
import types
from collections.abc import Callable
from typing import Any

import pytest


def mutate(patch: pytest.MonkeyPatch, owner: Any, name: str, old: str, new: str) -> None:
    """`owner.name`, a function of a module or a method of a class, with `old` replaced by `new`; `old` must stand there once."""
    function: Callable[..., Any] = getattr(owner, name)
    text = textwrap.dedent(inspect.getsource(function))
    assert text.count(old) == 1, f"{name} no longer holds {old!r}: {text.count(old)} times"
    module = owner if isinstance(owner, types.ModuleType) else sys.modules[owner.__module__]
    made: dict[str, Any] = {}
    exec(compile(text.replace(old, new), f"<{name}, mutated>", "exec"), vars(module), made)
    patch.setattr(owner, name, made[name])
