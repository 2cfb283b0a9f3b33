"""Random bytes for ids, keys and nonces: the kernel's, drawn a page at a time, for a call costs more than what it gives.

Each byte is given out once, in this process alone: a forked child draws its own.
"""

from __future__ import annotations

import os
import threading

PAGE = 4096
_lock = threading.Lock()
_page, _at, _pid = b"", 0, 0


def drawn(size: int) -> bytes:
    """So many bytes that nobody else has or will have; at most a page."""
    global _page, _at, _pid
    if size > PAGE:
        raise ValueError(f"at most {PAGE} bytes are drawn at a time, not {size}")
    with _lock:
        if _at + size > len(_page) or _pid != os.getpid():
            _page, _at, _pid = os.urandom(PAGE), 0, os.getpid()
        _at += size
        return _page[_at - size : _at]
