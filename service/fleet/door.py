"""The door to Dask.distributed: a client, a worker, and what goes wrong with them in one line. It takes a second to import."""

from __future__ import annotations

import contextlib
import importlib
import logging
import threading
from collections.abc import Mapping
from typing import Any

from engine.errors import EnvironmentFault


def _library() -> Any:
    try:
        found = importlib.import_module("distributed")
    except ImportError:
        raise EnvironmentFault("--engine and `unikat worker` want the package distributed: install unikat[several]") from None
    for name in ("distributed", "distributed.client"):  # it quotes exceptions and arguments; service.fleet tells what matters
        logging.getLogger(name).setLevel(logging.CRITICAL)
    return found


def worker(scheduler: str, threads: int, resources: Mapping[str, float], scratch: str, config: Mapping[str, Any]) -> Any:
    """A worker of this process, to be awaited within a running loop."""
    library = _library()
    importlib.import_module("dask").config.set(dict(config))
    return library.Worker(scheduler, nthreads=threads, resources=dict(resources), local_directory=scratch, memory_limit=0)


def client(scheduler: str, seconds: float) -> Any:
    """A client of that scheduler. EnvironmentFault where none answers, or another version of Dask does."""
    library = _library()
    told: list[Any] = []

    def connect() -> None:
        with contextlib.suppress(OSError, TimeoutError, ValueError):
            told.append(library.Client(scheduler, timeout=seconds, set_as_default=False, name="unikat"))

    thread = threading.Thread(target=connect, daemon=True)  # for who listens and says nothing it would wait for ever
    thread.start()
    thread.join(2 * seconds)
    if not told:
        raise EnvironmentFault(f"no scheduler answers at {scheduler}")
    (made,) = told
    try:
        made.get_versions(check=True)
    except ValueError:
        made.close()
        raise EnvironmentFault("the scheduler, or a worker, runs another version of Dask or Python") from None
    return made
