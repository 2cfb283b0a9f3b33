"""How far a command is: one line on stderr, drawn on a terminal alone, and wiped before anything else is printed there."""

from __future__ import annotations

import os
import sys
from types import TracebackType

BAR = 20


class Progress:
    """A bar over so many files. Without a terminal it does nothing; it imports nothing, so that no start waits for it."""

    def __init__(self, files: int) -> None:
        self.files = files
        self.ended = 0
        self.drawn = sys.stderr.isatty()

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._write("")

    def now(self, name: str, what: str) -> None:
        """Draw it again: what is done with which file."""
        full = BAR * self.ended // self.files
        told = f"[{'#' * full}{'.' * (BAR - full)}] {self.ended}/{self.files} {what} {name}"
        self._write("".join(c if c.isprintable() else "?" for c in told))

    def done(self) -> None:
        """One more file is done: wiped, for its lines come now."""
        self.ended += 1
        self._write("")

    def _write(self, line: str) -> None:
        if not self.drawn:
            return
        try:
            wide = os.get_terminal_size(sys.stderr.fileno()).columns
        except OSError:
            wide = 80
        sys.stderr.write(f"\r\x1b[K{line[: max(wide - 1, 0)] if wide else line}")
        sys.stderr.flush()
