"""Signals that end a process, and the event that its threads wait for."""

from __future__ import annotations

import _thread
import signal
import threading


def on_signals(stop: threading.Event, *names: signal.Signals) -> None:
    """Set `stop` when one of these comes.

    In a thread of its own: a handler runs between two steps of the main thread, which may hold the event's lock just then, as whoever
    looks at it again and again does; set there, it would wait for itself for ever.
    """
    for name in names:
        signal.signal(name, lambda *_: _thread.start_new_thread(stop.set, ()))
