"""What a stage sees of the process that the order is made by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from engine.language.template import Run


class ProcessView:
    """What a stage sees of the process: `key`, `method`, `flexible`, and every limit by name."""

    __slots__ = ("_run",)

    def __init__(self, run: Run) -> None:
        self._run = run

    def __getattr__(self, name: str) -> Any:
        if name not in self._run.process:
            raise AttributeError(f"the process has no limit {name!r}; it has {', '.join(sorted(self._run.process))}")
        return self._run.read(f"process.{name}")
